"""The plan of a course: what is sent, what is not, and why."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gradesync.lines import ScoreLine, counts, digest
from gradesync.plan import outline, plan
from gradesync.profile import Profile
from gradesync.readings import SentItem
from integration.canvas.gradebook_types import CourseGrade, Enrollment, Override, Section
from integration.oneroster.gradebook_types import Category, Class
from tests.gradesync.makers import (
    ALGEBRA,
    DUE,
    FALL,
    GRADED,
    HOMEWORK,
    ITEM,
    PROVEN,
    Room,
    assignment,
    fields,
    graded,
    item_id,
    key,
    line_item,
    outcome_of,
    result,
    value,
)
from tests.gradesync.test_periods import canvas_period, local


def scored(*scores: str | None, **other) -> Room:
    """A room in which s1, s2 … have these scores in quiz 1."""
    room = Room(*(f"s{number}" for number in range(1, len(scores) + 1)), **other)
    room.submissions = [graded(score, f"s{number}") for number, score in enumerate(scores, start=1)]
    return room


def test_a_first_sync_makes_the_line_item_and_then_its_results():
    first, second, third = scored("17.5", None).plan()
    assert outcome_of(first) == ("new", "line_item.new", "PUT")
    assert (first.sourced_id, first.title) == (ITEM, "Quiz 1")
    assert outcome_of(second) == ("new", "score.new", "PUT")
    assert json.loads(second.body)["score"] == 17.5
    assert outcome_of(third) == ("same", "score.empty", "")


def test_a_second_sync_writes_nothing():
    room = scored("17.5").linked().confirmed(value("17.5"))
    room.results = [result("17.5")]
    assert [one.verb for one in room.plan()] == ["", ""]
    assert [one.action for one in room.plan()] == ["same", "same"]


def test_a_changed_score_keeps_what_q_has_beside_it():
    room = scored("18").linked().confirmed(value("17.5"))
    room.results = [replace(result("17.5"), raw={"sourcedId": "r", "x_note": [1], "score": 1})]
    line = room.score()
    assert outcome_of(line) == ("changed", "score.changed", "PUT")
    assert (line.last, line.canvas, line.q) == (
        value("17.5"),
        value("18", graded_at=GRADED),
        value("17.5"),
    )
    assert json.loads(line.body)["x_note"] == [1]
    assert json.loads(line.before)["score"] == 1


@pytest.mark.fault("F49")
def test_a_score_is_not_cleared_because_canvas_tells_nothing_of_the_student():
    room = scored("17.5").linked().confirmed(value("17.5"))
    room.results, room.submissions = [result("17.5")], []
    assert outcome_of(room.score()) == ("waiting", "score.not-told", "")
    room.confirmed(None)
    room.results = []
    assert outcome_of(room.score()) == ("same", "score.empty", "")


def test_a_removed_score_is_cleared_as_q_takes_it():
    room = scored(None).linked().confirmed(value("17.5"))
    room.results = [result("17.5")]
    assert outcome_of(room.score()) == ("cleared", "score.cleared", "DELETE")
    room.rules = replace(room.rules, profile=Profile(takes_not_submitted_without_score=True))
    body = json.loads(room.score().body)
    assert (body["scoreStatus"], "score" in body) == ("not submitted", False)
    room.rules = replace(room.rules, profile=Profile())
    assert outcome_of(room.score()) == ("waiting", "score.cannot-clear", "")


def test_a_result_that_q_made_itself_is_written_under_its_own_id():
    room = scored("18").linked()
    room.results = [result("17.5", sourced_id="q-9")]
    room.rules = replace(room.rules, on_conflict="send-canvas")
    line = room.score()
    assert (line.sourced_id, json.loads(line.body)["sourcedId"]) == ("q-9", "q-9")


def test_two_results_of_one_student_are_for_the_office():
    room = scored("18").linked()
    room.results = [result("17", sourced_id="a"), result("18", sourced_id="b")]
    assert outcome_of(room.score()) == ("blocked", "score.several-in-q", "")


def test_a_result_that_is_to_be_deleted_is_not_there():
    room = scored("18").linked()
    room.results = [result("17", is_active=False)]
    assert outcome_of(room.score()) == ("new", "score.new", "PUT")


def test_f42_hidden_again_leaves_what_q_holds():
    room = scored("18").linked().confirmed(value("17"))
    room.results = [result("17")]
    room.submissions = [graded("18", posted_at=None)]
    line = room.score()
    assert outcome_of(line) == ("waiting", "score.hidden-again", "")
    assert line.canvas is None


def test_f43_a_score_edited_in_q_is_told_and_stays_unless_canvas_is_chosen():
    room = scored("17.5").linked().confirmed(value("17.5"))
    room.results = [result("12")]
    assert outcome_of(room.score()) == ("conflict", "score.changed-in-q", "")
    room.rules = replace(room.rules, on_conflict="send-canvas")
    assert outcome_of(room.score()) == ("changed", "score.overrules", "PUT")


def test_f43_a_line_item_that_was_filed_elsewhere_in_q_is_not_fought():
    room = scored("17.5").linked()
    room.line_items = [line_item(category_id="k9")]
    for on_conflict in ("keep-q", "send-canvas"):
        room.rules = replace(room.rules, on_conflict=on_conflict)
        line = room.item()
        assert outcome_of(line) == ("same", "line_item.kept", "")
        assert line.verdicts["category_id"] == "kept"


def test_f43_a_person_may_send_canvas_s_fields_all_the_same():
    room = scored().linked()
    room.line_items = [line_item(category_id="k9")]
    room.memory["item_decisions"] = {key(): "send-canvas"}
    assert json.loads(room.item().body)["category"]["sourcedId"] == "k1"


def test_f48_a_change_in_canvas_goes_to_the_same_line_item():
    room = scored("17.5").linked().confirmed(value("17.5"))
    room.results = [result("17.5")]
    room.line_items = [line_item(raw={"sourcedId": ITEM, "x_kept": 1, "title": "Quiz 1"})]
    room.categories.append(Category("k2", "Projects"))
    room.groups[0] = replace(room.groups[0], name="Projects")
    room.assignments = [
        assignment(name="Project 1", due_at=DUE + timedelta(days=3), points_possible=Decimal(10))
    ]
    line, score = room.plan()
    body = json.loads(line.body)
    assert outcome_of(line) == ("changed", "line_item.changed", "PUT")
    assert line.sourced_id == ITEM
    assert body["title"] == "Project 1"
    assert body["category"]["sourcedId"] == "k2"
    assert body["resultValueMax"] == 10.0
    assert body["dueDate"].startswith("2026-11-23")
    assert body["x_kept"] == 1
    assert score.action == "same"


def test_f48_as_percent_the_scores_follow_the_maximum():
    room = scored("8", settings={"scale": "percent"}).linked().confirmed(value("40"))
    room.line_items = [line_item(maximum=Decimal(100))]
    room.memory["items"][key()] = SentItem(ITEM, fields(maximum=Decimal(100)), "Quiz 1")
    room.results = [result("40")]
    assert room.score().action == "same"
    room.assignments = [assignment(points_possible=Decimal(10))]
    assert room.score().canvas.score == 80
    assert room.item().verb == ""


def test_another_maximum_in_q_holds_the_scores_until_somebody_decides():
    room = scored("18").linked().confirmed(value("17"))
    room.line_items = [line_item(maximum=Decimal(10))]
    room.results = [result("17")]
    line, score = room.plan()
    assert outcome_of(line) == ("conflict", "line_item.maximum-differs", "")
    assert outcome_of(score) == ("blocked", "line_item.maximum-differs", "")
    room.rules = replace(room.rules, on_conflict="send-canvas")
    line, score = room.plan()
    assert (line.verb, score.verb) == ("PUT", "PUT")


def test_a_title_changed_on_both_sides_is_a_conflict():
    room = scored().linked()
    room.assignments = [assignment(name="Ours")]
    room.line_items = [line_item(title="Theirs")]
    assert outcome_of(room.item()) == ("conflict", "line_item.conflict", "")


@pytest.mark.parametrize(
    ("works", "switches", "code"),
    [
        ([], {}, "assignment.gone"),
        ([assignment()], {"1": False}, "assignment.switched-off"),
        ([assignment(is_published=False)], {}, "assignment.unpublished"),
        ([assignment(grading_type="not_graded")], {}, "assignment.not-graded"),
        ([assignment(is_for_overrides_only=True)], {}, "assignment.not-for-class"),
    ],
)
def test_f49_what_is_gone_in_canvas_stays_in_q_and_is_told(works, switches, code):
    room = scored("18").linked().confirmed(value("17"))
    room.results = [result("17")]
    room.assignments = works
    room.memory["switches"] = switches
    lines = room.plan()
    assert lines[0].code == code
    assert lines[0].action in ("blocked", "waiting")
    assert not any(one.verb for one in lines)


def test_f50_an_assignment_made_again_under_the_same_title_is_a_new_line_item():
    room = scored().linked()
    room.assignments = [assignment("2", name="Quiz 1")]
    made, left = room.items()
    assert (made.sourced_id, made.action) == (item_id("2"), "new")
    assert made.title.startswith("Quiz 1 #")  # Q still holds the old one under this title
    assert (left.sourced_id, left.code, left.verb) == (ITEM, "assignment.gone", "")


def test_f51_a_line_item_deleted_in_q_is_made_again_only_when_a_person_says_so():
    room = scored("17.5").linked().confirmed(value("17.5"))
    room.line_items = []
    assert [outcome_of(one)[:2] for one in room.plan()] == [
        ("blocked", "line_item.gone"),
        ("blocked", "line_item.gone"),
    ]
    room.memory["item_decisions"] = {key(): "again"}
    line, score = room.plan()
    assert (line.action, line.sourced_id) == ("new", ITEM)
    assert (score.action, score.verb) == ("new", "PUT")


def test_f52_no_category_blocks_and_a_vanished_one_is_not_replaced_by_a_guess():
    room = scored("17.5")
    room.categories = [Category("k3", "Homework", class_id="c2")]
    assert [one.code for one in room.plan()] == ["assignment.no-category"] * 2
    room.categories = [HOMEWORK]
    room.memory["categories"] = {("g1", "c1"): "k7"}
    assert room.item().code == "assignment.category-gone"


def two_classes() -> Room:
    room = Room("s1", "s2")
    room.sections.append(Section("sec2", "Period 2", "c2", nonxlist_course_id="88"))
    room.classes.append(Class("c2", "Algebra 1b", ALGEBRA.first_date, ALGEBRA.last_date))
    room.enrollments.append(Enrollment("s1", "sec2", "SIS-s1"))
    room.submissions = [graded("15", "s1"), graded("16", "s2")]
    return room


def test_one_line_item_for_each_class_of_a_cross_listed_course():
    room = two_classes()
    assert [one.sourced_id for one in room.items()] == [ITEM, item_id("1", "c2")]
    assert [(one.item.class_id, one.student_id) for one in room.scores()] == [
        ("c1", "s1"),
        ("c1", "s2"),
        ("c2", "s1"),
    ]


def test_f53_work_for_one_section_goes_to_its_class_only():
    room = two_classes()
    only = Override(DUE, section_id="sec2")
    room.assignments = [assignment(is_for_overrides_only=True, overrides=(only,))]
    room.submissions = [graded("15", "s1")]
    [score] = room.scores()
    assert (score.item.class_id, score.student_id) == ("c2", "s1")
    assert [one.item.class_id for one in room.items()] == ["c2"]


def test_f53_work_for_one_student_has_a_line_for_them_alone():
    room = scored("15", "16")
    by_name = Override(DUE, student_ids=frozenset({"s2"}))
    room.assignments = [assignment(is_for_overrides_only=True, overrides=(by_name,))]
    assert [one.student_id for one in room.scores()] == ["s2"]


def test_f53_work_taken_from_a_student_leaves_what_q_holds():
    room = scored("15", "16").linked().confirmed(value("15"))
    room.results = [result("15")]
    by_name = Override(DUE, student_ids=frozenset({"s2"}))
    room.assignments = [assignment(is_for_overrides_only=True, overrides=(by_name,))]
    assert outcome_of(room.scores()[0]) == ("blocked", "student.not-assigned", "")


@pytest.mark.parametrize("state", ["completed", "inactive", "deleted"])
def test_f54_of_a_student_who_left_nothing_is_written(state):
    room = scored("18").linked().confirmed(value("17"))
    room.results = [result("17")]
    room.enrollments = [Enrollment("s1", "sec1", "SIS-s1", state=state)]
    assert outcome_of(room.score()) == ("blocked", "student.left", "")


def test_f54_who_left_without_a_trace_and_who_only_tests_have_no_line():
    room = scored(None, "9")
    room.enrollments = [
        Enrollment("s1", "sec1", "SIS-s1", state="deleted"),
        Enrollment("s2", "sec1", "SIS-s2", is_test_student=True),
    ]
    assert room.scores() == []


def test_f54_a_student_q_does_not_know_is_told():
    room = scored("9", "8")
    room.enrollments[0] = Enrollment("s1", "sec1", "")
    room.classes = [replace(ALGEBRA, students=frozenset({"S3"}))]
    assert [one.code for one in room.scores()] == ["student.no-sis-id", "student.not-in-class"]
    assert room.scores()[0].sourced_id == ""


FALL_HERE = canvas_period(local("2026-08-17"), local("2026-12-19"))
BOTH = {"settings": {"course_grades": "both", "course_grade_category": "Homework"}}


def with_grades(**other) -> Room:
    room = Room(**(BOTH | other))
    room.assignments = []
    room.periods = [FALL_HERE]
    room.memory["periods"] = {"p1": "gp1"}
    room.grades = [
        CourseGrade("s1", "", current_score=Decimal("91.239")),
        CourseGrade("s1", "p1", current_score=Decimal(88), override_score=Decimal(90)),
    ]
    return room


def test_f56_a_course_grade_for_the_course_and_for_each_linked_period():
    whole, whole_score, period, period_score = with_grades().plan()
    assert (whole.title, period.title) == ("Course grade", "Course grade: Fall")
    assert (whole.canvas.maximum, whole.canvas.grading_period_id) == (100, "")
    assert period.canvas.grading_period_id == "gp1"
    assert (whole_score.canvas.score, period_score.canvas.score) == (Decimal("91.24"), 90)


def test_f56_a_period_that_nobody_linked_is_a_question():
    room = with_grades()
    room.memory["periods"] = {}
    assert [one.code for one in room.items()] == ["line_item.new", "line_item.no-period"]


def test_f56_a_closed_period_holds_its_grade_and_says_so():
    room = with_grades()
    room.periods = [replace(FALL_HERE, close_at=local("2026-11-20"))]
    held = [one for one in room.plan() if one.item.canvas_id == "p1"]
    assert [one.code for one in held] == ["assignment.period-closed"] * 2
    assert not any(one.verb for one in held)


def test_f56_a_student_whose_own_date_lies_in_a_closed_period_waits():
    room = scored("9", "8")
    room.periods = [canvas_period(local("2026-06-01"), local("2026-08-17"), local("2026-08-20"))]
    room.submissions[0] = graded("9", "s1", grading_period_id="p1")
    assert [one.code for one in room.scores()] == ["assignment.period-closed", "score.new"]
    room.memory["periods"] = {"p1": "gp1"}
    room.rules = replace(room.rules, settings=replace(room.rules.settings, closed_periods="send"))
    assert [one.code for one in room.scores()] == ["score.new", "score.new"]


def test_f56_a_student_without_a_course_grade_has_an_empty_cell():
    room = with_grades()
    room.grades = []
    assert {one.code for one in room.scores()} == {"score.empty"}


def test_f56_a_course_grade_needs_a_day_on_which_the_class_ends():
    room = with_grades()
    room.classes = [replace(ALGEBRA, last_date=None)]
    assert room.items()[0].code == "assignment.no-due-date"
    room.rules = replace(room.rules, profile=replace(PROVEN, needs_due_date=False))
    assert room.items()[0].code == "line_item.new"


def test_f56_a_course_grade_that_was_switched_off_stays_in_q():
    room = Room()
    room.assignments = []
    whole = replace(key(""), what="course-grade")
    room.memory["items"] = {whole: SentItem("cg", None, "Course grade")}
    assert outcome_of(room.item()) == ("waiting", "assignment.switched-off", "")


def test_f60_two_works_of_one_long_name_are_two_titles_that_fit():
    room = Room(profile=replace(PROVEN, title_limit=30))
    name = "Persuasive essay: should the school day begin later?"
    room.assignments = [assignment("1", name=name), assignment("2", name=name)]
    first, second = room.items()
    assert first.title != second.title
    assert max(len(first.title), len(second.title)) <= 30
    assert "assignment.name-long" in first.codes


def test_f60_a_short_title_for_q_is_sent_as_it_is():
    room = Room()
    room.memory["titles"] = {"1": "Essay"}
    assert (room.item().title, room.item().canvas.title) == ("Essay", "Essay")


def test_f61_no_due_date_is_said_before_the_push_and_holds_the_scores():
    room = scored("17.5")
    room.assignments = [assignment(due_at=None)]
    line, score = room.plan()
    assert outcome_of(line) == ("blocked", "assignment.no-due-date", "")
    assert outcome_of(score) == ("blocked", "assignment.no-due-date", "")
    assert "Algebra 1" in line.sentences[0]


def test_f62_a_course_that_is_not_ready_has_no_plan():
    room = scored("17.5", is_provisioned=False)
    room.sections = [Section("sec1", "By hand")]
    assert room.enrollments
    found = outline(room.snapshot())
    assert found.stops
    assert [one.code for one in found.problems] == [
        "course.not-provisioned",
        "course.no-sections",
        "section.no-sis-id",
    ]
    assert room.plan() == []


@pytest.mark.parametrize(
    ("there", "alarms"),
    [
        ([], False),
        ([Enrollment("s1", "sec9", "SIS-s1")], False),
        ([Enrollment("t9", "sec9", is_test_student=True)], False),
        ([Enrollment("s9", "sec9", state="inactive")], False),
        ([Enrollment("s9", "sec9")], True),
    ],
)
def test_a_section_by_hand_alarms_only_if_somebody_is_in_no_other(there, alarms):
    """Every course has a section of Canvas's own, usually empty."""
    room = scored("17.5")
    room.sections.append(Section("sec9", "Algebra 1"))
    room.enrollments += there
    told = [one.code for one in outline(room.snapshot()).problems]
    assert told == (["section.no-sis-id"] if alarms else [])


