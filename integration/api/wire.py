"""How requests are read and answers written: strict JSON, whatever the headers ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from integration.api.problems import TooLarge

LARGEST = 64 * 1024


class Json(BaseParser):
    """UTF-8 JSON of bounded size, without the numbers that JSON does not have."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises TooLarge, ParseError."""
        body = stream.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise TooLarge(f"The API takes at most {LARGEST // 1024} kB at once.")
        try:
            return json.loads(body.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise ParseError("This is not JSON.") from None


class AlwaysJson(BaseContentNegotiation):
    """There is one way to answer."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


def _no_constant(name: str) -> None:
    raise ValueError(name)
