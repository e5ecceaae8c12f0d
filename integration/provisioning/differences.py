"""Compares one kind of rows after the other with what Canvas has, and writes what differs down.

What is gone is planned only where all was read that it rests on, and never what may be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from integration.bulk import IN_LIMIT, batches, update
from integration.ledger.runs import Ledger
from integration.models import SetAside
from integration.provisioning import plan_lines, roster
from integration.provisioning.adoption import as_row
from integration.provisioning.climbing import further
from integration.provisioning.compare import (
    Accepted,
    Comparison,
    Planned,
    judged,
    removed,
)
from integration.provisioning.endings import TERM_ENDED, Endings
from integration.provisioning.enrollments import preferred
from integration.provisioning.holds import Limits
from integration.provisioning.ladder import Ladder
from integration.provisioning.problems import problem
from integration.provisioning.read import Source
from integration.provisioning.resting import told_anew
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    OBSERVERS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    USERS,
    Kind,
    Row,
    digest,
)
from integration.provisioning.rules import Rules

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

# Must an accepted row stay although Q did not send it? Asked with the account it counts for.
MustStay = Callable[[Row, str], bool]


def no_group(_: Row) -> str:
    """For kinds that belong to no school."""
    return ""


@dataclass(slots=True)
class Differences:
    """What one run plans, kind by kind.

    `seen`: {kind: {"same": …, "skipped": …}}, what the stored plan does not tell. `unseen`: of the
    kinds that were not read completely, digests of the rows that may be gone, or not.
    """

    ledger: Ledger
    source: Source
    rules: Rules
    limits: Limits
    ladder: Ladder
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    unseen: dict[Kind, set[bytes]] = field(default_factory=dict)
    endings: Endings = field(init=False)

    def __post_init__(self) -> None:
        now = datetime.now(UTC)
        self.endings = Endings(now, partial(roster.find, self.ledger.run.district))

    def comparison(self, kind: Kind, group_of: Callable[[Row], str]) -> Comparison:
        return Comparison(
            kind,
            roster.accepted_digests(self.ledger.run.district, kind),
            find=roster.finder(self.ledger.run.district, kind),
            group_of=group_of,
        )

    def compare(
        self,
        kind: Kind,
        rows: Iterable[Row],
        *,
        group_of: Callable[[Row], str] = no_group,
        must_stay: MustStay = lambda *_: False,
    ) -> None:
        self.take(self.comparison(kind, group_of), rows, must_stay=must_stay)

    def take(self, comparison: Comparison, rows: Iterable[Row], *, must_stay: MustStay) -> None:
        """Compare all rows of a kind, and plan what is gone."""
        kind = comparison.kind
        for batch in batches(rows):
            self.write_down(kind, comparison.take(batch))
        broken: set[str] = set().union(
            *(self.source.broken.get(name, set()) for name in RESTS_ON[kind])
        )
        broken |= {self.rules.prefix + one for one in broken}
        unread = self.unread_accounts()
        self.finish(
            comparison,
            must_stay=lambda row, group: (
                row[0] in broken or group in unread or must_stay(row, group)
            ),
        )

    def unread_accounts(self) -> set[str]:
        return {self.rules.prefix + one for one in self.source.unread_schools}

    def write_down(self, kind: Kind, lines: Sequence[Planned]) -> None:
        if lines:
            with self.ledger.guarded():
                plan_lines.plan(self.ledger.run, kind, lines)

    def finish(self, comparison: Comparison, *, must_stay: MustStay) -> None:
        """After the last row: settle what came twice, and plan what is gone."""
        kind = comparison.kind
        self._settle_duplicates(comparison)
        self.seen.setdefault(kind.name, {})["same"] = comparison.same
        if not all(map(self.source.proves, RESTS_ON[kind])):
            self.unseen[kind] = comparison.unseen
            self._tell_of_suspended(kind, len(comparison.unseen))
            self._let_go(comparison, may_be_there=lambda *_: True)
            return
        there = roster.find_by_digest(self.ledger.run.district, kind, comparison.unseen)
        away = 0
        gone = (one for one in there if not must_stay(as_row(one[1].row), one[1].group))
        for some in batches(gone):
            away += len(some)
            self.endings.look_at(kind, [as_row(accepted.row) for _, accepted in some])
            self.write_down(kind, [self._gone(kind, *one) for one in some])
        if kind is ENROLLMENTS:
            for lines in further(
                self.ledger.run, self.ladder, self.limits, self.endings, must_stay
            ):
                self.write_down(kind, lines)
        self._tell_of_suspended(kind, len(comparison.unseen) - away)
        self._let_go(comparison, may_be_there=must_stay)

    def _let_go(self, comparison: Comparison, *, may_be_there: MustStay) -> None:
        """What a person set aside and Q no longer says is forgotten, or rests on as Q has it."""
        run, unseen = self.ledger.run, comparison.unseen
        for some in batches(list(told_anew(run, comparison.kind, unseen, may_be_there)), IN_LIMIT):
            over = [pk for pk, named in some if named is None]
            with self.ledger.guarded():
                SetAside.objects.filter(pk__in=over).delete()
                update(SetAside, ("digest",), [(named, pk) for pk, named in some if named])

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
        there = roster.find(self.ledger.run.district, kind, best.keys())
        for key, line in best.items():
            planned = plan_lines.planned_line(self.ledger.run, kind, key)
            if planned is None or preferred(line.after, planned.after) is not line.after:
                continue
            line = judged(kind, line, there.get(key))
            comparison.same += (line.action == "equal") - (planned.action == "equal")
            plan_lines.replace_change(self.ledger.run, kind, line)
        self.ledger.find(
            problem("roster.duplicate-enrollment", kind.name, key.replace(SEPARATOR, " "))
            for key in best
        )
