"""Which record of Canvas is which of Q, and what speaks against it. PURE.

In this order: the same SIS ID; the integration ID that is Q's; what both are called and who is in
them (provisioning/likeness.py). A pair counts only where both sides have no other candidate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from integration.evaluation.sides import CanvasSide, QSide, Rows
from integration.provisioning import likeness
from integration.provisioning.likeness import ClassFacts, folded
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    SECTIONS,
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

T = TypeVar("T")


@dataclass(slots=True)
class Matching:
    """One kind's records, side by side.

    `q_of`: Canvas's id to Q's. `grounds`: Q's id to the ground, of those whose id differs.
    `colliding`: Q's id to (Canvas's id, why). `ambiguous`: Q's id to the candidates in Canvas.
    `adopts`: ids of Q's users who would take over an account without SIS ID.
    """

    q_of: dict[str, str] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    colliding: dict[str, tuple[str, str]] = field(default_factory=dict)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    adopts: set[str] = field(default_factory=set)

    def pair(self, canvas_id: str, q_id: str, ground: str) -> None:
        self.q_of[canvas_id] = q_id
        if canvas_id != q_id:
            self.grounds[q_id] = ground

    def left(self, q: Rows, canvas: Rows) -> tuple[Rows, Rows]:
        """What no decision has been made about, of each side."""
        matched = set(self.q_of.values()) | self.colliding.keys() | self.ambiguous.keys()
        held = self.q_of.keys() | {one for one, _ in self.colliding.values()}
        return (
            {key: row for key, row in q.items() if key not in matched},
            {key: row for key, row in canvas.items() if key not in held},
        )


Matchings = dict[Kind, Matching]


def match(q: QSide, canvas: CanvasSide) -> Matchings:
    """Every kind that has rows of its own."""
    found: Matchings = {}
    for kind, match_kind in (
        (ACCOUNTS, _accounts),
        (USERS, _users),
        (TERMS, _terms),
        (SECTIONS, _sections),
        (COURSES, _courses),
    ):
        found[kind] = match_kind(q, canvas, found)
    return found


def _by_id(
    q: QSide,
    canvas: CanvasSide,
    kind: Kind,
    is_another: Callable[[Row, Row], bool] = lambda *_: False,
) -> Matching:
    matching = Matching()
    there, here = canvas.rows[kind], q.rows[kind]
    for key in here.keys() & there.keys():
        if is_another(there[key], here[key]):
            matching.colliding[key] = (key, "Canvas has this id for somebody or something else")
        else:
            matching.pair(key, key, "")
    for other, key in canvas.integration_ids[kind].items():
        if other in here and other not in there and key not in here:
            matching.pair(key, other, "the integration ID in Canvas is Q's id")
    return matching


# --- accounts and terms -------------------------------------------------------------------------


def _accounts(q: QSide, canvas: CanvasSide, _: Matchings) -> Matching:
    matching = _by_id(q, canvas, ACCOUNTS)
    here, there = matching.left(q.rows[ACCOUNTS], canvas.rows[ACCOUNTS])
    gone = [_under(AccountRow(*row), matching.q_of) for row in there.values()]
    new = [AccountRow(*row) for row in here.values()]
    for old_id, new_id in likeness.same_accounts(gone, new):
        matching.pair(old_id, new_id, "same name and parent")
    return matching


def _under(row: AccountRow, q_of: Mapping[str, str]) -> AccountRow:
    return row._replace(parent_account_id=q_of.get(row.parent_account_id, row.parent_account_id))


def _terms(q: QSide, canvas: CanvasSide, _: Matchings) -> Matching:
    matching = _by_id(q, canvas, TERMS)
    here, there = matching.left(q.rows[TERMS], canvas.rows[TERMS])
    gone, new = ([TermRow(*row) for row in rows.values()] for rows in (there, here))
    for old_id, new_id in likeness.same_terms(gone, new, Counter()):
        matching.pair(old_id, new_id, "same name and dates")
    here, there = matching.left(here, there)
    by_name = _groups(here, there, lambda row: folded(row[1]))
    _take_groups(matching, by_name, "same name, other dates")
    return matching


# --- people -------------------------------------------------------------------------------------


def _is_another_person(there: Row, here: Row) -> bool:
    return likeness.another_person(UserRow(*there), UserRow(*here))


def _users(q: QSide, canvas: CanvasSide, _: Matchings) -> Matching:
    matching = _by_id(q, canvas, USERS, _is_another_person)
    here, _there = matching.left(q.rows[USERS], canvas.rows[USERS])
    holder_of = {row[1].casefold(): key for key, row in canvas.rows[USERS].items()}
    for key, row in here.items():
        login = row[1].casefold()
        holder = holder_of.get(login)
        if holder is None:
            if login in canvas.logins_without_id:
                matching.adopts.add(key)
            continue
        person = UserRow(*canvas.rows[USERS][holder])
        if holder in matching.q_of:
            matching.colliding[key] = (holder, "the login is another person's in Canvas and in Q")
        elif ground := likeness.same_person(person, UserRow(*row)):
            matching.pair(holder, key, ground)
        else:
            matching.colliding[key] = (holder, "somebody of another name has this login in Canvas")
    here, there = matching.left(q.rows[USERS], canvas.rows[USERS])
    _take_groups(matching, _groups(here, there, _mail_and_name), "same e-mail and name")
    return matching


def _mail_and_name(row: Row) -> Hashable:
    person = UserRow(*row)
    names = (folded(person.first_name), folded(person.last_name))
    return (folded(person.email), *names) if person.email else ""


# --- classes and their courses --------------------------------------------------------------------


def _sections(q: QSide, canvas: CanvasSide, found: Matchings) -> Matching:
    matching = _by_id(q, canvas, SECTIONS)
    here, there = matching.left(q.rows[SECTIONS], canvas.rows[SECTIONS])
    if not here or not there:
        return matching
    gone, new = list(_facts_there(there, canvas, found)), list(_facts_here(here, q))
    for (old_id, new_id), ground in likeness.same_classes(gone, new).items():
        matching.pair(old_id, new_id, ground)
    paired = {one for pair in matching.q_of.items() for one in pair}
    left = ([one for one in side if one.sis_section_id not in paired] for side in (gone, new))
    matching.ambiguous |= likeness.undecided_classes(*left)
    return matching


def _facts_here(rows: Rows, q: QSide) -> Iterable[ClassFacts]:
    for key, row in rows.items():
        section = SectionRow(*row)
        course = CourseRow(*q.rows[COURSES][section.course_id])
        own = section.course_id == key
        yield _facts(section, course, own, q.members.get(key, set()), course.account_id)


def _facts_there(rows: Rows, canvas: CanvasSide, found: Matchings) -> Iterable[ClassFacts]:
    """In Q's ids as far as those are matched, so that both sides name the same things alike."""
    accounts, terms, users = (found[kind].q_of for kind in (ACCOUNTS, TERMS, USERS))
    sections_of = Counter(row[1] for row in canvas.rows[SECTIONS].values())
    for key, row in rows.items():
        section = SectionRow(*row)
        course = CourseRow(*canvas.rows[COURSES].get(section.course_id, ("",) * 6))
        course = course._replace(
            account_id=accounts.get(course.account_id, course.account_id),
            term_id=terms.get(course.term_id, course.term_id),
        )
        own = sections_of[section.course_id] == 1
        people = canvas.members.get(key, set())
        members = {(users.get(user, f"\x1f{user}"), role) for user, role in people}
        yield _facts(section, course, own, members, course.account_id)


