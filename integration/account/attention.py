"""What somebody should look at on the account's first page. Asks our own tables only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from integration.credentials import WARNED, Ending, ending, refused
from integration.models import (
    ConnectionCheck,
    District,
    Invitation,
    ProvisioningPolicy,
    RefusedRow,
    Run,
    SetAside,
)
from integration.provisioning.proposed import DECLINED
from integration.saying import said
from lti.models import KeySet

# A one-time link lives for days only.
LINK_ENDS = timedelta(hours=24)
MOST_RUNS = 100
# Canvas's keys are asked for when they are needed; launches live by the old ones meanwhile.
KEYS_AWAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that somebody should look at: what, since when, and its page by name.

    Both texts are as the reader sees them: ours in their language, somebody else's as it is.
    `key` names the cause; without one it is too grave to be snoozed. `count`: of how many things
    it is, where they are counted.
    """

    title: str
    text: str
    page: str
    argument: int | None = None
    since: datetime | None = None
    key: str = ""
    count: int = 0

    @property
    def is_grave(self) -> bool:
        return not self.key


# What the rooms above want an admin to look at; they put themselves in here.
ATTENTION: list[Callable[[District], Iterator[Attention]]] = []


def of_all(
    district: District,
    *,
    failed: Iterable[str],
    check: ConnectionCheck | None,
    last: Run | None,
    is_silent_since: datetime | None,
) -> list[Attention]:
    """The gravest first, then what is of the most; each question is asked once.

    `failed`: the systems in which the last test, `check`, found something. `last`: the last
    provisioning run. `is_silent_since`: when something was last carried out, where that is too
    long ago.
    """
    found = [
        *_of_connections(district, failed, check),
        *_of_runs(last, is_silent_since),
        *_left_behind(district, last),
        *_silent_feed(district),
        *_ending(district, check.steps if check else ()),
        *_keys(district),
        *_paused(district),
    ]
    for tell in ATTENTION:
        found += tell(district)
    return sorted(found, key=lambda one: (not one.is_grave, -one.count))


def _of_connections(
    district: District, failed: Iterable[str], check: ConnectionCheck | None
) -> Iterator[Attention]:
    for name in failed:
        told = gettext("The last test of %(name)s found something.") % {"name": name}
        at = check.ended_at if check else None
        text = gettext("See which step, and what to do.")
        yield Attention(told, text, "account:connections", None, at)
    if run := refused(district, check, timezone.now()):
        title = gettext("Canvas refuses our sign-in")
        remedy = said(run.error.get("remedy", ""))
        yield Attention(title, remedy, "account:connections", None, run.ended_at)


def _paused(district: District) -> Iterator[Attention]:
    if district.state == District.State.PAUSED:
        title = gettext("The district is paused")
        # Another pause is another thing: none begins hidden because an earlier one rested.
        since = ProvisioningPolicy.of(district).nights_from
        yield Attention(title, district.pause_reason, "account:rules", key=f"paused {since}")


def _of_runs(last: Run | None, is_silent_since: datetime | None) -> Iterator[Attention]:
    if last and last.state == Run.State.FAILED:
        told = said(last.error.get("message", ""))
        yield Attention(gettext("The last run failed"), told, "account:run", last.pk, last.ended_at)
    elif is_silent_since:
        title = gettext("Nothing was carried out for more than two days")
        text = gettext("Look at the schedule, and at what waits.")
        yield Attention(title, text, "account:runs", None, is_silent_since)
    if last and last.read_at and not last.counts:
        yield Attention(
            gettext("Q sent nothing"),
            gettext("See what was read."),
            "account:run",
            last.pk,
            last.ended_at,
        )


def _left_behind(district: District, last: Run | None) -> Iterator[Attention]:
    # A no to a changed ID is an answer; nothing of it rests.
    resting = SetAside.objects.filter(district=district).exclude(action=DECLINED)
    aside, since = _counted(resting, "run__created_at")
    if aside:
        title = ngettext("%d line rests", "%d lines rest", aside) % aside
        text = gettext("It was set aside when the rest of a plan was approved.")
        yield Attention(title, text, "account:runs", None, since, "set aside", aside)
    rows, since = _counted(RefusedRow.objects.filter(district=district), "refused_at")
    if rows and last:
        title = ngettext("Canvas refuses %d record", "Canvas refuses %d records", rows) % rows
        text = gettext("The last run says why, and what to do.")
        yield Attention(title, text, "account:run", last.pk, since, "refused", rows)


def _counted(rows: QuerySet[Any], at: str) -> tuple[int, datetime | None]:
    """How many there are, and since when the first one is there."""
    found = rows.aggregate(count=Count("pk"), since=Min(at))
    return found["count"], found["since"]


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
    yield Attention(title % days, text, "account:runs", None, same, f"silent feed {same.date()}")


_CHANGED = ("added", "changed", "removed")


def _ending(district: District, steps: Iterable[Mapping[str, Any]]) -> Iterator[Attention]:
    """Credentials that end, and a one-time link that nobody has used."""
    now = timezone.now()
    for one in ending(district, steps, now):
        title, text, page = _words_of(one)
        # A nearer end is another thing: what was snoozed at 20 days comes back at 7 and at 1.
        near = min((days for days in WARNED if one.days <= days), default=0)
        key = f"{one.key} {one.on} {near}" if one.days >= 0 else ""
        yield Attention(title % {"name": one.name, "day": one.on}, text, page, key=key)
    links = district.invitations.filter(
        purpose=Invitation.Purpose.CREDENTIALS,
        used_at=None,
        cancelled_at=None,
        expires_at__gt=now,
        expires_at__lt=now + LINK_ENDS,
    )
    if link := links.order_by("pk").last():
        title = gettext("The one-time link for Q’s administrator ends within a day")
        text = gettext("Nobody has used it yet.")
        yield Attention(title, text, "account:connections", key=f"link {link.pk}")


def _words_of(one: Ending) -> tuple[str, str, str]:
    """Title, text and page of a credential that ends or has ended."""
    is_over = one.days < 0
    if one.what == "api":
        title = gettext("The token “%(name)s” ends on %(day)s")
        text = gettext("Make another one, and give it to the program before that day.")
        return title, text, "account:tokens"
    if one.what == "certificate":
        title = gettext("Q’s certificate ends on %(day)s")
        text = gettext("Ask Q’s administrator to renew it; once it is, test again.")
        if is_over:
            title = gettext("Q’s certificate has ended on %(day)s")
        return title, text, "account:connections"
    title = gettext("Canvas’s access token ends on %(day)s")
    if is_over:
        title = gettext("Canvas’s access token has ended on %(day)s")
    text = gettext("Make another one in Canvas, and save it here with its last day.")
    return title, text, "account:connections"


def _keys(district: District) -> Iterator[Attention]:
    """Canvas's public keys, by which every launch is checked."""
    urls = district.installations.values("deployment__platform__jwks_url")
    behind = Q(fetched_at=None) | Q(tried_at__gt=F("fetched_at") + KEYS_AWAY)
    found = KeySet.objects.filter(behind, url__in=urls).exclude(tried_at=None).first()
    if found is not None:
        title = gettext("Canvas’s public keys cannot be fetched")
        text = gettext("Launches are checked by the last ones; after a change of keys none works.")
        key = f"keys {found.fetched_at}"
        yield Attention(title, text, "account:connections", None, found.fetched_at, key)
