"""From what Q holds to a stored plan: read, map, compare, write down, hold.

Everything but the enrollments is small enough to be looked at as a whole; those stream.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from integration.bulk import batches
from integration.ledger.runs import Ledger
from integration.memory import many_records
from integration.models import ProvisioningPolicy, Run
from integration.oneroster.types import R
from integration.provisioning import identities, plan_lines, roster, term_memory
from integration.provisioning.adoption import Claims, as_row
from integration.provisioning.classes import Places, lean_classes, map_sections, place_classes
from integration.provisioning.climbing import further
from integration.provisioning.compare import (
    Accepted,
    Comparison,
    Planned,
    judged,
    removed,
)
from integration.provisioning.endings import TERM_ENDED, Endings
from integration.provisioning.enrollments import EnrollmentMapper, preferred
from integration.provisioning.errors import EmptyFeed
from integration.provisioning.holds import Hold, Limits, adoption
from integration.provisioning.ladder import Ladder
from integration.provisioning.people import (
    People,
    lean_people,
    map_people,
    respect_claims,
    respect_ids,
)
from integration.provisioning.problems import problem
from integration.provisioning.proposals import Proposals
from integration.provisioning.read import Source
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    OBSERVERS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    USERS,
    CourseRow,
    Kind,
    Row,
    digest,
)
from integration.provisioning.rules import Rules
from integration.provisioning.structure import map_accounts, map_terms, unique

# Which of Q's collections must have been read completely before a row may count as gone.
RESTS_ON = {
    ACCOUNTS: ("orgs",),
    TERMS: ("academicSessions",),
    COURSES: ("classes", "courses"),
    SECTIONS: ("classes",),
    USERS: ("users",),
    # Not "users": an enrollment whose user is not known keeps its own row.
    ENROLLMENTS: ("enrollments", "classes"),
    OBSERVERS: ("users",),
}

# Records that are mapped together, while they are in the processor's cache; and rows that are
# compared together, for where some have changed that costs questions and a transaction.
SLICE = 1_000
COMPARED = 5_000

# Must an accepted row stay although Q did not send it? Asked with the account it counts for.
MustStay = Callable[[Row, str], bool]


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


def no_group(_: Row) -> str:
    """For kinds that belong to no school."""
    return ""


@dataclass(slots=True)
class Planner:
    """Writes one run's plan down.

    `claims`: who holds which login in Canvas, asked when there are new users.
    `seen`: {kind: {"same": …, "skipped": …}}, what the stored plan does not tell.
    `holds`: why it has to wait, beside the limits.
    """

    ledger: Ledger
    source: Source
    rules: Rules
    claims: Callable[[], Claims]
    limits: Limits = field(default_factory=Limits)
    ladder: Ladder = field(default_factory=Ladder)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    endings: Endings = field(init=False)
    # Of kinds that were not read completely: digests of rows that may be gone, or not.
    _unseen: dict[Kind, set[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        now = datetime.now(UTC)
        self.endings = Endings(now, partial(roster.find, self.run.district))

    def plan(self) -> None:
        """Read Q and store the plan, kind by kind."""
        with many_records():
            self._plan()

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
        self.endings.terms = {row.term_id: row.end_date for row in terms.rows}
        self._compare(ACCOUNTS, accounts.rows)
        self._compare(TERMS, terms.rows)

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
        self._compare(COURSES, sections.courses, group_of=lambda row: row[3])
        self._compare(SECTIONS, sections.sections, group_of=lambda row: account_of[row[0]])
        self._propose(people)
        self.ledger.find(self.source.findings())

    def _propose(self, people: People) -> None:
        """Let ids that changed wait for a person."""
        broken = self.source.broken.get("users", set())
        named = self.rules.user_sis_id == "sourcedId" or not broken
        is_proven = self.source.proves("users") and named
        proposals = Proposals(self.run, self.rules.prefix, self._unseen)
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
        comparison = self._comparison(USERS, lambda row: people.school_of.get(row[0], ""))
        self._identify(people, comparison.unseen)
        people.left_out |= self.source.broken.get("users", set())
        self.ledger.find(people.problems)
        there = people.renamed.union(*people.held_as.values())
        self._take(comparison, people.rows, must_stay=lambda row, _: row[0] in there)
        if self.rules.guardians:
            self._compare(OBSERVERS, people.observers, must_stay=self._linked(people))
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
            self.holds += adoption(len(people.adopted), len(new))

    def _enrollments(
        self, places: Places, people: People, accounts: Mapping[str, str]
    ) -> EnrollmentMapper:
        mapper = EnrollmentMapper(places, people, self.rules)
        account_of = {place.sis_section_id: place.account_id for place in places.place_of.values()}
        comparison = self._comparison(ENROLLMENTS, lambda row: account_of.get(row[0], ""))
        rows: list[Row] = []
        for page in self.source.enrollments():
            mapper.doubt(page.problems, accounts)
            for records in batches(page.records, SLICE):
                rows += mapper.rows(records)
                if len(rows) >= COMPARED:
                    self._write_down(ENROLLMENTS, comparison.take(rows))
                    rows.clear()
            # A night whose classes are missing has a million of them.
            if mapper.problems:
                self.ledger.find(mapper.problems)
                mapper.problems.clear()
            del page  # as in Reading
        self._write_down(ENROLLMENTS, comparison.take(rows))
        self.seen.setdefault(ENROLLMENTS.name, {})["skipped"] = mapper.skipped

        mapper.keep_schools |= self._unread_accounts()
        self._finish(comparison, must_stay=mapper.must_stay)
        return mapper

    def _comparison(self, kind: Kind, group_of: Callable[[Row], str]) -> Comparison:
        return Comparison(
            kind,
            roster.accepted_digests(self.run.district, kind),
            find=roster.finder(self.run.district, kind),
            group_of=group_of,
        )

    def _compare(
        self,
        kind: Kind,
        rows: Iterable[Row],
        *,
        group_of: Callable[[Row], str] = no_group,
        must_stay: MustStay = lambda *_: False,
    ) -> None:
        self._take(self._comparison(kind, group_of), rows, must_stay=must_stay)

    def _take(self, comparison: Comparison, rows: Iterable[Row], *, must_stay: MustStay) -> None:
        """Compare all rows of a kind, and plan what is gone."""
        kind = comparison.kind
        for batch in batches(rows):
            self._write_down(kind, comparison.take(batch))
        broken: set[str] = set().union(
            *(self.source.broken.get(name, set()) for name in RESTS_ON[kind])
        )
        broken |= {self.rules.prefix + one for one in broken}
        unread = self._unread_accounts()
        self._finish(
            comparison,
            must_stay=lambda row, group: (
                row[0] in broken or group in unread or must_stay(row, group)
            ),
        )

    def _unread_accounts(self) -> set[str]:
        return {self.rules.prefix + one for one in self.source.unread_schools}

    def _write_down(self, kind: Kind, lines: Sequence[Planned]) -> None:
        if lines:
            with self.ledger.guarded():
                plan_lines.plan(self.run, kind, lines)

    def _finish(self, comparison: Comparison, *, must_stay: MustStay) -> None:
        """After the last row: settle what came twice, and plan what is gone."""
        kind = comparison.kind
        self._settle_duplicates(comparison)
        self.seen.setdefault(kind.name, {})["same"] = comparison.same
        if not all(map(self.source.proves, RESTS_ON[kind])):
            self._unseen[kind] = comparison.unseen
            self._tell_of_suspended(kind, len(comparison.unseen))
            return
        there = roster.find_by_digest(self.run.district, kind, comparison.unseen)
        away = 0
        gone = (one for one in there if not must_stay(as_row(one[1].row), one[1].group))
        for some in batches(gone):
            away += len(some)
            self.endings.look_at(kind, [as_row(accepted.row) for _, accepted in some])
            self._write_down(kind, [self._gone(kind, *one) for one in some])
        if kind is ENROLLMENTS:
            for lines in further(self.run, self.ladder, self.limits, self.endings, must_stay):
                self._write_down(kind, lines)
        self._tell_of_suspended(kind, len(comparison.unseen) - away)

    def _tell_of_suspended(self, kind: Kind, count: int) -> None:
        if count and kind.gone:
            detail = f"{count} {kind.name}."
            self.ledger.find([problem("roster.removals-suspended", kind.name, "", detail=detail)])

    def _gone(self, kind: Kind, key: str, there: Accepted) -> Planned:
        if self.endings.covers(kind, row := as_row(there.row)):
            return Planned(key, "kept", there.row, row, there.digest, there.group, TERM_ENDED)
        after, action = removed(kind, key, there, self.rules.removal)
        return Planned(key, action, there.row, after, digest(after), there.group, "not in Q")

    def _settle_duplicates(self, comparison: Comparison) -> None:
        """Of a key's rows that came in several batches, let the current one stand."""
        kind = comparison.kind
        best: dict[str, Planned] = {}
        for line in comparison.duplicates:
            other = best.get(line.key, line)
            best[line.key] = line if preferred(line.after, other.after) is line.after else other
        there = roster.find(self.run.district, kind, best.keys())
        for key, line in best.items():
            planned = plan_lines.planned_line(self.run, kind, key)
            if planned is None or preferred(line.after, planned.after) is not line.after:
                continue
            line = judged(kind, line, there.get(key))
            comparison.same += (line.action == "equal") - (planned.action == "equal")
            plan_lines.replace_change(self.run, kind, line)
        self.ledger.find(
            problem("roster.duplicate-enrollment", kind.name, key.replace(SEPARATOR, " "))
            for key in best
        )
