"""What Python wrote in English, said in the reader's language."""

from __future__ import annotations

from functools import lru_cache

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, trans_real

from integration.phrases import Count, Phrase, Templates, sentences

SOURCE = "en"
# No text of ours has more sentences.
TOGETHER = 8


def said(words: object) -> str:
    """A sentence of ours in the reader's language; what is no sentence of ours as it stands.

    Also of a text that a worker stored: the template that it was made of is looked up among those
    that the language has.
    """
    if isinstance(words, Phrase):
        return _filled(words)
    text = str(words) if words else ""
    language = get_language() or SOURCE
    return text if not text or language.startswith(SOURCE) else _again(text, language)


def _filled(phrase: Phrase) -> str:
    template = gettext(phrase.template)
    if not phrase.values:
        return said(phrase.template) if template == phrase.template else template
    return template.format(**{name: _word(one) for name, one in phrase.values.items()})


def _word(value: object) -> object:
    if isinstance(value, Count):
        return number_format(value, use_l10n=True, force_grouping=True)
    return said(value) if isinstance(value, Phrase) else value


@lru_cache(maxsize=4096)
def _again(text: str, language: str) -> str:
    """As much of the text as is ours: whole, else its sentences, as many together as can be."""
    told: list[str] = []
    rest = sentences(text)
    while rest:
        if told and rest[0].isalnum():
            # A bare word behind a sentence is somebody's data, also where a button is called so.
            return " ".join([*told, *rest])
        end, words = _begun(rest, language)
        told.append(words)
        rest = rest[end:]
    return " ".join(told)


def _begun(parts: list[str], language: str) -> tuple[int, str]:
    """How many sentences of the beginning are one text of ours, and that text; else the first."""
    for end in (len(parts), *range(min(len(parts) - 1, TOGETHER), 0, -1)):
        if (known := _one(" ".join(parts[:end]), language)) is not None:
            return end, known
    return 1, parts[0]


def _one(text: str, language: str) -> str | None:
    if (known := gettext(text)) != text:
        return known
    phrase = _templates(language).phrase(text)
    return None if phrase is None else _filled(phrase)


@lru_cache
def _templates(language: str) -> Templates:
    # Django gives the page's scripts its catalogue in the same way (views.i18n.JavaScriptCatalog).
    known = trans_real.translation(language)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
    return Templates(key for key, _ in known.items() if isinstance(key, str))
