"""Sentences that can be said in another language after their words were filled in. PURE."""

from __future__ import annotations


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
