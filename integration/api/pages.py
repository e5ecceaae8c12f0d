"""Long lists in pages of bounded size: each page says where the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

USUAL, LARGEST = 100, 500


class Filter(serializers.Serializer[Any]):
    """What of a list is asked for. A name that is not known is refused: it may be mistyped."""

    cursor = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="as `next` has it"
    )
    page_size = serializers.IntegerField(default=USUAL, min_value=1, max_value=LARGEST)


@dataclass(frozen=True, slots=True)
class Rows:
    """A list that is read page by page, by primary key; `tell` makes what is shown of a page."""

    found: QuerySet[Any]
    newest_first: bool = False
    tell: Callable[[Sequence[Any]], Iterable[Any]] = iter


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: the address of the next page, None on the last."""

    next: str | None
    results: list[Any]


def page(rows: Rows, asked: dict[str, Any], request: Request) -> Page:
    """One query, however long the list is; what is added meanwhile moves nothing."""
    found, size = rows.found, asked["page_size"]
    if (cursor := asked.get("cursor")) is not None:
        found = found.filter(**{"pk__lt" if rows.newest_first else "pk__gt": cursor})
    some = list(found.order_by("-pk" if rows.newest_first else "pk")[: size + 1])
    further = None
    if len(some) > size:
        some = some[:size]
        query = request.query_params.dict() | {"cursor": some[-1].pk}
        further = f"{settings.BASE_URL}{request.path}?{urlencode(query)}"
    return Page(further, list(rows.tell(some)))
