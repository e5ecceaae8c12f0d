"""“Why?” for a score: each reason that can keep it out of Q, asked as an administrator asks.

Each row makes a course in which the code is what stops the score, lets the worker's own code plan
it, and asks. A code of the catalogue that is new and has no row here fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from gradesync import memory
from gradesync.catalogue import CATALOGUE
from gradesync.compare import ACTIONS
from gradesync.explain import _HAPPENED, _VERDICTS, Verdict
from gradesync.models import CourseSync
from gradesync.profile import Profile
from gradesync.readings import Decision
from gradesync.story import cells
from integration.canvas.gradebook_types import (
    Course,
    Enrollment,
    Override,
    Section,
)
from integration.models import Change
from integration.oneroster.gradebook_types import Category
from tests.gradesync.makers import (
    ALGEBRA,
    DUE,
    GRADED,
    Room,
    assignment,
    graded,
    line_item,
    result,
    value,
)
from tests.gradesync.screens.algebra import algebra
from tests.gradesync.screens.conftest import district
from tests.gradesync.screens.stage import Stage
from tests.gradesync.test_plan import FALL_HERE, local, with_grades
from tests.integration.account.visiting import Visit, visit
from tests.lti import people

pytestmark = pytest.mark.one_database

Make = Callable[[], Room]
STRICT = Profile(takes_above_maximum=False)
NAMED = (Override(DUE, student_ids=frozenset({"s2"})),)


def room(score: str | None = "17", *, profile: Profile | None = None, **fields: Any) -> Room:
    made = Room("s1", **({"profile": profile} if profile else {}))
    made.submissions = [graded(score, **fields)]
    return made


def work(score: str | None = "17", **fields: Any) -> Room:
    made = room(score)
    made.assignments = [assignment(**fields)]
    return made


def sent(canvas: str | None, q: str | None, last: str | None = "17", **fields: Any) -> Room:
    made = room(canvas, **fields).linked()
    made.results = [result(q)] if q is not None else []
    return made.confirmed(value(last)) if last is not None else made


def but(made: Room, **other: Any) -> Room:
    for name, one in other.items():
        setattr(made, name, one)
    return made


def ruled(made: Room, **other: Any) -> Room:
    return but(made, rules=replace(made.rules, **other))


ROOMS: dict[str, Make] = {
    "course.not-provisioned": lambda: ruled(room(), is_provisioned=False),
    "course.no-sections": lambda: but(room(), sections=[Section("sec1", "By hand")]),
    "course.unpublished": lambda: but(room(), course=Course("77", "Algebra", is_published=False)),
    "course.q-read-only": lambda: room(profile=Profile(may_write=False)),
    "course.totals-hidden": lambda: but(
        with_grades(), course=Course("77", "Algebra", hides_totals=True)
    ),
    "section.no-sis-id": lambda: but(room(), sections=[Section("sec1", "By hand")]),
    "section.unknown-class": lambda: but(room(), sections=[Section("sec1", "Period 1", "c9")]),
    "assignment.not-graded": lambda: but(
        sent("18", "17"), assignments=[assignment(grading_type="not_graded")]
    ),
    "assignment.switched-off": lambda: but(sent("18", "17"), switches={"1": False}),
    "assignment.gone": lambda: but(sent("18", "17"), assignments=[]),
    "assignment.not-for-class": lambda: but(
        sent("18", "17"), assignments=[assignment(is_for_overrides_only=True)]
    ),
    "assignment.unpublished": lambda: work(is_published=False),
    "assignment.unnamed": lambda: work(name=" "),
    "assignment.no-due-date": lambda: work(due_at=None),
    "assignment.due-outside": lambda: work(due_at=local("2027-08-20")),
    "assignment.period-closed": lambda: but(
        room(), periods=[replace(FALL_HERE, close_at=local("2026-11-20"))]
    ),
    "assignment.no-category": lambda: but(
        room(), categories=[Category("k3", "Homework", class_id="c2")]
    ),
    "assignment.category-gone": room,
    "assignment.zero-points": lambda: work(points_possible=Decimal(0)),
    "assignment.left-uncounted": lambda: work(omit_from_final_grade=True),
    "assignment.single-students-only": lambda: work(overrides=(
        Override(DUE, student_ids=frozenset({"s1"})),), is_for_overrides_only=True),
    "assignment.anonymous-survey": lambda: work(identifies_students=False),
    "line_item.ambiguous": lambda: but(room(), line_items=[line_item("a"), line_item("b")]),
    "line_item.gone": lambda: but(sent("17", None), line_items=[]),
    "line_item.maximum-differs": lambda: but(
        sent("18", "17"), line_items=[line_item(maximum=Decimal(10))]
    ),
    "line_item.no-period": lambda: but(with_grades(), memory={}),
    "line_item.conflict": lambda: but(
        sent("18", "17"),
        assignments=[assignment(name="Ours")],
        line_items=[line_item(title="Theirs")],
    ),
    "score.changed-in-q": lambda: sent("17", "12"),
    "score.removed-in-q": lambda: sent("17", None),
    "score.other-in-q": lambda: sent("17", "12", None),
    "score.only-in-q": lambda: sent(None, "12", None),
    "score.empty": lambda: room(None),
    "score.kept": lambda: sent("17", "12"),
    "score.not-told": lambda: but(sent("17", "17"), submissions=[]),
    "score.several-in-q": lambda: but(
        sent("18", None, None),
        results=[result("17", sourced_id="a"), result("18", sourced_id="b")],
    ),
    "score.hidden": lambda: room(posted_at=None),
    "score.hidden-again": lambda: sent("18", "17", posted_at=None),
    "score.anonymous": lambda: but(
        room(posted_at=None), assignments=[assignment(is_anonymous=True)]
    ),
    "score.moderated": lambda: work(is_moderated=True, grades_published=False),
    "score.pending-review": lambda: room(state="pending_review"),
    "score.checkpoint-pending": lambda: but(
        room(state="pending_review"), assignments=[assignment(has_checkpoints=True)]
    ),
    "score.no-number": lambda: but(
        but(room(), submissions=[graded("1", grade="B", score=None, entered_score=None)]),
        assignments=[assignment(grading_type="letter_grade")],
    ),
    "score.negative": lambda: room("-2"),
    "score.above-maximum": lambda: room("22", profile=STRICT),
    "score.cannot-clear": lambda: sent(None, "17", profile=Profile()),
    "score.cannot-say": lambda: room(None, is_missing=True, profile=Profile()),
    "score.older": lambda: but(
        sent("15", "17"),
        last=value("17", graded_at=GRADED.replace(year=2027)),
    ),
    "student.no-sis-id": lambda: but(room(), enrollments=[Enrollment("s1", "sec1", "")]),
    "student.not-in-class": lambda: but(
        room(), classes=[replace(ALGEBRA, students=frozenset({"S3"}))]
    ),
    "student.left": lambda: but(
        sent("18", "17"), enrollments=[Enrollment("s1", "sec1", "SIS-s1", state="inactive")]
    ),
    "student.not-assigned": lambda: but(
        sent("18", "17"),
        enrollments=[Enrollment("s1", "sec1", "SIS-s1"), Enrollment("s2", "sec1", "SIS-s2")],
        assignments=[assignment(is_for_overrides_only=True, overrides=NAMED)],
    ),
}  # fmt: skip
SETTINGS = {
    "assignment.left-uncounted": {"uncounted": "skip"},
    "assignment.single-students-only": {"single_students": "skip"},
    "score.cannot-say": {"missing": "not-submitted"},
    "course.totals-hidden": {"course_grades": "both", "course_grade_category": "Homework"},
    "line_item.no-period": {"course_grades": "both", "course_grade_category": "Homework"},
}
# They go, and are told beside it; or are told of a run, by what is kept of its lines.
BESIDE = {
    *(code for code, entry in CATALOGUE.items() if entry.severity == "warns"),
    *(code for code in CATALOGUE if code.startswith(("drift.", "undo.", "q.", "plan."))),
} - ROOMS.keys()


def test_every_code_is_answered_for():
    assert CATALOGUE.keys() == ROOMS.keys() | BESIDE, "a new code: does it keep a score out?"
    assert set(ACTIONS) == set(_VERDICTS)


def item_of(stage: Stage, code: str) -> str:
    """Quiz 1, or the course grade that the code stands at."""
    if code not in ("course.totals-hidden", "line_item.no-period"):
        return "assignment:1"
    return Change.objects.filter(reason=code).values_list("item", flat=True)[0]


def prepared(stage: Stage, code: str) -> Room:
    """The room, and what of it is kept in the database."""
    made = ROOMS[code]()
    course = stage.course
    course.chosen = SETTINGS.get(code, {})
    course.save()
    made.memory |= {"switches": getattr(made, "switches", {})}
    if confirmed := getattr(made, "last", None):
        made.confirmed(confirmed)
    if code == "assignment.category-gone":
        course.category_links.create(group_id="g1", class_id="c1", category_id="k7")
    if code == "score.kept":
        line = made.score()
        memory.keep_decisions(course, {line.cell: Decision("keep-q", line.canvas, line.q)})
    return made


@pytest.mark.parametrize("code", ROOMS)
def test_each_reason_names_itself_and_what_to_do(code: str, stage: Stage):
    stage.plan(prepared(stage, code))
    [told, *_] = cells(stage.course, item_of(stage, code), "s1")
    entry = CATALOGUE[code]
    assert entry.sentence.split("{")[0].strip() in " ".join(told.steps), told
    # A title that was changed on both sides stops the title, and not the scores.
    assert told.verdict not in ("in Q", "will be sent") or code == "line_item.conflict"
    assert entry.remedy == "Nothing." or told.remedy, told


def test_the_verdicts_of_the_table_are_those_there_are(stage: Stage):
    verdicts = set()
    for number, code in enumerate(ROOMS):
        own = district(f"lakeside-{number}")
        own.plan(prepared(own, code))
        verdicts |= {cells(own.course, item_of(own, code), "s1")[0].verdict}
    assert verdicts | {"in Q", "will be sent", "unknown"} == set(get_args(Verdict))


EVENTS = {"confirmed", "refused", "kept", "undone"}


def test_what_became_of_the_score_in_each_run_is_told(stage: Stage):
    made = room()
    first = stage.plan(made)
    stage.carry_out(first, refuse=1)
    refused = cells(stage.course, "assignment:1", "s1")[0]
    assert any("17 refused in run" in step for step in refused.steps), refused
    # A value is told as sent or changed in Q only from what another system tells by itself.
    assert set(_HAPPENED) == EVENTS | {"sent", "changed in Q"}


def test_a_course_that_was_never_compared_says_how_it_is(stage: Stage):
    [told] = cells(stage.course, "assignment:1", "s1")
    assert told.verdict == "unknown"
    assert "never compared with Q" in told.steps[-1]
    assert "Open Q Sync in the course" in told.remedy


# --- on the account's page ----------------------------------------------------------------------


@pytest.fixture
def admin(stage: Stage) -> Visit:
    stage.plan(algebra())
    stage.course.__class__.objects.update(name="Algebra I")
    return visit(stage.deployment)


def test_an_admin_finds_the_course_the_score_and_why(admin: Visit, stage: Stage):
    assert "Ask about one score instead" in admin.page("why/")
    assert "Q Sync has met no such course" in admin.page("grades/why/", course="Chemistry")
    assert "Now name a student" in admin.page("grades/why/", course="alg")
    found = admin.page("grades/why/", course="5", q="mateo quiz")
    assert "Mateo Alvarez: " in found
    line = Change.objects.filter(kind="result", reason="score.changed-in-q").first()
    story = admin.page("grades/why/", course="5", item=line.item, student=line.person)
    assert "for you to decide" in story
    assert "This score was changed in Q since the last sync" in story
    assert "What to do: Keep Q's, or send Canvas's." in story


def test_what_is_not_there_is_said_or_not_found(admin: Visit):
    assert "Nobody and nothing in this course is called so" in admin.page(
        "grades/why/", course="5", q="Nobody"
    )
    for query in ({"item": "assignment:1"}, {"student": "s1"}, {"course": "9", "item": "a:1"}):
        assert admin.get("grades/why/", **query).status_code == 404


def test_several_courses_of_a_name_are_a_choice(admin: Visit, stage: Stage):
    CourseSync.objects.create(district=stage.district, canvas_id="6", name="Algebra II")
    page = admin.page("grades/why/", course="Algebra", q="Mateo")
    assert "Which of these courses?" in page
    assert "Algebra II" in page


def test_whose_anonymous_work_it_is_is_told_to_no_administrator(stage: Stage):
    made = ROOMS["score.anonymous"]()
    made.enrollments = [Enrollment("s1", "sec1", "SIS-s1", name="Mateo Alvarez")]
    stage.plan(made)
    admin = visit(stage.deployment)
    assert "Mateo" not in admin.page("grades/why/", course="5", q="Quiz").replace("q=Mateo", "")
    story = admin.page("grades/why/", course="5", item="assignment:1", student="s1")
    assert "Anonymous grading is on" in story
    assert "Mateo" not in story
    assert "17" not in story


def test_a_neighbours_course_is_not_met(admin: Visit):
    other = visit(district("riverside").deployment)
    assert "has met no such course" in other.page("grades/why/", course="5", q="Mateo")


def test_who_administers_a_school_only_asks_nothing(admin: Visit, stage: Stage):
    assert visit(stage.deployment, people.ben()).get("grades/why/").status_code == 403
