"""Looks a night's plan over for ids that changed: what is new beside what is gone (design 5.8).

Each becomes a proposal, and all that the plan holds about that record is taken out of it again:
nothing is sent under the new id, and nothing taken away under the old one, before a person says
that they are the same. A night on which nothing is both new and gone asks one question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from integration.models import Change, Run
from integration.oneroster.types import Problem
from integration.provisioning import identities, likeness, plan_lines, proposed, roster
from integration.provisioning.adoption import as_row
from integration.provisioning.holds import Hold, id_changes
from integration.provisioning.likeness import ClassFacts, Turnover
from integration.provisioning.problems import problem
from integration.provisioning.renames import Rename, retired_id
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    USERS,
    AccountRow,
    CourseRow,
    Kind,
    Row,
    SectionRow,
    TermRow,
    UserRow,
)
from integration.provisioning.turnover import turnovers

ADDED, CHANGED, KEPT = Change.Action.ADDED, Change.Action.CHANGED, Change.Action.KEPT
REMOVED = Change.Action.REMOVED
# What Q calls them; a course goes with its class.
COLLECTIONS = {ACCOUNTS: "orgs", TERMS: "academicSessions", SECTIONS: "classes", USERS: "users"}


T = TypeVar("T")


@dataclass(slots=True)
class Proposals:
    """What was found: `holds` for the run, `problems` for its findings.

    `unseen`: digests of accepted rows that did not come tonight, of the kinds of which not all
    could be read. What is like one of those waits too, and is not proposed yet.
    """

    run: Run
    prefix: str = ""
    unseen: Mapping[Kind, Collection[bytes]] = field(default_factory=dict)
    renames: list[Rename] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _out: dict[Kind, set[str]] = field(default_factory=lambda: defaultdict(set))
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _declined: set[str] = field(default_factory=set)

    def find(self, came_again: Iterable[tuple[UserRow, str]]) -> None:
        """Look the stored plan over and change it.

        `came_again`: users whom the mapping has left out, with the id under which Canvas has them
        from us and which Q no longer holds.
        """
        self._counts = plan_lines.action_counts(self.run)
        self._declined = proposed.declined(self.run.district)
        # On a first plan Canvas's own objects are compared, of which Q never called any by an id.
        if self.run.district.provisioned_at is not None:
            self._accounts_and_terms()
            self._classes()
            self._people(came_again)
        proposed.retract(self.run, self._out)
        self.renames = [one for one in self.renames if self._is_proven(one)]
        proposed.write_down(self.run, self.renames)

    def holds(self, left_out: int) -> list[Hold]:
        """`left_out`: users who have a known login and another id, whether proposed or not."""
        found: list[Hold] = []
        for kind in COLLECTIONS:
            mine = Counter(one.why for one in self.renames if one.kind is kind)
            if kind is USERS:
                mine["renamed"] = max(mine["renamed"], left_out)
            if mine.total():
                accepted = identities.accepted_count(self.run.district, kind)
                found += id_changes(kind.name, mine["renamed"], mine["recycled"], accepted)
        return found

    def _both(self, kind: Kind) -> bool:
        """Is something of this kind new, and something gone?"""
        is_gone = (kind.name, KEPT) in self._counts or kind in self.unseen
        return is_gone and (kind.name, ADDED) in self._counts

    def _is_proven(self, one: Rename) -> bool:
        """Is what did not come tonight gone? A class and its course go together.

        That a class is another one is told by those who left it.
        """
        rests_on = {one.kind}
        if one.kind in (SECTIONS, COURSES):
            rests_on |= {SECTIONS, COURSES}
            if one.why == "recycled":
                rests_on.add(ENROLLMENTS)
        return not rests_on & self.unseen.keys()

    def _propose(self, *renames: Rename) -> bool:
        """Take up what belongs together, unless a person has said no to it."""
        if any(one.key in self._declined for one in renames):
            return False
        for one in renames:
            self.renames.append(one)
            self._out[one.kind] |= {one.old_id, one.new_id}
            if one.kind is not COURSES:
                self._tell(one)
        return True

    def _tell(self, one: Rename) -> None:
        code = "roster.id-recycled" if one.why == "recycled" else "roster.id-proposed"
        code = code if self._is_proven(one) else "roster.id-unproven"
        now = one.old_id if one.why == "recycled" else one.new_id
        told = f"Canvas has {one.old_id}; it would become {one.new_id} ({one.evidence})."
        self.problems.append(
            problem(code, COLLECTIONS[one.kind], now.removeprefix(self.prefix), detail=told)
        )

    # --- accounts and terms: what stands in them goes on under the old id ------------------------

    def _accounts_and_terms(self) -> None:
        names: dict[Kind, dict[str, str]] = {}
        if self._both(ACCOUNTS):
            pairs = likeness.same_accounts(*self._gone_and_new(ACCOUNTS, AccountRow))
            names[ACCOUNTS] = self._named(ACCOUNTS, pairs, "same name and parent")
        if self._both(TERMS):
            moved = Counter(
                (before[4], after[4]) for _, before, after in self._lines(COURSES, CHANGED)
            )
            pairs = likeness.same_terms(*self._gone_and_new(TERMS, TermRow), moved)
            names[TERMS] = self._named(TERMS, pairs, "same dates, and title or courses")
        if any(names.values()):
            proposed.retract(self.run, self._out)
            proposed.reword(self.run, names)

    def _named(self, kind: Kind, pairs: list[tuple[str, str]], evidence: str) -> dict[str, str]:
        return {
            new: old
            for old, new in pairs
            if self._propose(Rename(kind, old, new, evidence=evidence))
        }

    def _gone_and_new(self, kind: Kind, make: Callable[..., T]) -> tuple[list[T], list[T]]:
        gone = [make(*row) for _, row in self._gone(kind)]
        return gone, [make(*row) for _, _, row in self._lines(kind, ADDED)]

    def _gone(self, kind: Kind) -> Iterator[tuple[str, Row]]:
        """(school, row) of what Q no longer holds, or may no longer hold."""
        for change, _, row in self._lines(kind, KEPT):
            yield change.group, row
        for _, there in roster.find_by_digest(self.run.district, kind, self.unseen.get(kind, ())):
            yield there.group, as_row(there.row)

    def _lines(self, kind: Kind, action: Change.Action) -> Iterator[tuple[Change, Row, Row]]:
        return proposed.lines(self.run, kind, action)

    # --- classes --------------------------------------------------------------------------------

    def _classes(self) -> None:
        if self._both(SECTIONS):
            self._renamed_classes()
        if (COURSES.name, CHANGED) in self._counts:
            self._recycled_classes()

    def _renamed_classes(self) -> None:
        gone = self._facts(self._gone(SECTIONS), REMOVED)
        added = ((change.group, row) for change, _, row in self._lines(SECTIONS, ADDED))
        new = self._facts(added, ADDED)
        pairs = likeness.same_classes(gone.values(), new.values())
        for old_id, new_id in self._standing(SECTIONS):
            if old_id in gone and new_id in new:
                others = {pair for pair in pairs if old_id in pair or new_id in pair}
                pairs = {pair: told for pair, told in pairs.items() if pair not in others}
                pairs[old_id, new_id] = "proposed before"
        self._propose_classes(gone, new, pairs)

    def _propose_classes(
        self,
        gone: Mapping[str, ClassFacts],
        new: Mapping[str, ClassFacts],
        pairs: Mapping[tuple[str, str], str],
    ) -> None:
        courses_gone = {change.key for change, _, _ in self._lines(COURSES, KEPT)}
        courses_new = {change.key for change, _, _ in self._lines(COURSES, ADDED)}
        goes: dict[str, set[str]] = defaultdict(set)
        for old_id, new_id in pairs:
            goes[gone[old_id].sis_course_id].add(new[new_id].sis_course_id)
        for (old_id, new_id), told in pairs.items():
            old, fresh = gone[old_id], new[new_id]
            section = Rename(SECTIONS, old_id, new_id, school=old.school, evidence=told)
            ids = (old.sis_course_id, fresh.sis_course_id)
            is_whole = goes[ids[0]] == {ids[1]} and ids[0] in courses_gone and ids[1] in courses_new
            if is_whole:
                self._propose(section, Rename(COURSES, *ids, school=old.school, evidence=told))
            elif self._propose(section):
                self._out[COURSES].add(old.sis_course_id)
        self._leave_empty_courses_out(new)
        self.renames = list(dict.fromkeys(self.renames))

    def _leave_empty_courses_out(self, new: Mapping[str, ClassFacts]) -> None:
        """A course that only waiting classes would have brought waits with them."""
        waiting = {one.new_id for one in self.renames if one.kind is SECTIONS}
        wanted = {one.sis_course_id for key, one in new.items() if key not in waiting}
        self._out[COURSES] |= {new[key].sis_course_id for key in waiting & new.keys()} - wanted

    def _facts(
        self, sections: Iterable[tuple[str, Row]], moved: Change.Action
    ) -> dict[str, ClassFacts]:
        """The sections, each with those who would come (`moved` is ADDED) or go."""
        rows = {row[0]: (school, SectionRow(*row)) for school, row in sections}
        people = proposed.members(self.run, rows.keys())
        if moved == REMOVED:
            proposed.add_unseen(self.run, people, self.unseen.get(ENROLLMENTS, ()))
        courses = self._courses({row.course_id for _, row in rows.values()})
        found: dict[str, ClassFacts] = {}
        for key, (school, row) in rows.items():
            course = courses.get(row.course_id)
            own = row.course_id == key
            roles: dict[str, set[str]] = defaultdict(set)
            for member in people[key].get(moved, ()):
                user, _, role = member.partition(SEPARATOR)
                roles[role].add(user)
            found[key] = ClassFacts(
                key,
                row.course_id,
                school,
                course.term_id if course else "",
                row.name,
                course.short_name if course and own else "",
                frozenset(roles["student"]),
                frozenset(roles["teacher"]),
            )
        return found

    def _courses(self, ids: Collection[str]) -> dict[str, CourseRow]:
        """The courses as they are planned, or else as Canvas has them."""
        there = roster.find(self.run.district, COURSES, ids)
        found = {key: CourseRow(*as_row(one.row)) for key, one in there.items()}
        for action in (ADDED, CHANGED):
            for change, _, row in self._lines(COURSES, action):
                if change.key in ids:
                    found[change.key] = CourseRow(*row)
        return found

    def _standing(self, kind: Kind) -> Iterator[tuple[str, str]]:
        """What was proposed the last time Q was read: it stays so, however long it waits."""
        earlier = self.run.district.runs.filter(kind=self.run.kind, pk__lt=self.run.pk)
        if last := earlier.exclude(read_at=None).order_by("-pk").first():
            for line in proposed.proposals(last).filter(reason="renamed"):
                old, new, type_ = line.key.split(SEPARATOR)
                if type_ == kind.name[:-1]:
                    yield old, new

    def _recycled_classes(self) -> None:
        recycled: dict[str, tuple[str, Turnover]] = {
            section: (course, turnover)
            for section, course, turnover in turnovers(self.run, self.unseen.get(ENROLLMENTS, ()))
            if likeness.is_recycled(turnover)
        }
        if not recycled:
            return
        accepted = roster.find(self.run.district, SECTIONS, recycled.keys())
        assigned: dict[str, set[str]] = defaultdict(set)
        for section, course in roster.course_assignments(self.run.district).items():
            assigned[course].add(section)
        for section, (course, turnover) in recycled.items():
            if section not in accepted:
                continue
            row = as_row(accepted[section].row)
            school = accepted[section].group
            told = f"{turnover.left} of {turnover.people} left, {turnover.came} came"
            new_id = retired_id(section, row)
            moves = [Rename(SECTIONS, section, new_id, "recycled", school, told)]
            if assigned[course] <= recycled.keys():
                first = min(assigned[course])
                new_course = new_id if course == section else retired_id(course, (first,))
                moves.append(Rename(COURSES, course, new_course, "recycled", school, told))
            if self._propose(*moves):
                self._out[COURSES].add(course)
        self.renames = list(dict.fromkeys(self.renames))

    # --- people ---------------------------------------------------------------------------------

    def _people(self, came_again: Iterable[tuple[UserRow, str]]) -> None:
        came_again = list(came_again)
        before = roster.find(self.run.district, USERS, [old for _, old in came_again])
        for row, old in came_again:
            there = before[old]
            told = likeness.same_person(UserRow(*as_row(there.row)), row)
            if told:
                self._add(Rename(USERS, old, row.user_id, school=there.group, evidence=told))
        if self._both(USERS):
            gone, new = self._gone_and_new(USERS, UserRow)
            for pair in likeness.by_mail_and_name(gone, new):
                self._propose(Rename(USERS, *pair, evidence="same e-mail and name"))
        if (USERS.name, CHANGED) in self._counts:
            for change, was, now in self._lines(USERS, CHANGED):
                if likeness.another_person(UserRow(*was), UserRow(*now)):
                    new_id = retired_id(change.key, was)
                    told = "another name, login and e-mail"
                    self._propose(Rename(USERS, change.key, new_id, "recycled", change.group, told))

    def _add(self, one: Rename) -> None:
        """Somebody whom the mapping has left out already, and told of."""
        if one.key not in self._declined:
            self.renames.append(one)
