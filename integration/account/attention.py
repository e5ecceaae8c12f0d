"""What somebody should look at on the account's first page. Asks our own tables only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from integration.models import (
    District,
    Invitation,
    ProvisioningPolicy,
    RefusedRow,
    Run,
    SetAside,
)
from integration.verification import ENDS_SOON
from lti.models import KeySet

# A one-time link lives for days only.
LINK_ENDS = timedelta(hours=24)
MOST_RUNS = 100
# Canvas's keys are asked for when they are needed; launches live by the old ones meanwhile.
KEYS_AWAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that somebody should look at: what, since when, and its page by name."""

    title: str
    text: str
    page: str
    argument: int | None = None
    since: datetime | None = None


# What the rooms above want an admin to look at; they put themselves in here.
ATTENTION: list[Callable[[District], Iterator[Attention]]] = []


def of_all(
    district: District,
    *,
    failed: Iterable[str],
    steps: Iterable[Mapping[str, Any]],
    last: Run | None,
    is_silent_since: datetime | None,
) -> Iterator[Attention]:
    """The gravest first; each question is asked once, however much there is.

    `failed`: the systems whose last test found something, `steps`: what it tried. `last`: the last
    provisioning run. `is_silent_since`: when something was last carried out, where that is too
    long ago.
    """
    for name in failed:
        told = gettext("The last test of %(name)s found something.") % {"name": name}
        yield Attention(told, gettext("See which step, and what to do."), "account:connections")
    yield from _of_runs(last, is_silent_since)
    yield from _left_behind(district, last)
    yield from _silent_feed(district)
    yield from _ending(district)
    yield from _certificate(steps)
    yield from _keys(district)
    if district.state == District.State.PAUSED:
        yield Attention(gettext("The district is paused"), district.pause_reason, "account:rules")
    for tell in ATTENTION:
        yield from tell(district)


def _of_runs(last: Run | None, is_silent_since: datetime | None) -> Iterator[Attention]:
    if last and last.state == Run.State.FAILED:
        told = str(last.error.get("message", ""))
        yield Attention(gettext("The last run failed"), told, "account:run", last.pk, last.ended_at)
    elif is_silent_since:
        title = gettext("Nothing was carried out for more than two days")
        text = gettext("Look at the schedule, and at what waits.")
        yield Attention(title, text, "account:runs", None, is_silent_since)
    if last and last.read_at and not last.counts:
        yield Attention(
            gettext("Q sent nothing"), gettext("See what was read."), "account:run", last.pk
        )


def _left_behind(district: District, last: Run | None) -> Iterator[Attention]:
    aside = SetAside.objects.filter(district=district).count()
    if aside:
        title = ngettext("%d line rests", "%d lines rest", aside) % aside
        text = gettext("It was set aside when the rest of a plan was approved.")
        yield Attention(title, text, "account:runs")
    refused = RefusedRow.objects.filter(district=district).count()
    if refused and last:
        title = ngettext("Canvas refuses %d record", "Canvas refuses %d records", refused) % refused
        text = gettext("The last run says why, and what to do.")
        yield Attention(title, text, "account:run", last.pk)


def _silent_feed(district: District) -> Iterator[Attention]:
    """Nights run, and nothing has changed in Q for days: its data may not be filled in any more.

    After how many days that is told, the district chooses; 0: never.
    """
    silent_days = ProvisioningPolicy.of(district).silent_feed_days
    if not silent_days:
        return
    runs = district.runs.filter(kind=Run.Kind.PROVISIONING, state=Run.State.DONE)
    ended = list(runs.order_by("-pk").values_list("ended_at", "counts")[:MOST_RUNS])
    same: datetime | None = None
    for at, counts in ended:
        if any(count.get(what) for count in counts.values() for what in _CHANGED):
            break
        same = at
    if same is None or ended[0][0] is None or ended[0][0] - same < timedelta(days=silent_days):
        return
    days = (ended[0][0] - same).days
    title = ngettext(
        "Q has told nothing new for %d day", "Q has told nothing new for %d days", days
    )
    text = gettext("In term time, ask Q’s operator whether its OneRoster data is still filled in.")
    yield Attention(title % days, text, "account:runs", None, same)


_CHANGED = ("added", "changed", "removed")


def _ending(district: District) -> Iterator[Attention]:
    """Tokens of programs, and a one-time link that nobody has used."""
    now = timezone.now()
    soon = district.api_tokens.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lt=now + ENDS_SOON
    )
    for token in soon.order_by("expires_at")[:3]:
        title = gettext("The token “%(name)s” ends on %(day)s") % {
            "name": token.name,
            "day": f"{token.expires_at:%Y-%m-%d}",
        }
        text = gettext("Make another one, and give it to the program before that day.")
        yield Attention(title, text, "account:tokens")
    links = district.invitations.filter(
        purpose=Invitation.Purpose.CREDENTIALS,
        used_at=None,
        cancelled_at=None,
        expires_at__gt=now,
        expires_at__lt=now + LINK_ENDS,
    )
    if links.exists():
        title = gettext("The one-time link for Q’s administrator ends within a day")
        yield Attention(title, gettext("Nobody has used it yet."), "account:connections")


def _certificate(steps: Iterable[Mapping[str, Any]]) -> Iterator[Attention]:
    """That Q's certificate ends, as far as the last test has seen it."""
    now = timezone.now()
    for step in steps:
        ends = step.get("ends_at")
        if ends and (at := datetime.fromisoformat(ends)) - now < ENDS_SOON:
            template = gettext("Q’s certificate ends on %s")
            if at <= now:
                template = gettext("Q’s certificate has ended on %s")
            text = gettext("Ask Q’s administrator to renew it; once it is, test again.")
            yield Attention(template % f"{at:%Y-%m-%d}", text, "account:connections")


def _keys(district: District) -> Iterator[Attention]:
    """Canvas's public keys, by which every launch is checked."""
    urls = district.installations.values("deployment__platform__jwks_url")
    behind = Q(fetched_at=None) | Q(tried_at__gt=F("fetched_at") + KEYS_AWAY)
    found = KeySet.objects.filter(behind, url__in=urls).exclude(tried_at=None).first()
    if found is not None:
        title = gettext("Canvas’s public keys cannot be fetched")
        text = gettext("Launches are checked by the last ones; after a change of keys none works.")
        yield Attention(title, text, "account:connections", None, found.fetched_at)
