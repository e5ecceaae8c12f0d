"""Whether two records under different ids are the same thing, or one id is two. PURE.

A wrong yes gives one class's students and grades to another, so a pair counts only where both
sides have no better one; and a person looks at each before anything is sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from integration.provisioning.rows import AccountRow, TermRow, UserRow

# Of the larger class, so many students are in both: that is the same class.
SAME_STUDENTS = 0.5
# Fewer, where both have students to speak of: that is another one, whatever it is called.
OTHER_STUDENTS, STUDENTS_TO_SPEAK_OF = 0.2, 3
# Of those who were in a class, so many have to stay for it to be that class still.
STAYED = 0.5

T = TypeVar("T")
Pairs = dict[T, T]
Score = tuple[float, ...]


def folded(text: str) -> str:
    """As people compare names: without regard to case and spaces."""
    return " ".join(text.split()).casefold()


# --- people -------------------------------------------------------------------------------------


def same_person(old: UserRow, new: UserRow) -> str:
    """On what ground these are one person under two ids, or ""."""
    first = folded(old.first_name) == folded(new.first_name)
    last = folded(old.last_name) == folded(new.last_name)
    mail = bool(old.email) and folded(old.email) == folded(new.email)
    if folded(old.login_id) == folded(new.login_id):
        return "same login and name" if first or last or mail else ""
    return "same e-mail and name" if mail and first and last else ""


def by_mail_and_name(gone: Iterable[UserRow], new: Iterable[UserRow]) -> list[tuple[str, str]]:
    """(old id, new id) of those who are the only one of their name and e-mail on both sides."""
    return _only_ones(
        gone,
        new,
        lambda row: (
            row.email and (folded(row.email), folded(row.first_name), folded(row.last_name))
        ),
        lambda row: row.user_id,
    )


def another_person(before: UserRow, after: UserRow) -> bool:
    """Has the id gone over to somebody else: name, login and e-mail, all at once (D16)?"""
    same = (
        folded(one) == folded(other)
        for one, other in zip(before[1:5], after[1:5], strict=True)
        if one or other
    )
    return not any(same)


# --- terms and accounts -------------------------------------------------------------------------


def same_terms(
    gone: Iterable[TermRow],
    new: Iterable[TermRow],
    moved: Counter[tuple[str, str]],
) -> list[tuple[str, str]]:
    """(old id, new id). `moved`: how many courses went from one term to the other tonight.

    Equal title and dates; or equal dates, and its courses have gone over.
    """
    gone, new = list(gone), list(new)

    def dates(row: TermRow) -> tuple[str, ...]:
        return (row.start_date, row.end_date)

    pairs = _only_ones(
        gone, new, lambda row: (folded(row.name), *dates(row)), lambda row: row.term_id
    )
    paired = {one for pair in pairs for one in pair}
    old = {row.term_id: row for row in gone if row.term_id not in paired}
    fresh = {row.term_id: row for row in new if row.term_id not in paired}
    likely = [
        pair
        for pair in moved
        if pair[0] in old and pair[1] in fresh and dates(old[pair[0]]) == dates(fresh[pair[1]])
    ]
    return pairs + _mutual({pair: (float(moved[pair]),) for pair in likely})


def same_accounts(gone: Iterable[AccountRow], new: Iterable[AccountRow]) -> list[tuple[str, str]]:
    """(old id, new id) of organisations with equal name and parent; also where both changed."""
    gone, new = list(gone), list(new)
    old_of: dict[str, str] = {}

    def likeness(row: AccountRow) -> Hashable:
        return folded(row.name), old_of.get(row.parent_account_id, row.parent_account_id)

    while True:
        left = [row for row in gone if row.account_id not in old_of.values()]
        fresh = [row for row in new if row.account_id not in old_of]
        pairs = _only_ones(left, fresh, likeness, lambda row: row.account_id)
        if not pairs:
            return [(old, successor) for successor, old in old_of.items()]
        old_of |= {successor: old for old, successor in pairs}


# --- classes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A section beside its course. `code`: "" where the course is not the class's own."""

    sis_section_id: str
    sis_course_id: str
    school: str
    term: str
    title: str
    code: str
    students: frozenset[str] = frozenset()
    teachers: frozenset[str] = frozenset()


def same_classes(
    gone: Iterable[ClassFacts], new: Iterable[ClassFacts]
) -> dict[tuple[str, str], str]:
    """(old id, new id) to the evidence: same school and term, and title, code or course.

    Beside that the students are mostly the same, or the teacher is, or both title and code are.
    """
    scores = _scores(gone, new)
    return {pair: _evidence(scores[pair]) for pair in _mutual(scores)}


