"""What Canvas should hold after each night: a pure model, written from the rules and not from code.

The rules are those of design 5 and of the README's tables, for the default policy: a course for
each class, SIS IDs that are sourcedIds, no guardians, a first step of “inactive”. Q is
{collection: {sourcedId: record}}, as the wire has it. The model knows what was sent, so it knows
what a hand's work in Canvas is worth: it stays until Q changes the very row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Record = dict[str, Any]
Q = Mapping[str, Mapping[str, Record]]
Row = tuple[Any, ...]

ROLES = {"student": "student", "teacher": "teacher", "aide": "ta"}
NOT_ENROLLED = ("administrator", "proctor", "guardian", "parent", "relative")
GUARDIANS = ("guardian", "parent", "relative")
# Nobody knows whether Canvas took what was sent last.
UNSURE: Row = ("unsure",)


class Member(NamedTuple):
    """A place in a section."""

    section: str
    user: str
    role: str


@dataclass
class Wanted:
    """What Q says tonight, and what it says nothing certain about.

    `rows`: {kind: {key: row}}; `school_of`: whose limits a row counts for. A place that `frozen`
    covers stays whatever it is.
    """

    rows: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    school_of: dict[Any, str] = field(default_factory=dict)
    over: dict[str, date | None] = field(default_factory=dict)
    sections: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)

    def frozen(self, member: Member) -> bool:
        return (
            member.section in self.sections
            or member.user in self.users
            or (member.section, member.user) in self.pairs
        )


@dataclass
class Changes:
    """What a night does: rows to send, and places to end. `left`: gone, and never taken away."""

    send: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    end: set[Member] = field(default_factory=set)
    left: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    ended: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))

    def is_nothing(self) -> bool:
        return not (any(self.send.values()) or self.end)


@dataclass
class Model:
    """`sent`: the last row of each key; `gone`: of those, what Q no longer has. `canvas`: what
    Canvas holds. `by_hand`: names that a person wrote; no import changes them any more.
    `waiting`: {"users" or "sections": {old id: new id}} of what Q calls otherwise, until a person
    says yes; "" for an id that Q has given to something else.
    """

    zone: str
    sent: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    gone: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    school_of: dict[Any, str] = field(default_factory=dict)
    canvas: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    by_hand: dict[tuple[str, Any], str] = field(default_factory=dict)
    term_end: dict[str, date | None] = field(default_factory=dict)
    waiting: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    # -- ids that change

    def is_called(self, kind: str, old: str, new: str) -> None:
        """Q calls this otherwise from today on; or, where `new` is "", something else by it."""
        before = {after: first for first, after in self.waiting[kind].items() if after}
        first = before.get(old, old)
        if first in self.sent[kind]:
            self.waiting[kind][first] = new

    def forget_what_left(self, q: Q) -> None:
        """What Q does not hold under its new id either is gone."""
        for kind, collection in (("users", "users"), ("sections", "classes")):
            for old, new in list(self.waiting[kind].items()):
                if q[collection].get(new or old, {}).get("status") != "active":
                    del self.waiting[kind][old]

    def waits(self, kind: str, key: Any) -> bool:
        """Nothing of it is sent, nor taken away, before a person has said yes."""
        if kind == "enrollments":
            return self.waits("sections", key.section) or self.waits("users", key.user)
        ids = self.waiting["sections" if kind == "courses" else kind]
        return key in ids or key in ids.values()

    def renamed(self, kind: str, old: str, new: str) -> None:
        """A person said yes: all that was said of the old id is said of the new one."""
        self.waiting[kind].pop(old)
        kinds = ("users",) if kind == "users" else ("sections", "courses")
        for table in (self.sent, self.canvas):
            for one in kinds:
                if old in table[one]:
                    table[one][new] = table[one].pop(old)
            table["enrollments"] = {
                _moved(key, kind, old, new): row for key, row in table["enrollments"].items()
            }
        for one in kinds:
            if old in self.gone[one]:
                self.gone[one] = self.gone[one] - {old} | {new}
            if (one, old) in self.by_hand:
                self.by_hand[one, new] = self.by_hand.pop((one, old))
        self.gone["enrollments"] = {_moved(key, kind, old, new) for key in self.gone["enrollments"]}
        for known in (self.school_of, self.term_end):
            if old in known:
                known[new] = known[old]  # type: ignore[index]
        self.school_of |= {
            _moved(key, kind, old, new): school
            for key, school in self.school_of.items()
            if isinstance(key, Member)
        }

    # -- what Q says

    def wanted(self, q: Q) -> Wanted:
        """Read Q as the rules say."""
        wanted = Wanted()
        terms = _terms(q)
        schools = {
            key
            for key, org in q["orgs"].items()
            if org["status"] == "active" and org["type"] != "district"
        }
        for key in schools:
            wanted.rows["accounts"][key] = (q["orgs"][key]["name"],)
        left_out = self._users(q, wanted, schools)
        inactive = _classes(q, wanted, terms, schools)
        self._members(q, wanted, left_out, inactive)
        return wanted

    def _users(self, q: Q, wanted: Wanted, schools: Collection[str]) -> set[str]:
        """Fill in the people; who could not be mapped."""
        left_out = set()
        rows = wanted.rows["users"]
        for key, record in sorted(q["users"].items()):
            if record["status"] != "active" or record["role"] in GUARDIANS:
                continue
            login = record.get("username") or record.get("email")
            if (record["role"] not in ROLES and record["role"] not in NOT_ENROLLED) or not login:
                left_out.add(key)
            else:
                names = record.get("givenName", ""), record.get("familyName", "")
                rows[key] = (login, *names, record.get("email", ""))
                orgs = [org["sourcedId"] for org in record.get("orgs", ())]
                wanted.school_of[key] = next((one for one in orgs if one in schools), "")
        self._hold_renamed(wanted, left_out)
        return left_out

    def _hold_renamed(self, wanted: Wanted, left_out: set[str]) -> None:
        """A known login under another id is the same person: nothing of it is sent (5.8)."""
        rows = wanted.rows["users"]
        owner = {row[0]: key for key, row in self.sent["users"].items() if row is not UNSURE}
        new = [key for key in rows if key not in self.sent["users"]]
        renamed = {
            key: owner[rows[key][0]]
            for key in new
            if rows[key][0] in owner and owner[rows[key][0]] not in rows
        }
        in_canvas = {row[0]: key for key, row in self.canvas["users"].items() if row is not UNSURE}
        claimed = {key for key in new if in_canvas.get(rows[key][0], key) != key}
        wanted.users |= set(renamed.values())
        for key in {*renamed, *claimed}:
            left_out.add(key)
            del rows[key]

    def _members(
        self, q: Q, wanted: Wanted, left_out: Collection[str], inactive: Collection[str]
    ) -> None:
        rows, people = wanted.rows["enrollments"], wanted.rows["users"]
        away = {
            key
            for key, one in q["users"].items()
            if key not in left_out and (one["status"] != "active" or one["role"] in GUARDIANS)
        }
        for record in q["enrollments"].values():
            section, user = record["class"]["sourcedId"], record["user"]["sourcedId"]
            if record["status"] not in ("active", "tobedeleted"):
                wanted.pairs.add((section, user))  # it cannot be read, so it may still be there
                continue
            without = record["status"] != "active" or record["role"] not in ROLES
            if without or section in inactive or user in away:
                continue
            if section not in wanted.rows["sections"]:
                wanted.sections.add(section)
            elif user not in people:
                wanted.pairs.add((section, user))
            else:
                member = Member(section, user, ROLES[record["role"]])
                row = self._dates(record, wanted.rows["sections"][section])
                if member not in rows or _later(row) > _later(rows[member]):
                    rows[member] = row
                wanted.school_of[member] = wanted.school_of[section]

    def _dates(self, record: Record, section: Row) -> Row:
        """Dates of its own only where they are not the class's; always both."""
        first, last = section[1], section[2]
        start, end = record.get("beginDate") or first, record.get("endDate") or last
        own = (record.get("beginDate") or first) != first or (record.get("endDate") or last) != last
        return (start, end) if own and start and end else ("", "")

    # -- what is to be done

    def changes(self, q: Q, wanted: Wanted, *, proven: bool, today: datetime) -> Changes:
        """Compare with what was sent. `proven`: all of Q was read, so absence means something."""
        changes = Changes()
        for kind in ("accounts", "terms", "courses", "sections", "users", "enrollments"):
            sent, gone = self.sent[kind], self.gone[kind]
            for key, row in wanted.rows[kind].items():
                if (sent.get(key) != row or key in gone) and not self.waits(kind, key):
                    changes.send[kind][key] = row
            absent = sent.keys() - wanted.rows[kind].keys() - gone if proven else set()
            absent = {key for key in absent if not self.waits(kind, key)}
            if kind != "enrollments":
                changes.left[kind] = absent - set(_there(q, kind))
        for member in absent:
            if wanted.frozen(member):
                continue
            is_over = self._is_over(member, sent[member], wanted, today)
            (changes.ended[kind] if is_over else changes.end).add(member)
        return changes

    def _is_over(self, member: Member, row: Row, wanted: Wanted, today: datetime) -> bool:
        """A term that has ended is never a reason to take anybody out (D2)."""
        own = row[1] if row is not UNSURE else ""
        if own and not self._has_passed(own, today):
            return False
        end = wanted.over.get(member.section, self.term_end.get(member.section))
        return end is not None and self._has_passed(str(end), today)

    def _has_passed(self, day: str, today: datetime) -> bool:
        last = datetime.combine(date.fromisoformat(day), time(23, 59, 59), ZoneInfo(self.zone))
        return last.astimezone(UTC) < today

    def too_many(self, changes: Changes) -> Counter[tuple[str, str]]:
        """(kind, school or "") of each limit on removals that these break, with their number."""
        ends = Counter(self.school_of.get(member, "") for member in changes.end)
        ends[""] = sum(ends.values())
        alive = self.sent["enrollments"].keys() - self.gone["enrollments"]
        there = Counter(self.school_of.get(member, "") for member in alive)
        there[""] = len(alive)
        return Counter(
            {
                ("enrollments", school): count
                for school, count in ends.items()
                if count > min(max(5, there[school] // 10), 2000)
            }
        )

    # -- what becomes of it

    def carried_out(self, changes: Changes, wanted: Wanted) -> None:
        """Canvas took all of it."""
        for kind, rows in changes.send.items():
            for key, row in rows.items():
                self.sent[kind][key] = row
                self.gone[kind].discard(key)
                self.canvas[kind][key] = row
        for member in changes.end:
            self.gone["enrollments"].add(member)
            self.canvas["enrollments"].pop(member, None)
        for what in (changes.left, changes.ended):
            for kind, keys in what.items():
                self.gone[kind] |= keys
        self._note_where(wanted)

    def _note_where(self, wanted: Wanted) -> None:
        """Not of an id that waits: what Canvas has under it is still what it was."""
        for key, school in wanted.school_of.items():
            kinds = ("enrollments",) if isinstance(key, Member) else ("sections", "users")
            if not any(self.waits(kind, key) for kind in kinds):
                self.school_of[key] = school
        self.term_end |= {
            key: end for key, end in wanted.over.items() if not self.waits("sections", key)
        }

    def in_doubt(self, changes: Changes, wanted: Wanted) -> None:
        """Canvas broke it off: nobody knows which of the rows it took."""
        touched: dict[str, Iterable[Any]] = {**changes.send}
        touched["enrollments"] = {*changes.send["enrollments"], *changes.end}
        for kind, keys in touched.items():
            for key in keys:
                self.sent[kind][key] = UNSURE
                self.gone[kind].discard(key)
                self.canvas[kind][key] = UNSURE
        self._note_where(wanted)

    # -- what Canvas should tell

    def expected(self, kind: str) -> dict[Any, Row]:
        """{key: what is compared}, without what nobody can know."""
        known = {key: row for key, row in self.canvas[kind].items() if row is not UNSURE}
        if kind == "enrollments":
            return dict.fromkeys(known, ())
        if kind in ("courses", "sections"):
            return {key: (self.by_hand.get((kind, key), row[0]),) for key, row in known.items()}
        return known

    def doubtful(self, kind: str) -> set[Any]:
        return {key for key, row in self.canvas[kind].items() if row is UNSURE}


def _moved(member: Member, kind: str, old: str, new: str) -> Member:
    if kind == "users":
        return member._replace(user=new) if member.user == old else member
    return member._replace(section=new) if member.section == old else member


def _terms(q: Q) -> dict[str, tuple[str, str]]:
    """{session: (first, last day)} of those that count."""
    return {
        key: (one["startDate"], one["endDate"])
        for key, one in q["academicSessions"].items()
        if one["status"] == "active" and one["startDate"] <= one["endDate"]
    }


def _classes(
    q: Q, wanted: Wanted, terms: Mapping[str, tuple[str, str]], schools: Collection[str]
) -> set[str]:
    """Fill in sections and courses; the classes that are not to be in Canvas."""
    inactive = set()
    for key, record in q["classes"].items():
        if record["status"] != "active":
            inactive.add(key)
            continue
        title = record.get("title") or record.get("classCode")
        if not title:
            continue
        own = [terms[one["sourcedId"]] for one in record["terms"] if one["sourcedId"] in terms]
        first, last = (
            min((one[0] for one in own), default=""),
            max((one[1] for one in own), default=""),
        )
        school = record["school"]["sourcedId"]
        wanted.school_of[key] = school if school in schools else ""
        wanted.over[key] = date.fromisoformat(last) if last else None
        wanted.rows["sections"][key] = (title, first, last, len(own) > 1)
        course = q["courses"].get(record["course"]["sourcedId"], {})
        code = record.get("classCode") or course.get("courseCode")
        wanted.rows["courses"][key] = (
            title,
            code,
            wanted.school_of[key],
            own[:1],
        )
    return inactive


def _there(q: Q, kind: str) -> Collection[str]:
    """Records that are there and could not be mapped: those rows are not gone."""
    if kind == "users":
        return {
            key
            for key, one in q["users"].items()
            if one["status"] == "active" and one["role"] not in GUARDIANS
        }
    if kind in ("sections", "courses"):
        return {key for key, one in q["classes"].items() if one["status"] == "active"}
    return ()


def _later(row: Row) -> tuple[str, str]:
    """Of two enrollments of one person in one class the one that lasts longer is meant."""
    return (row[1] or "9", row[0])


def night_after(day: str, zone: str, at: time) -> datetime:
    """The instant (UTC) at which the night after a school day begins."""
    local = datetime.combine(date.fromisoformat(day) + timedelta(days=1), at, ZoneInfo(zone))
    return local.astimezone(UTC)
