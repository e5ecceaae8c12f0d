"""A course with one section, valid by default: what a test does not name does not matter to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gradesync.course_settings import Settings
from gradesync.ids import ItemKey, line_item_id, namespace, result_id
from gradesync.lines import ItemLine, Line, ScoreLine
from gradesync.plan import plan
from gradesync.profile import Profile
from gradesync.readings import CanvasReading, Memory, QReading, Sent, SentItem, Snapshot
from gradesync.rules import Rules
from integration.canvas.gradebook_types import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseGrade,
    Enrollment,
    Section,
    Submission,
)
from integration.oneroster.gradebook_types import (
    Category,
    Class,
    GradingPeriod,
    LineItem,
    LineItemFields,
    Result,
    Value,
)

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
CREATED = datetime(2026, 9, 1, 16, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 7, 59, 59, tzinfo=UTC)  # the evening of 19 November
GRADED = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
CANVAS = namespace("u9bC3kzT-lakeside")
ROOT = "https://q.example/ims/oneroster/v1p1"

FALL = GradingPeriod("gp1", "Fall", date(2026, 8, 17), date(2026, 12, 18))
ALGEBRA = Class("c1", "Algebra 1", date(2026, 8, 17), date(2027, 6, 4), periods=(FALL,))
HOMEWORK = Category("k1", "Homework")
PROVEN = Profile(deletes_results=True)


def rules(
    *, settings: dict[str, Any] | None = None, profile: Profile = PROVEN, **other: Any
) -> Rules:
    chosen = Settings(**(settings or {}))
    return Rules(**({"zone": ZONE, "now": NOW, "namespace": CANVAS, "root": ROOT} | other),
        settings=chosen, profile=profile)  # fmt: skip


def assignment(canvas_id: str = "1", **fields: Any) -> Assignment:
    default = {"name": f"Quiz {canvas_id}", "group_id": "g1", "created_at": CREATED}
    default |= {"due_at": DUE, "points_possible": Decimal(20)}
    return Assignment(canvas_id=canvas_id, **(default | fields))


def graded(score: str | None, /, student: str = "s1", work: str = "1", **fields: Any) -> Submission:
    """A posted grade, or with None a row that nobody graded."""
    default: dict[str, Any] = {"assignment_id": work, "student_id": student}
    if score is not None:
        number = Decimal(score)
        default |= {"state": "graded", "score": number, "entered_score": number, "grade": score}
        default |= {"posted_at": GRADED, "graded_at": GRADED}
    return Submission(**(default | fields))


def value(score: str | None, status: Any = "fully graded", **fields: Any) -> Value:
    return Value(None if score is None else Decimal(score), status, **fields)


def fields(title: str = "Quiz 1", **changes: Any) -> LineItemFields:
    """Those of the default assignment in the default class."""
    made = LineItemFields(title, "k1", Decimal(20), DUE, CREATED, "gp1")
    return replace(made, **changes)


def key(canvas_id: str = "1", class_id: str = "c1") -> ItemKey:
    return ItemKey("assignment", canvas_id, class_id)


def item_id(canvas_id: str = "1", class_id: str = "c1") -> str:
    return line_item_id(CANVAS, key(canvas_id, class_id))


ITEM = item_id()


def line_item(sourced_id: str = ITEM, class_id: str = "c1", **changes: Any) -> LineItem:
    """One in Q; what is not a field of `LineItemFields` is of `LineItem` itself."""
    own = {name: changes.pop(name) for name in ("marker", "is_active") if name in changes}
    raw = changes.pop("raw", {"sourcedId": sourced_id, "title": "as read"})
    return LineItem(sourced_id, class_id, fields(**changes), raw=raw, **own)


def result(score: str | None, student: str = "S1", item: str = ITEM, **changes: Any) -> Result:
    status = changes.pop("status", "fully graded")
    own = {name: changes.pop(name) for name in ("sourced_id", "is_active") if name in changes}
    sourced_id = own.pop("sourced_id", result_id(CANVAS, item, student))
    held = value(score, status, **changes)
    raw = {"sourcedId": sourced_id, "scoreStatus": status, "scoreDate": "2026-11-21"}
    raw |= {"score": held.score} if score is not None else {}
    return Result(sourced_id, item, student, held, raw=raw, **own)


class Room:
    """One course beside its class in Q. Change what matters, then look at the plan."""

    def __init__(self, *students: str, **other: Any) -> None:
        """Students "s1", "s2" … are S1, S2 … in Q, and in the section "sec1", class "c1"."""
        self.students = students or ("s1",)
        self.course = Course("77", "Algebra 1")
        self.sections = [Section("sec1", "Algebra 1, period 1", "c1")]
        self.groups = [AssignmentGroup("g1", "Homework")]
        self.assignments = [assignment()]
        self.enrollments = [Enrollment(one, "sec1", f"SIS-{one}") for one in self.students]
        self.periods: list[Any] = []
        self.submissions: list[Submission] = []
        self.grades: list[CourseGrade] = []
        self.classes = [ALGEBRA]
        self.categories = [HOMEWORK]
        self.line_items: list[LineItem] = []
        self.results: list[Result] = []
        self.memory: dict[str, Any] = {}
        self.rules = rules(**other)

    def linked(self, *canvas_ids: str) -> Room:
        """These assignments are in Q as they were sent."""
        for canvas_id in canvas_ids or ("1",):
            title = f"Quiz {canvas_id}"
            self.line_items.append(line_item(item_id(canvas_id), title=title))
            sent = SentItem(item_id(canvas_id), fields(title), title)
            self.memory.setdefault("items", {})[key(canvas_id)] = sent
        return self

    def confirmed(self, held: Value | None, student: str = "S1", item: str = ITEM) -> Room:
        self.memory.setdefault("sent", {})[(item, student)] = Sent(held)
        return self

    def snapshot(self) -> Snapshot:
        canvas = CanvasReading(
            self.course,
            self.sections,
            self.groups,
            self.assignments,
            self.enrollments,
            self.periods,
            _by(self.submissions, "assignment_id"),
            _by(self.grades, "grading_period_id"),
        )
        q = QReading(
            {one.sourced_id: one for one in self.classes},
            {one.sourced_id: one.sourced_id for one in self.classes},
            {f"SIS-{one}": one.upper() for one in self.students},
            self.categories,
            _by(self.line_items, "class_id"),
            _by(self.results, "line_item_id"),
        )
        return Snapshot(canvas, q, Memory(**self.memory), self.rules)

    def plan(self) -> list[Line]:
        return list(plan(self.snapshot()))

    def items(self) -> list[ItemLine]:
        return [one for one in self.plan() if isinstance(one, ItemLine)]

    def item(self) -> ItemLine:
        [line] = self.items()
        return line

    def scores(self) -> list[ScoreLine]:
        return [one for one in self.plan() if isinstance(one, ScoreLine)]

    def score(self) -> ScoreLine:
        [line] = self.scores()
        return line


def _by(values: Iterable[Any], name: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in values:
        found.setdefault(getattr(one, name), []).append(one)
    return found


def outcome_of(line: Line) -> tuple[str, str, str]:
    return line.action, line.code, line.verb
