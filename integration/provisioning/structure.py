"""Organisations become sub-accounts, academic sessions become terms. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from graphlib import TopologicalSorter

from integration.oneroster.canonical import instant
from integration.oneroster.types import AcademicSession, Org, Problem, R, Record
from integration.provisioning.problems import problem, unfit
from integration.provisioning.rows import AccountRow, TermRow
from integration.provisioning.rules import Rules


def unique(kind: str, records: Iterable[R]) -> tuple[dict[str, R], list[Problem]]:
    """One record a sourcedId: of different ones the newest; none where that cannot be told (F13).

    The same whatever the order of the records.
    """
    kept: dict[str, R] = {}
    versions: dict[str, list[R]] = {}
    for record in records:
        first = kept.setdefault(record.sourced_id, record)
        if first != record and record not in versions.setdefault(record.sourced_id, [first]):
            versions[record.sourced_id].append(record)
    problems: list[Problem] = []
    for sourced_id, several in sorted(versions.items()):
        newest = max(map(_modified, several))
        current = [one for one in several if _modified(one) == newest]
        if len(current) == 1:
            problems.append(problem("roster.duplicate-id", kind, sourced_id))
            kept[sourced_id] = current[0]
        else:
            problems.append(problem("roster.ambiguous-id", kind, sourced_id))
            del kept[sourced_id]
    return kept, problems


def _modified(record: Record) -> datetime:
    """When it was last modified; what cannot be read counts as the oldest."""
    return instant(record.date_last_modified) or datetime.min.replace(tzinfo=UTC)


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
    mapped: dict[str, Org] = {}
    for sourced_id, org in sorted(active.items()):
        result.account_of[sourced_id] = ""
        if sourced_id in root:
            continue
        sis_id = rules.prefix + sourced_id
        if why := unfit("orgs", sourced_id, sis_id=sis_id, name=org.name):
            result.problems.append(why)
            continue
        mapped[sourced_id] = org
        result.account_of[sourced_id] = sis_id
    parent_of: dict[str, str] = {}
    for sourced_id, org in mapped.items():
        parent_of[sourced_id], code = _parent(org, mapped, root)
        if code:
            result.problems.append(problem(code, "orgs", sourced_id, "parent"))
    for sourced_id in _parents_first(parent_of):
        name = _named("orgs", sourced_id, mapped[sourced_id].name, result.problems)
        parent = result.account_of.get(parent_of[sourced_id], "")
        result.rows.append(AccountRow(result.account_of[sourced_id], parent, name, "active"))
    return result


def _parents_first(parent_of: Mapping[str, str]) -> Iterator[str]:
    """Canvas takes accounts one by one, and refuses one whose parent is yet to come."""
    sorter = TopologicalSorter({one: (up,) if up else () for one, up in parent_of.items()})
    return iter(sorter.static_order())


def _named(kind: str, sourced_id: str, name: str, problems: list[Problem]) -> str:
    """The name, or what stands in for one: Canvas refuses a row without."""
    if name.strip():
        return name
    problems.append(problem("roster.unnamed", kind, sourced_id))
    return sourced_id


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
    seen, node = set[str](), parent
    while node in orgs and node not in seen:
        if node == org.sourced_id:
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
    equal: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    name_of: dict[str, str] = {}
    for sourced_id, session in sorted(sessions.items()):
        wanted = session.type in ("term", "semester") or sourced_id in referenced
        if session.status != "active" or not wanted:
            continue
        if why := _unfit(session, rules):
            result.problems.append(why)
            continue
        name = _named("academicSessions", sourced_id, session.title, result.problems)
        name_of[sourced_id] = name
        folded = " ".join(name.split()).casefold()
        equal[folded, session.start_date, session.end_date].append(sourced_id)
    for (_, start, end), members in equal.items():
        ids = [rules.prefix + member for member in members]
        sis_term_id = next((one for one in ids if one in accepted), ids[0])
        first, last = rules.start_of(start), rules.end_of(end)
        result.rows.append(TermRow(sis_term_id, name_of[members[0]], "active", first, last))
        for member in members:
            result.term_of[member] = Term(sis_term_id, start, end)
    return result


def _unfit(session: AcademicSession, rules: Rules) -> Problem | None:
    kind, sourced_id = "academicSessions", session.sourced_id
    if session.start_date and session.end_date and session.end_date < session.start_date:
        return problem("roster.term-dates", kind, sourced_id, "endDate")
    return unfit(kind, sourced_id, sis_id=rules.prefix + sourced_id, title=session.title)
