"""Writes down what came of the writes of a run. Every method is called inside `Ledger.guarded`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
from django.db.models.functions import Now
from django.utils import timezone

from gradesync import memory, stored
from gradesync.catalogue import CATALOGUE
from gradesync.findings import of_line
from gradesync.ids import ItemKey
from gradesync.inverse import decision_after
from gradesync.lines import ItemLine, Line, ScoreLine, as_row, intended
from gradesync.models import CourseSync, SentScore
from gradesync.readings import CellKey, Decision, Sent
from gradesync.scope import name_of
from integration import bulk
from integration.errors import QSyncError
from integration.ledger.runs import Ledger
from integration.models import Change, Operation, Run


@dataclass(slots=True)
class Going:
    """One line under way."""

    change: Change
    operation: Operation
    line: Line


class Outcomes:
    """What Q confirmed, refused, or never got, of one run."""

    def __init__(self, ledger: Ledger, course: CourseSync) -> None:
        self._ledger = ledger
        self._run = ledger.run
        self._course = course

    @property
    def is_undo(self) -> bool:
        return self._run.kind == Run.Kind.GRADES_UNDO

    def confirm(self, going: Sequence[Going]) -> None:
        """Q holds them. Kept for the next compare, and as receipts."""
        if not going:
            return
        self.move(going, Operation.State.DONE)
        bulk.update(Change, ("after", "state"), [
            (msgspec.json.encode(as_row(one.line)).decode(), Change.State.CONFIRMED, one.change.pk)
            for one in going
        ])  # fmt: skip
        scores = [one.line for one in going if isinstance(one.line, ScoreLine)]
        memory.keep_scores(self._run, self._course, self._kept(scores))
        self._keep_receipts(scores)
        if self.is_undo:
            return
        if self._course.first_sent_at is None:
            self._course.first_sent_at = timezone.now()
            self._course.save(update_fields=["first_sent_at"])
        for one in going:
            if isinstance(one.line, ItemLine):
                memory.keep_item(self._course, one.line, one.line.sourced_id)

    def _kept(self, lines: list[ScoreLine]) -> dict[CellKey, tuple[Sent, Decision | None]]:
        if not self.is_undo:
            return {one.cell: (Sent(intended(one)), None) for one in lines}
        keys = {stored.SEPARATOR.join(one.key): one for one in lines}
        undone = Change.objects.filter(run=self._run.undoes_id, kind="result", key__in=keys)
        kept: dict[CellKey, tuple[Sent, Decision | None]] = {}
        for change in undone:
            line, original = keys[change.key], stored.line_of(change)
            if isinstance(original, ScoreLine):
                decision = decision_after(line, original)
                kept[line.cell] = (Sent(decision.q), decision)
        return kept

    def _keep_receipts(self, lines: Iterable[ScoreLine]) -> None:
        now = timezone.now()
        rows = [
            SentScore(
                run=self._run,
                course=self._course,
                item=name_of(line),
                class_id=line.item.class_id,
                title=self._titles.get(line.item, "")[:255],
                person=line.student_id,
                student_id=line.student_sourced_id,
                places=stored.places_of(line),
                before=memory.bare(line.q),
                value=memory.bare(intended(line)),
                confirmed_at=now,
            )
            for line in lines
        ]
        SentScore.objects.bulk_create(rows, batch_size=bulk.IN_LIMIT, ignore_conflicts=True)

    @cached_property
    def _titles(self) -> dict[ItemKey, str]:
        return {one.item: one.source or one.title for one in stored.item_lines(self._run)}

    def leave(self, going: Sequence[Going], why: str) -> None:
        """Not sent, or nobody knows: the next plan decides."""
        self.move(going, Operation.State.FAILED)
        changes = Change.objects.filter(pk__in=[one.change.pk for one in going])
        changes.update(state=Change.State.LEFT, message=why)

    def refuse(self, one: Going, why: str, error: QSyncError | None = None) -> None:
        """Q does not take it."""
        self.move([one], Operation.State.FAILED)
        Change.objects.filter(pk=one.change.pk).update(state=Change.State.REFUSED, message=why)
        entry = CATALOGUE["q.rejected"]
        told = entry.sentence.format(detail=why)
        remedy = error.remedy if error and error.code == "oneroster.forbidden" else entry.remedy
        self._ledger.find([of_line(one.line, "q.rejected", told, remedy)])

    def disprove(self, wrong: Sequence[tuple[int, ScoreLine]]) -> None:
        """Q said yes to these changes, and holds something else."""
        entry = CATALOGUE["q.not-kept"]
        changes = Change.objects.filter(pk__in=[number for number, _ in wrong])
        changes.update(state=Change.State.REFUSED, message=entry.sentence)
        for _, line in wrong:
            receipt = SentScore.objects.filter(
                run=self._run,
                item=name_of(line),
                class_id=line.item.class_id,
                person=line.student_id,
            )
            receipt.update(is_kept=False)
        self._ledger.find(
            of_line(line, "q.not-kept", entry.sentence, entry.remedy) for _, line in wrong
        )

    def move(self, going: Sequence[Going], to: Operation.State, **fields: object) -> None:
        numbers = [one.operation.pk for one in going]
        Operation.objects.filter(pk__in=numbers).update(
            state=to, fence=self._ledger.fence.number, updated_at=Now(), **fields
        )
        for one in going:
            one.operation.state = to
