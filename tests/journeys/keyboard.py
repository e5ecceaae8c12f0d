"""A person without a mouse: which stops Tab makes on a page, in which order, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

MOST = 250
# What the focus is on, whether it can be seen there, and how it is marked.
HERE = """() => {
    const el = document.activeElement;
    if (!el || el === document.body) return null;
    const box = el.getBoundingClientRect(), style = getComputedStyle(el);
    const label = el.labels?.[0]?.innerText;
    const at = document.elementFromPoint(
        Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2)),
        Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2)));
    window.__stops ||= [];
    const before = window.__stops.at(-1);
    const back = before && before !== el &&
        !!(before.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_PRECEDING);
    window.__stops.push(el);
    return {
        name: (el.getAttribute('aria-label') || label || el.innerText || el.value || '')
            .replace(/\\s+/g, ' ').trim(),
        tag: el.tagName.toLowerCase(), type: el.type || '', value: el.value || '',
        marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: !!at && (el === at || el.contains(at) || at.contains(el) ||
            [...(el.labels || [])].some((one) => one.contains(at))),
        back, same: before === el,
    };
}"""
# All that can be used and is shown; of a group of radio buttons one.
ALL = """() => {
    const groups = new Set();
    return [...document.querySelectorAll(
        'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex="0"]')]
        .filter((el) => !el.disabled && el.checkVisibility({visibilityProperty: true}))
        .filter((el) => {
            if (el.type !== 'radio') return true;
            const is = !groups.has(el.name);
            groups.add(el.name);
            return is;
        }).length;
}"""


# Where a page put the focus, Tab would go on even after `blur`.
FROM_THE_TOP = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    window.__stops = [];
    scrollTo(0, 0);
}"""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of Tab. `back`: it lies before the one before it; `seen`: nothing covers it.

    `same`: still inside the one before, as in the parts of a date.
    """

    name: str
    tag: str
    type: str
    value: str
    marked: bool
    seen: bool
    back: bool
    same: bool


def here(page: Page) -> Stop | None:
    """What the focus is on."""
    found: dict[str, Any] | None = page.evaluate(HERE)
    return Stop(**found) if found else None


def stops(page: Page) -> list[Stop]:
    """All stops from the top of the page to its end."""
    page.evaluate(FROM_THE_TOP)
    found: list[Stop] = []
    while len(found) < MOST:
        page.keyboard.press("Tab")
        stop = here(page)
        # After the last one the focus leaves the page, or begins again.
        if stop is None or (stop.back and stop.name == found[0].name):
            break
        if not stop.same:
            found.append(stop)
    return found


def complaints(page: Page) -> list[str]:
    """What a person without a mouse would miss, mistake or not see on this page."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = stops(page)
    wrong = [f"not marked: {one.name or one.tag}" for one in found if not one.marked]
    wrong += [f"covered: {one.name or one.tag}" for one in found if not one.seen]
    wrong += [f"backwards: {one.name or one.tag}" for one in found[1:] if one.back]
    if (there := int(page.evaluate(ALL))) != len(found):
        wrong.append(f"{len(found)} stops of {there}")
    return wrong


def go_to(page: Page, name: str, *, tag: str = "") -> Stop:
    """Press Tab until the focus is on what is named so."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        stop = here(page)
        if stop and name in stop.name and tag in ("", stop.tag):
            assert stop.marked, f"{name} is not marked"
            return stop
    raise AssertionError(f"Tab does not reach “{name}”")


def press(page: Page, name: str, *, tag: str = "") -> None:
    """Go there, and press Enter; the page that follows has come when this returns."""
    go_to(page, name, tag=tag)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def choose(page: Page, name: str) -> None:
    """In the group of radio buttons that the focus is in: down to the one with this value."""
    for _ in range(20):
        stop = here(page)
        assert stop
        if stop.value == name:
            page.keyboard.press("Space")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no radio button “{name}”")
