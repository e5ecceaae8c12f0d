"""What every page is made of: one tag for each component, drawn by `templates/components/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from integration import saying
from lti import sessions

register = template.Library()

Context = template.Context


@register.simple_tag(takes_context=True)
def to(context: Context, name: str, *args: Any, **query: Any) -> str:
    """The address of a page of this visit: `{% to 'course:run' run.pk %}`, with further query."""
    request = context["request"]
    course = (request.launch.course_id,) if name.startswith("course:") else ()
    url = sessions.url(request.launch_session, name, *course, *args)
    return f"{url}&{urlencode(told)}" if (told := _told(query)) else url


def _told(query: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value not in ("", None)}


@register.simple_tag(takes_context=True)
def place(context: Context) -> SafeString:
    """What a GET form carries so that its answer belongs to this visit."""
    session = context["request"].launch_session
    return format_html('<input type="hidden" name="place" value="{}">', sessions.place_of(session))


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A drawing beside a word that says the same; `templates/components/icons.html` has them."""
    return format_html(
        '<svg class="i {}" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-{}"/></svg>',
        css,
        name,
    )


ICONS = {
    "ok": "ok",
    "new": "up",
    "warn": "warn",
    "err": "err",
    "off": "dash",
    "waits": "clock",
    "busy": "spin",
    "locked": "lock",
}


@register.inclusion_tag("components/status.html")
def status(kind: str, words: str) -> dict[str, Any]:
    """A state as icon, colour and word. `kind` is one of ICONS."""
    css = {"waits": "off", "busy": "new", "locked": "off"}.get(kind, kind)
    turning = "spin" if kind == "busy" else ""
    return {"icon": ICONS[kind], "css": css, "words": words, "turning": turning}


@register.inclusion_tag("components/field.html")
def field(bound: Any, size: str = "") -> dict[str, Any]:
    """A form field with its label, hint and error tied together."""
    return {"field": bound, "size": size}


@register.inclusion_tag("components/wrong.html")
def wrong(bound: Any) -> dict[str, Any]:
    """What is wrong with a field, beside it."""
    return {"field": bound}


@register.simple_tag
def tied(bound: Any) -> SafeString:
    """What ties a group of controls, a fieldset, to its message; the summary's link leads to it."""
    group = format_html('id="{}" tabindex="-1"', bound.auto_id)
    if not bound.errors:
        return group
    return format_html('{} aria-invalid="true" aria-describedby="{}_error"', group, bound.auto_id)


@register.inclusion_tag("components/errors.html")
def errors(form: Any) -> dict[str, Any]:
    """The summary above a form: what is wrong, each a link to its field; it takes the focus."""
    return {"form": form}


@register.inclusion_tag("components/progress.html")
def progress(done: int, total: int | None, words: str, left: str = "") -> dict[str, Any]:
    """How far something is; `left`: how long it will take, in words."""
    return {"done": done, "total": total, "words": words, "left": left}


def _block(component: str, content: str, **values: Any) -> SafeString:
    values["content"] = mark_safe(content)  # noqa: S308  # a template's own, escaped as it was drawn
    return render_to_string(f"components/{component}.html", values)


@register.simple_block_tag
def table(
    content: str, label: str, columns: Sequence[str | Mapping[str, str]], css: str = "rwd"
) -> SafeString:
    """A table named by `label`. A column is its heading, or `{"name", "css"}`; rows are content."""
    named = [one if isinstance(one, Mapping) else {"name": one} for one in columns]
    return _block("table", content, label=label, columns=named, css=css)


@register.simple_block_tag
def confirm(content: str, title: str, name: str) -> SafeString:
    """What a person is asked before it is done: a panel in the page, never a window."""
    return _block("confirm", content, title=title, name=name)


@register.simple_block_tag
def empty(content: str, title: str, picture: str) -> SafeString:
    """What stands where there is nothing: why, and the next step."""
    return _block("empty", content, title=title, picture=picture)


@register.simple_block_tag
def note(content: str, kind: str = "", *, urgent: bool = False) -> SafeString:
    """A line that a person should read first. `urgent`: it appeared, and is read out."""
    pictures = {"ok": "ok", "warn": "warn", "err": "err"}
    return _block("note", content, kind=kind, picture=pictures.get(kind, "info"), urgent=urgent)


@register.filter
def columns(names: str) -> list[dict[str, str]]:
    """`"Name|num Points|tight"`: headings parted by a bar; a class of the sheet may go before."""
    found = []
    for one in names.split("|"):
        css, _, name = one.partition(" ") if one.split(" ")[0] in _COLUMN_CSS else ("", "", one)
        found.append({"name": name, "css": css})
    return found


_COLUMN_CSS = frozenset({"num", "tight", "only-l"})


@register.filter
def said(words: object) -> str:
    """A sentence of ours that Python wrote, in the reader's language where it is written in it."""
    return saying.said(words)
