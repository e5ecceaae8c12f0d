"""Words of the account pages: what our own codes are called there."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import gettext

from integration.account import setup as set_up
from integration.account import words
from integration.models import Run

register = template.Library()


@register.filter
def kind_name(kind: str) -> str:
    """“sections” as a heading."""
    return str(words.KINDS.get(kind, kind))


@register.filter
def action_name(action: str) -> str:
    return str(words.ACTIONS.get(action, action))


@register.filter
def state_name(state: str) -> str:
    return str(words.STATES.get(state, state))


@register.filter
def pill(action: str) -> str:
    """The colour that goes with what is done to a row."""
    return words.PILLS.get(action, "neutral")


@register.filter
def import_state(state: str) -> str:
    """What has become of an import, as Canvas calls it and in words."""
    return str(words.IMPORTS.get(state, state))


@register.filter
def who_name(who: str) -> str:
    """Who can mend what a step of a test found."""
    return str(words.WHO.get(who, ""))


@register.filter
def run_name(run: Run) -> str:
    return str(words.RUNS.get(run.kind, run.kind))


@register.filter
def outcome(run: Run) -> words.Outcome:
    return words.outcome(run)


@register.filter
def total(run: Run, what: str) -> int:
    """One of the run's counts over all kinds."""
    return words.total(run, what)


@register.filter
def actor_name(actor: str) -> str:
    """The person's name without what Canvas calls them; the schedule by a word of ours."""
    if actor == "schedule":
        return gettext("Schedule")
    name, _, _ = actor.rpartition(" (")
    return name or actor


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`counts|get:kind`: the value under a key, "" where there is none."""
    return mapping.get(key, "") if hasattr(mapping, "get") else ""


@register.filter
def grouped(number: Any) -> str:
    """A count as it is read here: 23,418."""
    if not isinstance(number, int):
        return str(number)
    return str(formats.number_format(number, use_l10n=True, force_grouping=True))


@register.filter
def signed(number: int) -> str:
    """A change as it is read here: +24, −3."""
    return f"{'+' if number >= 0 else '−'}{grouped(abs(number))}"


@register.simple_tag
def trend_columns(holdings: Any) -> str:
    """Heads of the trend's table, as `columns` reads them."""
    return "|".join([gettext("Day"), *(f"num {kind_name(one.kind)}" for one in holdings)])


@register.filter
def seconds_between(start: Any, end: Any) -> float | None:
    """How long it took, in seconds."""
    return (end - start).total_seconds() if start and end else None


@register.filter
def duration(seconds: float | None) -> str:
    """“12 min 4 s”."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return gettext("%(seconds)d s") % {"seconds": rest}


@register.filter
def milliseconds(step: Any) -> str:
    """A step's seconds as milliseconds, "" where nothing was timed."""
    seconds = step.get("seconds")
    return f"{seconds * 1000:.0f}" if seconds else ""


@register.inclusion_tag("account/_setup.html", takes_context=True)
def setup(context: template.Context) -> dict[str, Any]:
    """The steps of a set-up that is not finished, the next one with its button."""
    return _setup(context["request"])


@register.inclusion_tag("account/_next.html", takes_context=True)
def next_step(context: template.Context) -> dict[str, Any]:
    """One line with what comes next, as long as the set-up is not finished."""
    return _setup(context["request"])


def _setup(request: Any) -> dict[str, Any]:
    steps = set_up.steps(request.district)
    return {"request": request, "steps": steps, "next": set_up.next_of(steps)}
