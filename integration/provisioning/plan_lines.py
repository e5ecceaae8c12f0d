"""The lines of a plan in the database: written down in bulk, named, counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TypeAlias, cast

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Collate
from django.utils import timezone

from integration import bulk
from integration.models import Change, RefusedRow, RosterRow, Run, SetAside
from integration.provisioning.compare import Action, Planned
from integration.provisioning.endings import TERM_ENDED
from integration.provisioning.holds import Tally
from integration.provisioning.rows import KINDS, SEPARATOR, Kind, as_text

# What a person decides about when deciding about the plan.
DECIDED = (Change.State.PLANNED, Change.State.PROPOSED)
RETRY_REFUSED = timedelta(days=7)
# Lines that only record what is so, and are never sent.
NOT_SENT = (Change.Action.KEPT, Change.Action.EQUAL)
# What is added or changed, in one word.
TO_SEND = "to send"
# What a line wants, in one word, and its digest.
Wish: TypeAlias = tuple[str, bytes]

_CHANGE_FIELDS = (
    *("run", "kind", "key", "group", "action", "before", "after", "digest"),
    *("reason", "state", "message"),
)


def plan(run: Run, kind: Kind, lines: Iterable[Planned]) -> None:
    """Write lines of the plan down; those refused or set aside before, unchanged, as such."""
    for batch in bulk.batches(lines):
        refused = _refused(run, kind, batch)
        aside = _set_aside(run, kind, batch)
        bulk.insert(
            Change,
            _CHANGE_FIELDS,
            (
                (
                    *(run.pk, kind.name, line.key, line.group, line.action),
                    "" if line.before is None else as_text(line.before),
                    as_text(line.after),
                    line.digest,
                    line.reason,
                    "blocked" if line.key in refused else aside.get(line.key, "planned"),
                    refused.get(line.key, ""),
                )
                for line in batch
            ),
        )


def resting(run: Run, kind: Kind, lines: Collection[Planned]) -> set[str]:
    """The keys of those lines that would not go if they were planned now."""
    return {*_refused(run, kind, lines), *_set_aside(run, kind, lines)}


def _set_aside(run: Run, kind: Kind, lines: Collection[Planned]) -> dict[str, str]:
    """Key to state, of the lines that a person left out of an earlier plan."""
    rows = SetAside.objects.filter(district=run.district, kind=kind.name)
    if not rows.exists():
        return {}
    planned = {line.key: wish(line.action, line.digest) for line in lines}
    found: dict[str, str] = {}
    for keys in bulk.batches(planned, bulk.IN_LIMIT):
        known = rows.filter(key__in=keys).annotate(theirs=Exists(theirs(run)))
        found |= {
            key: Change.State.SET_ASIDE.value
            for key, action, named, held in known.values_list("key", "action", "digest", "theirs")
            if rests_on(wish(action, named), planned[key], is_theirs=held)
        }
    return found


def rests_on(aside: Wish, planned: Wish, *, is_theirs: bool) -> bool:
    """Does the planned line rest as the one that was set aside?

    What Canvas held before us and was never ours (`is_theirs`) rests whatever Q says of it by now:
    a person has to say yes to the first line that changes it, and all nights would wait for that.
    """
    return aside == planned or (is_theirs and aside[0] == planned[0] == TO_SEND)


def theirs(run: Run) -> QuerySet[RosterRow]:
    """The row of an outer query's kind and key, if Canvas held it before us and it is not ours."""
    return RosterRow.objects.filter(
        district=run.district,
        kind=OuterRef("kind"),
        key=OuterRef("key"),
        origin=RosterRow.Origin.CANVAS,
    )


def wish(action: str, named: bytes | memoryview) -> Wish:
    """What a line is known by on other nights: a row to be sent, whether Canvas has it or not."""
    is_sent = action in (Change.Action.ADDED, Change.Action.CHANGED)
    return (TO_SEND if is_sent else action, bytes(named))


def _refused(run: Run, kind: Kind, lines: Collection[Planned]) -> dict[str, str]:
    """Canvas's message for those of the rows that it refused before, and would refuse again."""
    since = timezone.now() - RETRY_REFUSED
    rows = RefusedRow.objects.filter(district=run.district, kind=kind.name, refused_at__gt=since)
    if not rows.exists():
        return {}
    digests = {line.key: line.digest for line in lines if line.action != "equal"}
    found: dict[str, tuple[str, int]] = {}
    for keys in bulk.batches(digests, bulk.IN_LIMIT):
        same = rows.filter(key__in=keys).values_list("key", "digest", "message", "run_id")
        found |= {
            key: (text, run_id or 0)
            for key, digest, text, run_id in same
            if bytes(digest) == digests[key]
        }
    return {
        key: text
        for key, (text, since_run) in found.items()
        if not _mended(run, kind, key, since_run)
    }


def _mended(run: Run, kind: Kind, key: str, since_run: int) -> bool:
    """Has a row that this one names by its key been accepted since, or is it planned now?"""
    rows = Q(pk__in=[])
    for other, value in zip(kind.names, key.split(SEPARATOR), strict=False):
        rows |= Q(kind=other, key=value)
    accepted = RosterRow.objects.filter(rows, district=run.district, run__gt=since_run)
    planned = Change.objects.filter(rows, run=run, state=Change.State.PLANNED)
    return accepted.exists() or planned.exclude(action__in=NOT_SENT).exists()


