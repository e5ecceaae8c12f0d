"""Rows of the fault catalogue that are about values, people, titles and dates, over the wire."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from gradesync import stored
from gradesync import sync as presses
from gradesync.models import GradingPeriodLink
from gradesync.push import advance
from integration import connections
from integration.ledger.leases import AlreadyRunning
from integration.models import District, QConnection, Run
from tests.gradesync.shell.conftest import PROFILE
from tests.gradesync.shell.course import CLASS, Course, gradebook_of
from tests.integration.provisioning.records import class_, enrollment, ref, small_district, user

FULL = "fully graded"
FIRST = "P1-0"


def codes(answer: dict[str, Any]) -> set[str]:
    return {one["code"] for one in answer["findings"]}


@pytest.mark.fault("F41", "F55")
def test_each_kind_of_grade_arrives_as_what_it_is_and_stays_so(course, sync):
    kinds: list[tuple[str, dict[str, Any], object, tuple[str, Decimal | None] | None]] = [
        ("Points", {}, 17.345, (FULL, Decimal("17.35"))),
        ("Thirds", {}, 13.333333, (FULL, Decimal("13.33"))),
        ("Tiny", {}, "0.0000001", (FULL, Decimal(0))),
        ("Zero", {}, 0, (FULL, Decimal(0))),
        ("More than all", {}, 22, (FULL, Decimal(22))),
        ("Percent", {"grading_type": "percent"}, "85%", (FULL, Decimal(17))),
        ("Letter", {"grading_type": "letter_grade"}, "B", (FULL, Decimal("17.38"))),
        ("Done", {"grading_type": "pass_fail"}, "complete", (FULL, Decimal(20))),
        ("Not done", {"grading_type": "pass_fail"}, "incomplete", (FULL, Decimal(0))),
        ("Ungraded", {}, "", None),
        ("Worthless", {"points_possible": 0}, 3, None),
    ]
    for title, fields, grade, _ in kinds:
        course.grade(course.make(title, **fields), FIRST, grade)
    course.mark(course.make("Excused"), FIRST, excuse=True)
    course.mark(course.make("Missing"), FIRST, late_policy_status="missing")
    code, answer = sync()
    assert code == 0, answer
    expected = {(title, FIRST): told for title, _, _, told in kinds if told}
    assert course.scores() == {**expected, ("Excused", FIRST): ("exempt", None)}
    assert "score" not in course.result("Excused", FIRST)
    assert "assignment.zero-points" in codes(answer)
    course.forget()
    assert {sync()[0] for _ in range(2)} == {0}
    assert course.writes() == Counter()


@pytest.mark.fault("F42")
def test_a_score_travels_once_its_student_sees_it_and_no_further_when_it_is_hidden(course, sync):
    lab = course.make("Lab")
    course.hide(lab)
    course.grade(lab, FIRST, 7)
    course.hide(lab)
    course.mark(lab, "P1-1", excuse=True)
    course.hide(lab)
    _, answer = sync()
    assert (course.in_q("results"), "score.hidden" in codes(answer)) == ([], True)

    course.post(lab)
    assert sync()[0] == 0
    assert course.scores() == {("Lab", FIRST): (FULL, 7), ("Lab", "P1-1"): ("exempt", None)}

    course.hide(lab)
    course.grade(lab, FIRST, 9)
    course.hide(lab)
    course.forget()
    code, answer = sync()
    assert (code, course.writes()) == (0, Counter())
    assert "score.hidden-again" in codes(answer)
    assert course.scores()["Lab", FIRST] == (FULL, 7)


@pytest.mark.fault("F45")
def test_a_press_in_the_middle_of_the_nightly_run_waits_for_it_and_the_last_score_stands(
    course, sync
):
    essay = course.make("Essay")
    course.grade(essay, FIRST, 10)
    district = District.objects.get()
    kept = presses.course_of(district, course.canvas_id)
    night, _ = presses.press(kept, actor="schedule", trigger="automatic", consents=True)
    met: list[object] = []

    def press_too(stage: str, done: int, total: int | None) -> None:
        if stage != "sending scores" or met:
            return
        run, is_new = presses.press(kept, actor="Rosa")
        met.append((run.pk == night.pk, is_new))
        try:
            advance(run, q=q, canvas=canvas)
        except AlreadyRunning:
            met.append("waits")
        course.grade(essay, FIRST, 19)

    q = partial(connections.q_client, district)
    with connections.canvas_client(district) as canvas:
        assert advance(night, q=q, canvas=canvas, watch=press_too).state == "done"
    assert met == [(True, False), "waits"]
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 1}
    assert sync()[0] == 0
    assert course.scores()["Essay", FIRST] == (FULL, 19)


def category(sourced_id: str, title: str, **more: Any) -> dict[str, Any]:
    return {"sourcedId": sourced_id, "title": title, "status": "active", **more}


@pytest.mark.fault("F52")
def test_a_category_is_told_by_its_id_and_never_guessed(course, sync, choose):
    twice = [category("C-1", "Essays"), category("C-2", "essays ")]
    other = category("C-3", "Assignments", metadata={"classId": "K-other"})
    delete = {"categories": ["C-Assignments"]}
    records = {"upsert": {"categories": [*twice, other]}, "delete": delete}
    course.control("q", "POST", "records", records)
    group = course.in_canvas("POST", "assignment_groups", name="Essays")["id"]
    course.grade(course.make("Ambiguous", assignment_group_id=group), FIRST, 1)
    course.grade(course.make("In another class's category"), FIRST, 2)
    _, answer = sync()
    assert (course.in_q("lineItems"), "assignment.no-category" in codes(answer)) == ([], True)

    choose(default_category="Tests")
    assert sync()[0] == 0
    assert {one["category"]["sourcedId"] for one in course.in_q("lineItems")} == {"C-Tests"}

    renamed = category("C-Tests", "Big tests")
    course.control("q", "POST", "records", {"upsert": {"categories": [renamed]}})
    choose()
    course.forget()
    assert (sync()[0], course.writes()) == (0, Counter())

    course.delete_in_q("categories", "C-Tests")
    for one in course.in_canvas("GET", "assignments"):
        course.grade(str(one["id"]), FIRST, 5)
    _, answer = sync()
    assert "assignment.category-gone" in codes(answer)
    assert course.writes() == Counter(), answer


def two_classes() -> dict[str, Any]:
    """P1-0 is in both classes of the course; P1-4 is in the second one only."""
    records = small_district(students=4) | gradebook_of()
    records["classes"].append(class_("K2", title="Class K2"))
    records["users"].append(user("P1-4"))
    for person in (FIRST, "P1-4"):
        records["enrollments"].append(enrollment(f"E2-{person}", person, "K2"))
    teacher = enrollment("E2-T", "TEACHER1", "K2", role="teacher", primary="true")
    records["enrollments"].append(teacher)
    return records


@pytest.mark.fault("F53", "F54")
@pytest.mark.parametrize("roster", [two_classes()], ids=["two classes"])
def test_a_result_goes_to_the_class_that_has_the_work_and_only_of_who_is_in_it(
    course, sandbox, sync
):
    second = Course(sandbox, "K2")
    course.canvas("POST", f"sections/{second.section_id}/crosslist/{course.canvas_id}")
    filled = {"course": course.canvas_id, "assignments": 0, "graded": False}
    filled |= {"periods": False, "test_student": True}
    course.control("canvas", "POST", "gradebook/fill", filled)
    for_all = course.make("For all")
    due = {"due_at": "2026-11-21T07:59:59Z"}
    for_second = course.make("For the second", only_visible_to_overrides=True, due_at="")
    override = {"course_section_id": second.section_id, **due}
    course.in_canvas("POST", f"assignments/{for_second}/overrides", assignment_override=override)
    for_one = course.make("For one", only_visible_to_overrides=True, due_at="")
    one = course.canvas("GET", "users/sis_user_id:P1-1")["id"]
    override = {"student_ids": [one], "title": "One", **due}
    course.in_canvas("POST", f"assignments/{for_one}/overrides", assignment_override=override)
    for number, student in enumerate((FIRST, "P1-1", "P1-2", "P1-3")):
        course.grade(for_all, student, 10 + number)
    for work, student, score in ((for_second, FIRST, 5), (for_second, "P1-4", 6),
                                 (for_one, "P1-1", 7)):  # fmt: skip
        course.grade(work, student, score)
    everybody = course.in_canvas("GET", "enrollments?per_page=100&type[]=StudentViewEnrollment")
    test_student = everybody[0]["user_id"]
    course.in_canvas("PUT", f"assignments/{for_all}/submissions/{test_student}",
                     submission={"posted_grade": 20})  # fmt: skip

    code, answer = sync()
    assert code == 0, answer
    assert course.scores() == {
        **{("For all", f"P1-{number}"): (FULL, 10 + number) for number in range(4)},
        ("For one", "P1-1"): (FULL, 7),
    }
    assert second.scores() == {
        ("For all", FIRST): (FULL, 10),
        ("For the second", FIRST): (FULL, 5),
        ("For the second", "P1-4"): (FULL, 6),
    }
    assert "student.no-sis-id" not in codes(answer)
    assert answer["counts"]["line_item"]["new"] == 4
    assert answer["counts"]["line_item"]["blocked"] == answer["counts"]["line_item"]["waiting"] == 0

    found = course.in_canvas("GET", "enrollments?per_page=100&type[]=StudentEnrollment")
    numbers = {one["sis_user_id"]: one["id"] for one in found}
    for student, task in (("P1-1", "delete"), ("P1-2", "inactivate"), ("P1-3", "conclude")):
        course.grade(for_all, student, 19)
        course.in_canvas("DELETE", f"enrollments/{numbers[student]}?task={task}")
    course.forget()
    code, answer = sync()
    assert (code, course.writes()) == (0, Counter()), answer
    assert "student.left" in codes(answer)


def periods() -> dict[str, Any]:
    """Q's grading periods: one that is over in Canvas, and one that is not."""
    records = small_district(students=3) | gradebook_of()
    term, _ = records["academicSessions"]
    parent = {"parent": ref("T1", "academicSession"), "type": "gradingPeriod"}
    made = [
        {**term, **parent, "sourcedId": "GP0", "title": "Q1", "endDate": "2026-09-30"},
        {**term, **parent, "sourcedId": "GP1", "title": "Q2", "startDate": "2026-10-01"},
    ]
    records["academicSessions"] = [term, *made]
    return records


