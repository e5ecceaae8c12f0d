"""What the screens do: preview, look, choose, send, try again, take back, step by step."""

from __future__ import annotations

from collections import Counter

import pytest

from gradesync import sync as presses
from gradesync.actions import choices, plans, repairs
from gradesync.errors import CopyOfCanvas, NothingToRetry, NotOfThisCourse, NotSeen, PlanRefused
from gradesync.ids import ItemKey
from gradesync.models import CourseSync
from gradesync.selectors import course as courses
from gradesync.selectors import history, home, progress
from gradesync.selectors import plans as pages
from gradesync.tasks import ADVANCE, advance_sync
from integration.bells import ringing
from integration.models import Change, District, Run
from tests.gradesync.shell.conftest import SLUG

ROSA = "Canvas user 7"
RESULTS = ".*/results/.*"


@pytest.fixture
def kept(course) -> CourseSync:
    return presses.course_of(District.objects.get(slug=SLUG), course.canvas_id)


@pytest.fixture
def essay(course) -> str:
    made = course.make("Essay")
    for number, score in enumerate((10, 11, 12)):
        course.grade(made, f"P1-{number}", score)
    return made


def worked(run: Run) -> Run:
    """What a worker does when the bell rings."""
    assert (ADVANCE, (run.pk,)) in ringing()
    advance_sync(run.pk)
    run.refresh_from_db()
    return run


def shown(kept: CourseSync, **asked) -> Run:
    return worked(plans.preview(kept, by=ROSA, **asked))


def sent(run: Run) -> Run:
    plans.seen(run, by=ROSA)
    return worked(plans.send(run, run.plan_digest, by=ROSA))


def cell(run: Run, student: str, **asked) -> pages.Cell:
    cells = pages.cells(run, asked=pages.Filter(**asked))
    return next(one for one in cells if one.key.endswith(f"\x1f{student}") or one.name == student)


def name_of(course, student: str) -> str:
    return course.canvas("GET", f"users/sis_user_id:{student}")["name"]


def test_from_a_first_preview_to_a_receipt(course, kept, essay):
    run = plans.preview(kept, by=ROSA)
    assert plans.preview(kept, by="Sam") == run
    assert courses.being_made(kept) == run
    assert progress.progress(run).can_cancel
    worked(run)
    latest = courses.latest_plan(kept)
    assert (latest.run, latest.is_waiting, latest.needs_a_look) == (run, True, True)
    assert course.writes() == Counter()

    at_home = home.home(kept)
    (row,) = at_home.rows
    assert (row.name, row.is_on, row.counts.to_send) == ("Essay", True, 3)
    matched = {one.canvas_id: one.matched for one in at_home.picture.sections}
    assert matched[course.section_id] == 3
    found = pages.page(run, asked=pages.Filter(text=name_of(course, "P1-1")))
    assert [(one.name, one.canvas.score) for one in found.cells] == [(name_of(course, "P1-1"), 11)]

    with pytest.raises(NotSeen, match="first sync of this course: 3 new"):
        plans.send(run, run.plan_digest, by=ROSA)
    sent(run)
    assert plans.send(run, run.plan_digest, by=ROSA) == run
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 3}
    (entry,), total = history.history(kept)
    assert (entry.sent, entry.failed, entry.by, total) == (3, 0, ROSA, 1)
    receipts = list(history.receipts(kept, run=run))
    told = {(one.title, one.name, one.value.score) for one in receipts}
    assert told == {("Essay", name_of(course, f"P1-{one}"), 10 + one) for one in range(3)}
    assert home.home(kept).counts.same == 3
    assert len(history.story(kept, receipts[0].item, receipts[0].student_id)) == 1


def test_what_changed_since_the_preview_is_left_out_and_offered_next(course, kept, essay):
    run = shown(kept)
    course.grade(essay, "P1-0", 15)
    sent(run)
    assert course.scores().keys() == {("Essay", "P1-1"), ("Essay", "P1-2")}
    (left,) = Change.objects.filter(run=run, state=Change.State.LEFT)
    assert "left out" in left.message
    following = shown(kept)
    assert [one.canvas.score for one in pages.cells(following) if one.state == "planned"] == [15]
    sent(following)
    assert course.scores()["Essay", "P1-0"][1] == 15


def test_a_plan_that_another_sync_overtook_is_not_sent(course, kept, essay):
    first, second = shown(kept), shown(kept)
    sent(second)
    with pytest.raises(PlanRefused, match="has written to Q since"):
        sent(first)


