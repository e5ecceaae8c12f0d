"""The sentences of the catalogue as phrases: their words apart, also once filled in. PURE."""

from __future__ import annotations

import re
from functools import cache

from gradesync.catalogue import CATALOGUE
from integration.phrases import Phrase, shape


@cache
def _shape(code: str) -> re.Pattern[str]:
    """A sentence of the catalogue as a pattern, to find the words that were filled in."""
    return shape(CATALOGUE[code].sentence, lambda _: r".*?")


def phrase(code: str, told: str = "") -> str:
    """The sentence of a code, as it was `told` with its words; else `told` itself."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return told
    if "{" not in entry.sentence:
        return Phrase(entry.sentence) if told in ("", entry.sentence) else told
    found = _shape(code).fullmatch(told)
    return Phrase(entry.sentence, **found.groupdict()) if found else told
