"""What grade passback reads of a OneRoster gradebook, as frozen values. PURE.

`raw` is the object exactly as Q sent it, numbers with a point as `Decimal`: a write to an existing
object starts from it, so that what we do not know of is kept (design 6.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

# In `metadata`, the id that we made for a line item: how it is known where Q allocates ids.
MARKER = "qSyncId"

ScoreStatus = Literal["exempt", "fully graded", "not submitted", "partially graded", "submitted"]
JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GradingPeriod:
    """`last_date` is the last day inside, whichever way the district's Q means its endDate.

    `closes_on`: the last day on which Q takes grades for it, None where nobody knows.
    """

    sourced_id: str
    title: str
    first_date: date
    last_date: date
    closes_on: date | None = None


@dataclass(frozen=True, slots=True)
class Class:
    """Dates are of its terms, `periods` the grading periods in them.

    `last_date` is the last day that belongs to the class. `students` are the sourcedIds enrolled,
    None where Q does not tell.
    """

    sourced_id: str
    title: str
    first_date: date | None = None
    last_date: date | None = None
    students: frozenset[str] | None = None
    periods: tuple[GradingPeriod, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """`class_id` is `metadata.classId`; "" where the category is for every class."""

    sourced_id: str
    title: str
    class_id: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class LineItemFields:
    """The fields of a line item that are ours to write. None: not told, or not sent."""

    title: str
    category_id: str
    maximum: Decimal | None
    due_at: datetime | None
    assigned_at: datetime | None
    grading_period_id: str = ""


@dataclass(frozen=True, slots=True)
class LineItem:
    sourced_id: str
    class_id: str
    fields: LineItemFields
    marker: str = ""
    is_active: bool = True
    raw: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """What a result says. `comment` and `letter` are None where they are not ours to write.

    `graded_at` is Canvas's instant of grading; it orders values and is never compared with Q.
    """

    score: Decimal | None
    status: ScoreStatus
    comment: str | None = None
    letter: str | None = None
    graded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    sourced_id: str
    line_item_id: str
    student_id: str
    value: Value
    is_active: bool = True
    raw: JsonObject = field(default_factory=dict)
