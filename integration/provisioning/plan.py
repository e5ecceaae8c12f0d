"""From what Q holds to a stored plan: read, map, compare, write down, hold.

Everything but the enrollments is small enough to be looked at as a whole; those stream.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from integration.ledger.runs import Ledger
from integration.memory import many_records
from integration.models import ProvisioningPolicy, Run
from integration.oneroster.types import R
from integration.provisioning import identities, plan_lines, roster, term_memory
from integration.provisioning.adoption import Claims, as_row
from integration.provisioning.classes import Places, lean_classes, map_sections, place_classes
from integration.provisioning.differences import Differences, MustStay
from integration.provisioning.enrollments import EnrollmentMapper
from integration.provisioning.errors import EmptyFeed
from integration.provisioning.holds import Hold, Limits, adoption
from integration.provisioning.ladder import Ladder
from integration.provisioning.lean import lean_people
from integration.provisioning.people import (
    People,
    map_people,
    respect_claims,
    respect_ids,
)
from integration.provisioning.proposals import Proposals
from integration.provisioning.read import Source
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    OBSERVERS,
    SECTIONS,
    TERMS,
    USERS,
    CourseRow,
    Row,
)
from integration.provisioning.rules import Rules
from integration.provisioning.structure import map_accounts, map_terms, unique

# Rows that are compared together, for where some have changed that costs questions and a
# transaction.
COMPARED = 5_000


def rules_of(policy: ProvisioningPolicy, time_zone: str) -> Rules:
    """The stored policy as the value that the mapping takes."""
    return Rules(
        time_zone=time_zone,
        grouping=policy.grouping,
        guardians=policy.guardians,
        end_date_inclusive=policy.end_date_inclusive,
        user_sis_id=policy.user_sis_id,
        prefix=policy.sis_id_prefix,
        removal=policy.enrollment_removal,
        roles=policy.roles,
    )


@dataclass(slots=True)
class Planner:
    """Writes one run's plan down.

    `claims`: who holds which login in Canvas, asked when there are new users.
    `holds`: why it has to wait, beside the limits and `adoptions`.
    """

    ledger: Ledger
    source: Source
    rules: Rules
    claims: Callable[[], Claims]
    limits: Limits = field(default_factory=Limits)
    ladder: Ladder = field(default_factory=Ladder)
    holds: list[Hold] = field(default_factory=list)
    lines: Differences = field(init=False)
    _adopted: set[str] = field(default_factory=set)
    _new: int = 0

    def __post_init__(self) -> None:
        self.lines = Differences(self.ledger, self.source, self.rules, self.limits, self.ladder)

    @property
    def seen(self) -> dict[str, dict[str, int]]:
        """{kind: {"same": …, "skipped": …}}, what the stored plan does not tell."""
        return self.lines.seen

    def plan(self) -> None:
        """Read Q and store the plan, kind by kind."""
        with many_records():
            self._plan()

    def adoptions(self) -> list[Hold]:
        """Asked when it is settled which lines go: whoever rests takes nothing over."""
        going = plan_lines.count_planned(self.run, USERS, self._adopted)
        return adoption(going, self._new)

    def _plan(self) -> None:
        orgs = self._unique("orgs", self.source.orgs())
        sessions = self._unique("academicSessions", self.source.sessions())
        classes = self._unique("classes", self.source.classes(lean_classes()))
        named = {one.course.sourced_id for one in classes.values() if one.course}
        courses = self._unique("courses", self.source.courses(named))

        accounts = map_accounts(orgs, self.rules)
        terms = map_terms(
            sessions,
            self.rules,
            referenced={ref.sourced_id for one in classes.values() for ref in one.terms},
            accepted=roster.accepted_keys(self.run.district, TERMS),
            remembered=term_memory.recall(self.run.district),
            is_unread=self._is_unread("academicSessions"),
        )
        term_memory.note(self.run, terms.changed)
        places = place_classes(
            classes, self.rules, account_of=accounts.account_of, term_of=terms.term_of
        )
        places.left_out |= self.source.broken.get("classes", set())
        for mapped in (accounts, terms, places):
            self.ledger.find(mapped.problems)
        self.lines.endings.terms = {row.term_id: row.end_date for row in terms.rows}
        self.lines.compare(ACCOUNTS, accounts.rows)
        self.lines.compare(TERMS, terms.rows)

        people = self._people(accounts.account_of)
        if not classes and not people.user_of:
            raise EmptyFeed("Q answered every request, and sent no class and no user.")
        mapper = self._enrollments(places, people, accounts.account_of)

        sections = map_sections(
            places.place_of,
            courses,
            self.rules,
            teacher_of=mapper.teacher_of,
            kept=roster.course_assignments(self.run.district),
            is_unread=self._is_unread("courses"),
            before=self._courses_before,
        )
        self.ledger.find(sections.problems)
        account_of = {place.sis_section_id: place.account_id for place in places.place_of.values()}
        self.lines.compare(COURSES, sections.courses, group_of=lambda row: row[3])
        self.lines.compare(SECTIONS, sections.sections, group_of=lambda row: account_of[row[0]])
        self._propose(people)
        self.ledger.find(self.source.findings())

    def _propose(self, people: People) -> None:
        """Let ids that changed wait for a person."""
        broken = self.source.broken.get("users", set())
        named = self.rules.user_sis_id == "sourcedId" or not broken
        is_proven = self.source.proves("users") and named
        proposals = Proposals(self.run, self.rules.prefix, self.lines.unseen)
        with self.ledger.guarded():
            proposals.find([one for one in people.came_again if is_proven and one[1] not in broken])
        self.holds += proposals.holds(len(people.renamed))
        self.ledger.find(proposals.problems)

    def _courses_before(self, ids: Collection[str]) -> dict[str, CourseRow]:
        there = roster.find(self.run.district, COURSES, ids)
        return {key: CourseRow(*as_row(one.row)) for key, one in there.items() if one.ours}

    def _is_unread(self, collection: str) -> Callable[[str], bool]:
        """May a record that is not among tonight's be in Q all the same?"""
        broken = self.source.broken.get(collection, set())
        anything = not self.source.proves(collection)
        return lambda sourced_id: anything or sourced_id in broken

    @property
    def run(self) -> Run:
        return self.ledger.run

    def _unique(self, kind: str, records: Iterable[R]) -> dict[str, R]:
        kept, problems = unique(kind, records)
        self.ledger.find(problems)
        # Those are there all the same: which of them is right, Q does not tell.
        ambiguous = {one.sourced_id for one in problems if one.sourced_id not in kept}
        self.source.broken.setdefault(kind, set()).update(ambiguous)
        return kept

    def _people(self, account_of: dict[str, str]) -> People:
        users = self._unique("users", self.source.users(lean_people(self.rules)))
        people = map_people(
            users,
            self.rules,
            account_of=account_of,
            accepted=lambda key: bool(roster.find(self.run.district, USERS, [key])),
        )
        del users  # the largest thing of the night, and its rows are mapped
        comparison = self.lines.comparison(USERS, lambda row: people.school_of.get(row[0], ""))
        self._identify(people, comparison.unseen)
        people.left_out |= self.source.broken.get("users", set())
        self.ledger.find(people.problems)
        there = people.renamed.union(*people.held_as.values())
        self.lines.take(comparison, people.rows, must_stay=lambda row, _: row[0] in there)
        if self.rules.guardians:
            self.lines.compare(
                OBSERVERS,
                people.observers,
                # A tie is of the child's school: guardians are of none, or of several.
                group_of=lambda row: people.school_of.get(row[OBSERVERS.index("student_id")], ""),
                must_stay=self._linked(people),
            )
        people.rows.clear()
        people.school_of.clear()
        return people

    def _linked(self, people: People) -> MustStay:
        """Somebody who could not be mapped tonight may be either end of a link that seems gone."""
        may_be = [people.may_be(one, self.rules) for one in people.left_out]
        anybody = not all(may_be)
        ends = set[str]().union(*may_be)
        return lambda row, _: anybody or row[0] in ends or row[1] in ends

    def _identify(self, people: People, accepted: Collection[bytes]) -> None:
        """Let nobody new in under a login that somebody has already, without a person's yes."""
        district = self.run.district
        new = identities.unknown(district, people.rows, accepted)
        if not new:
            return
        logins = {row.login_id.casefold() for row in people.rows if row.user_id in new}
        respect_ids(people, identities.known_logins(district, logins), new)
        if any(row.user_id in new for row in people.rows):
            claims = self.claims()
            respect_claims(people, claims.holder_of, new=new, own=claims.own)
            self._adopted, self._new = people.adopted, len(new)

    def _enrollments(
        self, places: Places, people: People, accounts: Mapping[str, str]
    ) -> EnrollmentMapper:
        mapper = EnrollmentMapper(places, people, self.rules)
        account_of = {place.sis_section_id: place.account_id for place in places.place_of.values()}
        comparison = self.lines.comparison(ENROLLMENTS, lambda row: account_of.get(row[0], ""))
        rows: list[Row] = []
        for page in self.source.enrollments():
            mapper.doubt(page.problems, accounts)
            rows += mapper.rows(page.records)
            if len(rows) >= COMPARED:
                self.lines.write_down(ENROLLMENTS, comparison.take(rows))
                rows.clear()
            # A night whose classes are missing has a million of them.
            if mapper.problems:
                self.ledger.find(mapper.problems)
                mapper.problems.clear()
            del page  # as in Reading
        self.lines.write_down(ENROLLMENTS, comparison.take(rows))
        self.lines.seen.setdefault(ENROLLMENTS.name, {})["skipped"] = mapper.skipped

        mapper.keep_schools |= self.lines.unread_accounts()
        self.lines.finish(comparison, must_stay=mapper.must_stay)
        return mapper