def undecided_classes(
    gone: Iterable[ClassFacts], new: Iterable[ClassFacts]
) -> dict[str, tuple[str, ...]]:
    """New id to the old ones that it may be, of what `same_classes` made no pair of."""
    candidates: dict[str, list[str]] = defaultdict(list)
    for old_id, new_id in sorted(_scores(gone, new)):
        candidates[new_id].append(old_id)
    return {new_id: tuple(old_ids) for new_id, old_ids in candidates.items()}


def _scores(gone: Iterable[ClassFacts], new: Iterable[ClassFacts]) -> dict[tuple[str, str], Score]:
    near: dict[Hashable, list[ClassFacts]] = defaultdict(list)
    for old in gone:
        for place in _places(old):
            near[place].append(old)
    scores: dict[tuple[str, str], Score] = {}
    for fresh in new:
        for old in {one for place in _places(fresh) for one in near[place]}:
            if score := _likeness(old, fresh):
                scores[old.sis_section_id, fresh.sis_section_id] = score
    return scores


def _places(one: ClassFacts) -> list[Hashable]:
    """Two that are the same class have at least one of these in common."""
    where = (one.school, one.term)
    facts = {"title": folded(one.title), "code": folded(one.code), "course": one.sis_course_id}
    return [(*where, name, value) for name, value in facts.items() if value]


def _likeness(old: ClassFacts, new: ClassFacts) -> Score:
    """How much speaks for one class, () where too little does."""
    larger = max(len(old.students), len(new.students))
    share = len(old.students & new.students) / larger if larger else 0.0
    if share < OTHER_STUDENTS and min(len(old.students), len(new.students)) >= STUDENTS_TO_SPEAK_OF:
        return ()
    title = folded(old.title) == folded(new.title)
    code = bool(old.code) and folded(old.code) == folded(new.code)
    teacher = bool(old.teachers & new.teachers)
    if share >= SAME_STUDENTS or teacher or (title and code):
        return (round(share, 2), code, title, teacher)
    return ()


def _evidence(score: Score) -> str:
    share, code, title, teacher = score
    told = [
        name for name, is_so in (("title", title), ("code", code), ("teacher", teacher)) if is_so
    ]
    told += [f"{share:.0%} of the students"] if share else []
    return "same " + ", ".join(told)


@dataclass(frozen=True, slots=True)
class Turnover:
    """What tonight does to a section of an id that Canvas knows.

    `school`, `term`, `title`: whether these are others; `later`: the new term begins after the
    old one's end. `people` were enrolled, of whom so many `left`; so many `came`.
    """

    school: bool
    term: bool
    title: bool
    later: bool
    people: int
    left: int
    came: int


def is_suspect(turnover: Turnover) -> bool:
    """Is it enough to look at who is in it?"""
    return turnover.later or turnover.school + turnover.term + turnover.title >= 2


def is_recycled(turnover: Turnover) -> bool:
    """Has the id gone over to another class (D16)? Who stays together is the same class."""
    if not is_suspect(turnover):
        return False
    if not turnover.people:
        return turnover.school + turnover.term + turnover.title >= 2
    # Where nobody can be proven to have left, those who came tell.
    return max(turnover.left, turnover.came) > turnover.people * STAYED


# --- one to one ---------------------------------------------------------------------------------


def _only_ones(
    gone: Iterable[T],
    new: Iterable[T],
    likeness: Callable[[T], Hashable],
    id_of: Callable[[T], str],
) -> list[tuple[str, str]]:
    """Pairs with equal likeness of which there is one on each side."""
    sides: tuple[dict[Hashable, list[str]], ...] = (defaultdict(list), defaultdict(list))
    for side, rows in zip(sides, (gone, new), strict=True):
        for row in rows:
            if like := likeness(row):
                side[like].append(id_of(row))
    return [
        (old[0], sides[1][like][0])
        for like, old in sides[0].items()
        if len(old) == len(sides[1].get(like, ())) == 1
    ]


def _mutual(scores: Mapping[tuple[str, str], Score]) -> list[tuple[str, str]]:
    """The pairs in which each is the only best of the other."""
    best: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for pair, score in scores.items():
        for side in enumerate(pair):
            there = best.setdefault(side, [pair])
            if score > scores[there[0]]:
                best[side] = [pair]
            elif score == scores[there[0]] and pair not in there:
                there.append(pair)
    return [pair for pair in scores if all(best[side] == [pair] for side in enumerate(pair))]
