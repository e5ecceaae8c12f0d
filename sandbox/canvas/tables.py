"""Tables of the pages for people: cells, captions, and the links between pages of rows."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE = 50


@dataclass(frozen=True)
class Cell:
    """What stands in a table; with `url`, a link."""

    text: object
    url: str = ""


@dataclass
class Table:
    """A table of a page."""

    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    pager: dict[str, str] = field(default_factory=dict)


def paged(
    request: HttpRequest, rows: QuerySet[Any], key: str = "page"
) -> tuple[Any, dict[str, str]]:
    """The rows of the asked page, and where the pages beside it are."""
    page = Paginator(rows, PAGE).get_page(request.GET.get(key))
    others = {name: text for name, text in request.GET.items() if name != key}
    pager = {"total": str(page.paginator.count)}
    if page.paginator.num_pages > 1:
        pager["where"] = f"Page {page.number} of {page.paginator.num_pages}"
    if page.has_previous():
        pager["prev"] = f"?{urlencode({**others, key: page.previous_page_number()})}"
    if page.has_next():
        pager["next"] = f"?{urlencode({**others, key: page.next_page_number()})}"
    return page.object_list, pager
