"""What differs between a night's rows and what Canvas last accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.provisioning.adoption import as_row
from integration.provisioning.compare import (
    Accepted,
    Comparison,
    Planned,
    judged,
    removed,
    same_in_canvas,
    unsure,
)
from integration.provisioning.enrollments import preferred
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    OBSERVERS,
    SECTIONS,
    TERMS,
    USERS,
    Kind,
    Row,
    digest,
)

OURS, REMOVED, SEEN = "ours", "removed", "seen"


def accepted(row: tuple[str | None, ...], how: str = OURS) -> Accepted:
    return Accepted(row, digest(as_row(row)), ours=how != SEEN, removed=how == REMOVED)


@dataclass
class Night:
    """One kind compared batch by batch, and settled as a caller settles it."""

    kind: Kind
    there: Mapping[str, Accepted] = field(default_factory=dict)
    looked_up: int = 0

    def __post_init__(self) -> None:
        self.comparison = Comparison(
            self.kind,
            {one.digest for one in self.there.values() if one.ours and not one.removed},
            find=self._find,
            group_of=lambda row: f"school of {row[0]}",
        )
        self.plan: dict[str, Planned] = {}

    def _find(self, keys: Collection[str]) -> Mapping[str, Accepted]:
        self.looked_up += len(keys)
        return {key: self.there[key] for key in keys if key in self.there}

    def take(self, *batches: Iterable[Row]) -> Night:
        for batch in batches:
            for line in self.comparison.take(batch):
                assert line.key not in self.plan
                self.plan[line.key] = line
        return self

    def settle(self) -> dict[str, tuple[str, Row]]:
        """`preferred` decides between what is planned and what came besides."""
        for line in self.comparison.duplicates:
            planned = self.plan.get(line.key)
            if planned and preferred(line.after, planned.after) is line.after:
                self.plan[line.key] = judged(self.kind, line, self.there.get(line.key))
        return {
            key: (line.action, line.after)
            for key, line in self.plan.items()
            if line.action != "equal"
        }

    @property
    def gone(self) -> set[str]:
        unseen = self.comparison.unseen
        return {
            key
            for key, one in self.there.items()
            if one.ours and not one.removed and one.digest in unseen
        }


def night(kind: Kind, *there: Accepted) -> Night:
    return Night(kind, {kind.key(as_row(one.row)): one for one in there})


def person(user_id: str = "u1", login: str = "sam", email: str = "sam@x") -> Row:
    return (user_id, login, "Sam", "Reed", email, "active")


def seat(user: str = "u1", end: str = "", start: str = "", status: str = "active") -> Row:
    return ("s1", user, "student", status, start, end)


# --- one row ------------------------------------------------------------------------------------


def test_an_unchanged_row_is_the_same_and_is_not_looked_up():
    tonight = night(USERS, accepted(person())).take([person()])
    assert (tonight.plan, tonight.comparison.same, tonight.gone) == ({}, 1, set())
    assert tonight.looked_up == 0


def test_a_new_row_is_added_in_its_school():
    (line,) = night(USERS).take([person()]).plan.values()
    assert line == Planned("u1", "added", None, person(), digest(person()), "school of u1")


def test_a_row_with_another_value_is_changed_and_keeps_what_was_there():
    tonight = night(USERS, accepted(person())).take([person(login="sreed")])
    (line,) = tonight.plan.values()
    assert (line.action, line.before, line.after) == ("changed", person(), person(login="sreed"))
    assert (line.reason, tonight.comparison.same, tonight.gone) == ("", 0, set())


def test_a_row_that_does_not_come_is_unseen():
    assert night(USERS, accepted(person("u1")), accepted(person("u2"))).take(
        [person("u2")]
    ).gone == {"u1"}


def test_a_row_that_was_removed_and_comes_again_is_returned():
    tonight = night(ENROLLMENTS, accepted(seat(status="inactive"), REMOVED)).take([seat()])
    (line,) = tonight.plan.values()
    assert (line.action, line.reason, line.before) == (
        "changed",
        "returned",
        seat(status="inactive"),
    )


def test_a_kept_user_who_comes_again_unchanged_is_sent_again():
    tonight = night(USERS, accepted(person(), REMOVED)).take([person()])
    assert [line.reason for line in tonight.plan.values()] == ["returned"]


def test_what_canvas_holds_as_wanted_already_is_recorded_and_not_sent():
    tonight = night(USERS, accepted(person(email=None), SEEN)).take([person(email="")])
    assert tonight.comparison.same == 1
    assert [(line.action, line.after) for line in tonight.plan.values()] == [
        ("equal", person(email=""))
    ]


def test_what_was_only_seen_in_canvas_is_never_gone():
    assert night(USERS, accepted(person(), SEEN)).take([]).gone == set()


def test_nothing_is_taken_for_nothing():
    assert night(USERS).take([], []).plan == {}


# --- the same key twice -------------------------------------------------------------------------

LONG, SHORT, MIDDLE = seat(), seat(end="2026-10-01"), seat(end="2026-11-01")


@pytest.mark.parametrize("there", [None, LONG, SHORT, MIDDLE])
@pytest.mark.parametrize(
    "batches", [[[LONG, SHORT]], [[SHORT, LONG]], [[LONG], [SHORT]], [[SHORT], [LONG]]]
)
def test_of_two_rows_with_one_key_the_current_one_counts_and_the_other_is_told(there, batches):
    tonight = night(ENROLLMENTS, *([accepted(there)] if there else [])).take(*batches)
    action = "changed" if there else "added"
    assert tonight.settle() == ({} if there == LONG else {"s1\x1fu1\x1fstudent": (action, LONG)})
    assert {line.key for line in tonight.comparison.duplicates} == {"s1\x1fu1\x1fstudent"}
    assert tonight.gone == set()


@pytest.mark.parametrize("batches", [[[LONG, LONG]], [[LONG], [LONG]]])
def test_an_unchanged_row_that_comes_twice_is_told_and_not_recorded_anew(batches):
    tonight = night(ENROLLMENTS, accepted(LONG)).take(*batches)
    assert (tonight.plan, tonight.comparison.same) == ({}, 1)
    assert len(tonight.comparison.duplicates) == 1


@pytest.mark.parametrize("batches", [[[SHORT], [LONG]], [[LONG], [SHORT]]])
def test_a_better_row_takes_the_place_of_one_that_canvas_holds_already(batches):
    tonight = night(ENROLLMENTS, accepted(SHORT, SEEN)).take(*batches)
    assert tonight.settle() == {"s1\x1fu1\x1fstudent": ("changed", LONG)}


rows = st.builds(
    seat,
    st.sampled_from(["u1", "u2"]),
    st.sampled_from(["", "2026-10-01", "2026-11-01"]),
    st.sampled_from(["", "2026-08-15"]),
)
kept = st.dictionaries(
    st.sampled_from(["u1", "u2"]), st.tuples(rows, st.sampled_from([OURS, REMOVED, SEEN]))
)


def verdict(there: Accepted | None, wanted: Row) -> tuple[str, Row] | None:
    """What should become of one wanted row."""
    if there is None:
        return ("added", wanted)
    if not there.removed and there.row == wanted:
        return None
    return ("changed", wanted)


@given(kept, st.lists(rows, max_size=8), st.lists(st.integers(0, 8), max_size=4))
def test_the_plan_is_the_same_for_every_order_and_every_split(kept, records, cuts):
    there = [accepted((row[0], user, *row[2:]), how) for user, (row, how) in kept.items()]
    edges = [0, *sorted(cuts), len(records)]
    batches = [records[start:end] for start, end in pairwise(edges)]
    tonight = night(ENROLLMENTS, *there).take(*batches)
    wanted: dict[str, Row] = {}
    for row in records:
        key = ENROLLMENTS.key(row)
        wanted[key] = preferred(wanted.get(key, row), row)
    verdicts = {key: verdict(tonight.there.get(key), row) for key, row in wanted.items()}
    assert tonight.settle() == {key: found for key, found in verdicts.items() if found}
    ours = {key for key, one in tonight.there.items() if one.ours and not one.removed}
    assert tonight.gone == ours - set(wanted)


@given(st.lists(rows, max_size=8), st.lists(rows, max_size=8))
def test_a_plan_that_was_carried_out_plans_nothing_the_next_night(yesterday, today):
    held = night(ENROLLMENTS)
    for records in (yesterday, today):
        settled = held.take(records).settle()
        left = {key: one for key, one in held.there.items() if key not in held.gone}
        held = Night(ENROLLMENTS, left | {key: accepted(row) for key, (_, row) in settled.items()})
    again = held.take(today)
    assert (again.settle(), again.gone) == ({}, set())


@given(st.lists(rows, unique_by=lambda row: row[1]), st.data())
def test_every_row_without_a_twin_is_counted_once(records, data):
    there = [accepted(row) for row in data.draw(st.permutations(records))[: len(records) // 2]]
    tonight = night(ENROLLMENTS, *there).take(records)
    sent = [line for line in tonight.plan.values() if line.action != "equal"]
    assert tonight.comparison.same + len(sent) == len(records)
    assert tonight.comparison.duplicates == []


# --- would it change anything in Canvas ---------------------------------------------------------

TERM = ("t1", "Fall", "active", "2026-08-15T05:00:00Z", "2026-12-19T05:59:59Z")
COURSE = ("c1", "A1", "Algebra", "north", "t1", "active")


def having(kind: Kind, row: Row, **columns: str | None) -> tuple[str | None, ...]:
    return tuple(columns.get(name, value) for name, value in zip(kind.columns, row, strict=True))


@pytest.mark.parametrize(
    ("kind", "row", "there", "same"),
    [
        (TERMS, TERM, {}, True),
        (TERMS, TERM, {"name": "fall"}, False),
        (TERMS, TERM, {"start_date": "2026-08-15T00:00:00-05:00"}, True),
        (TERMS, TERM, {"start_date": "2026-08-15T05:00:00+00:00"}, True),
        (TERMS, TERM, {"start_date": "2026-08-15T05:00:01Z"}, False),
        (TERMS, TERM, {"start_date": "2026-08-15"}, False),
        (TERMS, TERM, {"start_date": "Aug 15, 2026"}, False),
        (TERMS, TERM, {"start_date": ""}, False),
        (TERMS, TERM, {"start_date": None}, False),
        (COURSES, COURSE, {"status": "unpublished"}, True),
        (COURSES, COURSE, {"status": "available"}, True),
        (COURSES, COURSE, {"status": "completed"}, False),
        (COURSES, COURSE, {"status": None}, False),
        (COURSES, (*COURSE[:3], "", *COURSE[4:]), {"account_id": "north"}, True),
        (COURSES, (*COURSE[:4], "", "active"), {"term_id": "t1"}, False),
        (USERS, person(email=""), {"email": "sam@x"}, True),
        (USERS, person(), {"email": ""}, False),
        (USERS, person(), {"status": "suspended"}, False),
        (SECTIONS, ("s", "c", "A", "active", "", ""), {"start_date": None, "end_date": None}, True),
        (
            SECTIONS,
            ("s", "c", "A", "active", "", ""),
            {"start_date": "2026-08-15T05:00:00Z"},
            False,
        ),
        (ENROLLMENTS, seat(), {"status": "inactive"}, False),
        (ENROLLMENTS, seat(), {"status": "created"}, False),
        (ACCOUNTS, ("a", "", "A", "active"), {"parent_account_id": "b"}, False),
    ],
)
def test_a_row_is_sent_if_canvas_would_not_stay_as_it_is(kind, row, there, same):
    assert same_in_canvas(kind, having(kind, row, **there), row) is same


# --- rows that Q no longer holds ----------------------------------------------------------------


@pytest.mark.parametrize("status", ["inactive", "completed", "deleted"])
def test_an_enrollment_goes_the_step_of_the_ladder_that_the_district_chose(status):
    dated = seat(end="2026-10-01", start="2026-08-15")
    after, action = removed(ENROLLMENTS, "key", accepted(dated), status)
    assert (after, action) == (seat(end="2026-10-01", start="2026-08-15", status=status), "removed")


@pytest.mark.parametrize(
    ("sent", "first", "to"),
    [
        ("active", "inactive", "inactive"),
        ("inactive", "inactive", "inactive"),
        ("completed", "inactive", "completed"),
        ("deleted", "completed", "deleted"),
        ("inactive", "completed", "completed"),
        ("invited", "inactive", "inactive"),
    ],
)
def test_a_step_that_canvas_may_have_taken_is_repeated_and_never_taken_back(sent, first, to):
    doubtful = accepted(unsure(ENROLLMENTS, seat(status=sent)))
    assert removed(ENROLLMENTS, "key", doubtful, first) == (seat(status=to), "removed")


def test_a_step_that_canvas_has_taken_is_no_step_of_a_row_that_is_there():
    assert removed(ENROLLMENTS, "key", accepted(seat(status="completed")), "inactive") == (
        seat(status="inactive"),
        "removed",
    )


def test_an_observer_is_deleted_whatever_the_ladder():
    after, action = removed(OBSERVERS, "key", accepted(("g", "s", "active")), "inactive")
    assert (after, action) == (("g", "s", "deleted"), "removed")


@pytest.mark.parametrize("kind", [ACCOUNTS, TERMS, COURSES, SECTIONS, USERS], ids=lambda k: k.name)
def test_everything_else_is_kept_as_it_is(kind):
    row = tuple(map(str, range(len(kind.columns))))
    assert removed(kind, "key", accepted(row), "deleted") == (row, "kept")


def test_a_row_of_which_nobody_knows_whether_canvas_took_it_is_sent_again_as_it_is():
    doubtful = accepted(unsure(USERS, person()))
    (line,) = night(USERS, doubtful).take([person()]).plan.values()
    assert (line.action, line.reason, line.after) == ("changed", "unconfirmed", person())


def test_a_doubtful_row_that_q_no_longer_holds_is_taken_away():
    doubtful = accepted(unsure(ENROLLMENTS, seat()))
    assert night(ENROLLMENTS, doubtful).take([]).gone == {"s1\x1fu1\x1fstudent"}
