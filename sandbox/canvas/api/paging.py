"""Lists in pages, linked as Canvas links them: some by number, most by opaque bookmark."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet

from sandbox.canvas.api.call import Call, Refused
from sandbox.canvas.api.gate import Linked
from sandbox.rules import on

DEFAULT = 10
MAXIMUM = 100
# The page, counted from 0, that comes without rows though more follow.
_EMPTY_PAGE = 2

Shape = Callable[[Call, list[Any]], list[dict[str, Any]]]


def per_page(call: Call) -> int:
    """How many rows the caller gets on a page."""
    text = call.text("per_page")
    wanted = int(text) if text.isdigit() and int(text) else DEFAULT
    return min(wanted, MAXIMUM) if on("canvas.page-clamp") else wanted


def by_bookmark(
    call: Call, rows: QuerySet[Any], shape: Shape, *, order: Sequence[str] = ("id",)
) -> Linked:
    """A page of `rows`, sorted by `order`, whose last column has to be unique."""
    if not on("canvas.bookmarks"):
        return by_number(call, rows.order_by(*order), shape)
    size = per_page(call)
    number, after = _read(call.text("page"))
    links = {"current": call.text("page") or "first", "first": "first"}
    if after:
        rows = rows.filter(_beyond(order, after))
    if number == _EMPTY_PAGE:
        # Rows are filtered after they were counted into pages, so a page can come out empty.
        links["next"] = _bookmark(number + 1, after)
        return Linked([], _link(call, links, size))
    found: list[Model] = list(rows.order_by(*order)[: size + 1])
    if len(found) > size:
        found = found[:size]
        links["next"] = _bookmark(number + 1, [getattr(found[-1], name) for name in order])
    return Linked(shape(call, found), _link(call, links, size))


def by_number(
    call: Call, rows: QuerySet[Any], shape: Shape, *, root: str = "", total: bool = True
) -> Linked:
    """A page of `rows` in their order; `root` is the key Canvas wraps the list in."""
    size = per_page(call)
    text = call.text("page")
    number = int(text) if text.isdigit() and int(text) else 1
    found: list[Model] = list(rows[(number - 1) * size : number * size + 1])
    links = {"current": str(number), "first": "1"}
    if len(found) > size:
        links["next"] = str(number + 1)
    if number > 1:
        links["prev"] = str(number - 1)
    if total:
        links["last"] = str(max(1, -(-rows.count() // size)))
    body: Any = shape(call, found[:size])
    return Linked({root: body} if root else body, _link(call, links, size))


def _beyond(order: Sequence[str], after: Sequence[Any]) -> Q:
    beyond, same = Q(), Q()
    for name, value in zip(order, after, strict=True):
        beyond |= same & Q(**{f"{name}__gt": value})
        same &= Q(**{name: value})
    return beyond


def _bookmark(number: int, after: Sequence[Any]) -> str:
    text = json.dumps([number, *after])
    return "bookmark:" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(page: str) -> tuple[int, list[Any]]:
    if not page.startswith("bookmark:"):
        return 0, []
    text = page.removeprefix("bookmark:")
    try:
        number, *after = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise Refused(404, {"errors": [{"message": "invalid bookmark"}]}) from None
    return number, after


def _link(call: Call, links: dict[str, str], size: int) -> str:
    kept = [
        (name, value)
        for name, values in call.request.GET.lists()
        for value in values
        if name not in {"page", "per_page", "access_token"}
    ]
    address = f"{call.origin}{call.request.META['REQUEST_URI'].partition('?')[0]}"
    return ",".join(
        f'<{address}?{urlencode([*kept, ("page", page), ("per_page", size)])}>; rel="{name}"'
        for name, page in links.items()
    )
