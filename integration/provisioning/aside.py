"""What a person leaves out when approving the rest: it rests until taken up (design 5.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count

from integration import bulk
from integration.models import AuditEvent, Change, District, Run, SetAside
from integration.oneroster.types import Problem
from integration.provisioning.part import Chooses, Line, Part, chosen
from integration.provisioning.problems import problem
from integration.provisioning.resting import STANDING
from integration.provisioning.rows import ACCOUNTS, Kind

_FIELDS = ("district", "kind", "key", "group", "action", "digest", "by", "run")


def set_aside(run: Run, part: Part, *, by: str) -> int:
    """Leave only `part` of the plan, and what it stands on, to be carried out; how much rests.

    Called in the transaction of the approval.
    """
    leave_only(run, part, removals=part.removals)
    return _remember(run, by)


def leave_only(run: Run, part: Chooses, *, because: str = "", removals: bool = True) -> None:
    """Of the planned lines only those that `part` wants, and what they stand on, stay planned.

    `because`: what the others say of themselves, where it is a rule that leaves them out and no
    person; an account then counts for the school that it is. Without `removals` none goes, not even
    one that another line stands on: what it would take away is there.
    """
    lines = Change.objects.filter(run=run, state=Change.State.PLANNED)
    lines = lines.exclude(action=Change.Action.EQUAL)
    may_go = lines if removals else lines.exclude(action=Change.Action.REMOVED)

    def lines_of(kind: Kind) -> Iterator[Line]:
        found = may_go.filter(kind=kind.name).values_list("key", "group", "after")
        for key, group, after in found.iterator(bulk.BATCH):
            school = key if because and kind is ACCOUNTS else group
            yield Line(key, school, tuple(json.loads(after)))

    goes = list(chosen(part, lines_of))
    lines.update(state=Change.State.SET_ASIDE, message=because)
    for batch in bulk.batches(goes, bulk.IN_LIMIT):
        for kind in {kind for kind, _ in batch}:
            keys = [key for of, key in batch if of is kind]
            aside = Change.objects.filter(run=run, state=Change.State.SET_ASIDE, message=because)
            aside.filter(kind=kind.name, key__in=keys).update(
                state=Change.State.PLANNED, message=""
            )


def _remember(run: Run, by: str) -> int:
    # What a rule leaves out is no person's decision, and rests as long as the rule holds.
    rests = Change.objects.filter(run=run, state=Change.State.SET_ASIDE, message="")
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
    for code, lines in (
        ("roster.set-aside", rests.filter(message="")),
        ("roster.stands-on-set-aside", rests.filter(message=STANDING)),
        ("roster.school-rests", rests.exclude(message__in=["", STANDING])),
    ):
        for kind, school, count in lines.values_list("kind", "group").annotate(count=Count("pk")):
            where = f"{count} of school {school or 'none'}."
            yield problem(code, kind, "", detail=where)