@pytest.mark.fault("F56")
@pytest.mark.parametrize("roster", [periods()], ids=["two periods"])
def test_course_grades_go_by_grading_period_and_a_closed_one_is_left_alone(course, sync, choose):
    root = course.canvas("GET", "accounts")[0]["id"]
    term = course.canvas("GET", f"courses/{course.canvas_id}")["enrollment_term_id"]
    wanted = {"grading_period_set": {"title": "Year"}, "enrollment_term_ids": [term]}
    made = course.canvas("POST", f"accounts/{root}/grading_period_sets", **wanted)
    spans = [
        {"title": "Q1", "start_date": "2026-08-17T05:00:00Z", "end_date": "2026-10-01T04:59:59Z",
         "close_date": "2026-10-08T04:59:59Z"},
        {"title": "Q2", "start_date": "2026-10-01T05:00:00Z", "end_date": "2099-12-19T05:59:59Z"},
    ]  # fmt: skip
    number = made["grading_period_set"]["id"]
    path = f"grading_period_sets/{number}/grading_periods/batch_update"
    shown = course.canvas("PATCH", path, grading_periods=spans)["grading_periods"]
    ids = {one["title"]: one["id"] for one in shown}
    old = course.make("Old", due_at="2026-09-20T05:00:00Z")
    essay, lab = course.make("Essay"), course.make("Lab")
    for student, scores in ((FIRST, (20, 10, 20)), ("P1-1", (20, 14, 4))):
        for work, score in zip((old, essay, lab), scores, strict=True):
            course.grade(work, student, score)
    course.hide(lab)
    choose(course_grades="both", course_grade_category="Tests")
    kept = presses.course_of(District.objects.get(), course.canvas_id)
    for title, sourced_id in (("Q1", "GP0"), ("Q2", "GP1")):
        GradingPeriodLink.objects.create(course=kept, canvas_id=ids[title], sourced_id=sourced_id)

    code, answer = sync()
    assert code == 0, answer
    items = {one["title"]: one for one in course.in_q("lineItems")}
    assert set(items) == {"Essay", "Lab", "Course grade", "Course grade: Q2"}
    grade = items["Course grade: Q2"]
    assert (grade["resultValueMax"], grade["gradingPeriod"]["sourcedId"]) == (100, "GP1")
    assert grade["category"]["sourcedId"] == "C-Tests"
    scores = course.scores()
    # What is hidden does not count, just as the student is shown.
    assert scores["Course grade: Q2", FIRST] == (FULL, 50)
    assert scores["Course grade: Q2", "P1-1"] == (FULL, 70)
    assert scores["Course grade", FIRST] == (FULL, 75)
    assert ("Lab", FIRST) not in scores
    assert "assignment.period-closed" in codes(answer)


