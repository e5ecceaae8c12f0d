"""The evaluation line by line: what each record is, and what would become of it. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from integration.evaluation.matching import Matching, Matchings
from integration.evaluation.sides import COMPARED, CanvasSide, Member, QSide, Rows
from integration.provisioning.rows import (
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    USERS,
    Kind,
    Row,
)

# What can be said of a record; "same" is counted and not listed.
SAME, MATCHED, NEW, GONE = "same", "matched", "new", "gone"
COLLIDES, UNCLEAR, ADOPTS, LOSES = "collides", "unclear", "adopts", "loses"


class Entry(NamedTuple):
    """One line. `group`: SIS ID of the account it counts for, "" where there is none."""

    kind: str
    verdict: str
    q_id: str
    canvas_id: str
    name: str
    group: str = ""
    evidence: str = ""


Counts = dict[str, dict[str, int]]


def entries(q: QSide, canvas: CanvasSide, found: Matchings, counts: Counts) -> Iterator[Entry]:
    """Every line that somebody may want to look at; `counts` are filled in on the way."""
    for kind in COMPARED:
        here, there, matching = q.rows[kind], canvas.rows[kind], found[kind]
        counter = Counter({"q": len(here), "canvas": len(there)})
        for entry in _of_kind(kind, q, there, matching):
            counter[entry.verdict] += 1
            yield entry
        counter[SAME] = sum(old == new for old, new in matching.q_of.items())
        counts[kind.name] = _whole(counter)
    counter = Counter()
    yield from _enrollments(q, canvas, found, counter)
    counts[ENROLLMENTS.name] = _whole(counter)


def _whole(counter: Counter[str]) -> dict[str, int]:
    names = ("q", "canvas", SAME, MATCHED, NEW, GONE, COLLIDES, UNCLEAR, ADOPTS, LOSES)
    return {name: counter[name] for name in names if counter[name] or name in names[:6]}


def _of_kind(kind: Kind, q: QSide, there: Rows, matching: Matching) -> Iterator[Entry]:
    here = q.rows[kind]
    canvas_of = {q_id: canvas_id for canvas_id, q_id in matching.q_of.items()}
    shared = set(q.shared_logins) if kind is USERS else set[str]()
    for key, row in here.items():
        name, group = name_of(kind, row), _group(kind, key, row, q)
        if key in matching.colliding:
            canvas_id, why = matching.colliding[key]
            yield Entry(kind.name, COLLIDES, key, canvas_id, name, group, why)
        elif key in matching.ambiguous:
            candidates = matching.ambiguous[key]
            told = f"may be any of {len(candidates)}: {', '.join(candidates[:5])}"
            yield Entry(kind.name, UNCLEAR, key, "", name, group, told)
        elif key in matching.adopts:
            told = "an account without SIS ID has this login"
            yield Entry(kind.name, ADOPTS, key, "", name, group, told)
        elif key in matching.grounds:
            ground = matching.grounds[key]
            yield Entry(kind.name, MATCHED, key, canvas_of[key], name, group, ground)
        elif key not in canvas_of:
            yield Entry(kind.name, NEW, key, "", name, group)
    for key in shared:
        told = "another user of Q has the same username"
        yield Entry(kind.name, COLLIDES, key, "", "", "", told)
    _, left = matching.left(here, there)
    for key, row in left.items():
        yield Entry(kind.name, GONE, "", key, name_of(kind, row))


def _group(kind: Kind, key: str, row: Row, q: QSide) -> str:
    if kind is USERS:
        return q.school_of.get(key, "")
    if kind is COURSES:
        return row[kind.index("account_id")]
    if kind is SECTIONS:
        return q.rows[COURSES][row[1]][COURSES.index("account_id")]
    return ""


def name_of(kind: Kind, row: Row) -> str:
    """What a person calls this record."""
    if kind is USERS:
        return " ".join(row[kind.index(column)] for column in ("first_name", "last_name"))
    if kind is COURSES:
        return row[kind.index("long_name")] or row[kind.index("short_name")]
    return row[kind.index("name")]


# --- enrollments ----------------------------------------------------------------------------------


def _enrollments(
    q: QSide, canvas: CanvasSide, found: Matchings, counter: Counter[str]
) -> Iterator[Entry]:
    """Counted section by section; listed are those who would lose access.

    That is whoever is active in a section which Q has too, and whom Q does not have in it.
    """
    q_section, q_user = found[SECTIONS].q_of, found[USERS].q_of
    counter["q"] = sum(map(len, q.members.values()))
    for section, members in canvas.members.items():
        counter["canvas"] += len(members)
        target = q_section.get(section)
        if target is None:
            counter[GONE] += len(members)
            continue
        expected = q.members.get(target, set())
        users = {user for user, _ in expected}
        for user, role in members:
            now = q_user.get(user)
            if now and (now, role) in expected:
                counter[SAME if (now, target) == (user, section) else MATCHED] += 1
                continue
            counter[GONE] += 1
            if now is None or now not in users:
                counter[LOSES] += 1
                yield _loses(q, canvas, section, target, (user, role), now or "")
    counter[NEW] = counter["q"] - counter[SAME] - counter[MATCHED]


def _loses(
    q: QSide, canvas: CanvasSide, section: str, target: str, member: Member, now: str
) -> Entry:
    user, role = member
    row = canvas.rows[USERS].get(user)
    where = canvas.rows[SECTIONS][section][SECTIONS.index("name")]
    why = "Q does not have them in it" if now else "nobody of Q is known to be this person"
    return Entry(
        ENROLLMENTS.name,
        LOSES,
        f"{target} {now}".strip(),
        f"{section} {user} {role}",
        name_of(USERS, row) if row else user,
        _group(SECTIONS, target, q.rows[SECTIONS][target], q),
        f"{role} in “{where}”; {why}",
    )
