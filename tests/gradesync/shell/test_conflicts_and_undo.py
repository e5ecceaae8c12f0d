"""What somebody changed in Q stays until a person decides; what a sync did can be taken back."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from gradesync import stored
from gradesync.models import SyncRun
from integration.models import Run
from tests.gradesync.shell.conftest import SLUG

FULL = "fully graded"


@pytest.fixture
def essay(course, sync) -> str:
    """An essay with three scores that Q has."""
    made = course.make("Essay")
    for student, score in (("P1-0", 10), ("P1-1", 11), ("P1-2", 12)):
        course.grade(made, student, score)
    code, answer = sync()
    assert code == 0, answer
    course.forget()
    return made


def scores(course) -> list[Decimal | None]:
    found = course.scores()
    return [found.get(("Essay", f"P1-{one}"), ("", None))[1] for one in range(3)]


@pytest.mark.fault("F43")
def test_a_score_edited_in_q_is_shown_and_stays(course, sync, essay):
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.grade(essay, "P1-0", 15)
    code, answer = sync()
    assert code == 0
    assert answer["counts"]["result"]["conflict"] == 1
    assert [one["code"] for one in answer["findings"] if one["kind"] == "result"] == [
        "score.changed-in-q"
    ]
    assert (scores(course)[0], course.writes()) == (Decimal(3), Counter())


@pytest.mark.fault("F43")
def test_a_person_may_let_canvas_win(course, sync, essay):
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.grade(essay, "P1-0", 15)
    assert sync("--on-conflict=send-canvas")[0] == 0
    assert scores(course) == [15, 11, 12]
    assert course.writes() == {"PUT results": 1}


def test_a_course_may_let_canvas_win_always(course, sync, essay, choose):
    choose(on_conflict="send-canvas")
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.grade(essay, "P1-0", 15)
    assert sync("--on-conflict=keep-q")[1]["counts"]["result"]["conflict"] == 1
    assert sync()[0] == 0
    assert scores(course) == [15, 11, 12]


@pytest.mark.fault("F42")
def test_a_course_may_take_back_what_was_hidden_again(course, sync, essay, choose):
    choose(hidden_again="clear")
    course.hide(essay)
    code, answer = sync()
    assert (code, answer["counts"]["result"]["cleared"]) == (0, 3)
    assert scores(course) == [None] * 3
    course.forget()
    assert sync()[0] == 0
    assert course.writes() == Counter()
    course.post(essay)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]


def test_a_line_item_filed_elsewhere_in_q_is_shown_and_not_filed_back(course, sync, essay):
    (item,) = course.in_q("lineItems")
    category = {"sourcedId": "C-Tests", "type": "category", "href": ""}
    course.edit("lineItems", item, category=category)
    course.change(essay, name="Essay on whales")
    code, answer = sync()
    assert code == 0, answer
    (now,) = course.in_q("lineItems")
    assert (now["category"]["sourcedId"], now["title"]) == ("C-Tests", "Essay on whales")


def test_a_preview_shows_what_was_edited_and_refiled_in_q_and_a_yes_sends_the_score_only(
    course, sync, manage, essay
):
    (item,) = course.in_q("lineItems")
    course.edit("lineItems", item, category={"sourcedId": "C-Tests", "type": "category"})
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.grade(essay, "P1-0", 15)
    code, shown = sync("--preview")
    assert (code, shown["counts"]["result"]["conflict"]) == (2, 1), shown
    (line,) = stored.item_lines(Run.objects.get(pk=shown["run"]))
    assert (line.code, (line.verdicts or {})["category_id"]) == ("line_item.kept", "kept")
    assert course.writes() == Counter()

    code, sent = sync("--on-conflict=send-canvas")
    assert (code, course.writes()) == (0, {"PUT results": 1}), sent
    assert scores(course) == [15, 11, 12]
    (item,) = course.in_q("lineItems")
    assert item["category"]["sourcedId"] == "C-Tests"
    assert manage("undo", str(sent["run"]))[0] == 0
    assert scores(course) == [3, 11, 12]


def test_what_we_do_not_know_of_survives_a_write(course, sync, essay):
    (item,) = course.in_q("lineItems")
    course.edit("lineItems", item, weight=0.25, metadata={**item["metadata"], "colour": "red"})
    result = course.result("Essay", "P1-0")
    course.edit("results", result, comment="See me", metadata={"seen": "yes"}, note="n")
    course.change(essay, name="Essay on whales")
    course.grade(essay, "P1-0", 15)
    assert sync()[0] == 0
    (now,) = course.in_q("lineItems")
    assert (now["weight"], now["metadata"]["colour"]) == (Decimal("0.25"), "red")
    result = course.result("Essay on whales", "P1-0")
    assert (result["score"], result["comment"], result["note"]) == (15, "See me", "n")
    assert result["metadata"] == {"seen": "yes"}


@pytest.mark.fault("F47")
def test_ten_presses_with_nothing_changed_write_nothing(course, sync, essay):
    assert {sync()[0] for _ in range(10)} == {0}
    assert course.writes() == Counter()


@pytest.mark.fault("F48")
def test_a_renamed_moved_and_reweighted_assignment_stays_one_line_item(course, sync, essay):
    group = course.in_canvas("POST", "assignment_groups", name="Tests")["id"]
    due = "2026-11-25T07:59:59Z"
    course.change(essay, name="Exam", assignment_group_id=group, points_possible=40, due_at=due)
    code, answer = sync()
    assert code == 0, answer
    (item,) = course.in_q("lineItems")
    told = (item["title"], item["category"]["sourcedId"], item["resultValueMax"], item["dueDate"])
    assert told == ("Exam", "C-Tests", 40, "2026-11-25T07:59:59.000Z")


@pytest.mark.fault("F49")
def test_an_assignment_that_is_gone_leaves_its_line_item_in_peace(course, sync, essay):
    course.in_canvas("DELETE", f"assignments/{essay}")
    code, answer = sync()
    assert (code, course.writes()) == (0, Counter())
    assert "assignment.gone" in [one["code"] for one in answer["findings"]]


@pytest.mark.fault("F50")
def test_the_same_title_made_again_is_another_line_item(course, sync, essay):
    course.in_canvas("DELETE", f"assignments/{essay}")
    course.grade(course.make("Essay"), "P1-0", 1)
    assert sync()[0] == 0
    assert len({one["sourcedId"] for one in course.in_q("lineItems")}) == 2


@pytest.mark.fault("F51")
def test_a_line_item_deleted_in_q_waits_for_a_person_each_time(course, sync, essay):
    (item,) = course.in_q("lineItems")
    course.delete_in_q("lineItems", item["sourcedId"])
    course.grade(essay, "P1-0", 15)
    for _ in range(2):
        code, answer = sync()
        assert (code, course.writes()) == (0, Counter())
        assert "line_item.gone" in [one["code"] for one in answer["findings"]]


def test_undo_gives_back_what_q_held(course, sync, manage, essay):
    course.grade(essay, "P1-0", 15)
    course.mark(essay, "P1-1", excuse=True)
    course.grade(essay, "P1-2", "")
    run = sync()[1]["run"]
    assert scores(course) == [15, None, None]
    code, shown = manage("undo", str(run), "--plan-only")
    assert (code, shown["state"]) == (2, "held")
    code, undone = manage("undo", str(run), f"--digest={shown['digest']}")
    assert code == 0, undone
    assert scores(course) == [10, 11, 12]
    course.forget()
    assert sync()[0] == 0
    assert course.writes() == Counter()
    course.grade(essay, "P1-0", 16)
    assert sync()[0] == 0
    assert scores(course) == [16, 11, 12]


def test_undo_leaves_what_changed_in_q_since(course, sync, manage, essay):
    course.grade(essay, "P1-0", 15)
    course.grade(essay, "P1-1", 16)
    run = sync()[1]["run"]
    course.edit("results", course.result("Essay", "P1-0"), score=1)
    code, undone = manage("undo", str(run))
    assert code == 0, undone
    assert scores(course) == [1, 11, 12]
    assert "undo.changed-since" in [one["code"] for one in undone["findings"]]


def first_sync() -> int:
    """The run that `essay` was sent by."""
    return SyncRun.objects.earliest("run_id").run_id


def test_undo_of_a_first_sync_leaves_nothing(course, sync, manage, essay):
    code, undone = manage("undo", str(first_sync()))
    assert code == 0, undone
    assert course.in_q("lineItems") == course.in_q("results") == []


def test_a_run_that_wrote_nothing_cannot_be_undone(course, sync, manage, essay):
    code, told = manage("undo", str(sync()[1]["run"]))
    assert (code, told["error"]["code"]) == (1, "grades.nothing-to-undo")


def test_explain_tells_a_score_s_story(course, sync, manage, essay):
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.grade(essay, "P1-0", 15)
    sync()
    code, told = manage("explain", SLUG, "results", course.result("Essay", "P1-0")["sourcedId"])
    assert (code, told["verdict"]) == (0, "for you to decide")
    story = " ".join(told["steps"])
    assert "Canvas says: 15." in story
    assert "Q confirmed last: 10." in story
    assert "Q holds now: 3" in story
    assert f"10 confirmed in run {first_sync()}" in story


def test_explain_of_nothing_says_where_ids_are(course, manage):
    code, told = manage("explain", SLUG, "results", "nobody")
    assert (code, told["error"]["code"]) == (1, "command.unusable")
