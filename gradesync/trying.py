"""Tries a connection for grades, and keeps what was found in its profile: `manage.py verify`.

What can be told by reading is kept each time; what has to be tried by writing, only where an admin
named a class for it. Later plans go by the profile.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from gradesync.categories import offered
from gradesync.course_settings import Settings
from gradesync.errors import NoTestClass
from gradesync.ids import namespace
from gradesync.probing import Found, Place, Probe, read_only
from gradesync.profile import Profile
from gradesync.rules import Rules
from integration.errors import QSyncError
from integration.models import AuditEvent, District, QConnection
from integration.oneroster.client import OneRosterClient
from integration.oneroster.gradebook import OneRosterGradebook
from integration.verification import Step, failed

# By the name in the profile: what it means where it is so, and where it is not.
FOUND = {
    "may_write": (
        "The key may write grades.",
        "The key may not write grades; ask Q's administrator for that right.",
    ),
    "deletes_results": ("Q lets a score be taken away.", "Q does not let a score be taken away."),
    "deletes_line_items": (
        "Q lets a line item be taken away.",
        "Q does not let a line item be taken away.",
    ),
    "takes_not_submitted_without_score": (
        "Q takes “not submitted” without a score.",
        "Q does not take “not submitted” without a score.",
    ),
    "takes_exempt_without_score": (
        "Q takes “excused” without a score.",
        "Q does not take “excused” without a score.",
    ),
    "takes_above_maximum": (
        "Q takes scores above the maximum.",
        "Q does not take scores above the maximum.",
    ),
    "takes_negative": ("Q takes scores below 0.", "Q does not take scores below 0."),
    "takes_zero_maximum": (
        "Q takes line items with a maximum of 0.",
        "Q does not take line items with a maximum of 0.",
    ),
    "takes_grading_period": (
        "Q keeps the grading period of a line item.",
        "Q does not keep the grading period of a line item.",
    ),
    "takes_comment": ("Q keeps comments.", "Q does not keep comments."),
    "keeps_due_times": (
        "Q keeps the time of day of a due date.",
        "Q keeps the day of a due date, and not its time.",
    ),
    "keeps_metadata": (
        "Q keeps our mark on a line item.",
        "Q does not keep our mark on a line item; it is known by its ID alone.",
    ),
    "allocates_ids": ("Q gives line items IDs of its own.", "Q keeps the IDs that we give."),
}
# What is measured: with its number, and where there is no limit.
NUMBERS = {
    "title_limit": (
        "Q keeps titles of up to {number} characters.",
        "Q keeps titles of any length.",
    ),
    "score_decimals": (
        "Decimal places that Q keeps of a score: {number}.",
        "Q keeps all decimal places of a score.",
    ),
}


def verify_grades(
    district: District, q: OneRosterClient, test_class: str, actor: str
) -> Iterator[Step]:
    """Steps of `verify`; each that tells something new is kept before the next is tried."""
    try:
        token = q.token()
    except QSyncError:
        return  # told already by the step that signs in
    told = read_only(token.scopes if token else ())
    keep(district, told.values, by=actor)
    yield _step(told)
    if test_class:
        yield from _tried(district, q, test_class, actor)


def _tried(district: District, q: OneRosterClient, test_class: str, actor: str) -> Iterator[Step]:
    zone = ZoneInfo(district.time_zone)
    profile = Profile.read(QConnection.objects.get(district=district).profile)
    book = q.gradebook(zone, letter_field=profile.letter_field)
    started = time.monotonic()
    try:
        now = timezone.now()
        rules = Rules(Settings(), profile, zone, now, namespace("probe"), root=book.root)
        probe = Probe(book, place_of(q, book, test_class), rules, now)
        for found in probe.run():
            keep(district, found.values, by=actor)
            yield _step(found, seconds=round(time.monotonic() - started, 3))
            started = time.monotonic()
    except QSyncError as error:
        yield failed("Q grades: try", error, needed=False)


def place_of(q: OneRosterClient, book: OneRosterGradebook, class_id: str) -> Place:
    """The class with one of its students, a category and no grading period of its own choosing.

    Raises:
        NoTestClass: Q does not know the class, or nobody is in it.
    """
    if q.find("classes", class_id) is None:
        raise NoTestClass("Q has no class of this id.")
    people = [one for page in q.students(class_id) for one in page.records]
    students = [one for one in people if one.status == "active" and one.role == "student"]
    if not students:
        raise NoTestClass("No student is in this class.")
    categories = offered(book.categories(), class_id)
    return Place(
        class_id,
        students[0].sourced_id,
        categories[0].sourced_id if categories else "",
    )


@transaction.atomic
def keep(district: District, values: dict[str, Any], *, by: str) -> None:
    """Put what was found into the connection's profile; audited where it differs."""
    connection = QConnection.objects.select_for_update().get(district=district)
    before = {name: connection.profile.get(name) for name in values}
    if before == values and values.keys() <= connection.profile.keys():
        return
    connection.profile = {**connection.profile, **values}
    connection.save(update_fields=["profile"])
    AuditEvent.objects.create(
        district=district.slug,
        actor=by,
        action="connection.profile",
        subject=f"Q of {district.slug}",
        before=before,
        after=values,
    )


def _step(found: Found, seconds: float = 0.0) -> Step:
    told = [_sentence(name, value) for name, value in found.values.items()]
    message = " ".join([*(told or ["It could not be found out."]), found.detail]).strip()
    return Step(f"Q grades: {found.what}", ok=True, needed=False, seconds=seconds, message=message)


def _sentence(name: str, value: object) -> str:
    if isinstance(value, bool):
        return FOUND[name][0 if value else 1]
    return NUMBERS[name][0].format(number=value) if value is not None else NUMBERS[name][1]
