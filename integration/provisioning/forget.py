"""Forgets what one Canvas accepted, when a district moves to another one.

Q stays the truth. What the new Canvas holds already is read on its first run (design 5.5), which
waits for a person where that is not nothing.
"""

from __future__ import annotations

from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from integration.models import (
    CourseAssignment,
    District,
    RefusedRow,
    RosterRow,
    Run,
    SetAside,
    Snooze,
    TermAssignment,
)
from integration.provisioning.errors import PlanRefused
from integration.provisioning.run import UNFINISHED

# All that holds for one Canvas only.
REMEMBERED: tuple[type[Model], ...] = (
    RosterRow,
    RefusedRow,
    SetAside,
    CourseAssignment,
    TermAssignment,
    Snooze,
)
OPEN = (*UNFINISHED, Run.State.HELD)


def forget_canvas(district: District) -> dict[str, int]:
    """Drop accepted rows, refusals and assignments, and end the plans that rest on them.

    Gives the number of rows of each sort. The caller holds the district's lease, in a transaction.
    """
    forgotten = {
        model.__name__: QuerySet(model).filter(district=district).delete()[0]
        for model in REMEMBERED
    }
    moved = PlanRefused("The district has moved to another Canvas; this plan was for the old one.")
    open_runs = Run.objects.filter(district=district, state__in=OPEN)
    forgotten["Plan"] = open_runs.update(
        state=Run.State.FAILED, error=moved.as_dict(), stage="", ended_at=Now()
    )
    District.objects.filter(pk=district.pk).update(provisioned_at=None)
    district.provisioned_at = None
    return {name: count for name, count in forgotten.items() if count}