def replace_change(run: Run, kind: Kind, line: Planned) -> None:
    """Put another line in the place of a planned one with the same key."""
    Change.objects.filter(run=run, kind=kind.name, key=line.key).delete()
    plan(run, kind, [line])


def planned_line(run: Run, kind: Kind, key: str) -> Planned | None:
    """The line that is planned for a key, if any."""
    change = Change.objects.filter(run=run, kind=kind.name, key=key).first()
    if change is None:
        return None
    before = tuple(json.loads(change.before)) if change.before else None
    after = tuple(json.loads(change.after))
    action = cast(Action, change.action)
    named = bytes(change.digest)
    return Planned(key, action, before, after, named, change.group, change.reason)


def count_planned(run: Run, kind: Kind, keys: Collection[str]) -> int:
    """How many of these keys have a line that is to be sent."""
    lines = Change.objects.filter(run=run, kind=kind.name, state=Change.State.PLANNED)
    return sum(lines.filter(key__in=some).count() for some in bulk.batches(keys, bulk.IN_LIMIT))


def count_overwriting(run: Run) -> int:
    """How many lines would change what Canvas held before us and was never ours.

    Without those that Canvas refused with the same content: a person has said yes to that.
    """
    lines = Change.objects.filter(run=run, state=Change.State.PLANNED, action=Change.Action.CHANGED)
    refused = RefusedRow.objects.filter(
        district=run.district, kind=OuterRef("kind"), key=OuterRef("key"), digest=OuterRef("digest")
    )
    return lines.filter(Exists(theirs(run)), ~Exists(refused)).count()


def has_lines(run: Run) -> bool:
    """Is there anything that a person could want to decide about?"""
    lines = Change.objects.filter(run=run, state__in=DECIDED)
    return lines.exclude(action=Change.Action.EQUAL).exists()


def plan_digest(run: Run) -> str:
    """Name a plan by its content, so that an approval fits this plan and no other."""
    named = hashlib.sha256()
    lines = (
        Change.objects.filter(run=run, state__in=DECIDED)
        .exclude(action=Change.Action.EQUAL)
        .annotate(sorted=_binary("key"))
        .order_by("kind", "sorted")
        .values_list("kind", "key", "action", "before", "after")
    )
    for line in lines.iterator(bulk.BATCH):
        named.update("\x1e".join(line).encode())
        named.update(b"\n")
    return named.hexdigest()


def _binary(field: str) -> Collate:
    """Sort by code point on both databases, so that a digest never depends on the locale."""
    return Collate(F(field), "C" if connection.vendor == "postgresql" else "BINARY")


COUNTED_AS = {
    Change.State.BLOCKED: "blocked",
    Change.State.REFUSED: "blocked",
    Change.State.SET_ASIDE: "set_aside",
    Change.State.PROPOSED: "proposed",
}


def action_counts(run: Run) -> dict[tuple[str, str], int]:
    """(kind, action or "blocked") to the number of lines; what is equal counts as the same."""
    counts: dict[tuple[str, str], int] = {}
    lines = Change.objects.filter(run=run).exclude(action=Change.Action.EQUAL)
    grouped = lines.values_list("kind", "action", "state")
    for kind, action, state, count in grouped.annotate(count=Count("pk")):
        what = COUNTED_AS.get(state, action)
        counts[kind, what] = counts.get((kind, what), 0) + count
    return counts


def counts_of(run: Run, seen: Mapping[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The run's counts by kind: added, changed, removed, kept, same, blocked, skipped."""
    counts = {kind.name: dict(seen.get(kind.name, {})) for kind in KINDS if kind.name in seen}
    for (kind, what), count in action_counts(run).items():
        counts.setdefault(kind, {})[what] = count
    return counts


def tallies(run: Run, *kinds: Kind) -> list[Tally]:
    """What the plan does to each kind in each school, beside what was accepted there.

    Of all kinds, or of those named.
    """
    only = {"kind__in": [kind.name for kind in kinds]} if kinds else {}
    accepted = {
        (kind, school): count
        for kind, school, count in RosterRow.objects.filter(
            district=run.district, removed_at=None, origin=RosterRow.Origin.OURS, **only
        )
        .values_list("kind", "school")
        .annotate(count=Count("pk"))
    }
    done: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    # What is only sent again because nobody knows whether it arrived is no change of Q's.
    planned = Change.objects.filter(run=run, state=Change.State.PLANNED, **only).exclude(
        reason="unconfirmed"
    )
    grouped = planned.values_list("kind", "group", "action", "reason")
    for kind, school, action, reason, count in grouped.annotate(count=Count("pk")):
        done[kind, school]["ended" if reason == TERM_ENDED else action] += count
    return [
        Tally(
            kind,
            school,
            accepted.get((kind, school), 0),
            **{
                what: done[kind, school][what]
                for what in ("added", "removed", "changed", "kept", "ended")
            },
        )
        for kind, school in sorted(accepted.keys() | set(done))
    ]


def has_refused(run: Run, kind: Kind) -> bool:
    return Change.objects.filter(run=run, kind=kind.name, state=Change.State.REFUSED).exists()


def blocked_keys(run: Run) -> Iterator[tuple[str, str, str]]:
    """(kind, key, Canvas's earlier message) of rows not sent because Canvas refused them before."""
    blocked = Change.objects.filter(run=run, state=Change.State.BLOCKED)
    yield from blocked.values_list("kind", "key", "message").iterator(bulk.BATCH)
