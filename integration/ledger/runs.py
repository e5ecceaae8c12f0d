"""A run's row: begun once, told of as it goes, ended once; every write checks the fence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from integration.errors import QSyncError
from integration.ledger.findings import FindingLike, Findings
from integration.ledger.leases import Fence, LeaseLost
from integration.models import Change, Run

BEAT_SECONDS = 5.0


class Watch(Protocol):
    """Whoever looks on while a run works: a bar in the terminal, or nobody."""

    def __call__(self, stage: str, done: int, total: int | None) -> None: ...


def nobody(stage: str, done: int, total: int | None) -> None:
    """Nobody looks on."""


class Ledger:
    """The only writer of one run's row, for as long as its fence holds."""

    def __init__(
        self,
        run: Run,
        fence: Fence,
        *,
        watch: Watch = nobody,
        clock: Callable[[], float] = time.monotonic,
        beat: float = BEAT_SECONDS,
    ) -> None:
        self.run = run
        self.fence = fence
        self._watch = watch
        self._clock = clock
        self._beat = beat
        self._next_beat = 0.0
        # When this worker began the stage, and how much of it was done then: for its rate.
        self._stage = ("", 0.0, 0)
        self._findings = Findings(run)

    @classmethod
    def take(
        cls, run: Run, fence: Fence, *, watch: Watch = nobody, beat: float = BEAT_SECONDS
    ) -> Ledger:
        """Take a stored run, new or interrupted: from now on only this fence may write to it.

        The attempt is counted here, before the work, so that a run which kills its worker each
        time does not go on for ever.

        Raises:
            LeaseLost: a later fence has the run.
        """
        taken = Run.objects.filter(pk=run.pk, fence__lt=fence.number).update(
            fence=fence.number,
            state=Run.State.RUNNING,
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", Now()),
            heartbeat_at=Now(),
        )
        if not taken:
            raise LeaseLost(f"Another worker has taken over run {run.pk}.")
        run.refresh_from_db()
        return cls(run, fence, watch=watch, beat=beat)

    def write(self, **fields: Any) -> None:
        """Change the run's row. Raises LeaseLost when the run is no longer ours."""
        written = Run.objects.filter(pk=self.run.pk, fence=self.fence.number).update(**fields)
        if not written:
            raise LeaseLost(f"Another worker has taken over run {self.run.pk}.")
        for name, value in fields.items():
            if not hasattr(value, "resolve_expression"):
                setattr(self.run, name, value)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """A transaction whose writes count only if the run is still ours. Raises LeaseLost."""
        with transaction.atomic():
            self.fence.renew()
            yield

    def progress(self, stage: str, done: int, total: int | None = None) -> None:
        """Say how far a stage is, and stay the holder. Cheap to call often."""
        self._watch(stage, done, total)
        if stage == self.run.stage and self._clock() < self._next_beat:
            return
        now = self._clock()
        self._next_beat = now + self._beat
        if self._stage[0] != stage:
            self._stage = (stage, now, done)
        _, since, began = self._stage
        told = {"done": done, "total": total, "from": began, "seconds": round(now - since, 1)}
        self.fence.renew()
        self.write(stage=stage, progress=told, heartbeat_at=Now())

    def stay(self) -> None:
        """Be seen, and stay the holder, while others have their turn."""
        told = self.run.progress
        stage = self.run.stage or "waiting for other runs"
        self.progress(stage, told.get("done", 0), told.get("total"))

    def find(self, problems: Iterable[FindingLike]) -> None:
        """Write down what a person should know; of very many alike the first, and how many."""
        self._findings.add(problems)

    def forget(self) -> None:
        """Drop what an interrupted attempt planned and found, to plan anew."""
        with self.guarded():
            Change.objects.filter(run=self.run).delete()
            self._findings.forget()

    def end(self, state: Run.State, **fields: Any) -> None:
        self.write(state=state, stage="", ended_at=Now(), **fields)
        self.run.refresh_from_db()

    def interrupt(self, error: QSyncError, *, counts: bool = True) -> None:
        """Leave the run to whoever goes on with it, with the reason why it stopped here.

        `counts`: as one of the attempts after which a run is given up.
        """
        self.write(
            state=Run.State.QUEUED,
            error={**error.as_dict(), "stage": self.run.stage},
            stage="",
            attempts=F("attempts") - (0 if counts else 1),
        )

    def wait(self, error: QSyncError) -> None:
        """Leave the run until the other system has done its part; that is no failed attempt."""
        self.write(
            state=Run.State.WAITING,
            error={**error.as_dict(), "stage": self.run.stage},
            attempts=F("attempts") - 1,
        )

    def fail(self, error: QSyncError) -> None:
        """Keep the error with the run: what, and what to do."""
        self.end(Run.State.FAILED, error={**error.as_dict(), "stage": self.run.stage})