def test_a_choice_for_one_cell_and_for_all(course, kept, essay):
    sent(shown(kept))
    for number, score in enumerate((3, 4, 5)):
        course.edit("results", course.result("Essay", f"P1-{number}"), score=score)
        course.grade(essay, f"P1-{number}", 16 + number)
    run = shown(kept)
    before = run.plan_digest
    one = cell(run, name_of(course, "P1-0"), actions=["conflict"])
    run, changed = plans.choose(run, "send-canvas", by=ROSA, keys=[one.key])
    assert (changed, run.plan_digest != before) == (1, True)
    run, changed = plans.choose(run, "keep-q", by=ROSA)
    assert changed == 2
    with pytest.raises(PlanRefused):
        plans.send(run, before, by=ROSA)
    with pytest.raises(NotOfThisCourse):
        plans.choose(run, "keep-q", by=ROSA, keys=["another"])
    course.forget()
    sent(run)
    assert course.writes() == {"PUT results": 1}
    assert [course.scores()["Essay", f"P1-{one}"][1] for one in range(3)] == [16, 4, 5]
    assert shown(kept).state == Run.State.DONE


def test_only_what_failed_is_tried_again(course, kept, essay, q_fault):
    refused = {"status": 422, "body": {"error": "no"}, "apply": False}
    q_fault({"path": RESULTS, "method": "PUT", "times": 1}, **refused)
    run = sent(shown(kept))
    (failed,) = Change.objects.filter(run=run, state=Change.State.REFUSED)
    course.grade(course.make("Lab"), "P1-0", 1)
    course.forget()
    again = worked(plans.retry(run, by=ROSA))
    assert [one.key for one in pages.cells(again)] == [failed.key]
    sent(again)
    assert course.writes() == {"PUT results": 1}
    with pytest.raises(NothingToRetry):
        plans.retry(again, by=ROSA)
    assert [one.what for one in history.history(kept)[0]] == ["retry", "sync"]


def test_an_undo_is_shown_and_then_sent(course, kept, essay):
    run = sent(shown(kept))
    undoing = worked(plans.preview_undo(run, by=ROSA))
    assert (undoing.state, len(course.scores())) == ("held", 3)
    worked(plans.send(undoing, undoing.plan_digest, by=ROSA))
    assert course.scores() == {}
    undo, was = history.history(kept)[0]
    assert (undo.what, was.undone_by) == ("undo", undoing)
    Change.objects.filter(run=undoing, kind="result").update(state=Change.State.REFUSED)
    with pytest.raises(NothingToRetry):  # it would send again what the undo took back
        plans.retry(undoing, by=ROSA)


def test_a_preview_is_stopped(course, kept, essay):
    run = plans.preview(kept, by=ROSA)
    assert plans.cancel(run, by=ROSA)
    worked(run)
    assert (run.state, run.error["code"]) == ("failed", "grades.cancelled")
    assert not plans.cancel(run, by=ROSA)


def test_choices_are_of_this_course_only(course, kept, essay):
    worked(plans.preview(kept, by=ROSA))
    (group,) = {one.group_id for one in courses.picture_of(kept).assignments}
    choices.link_category(kept, group, "C-Tests", by=ROSA)
    choices.title(kept, essay, "Whales", by=ROSA)
    sent(shown(kept))
    (item,) = course.in_q("lineItems")
    assert (item["title"], item["category"]["sourcedId"]) == ("Whales", "C-Tests")
    choices.switch(kept, [essay], is_on=False, by=ROSA)
    assert [one.is_on for one in home.home(kept).rows] == [False]
    for refused in (
        lambda: choices.switch(kept, ["999999"], is_on=True, by=ROSA),
        lambda: choices.link_category(kept, group, "elsewhere", by=ROSA),
        lambda: choices.link_section(kept, course.section_id, "K2", by=ROSA),
        lambda: choices.link_period(kept, "1", "GP1", by=ROSA),
    ):
        with pytest.raises(NotOfThisCourse):
            refused()


def test_who_is_limited_to_another_section_meets_nothing_of_this_one(course, kept, essay):
    whole = sent(shown(kept))
    elsewhere = frozenset({"424242"})
    run = shown(kept, sections=elsewhere)
    assert run.plan_digest != whole.plan_digest
    assert list(pages.cells(whole, sections=elsewhere)) == []
    assert pages.page(run).total == 0
    assert list(history.receipts(kept, sections=elsewhere)) == []
    theirs = courses.picture_of(kept, elsewhere)
    assert (theirs.students, theirs.sections, theirs.classes) == ((), (), ())
    assert history.history(kept, sections=elsewhere)[0][0].sent == 0
    assert courses.latest_plan(kept).run == whole