@pytest.mark.fault("F60")
def test_long_and_equal_titles_are_fitted_uniquely_and_stay(course, sync):
    QConnection.objects.update(profile=PROFILE | {"title_limit": 30})
    long = "Persuasive essay: should the school day begin"
    for number, title in enumerate((f"{long} later?", f"{long} sooner?", "Quiz", "quiz ")):
        course.grade(course.make(title), FIRST, number)
    code, answer = sync()
    assert code == 0, answer
    titles = sorted(one["title"] for one in course.in_q("lineItems"))
    assert len({one.casefold() for one in titles}) == 4
    assert max(map(len, titles)) <= 30
    assert sorted(value[1] for value in course.scores().values()) == [0, 1, 2, 3]
    assert {"assignment.name-long", "assignment.name-taken"} <= said(answer)
    course.forget()
    course.grade(course.make(f"{long} at all?"), FIRST, 9)
    assert sync()[0] == 0
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 1}


def said(answer: dict[str, Any]) -> set[str]:
    """All that the stored lines of a plan tell beside what decided."""
    lines = stored.item_lines(Run.objects.get(pk=answer["run"]))
    return {code for line in lines for code in line.codes}


@pytest.mark.fault("F61")
def test_a_date_that_is_missing_or_outside_the_class_waits_until_the_course_says_what_to_send(
    course, sync, choose
):
    course.grade(course.make("Undated", due_at=""), FIRST, 1)
    course.grade(course.make("Too early", due_at="2026-07-01T12:00:00Z"), FIRST, 2)
    _, answer = sync()
    assert {"assignment.no-due-date", "assignment.due-outside"} <= codes(answer)
    assert course.writes() == Counter()

    choose(due_date_missing="end", due_date_outside="nearest")
    assert sync()[0] == 0
    dates = {one["title"]: one["dueDate"] for one in course.in_q("lineItems")}
    assert dates == {
        "Undated": "2099-12-19T05:59:59.000Z",
        "Too early": "2026-08-18T04:59:59.000Z",
    }


