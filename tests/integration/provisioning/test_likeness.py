"""Which two ids are one thing, and which one id is two."""

from __future__ import annotations

from collections import Counter

import pytest

from integration.provisioning.likeness import (
    ClassFacts,
    Turnover,
    another_person,
    by_mail_and_name,
    is_recycled,
    same_accounts,
    same_classes,
    same_person,
    same_terms,
)
from integration.provisioning.rows import AccountRow, TermRow, UserRow

SAM = UserRow("sam", "Sam", "Sam", "Reed", "sam@example.org", "active")


def person(user_id: str = "s2", **fields: str) -> UserRow:
    return SAM._replace(user_id=user_id, **fields)


# --- people -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "same login and name"),
        ({"login_id": "SAM", "first_name": " sam "}, "same login and name"),
        ({"last_name": "Young", "email": ""}, "same login and name"),
        ({"first_name": "S.", "last_name": "Young"}, "same login and name"),
        ({"first_name": "Zoe", "last_name": "Young", "email": "zoe@example.org"}, ""),
        ({"login_id": "other"}, "same e-mail and name"),
        ({"login_id": "other", "email": "SAM@example.org"}, "same e-mail and name"),
        ({"login_id": "other", "email": ""}, ""),
        ({"login_id": "other", "first_name": "Zoe"}, ""),
    ],
)
def test_a_person_is_known_again_by_login_or_mail_and_never_without_a_name(fields, told):
    assert same_person(SAM, person(**fields)) == told


def test_of_several_with_one_name_and_mail_nobody_is_taken_for_anybody():
    gone, new = [SAM], [person("a", login_id="a"), person("b", login_id="b")]
    assert by_mail_and_name(gone, new[:1]) == [("sam", "a")]
    assert by_mail_and_name(gone, new) == []
    assert by_mail_and_name([SAM, person("s3")], new[:1]) == []


def test_nobody_without_a_mail_is_known_again_by_it():
    assert by_mail_and_name([person("a", email="")], [person("b", email="")]) == []


@pytest.mark.parametrize(
    ("fields", "is_another"),
    [
        ({"login_id": "zoe", "first_name": "Zoe", "last_name": "Y", "email": "z@x.org"}, True),
        ({"login_id": "zoe", "first_name": "Zoe", "last_name": "Y", "email": ""}, True),
        ({"first_name": "Zoe", "last_name": "Y", "email": "z@x.org"}, False),
        ({"login_id": "zoe", "first_name": "Zoe", "last_name": "Y"}, False),
        ({"login_id": "zoe", "last_name": "Y", "email": "z@x.org"}, False),
    ],
)
def test_an_id_is_somebody_elses_only_if_name_login_and_mail_all_changed(fields, is_another):
    assert another_person(SAM, person("sam", **fields)) is is_another


def test_what_nobody_ever_had_is_no_sign_of_the_same_person():
    before = person("sam", email="")
    after = person("sam", email="", login_id="zoe", first_name="Zoe", last_name="Young")
    assert another_person(before, after)


# --- terms and accounts -------------------------------------------------------------------------


def term(term_id: str, name: str = "Fall", start: str = "a", end: str = "b") -> TermRow:
    return TermRow(term_id, name, "active", start, end)


NOBODY_MOVED: Counter[tuple[str, str]] = Counter()


def test_a_term_is_known_again_by_title_and_dates():
    assert same_terms([term("T1")], [term("T2", "FALL ")], NOBODY_MOVED) == [("T1", "T2")]


@pytest.mark.parametrize("other", [term("T2", "Autumn"), term("T2", end="c")])
def test_a_term_with_another_title_or_date_is_another(other):
    assert same_terms([term("T1")], [other], NOBODY_MOVED) == []


def test_a_term_of_equal_dates_to_which_the_courses_went_is_the_same():
    moved = Counter({("T1", "T2"): 9, ("T1", "T3"): 1})
    new = [term("T2", "Autumn"), term("T3", "Autumn block")]
    assert same_terms([term("T1")], new, moved) == [("T1", "T2")]
    assert same_terms([term("T1")], [term("T2", "Autumn", end="c")], moved) == []


