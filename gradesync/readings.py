"""What the shell hands in for one course: both sides as read, and what was confirmed. PURE.

A `Mapping` may be a lazy one that reads a piece when it is asked for: a plan asks for the
submissions of each assignment and the results of each line item once, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gradesync.ids import ItemKey
from gradesync.rules import Rules
from integration.canvas.gradebook_types import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseGrade,
    Enrollment,
    GradingPeriod,
    Section,
    Submission,
)
from integration.oneroster.gradebook_types import (
    Category,
    Class,
    LineItem,
    LineItemFields,
    Result,
    Value,
)

# A student's cell in Q: sourcedId of the line item and of the student.
CellKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CanvasReading:
    """`submissions` by assignment id; `grades` by grading period id, "" for the whole course."""

    course: Course
    sections: Sequence[Section] = ()
    groups: Sequence[AssignmentGroup] = ()
    assignments: Sequence[Assignment] = ()
    enrollments: Sequence[Enrollment] = ()
    periods: Sequence[GradingPeriod] = ()
    submissions: Mapping[str, Sequence[Submission]] = field(default_factory=dict)
    grades: Mapping[str, Sequence[CourseGrade]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QReading:
    """`classes` by sourcedId, `line_items` by class, `results` by line item.

    `class_ids`: SIS ID of a section to the sourcedId of its class. `students`: SIS user id to
    sourcedId. Both as provisioning made them (prefix, other identifier, approved renames).
    """

    classes: Mapping[str, Class] = field(default_factory=dict)
    class_ids: Mapping[str, str] = field(default_factory=dict)
    students: Mapping[str, str] = field(default_factory=dict)
    categories: Sequence[Category] = ()
    line_items: Mapping[str, Sequence[LineItem]] = field(default_factory=dict)
    results: Mapping[str, Sequence[Result]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentItem:
    """A line item that is linked for good. `fields`: last confirmed; None before the first write.

    `source` is the title in Canvas that the one in Q was made from.
    """

    sourced_id: str
    fields: LineItemFields | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What Q confirmed last, by read-back after a write of ours. None: it holds no result."""

    value: Value | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person chose for one cell. It holds while both values are those it was made on."""

    choice: Literal["keep-q", "send-canvas"]
    canvas: Value | None
    q: Value | None


# "new": make one although others look alike. "again": add one that was deleted in Q.
# "send-canvas": Canvas's fields win over what was changed in Q as well.
ItemDecision = Literal["new", "again", "send-canvas"]


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept of a course between syncs, by ids.

    `categories` by (group id, class): every one that was ever used, so that renames break nothing.
    `switches` and `titles` (a short title for Q) are by assignment id, where a person set them.
    """

    sections: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[tuple[str, str], str] = field(default_factory=dict)
    periods: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[ItemKey, SentItem] = field(default_factory=dict)
    item_decisions: Mapping[ItemKey, ItemDecision] = field(default_factory=dict)
    sent: Mapping[CellKey, Sent] = field(default_factory=dict)
    decisions: Mapping[CellKey, Decision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a plan of one course is made from. Equal snapshots give equal plans."""

    canvas: CanvasReading
    q: QReading
    memory: Memory
    rules: Rules
