"""What becomes of a plan's lines: sent, refused, in doubt, or confirmed as what Canvas accepted."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping

from django.db import connection, transaction
from django.db.models import Exists, Max, Min, OuterRef

from integration import bulk
from integration.models import Change, RefusedRow, Run
from integration.provisioning import roster
from integration.provisioning.compare import Planned, unsure
from integration.provisioning.plan_lines import NOT_SENT
from integration.provisioning.rows import SECTIONS, Kind, Row, digest

# A row is sent unless it is only noted (kept, equal) or Canvas refused it before (blocked).
# Refusing and confirming rows later changes neither which they are nor their order.
_SENT = (
    "run_id = %s AND kind = %s AND state NOT IN ('blocked', 'set aside', 'proposed')"
    " AND action NOT IN ('kept', 'equal')"
)

# Lines that one statement changes. SQLite keeps what a statement changed in memory until it ends,
# to take it back if it fails: 300 MB of a first night of 1.4 million.
STATEMENT = 50_000

NEVER_SENT = (Change.State.BLOCKED, Change.State.SET_ASIDE, Change.State.PROPOSED)


def has_rows_to_send(run: Run) -> bool:
    lines = Change.objects.filter(run=run).exclude(action__in=NOT_SENT)
    return lines.exclude(state__in=NEVER_SENT).exists()


def rows_to_send(run: Run, kind: Kind) -> Iterator[tuple[str, Row]]:
    """(key, row) of each row to send, in a stable order."""
    sql = f'SELECT "key", after FROM integration_change WHERE {_SENT} ORDER BY id'  # noqa: S608  # a constant
    for key, after in bulk.stream(sql, run.pk, kind.name):
        yield key, tuple(json.loads(after))


def sent_changes(run: Run, kind: Kind) -> array[int]:
    """Ids of the changes in the order of the rows that were sent."""
    sql = f"SELECT id FROM integration_change WHERE {_SENT} ORDER BY id"  # noqa: S608  # a constant
    return array("q", (pk for (pk,) in bulk.stream(sql, run.pk, kind.name)))


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


def refused_keys(run: Run, kind: Kind) -> Iterator[tuple[str, str]]:
    """(key, Canvas's message) of the rows that Canvas refused in this run."""
    refused = Change.objects.filter(run=run, kind=kind.name, state=Change.State.REFUSED)
    yield from refused.values_list("key", "message").iterator(bulk.BATCH)


def doubt(run: Run, kind: Kind) -> None:
    """Nobody knows which of the rows sent Canvas took: let the next run send or remove them all."""
    lines = Change.objects.filter(run=run, kind=kind.name, state=Change.State.PLANNED)
    fields = ("key", "after", "group")
    for batch in bulk.batches(lines.exclude(action__in=NOT_SENT).values_list(*fields)):
        rows = [(key, unsure(kind, tuple(json.loads(after))), group) for key, after, group in batch]
        roster.accept(
            run,
            kind,
            (Planned(key, "changed", None, row, digest(row), group) for key, row, group in rows),
        )
    if kind is SECTIONS:
        _keep_courses(run, Change.State.PLANNED)


@transaction.atomic
def confirm(run: Run, kind: Kind) -> None:
    """What was planned and not refused is now what Canvas accepted, in one transaction."""
    planned = Change.objects.filter(run=run, kind=kind.name, state=Change.State.PLANNED)
    refused = RefusedRow.objects.filter(district=run.district, kind=kind.name)
    # Asked of each refused row, which are few; the keys of all planned ones are many.
    refused.filter(Exists(planned.filter(key=OuterRef("key")))).delete()
    ends = planned.aggregate(first=Min("pk"), last=Max("pk"))
    for first in range(ends["first"] or 0, (ends["last"] or -1) + 1, STATEMENT):
        some = (first, first + STATEMENT - 1)
        _accept_planned(run, kind, some)
        planned.filter(pk__range=some).update(state=Change.State.CONFIRMED)
    if kind is SECTIONS:
        _keep_courses(run, Change.State.CONFIRMED)


def _accept_planned(run: Run, kind: Kind, some: tuple[int, int]) -> None:
    """Take over the planned lines whose numbers are in this range, ends included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integration_rosterrow"
            ' (district_id, kind, "key", school, digest, "row", origin, removed_at, run_id)'
            ' SELECT %s, kind, "key", "group", digest, after, \'ours\','
            " CASE WHEN action IN ('removed', 'kept') THEN CURRENT_TIMESTAMP END, run_id"
            " FROM integration_change WHERE run_id = %s AND kind = %s AND state = 'planned'"
            " AND id BETWEEN %s AND %s"
            ' ON CONFLICT (district_id, kind, "key") DO UPDATE SET school = excluded.school,'
            ' digest = excluded.digest, "row" = excluded."row", origin = excluded.origin,'
            " removed_at = excluded.removed_at, run_id = excluded.run_id",
            [run.district_id, run.pk, kind.name, *some],
        )


def _keep_courses(run: Run, state: Change.State) -> None:
    """Let each section that this run brought, or may have brought, stay in its course (design 5.3).

    With the sections, and not at the run's end: a run whose enrollments fail does not come to it,
    and no later one plans a section that has come.
    """
    lines = Change.objects.filter(run=run, kind=SECTIONS.name, state=state)
    lines = lines.exclude(action=Change.Action.KEPT)
    rows = (json.loads(after) for after in lines.values_list("after", flat=True))
    if course_of := {row[0]: row[1] for row in rows}:
        roster.keep_assignments(run.district, course_of)