def test_an_organisation_is_known_again_by_its_name_under_the_same_parent_or_its_successor():
    def account(account_id: str, parent: str, name: str) -> AccountRow:
        return AccountRow(account_id, parent, name, "active")

    gone = [account("A", "", "North area"), account("S", "A", "North High")]
    new = [account("xS", "xA", "North High"), account("xA", "", "North Area")]
    assert sorted(same_accounts(gone, new)) == [("A", "xA"), ("S", "xS")]
    assert same_accounts(gone[:1], [account("xA", "B", "North area")]) == []


# --- classes ------------------------------------------------------------------------------------


def facts(section: str, students: str = "", teachers: str = "T", **fields: str) -> ClassFacts:
    given = {"school": "north", "term": "fall", "title": "Algebra", "code": "A1"} | fields
    return ClassFacts(
        section,
        given.pop("course", section),
        **given,
        students=frozenset(students),
        teachers=frozenset(teachers),
    )


OLD = facts("old", "abcdef")


@pytest.mark.parametrize(
    "new",
    [
        facts("new", "abcdef"),
        facts("new", "abcdef", title="Algebra I"),
        facts("new", "abcdef", code="A9", teachers="U"),
        facts("new", "abcxyz", teachers="U"),
        facts("new", "", code="A9"),
        facts("new", "", teachers="U"),
        facts("new", "abcdef", title="Other", code="Z", course="old", teachers=""),
    ],
)
def test_a_class_is_known_again_by_its_name_and_its_people(new):
    assert list(same_classes([OLD], [new])) == [("old", "new")]


@pytest.mark.parametrize(
    "new",
    [
        facts("new", "abcdef", school="south"),
        facts("new", "abcdef", term="spring"),
        facts("new", "abcdef", title="Biology", code="B1"),
        facts("new", "uvwxyz"),
        facts("new", "", code="A9", teachers="U"),
    ],
)
def test_a_class_elsewhere_or_of_other_people_is_another(new):
    assert same_classes([OLD], [new]) == {}


def test_sections_of_one_name_are_told_apart_by_their_students():
    gone = [facts("o1", "abcdef", code=""), facts("o2", "ghijkl", code="")]
    new = [facts("n2", "ghijkx", code=""), facts("n1", "abcdey", code="")]
    assert sorted(same_classes(gone, new)) == [("o1", "n1"), ("o2", "n2")]


def test_what_cannot_be_told_apart_is_not_taken_for_one_another():
    assert same_classes([facts("o1"), facts("o2")], [facts("n1")]) == {}
    assert same_classes([facts("o1", "abcdef")], [facts("n1", "abc"), facts("n2", "def")]) == {}


def test_the_evidence_is_told_in_words():
    (told,) = same_classes([OLD], [facts("new", "abcdef")]).values()
    assert told == "same title, code, teacher, 100% of the students"


# --- recycled ids -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "people", "is_another"),
    [
        ("term title", (30, 30, 28), True),
        ("term later", (30, 30, 28), True),
        ("school title", (30, 29, 5), True),
        ("term title", (30, 2, 3), False),
        ("term later", (30, 4, 4), False),
        ("term", (30, 30, 30), False),
        ("title", (30, 30, 30), False),
        ("term title", (0, 0, 20), True),
        ("term later", (0, 0, 20), False),
        # Where it is not proven who left, those who came tell.
        ("term title", (30, 0, 28), True),
    ],
)
def test_an_id_is_another_classs_if_its_facts_and_its_people_changed(facts, people, is_another):
    flags = {name: name in facts.split() for name in ("school", "term", "title", "later")}
    counts = dict(zip(("people", "left", "came"), people, strict=True))
    assert is_recycled(Turnover(**flags, **counts)) is is_another
