"""A part of a plan goes with all that it stands on, and with nothing else."""

from __future__ import annotations

import pytest

from integration.provisioning.part import Line, Part, chosen, stranded
from integration.provisioning.rows import ACCOUNTS, COURSES, KINDS, TERMS, USERS, Kind

PLAN: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "accounts": [
        ("", ("area", "", "Area", "active")),
        ("S1", ("S1", "area", "One", "active")),
        ("S2", ("S2", "", "Two", "active")),
    ],
    "terms": [("", ("T1", "Fall", "active", "", "")), ("", ("T2", "Spring", "active", "", ""))],
    "courses": [
        ("S1", ("c1", "C", "Course", "S1", "T1", "active")),
        ("S2", ("c2", "C", "Course", "S2", "T2", "active")),
    ],
    "sections": [
        ("S1", ("k1", "c1", "K", "active", "", "")),
        ("S2", ("k2", "c2", "K", "active", "", "")),
    ],
    "users": [
        ("S1", ("u1", "u1", "A", "B", "", "active")),
        ("S2", ("u2", "u2", "A", "B", "", "active")),
    ],
    "enrollments": [
        ("S1", ("k1", "u1", "student", "active", "", "")),
        ("S1", ("k1", "u2", "student", "active", "", "")),
        ("S2", ("k2", "u2", "student", "active", "", "")),
    ],
    "observers": [],
}


def lines_of(kind: Kind) -> list[Line]:
    return [Line(kind.key(row), school, row) for school, row in PLAN[kind.name]]


def goes(part: Part, lines=lines_of) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {kind.name: set() for kind in KINDS}
    for kind, key in chosen(part, lines):
        found[kind.name].add(key.replace("\x1f", "/"))
    return found


def test_the_whole_plan_goes_where_no_part_is_named():
    assert {kind: len(keys) for kind, keys in goes(Part()).items()} == {
        kind: len(rows) for kind, rows in PLAN.items()
    }


def test_a_school_goes_with_its_accounts_terms_and_people_from_elsewhere():
    assert goes(Part(schools=frozenset({"S1"}))) == {
        "accounts": {"S1", "area"},
        "terms": {"T1"},
        "courses": {"c1"},
        "sections": {"k1"},
        "users": {"u1", "u2"},
        "enrollments": {"k1/u1/student", "k1/u2/student"},
        "observers": set(),
    }


def test_a_kind_goes_with_all_that_it_stands_on():
    found = goes(Part(kinds=frozenset({"sections"})))
    assert found["sections"] == {"k1", "k2"}
    assert found["courses"] == {"c1", "c2"}
    assert (found["users"], found["enrollments"]) == (set(), set())


def test_what_is_there_already_is_not_needed_from_the_plan():
    only = goes(
        Part(kinds=frozenset({"enrollments"})),
        lambda kind: lines_of(kind) if kind.name == "enrollments" else [],
    )
    assert len(only.pop("enrollments")) == 3
    assert not any(only.values())


@pytest.mark.parametrize("school", ["S1", "S2"])
def test_two_parts_of_a_plan_are_the_whole(school):
    one = goes(Part(schools=frozenset({school})))
    rest = goes(Part(schools=frozenset({"", "S1", "S2"}) - {school}))
    whole = goes(Part())
    assert {kind: one[kind] | rest[kind] for kind in whole} == whole


@pytest.mark.parametrize(
    ("resting", "with_it"),
    [
        ({}, {}),
        ({USERS: {"u1"}}, {"enrollments": {"k1/u1/student"}}),
        (
            {TERMS: {"T2"}},
            {"courses": {"c2"}, "sections": {"k2"}, "enrollments": {"k2/u2/student"}},
        ),
        (
            {ACCOUNTS: {"area"}},
            {
                "accounts": {"S1", "deep"},
                "courses": {"c1"},
                "sections": {"k1"},
                "enrollments": {"k1/u1/student", "k1/u2/student"},
            },
        ),
    ],
)
def test_what_stands_on_something_that_rests_rests_with_it_all_the_way_down(resting, with_it):
    found: dict[str, set[str]] = {}
    deep = Line("deep", "deep", ("deep", "S1", "Deep", "active"))
    lines = lambda kind: [*([deep] if kind is ACCOUNTS else []), *lines_of(kind)]  # noqa: E731
    for kind, key in stranded(resting, lines):
        found.setdefault(kind.name, set()).add(key.replace("\x1f", "/"))
    assert found == with_it


def test_what_canvas_has_bears_what_stands_on_it_whatever_becomes_of_its_change():
    moved = Line("c2", "S2", ("c2", "C", "Course", "S2", "T2", "active"), is_new=False)
    lines = lambda kind: [moved] if kind is COURSES else lines_of(kind)  # noqa: E731
    assert [key for _, key in stranded({TERMS: {"T2"}}, lines)] == ["c2"]
