"""Parts of a page that are asked for again and again: told once, then only that nothing changed.

Browsers may keep nothing of us (no-store), so the page itself sends back the entity tag that its
part came with: an `If-None-Match` header that htmx adds (`hx-headers`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag


def answer(request: Any, mark: str, make: Callable[[], HttpResponse]) -> HttpResponse:
    """The part, or 304 where the asker has it already. `mark` names all that it shows."""
    tag = quote_etag(mark)
    is_asked_again = request.method == "GET"
    response = get_conditional_response(request, etag=tag) if is_asked_again else None
    if response is None:
        response = make()
    response["ETag"] = tag
    return response
