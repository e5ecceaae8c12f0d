"""Which days the calendar of the invented district has, and what its named days are for. Pure.

Day 0 is the first school day of the first year. Every later school year begins with one day in
August on which nobody is taught and the office rolls everything over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

BEGIN: Final = (8, 17)
OFFICE_DAY: Final = (8, 3)
END: Final = (6, 12)
ROLLOVER: Final = "rollover"
# What happens on the first school day from this month and day on.
NAMED: Final = {
    (10, 5): "persons-rekeyed",
    (11, 2): "class-rekeyed",
    (12, 1): "term-rekeyed",
    (1, 4): "term-switched",
    (1, 11): "terms-forgotten",
}
BUSY: Final = 10
BUSY_AFTER_SWITCH: Final = 5


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar; `place` counts the school days of its year, -1 is the office's."""

    number: int
    date: str
    year: int
    place: int
    name: str = ""
    is_busy: bool = False


def days(first_year: int) -> Iterator[Day]:
    """Every day of the calendar, from the first school day of that year on, without end."""
    number, year = 0, first_year
    while True:
        if year > first_year:
            yield Day(number, date(year, *OFFICE_DAY).isoformat(), year, -1, ROLLOVER)
            number += 1
        busy_from = 0
        due = {_in_year(year, *when): name for when, name in NAMED.items()}
        for place, today in enumerate(school_days(year)):
            name = "".join(due.pop(each) for each in sorted(due)[:1] if each <= today)
            if name == "term-switched":
                busy_from = place
            busy = place < BUSY or 0 < busy_from <= place < busy_from + BUSY_AFTER_SWITCH
            yield Day(number, today.isoformat(), year, place, name, busy)
            number += 1
        year += 1


def school_days(year: int) -> list[date]:
    """Weekdays without holidays, of the school year that begins in `year`."""
    begin, end = date(year, *BEGIN), date(year + 1, *END)
    free = _free(year)
    every = (begin + timedelta(each) for each in range((end - begin).days))
    return [each for each in every if each.weekday() < 5 and each not in free]


def _free(year: int) -> frozenset[date]:
    thanks = _weekday(year, 11, weekday=3, place=4)
    single = [
        _weekday(year, 9, weekday=0, place=1),
        date(year, 11, 11),
        thanks,
        thanks + timedelta(1),
        _weekday(year + 1, 1, weekday=0, place=3),
        _weekday(year + 1, 2, weekday=0, place=3),
        _weekday(year + 1, 6, weekday=0, place=1) - timedelta(7),
    ]
    winter, spring = date(year, 12, 19), date(year + 1, 4, 5)
    breaks = [winter + timedelta(each) for each in range(16)]
    breaks += [spring + timedelta(each) for each in range(7)]
    return frozenset((*single, *breaks))


def _weekday(year: int, month: int, *, weekday: int, place: int) -> date:
    """The so-manieth such weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (place - 1))


def _in_year(year: int, month: int, day: int) -> date:
    return date(year if (month, day) >= BEGIN else year + 1, month, day)
