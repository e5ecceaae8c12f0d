"""The gradebook of a OneRoster 1.1 provider: line items and results, read by class and written.

Every method raises an OneRosterError, or an HttpError where no answer came. A write is sent once:
whether it arrived is for the caller to find out, for somebody may have changed it since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from integration.http import Response
from integration.oneroster import gradebook_parse as parse
from integration.oneroster.envelope import NoRecords, find_record
from integration.oneroster.errors import (
    BadRequest,
    FilterRefused,
    Forbidden,
    Incomplete,
    NotOffered,
    ProviderUnavailable,
)
from integration.oneroster.gradebook_parse import ExactPages
from integration.oneroster.gradebook_types import Category, LineItem, Result
from integration.oneroster.parse import Undecodable
from integration.oneroster.reading import Reading, Source
from integration.oneroster.transport import Transport, route, segment
from integration.oneroster.types import Identified

ObjectKind = Literal["line_item", "result"]
_PATHS: dict[ObjectKind, str] = {"line_item": "lineItems", "result": "results"}
_SINGLE: dict[ObjectKind, str] = {"line_item": "lineItem", "result": "result"}
# By these a provider says that it has another way, or none, to ask for one class.
_NO_WAY = (NotOffered, BadRequest, Forbidden)

T = TypeVar("T", bound=Identified)


@dataclass(frozen=True, slots=True)
class Written:
    """`sourced_id` is the provider's own, where its answer names another than was asked for."""

    status: int
    sourced_id: str = ""


class OneRosterGradebook:
    """One provider's gradebook; share it among threads.

    `zone` is where a day without a time ends; `letter_field` where in `metadata` letters are.
    """

    def __init__(
        self,
        transport: Transport,
        submit: Callable[..., Any],
        *,
        ahead: int,
        zone: ZoneInfo,
        letter_field: str = "",
    ) -> None:
        self._transport = transport
        self._submit = submit
        self._ahead = ahead
        self._line_items = ExactPages("lineItems", partial(parse.line_item, zone=zone))
        self._results = ExactPages("results", partial(parse.result, letter_field=letter_field))
        self._categories = ExactPages("categories", parse.category)

    @property
    def root(self) -> str:
        """The service root, which references begin with."""
        return self._transport.root

    def categories(self) -> list[Category]:
        return self._all(self._categories, "categories")

    def line_items(self, class_id: str) -> list[LineItem]:
        """Of one class, those to be deleted as well.

        Raises:
            Incomplete: it is not proven that these are all; a missing one might be made twice.
        """
        ways = [
            (f"classes/{segment(class_id)}/lineItems", ""),
            ("lineItems", f"class.sourcedId='{class_id}'"),
            ("lineItems", ""),
        ]
        found = self._first(self._line_items, ways)
        return [one for one in found if one.class_id in (class_id, "")]

    def results(self, class_id: str, line_item_ids: Iterable[str]) -> list[Result]:
        """Of these line items, all of one class.

        Raises:
            Incomplete: it is not proven that these are all.
        """
        wanted = set(line_item_ids)
        path = f"classes/{segment(class_id)}/results"
        try:
            found = self._all(self._results, path)
        except _NO_WAY:
            return [one for each in sorted(wanted) for one in self.results_of(class_id, each)]
        return [one for one in found if one.line_item_id in wanted]

    def results_of(self, class_id: str, line_item_id: str) -> list[Result]:
        """Of one line item. Raises Incomplete."""
        of_class = f"classes/{segment(class_id)}/lineItems/{segment(line_item_id)}/results"
        ways = [
            (of_class, ""),
            ("results", f"lineItem.sourcedId='{line_item_id}'"),
            ("results", ""),
        ]
        found = self._first(self._results, ways)
        return [one for one in found if one.line_item_id == line_item_id]

    def put(self, kind: ObjectKind, sourced_id: str, body: bytes) -> Written:
        """Create or replace one object."""
        path = f"{_PATHS[kind]}/{segment(sourced_id)}"
        response = self._transport.send("PUT", path, body=body, retry=False)
        answered = _id_in(response, kind)
        return Written(response.status, answered if answered != sourced_id else "")

    def delete(self, kind: ObjectKind, sourced_id: str) -> Written:
        """Take one object away; one that is gone already is gone."""
        path = f"{_PATHS[kind]}/{segment(sourced_id)}"
        response = self._transport.exchange("DELETE", path, retry=False)
        if not response.is_ok and response.status not in (404, 410):
            raise self._transport.refusal(response, "DELETE", path)
        return Written(response.status)

    def _first(self, pages: ExactPages[T], ways: list[tuple[str, str]]) -> list[T]:
        """By the first way that the provider has; none where it says 404 of an empty list.

        Raises the refusal of the last way.
        """
        is_hidden = False  # a list that is there, and could not be read
        for path, filter_ in ways[:-1]:
            try:
                return self._all(pages, path, filter_)
            except Forbidden:
                is_hidden = True
            except (NotOffered, BadRequest, FilterRefused):
                continue
            except ProviderUnavailable as error:
                if error.status in (429, 502, 503, 504):
                    raise
                is_hidden = True
        try:
            return self._all(pages, *ways[-1])
        except NotOffered:
            if is_hidden or not self._is_offered():
                raise
            return []

    def _is_offered(self) -> bool:
        """Whether there is a gradebook at all: then a list that is not found has no records."""
        answer = self._transport.exchange("GET", "categories", params=[("limit", "1")])
        return self._transport.is_answer(answer)

    def _all(self, pages: ExactPages[T], path: str, filter_: str = "") -> list[T]:
        source: Source[T] = Source(
            self._transport,
            pages,
            path,
            limit=max(1, self._transport.settings.page_size),
            filter_=filter_,
        )
        reading = Reading(source, self._submit, ahead=self._ahead)
        found: dict[str, T] = {}
        try:
            found.update((one.sourced_id, one) for one in _records(reading))
        except NotOffered as error:
            if found:
                raise Incomplete(f"Reading {route(path)} ended in a 404.", status=404) from error
            raise
        reading.require_complete()
        return list(found.values())


def _records(reading: Reading[T]) -> Iterator[T]:
    for page in reading:
        yield from page.records


def _id_in(response: Response, kind: ObjectKind) -> str:
    """The id that the answer to a write names; many name none, in many shapes."""
    try:
        found = find_record(parse.decoded(response.body), single=_SINGLE[kind], key=_PATHS[kind])
    except (Undecodable, NoRecords):
        return ""
    value = found.get("sourcedId") if isinstance(found, dict) else None
    return str(value) if value else ""
