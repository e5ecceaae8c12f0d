"""One spelling for every status, role, type and date. Pure: no I/O.

A provider repeats a few values a million times, so each spelling is judged once and remembered;
a record then costs one dictionary look-up a field.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import repeat
from operator import attrgetter, is_
from typing import Any

from msgspec.structs import force_setattr

from integration.oneroster.types import (
    AcademicSession,
    Class,
    Course,
    Enrollment,
    Org,
    Record,
    User,
    UserId,
)

SLICE = 500  # records that stay in the processor's cache while each of their columns is looked at
MEMORY = 20_000  # spellings remembered a field; a hostile feed may not fill the process
SHOWN = 30  # characters of an unknown status, role, type or date that a person gets to see

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_ISO_SLASHES = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ].*)?")
_AMERICAN = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[T ,].*)?")
_TIME = re.compile(
    r"[T ,]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?([Zz]|UTC|GMT|[+-]\d{2}:?(\d{2})?))?"
)
_NO_DATE = "0001-01-01"  # what .NET sends for "none"


class Unusable(Exception):
    """A value that cannot be used; becomes a Problem. `reason` holds no name and no address."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.remedy = remedy


class Spellings(dict[str | None, str]):
    """Raw value → canonical value; a new spelling is judged once. `words`: of an enumeration."""

    def __init__(self, judge: Callable[[str | None], str], words: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._judge = judge
        self.words = words

    def __missing__(self, raw: str | None) -> str:
        canonical = self._judge(raw)
        if len(self) >= MEMORY:
            self.clear()
        self[raw] = canonical
        return canonical


def _words(what: str, *words: str, also: dict[str, str] | None = None) -> Spellings:
    """The values of one enumeration, in any case."""
    known = {word.lower(): word for word in words} | (also or {})

    def judge(raw: str | None) -> str:
        if raw and (word := known.get(raw.lower())):
            return word
        said = f"{raw[:SHOWN]!r} is not one of OneRoster 1.1" if raw else "it is missing"
        raise Unusable(
            f"oneroster.unknown-{what}",
            f"the {what} is unusable: {said}",
            f"Correct the {what} in Q; allowed are {', '.join(words)}.",
        )

    return Spellings(judge, words)


def _free_words(*words: str) -> Spellings:
    """As `_words`, but an unknown value stays as it is: nothing depends on it."""
    known = {word.lower(): word for word in words}
    return Spellings(lambda raw: known.get(raw.lower(), raw) if raw else "")


def canonical_date(raw: str | None) -> str:
    """The day as written, whatever the time and zone beside it.

    A day is not shifted into another zone: providers write midnight UTC and mean their own day.

    Raises:
        Unusable: no known form, or no day of the calendar.
    """
    text = (raw or "").strip()
    if not text:
        return ""
    day = _day(text)
    if day is None:
        raise Unusable(
            "oneroster.impossible-date",
            f"{text[:SHOWN]!r} is not a date",
            "Correct the date in Q; the form is YYYY-MM-DD.",
        )
    return "" if day == _NO_DATE else day


def _day(text: str) -> str | None:
    for form, order in (
        (_ISO, "ymd"),
        (_AMERICAN, "mdy"),
        (_COMPACT, "ymd"),
        (_ISO_SLASHES, "ymd"),
    ):
        if found := form.fullmatch(text):
            rest = text[found.end(3) :]
            if rest and not _TIME.fullmatch(rest):
                return None
            parts = dict(zip(order, map(int, found.groups()), strict=True))
            try:
                return date(parts["y"], parts["m"], parts["d"]).isoformat()
            except ValueError:
                return None
    return None


def instant(text: str) -> datetime | None:
    """A `dateLastModified` as a moment, to find the newer of two; None when it cannot be read."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "T", 1))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# 1.0 providers still send `inactive`: not active, and 1.1 has one word for that.
STATUSES = _words("status", "active", "tobedeleted", also={"inactive": "tobedeleted"})
# OneRoster 1.2 names its administrators, and principals and counselors beside them.
_ADMINISTRATORS = (
    *("districtadministrator", "siteadministrator", "systemadministrator"),
    *("principal", "counselor"),
)
ROLES = _words(
    "role",
    "administrator",
    "aide",
    "guardian",
    "parent",
    "proctor",
    "relative",
    "student",
    "teacher",
    also=dict.fromkeys(_ADMINISTRATORS, "administrator"),
)
ORG_TYPES = _words("type", "department", "school", "district", "local", "state", "national")
SESSION_TYPES = _words("type", "gradingPeriod", "semester", "schoolYear", "term")
CLASS_TYPES = _free_words("homeroom", "scheduled")
DATES = Spellings(canonical_date)  # calendar days as YYYY-MM-DD; blank stays blank

_RULES: dict[type[Record], tuple[tuple[str, Spellings], ...]] = {
    Org: (("status", STATUSES), ("type", ORG_TYPES)),
    AcademicSession: (
        ("status", STATUSES),
        ("type", SESSION_TYPES),
        ("start_date", DATES),
        ("end_date", DATES),
    ),
    Course: (("status", STATUSES),),
    Class: (("status", STATUSES), ("class_type", CLASS_TYPES)),
    User: (("status", STATUSES), ("role", ROLES)),
    Enrollment: (
        ("status", STATUSES),
        ("role", ROLES),
        ("begin_date", DATES),
        ("end_date", DATES),
    ),
}


def _enabled() -> bool:
    return True


# What stands for null, made anew for each record.
_BLANKS: dict[type[Record], tuple[tuple[str, Callable[[], Any]], ...]] = {
    Org: (("date_last_modified", str), ("name", str), ("identifier", str)),
    AcademicSession: (("date_last_modified", str), ("title", str), ("school_year", str)),
    Course: (("date_last_modified", str), ("title", str), ("course_code", str)),
    Class: (("date_last_modified", str), ("title", str), ("class_code", str), ("terms", tuple)),
    User: (
        ("date_last_modified", str),
        ("username", str),
        ("enabled_user", _enabled),
        ("given_name", str),
        ("family_name", str),
        ("middle_name", str),
        ("identifier", str),
        ("email", str),
        ("user_ids", tuple),
        ("agents", tuple),
        ("orgs", tuple),
    ),
    Enrollment: (("date_last_modified", str), ("primary", bool)),
}


class Settler:
    """Makes freshly decoded records of one type canonical, in place."""

    def __init__(self, record: type[Record]) -> None:
        self._rules = _RULES[record]
        self._blanks = _BLANKS[record]
        self._last = _LAST.get(record)
        self._spellings = [spellings for _, spellings in self._rules]
        # "status" once more: of a single name, attrgetter makes no tuple.
        self._spelled = attrgetter("status", *[name for name, _ in self._rules])
        wanted = [name for name, _ in self._blanks] + _NEEDED.get(record, [])
        self._wanted = [attrgetter(name) for name in wanted]

    def settle_all(self, records: Sequence[Record]) -> list[int]:
        """Make a page canonical; the positions of the records that cannot be used as they are.

        Most pages are canonical as they come, and a column of a page has few spellings.
        """
        doubtful: list[int] = []
        for start in range(0, len(records), SLICE):
            part = records[start : start + SLICE]
            if not self._is_canonical(part):
                doubtful += [i for i, record in enumerate(part, start) if self.settle(record)]
            elif self._last is _settle_user_ids:
                for record in part:
                    _settle_user_ids(record)
        return doubtful

    def _is_canonical(self, records: Sequence[Record]) -> bool:
        if not all(map(str.strip, map(_SOURCED_ID, records))):
            return False
        try:
            for _, *values in set(map(self._spelled, records)):
                for spellings, value in zip(self._spellings, values, strict=True):
                    if spellings[value] != value:
                        return False
        except Unusable:
            return False
        return not any(any(map(is_, map(column, records), repeat(None))) for column in self._wanted)

    def settle(self, record: Record, *, is_deletion: bool = False) -> tuple[str, Unusable] | None:
        """Make `record` canonical; else name the field at fault, and why it cannot be used.

        A deletion needs no role, type or date: tombstones often have an id and a status, no more.
        """
        if not record.sourced_id.strip():
            return "sourced_id", _NO_ID
        for name, spellings in self._rules:
            value = getattr(record, name)
            try:
                canonical = spellings[value]
            except Unusable as unusable:
                if name == "status" or not is_deletion:
                    return name, unusable
                canonical = ""
            if canonical != value:
                force_setattr(record, name, canonical)
        for name, blank in self._blanks:
            if getattr(record, name) is None:
                force_setattr(record, name, blank())
        return self._last(record) if self._last else None


def is_tombstone(record: Record) -> bool:
    try:
        return STATUSES[record.status] == "tobedeleted"
    except Unusable:
        return False


_NO_ID = Unusable(
    "oneroster.missing-id",
    "it has no sourcedId",
    "Give the record a sourcedId in Q; without one it cannot be told from others.",
)
_NO_REFERENCE = Unusable(
    "oneroster.missing-reference",
    "the reference is missing or has no sourcedId",
    "Complete the enrollment in Q; it needs a user and a class.",
)


def _settle_user_ids(record: Any) -> None:
    for one in record.user_ids:
        if one.type is None or not one.identifier:
            whole = (UserId(u.type or "", u.identifier) for u in record.user_ids if u.identifier)
            force_setattr(record, "user_ids", tuple(whole))
            return


_NEEDED: dict[type[Record], list[str]] = {Enrollment: ["user", "class_"]}
_SOURCED_ID = attrgetter("sourced_id")


def _find_missing_reference(record: Any) -> tuple[str, Unusable] | None:
    missing = [name for name in _NEEDED[Enrollment] if getattr(record, name) is None]
    return (missing[0], _NO_REFERENCE) if missing else None


_LAST: dict[type[Record], Callable[[Any], tuple[str, Unusable] | None]] = {
    User: _settle_user_ids,
    Enrollment: _find_missing_reference,
}
