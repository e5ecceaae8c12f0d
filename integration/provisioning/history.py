"""What a run did and who had the last word since, from the database; in batches, streaming."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Collate

from integration import bulk
from integration.ledger.operations import may_have_come
from integration.models import Change, RosterRow, Run
from integration.provisioning.compare import is_unsure
from integration.provisioning.inverse import SENT, Done, Word
from integration.provisioning.rows import CHANGE_SIS_ID, Kind, Row

CHUNK = 2000
_FIELDS = ("key", "action", "before", "after", "group", "reason", "state")


def lines(run: Run, kind: Kind, *, created: bool | None = None) -> Iterator[Done]:
    """What the run sent of a kind, by key; with `created` only what it made, or only the rest.

    Rows of one section come one after the other, since their keys begin alike.
    """
    found = _sent(run).filter(kind=kind.name)
    if created is not None:
        made = {"action": Change.Action.ADDED}
        found = found.filter(**made) if created else found.exclude(**made)
    in_order = found.annotate(sorted=_bytewise("key")).order_by("sorted")
    # The ids first, all of them: SQLite lets nobody write who is still reading while others write.
    ids = array("q", in_order.values_list("pk", flat=True).iterator(CHUNK))
    for batch in bulk.batches(ids, bulk.IN_LIMIT):
        rows = {pk: rest for pk, *rest in found.filter(pk__in=batch).values_list("pk", *_FIELDS)}
        for pk in batch:
            yield _done(kind, *rows[pk])


def _done(
    kind: Kind,
    key: str,
    action: str,
    before: str,
    after: str,
    group: str,
    reason: str,
    state: str,
) -> Done:
    return Done(
        kind,
        key,
        action,
        tuple(json.loads(before)) if before else None,
        tuple(json.loads(after)),
        group,
        reason,
        confirmed=state == Change.State.CONFIRMED,
    )


def _bytewise(field: str) -> Collate:
    """A locale may pass over the separator in a key, and let sections run into each other."""
    return Collate(F(field), "C" if connection.vendor == "postgresql" else "BINARY")


def _sent(run: Run) -> QuerySet[Change]:
    """What Canvas took, and what it may have taken: not what it refused or never got."""
    states = [Change.State.CONFIRMED, *([Change.State.PLANNED] if came(run) else [])]
    return Change.objects.filter(run=run, action__in=SENT, state__in=states)


def came(run: Run) -> bool:
    """Was the run sent, for all we know? Of one given up, not even its import may be known."""
    return bool(run.sent) or may_have_come(run)


def has_lines(run: Run) -> bool:
    return _sent(run).exists()


def renames(run: Run) -> Iterator[tuple[Row, str, bool]]:
    """(row of change_sis_id.csv, school, whether Canvas is known to have taken it), in order."""
    found = _sent(run).filter(kind=CHANGE_SIS_ID.name).order_by("pk")
    for after, school, state in found.values_list("after", "group", "state"):
        yield tuple(json.loads(after)), school, state == Change.State.CONFIRMED


def accepted_ids(run: Run, kind: Kind, keys: Collection[str]) -> set[str]:
    """Which of the keys the district has an accepted row under."""
    rows = RosterRow.objects.filter(district=run.district, kind=kind.name)
    found: set[str] = set()
    for batch in bulk.batches(keys, bulk.IN_LIMIT):
        found.update(rows.filter(key__in=batch).values_list("key", flat=True))
    return found


def count_created(run: Run, kind: Kind) -> int:
    return _sent(run).filter(kind=kind.name, action=Change.Action.ADDED).count()


def kinds_of(run: Run) -> set[str]:
    return set(_sent(run).values_list("kind", flat=True).distinct())


def key_hashes(run: Run, kind: Kind) -> set[int]:
    """Hashes of the keys of a kind that the run sent: a filter before any row is looked up."""
    keys = _sent(run).filter(kind=kind.name).values_list("key", flat=True)
    return {hash(key) for key in keys.iterator(CHUNK)}


def left_there(run: Run, kind: Kind, keys: Collection[str]) -> Iterator[tuple[str, Row]]:
    """(key, row) that the run left in Canvas, for those of the keys that it sent."""
    for batch in bulk.batches(keys, bulk.IN_LIMIT):
        found = _sent(run).filter(kind=kind.name, key__in=batch)
        for key, after in found.values_list("key", "after"):
            yield key, tuple(json.loads(after))


def undos_of(run: Run) -> set[int]:
    return set(run.undos.values_list("pk", flat=True))


def words(run: Run, kind: Kind, keys: Collection[str], undos: Collection[int]) -> dict[str, Word]:
    """Whose the accepted row of each key is now; `undos` are the runs that took this one back."""
    found: dict[str, Word] = dict.fromkeys(keys, "another")
    for batch in bulk.batches(keys, bulk.IN_LIMIT):
        rows = RosterRow.objects.filter(district=run.district, kind=kind.name, key__in=batch)
        for key, by, row in rows.values_list("key", "run_id", "row"):
            if by == run.pk:
                found[key] = "this run"
            elif by in undos:
                found[key] = "half undone" if is_unsure(kind, json.loads(row)) else "undone"
    return found
