"""Sentences that can be said in another language after their words were filled in. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


class Count(int):
    """How many there are: “6,995”, or as the reader's language groups it. An id is no count."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec or ",")


class Phrase(str):
    """What a person reads: for machines and logs the English text, for a page also its parts.

    `template` has words in braces; `values` fills them, and may hold phrases itself. Without values
    it is a text as it stands.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> Phrase:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made


_PLACE = re.compile(r"\{(\w+)\}")
# Without a word between them nobody can say where one ends and the next begins.
_BESIDE = re.compile(r"\}\{")
# Letters of a template's own.
ENOUGH = 5
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
# Where two sentences meet.
_BETWEEN = re.compile(r"(?<=[.!?:”)]) (?=\S)")
_IN_ONE = r"(?:(?![.!?”)] \S).)+?"
# What is filled in under these names are words of ours, which have their translation; whatever is
# filled in under others is somebody's data and stays.
_OURS = frozenset(
    {"asked", "detail", "kind", "message", "reason", "remedy", "sort", "told", "way", "what", "why"}
)


class Templates:
    """Finds the template that a stored text was made of.

    Runs, findings and tests keep what they found in English, one language for machines and logs;
    its reader may read another, and the text may be years old.
    """

    def __init__(self, templates: Iterable[str]) -> None:
        # Of two that fit, the one with more words of its own says more exactly what was meant.
        known = sorted(templates, key=lambda one: (-len(_PLACE.sub("", one)), one))
        known = [one for one in known if _is_told_by_its_words(one)]
        self._known = [(max(_PLACE.split(one)[::2], key=len), one, _shapes(one)) for one in known]

    def phrase(self, text: str) -> Phrase | None:
        """`text` with its words apart; None where no template makes it."""
        # Hardly any has its longest words in the text, which is known without a pattern.
        likely = [one for one in self._known if one[0] in text]
        # What is filled in may hold two sentences; far more often the second is not part of it.
        for way in ("one", "more"):
            for _, template, shapes in likely:
                if found := shapes[way].fullmatch(text):
                    words = {name: _value(name, one) for name, one in found.groupdict().items()}
                    return Phrase(template, **words)
        return None


def sentences(text: str) -> list[str]:
    """A text taken apart: two messages may stand one behind the other."""
    return _BETWEEN.split(text)


def _is_told_by_its_words(template: str) -> bool:
    """Are there words enough of its own that no other text looks like it?"""
    own = _PLACE.sub("", template)
    is_clear = own != template and not _BESIDE.search(template)
    return is_clear and sum(map(str.isalpha, own)) > ENOUGH


def _shapes(template: str) -> dict[str, re.Pattern[str]]:
    """To find what was filled in: of "one" sentence, or of "more"."""
    return {
        "one": shape(template, lambda name: r".+?" if name in _OURS else _IN_ONE),
        "more": shape(template, lambda _: r".+?"),
    }


def shape(template: str, of_name: Callable[[str], str]) -> re.Pattern[str]:
    """To find what was filled in; `of_name` gives the pattern of what stands under a name."""
    parts = _PLACE.split(template)  # words and names by turns
    seen: set[str] = set()
    for at in range(1, len(parts), 2):
        name = parts[at]
        parts[at] = f"(?P={name})" if name in seen else f"(?P<{name}>{of_name(name)})"
        seen.add(name)
    return re.compile(
        "".join(one if at % 2 else re.escape(one) for at, one in enumerate(parts)), re.DOTALL
    )


def _value(name: str, text: str) -> object:
    if _GROUPED.fullmatch(text):
        return Count(text.replace(",", ""))
    return Phrase(text) if name in _OURS else text
