"""One score's story, as sentences."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gradesync.explain import Event, Facts, explain, sentence, words
from gradesync.readings import Decision
from tests.gradesync.makers import GRADED, ZONE, Room, assignment, graded, result, value


def told(room: Room, **other):
    item, line = room.plan()
    return explain(Facts("Quiz 1", "Algebra 1", item, line, **other), ZONE)


def room_of(score: str | None, last: str | None = None, there: str | None = None) -> Room:
    room = Room().linked()
    room.submissions = [graded(score)]
    if last is not None:
        room.confirmed(value(last))
    if there is not None:
        room.results = [result(there)]
    return room


def test_a_conflict_is_told_from_canvas_to_q():
    events = (
        Event(GRADED + timedelta(hours=1), "confirmed", value("15"), run=8, by="Rosa"),
        Event(GRADED, "sent", value("15"), run=8, by="Rosa"),
    )
    story = told(room_of("17", last="15", there="12"), events=events)
    assert story.verdict == "for you to decide"
    assert story.steps == (
        "“Quiz 1” in the class Algebra 1 is in Q.",
        "The category “Homework” was suggested by its name.",
        "Canvas says: 17.",
        "Q confirmed last: 15.",
        "Q holds now: 12.",
        "2026-11-21 12:00: 15 sent in run 8 by Rosa.",
        "2026-11-21 13:00: 15 confirmed in run 8 by Rosa.",
        "This score was changed in Q since the last sync. Q's stays.",
    )
    assert story.remedy == "Keep Q's, or send Canvas's."


@pytest.mark.parametrize(
    ("room", "verdict"),
    [
        (room_of("17", "17", "17"), "in Q"),
        (room_of("17", "15", "15"), "will be sent"),
        (room_of("17"), "will be sent"),
        (room_of(None, "15", "15"), "will be sent"),
        (room_of(None), "nothing to send"),
        (room_of(None, there="12"), "waiting"),
    ],
)
def test_what_it_comes_to(room, verdict):
    assert told(room).verdict == verdict


def test_q_kept_by_choice_is_said_so():
    room = room_of("17", "15", "12")
    line = room.score()
    room.memory["decisions"] = {line.cell: Decision("keep-q", line.canvas, line.q)}
    assert told(room).verdict == "kept in Q"


def test_a_hidden_score_is_not_told_either():
    room = room_of("17")
    room.submissions = [graded("17", posted_at=None)]
    story = told(room)
    assert "Canvas says: nothing that may be sent." in story.steps
    assert not any("17" in step for step in story.steps)
    assert story.remedy == "Post grades in Canvas."


def test_what_stops_the_line_item_is_told_in_its_own_words():
    room = Room()
    room.submissions = [graded("17")]
    room.assignments = [assignment(due_at=None)]
    story = told(room)
    assert story.verdict == "blocked"
    told_twice = "This assignment has no due date for the class Algebra 1. Q needs one."
    assert story.steps.count(told_twice) == 2
    assert story.steps[0] == "“Quiz 1” in the class Algebra 1 is not in Q yet."


def test_notes_and_another_title_are_told():
    room = room_of("22")
    room.memory["titles"] = {"1": "Q1"}
    story = told(room)
    assert story.steps[0] == "“Quiz 1” in the class Algebra 1 is in Q as “Q1”."
    assert story.steps[-1] == "This score is above the maximum; it is sent as extra credit."


def test_a_cell_without_a_line_says_what_is_known():
    event = Event(GRADED, "refused", None, detail="422 invalid data")
    story = explain(Facts("Quiz 1", "Algebra 1", None, None, (event,)), ZONE)
    assert story.verdict == "unknown"
    assert story.steps == (
        "“Quiz 1” in the class Algebra 1 is not part of the sync.",
        "Only graded work of a class of Q is, as it was when the course was last read.",
        "2026-11-21 12:00: nothing refused: 422 invalid data.",
        "This student has no score to send for it.",
    )


def test_a_course_that_is_stopped_is_told_first():
    stopped = ("This course is not published.",)
    story = explain(Facts("Quiz 1", "Algebra 1", None, None, problems=stopped), ZONE)
    assert (story.verdict, story.steps[0]) == ("blocked", "This course is not published.")


def test_a_cell_is_explained_without_its_line_item_too():
    line = room_of("17", "15", "12").score()
    assert sentence(line, None).startswith("This score was changed in Q")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "nothing"),
        (value("17.5"), "17.5"),
        (value("1E+2"), "100"),
        (value("91", letter="A-"), "91 (A-)"),
        (value(None, "exempt"), "excused"),
        (value("0", "not submitted"), "not submitted"),
        (value("9", "partially graded"), "9, of which a part is still to be graded"),
        (value(None), "no number"),
    ],
)
def test_values_are_told_as_a_person_would(given, said):
    assert words(given) == said
