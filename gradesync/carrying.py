"""Carries the stored lines of a run out, in batches that are written down before they are sent.

A batch that a crash cut short is looked at in both systems first. Whoever holds the lease writes;
within its last minute nothing is begun.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial

from django.db.models import F

from gradesync import memory, stored, wire
from gradesync.again import Again, AgainInQ
from gradesync.effects import may_send, rebound
from gradesync.errors import Cancelled
from gradesync.ids import ItemKey
from gradesync.lines import ItemLine, Line, ScoreLine
from gradesync.models import SyncRun
from gradesync.outcomes import Going, Outcomes
from gradesync.reading import Reader
from gradesync.sending import Outcome, Sender, Write
from gradesync.turns import Turns
from integration import bulk
from integration.errors import QSyncError
from integration.ledger.runs import Ledger
from integration.models import Change, Operation, QConnection, Run
from integration.oneroster.errors import OneRosterError, ProviderUnavailable

# Long enough that filling it costs little, short enough to be told of and stopped.
ROUNDS = 16
MAX_TRIES = 4
# How long to wait after Q said “too fast”; then the run waits, and others get their turn.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class Carrier:
    """Sends the lines of one run. Each method gives the next cursor."""

    def __init__(
        self, ledger: Ledger, reader: Reader, turns: Turns, *, sleep: Callable[[float], None]
    ) -> None:
        self._turns = turns
        self._ledger = ledger
        self._reader = reader
        self._run = ledger.run
        self._course = reader.course
        self._outcomes = Outcomes(ledger, reader.course)
        self._sleep = sleep
        self._too_fast = 0
        self._sender: Sender | None = None
        connection = QConnection.objects.get(district=reader.district)
        self._concurrency = connection.concurrency

    # What needs no write

    def learn(self) -> None:
        """Keep what the plan tells of what is the same already."""
        after = 0
        rows = Change.objects.filter(run=self._run, state=Change.State.CONFIRMED).order_by("pk")
        while batch := list(rows.filter(pk__gt=after, action="same")[: bulk.IN_LIMIT]):
            after = batch[-1].pk
            with self._ledger.guarded():
                memory.learn(self._run, self._course, [stored.line_of(one) for one in batch])

    # Sending

    def send_items(self, verb: str, following: str) -> str:
        """The line items of a plan: those to be put, or those that an undo takes away."""
        self._carry("line_item", verb, "sending line items")
        return following

    def send_scores(self, following: str) -> str:
        self._carry("result", "", "sending scores")
        return following

    def _carry(self, kind: str, verb: str, stage: str) -> None:
        rows = Change.objects.filter(run=self._run, kind=kind, state=Change.State.PLANNED)
        total, size = rows.count(), ROUNDS * self._concurrency
        after = 0
        with Sender(self._reader.q, self._concurrency) as self._sender:
            while batch := list(rows.filter(pk__gt=after).order_by("pk")[:size]):
                going = self._going(batch, verb)
                if not going:
                    after = batch[-1].pk
                    continue
                done = total - rows.count()
                with self._turns.taken(self._check_cancelled):
                    going = self._allowed(self._settled(going))
                    error = self._send(going, partial(self._look, stage, done, total))
                if error:
                    self._rest(error)

    def _going(self, batch: list[Change], verb: str) -> list[Going]:
        lines = [(one, stored.line_of(one)) for one in batch]
        wanted = [(change, line) for change, line in lines if verb in ("", line.verb)]
        keys = {stored.operation_key(self._run, line): (change, line) for change, line in wanted}
        operations = Operation.objects.filter(dedupe_key__in=keys)
        by_key = {one.dedupe_key: one for one in operations}
        return [Going(change, by_key[key], line) for key, (change, line) in keys.items()]

    def _settled(self, going: list[Going]) -> list[Going]:
        """Those still to be sent, once what was left under way has been looked at."""
        doubtful = (Operation.State.SENDING, Operation.State.UNKNOWN)
        under_way = [one for one in going if one.operation.state in doubtful]
        if under_way:
            self._settle(under_way)
        return [one for one in going if one.operation.state == Operation.State.PENDING]

    def _settle(self, under_way: list[Going]) -> None:
        look = AgainInQ if self._run.kind == Run.Kind.GRADES_UNDO else Again
        with_ids = [replace(one, line=self._bound(one.line)) for one in under_way]
        self._ledger.progress("reading back what was under way", 0)
        found = look(self._reader).settle([one.line for one in with_ids])
        confirmed: list[Going] = []
        left: list[Going] = []
        again: list[Going] = []
        for one, settled in zip(under_way, found, strict=True):
            one.line = settled.line
            lists = {"confirmed": confirmed, "leave": left, "again": again}
            lists[settled.what].append(one)
        worn_out = [one for one in again if one.operation.attempts >= MAX_TRIES]
        with self._ledger.guarded():
            self._outcomes.confirm(confirmed)
            self._outcomes.leave(
                left, "It is not known whether Q took it, and something has changed since."
            )
            self._outcomes.move(
                [one for one in again if one not in worn_out], Operation.State.PENDING
            )
            for one in worn_out:
                self._outcomes.refuse(one, f"Q gave no answer that tells, {MAX_TRIES} times.")

    def _allowed(self, going: list[Going]) -> list[Going]:
        """Without what was overtaken, or whose line item did not go."""
        scores = [one for one in going if isinstance(one.line, ScoreLine)]
        if not scores:
            return going
        for one in scores:
            one.line = self._bound(one.line)
        sent = memory.sent_now(self._course, [_score(one) for one in scores])
        homeless = [one for one in scores if one.line.item in self._failed_items]
        late = [
            one
            for one in scores
            if one not in homeless and not may_send(_score(one), sent.get(_score(one).cell))
        ]
        if homeless or late:
            with self._ledger.guarded():
                self._outcomes.leave(homeless, "Its line item did not reach Q.")
                self._outcomes.leave(late, "A later sync has written this cell.")
        return [one for one in scores if one not in homeless and one not in late]

    def _send(self, going: list[Going], look: Callable[[int], None]) -> QSyncError | None:
        """Send a batch; the error that nobody behind it would have escaped."""
        if not going:
            return None
        assert self._sender
        since = time.monotonic()
        with self._ledger.guarded():
            if going[0].line.kind == "line_item":
                memory.keep_made_ids(self._course, self._made(going))
            self._outcomes.move(going, Operation.State.SENDING, attempts=F("attempts") + 1)
        by_number = {one.change.pk: one for one in going}
        writes = [self._write(one) for one in going]
        outcomes = list(self._sender.send(writes, since, look))
        with self._ledger.guarded():
            error = self._take(outcomes, by_number)
        if not self._sender.is_stopped:
            self._too_fast = 0
            return None
        self._check_cancelled()
        self._sender.go_on()
        return error

    def _made(self, going: list[Going]) -> list[ItemLine]:
        if self._run.kind == Run.Kind.GRADES_UNDO:
            return []
        items = [one.line for one in going if isinstance(one.line, ItemLine)]
        return [one for one in items if one.action == "new"]

    def _write(self, one: Going) -> Write:
        line = one.line
        body = wire.stamped(line.kind, line.body, self._planned_at) if line.body else b""
        return Write(one.change.pk, line.kind, line.verb, line.sourced_id, body)

    def _take(self, outcomes: Iterable[Outcome], going: dict[int, Going]) -> QSyncError | None:
        """Write down what came of a batch; the error that nobody behind it would have escaped."""
        by_what: dict[str, list[Going]] = defaultdict(list)
        stopped_by = None
        for outcome in outcomes:
            one = going[outcome.number]
            if outcome.what == "arrived" and outcome.sourced_id:
                one.line = _renamed(one.line, outcome.sourced_id)
            if outcome.what == "refused" and outcome.error:
                self._outcomes.refuse(one, _words(outcome.error), outcome.error)
            elif outcome.what == "not sent" and outcome.error:
                stopped_by = outcome.error
            by_what[outcome.what].append(one)
        self._outcomes.confirm(by_what["arrived"])
        self._outcomes.move(by_what["unknown"], Operation.State.UNKNOWN)
        self._outcomes.move(
            by_what["not sent"], Operation.State.PENDING, attempts=F("attempts") - 1
        )
        return stopped_by

    # Looking around

    def _look(self, stage: str, done: int, total: int, ended: int) -> None:
        self._ledger.progress(stage, done + ended, total)
        if self._is_cancelled() and self._sender:
            self._sender.stop()

    def _is_cancelled(self) -> bool:
        return SyncRun.objects.filter(run=self._run).exclude(cancel_asked_at=None).exists()

    def _check_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled("The sync was stopped; what was under way has come to its end.")

    def _rest(self, error: QSyncError) -> None:
        """Wait a little where Q is only busy. Raises anything else, and after many waits this."""
        is_busy = isinstance(error, ProviderUnavailable)
        if not is_busy or self._too_fast >= len(PAUSES):
            raise error
        self._sleep(PAUSES[self._too_fast])
        self._too_fast += 1

    @cached_property
    def _failed_items(self) -> set[ItemKey]:
        failed = stored.item_lines(self._run, (Change.State.REFUSED, Change.State.LEFT))
        return {one.item for one in failed}

    @cached_property
    def _ids(self) -> dict[ItemKey, str]:
        return {key: one.sourced_id for key, one in memory.items_now(self._course).items()}

    def _bound(self, line: Line) -> Line:
        """A score with the id that its line item has in Q."""
        if not isinstance(line, ScoreLine):
            return line
        actual = self._ids.get(line.item, line.line_item_id)
        if actual == line.line_item_id:
            return line
        return rebound(line, actual, self._reader.rules)

    @property
    def _planned_at(self) -> datetime:
        assert self._run.read_at
        return self._run.read_at


def _score(one: Going) -> ScoreLine:
    assert isinstance(one.line, ScoreLine)
    return one.line


def _renamed(line: Line, sourced_id: str) -> Line:
    return replace(line, sourced_id=sourced_id)


def _words(error: QSyncError) -> str:
    """The provider's own words, where it had any."""
    said = error.description if isinstance(error, OneRosterError) else ""
    return said or str(error)
