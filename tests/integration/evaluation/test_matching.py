"""Two whole sides made from one truth: what was changed on the way is what must be found."""

from __future__ import annotations

from random import Random

import pytest

from integration.evaluation.entries import Counts, entries
from integration.evaluation.matching import match
from integration.evaluation.sides import CanvasSide, QSide
from integration.evaluation.verdict import common_change, headline, points
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    SECTIONS,
    TERMS,
    USERS,
    AccountRow,
    CourseRow,
    SectionRow,
    TermRow,
    UserRow,
)

TITLES = ("Algebra", "Biology", "Chemistry", "Drama", "English")


class Truth:
    """A district as both sides hold it, and what was changed in Canvas's copy of it."""

    def __init__(self, seed: int, *, schools: int = 4, students: int = 60) -> None:
        self.random = Random(seed)
        self.q, self.canvas = QSide(), CanvasSide()
        self.canvas_id: dict[str, str] = {}
        self.lost: set[tuple[str, str]] = set()
        self.colliding: set[str] = set()
        self.new: set[str] = set()
        self._term()
        for school in range(schools):
            self._school(f"S{school}", students)

    def _id(self, q_id: str) -> str:
        """What Canvas calls it: often the same, often something that tells nothing."""
        if q_id not in self.canvas_id:
            other = f"{self.random.getrandbits(64):x}"
            self.canvas_id[q_id] = self.random.choice((q_id, other))
        return self.canvas_id[q_id]

    def _term(self) -> None:
        row = TermRow("T", "2026-27", "active", "2026-08-01T00:00:00Z", "2027-06-01T00:00:00Z")
        self.q.rows[TERMS]["T"] = row
        self.canvas.rows[TERMS][self._id("T")] = row._replace(term_id=self._id("T"))

    def _school(self, school: str, students: int) -> None:
        row = AccountRow(school, "", f"School {school}", "active")
        self.q.rows[ACCOUNTS][school] = row
        self.canvas.rows[ACCOUNTS][self._id(school)] = row._replace(account_id=self._id(school))
        people = [f"{school}-P{number}" for number in range(students)]
        for person in people:
            self._user(person, school)
        for number, title in enumerate(TITLES):
            self._class(f"{school}-K{number}", title, school, self.random.sample(people, 20))

    def _user(self, key: str, school: str) -> None:
        mail = f"{key}@example.org".lower()
        row = UserRow(key, mail, "Given", f"Family {key}", mail, "active")
        self.q.rows[USERS][key] = row
        self.q.school_of = {**self.q.school_of, key: school}
        fate = self.random.random()
        if fate < 0.05:
            self.new.add(key)
            return
        if fate < 0.1:  # somebody else has the login there
            self.colliding.add(key)
            other = UserRow(f"x{key}", mail, "Else", "Body", f"x{mail}", "active")
            self.canvas.rows[USERS][other.user_id] = other
            return
        there = row._replace(user_id=self._id(key))
        if fate < 0.2:  # only the name and the e-mail are left to tell by
            there = there._replace(login_id=f"old-{mail}")
        self.canvas.rows[USERS][there.user_id] = there

    def _class(self, key: str, title: str, school: str, people: list[str]) -> None:
        course = CourseRow(key, title[:3], title, school, "T", "active")
        section = SectionRow(key, key, title, "active", "", "")
        self.q.rows[COURSES][key], self.q.rows[SECTIONS][key] = course, section
        self.q.members[key] = {(person, "student") for person in people}
        there = self._id(key)
        course_id = self._id(f"course {key}") if there != key else key
        self.canvas.rows[COURSES][course_id] = course._replace(
            course_id=course_id, account_id=self._id(school), term_id=self._id("T")
        )
        self.canvas.rows[SECTIONS][there] = section._replace(section_id=there, course_id=course_id)
        known = [one for one in people if one not in self.new | self.colliding]
        members = {(self._id(person), "student") for person in known}
        # Two are in Canvas's class who are not in Q's.
        others = [one for one in self.canvas_id if one.startswith(f"{school}-P")]
        for person in self.random.sample(sorted(set(others) - set(people)), 2):
            members.add((self._id(person), "student"))
            self.lost.add((there, self._id(person)))
        self.canvas.members[there] = members


@pytest.mark.parametrize("seed", range(5))
def test_what_was_changed_is_what_is_found(seed):
    truth = Truth(seed)
    found = match(truth.q, truth.canvas)
    counts: Counts = {}
    lines = list(entries(truth.q, truth.canvas, found, counts))

    for kind in (ACCOUNTS, TERMS, SECTIONS, USERS):
        expected = {
            truth.canvas_id[key]: key for key in truth.q.rows[kind] if key in truth.canvas_id
        }
        assert found[kind].q_of == expected, kind.name
    assert set(found[USERS].colliding) == truth.colliding
    new = {line.q_id for line in lines if (line.kind, line.verdict) == ("users", "new")}
    assert new == truth.new
    losing = {tuple(line.canvas_id.split()[:2]) for line in lines if line.verdict == "loses"}
    assert losing == truth.lost
    assert counts["courses"]["q"] == counts["courses"]["same"] + counts["courses"]["matched"]
    for count in counts.values():
        known = ("same", "matched", "new", "collides", "unclear", "adopts")
        assert count["q"] == sum(count.get(name, 0) for name in known)


def test_nothing_on_either_side_is_ready():
    q, canvas = QSide(), CanvasSide()
    found, counts = match(q, canvas), Counts()
    assert list(entries(q, canvas, found, counts)) == []
    assert headline(one.weight for one in points(q, canvas, found, counts)) == "Ready to convert."


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda key: f"T-{key}", "Q's with “T-” before it"),
        (lambda key: f"{key}@old", "Q's with “@old” behind it"),
        (lambda key: f"000{key}", "Q's with or without leading zeros"),
        (str.lower, "Q's with other capital and small letters"),
    ],
)
def test_a_pattern_of_changed_ids_is_told(changed, told):
    q, canvas = QSide(), CanvasSide()
    for number in range(1, 20):
        mail = f"a{number}@example.org"
        row = UserRow(f"N{number}X", mail, "Given", f"Family{number}", mail, "active")
        q.rows[USERS][row.user_id] = row
        there = row._replace(user_id=changed(row.user_id))
        canvas.rows[USERS][there.user_id] = there
    assert told in common_change(match(q, canvas)[USERS])


def test_a_canvas_course_of_several_q_courses_is_told():
    q, canvas = QSide(), CanvasSide()
    for key in ("K1", "K2"):
        course = CourseRow(key, key, key, "", "", "active")
        q.rows[COURSES][key] = course
        q.rows[SECTIONS][key] = SectionRow(key, key, key, "active", "", "")
        canvas.rows[SECTIONS][key] = SectionRow(key, "K1", key, "active", "", "")
    canvas.rows[COURSES]["K1"] = q.rows[COURSES]["K1"]
    found, counts = match(q, canvas), Counts()
    list(entries(q, canvas, found, counts))
    assert {one.name for one in points(q, canvas, found, counts)} == {"combined"}
