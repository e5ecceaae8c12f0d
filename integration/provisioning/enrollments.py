"""Q enrollments become Canvas enrollments, a page at a time. PURE, and the hot path of a night.

1.4 million of these pass through here in a large district: plain tuples, table look-ups, no
objects kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integration.oneroster.compact import Enrollments, EnrollmentTraits, are_unique
from integration.oneroster.types import Enrollment, Problem
from integration.provisioning.classes import Places
from integration.provisioning.people import People
from integration.provisioning.problems import problem
from integration.provisioning.rows import Row
from integration.provisioning.rules import ROLES, Rules
from integration.provisioning.structure import unique

# Which of two rows for one person in one class is the current one: the first that applies.
_RANK = {"active": 0, "inactive": 1, "completed": 2, "deleted": 3}


def preferred(one: Row, other: Row) -> Row:
    """Of two enrollment rows with one key, the current one; the same whatever the order."""
    return min(one, other, key=lambda row: (_RANK.get(row[3], 4), _later_first(row), row))


def _later_first(row: Row) -> tuple[int, ...]:
    # A blank end means "as long as the term", which is later than any early end.
    return tuple(-ord(character) for character in (row[5] or "9") + row[4])


@dataclass(slots=True)
class EnrollmentMapper:
    """Turns pages of records into rows, and remembers what must not be taken away.

    `keep_…`: sections, (section, user) pairs, users and schools' accounts that have an enrollment
    in Q which could not be read or mapped: absence of a row there proves nothing. `keep_all`: such
    an enrollment may be anybody's.
    """

    places: Places
    people: People
    rules: Rules
    skipped: int = 0
    _teachers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    keep_sections: set[str] = field(default_factory=set)
    keep_pairs: set[tuple[str, str]] = field(default_factory=set)
    keep_users: set[str] = field(default_factory=set)
    keep_schools: set[str] = field(default_factory=set)
    keep_all: bool = False
    problems: list[Problem] = field(default_factory=list)
    _section_of: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _role_of: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._section_of = {
            sourced_id: (place.sis_section_id, place.start, place.end)
            for sourced_id, place in self.places.place_of.items()
        }
        self.keep_users |= self.people.renamed
        self._role_of = {role: self.rules.canvas_role(role) for role in ROLES}

    @property
    def teacher_of(self) -> dict[str, str]:
        """Class sourcedId to its primary teacher's; of several, the first in order."""
        return {class_id: teacher for class_id, (_, teacher) in self._teachers.items()}

    def must_stay(self, row: Row, account_id: str) -> bool:
        """May this accepted row be an enrollment that could not be read or mapped tonight?"""
        return (
            self.keep_all
            or account_id in self.keep_schools
            or row[0] in self.keep_sections
            or row[1] in self.keep_users
            or (row[0], row[1]) in self.keep_pairs
        )

    def doubt(self, unreadable: Iterable[Problem], account_of: Mapping[str, str]) -> None:
        """Keep what records that could not be read may be, by what they do tell."""
        for one in unreadable:
            user, class_id = one.ref("user"), one.ref("class")
            account_id = account_of.get(one.ref("school"), "")
            users = self.people.may_be(user, self.rules) if user else set[str]()
            if class_id:
                self._keep(self.rules.prefix + class_id, users)
            elif users:
                self.keep_users |= users
            elif account_id:
                self.keep_schools.add(account_id)
            else:
                self.keep_all = True

    def _keep(self, sis_section_id: str, users: Collection[str]) -> None:
        """Keep these users in the section; all of it where it is not known who it is."""
        self.keep_pairs |= {(sis_section_id, user_id) for user_id in users}
        if not users:
            self.keep_sections.add(sis_section_id)

    def rows(self, records: Sequence[Enrollment]) -> list[Row]:
        """The rows of one page, as plain tuples in the order of EnrollmentRow."""
        some = Enrollments.of(records)
        if not are_unique(some.ids):
            some = self._unique(some)
        ids, users, classes = some.texts
        wanted = [self._wanted(traits) for traits in some.traits]
        rows: list[Row] = []
        found = zip(
            map(self._section_of.get, classes),
            map(self.people.user_of.get, users),
            map(wanted.__getitem__, some.which),
            strict=True,
        )
        for index, (place, user_id, traits) in enumerate(found):
            if place is None or user_id is None or traits is None:
                self._unusual(some[index], place, user_id)
                continue
            role, start, end = traits
            if (start and start != place[1]) or (end and end != place[2]):
                dates = self._own_dates(ids[index], start, end, place, user_id)
                if dates is None:
                    continue
                start, end = dates
            else:
                start = end = ""
            if role == "teacher":
                self._note_teacher(some[index])
            rows.append((place[0], user_id, role, "active", start, end))
        return rows

    def _unique(self, records: Enrollments) -> Enrollments:
        """One a sourcedId; where it cannot be told which, what any of them says is kept (F13)."""
        kept, problems = unique("enrollments", records)
        self.problems += problems
        for one in records:
            if one.sourced_id not in kept:
                users = self.people.may_be(one.user.sourced_id, self.rules)
                self._keep(self.rules.prefix + one.class_.sourced_id, users)
        return Enrollments.of(list(kept.values()))

    def _wanted(self, traits: EnrollmentTraits) -> tuple[str, str, str] | None:
        """Canvas's role, and Q's dates; None for those who are not to be in Canvas."""
        role = self._role_of[traits.role]
        if role is None or traits.status != "active":
            return None
        return role, traits.begin_date, traits.end_date

    def _own_dates(
        self, sourced_id: str, start: str, end: str, place: tuple[str, str, str], user_id: str
    ) -> tuple[str, str] | None:
        """Canvas takes enrollment dates only as a pair: the missing one is the class's own."""
        start, end = start or place[1], end or place[2]
        if not (start and end):
            return "", ""
        if end < start:
            self.problems.append(
                problem("roster.enrollment-dates", "enrollments", sourced_id, "endDate")
            )
            self.keep_pairs.add((place[0], user_id))
            return None
        return self.rules.start_of(start), self.rules.end_of(end)

    def _note_teacher(self, record: Enrollment) -> None:
        class_id, teacher = record.class_.sourced_id, (not record.primary, record.user.sourced_id)
        self._teachers[class_id] = min(teacher, self._teachers.get(class_id, teacher))

    def _unusual(
        self, record: Enrollment, place: tuple[str, str, str] | None, user_id: str | None
    ) -> None:
        """An enrollment without a row: because it should have none, or because it cannot."""
        class_id, user = record.class_.sourced_id, record.user.sourced_id
        without = (
            record.status != "active"
            or self._role_of[record.role] is None
            or class_id in self.places.inactive
            or user in self.people.inactive
        )
        if without:
            self.skipped += 1
            return
        if place is None:
            known = class_id in self.places.left_out
            self.keep_sections.add(self.rules.prefix + class_id)
            code = "roster.class-left-out" if known else "roster.unknown-class"
            self.problems.append(problem(code, "enrollments", record.sourced_id, "class"))
            return
        known = user in self.people.left_out
        self._keep(place[0], self.people.may_be(user, self.rules))
        code = "roster.user-left-out" if known else "roster.unknown-user"
        self.problems.append(problem(code, "enrollments", record.sourced_id, "user"))