def test_verify_reads_back_and_sends_nothing(course, kept, essay, sync):
    sent(shown(kept))
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.delete_in_q("results", course.result("Essay", "P1-1")["sourcedId"])
    course.grade(essay, "P1-2", 1)
    course.forget()
    run = worked(repairs.verify(kept, by=ROSA))
    assert (run.state, run.counts["result"]["same"]) == ("done", 1)
    causes = {one.key[-4:]: one.code for one in pages.cells(run)}
    assert sorted(causes.values()) == ["drift.changed", "drift.removed"]
    assert history.history(kept)[0][0].what == "verify"
    code, told = sync("--verify")
    assert (code, {one["code"] for one in told["findings"] if one["kind"] == "result"}) == (
        0,
        {"drift.changed", "drift.removed"},
    )
    assert course.writes() == Counter()


def test_forgotten_links_are_found_again_and_nothing_is_made_twice(course, kept, essay, sync):
    sent(shown(kept))
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.forget()
    code, told = sync("--forget-links")
    assert (code, told["forgotten"]["line_items"], told["forgotten"]["scores"]) == (0, 1, 3)
    run = shown(kept)
    counted = {one.code: one.cells for one in pages.counts(run)}
    assert counted == {"": 2, "score.other-in-q": 1}
    kept.refresh_from_db()
    assert kept.first_sent_at is None
    assert len(course.in_q("lineItems")) == 1


def test_the_command_tries_again_what_failed(course, kept, essay, sync, q_fault):
    refused = {"status": 422, "body": {"error": "no"}, "apply": False}
    q_fault({"path": RESULTS, "method": "PUT", "times": 1}, **refused)
    code, told = sync()
    assert (code, told["outcome"]["refused"]) == (1, 1)
    course.forget()
    code, again = sync(f"--retry={told['run']}")
    assert (code, again["sent"]["results"], course.writes()) == (0, 1, {"PUT results": 1})
    assert sync(f"--retry={again['run']}")[1]["error"]["code"] == "grades.nothing-to-retry"


def test_nothing_is_sent_from_a_copy_of_canvas(course, kept, essay, sync):
    run = shown(kept)
    plans.seen(run, by=ROSA)
    beta = "https://canvas.beta.instructure.com"
    with pytest.raises(CopyOfCanvas, match="beta or test Canvas"):
        plans.send(run, run.plan_digest, by=ROSA, launched_from=[beta])
    assert (run.state, course.writes()) == ("held", Counter())
    plans.send(run, run.plan_digest, by=ROSA, launched_from=["https://canvas.instructure.com"])


def test_an_assignment_that_was_deleted_in_q_is_added_again_with_all_its_scores(
    course, kept, essay
):
    sent(shown(kept))
    (item,) = course.in_q("lineItems")
    course.delete_in_q("lineItems", item["sourcedId"])
    course.grade(essay, "P1-0", 20)
    (line,) = pages.items(shown(kept)).values()
    class_id = line[0][1].item.class_id
    choices.decide_item(kept, ItemKey("assignment", essay, class_id), "again", by=ROSA)
    run = sent(shown(kept))
    assert run.state == Run.State.DONE
    assert sorted(score for _, score in course.scores().values()) == [11, 12, 20]


def test_of_two_alike_in_q_the_chosen_one_is_written(course, kept, essay):
    sent(shown(kept))
    (item,) = course.in_q("lineItems")
    twin = course.make("Twin")
    course.grade(twin, "P1-0", 9)
    for number in (1, 2):
        alike = dict(item, sourcedId=f"twin-{number}", title="Twin", metadata={})
        course.edit("lineItems", alike)
    (_, line) = pages.items(shown(kept))[f"assignment:{twin}"][0]
    assert set(line.candidates) == {"twin-1", "twin-2"}
    choices.link_item(kept, line.item, "twin-2", by=ROSA)
    sent(shown(kept))
    (result,) = [one for one in course.in_q("results") if one["score"] == 9]
    assert result["lineItem"]["sourcedId"] == "twin-2"
    titles = sorted(one["title"] for one in course.in_q("lineItems"))
    assert titles == ["Essay", "Twin", "Twin"]
