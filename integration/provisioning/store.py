"""Accepted rows and planned changes in the database: in bulk, streaming, no model instances."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Collate, Now
from django.utils import timezone

from integration import bulk
from integration.models import (
    Change,
    CourseAssignment,
    District,
    RefusedRow,
    RosterRow,
    Run,
    SetAside,
)
from integration.provisioning.compare import Accepted, Action, Planned, unsure
from integration.provisioning.holds import Tally
from integration.provisioning.rows import SECTIONS, SEPARATOR, Kind, Row, digest

CHUNK = 10_000
RETRY_REFUSED = timedelta(days=7)


def _text(row: Iterable[str | None]) -> str:
    return json.dumps(list(row), ensure_ascii=False, separators=(",", ":"))


def _rows(sql: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
    """Stream a query's rows without building anything of them."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while chunk := cursor.fetchmany(CHUNK):
            yield from chunk


# --- what Canvas has accepted -------------------------------------------------------------------


def accepted_digests(district: District, kind: Kind) -> set[bytes]:
    """Digests of the rows that are ours and not removed."""
    rows = _rows(
        "SELECT digest FROM integration_rosterrow WHERE district_id = %s AND kind = %s"
        " AND origin = 'ours' AND removed_at IS NULL",
        district.pk,
        kind.name,
    )
    return {digest if type(digest) is bytes else bytes(digest) for (digest,) in rows}


def find(district: District, kind: Kind, keys: Collection[str]) -> dict[str, Accepted]:
    """Accepted rows by key, also removed ones and ones only seen in Canvas."""
    return dict(_accepted(district, kind, "key", keys))


def find_by_digest(
    district: District, kind: Kind, digests: Collection[bytes]
) -> Iterator[tuple[str, Accepted]]:
    """Accepted rows by digest, each with its key."""
    return _accepted(district, kind, "digest", digests)


def _accepted(
    district: District, kind: Kind, field: str, values: Collection[Any]
) -> Iterator[tuple[str, Accepted]]:
    fields = ("key", "row", "digest", "origin", "removed_at", "school")
    rows = RosterRow.objects.filter(district=district, kind=kind.name)
    if field == "digest":
        rows = rows.filter(origin=RosterRow.Origin.OURS, removed_at=None)
    for batch in bulk.batches(values, bulk.IN_LIMIT):
        for key, row, named, origin, removed_at, school in rows.filter(
            **{f"{field}__in": batch}
        ).values_list(*fields):
            ours = origin == RosterRow.Origin.OURS
            yield (
                key,
                Accepted(
                    tuple(json.loads(row)), bytes(named), ours, removed_at is not None, school
                ),
            )


def is_empty(district: District) -> bool:
    return not RosterRow.objects.filter(district=district).exists()


def accepted_keys(district: District, kind: Kind) -> set[str]:
    """For the small kinds only (terms)."""
    rows = RosterRow.objects.filter(district=district, kind=kind.name, removed_at=None)
    return set(rows.values_list("key", flat=True))


def forget_observed(district: District) -> None:
    """Drop what was only seen in Canvas, before it is read anew."""
    RosterRow.objects.filter(district=district, origin=RosterRow.Origin.CANVAS).delete()


_ROSTER_FIELDS = ("district", "kind", "key", "school", "digest", "row", "origin", "run")


def keep_observed(
    run: Run, kind: Kind, rows: Iterable[tuple[tuple[str | None, ...], bytes]]
) -> int:
    """Store what Canvas holds and we did not send, and count it; what is ours stays ours."""
    count = 0
    for batch in bulk.batches(rows):
        by_key = {
            kind.key(tuple(value or "" for value in row)): (row, digest) for row, digest in batch
        }
        ours = find(run.district, kind, by_key.keys())
        bulk.insert(
            RosterRow,
            _ROSTER_FIELDS,
            (
                (run.district_id, kind.name, key, "", digest, _text(row), "canvas", run.pk)
                for key, (row, digest) in by_key.items()
                if key not in ours
            ),
        )
        count += len(by_key) - len(ours)
    return count


def accept(run: Run, kind: Kind, lines: Iterable[Planned]) -> None:
    """Record rows that Canvas already holds as wanted, without sending anything."""
    for batch in bulk.batches(lines, bulk.IN_LIMIT):
        with transaction.atomic():
            RosterRow.objects.filter(
                district=run.district, kind=kind.name, key__in=[line.key for line in batch]
            ).delete()
            bulk.insert(
                RosterRow,
                _ROSTER_FIELDS,
                (
                    (
                        run.district_id,
                        kind.name,
                        line.key,
                        line.group,
                        line.digest,
                        _text(line.after),
                        "ours",
                        run.pk,
                    )
                    for line in batch
                ),
            )


def course_assignments(district: District) -> dict[str, str]:
    """Section SIS ID to the SIS ID of the course it stays in."""
    rows = CourseAssignment.objects.filter(district=district)
    return dict(rows.values_list("sis_section_id", "sis_course_id"))


