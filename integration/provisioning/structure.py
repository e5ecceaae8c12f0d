"""Organisations become sub-accounts, academic sessions become terms. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from itertools import count
from types import MappingProxyType
from typing import Any

from integration.oneroster.canonical import instant
from integration.oneroster.types import AcademicSession, Org, Problem, R, Record
from integration.provisioning.problems import problem, unfit
from integration.provisioning.rows import AccountRow, TermRow
from integration.provisioning.rules import Rules

NOTHING: Mapping[str, Any] = MappingProxyType({})


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


@dataclass(frozen=True, slots=True)
class Remembered:
    """A session as it was last read, and the term that it became in Canvas."""

    session: AcademicSession
    sis_term_id: str


@dataclass(slots=True)
class Terms:
    """`term_of`: session sourcedId to its Canvas term; equal sessions of many schools share one.

    `changed`: sessions to be remembered otherwise than they are.
    """

    rows: list[TermRow] = field(default_factory=list)
    term_of: dict[str, Term] = field(default_factory=dict)
    changed: dict[str, Remembered] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def map_terms(
    sessions: Mapping[str, AcademicSession],
    rules: Rules,
    *,
    referenced: Collection[str],
    accepted: Collection[str],
    remembered: Mapping[str, Remembered] = NOTHING,
    is_unread: Callable[[str], bool] = lambda _: False,
) -> Terms:
    """Terms and semesters, and whatever else a class names, merged by title and dates.

    A session that cannot be read or held tonight (`is_unread`) is what it was when last
    `remembered`. A merged term keeps the SIS ID that Canvas `accepted` for its sessions before,
    else takes the first in order, so that it does not change when a school leaves.
    """
    result = Terms()
    equal: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    known = {key: one for key, one in remembered.items() if one.sis_term_id in accepted}
    current = _current(sessions, rules, known, is_unread, result.problems)
    name_of: dict[str, str] = {}
    for sourced_id, session in sorted(current.items()):
        wanted = session.type in ("term", "semester") or sourced_id in referenced
        if session.status != "active" or not wanted:
            continue
        name = _named("academicSessions", sourced_id, session.title, result.problems)
        name_of[sourced_id] = name
        folded = " ".join(name.split()).casefold()
        equal[folded, session.start_date, session.end_date].append(sourced_id)
    id_of = _term_ids(list(equal.values()), rules, known, accepted)
    for (_, start, end), members in equal.items():
        sis_term_id = id_of[members[0]]
        first, last = rules.start_of(start), rules.end_of(end)
        result.rows.append(TermRow(sis_term_id, name_of[members[0]], "active", first, last))
        for member in members:
            result.term_of[member] = Term(sis_term_id, start, end)
            _note(result, current[member], remembered.get(member))
    return result


def _current(
    sessions: Mapping[str, AcademicSession],
    rules: Rules,
    remembered: Mapping[str, Remembered],
    is_unread: Callable[[str], bool],
    problems: list[Problem],
) -> dict[str, AcademicSession]:
    """The sessions of tonight, those that are of no use tonight as they were."""
    current = {key: one.session for key, one in remembered.items() if is_unread(key)}
    for sourced_id, session in sorted(sessions.items()):
        why = unfit_session(session, rules) if session.status == "active" else None
        if why is None:
            current[sourced_id] = session
        else:
            problems.append(why)
            if before := remembered.get(sourced_id):
                current[sourced_id] = before.session
    return current


def _term_ids(
    groups: list[list[str]],
    rules: Rules,
    remembered: Mapping[str, Remembered],
    accepted: Collection[str],
) -> dict[str, str]:
    """The SIS ID of each group's term, by the group's first member; no two the same.

    `remembered`: only those whose term Canvas has still. Of groups that were one term before, the
    larger keeps it, for fewer courses move then.
    """
    id_of: dict[str, str] = {}
    taken: set[str] = set()
    for members in sorted(groups, key=lambda one: (-len(one), one)):
        before = [remembered[one].sis_term_id for one in members if one in remembered]
        free = [one for one in before if one not in taken]
        if free:
            id_of[members[0]] = max(free, key=lambda one: (free.count(one), one))
            taken.add(id_of[members[0]])
    for members in groups:
        if members[0] in id_of:
            continue
        own = [rules.prefix + one for one in members]
        spare = (f"{own[0][:240]}:{number}" for number in count(2))
        free = [one for one in own if one not in taken]
        free = free or [next(one for one in spare if one not in taken)]
        id_of[members[0]] = next((one for one in free if one in accepted), free[0])
        taken.add(id_of[members[0]])
    return id_of


def _note(result: Terms, session: AcademicSession, before: Remembered | None) -> None:
    now = Remembered(_bare(session), result.term_of[session.sourced_id].sis_term_id)
    if now != before:
        result.changed[session.sourced_id] = now


def _bare(session: AcademicSession) -> AcademicSession:
    """Only what makes a term of it."""
    return AcademicSession(
        sourced_id=session.sourced_id,
        status=session.status,
        title=session.title,
        type=session.type,
        start_date=session.start_date,
        end_date=session.end_date,
    )


def unfit_session(session: AcademicSession, rules: Rules) -> Problem | None:
    """Why no term can be made of this session, whatever else there is in Q."""
    kind, sourced_id = "academicSessions", session.sourced_id
    if session.start_date and session.end_date and session.end_date < session.start_date:
        return problem("roster.term-dates", kind, sourced_id, "endDate")
    return unfit(kind, sourced_id, sis_id=rules.prefix + sourced_id, title=session.title)
