"""Algebra I as its screens are drawn: two periods, 58 students, every kind of row at once.

All people are invented.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from gradesync.ids import ItemKey, line_item_id
from gradesync.readings import SentItem
from integration.canvas.gradebook_types import (
    AssignmentGroup,
    Course,
    CourseGrade,
    Enrollment,
    GradingPeriod,
    Section,
)
from integration.oneroster import gradebook_types as q
from integration.oneroster.gradebook_types import Category, Class
from tests.gradesync.makers import (
    CANVAS,
    Room,
    assignment,
    fields,
    graded,
    line_item,
    result,
    value,
)

FIRST = ("Mateo Alvarez", "Grace Okafor", "Priya Shah", "Liam Chen", "Sofia Marino", "Jonah Weiss",
         "Zoe Anders", "Noah Kim", "Ethan Brooks", "Isabella Cruz", "Ruby Tan", "Ava Lindqvist",
         "Omar Haddad", "Chloe Martin", "Kenji Sato", "Amara Diallo")  # fmt: skip
GIVEN = ("Ada", "Ben", "Cleo", "Dev", "Ella", "Finn", "Gia", "Hugo", "Iris", "Jun", "Kai", "Lena",
         "Mila", "Nico")  # fmt: skip
FAMILY = ("Abbott", "Bauer", "Costa")
PEOPLE = (*FIRST, *(f"{given} {family}" for family in FAMILY for given in GIVEN))
GROUPS = ("Homework", "Quizzes", "Tests", "Classwork", "Projects", "Warm-ups")
OUTSIDE = {"s7", "s11"}
Q2 = q.GradingPeriod("gp2", "Quarter 2", date(2026, 10, 19), date(2026, 12, 18))
Q1 = q.GradingPeriod("gp1", "Quarter 1", date(2026, 8, 17), date(2026, 10, 16), date(2026, 10, 23))


def _name(n: int) -> tuple[str, str]:
    given, _, family = PEOPLE[n].partition(" ")
    return PEOPLE[n], f"{family}, {given}"


def _day(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 7, 59, 59, tzinfo=UTC)


def algebra(*, in_trouble: bool = True, **other: Any) -> Room:
    """`in_trouble`: with the rows that are blocked, wait, or ask."""
    made = Room(*(f"s{n}" for n in range(58)), **other)
    made.rules = replace(made.rules, now=timezone.now())
    made.course = Course("5", "Algebra I")
    made.sections = [Section("11", "Period 2", "c1"), Section("12", "Period 4", "c2")]
    away = {one.upper() for one in OUTSIDE} if in_trouble else set()
    everybody = frozenset(f"S{n}" for n in range(58)) - away
    dates = (date(2026, 8, 17), date(2026, 12, 18))
    periods = (Q1, Q2)
    made.classes = [
        Class("c1", "ALG1-P2", *dates, students=everybody, periods=periods),
        Class("c2", "ALG1-P4", *dates, students=everybody, periods=periods),
    ]
    made.groups = [AssignmentGroup(str(n), name) for n, name in enumerate(GROUPS, 1)]
    made.categories = [Category(f"k{n}", name) for n, name in enumerate(GROUPS[:5], 1)]
    made.enrollments = [
        Enrollment(
            f"s{n}", str(11 + n % 2), f"SIS-s{n}", name=_name(n)[0], sortable_name=_name(n)[1]
        )
        for n in range(58)
    ]
    made.periods = [
        GradingPeriod("91", "Quarter 1", _day(8, 17), _day(10, 17), _day(10, 24)),
        GradingPeriod("92", "Quarter 2", _day(10, 19), _day(12, 19), _day(12, 30)),
    ]
    _work(made, in_trouble=in_trouble)
    return made


def _work(made: Room, *, in_trouble: bool) -> None:
    whole = range(58)
    _add(made, "1", "Unit 4 project: Modeling with lines", "5", 50, _day(12, 4), {})
    scores = {n: 14 + n % 7 for n in whole}
    _add(made, "2", "Quiz 4.2: Slope and intercept", "2", 20, _day(11, 21), scores, kind="quiz")
    if in_trouble:
        _add(made, "3", "Warm-up week 12", "6", 5, _day(11, 21), dict.fromkeys(whole, 4))
    talk = dict.fromkeys(whole, 9)
    _add(made, "4", "Discussion: Where do you see slope?", "4", 10, _day(11, 19),
         talk, held={**talk, 3: 7, 4: 6, 5: 10}, gone={5}, kind="discussion")  # fmt: skip
    home = dict.fromkeys(whole, 12)
    held = {**home, 2: 9, **({0: 13, 1: 15} if in_trouble else {})}
    sent = {**home, 2: 9}
    now = {**home, **({0: 14} if in_trouble else {})}
    homework: dict[str, Any] = {"held": held, "sent": sent, "excused": {2}}
    _add(made, "5", "Homework 4.1: Graphing lines", "1", 15, _day(11, 17), now, **homework)
    if in_trouble:
        _add(made, "6", "Make-up packet", "1", 20, _day(12, 24), dict.fromkeys(range(9), 18))
    test = {n: 70 + n % 30 for n in whole}
    hidden = {20, 21, 22, 23} if in_trouble else set()
    seen = {n: one for n, one in test.items() if n not in hidden}
    about: dict[str, Any] = {"held": seen, "hidden": hidden, "kind": "quiz"}
    _add(made, "7", "Unit 3 test", "3", 100, _day(11, 7), test, **about)
    if in_trouble:
        _add(made, "8", "Extra practice (ungraded in Q)", "1", 0, _day(11, 6), {})
        made.memory["switches"] = {"8": False}


def _add(
    made: Room,
    canvas_id: str,
    title: str,
    group: str,
    points: int,
    due_at: datetime,
    scores: dict[int, int],
    *,
    held: dict[int, int] | None = None,
    sent: dict[int, int] | None = None,
    excused: set[int] = frozenset(),  # type: ignore[assignment]
    gone: set[int] = frozenset(),  # type: ignore[assignment]
    hidden: set[int] = frozenset(),  # type: ignore[assignment]
    kind: Any = "assignment",
) -> None:
    """`held` is what Q holds already; `sent` what it confirmed, where somebody changed it since."""
    made.assignments.append(
        assignment(
            canvas_id,
            name=title,
            group_id=group,
            points_possible=Decimal(points),
            due_at=due_at,
            kind=kind,
            posts_manually=bool(hidden),
        )
    )
    if canvas_id == "1":
        made.assignments.pop(0)
    for n, score in scores.items():
        if n in gone:
            made.submissions.append(graded(None, f"s{n}", canvas_id))
        elif n in excused:
            made.submissions.append(
                graded(None, f"s{n}", canvas_id, is_excused=True, posted_at=due_at)
            )
        else:
            at = {"posted_at": None} if n in hidden else {}
            made.submissions.append(graded(str(score), f"s{n}", canvas_id, **at))
    if held is not None:
        for class_id in ("c1", "c2"):
            key = ItemKey("assignment", canvas_id, class_id)
            of_class = {n: score for n, score in held.items() if ("c1", "c2")[n % 2] == class_id}
            _hold(made, key, title, group, Decimal(points), due_at, of_class, sent or held)


def _hold(
    made: Room,
    key: ItemKey,
    title: str,
    group: str,
    maximum: Decimal,
    due_at: datetime,
    held: dict[int, int],
    sent: dict[int, int],
) -> None:
    """A line item that we made in Q, with its results."""
    sourced_id = line_item_id(CANVAS, key)
    told = {"category_id": f"k{group}", "maximum": maximum, "due_at": due_at}
    own = fields(title, grading_period_id="gp2", **told)
    made.line_items.append(
        line_item(sourced_id, key.class_id, title=title, grading_period_id="gp2", **told)
    )
    made.memory.setdefault("items", {})[key] = SentItem(sourced_id, own, title)
    for n, score in held.items():
        made.results.append(result(str(score), f"S{n}", sourced_id))
        made.confirmed(value(str(sent.get(n, score))), f"S{n}", sourced_id)


def with_course_grades(made: Room) -> Room:
    """Quarter 2 and Quarter 1, the latter closed."""
    made.memory["periods"] = {"91": "gp1", "92": "gp2"}
    made.grades = [
        CourseGrade(f"s{n}", period, Decimal(80 + n % 20), Decimal(80 + n % 20))
        for period in ("91", "92")
        for n in range(19)
    ]
    return made
