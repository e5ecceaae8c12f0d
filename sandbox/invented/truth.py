"""What is true of the district on a day, kept by the meaning of events and never by records.

Whoever compares Q, or Canvas, with it compares with what was meant, not with how it was written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple, TypeVar


class Membership(NamedTuple):
    """Somebody's place in a class. `role` is the enrollment's: student, teacher, aide."""

    class_id: str
    user_id: str
    role: str


class Rename(NamedTuple):
    """The same person, class or session under a new id, since `day`."""

    kind: str
    old: str
    new: str
    day: int


@dataclass(frozen=True, slots=True)
class Truth:
    """The district at the end of a day.

    Of what was agreed and not taken back, `taught` is going on, `coming` begins later, and
    `finished` reached its last day: it stays true after Q has forgotten it. `classes` are going
    on or coming, `finished_classes` are over. An id in `recycled` names two classes: a finished
    one, and one of a later year.
    """

    day: int
    date: str
    taught: frozenset[Membership]
    coming: frozenset[Membership]
    finished: frozenset[Membership]
    users: frozenset[str]
    classes: frozenset[str]
    finished_classes: frozenset[str]
    renames: tuple[Rename, ...]
    recycled: frozenset[str]


@dataclass(slots=True)
class _Spell:
    """Something that holds from one day of the calendar until another, for certain dates."""

    name: tuple[str, ...]
    begin: str
    end: str
    since: int
    until: int | None = None

    def holds_on(self, day: int) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


Name = TypeVar("Name", str, Membership)
FOR_EVER: Final = "9999-12-31"


class Ledger:
    """All that was ever true, with its days. Set `day` and `date` before telling it anything."""

    def __init__(self) -> None:
        self.day = 0
        self.date = ""
        self._users: dict[str, _Spell] = {}
        self._classes: dict[str, _Spell] = {}
        self._members: dict[Membership, _Spell] = {}
        self._of: dict[str, dict[Membership, None]] = {}
        self._past: list[_Spell] = []
        self.renames: list[Rename] = []
        self.recycled: list[tuple[str, int]] = []

    # -- what happens

    def comes(self, user: str) -> None:
        self._users[user] = self._spell(self._users.get(user), (user,), "", FOR_EVER)

    def goes(self, user: str) -> None:
        """Somebody leaves, and with that every class that is not over."""
        self._end(self._users.get(user))
        self._all_part(user)

    def opens(self, class_id: str, begin: str, end: str) -> None:
        """A class is going to be taught on those days, the last one excluded."""
        before = self._classes.get(class_id)
        if before and before.until is None:
            self.recycled.append((class_id, self.day))
        self._classes[class_id] = self._spell(before, (class_id,), begin, end)

    def closes(self, class_id: str) -> None:
        """A class is given up before its time."""
        self._end(self._classes.get(class_id))
        self._all_part(class_id)

    def joins(self, member: Membership, begin: str) -> None:
        """Somebody belongs to a class from `begin` until its end."""
        end = self._classes[member.class_id].end
        self._members[member] = self._spell(self._members.get(member), member, begin, end)
        self._note(member)

    def parts(self, member: Membership) -> None:
        """Somebody no longer belongs to a class."""
        self._end(self._members.get(member))

    def renamed(self, kind: str, old: str, new: str) -> None:
        """All that was said of `old` is from now on said of `new`."""
        self.renames.append(Rename(kind, old, new, self.day))
        self._move(self._users, old, new)
        self._move(self._classes, old, new)
        for member in list(self._of.get(old, ())):
            user = new if member.user_id == old else member.user_id
            class_id = new if member.class_id == old else member.class_id
            moved = Membership(class_id, user, member.role)
            if self._move(self._members, member, moved):
                self._note(moved)

    # -- what can be asked

    def span(self, class_id: str) -> tuple[str, str]:
        """The first day of a class and the day after its last."""
        spell = self._classes[class_id]
        return spell.begin, spell.end

    def holds(self, member: Membership) -> bool:
        """Whether somebody belongs to a class and it is not over."""
        spell = self._members.get(member)
        return spell is not None and spell.until is None and spell.end > self.date

    def at(self, day: int, date: str) -> Truth:
        """The truth of a day that has been."""
        held = (self._users, self._classes, self._members)
        every = chain(self._past, *(each.values() for each in held))
        standing = [each for each in every if each.holds_on(day)]
        members = [each for each in standing if len(each.name) == 3]
        classes = [each for each in standing if len(each.name) == 1 and each.begin]
        return Truth(
            day,
            date,
            _members(each for each in members if each.begin <= date < each.end),
            _members(each for each in members if date < each.begin),
            _members(each for each in members if each.end <= date),
            frozenset(each.name[0] for each in standing if not each.begin),
            frozenset(each.name[0] for each in classes if date < each.end),
            frozenset(each.name[0] for each in classes if each.end <= date),
            tuple(each for each in self.renames if each.day <= day),
            frozenset(each for each, when in self.recycled if when <= day),
        )

    # -- spells

    def _spell(self, before: _Spell | None, name: tuple[str, ...], begin: str, end: str) -> _Spell:
        if before:
            self._end(before)
            self._past.append(before)
        return _Spell(name, begin, end, self.day)

    def _end(self, spell: _Spell | None) -> None:
        """What reached its last day stays true."""
        if spell and spell.until is None and spell.end > self.date:
            spell.until = self.day

    def _all_part(self, name: str) -> None:
        for member in self._of.get(name, ()):
            self._end(self._members.get(member))

    def _note(self, member: Membership) -> None:
        for each in (member.user_id, member.class_id):
            self._of.setdefault(each, {})[member] = None

    def _move(self, held: dict[Name, _Spell], old: Name, new: Name) -> bool:
        """Let a spell go on under another name; whether there was any that still holds."""
        spell = held.get(old)
        if spell is None or spell.until is not None:
            return False
        spell.until = self.day
        self._past.append(held.pop(old))
        name = (new,) if isinstance(new, str) else new
        held[new] = _Spell(name, spell.begin, spell.end, self.day)
        return True


def _members(spells: Iterable[_Spell]) -> frozenset[Membership]:
    return frozenset(Membership(*each.name) for each in spells)