def test_one_section_by_hand_does_not_stop_the_others():
    room = scored("17.5")
    room.sections.append(Section("sec9", "By hand"))
    assert not outline(room.snapshot()).stops
    assert len(room.plan()) == 2


def test_a_line_item_of_this_title_and_day_is_adopted_and_not_rewritten():
    room = scored("17.5")
    room.line_items = [line_item("theirs", title="QUIZ 1")]
    room.results = [result("17.5", item="theirs", sourced_id="r9")]
    line, score = room.plan()
    assert outcome_of(line) == ("same", "line_item.adopted", "")
    assert (line.link, line.sourced_id) == (True, "theirs")
    assert outcome_of(score) == ("same", "", "")


def test_an_adopted_line_item_without_a_maximum_of_its_own_is_written():
    room = scored()
    room.line_items = [line_item("theirs", title="Quiz 1", maximum=Decimal(10))]
    room.rules = replace(room.rules, on_conflict="send-canvas")
    assert outcome_of(room.item()) == ("changed", "line_item.adopted", "PUT")


def test_what_two_line_items_could_be_is_a_question_until_a_person_answers():
    room = scored("17.5")
    room.line_items = [line_item("a"), line_item("b")]
    line, score = room.plan()
    assert outcome_of(line) == ("blocked", "line_item.ambiguous", "")
    assert line.sentences[-1] == "Q has 2 assignments that this one could be."
    assert score.code == "line_item.ambiguous"
    room.memory["item_decisions"] = {key(): "new"}
    assert room.items()[0].action == "new"


