"""The due date that a line item gets in one class. PURE (design 6.4 and 6.7, F61)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from gradesync.periods import period_of
from gradesync.problems import Problem, problem
from gradesync.rules import Rules
from gradesync.sections import Dates, LinkedClass, dates_for
from integration.canvas.gradebook_types import Assignment
from integration.oneroster.gradebook_types import Class


@dataclass(frozen=True, slots=True)
class DueDate:
    """`at` is None where there is none to send; then `problems` says whether that stops it."""

    at: datetime | None
    assigned_at: datetime
    problems: tuple[Problem, ...]


def due_date(assignment: Assignment, linked: LinkedClass, rules: Rules) -> DueDate:
    """The date of the class's section; the latest, if several sections are of one class."""
    dates = [dates_for(assignment, one) for one in linked.section_ids]
    at = _latest(assignment, dates)
    opened = min((one.unlock_at for one in dates if one.unlock_at), default=assignment.created_at)
    class_, found = linked.class_, list[Problem]()
    if at is None:
        at = _made(opened, class_, rules)
        if at is not None:
            found.append(problem("assignment.due-date-made", date=_words(_day(at, rules))))
        elif rules.profile.needs_due_date:
            found.append(problem("assignment.no-due-date", class_=class_.title))
    if at is not None:
        at = _moved(at, class_, rules, found)
        if class_.periods and period_of(_day(at, rules), class_.periods) is None:
            day = _words(_day(at, rules))
            found.append(problem("assignment.outside-periods", date=day))
    return DueDate(at, min(opened, at) if at else opened, tuple(found))


def _latest(assignment: Assignment, dates: list[Dates]) -> datetime | None:
    if any(one.has_section for one in dates):
        return max((one.due_at for one in dates if one.due_at), default=None)
    named = (one.due_at for one in assignment.overrides if one.student_ids and one.due_at)
    return max(named, default=None)


def _made(opened: datetime, class_: Class, rules: Rules) -> datetime | None:
    """What the course chose to send where Canvas has no date."""
    match rules.settings.due_date_missing:
        case "assigned":
            return end_of(_day(opened, rules), rules)
        case "end" if class_.last_date:
            return end_of(class_.last_date, rules)
        case _:
            return None


def _moved(at: datetime, class_: Class, rules: Rules, found: list[Problem]) -> datetime:
    """The date inside the class's dates, as the course chose; else what is wrong with it."""
    day = _day(at, rules)
    first, last = class_.first_date or date.min, class_.last_date or date.max
    if first <= day <= last:
        return at
    nearest = first if day < first else last
    if rules.settings.due_date_outside == "nearest":
        words = {"date": _words(day), "sent": _words(nearest)}
        found.append(problem("assignment.due-moved", **words))
        return end_of(nearest, rules)
    told = {"first": class_.first_date, "last": class_.last_date}
    words = {name: _words(one) if one else "open" for name, one in told.items()}
    found.append(problem("assignment.due-outside", date=_words(day), **words))
    return at


def end_of(day: date, rules: Rules) -> datetime:
    """The last second of a local day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=rules.zone).astimezone(UTC)


def _day(at: datetime, rules: Rules) -> date:
    return at.astimezone(rules.zone).date()


def _words(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"
