"""What Canvas should hold after each night: a pure model, written from the rules and not from code.

The rules are those of design 5 and of the README's tables, for the default policy: a course for
each class, SIS IDs that are sourcedIds, no guardians, a first step of “inactive”. Q is
{collection: {sourcedId: record}}, as the wire has it. The model knows what was sent, so it knows
what a hand's work in Canvas is worth: it stays until Q changes the very row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.wanted import (
    GUARDIANS,
    NOT_ENROLLED,
    ROLES,
    UNSURE,
    Member,
    Q,
    Record,
    Row,
    Wanted,
    fill_in_classes,
    later,
    terms_of,
    there,
)

__all__ = ["Member", "Model", "Record", "night_after"]

# What a person has left out of a plan instead of a row: that somebody goes, or stays though gone.
END, KEPT = ("end",), ("kept",)
LIMIT, IN_ROLLOVER = 10, 2  # a tenth of what was accepted, or half of it


@dataclass
class Changes:
    """What a night does: rows to send, and places to end. `left`: gone, and never taken away."""

    send: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    end: set[Member] = field(default_factory=set)
    left: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    ended: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))


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
    taken: dict[Member, datetime] = field(default_factory=dict)
    aside: dict[Member, Row] = field(default_factory=dict)

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
        self.taken = {_moved(key, kind, old, new): at for key, at in self.taken.items()}
        self.aside = {_moved(key, kind, old, new): row for key, row in self.aside.items()}
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
        terms = terms_of(q)
        schools = {
            key
            for key, org in q["orgs"].items()
            if org["status"] == "active" and org["type"] != "district"
        }
        for key in schools:
            wanted.rows["accounts"][key] = (q["orgs"][key]["name"],)
        left_out = self._users(q, wanted, schools)
        inactive = fill_in_classes(q, wanted, terms, schools)
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
                if member not in rows or later(row) > later(rows[member]):
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
                changes.left[kind] = absent - set(there(q, kind))
        for member in absent:
            if wanted.frozen(member):
                continue
            is_over = self._is_over(member, sent[member], wanted, today)
            if self.aside.get(member) != (KEPT if is_over else END):
                (changes.ended[kind] if is_over else changes.end).add(member)
        rows = changes.send["enrollments"]
        for member in [key for key, row in rows.items() if self.aside.get(key) == row]:
            del rows[member]
        return changes

    def rests_no_more(self, wanted: Wanted, *, proven: bool, today: datetime) -> None:
        """Forget what a person left out, where Q shows that it is something else by now."""
        sent, gone = self.sent["enrollments"], self.gone["enrollments"]
        for member, rests in list(self.aside.items()):
            row, is_there = wanted.rows["enrollments"].get(member), member in sent.keys() - gone
            if row is not None:
                is_over = rests != row or (is_there and sent[member] == row)
            elif not proven or wanted.frozen(member):
                continue
            elif is_there:
                is_over = rests != (
                    KEPT if self._is_over(member, sent[member], wanted, today) else END
                )
            else:
                is_over = rests not in (END, KEPT)
            if is_over:
                del self.aside[member]

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

    def too_many(self, changes: Changes, part: int = LIMIT) -> Counter[tuple[str, str]]:
        """(kind, school or "") of each limit on removals that these break, with their number.

        `part`: one in so many may go; in a rollover that somebody opened, any number of those.
        """
        most = 2000 if part == LIMIT else len(changes.end)
        ends = Counter(self.school_of.get(member, "") for member in changes.end)
        ends[""] = sum(ends.values())
        alive = self.sent["enrollments"].keys() - self.gone["enrollments"]
        there = Counter(self.school_of.get(member, "") for member in alive)
        there[""] = len(alive)
        return Counter(
            {
                ("enrollments", school): count
                for school, count in ends.items()
                if count > min(max(5, there[school] // part), most)
            }
        )

    # -- what becomes of it

    def carried_out(self, changes: Changes, wanted: Wanted, now: datetime) -> None:
        """Canvas took all of it."""
        for kind, rows in changes.send.items():
            for key, row in rows.items():
                self.sent[kind][key] = row
                self.gone[kind].discard(key)
                self.canvas[kind][key] = row
        for member in changes.send["enrollments"]:
            self.taken.pop(member, None)
        for member in changes.end:
            self.gone["enrollments"].add(member)
            self.canvas["enrollments"].pop(member, None)
            if self.sent["enrollments"][member] is not UNSURE:  # else perhaps it never was there
                self.taken[member] = now
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

    def left_out(self, changes: Changes) -> None:
        """A person lets everything go but the enrollments: those rest."""
        self.aside |= changes.send.pop("enrollments", {})
        self.aside |= dict.fromkeys(changes.end, END)
        self.aside |= dict.fromkeys(changes.ended.pop("enrollments", ()), KEPT)
        changes.end.clear()

    def repaired(self) -> int:
        """What is missing in Canvas is no longer believed to be there; how much that is."""
        sent, gone = self.sent["enrollments"], self.gone["enrollments"]
        believed = sent.keys() - gone
        missing = believed - self.canvas["enrollments"].keys()
        if len(missing) > min(max(5, len(believed) // LIMIT), 2000):
            return 0
        gone |= missing
        return len(missing)

    def undone(self, changes: Changes, before: Model) -> None:
        """What went with these changes is as it was before: exactly, where it is enrollments.

        Of the rest it is not said what Canvas holds until it is sent again.
        """
        self._undo_members(changes, before)
        for kind, rows in changes.send.items():
            for key in rows if kind != "enrollments" else ():
                if key in before.sent[kind] or kind in ("courses", "sections"):
                    self.sent[kind][key] = self.canvas[kind][key] = UNSURE

    def _undo_members(self, changes: Changes, before: Model) -> None:
        sent, gone = self.sent["enrollments"], self.gone["enrollments"]
        canvas = self.canvas["enrollments"]
        for member, row in changes.send["enrollments"].items():
            was = before.sent["enrollments"].get(member)
            if was is UNSURE:
                sent[member] = canvas[member] = UNSURE
            elif was is None or member in before.taken:
                sent[member] = was or row
                gone.add(member)
                canvas.pop(member, None)
                if member in before.taken:
                    self.taken[member] = before.taken[member]
            elif member not in before.gone["enrollments"]:
                sent[member] = canvas[member] = was
            elif row != was:  # it had been left there although it was gone
                sent[member] = canvas[member] = was
                gone.add(member)
        for member in changes.end:
            sent[member] = canvas[member] = before.sent["enrollments"][member]
            gone.discard(member)
            self.taken.pop(member, None)

    def is_unsure(self) -> bool:
        return any(row is UNSURE for rows in self.sent.values() for row in rows.values())

    # -- what Canvas should tell

    def too_far_down(self, statuses: dict[Any, str], now: datetime, days: int) -> list[Any]:
        """Whom we took out, and who took a further step down before so many days had passed."""
        steps = ("inactive", "completed", "deleted")
        return [
            (member, statuses.get(member, "deleted"))
            for member, at in self.taken.items()
            if member not in self.doubtful("enrollments")
            and steps.index(statuses.get(member, "deleted")) * days > (now - at).days + 1
        ]

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


def night_after(day: str, zone: str, at: time) -> datetime:
    """The instant (UTC) at which the night after a school day begins."""
    local = datetime.combine(date.fromisoformat(day) + timedelta(days=1), at, ZoneInfo(zone))
    return local.astimezone(UTC)