@pytest.mark.fault("F62")
def test_a_course_that_did_not_come_from_q_is_refused_with_what_to_do(course, sync):
    course.grade(course.make("Essay"), FIRST, 1)
    provisioned_at = District.objects.get().provisioned_at
    refusals = {}
    for name, section, provisioned in (
        ("course.no-sections", "", provisioned_at),
        ("course.not-provisioned", CLASS, None),
    ):
        changed = {"sis_section_id": section}
        course.canvas("PUT", f"sections/{course.section_id}", course_section=changed)
        District.objects.update(provisioned_at=provisioned)
        code, answer = sync()
        refusals[name] = (code, answer["state"], answer["holds"])
        (told,) = [one for one in answer["findings"] if one["code"] == name]
        assert told["remedy"]
        assert sum(answer["counts"]["line_item"].values()) == 0
    assert refusals == {name: (2, "held", [{"code": name}]) for name in refusals}
    assert course.writes() == Counter()


@pytest.mark.parametrize("roster", [two_classes()], ids=["two classes"])
def test_a_section_whose_class_is_gone_is_told_and_the_others_go_on(course, sandbox, sync):
    second = Course(sandbox, "K2")
    course.canvas("POST", f"sections/{second.section_id}/crosslist/{course.canvas_id}")
    work = course.make("For all")
    for student, score in ((FIRST, 5), ("P1-1", 6), ("P1-4", 7)):
        course.grade(work, student, score)
    assert sync()[0] == 0
    assert set(second.scores()) == {("For all", FIRST), ("For all", "P1-4")}
    course.delete_in_q("classes", "K2")
    for student, score in ((FIRST, 15), ("P1-4", 17)):
        course.grade(work, student, score)
    course.forget()
    code, answer = sync()
    assert (code, course.writes()) == (0, {"PUT results": 1}), answer
    (told,) = [one for one in answer["findings"] if one["code"] == "section.unknown-class"]
    assert (told["sourced_id"], bool(told["remedy"])) == (second.section_id, True)
    assert course.scores() == {("For all", FIRST): (FULL, 15), ("For all", "P1-1"): (FULL, 6)}
