"""Deviations of real providers as switches, by name; all are off unless asked for.

A rule (`rules.py`) says what Q owes by contract; a quirk says what some Q does all the same. What
each does is written where it is done: `spelling`, `planted`, `disguise`, `query`, `gradebook`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

Values = Mapping[str, Any]


class Unusable(ValueError):
    """There is no such quirk, or it cannot have this value."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation; `default` is meant by `true` and by its name alone."""

    sentence: str
    default: Any
    fits: Callable[[Any], bool]
    values: str


def _flag(sentence: str) -> Quirk:
    return Quirk(sentence, default=True, fits=lambda value: value is True, values="true")


def _one_of(sentence: str, *options: Any) -> Quirk:
    return Quirk(sentence, options[0], lambda v: v in options, " | ".join(map(str, options)))


def _number(sentence: str, default: int, least: int = 1) -> Quirk:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    return Quirk(sentence, default, fits, f"a number ({default})")


def _text(sentence: str, default: str) -> Quirk:
    return Quirk(sentence, default, lambda v: isinstance(v, str) and v != "", f"a text ({default})")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _some(sentence: str) -> Quirk:
    """For records: all of them, one in n (the same ones each time), or those with these ids."""

    def fits(value: Any) -> bool:
        return (isinstance(value, int) and value >= 1) or _is_texts(value)

    return Quirk(sentence, default=True, fits=fits, values="true | one in n | [ids]")


def _places(sentence: str, default: Any = True) -> Quirk:
    """For paths or collections: all of them, or those in the list."""
    values = "true | [texts]" if default is True else f"[texts] ({', '.join(default)})"
    return Quirk(sentence, default, lambda v: v is True or _is_texts(v), values)