def _facts(
    section: SectionRow, course: CourseRow, own: bool, members: set[tuple[str, str]], school: str
) -> ClassFacts:
    def of(role: str) -> frozenset[str]:
        return frozenset(user for user, is_role in members if is_role == role)

    return ClassFacts(
        section.section_id,
        section.course_id,
        school,
        course.term_id,
        section.name,
        course.short_name if own else "",
        of("student"),
        of("teacher"),
    )


def _courses(q: QSide, canvas: CanvasSide, found: Matchings) -> Matching:
    """A course is known by its id, or else by the sections in it."""
    matching = _by_id(q, canvas, COURSES)
    here, there = matching.left(q.rows[COURSES], canvas.rows[COURSES])
    theirs, ours = together(q, canvas, found[SECTIONS])
    for canvas_id, q_ids in theirs.items():
        if canvas_id in there and len(q_ids) == 1 and (q_id := min(q_ids)) in here:
            if len(ours[q_id]) == 1:
                matching.pair(canvas_id, q_id, "same sections")
            else:
                matching.ambiguous[q_id] = tuple(sorted(ours[q_id]))
    return matching


def together(
    q: QSide, canvas: CanvasSide, sections: Matching
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """{Canvas's course: Q's courses whose sections it holds}, and the other way round."""
    theirs: dict[str, set[str]] = defaultdict(set)
    ours: dict[str, set[str]] = defaultdict(set)
    for canvas_id, q_id in sections.q_of.items():
        there, here = canvas.rows[SECTIONS][canvas_id][1], q.rows[SECTIONS][q_id][1]
        if there:
            theirs[there].add(here)
            ours[here].add(there)
    return theirs, ours


# --- one to one ---------------------------------------------------------------------------------


def _groups(
    here: Rows, there: Rows, likeness_of: Callable[[Row], Hashable]
) -> list[tuple[list[str], list[str]]]:
    """(Canvas's ids, Q's ids) of equal likeness, where both sides have some."""
    sides: tuple[dict[Hashable, list[str]], ...] = (defaultdict(list), defaultdict(list))
    for side, rows in zip(sides, (there, here), strict=True):
        for key, row in rows.items():
            if like := likeness_of(row):
                side[like].append(key)
    return [(sides[0][like], sides[1][like]) for like in sides[0] if like in sides[1]]


def _take_groups(
    matching: Matching, groups: Iterable[tuple[list[str], list[str]]], ground: str
) -> None:
    for canvas_ids, q_ids in groups:
        if len(canvas_ids) == len(q_ids) == 1:
            matching.pair(canvas_ids[0], q_ids[0], ground)
            continue
        for q_id in q_ids:
            matching.ambiguous[q_id] = tuple(sorted(canvas_ids))
