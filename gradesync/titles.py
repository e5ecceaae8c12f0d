"""Titles that fit Q: not longer than it keeps, and unique within the class. PURE (F60).

Stable: a title once given stays while its source does, whoever else comes or goes. The tag of a
cut or doubled title is made from the assignment's own id.
"""

from __future__ import annotations

import hashlib
import itertools
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

UNNAMED = "Untitled"
# A separator and four signs; a title has to keep something beside its tag.
SHORTEST_LIMIT = 8
_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Given:
    """The title that was sent, and what it was made from then."""

    source: str
    title: str


def fitted(
    sources: Mapping[str, str],
    limit: int,
    *,
    given: Mapping[str, Given] | None = None,
    taken: Collection[str] = (),
) -> dict[str, str]:
    """A title for each key. `limit` is in characters (code points), as Q counts them.

    `given`: titles that were sent before. `taken`: titles of the class that are not ours.
    Of equal titles, the lowest key (the oldest assignment) keeps the plain one.

    Raises:
        ValueError: `limit` leaves no room for a tag.
    """
    if limit < SHORTEST_LIMIT:
        raise ValueError(f"a title cannot be cut to {limit} characters")
    used = {folded(title) for title in taken}
    titles: dict[str, str] = {}
    for key, was in sorted((given or {}).items(), key=lambda one: _age(one[0])):
        if key in sources and _stays(was, sources[key], limit) and folded(was.title) not in used:
            titles[key] = was.title
            used.add(folded(was.title))
    for key in sorted(sources.keys() - titles.keys(), key=_age):
        source = tidy(sources[key]) or UNNAMED
        free = (one for one in _candidates(key, source, limit) if folded(one) not in used)
        titles[key] = next(free)
        used.add(folded(titles[key]))
    return titles


def tidy(title: str) -> str:
    """Composed, on one line, without blanks at its ends."""
    return " ".join(unicodedata.normalize("NFC", title).split())


def folded(title: str) -> str:
    """What is compared: two titles that differ only in case or blanks are one to a person."""
    return tidy(title).casefold()


def _stays(was: Given, source: str, limit: int) -> bool:
    return was.source == source and len(was.title) <= limit


def _age(key: str) -> tuple[int, str]:
    """Ids of Canvas grow; a longer one is the younger."""
    return len(key), key


def _candidates(key: str, source: str, limit: int) -> Iterator[str]:
    if len(source) <= limit:
        yield source
    yield from (tagged(key, source, limit, attempt) for attempt in itertools.count())


def tagged(key: str, source: str, limit: int, attempt: int = 0) -> str:
    """The title with a tag of its own, cut so that both fit."""
    tag = f" #{_tag(key, attempt)}"
    return (cut(source, limit - len(tag)) + tag).strip()


def cut(title: str, length: int) -> str:
    """At most `length` characters: at a word if one ends near, never inside a composed sign."""
    if len(title) <= length:
        return title
    end = length
    while end > 0 and (_continues(title[end]) or title[end - 1] == "\u200d"):
        end -= 1
    word = title.rfind(" ", 0, end + 1)
    return title[: word if word > length * 2 // 3 else end].rstrip()


def _continues(sign: str) -> bool:
    return bool(unicodedata.combining(sign)) or sign in _JOINERS


def _tag(key: str, attempt: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"{attempt}:{key}".encode()).digest()[:8])
    signs = []
    for _ in range(4):
        number, rest = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[rest])
    return "".join(signs)
