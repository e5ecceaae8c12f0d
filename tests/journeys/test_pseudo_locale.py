"""Every text of the teacher's pages goes through translation, and there is room for longer words.

The pages are shown in a language that nobody speaks: accents, brackets, and 40 % longer. What
stands outside of brackets is a person's own words, or was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import Page

from tests.gradesync.screens.algebra import GROUPS, PEOPLE
from tests.gradesync.screens.conftest import district
from tests.gradesync.screens.stage import COURSE_ID
from tests.journeys.test_every_screen import SCREENS, WIDE, opened, overflowing
from tests.lti import people

ACCENTS = str.maketrans("aeiouAEIOUcnsy", "áéíóúÁÉÍÓÚçñšý")
# What translators leave alone: places to fill in, markup, and the words of a table's head.
KEPT = re.compile(r"(%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]+>|&\w+;)")
OWN = (
    *PEOPLE, *GROUPS, "Q Sync for Canvas", "Q Sync", "CSV", "Lakeside Unified",
    "Rosa Rivera", "Dora", "Algebra 1", "Algebra I", "ALG1-P2", "ALG1-P4", "Period 2", "Period 4",
    "Quarter 1", "Quarter 2", "Rosa", "schedule",
)  # fmt: skip


def pseudo(message: str) -> str:
    """`Save` becomes ⟦Sávé··⟧."""
    return "|".join(map(_one, message.split("|"))) if message.strip() else message


def _one(text: str) -> str:
    prefix = re.match(r"(?:num|tight|only-l) |", text)
    assert prefix
    rest = text[prefix.end() :]
    parts = [one if KEPT.fullmatch(one) else one.translate(ACCENTS) for one in KEPT.split(rest)]
    longer = "·" * (len(rest) * 2 // 5 or 1)
    return f"{prefix[0]}⟦{''.join(parts)}{longer}⟧"


@pytest.fixture
def nobodys_language(monkeypatch: pytest.MonkeyPatch) -> None:
    real = translation._trans
    said = {
        "gettext": pseudo,
        "ngettext": lambda one, many, count: pseudo(one if count == 1 else many),
        "pgettext": lambda context, message: pseudo(message),
        "npgettext": lambda context, one, many, count: pseudo(one if count == 1 else many),
    }
    for name, say in said.items():
        monkeypatch.setattr(real, name, say)


# A person's own words are marked as such (`dir=auto`), or are what one may choose.
SHOWN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const own = node.parentElement.closest('script,style,noscript,svg,code,[dir=auto]');
    if (!own) found.push(node.data);
  }
  for (const name of ['aria-label', 'placeholder', 'alt', 'data-copied']) {
    document.querySelectorAll(`[${name}]`).forEach(one => found.push(one.getAttribute(name)));
  }
  return found;
}"""


def forgotten(page: Page) -> Iterator[str]:
    for text in page.evaluate(SHOWN):
        bare = text
        while "⟦" in bare:
            shorter = re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)
            if shorter == bare:
                break
            bare = shorter
        for own in sorted(OWN, key=len, reverse=True):
            bare = bare.replace(own, " ")
        if re.search(r"[A-Za-z]{3,}", bare):
            yield text.strip()


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("grades", "settings"), id="some"),
        pytest.param(tuple(one.name for one in SCREENS), id="all", marks=pytest.mark.prove),
    ],
)
def test_no_text_is_forgotten_and_longer_words_have_room(
    live_server: Any, settings: Any, chromium: Any, nobodys_language: None, names: tuple[str, ...]
):
    settings.BASE_URL = live_server.url
    problems: list[Any] = []
    for number, screen in enumerate(one for one in SCREENS if one.name in names):
        stage = district(f"lakeside-{number}")
        path = screen.prepare(stage)
        visit = stage.visit(screen.person or people.rosa(section_sis_ids="c1,c2"))
        joint = "&" if "?" in path else "?"
        with opened(chromium, visit) as page:
            page.goto(f"{live_server.url}/courses/{COURSE_ID}/{path}{joint}place={visit.place}")
            assert "⟦" in page.locator("body").inner_text()
            problems += [(screen.name, one) for one in forgotten(page)]
            for width in (320, 768, 1180):
                page.set_viewport_size({"width": width, "height": 800})
                if (more := overflowing(page)) > 0:
                    wide = page.evaluate(WIDE)
                    problems.append((screen.name, f"wider than {width}", more, wide))
    assert problems == [], "\n".join(map(str, problems))
