"""Words that were planted, looked for wherever they must not be: plain, and as they get encoded."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus


def forms_of(word: str) -> Iterator[str]:
    """The word itself, and what a URL, a page, JSON, hex or base64 makes of it."""
    raw = word.encode()
    yield from (word, quote(word, safe=""), quote_plus(word), html.escape(word))
    yield json.dumps(word)[1:-1]
    yield from (raw.hex(), raw.hex().upper())
    for lead in range(3):
        # Wherever it begins within what was encoded.
        packed = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        whole = packed[(0, 2, 3)[lead] : len(packed) - bool((lead + len(raw)) % 3)]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


def found(words: Iterable[str], text: str | bytes) -> list[str]:
    """Those of the words that the text holds in any form."""
    held = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return [word for word in words if any(form in held for form in forms_of(word))]
