"""Forms as a page shows them: their controls, what stands in them, what is said beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

CONTROLS = frozenset({"input", "select", "textarea", "button"})
EMPTY = frozenset({"input", "br", "img", "meta", "link", "hr", "use"})


@dataclass(eq=False)
class Element:
    """One element of a page, with what is in it."""

    tag: str
    attrs: dict[str, str]
    parent: Element | None = None
    inside: list[Element | str] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[Element]:
        for one in self.inside:
            if isinstance(one, Element):
                if one.tag in tags or not tags:
                    yield one
                yield from one.all(*tags)

    def around(self) -> Iterator[Element]:
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent

    @property
    def text(self) -> str:
        told = (one if isinstance(one, str) else one.text for one in self.inside)
        return " ".join(" ".join(told).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.at = self.root = Element("page", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.inside.append(found)
        if tag not in EMPTY:
            self.at = found

    def handle_endtag(self, tag: str) -> None:
        opened = next((one for one in self.at.around() if one.tag == tag), None)
        if opened is not None and opened.parent is not None:
            self.at = opened.parent

    def handle_data(self, data: str) -> None:
        self.at.inside.append(data)


def read(answer: Any) -> Element:
    """The page of an answer."""
    reader = _Reader()
    reader.feed(answer.content.decode())
    return reader.root


@dataclass(frozen=True)
class Shown:
    """One form on a page, and where it is sent."""

    page: Element
    form: Element
    path: str

    def controls(self, name: str) -> list[Element]:
        return [one for one in self.form.all(*CONTROLS) if one.attrs.get("name") == name]

    def names(self) -> set[str]:
        return {one.attrs["name"] for one in self.form.all(*CONTROLS) if "name" in one.attrs}

    def values(self, name: str) -> list[str]:
        """What the browser would send of this control."""
        return [value for one in self.controls(name) for value in _values(one)]

    def said_beside(self, name: str) -> str:
        """What the control, or the group it is in, says of itself as its error."""
        told = []
        for control in self.controls(name):
            for one in (control, *(up for up in control.around() if up.tag == "fieldset")):
                ids = one.attrs.get("aria-describedby", "").split()
                if one.attrs.get("aria-invalid") == "true":
                    told += [self.by_id(id_).text for id_ in ids if id_.endswith("_error")]
        return " ".join(dict.fromkeys(told))

    def linked(self, name: str) -> bool:
        """Does the summary at the top lead to the control, or to its group?"""
        wanted = {up.attrs.get("id", "") for one in self.controls(name) for up in one.around()}
        alerts = [one for one in self.page.all() if one.attrs.get("role") == "alert"]
        links = {link.attrs.get("href", "") for one in alerts for link in one.all("a")}
        return any(f"#{one}" in links for one in wanted if one)

    def by_id(self, id_: str) -> Element:
        (found,) = (one for one in self.page.all() if one.attrs.get("id") == id_)
        return found


def _values(control: Element) -> Iterator[str]:
    if control.tag == "select":
        for option in control.all("option"):
            if "selected" in option.attrs:
                yield option.attrs.get("value", option.text)
    elif control.tag == "textarea":
        yield "".join(one for one in control.inside if isinstance(one, str))
    elif control.attrs.get("type") in ("checkbox", "radio"):
        if "checked" in control.attrs:
            yield control.attrs.get("value", "on")
    else:
        yield control.attrs.get("value", "")


def forms(answer: Any, path: str) -> list[Shown]:
    """Every form of the page that was asked for at `path`."""
    page = read(answer)
    return [
        Shown(page, one, urlsplit(one.attrs.get("action", "")).path or path)
        for one in page.all("form")
    ]