def test_a_create_whose_answer_was_lost_is_found_by_its_marker():
    room = scored("17.5", profile=replace(PROVEN, allocates_ids=True))
    room.memory["items"] = {key(): SentItem(ITEM)}  # the link is kept before the first write
    room.line_items = [line_item("q-77", marker=ITEM)]
    line = room.item()
    assert outcome_of(line) == ("same", "", "")
    assert (line.link, line.sourced_id) == (True, "q-77")
    room.memory["item_decisions"] = {key(): "new"}  # does not make a second one of ours
    assert room.item().sourced_id == "q-77"


def test_a_create_that_never_arrived_is_sent_again_under_its_id():
    room = scored()
    room.memory["items"] = {key(): SentItem(ITEM)}
    assert (room.item().action, room.item().sourced_id) == ("new", ITEM)


@pytest.mark.parametrize(
    ("selection", "flagged", "switch", "expected"),
    [
        ("all", False, None, 1),
        ("flagged", False, None, 0),
        ("flagged", True, None, 1),
        ("none", True, None, 0),
        ("none", False, True, 1),
        ("all", True, False, 0),
    ],
)
def test_the_selection_lives_with_us(selection, flagged, switch, expected):
    room = Room(settings={"selection": selection})
    room.assignments = [assignment(post_to_sis=flagged)]
    room.memory["switches"] = {} if switch is None else {"1": switch}
    assert len(room.items()) == expected


