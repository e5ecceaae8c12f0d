"""What an import says of itself afterwards: counts, statistics, messages as CSV."""

import csv
import io
from typing import Any

from django.db.models import Count

from sandbox.canvas.jobs import SisImportError, StateChange

COUNTED = {
    "change_sis_id": "change_sis_ids",
    "account": "accounts",
    "term": "terms",
    "abstract_course": "abstract_courses",
    "course": "courses",
    "section": "sections",
    "xlist": "xlists",
    "user": "users",
    "login": "logins",
    "enrollment": "enrollments",
    "admin": "admins",
    "group_category": "group_categories",
    "group": "groups",
    "group_membership": "group_memberships",
    "grade_publishing_results": "grade_publishing_results",
    "user_observer": "user_observers",
}
BATCH_COUNTS = ("batch_courses_deleted", "batch_sections_deleted", "batch_enrollments_deleted")
KINDS = (
    "Account",
    "EnrollmentTerm",
    "CommunicationChannel",
    "AbstractCourse",
    "Course",
    "CourseSection",
    "Enrollment",
    "GroupCategory",
    "Group",
    "GroupMembership",
    "Pseudonym",
    "UserObserver",
    "AccountUser",
)
_PASSWORDS = {"password", "ssha_password"}


def counts_of(number: int, done: dict[str, int]) -> dict[str, int]:
    """`data.counts` of an import."""
    counts = {plural: done.get(kind, 0) for kind, plural in COUNTED.items()}
    counts |= dict.fromkeys(BATCH_COUNTS, 0)
    errors = SisImportError.objects.filter(sis_import_id=number)
    counts["error_count"] = errors.filter(failure=True).count()
    counts["warning_count"] = errors.filter(failure=False).count()
    return counts


def statistics(number: int) -> dict[str, Any]:
    """`data.statistics` of an import: what became of the states of objects."""
    found: dict[str, Any] = {"total_state_changes": 0}
    for kind in KINDS:
        found[kind] = {"created": 0, "restored": 0, "deleted": 0}
        if kind in {"Course", "Enrollment"}:
            found[kind]["concluded"] = 0
    found["Enrollment"]["deactivated"] = 0
    changes = StateChange.objects.filter(sis_import_id=number)
    for change in changes.values("kind", "before", "after").annotate(times=Count("id")):
        found["total_state_changes"] += change["times"]
        name = _effect(change["before"], change["after"])
        if name in found[change["kind"]]:
            found[change["kind"]][name] += change["times"]
    return found


def _effect(before: str, after: str) -> str:
    if not before:
        return "created"
    names = {"deleted": "deleted", "completed": "concluded", "inactive": "deactivated"}
    return names.get(after, "restored" if before == "deleted" else "changed")


def errors_csv(number: int) -> bytes:
    """All messages of an import, as its errors attachment; empty if there are none."""
    errors = SisImportError.objects.filter(sis_import_id=number).order_by("id")
    rows = list(errors.values_list("file", "message", "row"))
    if not rows:
        return b""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sis_import_id", "file", "message", "row"])
    writer.writerows([number, *row] for row in rows)
    return text.getvalue().encode()


def without_passwords(content: bytes) -> bytes:
    """A CSV file without its password columns."""
    text = content.decode("utf-8-sig")
    header = next(csv.reader(io.StringIO(text)), [])
    kept = [n for n, name in enumerate(header) if name.strip().lower() not in _PASSWORDS]
    if len(kept) == len(header):
        return content
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in csv.reader(io.StringIO(text)):
        writer.writerow([row[n] for n in kept if n < len(row)])
    return out.getvalue().encode()