def planned_courses(run: Run) -> dict[str, str]:
    """Section SIS ID to course SIS ID, of the sections that this run brought or confirmed."""
    confirmed = Change.objects.filter(
        run=run, kind=SECTIONS.name, state=Change.State.CONFIRMED
    ).exclude(action=Change.Action.KEPT)
    rows = (json.loads(after) for after in confirmed.values_list("after", flat=True))
    return {row[0]: row[1] for row in rows}


def keep_assignments(district: District, course_of: Mapping[str, str]) -> None:
    """Remember the course of each section that has none yet."""
    known = course_assignments(district)
    bulk.insert(
        CourseAssignment,
        ("district", "sis_section_id", "sis_course_id"),
        (
            (district.pk, section, course)
            for section, course in course_of.items()
            if section not in known
        ),
    )


# --- the plan -----------------------------------------------------------------------------------

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
                    "" if line.before is None else _text(line.before),
                    _text(line.after),
                    line.digest,
                    line.reason,
                    "blocked" if line.key in refused else aside.get(line.key, "planned"),
                    refused.get(line.key, ""),
                )
                for line in batch
            ),
        )


def _set_aside(run: Run, kind: Kind, lines: Collection[Planned]) -> dict[str, str]:
    """Key to state, of the lines that a person left out of an earlier plan."""
    rows = SetAside.objects.filter(district=run.district, kind=kind.name)
    if not rows.exists():
        return {}
    planned = {line.key: (line.action, line.digest) for line in lines}
    found: dict[str, str] = {}
    for keys in bulk.batches(planned, bulk.IN_LIMIT):
        known = rows.filter(key__in=keys).values_list("key", "action", "digest")
        found |= {
            key: Change.State.SET_ASIDE.value
            for key, action, named in known
            if (action, bytes(named)) == planned[key]
        }
    return found


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
    return accepted.exists() or planned.exclude(action__in=_NOT_SENT).exists()


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


# Lines that only record what is so, and are never sent.
_NOT_SENT = (Change.Action.KEPT, Change.Action.EQUAL)


def has_lines(run: Run) -> bool:
    """Is there anything that a person could want to decide about?"""
    lines = Change.objects.filter(run=run, state=Change.State.PLANNED)
    return lines.exclude(action=Change.Action.EQUAL).exists()


def plan_digest(run: Run) -> str:
    """Name a plan by its content, so that an approval fits this plan and no other."""
    named = hashlib.sha256()
    lines = (
        Change.objects.filter(run=run, state=Change.State.PLANNED)
        .exclude(action=Change.Action.EQUAL)
        .annotate(sorted=_binary("key"))
        .order_by("kind", "sorted")
        .values_list("kind", "key", "action", "before", "after")
    )
    for line in lines.iterator(CHUNK):
        named.update("\x1e".join(line).encode())
        named.update(b"\n")
    return named.hexdigest()


def _binary(field: str) -> Collate:
    """Sort by code point on both databases, so that a digest never depends on the locale."""
    return Collate(F(field), "C" if connection.vendor == "postgresql" else "BINARY")


def action_counts(run: Run) -> dict[tuple[str, str], int]:
    """(kind, action or "blocked") to the number of lines; what is equal counts as the same."""
    counts: dict[tuple[str, str], int] = {}
    lines = Change.objects.filter(run=run).exclude(action=Change.Action.EQUAL)
    grouped = lines.values_list("kind", "action", "state")
    for kind, action, state, count in grouped.annotate(count=Count("pk")):
        what = {"blocked": "blocked", "refused": "blocked", "set aside": "set_aside"}.get(
            state, action
        )
        counts[kind, what] = counts.get((kind, what), 0) + count
    return counts


def tallies(run: Run) -> list[Tally]:
    """What the plan does to each kind in each school, beside what was accepted there."""
    accepted = {
        (kind, school): count
        for kind, school, count in RosterRow.objects.filter(
            district=run.district, removed_at=None, origin=RosterRow.Origin.OURS
        )
        .values_list("kind", "school")
        .annotate(count=Count("pk"))
    }
    done: dict[tuple[str, str], dict[str, int]] = {}
    # What is only sent again because nobody knows whether it arrived is no change of Q's.
    planned = Change.objects.filter(run=run, state=Change.State.PLANNED).exclude(
        reason="unconfirmed"
    )
    for kind, school, action, count in planned.values_list("kind", "group", "action").annotate(
        count=Count("pk")
    ):
        done.setdefault((kind, school), {})[action] = count
    nothing: dict[str, int] = {}
    return [
        Tally(
            kind,
            school,
            accepted.get((kind, school), 0),
            removed=done.get((kind, school), nothing).get("removed", 0),
            changed=done.get((kind, school), nothing).get("changed", 0),
            kept=done.get((kind, school), nothing).get("kept", 0),
        )
        for kind, school in sorted(accepted.keys() | done.keys())
    ]


