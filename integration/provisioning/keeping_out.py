"""What keeps one record out of Canvas, by its findings and by what it says itself. PURE."""

from __future__ import annotations

from integration.oneroster.types import (
    AcademicSession,
    Class,
    Enrollment,
    Org,
    Problem,
    Record,
    User,
)
from integration.provisioning.classes import unfit_class
from integration.provisioning.people import user_row
from integration.provisioning.problems import problem, unfit
from integration.provisioning.rules import Rules
from integration.provisioning.structure import unfit_session

# What a record tells by itself, so that a finding of it is out of date once it says otherwise.
TOLD_BY_ITSELF = frozenset(
    {
        "roster.control-character",
        "roster.id-too-long",
        "roster.term-dates",
        "roster.no-title",
        "roster.no-sis-id",
        "roster.no-login",
        "roster.no-name",
    }
)
# Findings with one of these codes mean that the record has no row; all others stand beside one.
# What the client could not read (`oneroster.…`) has none either.
KEEPS_OUT = TOLD_BY_ITSELF | frozenset(
    {
        "roster.ambiguous-id",
        "roster.duplicate-login",
        "roster.duplicate-sis-id",
        "roster.unknown-class",
        "roster.unknown-user",
        "roster.class-left-out",
        "roster.user-left-out",
        "roster.enrollment-dates",
        "roster.login-claimed",
        "roster.login-of-service",
        "roster.id-changed",
        "roster.id-proposed",
        "roster.id-unproven",
        "roster.id-recycled",
        "canvas.row-refused",
        "canvas.still-refused",
    }
)
# What has its place in Canvas is somebody or something else.
OF_ANOTHER = frozenset({"roster.duplicate-sis-id", "roster.id-recycled"})


def keeps_out(code: str) -> bool:
    """Has a record with such a finding no row in Canvas for it?"""
    return code in KEEPS_OUT or code.startswith("oneroster.")


def own_problem(record: Record, rules: Rules) -> Problem | None:
    """Why no row can be made of this record, whatever else there is in Q."""
    match record:
        case User():
            row = user_row(record, rules)
            return row if isinstance(row, Problem) else None
        case Class():
            return unfit_class(record, rules)
        case AcademicSession():
            return unfit_session(record, rules)
        case Org():
            sis_id = rules.prefix + record.sourced_id
            return unfit("orgs", record.sourced_id, sis_id=sis_id, name=record.name)
        case Enrollment() if record.begin_date and "" < record.end_date < record.begin_date:
            return problem("roster.enrollment-dates", "enrollments", record.sourced_id, "endDate")
    return None
