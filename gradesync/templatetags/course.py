"""Words and numbers in the templates of the course's screens."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext

from gradesync.push import KIND
from gradesync.screens import words
from integration.models import Run
from lti.sessions import IDLE

register = template.Library()
# How long before a visit ends that rests (WCAG 2.2.1).
WARNED = timedelta(minutes=5)

register.filter("when", words.when)
register.filter("day", words.day)
register.filter("clock", words.clock)
register.filter("numeral", words.numeral)
register.filter("value", words.value)
register.filter("acts", words.acts)
register.filter("in_general", words.in_general)


@register.filter
def number(score: Decimal | int | None) -> str:
    return words.number(Decimal(score)) if score is not None else ""


@register.filter
def some(score: Decimal | None) -> int:
    """One or several, for the words beside a number that may have decimals."""
    return 1 if score == 1 else 2


@register.filter
def kind(name: str) -> str:
    """What kind of work it is."""
    names = {
        "assignment": gettext("Assignment"),
        "quiz": gettext("Quiz"),
        "discussion": gettext("Graded discussion"),
        "grade": gettext("Course grade"),
    }
    return names.get(name, name)


@register.filter
def by(run: Run, viewer: Any) -> str:
    """Who began a run, as this person calls them."""
    if run.trigger == "automatic":
        return gettext("by itself")
    if viewer.is_me(run.actor):
        return gettext("by you")
    return gettext("by %(name)s") % {"name": who(run)}


@register.filter
def who(run: Run) -> str:
    """The name of who began a run."""
    if run.trigger == "automatic":
        return gettext("Automatic")
    return run.actor.partition(" (Canvas user")[0]


@register.filter
def what(run: Run) -> str:
    """What a run was about."""
    if run.kind != KIND:
        return gettext("Undo") if run.undoes_id else gettext("Check")
    if run.sync.retries_id:
        return gettext("Retry of what failed")
    return gettext("All changes")


@register.filter
def class_title(section: Any, viewer: Any) -> str:
    found = viewer.picture.class_of(section.class_id)
    return str(found.title if found else section.class_id)


@register.filter
def at(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


@register.simple_tag
def rests() -> int:
    """After how many seconds without a request a page that is not saved yet should say so."""
    return int((IDLE - WARNED).total_seconds())


@register.filter
def actor(name: str) -> str:
    """A name out of who began a run."""
    return gettext("Automatic") if name == "schedule" else name.partition(" (Canvas user")[0]