# --- carrying it out ----------------------------------------------------------------------------


# A row is sent unless it is only noted (kept, equal) or Canvas refused it before (blocked).
# Refusing and confirming rows later changes neither which they are nor their order.
_SENT = (
    "run_id = %s AND kind = %s AND state NOT IN ('blocked', 'set aside')"
    " AND action NOT IN ('kept', 'equal')"
)


def has_rows_to_send(run: Run) -> bool:
    lines = Change.objects.filter(run=run).exclude(action__in=_NOT_SENT)
    return lines.exclude(state__in=(Change.State.BLOCKED, Change.State.SET_ASIDE)).exists()


def rows_to_send(run: Run, kind: Kind) -> Iterator[tuple[str, Row]]:
    """(key, row) of each row to send, in a stable order."""
    sql = f'SELECT "key", after FROM integration_change WHERE {_SENT} ORDER BY id'  # noqa: S608  # a constant
    for key, after in _rows(sql, run.pk, kind.name):
        yield key, tuple(json.loads(after))


def sent_changes(run: Run, kind: Kind) -> array[int]:
    """Ids of the changes in the order of the rows that were sent."""
    sql = f"SELECT id FROM integration_change WHERE {_SENT} ORDER BY id"  # noqa: S608  # a constant
    return array("q", (pk for (pk,) in _rows(sql, run.pk, kind.name)))


def refuse(run: Run, kind: Kind, messages: Mapping[int, str]) -> None:
    """Mark rows that Canvas refused, by change id, and remember them for later nights."""
    for batch in bulk.batches(messages.items(), bulk.IN_LIMIT):
        texts = dict(batch)
        changes = list(Change.objects.filter(run=run, pk__in=texts))
        for change in changes:
            change.state, change.message = Change.State.REFUSED, texts[change.pk]
        with transaction.atomic():
            Change.objects.bulk_update(changes, ["state", "message"])
            RefusedRow.objects.bulk_create(
                [
                    RefusedRow(
                        district=run.district,
                        kind=kind.name,
                        key=change.key,
                        digest=change.digest,
                        message=change.message,
                        run=run,
                    )
                    for change in changes
                ],
                update_conflicts=True,
                unique_fields=["district", "kind", "key"],
                update_fields=["digest", "message", "run", "refused_at"],
            )


def doubt(run: Run, kind: Kind) -> None:
    """Nobody knows which of the rows sent Canvas took: let the next run send or remove them all."""
    lines = Change.objects.filter(run=run, kind=kind.name, state=Change.State.PLANNED)
    fields = ("key", "after", "group")
    for batch in bulk.batches(lines.exclude(action__in=_NOT_SENT).values_list(*fields)):
        rows = [(key, unsure(kind, tuple(json.loads(after))), group) for key, after, group in batch]
        accept(
            run,
            kind,
            (Planned(key, "changed", None, row, digest(row), group) for key, row, group in rows),
        )


@transaction.atomic
def confirm(run: Run, kind: Kind) -> None:
    """What was planned and not refused is now what Canvas accepted, in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integration_rosterrow"
            ' (district_id, kind, "key", school, digest, "row", origin, removed_at, run_id)'
            ' SELECT %s, kind, "key", "group", digest, after, \'ours\','
            " CASE WHEN action IN ('removed', 'kept') THEN CURRENT_TIMESTAMP END, run_id"
            " FROM integration_change WHERE run_id = %s AND kind = %s AND state = 'planned'"
            ' ON CONFLICT (district_id, kind, "key") DO UPDATE SET school = excluded.school,'
            ' digest = excluded.digest, "row" = excluded."row", origin = excluded.origin,'
            " removed_at = excluded.removed_at, run_id = excluded.run_id",
            [run.district_id, run.pk, kind.name],
        )
    confirmed = Change.objects.filter(run=run, kind=kind.name, state=Change.State.PLANNED)
    sent = confirmed.values("key")
    RefusedRow.objects.filter(district=run.district, kind=kind.name, key__in=sent).delete()
    confirmed.update(state=Change.State.CONFIRMED)


def mark_provisioned(district: District) -> None:
    """From now on our own table is the truth; what was only seen in Canvas is forgotten."""
    District.objects.filter(pk=district.pk, provisioned_at=None).update(provisioned_at=Now())


def refused_keys(run: Run, kind: Kind) -> Iterator[tuple[str, str]]:
    """(key, Canvas's message) of the rows that Canvas refused in this run."""
    refused = Change.objects.filter(run=run, kind=kind.name, state=Change.State.REFUSED)
    yield from refused.values_list("key", "message").iterator(CHUNK)


def blocked_keys(run: Run) -> Iterator[tuple[str, str, str]]:
    """(kind, key, Canvas's earlier message) of rows not sent because Canvas refused them before."""
    blocked = Change.objects.filter(run=run, state=Change.State.BLOCKED)
    yield from blocked.values_list("kind", "key", "message").iterator(CHUNK)
