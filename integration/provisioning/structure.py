"""Organisations become sub-accounts, academic sessions become terms. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from integration.oneroster.types import AcademicSession, Org, Problem, R
from integration.provisioning.problems import control_character_in, problem
from integration.provisioning.rows import AccountRow, TermRow
from integration.provisioning.rules import Rules


def unique(kind: str, records: Iterable[R]) -> tuple[dict[str, R], list[Problem]]:
    """One record a sourcedId: of two different ones the newer, of equals neither (F13)."""
    kept: dict[str, R] = {}
    ambiguous: set[str] = set()
    problems: list[Problem] = []
    for record in records:
        other = kept.setdefault(record.sourced_id, record)
        if other is record or other == record:
            continue
        if other.date_last_modified == record.date_last_modified:
            ambiguous.add(record.sourced_id)
            continue
        problems.append(problem("roster.duplicate-id", kind, record.sourced_id))
        if record.date_last_modified > other.date_last_modified:
            kept[record.sourced_id] = record
    for sourced_id in sorted(ambiguous):
        problems.append(problem("roster.ambiguous-id", kind, sourced_id))
        del kept[sourced_id]
    return kept, problems


@dataclass(slots=True)
class Accounts:
    """`account_of`: org sourcedId to sub-account SIS ID, "" for the root account."""

    rows: list[AccountRow] = field(default_factory=list)
    account_of: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def map_accounts(orgs: Mapping[str, Org], rules: Rules) -> Accounts:
    """A sub-account for each organisation below the district; the only district is the root."""
    result = Accounts()
    active = {key: org for key, org in orgs.items() if org.status == "active"}
    root = _root(active)
    for sourced_id in sorted(active):
        result.account_of[sourced_id] = "" if sourced_id in root else rules.prefix + sourced_id
    for sourced_id, org in sorted(active.items()):
        if sourced_id in root:
            continue
        if bad := control_character_in(sourcedId=sourced_id, name=org.name):
            result.problems.append(problem("roster.control-character", "orgs", sourced_id, bad))
            result.account_of[sourced_id] = ""
            continue
        parent, code = _parent(org, active, root)
        if code:
            result.problems.append(problem(code, "orgs", sourced_id, "parent"))
        parent_account = rules.prefix + parent if parent else ""
        result.rows.append(
            AccountRow(rules.prefix + sourced_id, parent_account, org.name, "active")
        )
    return result


def _root(orgs: Mapping[str, Org]) -> set[str]:
    """The organisations that are Canvas's root account: a single district and all above it."""
    root = {key for key, org in orgs.items() if org.type in ("national", "state")}
    districts = [key for key, org in orgs.items() if org.type == "district"]
    if len(districts) == 1:
        node = districts[0]
        while node in orgs and node not in root:
            root.add(node)
            node = _parent_id(orgs[node])
    return root


def _parent_id(org: Org) -> str:
    return org.parent.sourced_id if org.parent else ""


def _parent(org: Org, orgs: Mapping[str, Org], root: Collection[str]) -> tuple[str, str]:
    """The sourcedId of the sub-account above ("" = root account), and the code of a fault."""
    parent = _parent_id(org)
    if not parent or parent in root:
        return "", ""
    if parent not in orgs:
        return "", "roster.unknown-parent"
    seen, node = {org.sourced_id}, parent
    while node in orgs:
        if node in seen:
            return "", "roster.parent-cycle"
        seen.add(node)
        node = _parent_id(orgs[node])
    return parent, ""


@dataclass(frozen=True, slots=True)
class Term:
    """The Canvas term of an academic session; dates are ISO or ""."""

    sis_term_id: str
    start: str
    end: str


@dataclass(slots=True)
class Terms:
    """`term_of`: session sourcedId to its Canvas term; equal sessions of many schools share one."""

    rows: list[TermRow] = field(default_factory=list)
    term_of: dict[str, Term] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def map_terms(
    sessions: Mapping[str, AcademicSession],
    rules: Rules,
    *,
    referenced: Collection[str],
    accepted: Collection[str],
) -> Terms:
    """Terms and semesters, and whatever else a class names, merged by title and dates.

    A merged term keeps the SIS ID that Canvas `accepted` before, else takes the first in order,
    so that it does not change when a school leaves.
    """
    result = Terms()
    equal: dict[tuple[str, str, str], list[AcademicSession]] = defaultdict(list)
    for sourced_id, session in sorted(sessions.items()):
        wanted = session.type in ("term", "semester") or sourced_id in referenced
        if session.status != "active" or not wanted:
            continue
        if session.start_date and session.end_date and session.end_date < session.start_date:
            result.problems.append(
                problem("roster.term-dates", "academicSessions", sourced_id, "endDate")
            )
        elif bad := control_character_in(sourcedId=sourced_id, title=session.title):
            result.problems.append(
                problem("roster.control-character", "academicSessions", sourced_id, bad)
            )
        else:
            name = " ".join(session.title.split()).casefold()
            equal[name, session.start_date, session.end_date].append(session)
    for (_, start, end), members in equal.items():
        ids = [rules.prefix + member.sourced_id for member in members]
        sis_term_id = next((one for one in ids if one in accepted), ids[0])
        result.rows.append(
            TermRow(
                sis_term_id,
                members[0].title,
                "active",
                rules.start_of(start),
                rules.end_of(end),
            )
        )
        for member in members:
            result.term_of[member.sourced_id] = Term(sis_term_id, start, end)
    return result
