"""From Q's academic sessions to the windows a district may want around its new school year. PURE.

What others do by default is suggested (D11): quiet from two days before a year ends until two
weeks before the next begins, and a rollover from then until two weeks after its first day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

from integration.nights import Blackout, Rollover, Window
from integration.oneroster.types import AcademicSession

BEFORE_THE_END = timedelta(days=2)
AROUND_THE_START = timedelta(days=14)
DAY = timedelta(days=1)

Year = tuple[date, date]


def years(sessions: Iterable[AcademicSession]) -> list[Year]:
    """First and last day of each school year, of all schools together, in order.

    Sessions without dates, or of a year that Q does not name, tell nothing.
    """
    named: dict[str, list[Year]] = defaultdict(list)
    for one in sessions:
        if one.status == "active" and one.school_year and one.start_date and one.end_date:
            dates = date.fromisoformat(one.start_date), date.fromisoformat(one.end_date)
            named[one.school_year].append(dates)
    return sorted(
        (min(first for first, _ in dates), max(last for _, last in dates))
        for dates in named.values()
    )


def suggestions(sessions: Iterable[AcademicSession], today: date) -> list[tuple[str, Window]]:
    """(option of `manage.py schedule`, window) for each change of years that is not over yet."""
    found: list[tuple[str, Window]] = []
    for (_, end), (start, _) in pairwise(years(sessions)):
        opens = max(start - AROUND_THE_START, end - BEFORE_THE_END)
        closes = start + AROUND_THE_START
        if closes < today:
            continue
        if opens > end - BEFORE_THE_END:
            quiet = Blackout(end - BEFORE_THE_END, opens - DAY, "Between school years")
            found.append(("blackout", quiet))
        found.append(("rollover", Rollover(opens, closes, f"School year from {start}")))
    return found
