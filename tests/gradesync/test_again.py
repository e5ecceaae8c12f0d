"""Plan, carry out, read back, plan again: whatever the course is, the second plan writes nothing.

Q is here the least that holds objects: a PUT replaces one, a DELETE takes it away.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gradesync import wire
from gradesync.effects import confirmed_fields, learned
from gradesync.inverse import QNow, decision_after, inverse
from gradesync.lines import ItemLine, Line, ScoreLine, intended
from gradesync.profile import Profile
from gradesync.readings import Sent, SentItem
from integration.oneroster.gradebook_types import MARKER, LineItem, LineItemFields, Result, Value
from tests.gradesync.makers import GRADED, Room, assignment, graded, rules

STUDENTS = ("s1", "s2", "s3")


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def read_line_item(raw: dict[str, Any]) -> LineItem:
    fields = LineItemFields(
        raw["title"],
        raw.get("category", {}).get("sourcedId", ""),
        raw.get("resultValueMax"),
        instant(raw.get("dueDate")),
        instant(raw.get("assignDate")),
        raw.get("gradingPeriod", {}).get("sourcedId", ""),
    )
    marker = raw.get("metadata", {}).get(MARKER, "")
    return LineItem(raw["sourcedId"], raw["class"]["sourcedId"], fields, marker, raw=raw)


def read_result(raw: dict[str, Any]) -> Result:
    value = Value(raw.get("score"), raw["scoreStatus"], raw.get("comment"))
    ids = raw["sourcedId"], raw["lineItem"]["sourcedId"], raw["student"]["sourcedId"]
    return Result(*ids, value, raw=raw)


class Q:
    """Its objects by sourcedId."""

    def __init__(self) -> None:
        self.line_items: dict[str, dict[str, Any]] = {}
        self.results: dict[str, dict[str, Any]] = {}

    def carry_out(self, line: Line) -> None:
        held = self.line_items if isinstance(line, ItemLine) else self.results
        if line.verb == "PUT":
            held[line.sourced_id] = dict(wire.decoded(line.body))
        elif line.verb == "DELETE":
            del held[line.sourced_id]

    def shown_in(self, room: Room) -> None:
        room.line_items = [read_line_item(one) for one in self.line_items.values()]
        room.results = [read_result(one) for one in self.results.values()]


def sync(room: Room, q: Q) -> list[Line]:
    """As the shell will do it; gives the lines that were written."""
    q.shown_in(room)
    lines = room.plan()
    items = room.memory.setdefault("items", {})
    sent = room.memory.setdefault("sent", {})
    for line in lines:
        q.carry_out(line)
        if isinstance(line, ItemLine) and (line.verb or line.link or line.action == "same"):
            items[line.item] = SentItem(line.sourced_id, confirmed_fields(line), line.source)
        elif isinstance(line, ScoreLine) and line.verb:
            sent[line.cell] = Sent(intended(line))
        elif isinstance(line, ScoreLine) and (known := learned(line)):
            sent[line.cell] = known
    return [one for one in lines if one.verb]


works = st.builds(
    lambda canvas_id, **fields: assignment(canvas_id, **fields),
    canvas_id=st.sampled_from(["1", "2", "10"]),
    name=st.sampled_from(["Quiz", "QUIZ", "Essay", "An essay with a very long name indeed"]),
    points_possible=st.sampled_from([Decimal(20), Decimal("7.5"), Decimal(0)]),
    grading_type=st.sampled_from(["points", "pass_fail"]),
    posts_manually=st.booleans(),
    is_published=st.sampled_from([True, True, True, False]),
)
courses = st.lists(works, max_size=3, unique_by=lambda one: one.canvas_id)
rows = st.builds(
    lambda score, student, work, **fields: graded(score, student, work, **fields),
    score=st.none() | st.decimals(-1, 25, places=3).map(str),
    student=st.sampled_from(STUDENTS),
    work=st.sampled_from(["1", "2", "10"]),
    is_excused=st.booleans(),
    is_missing=st.booleans(),
    is_late=st.booleans(),
    posted_at=st.sampled_from([GRADED, GRADED, None]),
)
gradebooks = st.lists(rows, max_size=9, unique_by=lambda one: (one.student_id, one.assignment_id))
choices = st.fixed_dictionaries(
    {
        "scale": st.sampled_from(["points", "percent"]),
        "decimals": st.integers(0, 3),
        "missing": st.sampled_from(["nothing", "not-submitted", "zero"]),
        "comments": st.sampled_from(["none", "marks"]),
        "zero_points": st.sampled_from(["skip", "send"]),
    }
)
profiles = st.builds(
    Profile,
    deletes_results=st.booleans(),
    deletes_line_items=st.booleans(),
    takes_not_submitted_without_score=st.booleans(),
    takes_exempt_without_score=st.booleans(),
    takes_negative=st.booleans(),
    takes_zero_maximum=st.booleans(),
    title_limit=st.sampled_from([30, 255]),
)


def room_of(course, rows_, chosen, profile) -> Room:
    room = Room(*STUDENTS, settings=chosen, profile=profile)
    room.assignments, room.submissions = course, rows_
    return room


@settings(max_examples=40, deadline=None)
@given(courses, gradebooks, gradebooks, choices, profiles)
def test_f47_the_second_plan_writes_nothing_and_the_next_only_what_changed(
    course, before, after, chosen, profile
):
    room, q = room_of(course, before, chosen, profile), Q()
    sync(room, q)
    assert sync(room, q) == []
    room.submissions = after
    written = sync(room, q)
    old = {(one.student_id, one.assignment_id): one for one in before}
    new = {(one.student_id, one.assignment_id): one for one in after}
    for line in written:
        cell = line.student_id, line.item.canvas_id
        assert old.get(cell) != new.get(cell)
    assert sync(room, q) == []


@settings(max_examples=40, deadline=None)
@given(courses, gradebooks, gradebooks, choices, profiles)
def test_undo_gives_back_what_q_held_and_the_next_sync_respects_it(
    course, before, after, chosen, profile
):
    room, q = room_of(course, before, chosen, profile), Q()
    sync(room, q)
    then = {key: read_result(raw).value for key, raw in q.results.items()}
    room.submissions = after
    written = {one.key: one for one in sync(room, q)}
    q.shown_in(room)
    now = QNow(
        {one.sourced_id: one for one in room.line_items},
        {one.sourced_id: [r for r in room.results if r.line_item_id == one.sourced_id]
         for one in room.line_items},
    )  # fmt: skip
    waiting = 0
    decisions = room.memory.setdefault("decisions", {})
    for line in inverse(written.values(), now, later=(), rules=rules(profile=profile)):
        q.carry_out(line)
        waiting += not line.verb
        original = written[line.key]
        if isinstance(line, ScoreLine) and isinstance(original, ScoreLine) and line.verb:
            decisions[line.cell] = decision_after(line, original)
            room.memory["sent"][line.cell] = Sent(decisions[line.cell].q)
    left = {key: read_result(raw).value for key, raw in q.results.items()}
    emptied = {key: one for key, one in left.items() if key not in then}
    assert {key: one for key, one in left.items() if key in then} == then
    if not waiting:
        assert all(one.status == "not submitted" for one in emptied.values())
    assert sync(room, q) == []
