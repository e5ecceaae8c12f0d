"""Where a person has to say something, the page asks beside the row, and the next plan knows it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from django.utils.html import escape

from gradesync.catalogue import CATALOGUE
from gradesync.ids import ItemKey
from gradesync.lines import as_row
from gradesync.models import AssignmentChoice, AssignmentSync, CoursePicture, SectionLink
from gradesync.picture import GradingPeriod
from gradesync.stored import line_of
from integration.canvas.gradebook_types import Enrollment, Section
from integration.models import AuditEvent, Run
from tests.gradesync.makers import fields, graded, line_item
from tests.gradesync.screens.conftest import district
from tests.gradesync.screens.stage import Stage, Visit, room, text
from tests.lti import people


@pytest.fixture
def visit(stage: Stage) -> Visit:
    return stage.visit()


def twins() -> Any:
    """In the first class, Q has two assignments that Quiz 1 could be."""
    made = room(assignments=2, students=2)
    made.categories = []
    made.line_items = [line_item(one, "c1") for one in ("twin-1", "twin-2")]
    return made


def test_of_two_alike_in_q_the_teacher_says_which_one_it_is(stage: Stage, visit: Visit):
    made = twins()
    stage.plan(made)
    page = visit.page()
    assert "Algebra 1: Q has 2 assignments that this one could be." in text(page)
    assert "Quiz 1 · 20 points · Nov 19, 2026 · twin-2" in text(page)
    visit.follow(visit.post("assignments/1/", **{"line_item": "twin-2", "class": "c1"}))
    kept = AssignmentSync.objects.get(canvas_id="1", class_id="c1")
    assert (kept.sourced_id, kept.fields) == ("twin-2", None)
    run = Run.objects.latest("pk")
    stage.work(run, made)
    assert "could be" not in text(visit.page())
    cell = run.changes.get(kind="result", item="assignment:1", group="c1")
    assert '"line_item_id":"twin-2"' in cell.after


def test_or_that_it_is_none_of_them(stage: Stage, visit: Visit):
    made = twins()
    stage.plan(made)
    visit.follow(visit.post("assignments/1/", decision="new"))
    assert AssignmentSync.objects.get(class_id="c1").decision == "new"


@pytest.mark.parametrize("asked", ["of-elsewhere", "twin-1"])
def test_s46_a_line_item_that_was_not_offered_or_is_taken_is_refused(
    stage: Stage, visit: Visit, asked: str
):
    stage.plan(twins())
    AssignmentSync.objects.create(
        course=stage.course, what="assignment", canvas_id="2", class_id="c1", sourced_id="twin-1"
    )
    answer = visit.post("assignments/1/", **{"line_item": asked, "class": "c1"})
    assert answer.status_code == 404
    answer = visit.post("assignments/1/", **{"line_item": "twin-2", "class": "c9"})
    assert answer.status_code == 404
    assert AssignmentSync.objects.count() == 1


def test_a_line_item_that_is_said_twice_is_said_once(stage: Stage, visit: Visit):
    stage.plan(twins())
    for _ in range(2):
        said = visit.post("assignments/1/", **{"line_item": "twin-2", "class": "c1"})
        assert said.status_code == 303
    assert AuditEvent.objects.filter(action="grades.linked").count() == 1


def with_a_section_of_its_own() -> Any:
    made = room(assignments=1, students=2)
    made.sections = [*made.sections, Section("13", "Online", "")]
    made.enrollments = [
        *made.enrollments,
        Enrollment("s9", "13", "SIS-s9", name="Student Late", sortable_name="Late, Student"),
    ]
    made.submissions = [*made.submissions, graded("7", "s9", "1")]
    return made


def test_a_section_that_does_not_come_from_q_is_linked_on_the_page(stage: Stage, visit: Visit):
    stage.plan(with_a_section_of_its_own())
    assert "Its students are in the Q class" in visit.page()
    visit.follow(visit.post("sections/13/", **{"class": "c2"}))
    assert SectionLink.objects.get(section_id="13").class_id == "c2"
    run = Run.objects.latest("pk")
    stage.work(run, with_a_section_of_its_own())
    assert "Its students are in the Q class" not in visit.page()
    assert run.changes.filter(person="s9", group="c2").exists()
    assert "Take the link away" in visit.page()
    visit.follow(visit.post("sections/13/", **{"class": ""}))
    assert not SectionLink.objects.filter(section_id="13").exists()
    run = Run.objects.latest("pk")
    stage.work(run, with_a_section_of_its_own())
    assert "Its students are in the Q class" in visit.page()


def test_whose_sis_id_says_the_class_is_not_linked_to_another_one(stage: Stage, visit: Visit):
    stage.plan(with_a_section_of_its_own())
    for class_id in ("c2", ""):
        assert visit.post("sections/11/", **{"class": class_id}).status_code == 404
    assert visit.post("sections/13/").status_code == 404
    assert SectionLink.objects.get(section_id="11").class_id == "c1"


def test_s46_a_section_or_class_of_elsewhere_is_not_linked(stage: Stage, visit: Visit):
    stage.plan(with_a_section_of_its_own())
    limited = stage.visit(
        people.theo(section_restricted="true", section_sis_ids="c1", permissions=people.GRADES)
    )
    for who, section, class_id in ((visit, "99", "c1"), (visit, "13", "c9"), (limited, "13", "c1"),
                                   (limited, "11", "c2")):  # fmt: skip
        assert who.post(f"sections/{section}/", **{"class": class_id}).status_code == 404
    assert SectionLink.objects.filter(section_id="13").count() == 0


def test_what_is_chosen_while_it_is_compared_is_in_the_next_comparison(stage: Stage, visit: Visit):
    stage.plan(room())
    visit.post("assignments/1/", title="One")
    first = Run.objects.latest("pk")
    visit.post("assignments/2/", title="Two")
    assert Run.objects.latest("pk") == first
    Run.objects.filter(pk=first.pk).update(state="running")
    visit.post("assignments/3/", title="Three")
    again = Run.objects.latest("pk")
    assert again != first
    assert first.sync.__class__.objects.get(run=first).cancel_asked_at
    Run.objects.filter(pk=first.pk).update(state="failed", error={"code": "grades.cancelled"})
    page = visit.page()
    assert "Looking for new grades" in page or "Comparing with Q" in page
    assert "Q is not answering" not in page
    stage.work(again, room())
    titles = {one.after.split('"title":"')[1].split('"')[0]
              for one in again.changes.filter(kind="line_item")}  # fmt: skip
    assert {"One", "Two", "Three"} <= titles


def test_a_short_title_for_q_is_given_out_of_the_menu_of_a_row(stage: Stage, visit: Visit):
    stage.plan(room())
    page = visit.page()
    assert 'popovertarget="m-2"' in page
    assert "rename=2" in page
    assert 'id="title-2"' in visit.page(rename="2")
    visit.follow(visit.post("assignments/2/", title="Q2"))
    assert AssignmentChoice.objects.get(canvas_id="2").title == "Q2"


def test_one_assignment_is_compared_and_shown_alone(stage: Stage, visit: Visit):
    stage.plan(room())
    answer = visit.post("check/", item="2", then="preview")
    run = Run.objects.latest("pk")
    assert f"/previews/{run.pk}/" in answer["Location"]
    stage.work(run, room())
    assert set(run.changes.values_list("item", flat=True)) == {"assignment:2"}
    assert "Send 6 grades to Q" in text(visit.page(f"previews/{run.pk}/"))
    assert visit.post("check/", item="99", then="preview").status_code == 404


def test_one_failed_grade_is_retried_and_the_other_one_is_not(stage: Stage, visit: Visit):
    run = stage.carry_out(stage.plan(room()), refuse=2)
    page = visit.page(f"runs/{run.pk}/")
    tokens = [one.split('"')[0] for one in page.split('name="row" value="')[1:]]
    assert len(tokens) == 2
    visit.post(f"runs/{run.pk}/retry/", row=tokens[0])
    again = Run.objects.latest("pk")
    assert again.sync.retries == run
    assert len(again.sync.scope["keys"]) == 1
    for strange in ("%%%", "cmVzdWx0"):
        answer = visit.post(f"runs/{run.pk}/retry/", row=strange)
        assert answer["Location"].startswith(f"/courses/5/runs/{run.pk}/")
    assert Run.objects.latest("pk") == again


def test_a_sync_that_was_stopped_says_what_was_not_sent_and_sends_that(stage: Stage, visit: Visit):
    run = stage.carry_out(stage.plan(room()), leave=5)
    run.changes.filter(state="left").update(state="planned")
    Run.objects.filter(pk=run.pk).update(state="failed", error={"code": "grades.cancelled"})
    page = text(visit.page(f"runs/{run.pk}/"))
    assert "It was stopped. What had been sent stays in Q." in page
    assert "5 grades were not sent" in page
    assert "Sent and confirmed 13 Failed 0 Left out 5" in page
    assert "Send the other 5" in page
    visit.post(f"runs/{run.pk}/retry/")
    assert len(Run.objects.latest("pk").sync.scope["keys"]) == 5


def test_of_a_long_assignment_the_preview_shows_some_and_all_when_asked(stage: Stage, visit: Visit):
    run = stage.plan(room(assignments=2, students=14))
    page = text(visit.page(f"previews/{run.pk}/"))
    assert page.count("Show all 14 rows of this assignment") == 2
    assert page.count("Student A") + page.count("Student Z") == 10
    assert "Send 28 grades to Q" in page
    page = text(visit.page(f"previews/{run.pk}/", item="assignment:1"))
    assert page.count("Student A") + page.count("Student Z") == 14
    assert "Show all" not in page


def test_a_result_is_told_by_student_too(stage: Stage, visit: Visit):
    run = stage.carry_out(stage.plan(room()), refuse=1)
    page = text(visit.page(f"runs/{run.pk}/", by="student"))
    rows = page[page.index("Result by student") :]
    assert rows.count("Student A") == 3
    assert rows.count("Student Z") == 3
    assert "1 failed" in rows
    assert rows.count("Confirmed") == 5


def test_work_that_is_anonymous_still_is_in_nobodys_row(db: None):
    stage = district("hillside")
    made = room(assignments=1, students=2)
    run = stage.carry_out(stage.plan(made))
    row = run.changes.filter(kind="result", person="s0").get()
    row.after = row.after.replace('"is_nameless":false', '"is_nameless":true')
    row.save()
    page = text(stage.visit().page(f"runs/{run.pk}/", by="student"))
    assert "Student Aaaaa" not in page
    assert "Student Zaaab" in page


# What only Canvas's own gradebook or Q itself can mend, so that words have to do.
WITHOUT_CONTROL = {
    "course.unpublished": "told over the whole page, beside “Check again”",
    "assignment.gone": "deleted in Q by hand, if at all",
}


def stopping_codes() -> list[str]:
    return sorted(
        code for code, entry in CATALOGUE.items()
        if entry.who == "teacher" and entry.severity != "warns" and code not in WITHOUT_CONTROL
        and code.partition(".")[0] in ("course", "assignment", "line_item")
    )  # fmt: skip


@pytest.mark.parametrize("code", stopping_codes())
def test_whatever_a_teacher_has_to_do_has_its_sentence_and_its_control(
    stage: Stage, visit: Visit, code: str
):
    run = stage.plan(room(assignments=1, students=1))
    words = dict.fromkeys(re.findall(r"\{(\w+)\}", CATALOGUE[code].sentence), "X")
    said = CATALOGUE[code].sentence.format(**words)
    change = run.changes.filter(kind="line_item", group="c1").get()
    asked = replace(line_of(change), action="blocked", code=code, codes=(code,), sentences=(said,),
                    candidates={"q1": fields(), "q2": fields()})  # fmt: skip
    is_grade = code in ("line_item.no-period", "course.totals-hidden")
    if is_grade:
        asked = replace(asked, item=ItemKey("course-grade", "92", "c1"))
        change.item = "course-grade:92"
        kept = CoursePicture.objects.get()
        kept.content["periods"] = [msgspec.to_builtins(GradingPeriod("92", "Winter"))]
        kept.save()
    change.after = msgspec.json.encode(as_row(asked)).decode()
    change.save()
    page = visit.page()
    assert escape(said) in page
    there = page[page.index(escape(said)) :]
    there = there[: there.index("</div></div></td>")]
    assert "<button" in there or 'target="_blank"' in there or "/previews/" in there