def test_nobody_may_be_shown_whose_anonymous_work_it_is():
    room = scored("17.5", "16", None)
    room.assignments = [assignment(is_anonymous=True)]
    room.submissions[0] = graded("17.5", posted_at=None)
    hidden, posted, ungraded = room.scores()
    assert (hidden.is_nameless, posted.is_nameless, ungraded.is_nameless) == (True, False, True)
    assert hidden.canvas is None


def test_a_student_without_a_row_has_an_empty_cell():
    room = scored("17.5", "16")
    room.submissions = room.submissions[:1]
    assert [one.code for one in room.scores()] == ["score.new", "score.empty"]


def test_grading_periods_go_only_where_q_takes_them():
    assert Room().item().canvas.grading_period_id == FALL.sourced_id
    room = Room(profile=replace(PROVEN, takes_grading_period=False))
    assert room.item().canvas.grading_period_id == ""


def test_a_forced_sync_sends_every_score_again():
    room = scored("17.5", force=True).linked().confirmed(value("17.5"))
    room.results = [result("17.5")]
    assert outcome_of(room.score()) == ("changed", "score.forced", "PUT")


def full_room() -> Room:
    students = [f"s{number}" for number in range(150)]
    room = Room(*students)
    room.assignments = [assignment(str(number)) for number in range(40)]
    room.submissions = [
        graded(str(index % 21), one, work=str(number))
        for number in range(40)
        for index, one in enumerate(students)
    ]
    return room


def test_a_large_course_has_a_line_for_every_cell():
    lines = full_room().plan()
    assert counts(lines)["line_item"]["new"] == 40
    assert counts(lines)["result"]["new"] == 150 * 40


def test_equal_snapshots_give_the_same_digest_in_any_order():
    room = full_room()
    lines = list(plan(room.snapshot()))
    shuffled = random.Random(7).sample(lines, len(lines))
    assert digest(shuffled) == digest(plan(room.snapshot()))
    later = replace(room.rules, now=room.rules.now + timedelta(days=2))
    room.rules = later
    assert digest(plan(room.snapshot())) == digest(lines)


def test_another_score_gives_another_digest():
    room = scored("17.5", "16")
    before = digest(room.plan())
    room.submissions[1] = graded("15", "s2")
    assert digest(room.plan()) != before


def test_every_score_line_knows_its_cell():
    lines = [one for one in scored("17.5", "16").plan() if isinstance(one, ScoreLine)]
    assert [one.cell for one in lines] == [(ITEM, "S1"), (ITEM, "S2")]
