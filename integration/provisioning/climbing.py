"""Finds who takes a further step down the ladder tonight (ladder.py); in batches, streaming."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from integration import bulk
from integration.models import Change, RosterRow, Run
from integration.provisioning import plan_lines, schools
from integration.provisioning.adoption import as_row
from integration.provisioning.compare import Accepted, Planned
from integration.provisioning.endings import Endings
from integration.provisioning.holds import Limits, Tally
from integration.provisioning.ladder import Ladder, Room, Step, climbing
from integration.provisioning.part import Chooses
from integration.provisioning.rows import ENROLLMENTS, Row

_FIELDS = ("pk", "key", "row", "digest", "school")


def further(
    run: Run,
    ladder: Ladder,
    limits: Limits,
    endings: Endings,
    must_stay: Callable[[Row, str], bool],
) -> Iterator[list[Planned]]:
    """The lines of tonight's further steps, once all else of the enrollments is planned.

    Asked only on a night that was read completely. What may be there all the same, and what
    belongs to a term that is over, stays as it is. What does not come over takes up no room, nor
    what a person set aside or Canvas refused: it rests, and would take it up again each night.
    """
    comes = schools.chosen_of(run, run.district.policy)
    room: Room | None = None
    resting = partial(plan_lines.resting, run, ENROLLMENTS)
    for step in ladder.steps():
        for some in bulk.batches(_taken_away(run, step)):
            rows = [as_row(there.row) for _, there in some]
            endings.look_at(ENROLLMENTS, rows)
            ready = [
                one
                for one, row in zip(some, rows, strict=True)
                if comes.wants(ENROLLMENTS, one[1].group)
                and not must_stay(row, one[1].group)
                and not endings.covers(ENROLLMENTS, row)
            ]
            room = room or Room(_tallies(run, comes), limits)
            yield list(climbing(step, ready, room, resting))


def _tallies(run: Run, comes: Chooses) -> Iterator[Tally]:
    """What is planned of the enrollments, but for removals that will rest."""
    for tally in plan_lines.tallies(run, ENROLLMENTS):
        yield tally if comes.wants(ENROLLMENTS, tally.school) else replace(tally, removed=0)


def _taken_away(run: Run, step: Step) -> Iterator[tuple[str, Accepted]]:
    """Those that reached the step's status so long ago, the oldest first; none that come back."""
    planned = Change.objects.filter(run=run, kind=ENROLLMENTS.name, key=OuterRef("key"))
    rows = RosterRow.objects.filter(
        ~Exists(planned),
        district=run.district,
        kind=ENROLLMENTS.name,
        origin=RosterRow.Origin.OURS,
        removed_at__lte=Now() - timedelta(days=step.days),
        # Few others hold this between two quotes; `climbing` looks at the column itself.
        row__contains=f'","{step.status}","',
    ).order_by("removed_at", "pk")
    # The ids first, all of them: SQLite lets nobody write who is still reading.
    ids = array("q", rows.values_list("pk", flat=True).iterator(bulk.BATCH))
    for batch in bulk.batches(ids, bulk.IN_LIMIT):
        there = RosterRow.objects.filter(pk__in=batch).values_list(*_FIELDS)
        found = {pk: rest for pk, *rest in there}
        for pk in batch:
            key, row, named, school = found[pk]
            yield (
                key,
                Accepted(
                    tuple(json.loads(row)), bytes(named), ours=True, removed=True, group=school
                ),
            )
