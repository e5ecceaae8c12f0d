"""An invented district day by day: what changes in Q, and what is true.

Change rates are those of real districts: about 0.3 % of the enrollments a day, ten times that in
the first two weeks, everything at the rollover. Each kind of event happens at least once a year.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

from sandbox.invented import comings, naming, new_year, staffing, timetable
from sandbox.invented.days import ROLLOVER, Day, days
from sandbox.invented.district import YEAR, District
from sandbox.invented.maker import Record
from sandbox.invented.town import Town
from sandbox.invented.truth import Rename, Truth

Happening = Callable[[Town], int]
BUSIER: Final = 10
NO_EARLIER_THAN: Final = 12
NO_LATER_THAN: Final = 150


@dataclass(frozen=True, slots=True)
class Kind:
    """How often something happens: a day and 1,000 students; how many times in busy weeks."""

    happening: Happening
    rate: float
    busier: float = 1


KINDS: Final = {
    "section-opened": Kind(timetable.opens, 0.02, 5),
    "student-new": Kind(comings.arrives, 0.35, BUSIER),
    "student-left": Kind(comings.leaves, 0.3, BUSIER),
    "student-returned": Kind(comings.returns, 0.04),
    "student-without-classes": Kind(comings.loses_all_classes, 0.03),
    "school-changed": Kind(comings.changes_school, 0.08, BUSIER),
    "section-changed": Kind(timetable.changes_section, 1.5, BUSIER),
    "enrollment-added-again": Kind(timetable.is_added_again, 1, BUSIER),
    "enrollment-doubled": Kind(timetable.is_doubled, 0.1),
    "section-dropped": Kind(timetable.is_dropped, 0.02),
    "class-retitled": Kind(timetable.is_retitled, 0.05),
    "course-recoded": Kind(timetable.course_gets_another_code, 0.005),
    "teacher-replaced": Kind(staffing.is_replaced, 0.03, 3),
    "co-teacher-added": Kind(staffing.gets_help, 0.05),
    "co-teacher-left": Kind(staffing.loses_help, 0.03),
    "name-changed": Kind(naming.takes_another_name, 0.05),
    "login-changed": Kind(naming.gets_another_login, 0.05),
}
NAMED: Final[dict[str, Happening]] = {
    "persons-rekeyed": naming.persons_get_other_ids,
    "class-rekeyed": naming.class_gets_another_id,
    "term-rekeyed": naming.term_gets_another_id,
    "term-switched": new_year.terms_begin,
    "terms-forgotten": new_year.ended_terms_are_forgotten,
}
FOLLOWING: Final = ("student-with-classes-again", "deleted-records-dropped")


@dataclass(frozen=True, slots=True)
class Changes:
    """What one day changes in Q. Records have no `dateLastModified`: Q stamps what it takes in."""

    day: int
    date: str
    upsert: dict[str, list[Record]]
    delete: dict[str, list[str]]
    events: dict[str, int]
    renames: tuple[Rename, ...]
    recycled: tuple[str, ...]

    def asked(self) -> dict[str, Any]:
        """As `POST /sandbox/records` takes it."""
        return {"upsert": self.upsert, "delete": self.delete}


class Year:
    """A district and its days; the same students and seed give the same ones.

    Day 0 is `records()`. Days go on without end, through a rollover each August.
    """

    def __init__(self, students: int, seed: int, year: int = YEAR) -> None:
        self._make = partial(District, students, seed, year)
        self._make()
        self._students = students
        self._seed = seed
        self._calendar = days(year)
        self._days: list[Day] = []
        self._changes: list[Changes] = []
        self._waiting: dict[str, int] = {}
        self._town: Town | None = None

    def records(self) -> District:
        """The (collection, record) pairs of day 0."""
        return self._make()

    def date(self, number: int) -> Day:
        """When a day is, and what is particular about it."""
        while len(self._days) <= number:
            self._days.append(next(self._calendar))
        return self._days[number]

    def when(self, name: str, after: int = 0) -> int:
        """The number of the next named day, such as `rollover`, after day `after`."""
        number = after + 1
        while self.date(number).name != name:
            number += 1
        return number

    def day(self, number: int) -> Changes:
        """What changes from the day before to day `number`, 1 or later."""
        if number < 1:
            raise ValueError("the first day that changes anything is day 1")
        self._reach(number)
        return self._changes[number - 1]

    def events(self, number: int) -> dict[str, int]:
        """What happened on a day, by kind; nothing where it was not lived through yet."""
        return self._changes[number - 1].events if 0 < number <= len(self._changes) else {}

    def truth(self, number: int) -> Truth:
        """What is true at the end of day `number`."""
        return self._reach(number).ledger.at(number, self.date(number).date)

    # -- living through the days

    def _reach(self, number: int) -> Town:
        if self._town is None:
            self._town = Town(self._make())
            self._town.settle(self.date(0))
            self._begin_year(self.date(0))
        while len(self._changes) < number:
            self._changes.append(self._live(self._town, self.date(len(self._changes) + 1)))
        return self._town

    def _begin_year(self, day: Day) -> None:
        """Give each kind of event a day of this year by which it happens for certain."""
        dice = Random(f"{self._seed}/{self._students}/year {day.year}")
        self._waiting = {
            name: day.number + dice.randrange(NO_EARLIER_THAN, NO_LATER_THAN) for name in KINDS
        }
        # Where no grade has two sections, one must open before anything can happen between them.
        self._waiting["section-opened"] = day.number + 2

    def _live(self, town: Town, day: Day) -> Changes:
        town.begin(day)
        told = Counter[str]()
        told["deleted-records-dropped"] = town.roster.forget_old()
        if day.name == ROLLOVER:
            told[ROLLOVER] = new_year.rolls_over(town, day.year)
            self._begin_year(day)
        else:
            told["student-with-classes-again"] = comings.gets_classes_again(town)
            if day.name:
                told[day.name] = NAMED[day.name](town)
            for name, kind in KINDS.items():
                told[name] = self._some(town, day, name, kind)
        upsert, delete = town.roster.changes()
        renames = tuple(each for each in town.ledger.renames if each.day == day.number)
        recycled = tuple(name for name, number in town.ledger.recycled if number == day.number)
        events = {name: count for name, count in told.items() if count}
        return Changes(day.number, day.date, upsert, delete, events, renames, recycled)

    def _some(self, town: Town, day: Day, name: str, kind: Kind) -> int:
        rate = kind.rate * (kind.busier if day.is_busy else 1) * self._students / 1000
        wanted = int(rate + town.dice.random())
        if day.number >= self._waiting.get(name, day.number + 1):
            wanted = max(1, wanted)
        happened = sum(kind.happening(town) for _ in range(wanted))
        if happened:
            self._waiting.pop(name, None)
        return happened
