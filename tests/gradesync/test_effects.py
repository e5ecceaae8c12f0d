"""May a line still be sent, and what an answer means that never came (F46, F58)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gradesync.effects import (
    after_unknown,
    confirmed_fields,
    is_confirmed,
    item_after_unknown,
    learned,
    may_send,
    rebound,
)
from gradesync.lines import ScoreLine, intended
from gradesync.readings import Sent, SentItem
from gradesync.scores import Held, Nothing, Send
from integration.canvas.gradebook_types import AssignmentGroup
from integration.oneroster.gradebook_types import Category
from tests.gradesync.makers import (
    GRADED,
    Room,
    assignment,
    fields,
    graded,
    item_id,
    key,
    line_item,
    result,
    rules,
    value,
)

RULES = rules()
OLD, NEW, THEIRS = value("15"), value("17", graded_at=GRADED), value("3")


def changed() -> ScoreLine:
    """17 is to be sent, where Q confirmed 15."""
    room = Room().linked().confirmed(OLD)
    room.results, room.submissions = [result("15")], [graded("17")]
    return room.score()


def cleared() -> ScoreLine:
    room = Room().linked().confirmed(OLD)
    room.results = [result("15")]
    return room.score()


@pytest.mark.parametrize(
    ("canvas_now", "q_now", "expected"),
    [
        (Send(NEW), value("17"), "confirmed"),
        (Send(value("18")), value("17"), "confirmed"),  # the next plan sends 18
        (Send(NEW), OLD, "again"),
        (Send(value("18")), OLD, "leave"),
        (Nothing(), OLD, "leave"),
        (Held("score.hidden"), OLD, "leave"),
        (Send(NEW), THEIRS, "leave"),  # F58: somebody changed it in Q meanwhile
        (Send(NEW), None, "leave"),
    ],
)
def test_f46_an_unknown_answer_is_read_back_on_both_sides(canvas_now, q_now, expected):
    assert after_unknown(changed(), canvas_now, q_now, RULES) == expected


@pytest.mark.parametrize(
    ("canvas_now", "q_now", "expected"),
    [
        (Nothing(), None, "confirmed"),
        (Nothing(), OLD, "again"),
        (Send(NEW), OLD, "leave"),
        (Nothing(), THEIRS, "leave"),
        (Held("score.hidden"), OLD, "leave"),
    ],
)
def test_f46_so_is_the_answer_to_a_clearing(canvas_now, q_now, expected):
    assert after_unknown(cleared(), canvas_now, q_now, RULES) == expected


def test_read_back_says_whether_q_took_it():
    assert is_confirmed(changed(), value("17"), RULES)
    assert not is_confirmed(changed(), OLD, RULES)


def test_an_overtaken_line_is_not_sent():
    assert may_send(changed(), Sent(OLD))
    assert not may_send(changed(), Sent(NEW))
    assert not may_send(changed(), None)
    assert not may_send(replace(changed(), verb=""), Sent(OLD))


def a_new_item():
    return Room().item()


def a_changed_item():
    room = Room().linked()
    room.line_items = [replace(room.line_items[0], fields=fields("Old"))]
    room.memory["items"] = {
        one: replace(sent, fields=fields("Old"), source="Old")
        for one, sent in room.memory["items"].items()
    }
    return room.item()


@pytest.mark.parametrize(
    ("line", "canvas_now", "q_now", "expected"),
    [
        (a_new_item(), fields(), fields(), "confirmed"),
        (a_new_item(), fields(), None, "again"),
        (a_new_item(), fields("Other"), None, "leave"),
        (a_new_item(), fields(), fields("Other"), "leave"),
        (a_changed_item(), fields(), fields(), "confirmed"),
        (a_changed_item(), fields(), fields(category_id="k9"), "confirmed"),
        (a_changed_item(), fields(), fields("Old"), "again"),
        (a_changed_item(), fields(), fields("Theirs"), "leave"),
        (replace(a_new_item(), canvas=None), fields(), None, "leave"),
    ],
)
def test_f46_so_is_the_answer_to_a_line_item(line, canvas_now, q_now, expected):
    assert item_after_unknown(line, canvas_now, q_now, RULES) == expected


def test_results_follow_the_id_that_q_allocated_to_their_line_item():
    line = rebound(changed(), "q-77", RULES)
    assert line.line_item_id == "q-77"
    assert json.loads(line.body)["lineItem"]["sourcedId"] == "q-77"
    assert json.loads(line.body)["score"] == 17.0
    assert rebound(cleared(), "q-77", RULES).line_item_id == "q-77"
    assert changed().line_item_id == item_id()


def test_a_field_left_to_q_stays_left_after_the_next_write():
    """Else the category that a teacher chose in Q would be fought one write later."""
    room = Room().linked()
    room.line_items = [line_item(category_id="k9")]
    room.assignments = [assignment(name="Quiz one")]
    first = room.item()
    assert first.verdicts["title"] == "changed"
    assert confirmed_fields(first) == fields("Quiz one")
    room.memory["items"] = {key(): SentItem(item_id(), confirmed_fields(first), "Quiz one")}
    room.line_items = [line_item(title="Quiz one", category_id="k9")]
    assert (room.item().code, room.item().verb) == ("line_item.kept", "")


def test_a_field_changed_on_both_sides_is_a_conflict_after_the_next_write_too():
    room = Room().linked()
    room.categories.append(Category("k2", "Projects"))
    room.groups = [AssignmentGroup("g1", "Projects")]
    room.line_items = [line_item(category_id="k9")]
    assert confirmed_fields(room.item()) == fields()


def test_what_is_adopted_is_kept_as_if_we_had_sent_it():
    room = Room()
    room.line_items = [line_item("theirs", category_id="k9")]
    line = room.item()
    assert (line.link, confirmed_fields(line)) == (True, fields())
    assert confirmed_fields(replace(line, canvas=None)) is None


def test_what_needed_no_write_is_learned_all_the_same():
    room = Room().linked()
    room.results, room.submissions = [result("17")], [graded("17")]
    assert learned(room.score()) == Sent(NEW)
    room.confirmed(NEW)
    assert learned(room.score()) is None
    room.results, room.submissions = [], [graded(None)]
    assert learned(room.score()) == Sent(None)
    assert learned(changed()) is None
    assert learned(replace(changed(), action="same", code="score.kept")) is None


class NewestStands(RuleBasedStateMachine):
    """A teacher grades, plans are made at any time and carried out in any order, some twice.

    Each write is preceded by `may_send` and followed by a read-back, as the shell does it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.room = Room().linked()
        self.minutes = 0
        self.graded: dict[Decimal, int] = {}
        self.plans: list[ScoreLine] = []
        self.sent: Sent | None = None
        self.newest_sent = -1

    @rule(score=st.integers(0, 40))
    def grade(self, score: int) -> None:
        self.minutes += 1
        number = Decimal(score) + Decimal(self.minutes) / 100  # so that it tells when it was given
        self.graded[number] = self.minutes
        at = GRADED + timedelta(minutes=self.minutes)
        self.room.submissions = [graded(str(number), graded_at=at, posted_at=at)]

    @rule(back=st.integers(1, 3))
    @precondition(lambda self: self.graded)
    def read_a_stale_canvas(self, back: int) -> None:
        """A replica of Canvas may lag behind."""
        now = self.room.submissions
        number, minute = list(self.graded.items())[-back:][0]
        at = GRADED + timedelta(minutes=minute)
        self.room.submissions = [graded(str(number), graded_at=at, posted_at=at)]
        self.make_a_plan()
        self.room.submissions = now

    @rule()
    def make_a_plan(self) -> None:
        self.room.memory["sent"] = {}
        if self.sent is not None:
            self.room.confirmed(self.sent.value)
        self.plans.append(self.room.score())

    @rule(data=st.data())
    @precondition(lambda self: self.plans)
    def carry_out(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(self.plans))
        if not may_send(line, self.sent):
            return
        held = intended(line)
        self.room.results = [result(str(held.score))]
        self.sent = Sent(held)
        assert self.graded[held.score] >= self.newest_sent
        self.newest_sent = self.graded[held.score]

    @invariant()
    def q_never_went_back(self) -> None:
        for one in self.room.results:
            assert self.graded[one.value.score] == self.newest_sent


NewestStands.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestNewestStands = NewestStands.TestCase