def _is_refusal(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {"status", "text", "students"}:
        return False
    students = value.get("students", 1)
    is_some = (isinstance(students, int) and students >= 1) or _is_texts(students)
    is_status = isinstance(value.get("status"), int) and 400 <= value["status"] < 600
    return is_status and isinstance(value.get("text"), str) and is_some


def _total(value: Any) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value in ("missing", "changing") or is_number


QUIRKS: Final[dict[str, Quirk]] = {
    # Pages
    "collection-key": _text("A collection stands under another name.", "data"),
    "bare-array": _flag("A collection is an array, with nothing around it."),
    "empty-collection": _one_of("A collection without records is no 200.", 204, 404),
    "beyond-end": _one_of("A page after the last is no 200.", 404, 400, 500, 204),
    "empty-lists": _places("Without the right permission a list is empty, with status 200."),
    "not-offered": _places("These paths (regular expressions) are 404.", ["demographics"]),
    "total": Quirk(
        "X-Total-Count is missing, changes with each page, or is wrong by a number.",
        "missing", _total, "missing | changing | a number to add",
    ),
    "link": _text(
        "Link leads to this origin, or is `missing`, `relative`, `endless`.",
        "https://oneroster.example.org",
    ),
    "page-limit": _number("A page holds no more, whatever the limit.", 100),
    "offset-ignored": _flag("Every page is the first."),
    "duplicates": _number("A page begins with the last records of the one before.", 1),
    "unstable-order": _flag("Where it is not sorted, each request has an order of its own."),
    "sort-unsupported": _one_of("There is no sort.", "ignored", 400),
    "filter-unsupported": _one_of("There is no filter.", "ignored", 400),
    "fields-unsupported": _one_of("There is no choice of fields.", "ignored", 400),
    "students-with-teachers": _flag("The students of a class include its teachers."),
    # Spelling
    "null-for-missing": _flag("A field without a value is null."),
    "references": _one_of(
        "A reference is an id alone, or lacks type, href, or both.",
        "bare", "no-type", "no-href", "id-only",
    ),
    "enumerations": _one_of(
        "Words of enumerations are in other cases.", "mixed", "upper", "lower", "capitalized"
    ),
    "dates": _one_of(
        "Dates are MM/DD/YYYY, or a date and time.", "us", "datetime", "datetime-offset"
    ),
    "times": _one_of("Times are without a zone, or with an offset.", "zoneless", "offset"),
    "booleans": _one_of("Booleans are JSON's, or other words.", "json", "capitalized", "digits"),
    "numbers-as-text": _flag("Numbers are strings."),
    "school-year": _one_of("schoolYear is a range of years.", "range", "short-range"),
    "names": _one_of(
        "Names and titles are what programs stumble over.",
        "unicode", "emoji", "rtl", "csv", "nul", "long",
    ),
    "roles": _flag("A user has OneRoster 1.2's list of roles in place of a role."),
    "open-api": _flag(
        "As in the OpenAPI definition: orderBy takes acs, periods is a text, a resource has a role."
    ),
    # Gaps and contradictions
    "missing-sourcedId": _some("Records have no sourcedId."),
    "missing-username": _some("Users have no username."),
    "missing-email": _some("Users have no email."),
    "dangling-references": _some("Records refer to what is not there."),
    "user-unknown-org": _some("Users belong to an org that is not there."),
    "class-without-terms": _some("Classes have no terms."),
    "class-without-course": _some("Classes have no course."),
    "duplicate-enrollments": _some("Enrollments are there twice, the second with another id."),
    "two-primary-teachers": _some("Classes have a second primary teacher."),
    "enrollment-of-another-school": _some("Enrollments name a school that is not the class's."),
    "odd-ids": _text("Every id holds what URLs must escape.", "a/b+c%d:e f-"),
    # How an answer is packed, and when there is none
    "bom": _flag("JSON begins with a byte order mark."),
    "gzip": _flag("Answers are packed, asked for or not."),
    "html": _places("These paths (regular expressions) answer a web page with status 200."),
    "error-shape": _one_of(
        "An error is one object, as in the OpenAPI definition or without prefixes, "
        "an array of another name, a text, a page, or nothing.",
        "flat", "open-api", "unprefixed", "errors", "text", "html", "empty",
    ),
    "maintenance": _text("503 with a web page, from one UTC time to another.", "00:00-24:00"),
    "clock-skew": _number("Q's clock is ahead by seconds; below 0, behind.", 600, least=-(10**9)),
    "token-lifetime": _number("A token lives so many seconds.", 60),
    "token-uses": _number("A token is refused after so many requests.", 10),
    "scope-required": _flag("A token request without a scope is refused."),
    "vendor-header": _text("The gradebook wants this header too.", "X-Vendor-Authorization"),
    "gradebook-forbidden": _one_of("The gradebook is 403, at all or to write.", "all", "write"),
    # Writing
    "put-status": _one_of("PUT always answers the same status.", 200, 201, 204),
    "put-body": _one_of("PUT answers with another body.", "empty", "bare", "status"),
    "no-upsert": _flag("PUT of an unknown id is 404; POST makes a record and gives it its id."),
    "own-ids": _flag("PUT of an unknown id makes a record with an id of Q's own choice."),
    "delete": Quirk(
        "DELETE is refused with this status, or leaves the record as tobedeleted.",
        405, lambda value: value in (403, 404, 405, 501, "soft"), "405 | 403 | 404 | 501 | soft",
    ),
    "score-required": _flag("A result needs a score, also an exempt one."),
    "title-limit": _number("A longer title of a line item is refused.", 30),
    "title-unique": _flag("A second line item of a class with the same title is refused (409)."),
    "result-refused": Quirk(
        "Results are refused with a status and text of the provider's own.",
        {"status": 422, "text": "The student is not active in this class."}, _is_refusal,
        "{status, text, students: one in n or [ids]}",
    ),
    "category": _one_of(
        "A category must be named, is never known, or becomes always the same.",
        "required", "unknown", "constant",
    ),
    "class-categories": _flag(
        "Classes list categories, and one whose metadata names a class is of no use to others."
    ),
    "grading-period-closed": _places("What is in these grading periods can't be changed (422)."),
    "title-length": _number("The title of a line item is cut off.", 50),
    "score-max": _flag("A score above the maximum is refused."),
    "score-rounded": _flag("Scores are rounded to whole numbers."),
}  # fmt: skip

_on: dict[str, Any] = {}
_at_start: dict[str, Any] = {}


def get(name: str) -> Any:
    """The value of a quirk; None where it is off. An unknown name is a slip of the pen."""
    if name not in QUIRKS:
        raise KeyError(name)
    return _on.get(name)


def are_on() -> dict[str, Any]:
    """All that are on, with their values."""
    return dict(_on)


def any_of(names: Iterable[str]) -> bool:
    """Whether any of these is on."""
    return bool(_on) and not _on.keys().isdisjoint(names)


def is_picked(name: str, sourced_id: object) -> bool:
    """Whether the quirk is on for this record (or this name, where names are listed)."""
    return is_among(get(name), sourced_id)


def is_among(some: Any, sourced_id: object) -> bool:
    """Whether `some` means this record: none, all, one in n, or those that are listed."""
    match some:
        case None:
            return False
        case True:
            return True
        case int(share):
            return crc32(str(sourced_id).encode()) % share == 0
        case listed:
            return sourced_id in listed


def checked(wanted: Values) -> dict[str, Any]:
    """The values as they are kept; None for off. Raises Unusable."""
    return {name: _checked(name, value) for name, value in wanted.items()}


def _checked(name: str, value: Any) -> Any:
    quirk = QUIRKS.get(name)
    if quirk is None:
        raise Unusable(f"There is no quirk {name!r}. The quirks are: {', '.join(sorted(QUIRKS))}")
    if value is None or value is False:
        return None
    if value is True:
        return quirk.default
    if not quirk.fits(value):
        raise Unusable(f"{name} cannot be {value!r}: {quirk.values}")
    return value


def change(wanted: Values) -> None:
    """Switch some on or off, leaving the others. Raises Unusable, and then nothing changes."""
    global _on
    _on = {name: value for name, value in {**_on, **checked(wanted)}.items() if value is not None}


def clear() -> None:
    """All off."""
    global _on
    _on = {}


def start_with(wanted: Values) -> None:
    """What is on at the start, and again after a reset. Raises Unusable."""
    global _at_start
    _at_start = {name: value for name, value in checked(wanted).items() if value is not None}
    restart()


def restart() -> None:
    """As at the start."""
    global _on
    _on = dict(_at_start)
