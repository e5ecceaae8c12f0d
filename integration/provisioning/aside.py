"""What a person leaves out when approving the rest: it rests until taken up (design 5.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count

from integration import bulk
from integration.models import AuditEvent, Change, District, Run, SetAside
from integration.oneroster.types import Problem
from integration.provisioning.part import Line, Part, chosen
from integration.provisioning.problems import problem
from integration.provisioning.rows import Kind

_FIELDS = ("district", "kind", "key", "group", "action", "digest", "by", "run")


def set_aside(run: Run, part: Part, *, by: str) -> int:
    """Leave only `part` of the plan, and what it stands on, to be carried out; how much rests.

    Called in the transaction of the approval.
    """
    lines = Change.objects.filter(run=run, state=Change.State.PLANNED)
    lines = lines.exclude(action=Change.Action.EQUAL)

    def lines_of(kind: Kind) -> Iterator[Line]:
        found = lines.filter(kind=kind.name).values_list("key", "group", "after")
        for key, school, after in found.iterator(bulk.BATCH):
            yield Line(key, school, tuple(json.loads(after)))

    goes = list(chosen(part, lines_of))
    lines.update(state=Change.State.SET_ASIDE)
    for batch in bulk.batches(goes, bulk.IN_LIMIT):
        for kind in {kind for kind, _ in batch}:
            keys = [key for of, key in batch if of is kind]
            aside = Change.objects.filter(run=run, state=Change.State.SET_ASIDE)
            aside.filter(kind=kind.name, key__in=keys).update(state=Change.State.PLANNED)
    return _remember(run, by)


def _remember(run: Run, by: str) -> int:
    rests = Change.objects.filter(run=run, state=Change.State.SET_ASIDE)
    rows = rests.values_list("kind", "key", "group", "action", "digest").iterator(bulk.BATCH)
    count = 0
    for batch in bulk.batches(rows):
        for kind in {row[0] for row in batch}:
            keys = [row[1] for row in batch if row[0] == kind]
            for some in bulk.batches(keys, bulk.IN_LIMIT):
                SetAside.objects.filter(district=run.district, kind=kind, key__in=some).delete()
        bulk.insert(SetAside, _FIELDS, ((run.district_id, *row, by, run.pk) for row in batch))
        count += len(batch)
    return count


@transaction.atomic
def take_up(district: District, *, by: str) -> int:
    """Let everything that rests be planned again, and say who wanted it; how many lines that is."""
    count = SetAside.objects.filter(district=district).delete()[0]
    if count:
        AuditEvent.objects.create(
            district=district.slug,
            actor=by,
            action="plan.taken-up",
            subject=district.slug,
            before={"set_aside": count},
        )
    return count


def reminders(run: Run) -> Iterator[Problem]:
    """A line a night for each kind and school of which something rests."""
    rests = Change.objects.filter(run=run, state=Change.State.SET_ASIDE)
    for kind, school, count in rests.values_list("kind", "group").annotate(count=Count("pk")):
        where = f"{count} of school {school or 'none'}."
        yield problem("roster.set-aside", kind, "", detail=where)
