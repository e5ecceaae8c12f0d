"""Taking a run back: Q gets what it held, except where it changed since."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from gradesync import wire
from gradesync.inverse import QNow, decision_after, inverse
from gradesync.profile import Profile
from gradesync.readings import Sent
from tests.gradesync.makers import (
    ITEM,
    Room,
    fields,
    graded,
    item_id,
    key,
    line_item,
    outcome_of,
    result,
    rules,
    value,
)

EVERYTHING = Profile(deletes_results=True, deletes_line_items=True)
RULES = rules(profile=EVERYTHING)


def room_of(score: str | None, before: str | None) -> Room:
    """A course whose one score was `before` in Q, and is `score` in Canvas."""
    room = Room(profile=EVERYTHING).linked()
    room.submissions = [graded(score)]
    if before is not None:
        room.confirmed(value(before))
        raw = {"sourcedId": "r1", "scoreStatus": "fully graded", "score": Decimal(before)}
        raw |= {"scoreDate": "2026-11-01", "comment": "first"}
        room.results = [replace(result(before, sourced_id="r1"), raw=raw)]
    return room


def now(*results, items=None) -> QNow:
    of_items = {one.sourced_id: one for one in (items if items is not None else [line_item()])}
    return QNow(of_items, {ITEM: list(results)})


def undone(room: Room, *results, later=(), given=RULES):
    [line] = inverse(room.plan(), now(*results), later=later, rules=given)
    return line


def test_a_changed_score_gets_its_old_value_and_keeps_what_came_beside_it():
    there = result("17", sourced_id="r1")
    there = replace(there, raw=dict(there.raw) | {"x_note": 1})
    line = undone(room_of("17", before="15"), there)
    assert outcome_of(line) == ("changed", "undo.restored", "PUT")
    body = json.loads(line.body)
    assert (body["score"], body["scoreDate"], body["comment"]) == (15, "2026-11-01", "first")
    assert body["x_note"] == 1


def test_a_new_score_is_taken_away_in_a_way_that_was_proved():
    room = room_of("17", before=None)
    line = undone(room, result("17"))
    assert outcome_of(line) == ("cleared", "undo.restored", "DELETE")
    puts = rules(profile=Profile(takes_not_submitted_without_score=True))
    line = undone(room, result("17"), given=puts)
    assert (line.action, line.verb) == ("cleared", "PUT")
    assert json.loads(line.body)["scoreStatus"] == "not submitted"
    line = undone(room, result("17"), given=rules(profile=Profile()))
    assert outcome_of(line) == ("waiting", "score.cannot-clear", "")


def test_a_cleared_score_comes_back_as_the_object_it_was():
    room = room_of(None, before="15")
    line = undone(room)
    assert outcome_of(line) == ("new", "undo.restored", "PUT")
    assert wire.decoded(line.body)["comment"] == "first"


def test_what_was_changed_in_q_since_is_left_alone():
    line = undone(room_of("17", before="15"), result("3"))
    assert outcome_of(line) == ("waiting", "undo.changed-since", "")
    line = undone(room_of("17", before="15"))
    assert outcome_of(line) == ("waiting", "undo.changed-since", "")


def test_what_a_later_sync_has_written_is_left_alone():
    room = room_of("17", before="15")
    line = undone(room, result("17"), later=[one.key for one in room.plan()])
    assert outcome_of(line) == ("waiting", "undo.sent-since", "")


def test_an_undo_done_twice_does_nothing_twice():
    assert outcome_of(undone(room_of("17", before="15"), result("15"))) == ("same", "undo.done", "")


def test_a_letter_goes_back_with_its_score():
    lettered = replace(EVERYTHING, letter_field="ext_grade")
    room = room_of("17", before="15")
    [line] = [one for one in room.plan() if one.verb]
    before = {"score": Decimal(15), "metadata": {"ext_grade": "C", "old": 1}}
    line = replace(line, before=wire.encoded(before))
    there = replace(result("17"), raw={"metadata": {"ext_grade": "B", "by": "office"}})
    [back] = inverse([line], now(there), later=(), rules=rules(profile=lettered))
    assert json.loads(back.body)["metadata"] == {"by": "office", "ext_grade": "C"}


@pytest.mark.parametrize(("score", "before"), [("17", "15"), ("17", None), (None, "15")])
def test_what_was_undone_is_not_sent_again_until_something_changes(score, before):
    room = room_of(score, before)
    [original] = [one for one in room.plan() if one.verb]
    there = [] if score is None else [result(score, sourced_id="r1")]
    line = undone(room, *there)
    after = Room(profile=EVERYTHING).linked()
    after.submissions = [graded(score)]
    after.results = [] if before is None else [result(before, sourced_id="r1")]
    after.memory["sent"] = {(ITEM, "S1"): Sent(original.q)}
    after.memory["decisions"] = {(ITEM, "S1"): decision_after(line, original)}
    assert outcome_of(after.score()) == ("same", "score.kept", "")
    after.submissions = [graded("19")]
    assert after.score().verb == "PUT"


def test_after_an_undo_by_put_the_mark_it_left_is_what_is_kept():
    room = room_of("17", before=None)
    puts = rules(profile=Profile(takes_not_submitted_without_score=True))
    [original] = [one for one in room.plan() if one.verb]
    line = undone(room, result("17"), given=puts)
    assert decision_after(line, original).q == value(None, "not submitted")


def changed_item() -> Room:
    """Title and maximum were changed by the run."""
    room = Room(profile=EVERYTHING).linked()
    old = fields("Old", maximum=Decimal(10))
    raw = {"sourcedId": ITEM, "title": "Old", "resultValueMax": Decimal(10)}
    room.line_items = [line_item(title="Old", maximum=Decimal(10), raw=raw)]
    room.memory["items"][key()] = replace(room.memory["items"][key()], fields=old, source="Old")
    return room


def item_undone(room: Room, *items, later=(), results=(), given=RULES):
    lines = [one for one in room.plan() if one.kind == "line_item"]
    [line] = inverse(lines, now(*results, items=items), later=later, rules=given)
    return line


def test_the_fields_that_we_wrote_get_their_old_values():
    line = item_undone(changed_item(), line_item(raw={"title": "Quiz 1", "x_note": 1}))
    assert outcome_of(line) == ("changed", "undo.restored", "PUT")
    body = json.loads(line.body)
    assert (body["title"], body["resultValueMax"], body["x_note"]) == ("Old", 10, 1)


def test_a_field_that_was_changed_in_q_since_stays():
    line = item_undone(changed_item(), line_item(title="Theirs", raw={"title": "Theirs"}))
    body = json.loads(line.body)
    assert (body["title"], body["resultValueMax"]) == ("Theirs", 10)
    other = line_item(title="Theirs", maximum=Decimal(7))
    assert outcome_of(item_undone(changed_item(), other)) == ("waiting", "undo.changed-since", "")


def test_a_line_item_as_it_was_is_left():
    there = line_item(title="Old", maximum=Decimal(10))
    assert outcome_of(item_undone(changed_item(), there)) == ("same", "undo.done", "")


def test_a_line_item_that_is_gone_or_written_since_is_left():
    room = changed_item()
    assert item_undone(room).code == "undo.changed-since"
    keys = [one.key for one in room.plan()]
    assert item_undone(room, line_item(), later=keys).code == "undo.sent-since"


@pytest.mark.parametrize(
    ("items", "results", "profile", "expected"),
    [
        ([line_item()], [], EVERYTHING, ("cleared", "undo.restored", "DELETE")),
        ([], [], EVERYTHING, ("same", "undo.done", "")),
        ([line_item(is_active=False)], [], EVERYTHING, ("same", "undo.done", "")),
        ([line_item()], [result("5")], EVERYTHING, ("waiting", "undo.in-use", "")),
        (
            [line_item()],
            [result("5", is_active=False)],
            EVERYTHING,
            ("cleared", "undo.restored", "DELETE"),
        ),
        ([line_item(title="Theirs")], [], EVERYTHING, ("waiting", "undo.in-use", "")),
        ([line_item()], [], Profile(), ("waiting", "undo.in-use", "")),
    ],
)
def test_a_line_item_that_the_run_added_goes_if_it_is_nobody_elses(
    items, results, profile, expected
):
    line = item_undone(Room(), *items, results=results, given=rules(profile=profile))
    assert outcome_of(line) == expected


def test_an_added_line_item_that_was_sent_since_stays():
    room = Room()
    keys = [one.key for one in room.plan()]
    assert item_undone(room, line_item(), later=keys).code == "undo.sent-since"


def test_scores_go_before_the_line_item_that_holds_them():
    room = Room(profile=EVERYTHING)
    room.submissions = [graded("17")]
    lines = list(inverse(room.plan(), now(result("17")), later=(), rules=RULES))
    assert [(one.kind, one.verb) for one in lines] == [
        ("result", "DELETE"),
        ("line_item", "DELETE"),
    ]


def test_a_line_item_stays_where_q_shows_none_of_the_scores_that_were_put_into_it():
    room = Room(profile=EVERYTHING)
    room.submissions = [graded("17")]
    item = next(one for one in inverse(room.plan(), now(), later=(), rules=RULES)
                if one.kind == "line_item")  # fmt: skip
    assert outcome_of(item) == ("waiting", "undo.in-use", "")


def test_what_the_run_did_not_write_has_no_line():
    room = Room(profile=EVERYTHING).linked()
    assert list(inverse(room.plan(), now(), later=(), rules=RULES)) == []
    assert item_id() == ITEM
