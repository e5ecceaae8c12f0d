"""From a provider's JSON to the values of a gradebook, each with the object as sent. Pure: no I/O.

A record that cannot be used is a Problem and stops only itself, as everywhere in this client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar, get_args
from zoneinfo import ZoneInfo

import msgspec

from integration.oneroster.canonical import DATES, Unusable, instant
from integration.oneroster.envelope import find_records
from integration.oneroster.gradebook_types import (
    MARKER,
    Category,
    JsonObject,
    LineItem,
    LineItemFields,
    Result,
    ScoreStatus,
    Value,
)
from integration.oneroster.parse import Parsed, Undecodable, problem_of, read_one_by_one
from integration.oneroster.shapes import Misfit, shape
from integration.oneroster.types import Identified, Page, Problem, Record, Ref, Text

_BOM = b"\xef\xbb\xbf"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_DAY = re.compile(r"[\d/-]+")
_END_OF_DAY = time(23, 59, 59)

T = TypeVar("T", bound=Identified)


class _Category(Record, frozen=True, gc=False, rename="camel"):
    title: Text = ""


class _LineItem(Record, frozen=True, gc=False, rename="camel"):
    title: Text = ""
    due_date: Text = ""
    assign_date: Text = ""
    class_: Ref | None = msgspec.field(name="class", default=None)
    category: Ref | None = None
    grading_period: Ref | None = None


class _Result(Record, frozen=True, gc=False, rename="camel"):
    line_item: Ref | None = None
    student: Ref | None = None
    score_status: Text = ""
    comment: Text = ""


class ExactPages(Generic[T]):
    """Reads pages of one collection, every number exact. Safe to share among threads."""

    def __init__(self, key: str, one: Callable[[JsonObject], T]) -> None:
        self._key = key
        self._one = one

    def page(self, body: bytes, *, path_name: str = "") -> Parsed[T]:
        """Read one page.

        Raises:
            Undecodable: not JSON at all.
            NoRecords: JSON, but no collection, or an error beside it.
        """
        content = find_records(decoded(body), key=self._key, path_name=path_name)
        records: list[T] = []
        problems: list[Problem] = []
        ids: list[str] = []
        for data in content.records:
            try:
                records.append(self._one(data if isinstance(data, Mapping) else {}))
                ids.append(records[-1].sourced_id)
            except Misfit as misfit:
                known = (self._key, misfit.sourced_id, misfit.field)
                problems.append(problem_of(data, *known, misfit.why))
                ids.append(problems[-1].key)
        return read_one_by_one(Page(records, problems), ids, content.deviations)

    def pieces(self, body: bytes, *, path_name: str = "") -> Iterator[Parsed[T]]:
        """As `page`, which is one piece."""
        yield self.page(body, path_name=path_name)


def decoded(body: bytes) -> Any:
    """Raises Undecodable."""
    try:
        return _DECODER.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation):
        raise Undecodable from None


def category(data: JsonObject) -> Category:
    """Raises Misfit."""
    told = _shaped(_Category, data)
    metadata = data.get("metadata")
    class_id = metadata.get("classId") if isinstance(metadata, Mapping) else ""
    title = told.get("title", "")
    return Category(told["sourcedId"], title, str(class_id or ""), is_active=_is_active(told))


def line_item(data: JsonObject, zone: ZoneInfo) -> LineItem:
    """A day without a time is the end of that day in `zone`. Raises Misfit."""
    told = _shaped(_LineItem, data)
    metadata = data.get("metadata")
    fields = LineItemFields(
        title=told.get("title", ""),
        category_id=_ref(told, "category"),
        maximum=_number(data, "resultValueMax"),
        due_at=_moment(told.get("dueDate", ""), zone),
        assigned_at=_moment(told.get("assignDate", ""), zone),
        grading_period_id=_ref(told, "gradingPeriod"),
    )
    return LineItem(
        told["sourcedId"],
        _ref(told, "class"),
        fields,
        marker=str(metadata.get(MARKER) or "") if isinstance(metadata, Mapping) else "",
        is_active=_is_active(told),
        raw=data,
    )


def result(data: JsonObject, letter_field: str = "") -> Result:
    """`letter_field` is the key in `metadata` that holds a letter, if any. Raises Misfit."""
    told = _shaped(_Result, data)
    metadata = data.get("metadata")
    score = _number(data, "score")
    letter = metadata.get(letter_field) if letter_field and isinstance(metadata, Mapping) else None
    value = Value(
        score,
        _status(told.get("scoreStatus", ""), score),
        comment=told.get("comment", ""),
        letter=str(letter) if letter is not None else None,
    )
    ids = (told["sourcedId"], _ref(told, "lineItem"), _ref(told, "student"))
    return Result(*ids, value, is_active=_is_active(told), raw=data)


def _shaped(record: type[Record], data: JsonObject) -> dict[str, Any]:
    told = shape(record, data)
    if not told.get("sourcedId", "").strip():
        raise Misfit("sourcedId", "", _NO_ID)
    return told


_NO_ID = Unusable(
    "oneroster.missing-id",
    "it has no sourcedId",
    "Give the record a sourcedId in Q; without one it cannot be told from others.",
)


def _ref(told: Mapping[str, Any], name: str) -> str:
    ref = told.get(name)
    return str(ref["sourcedId"]) if ref else ""


def _is_active(told: Mapping[str, Any]) -> bool:
    return str(told.get("status") or "active").lower() not in ("tobedeleted", "inactive")


def _status(word: str, score: Decimal | None) -> ScoreStatus:
    """A word that OneRoster 1.1 has not: 1.2 has `late` and `incomplete` beside a score."""
    known: dict[str, ScoreStatus] = {one.replace(" ", ""): one for one in get_args(ScoreStatus)}
    bare = re.sub(r"[\s_]+", "", word.lower())
    return known.get(bare, "not submitted" if score is None else "fully graded")


def _number(data: JsonObject, name: str) -> Decimal | None:
    value = data.get(name)
    if value is None:
        value = {str(key).lower(): each for key, each in data.items()}.get(name.lower())
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    text = text.strip()
    if text and not _DAY.fullmatch(text) and (at := instant(text)):
        return at
    try:
        day = DATES[text]
    except Unusable:
        return None
    if not day:
        return None
    return datetime.combine(date.fromisoformat(day), _END_OF_DAY, zone).astimezone(UTC)
