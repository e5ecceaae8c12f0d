"""The lines of an evaluation, kept as lines of its run like those of a plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from integration import bulk
from integration.evaluation.entries import Entry
from integration.models import Change, Run
from integration.provisioning.rows import SEPARATOR, as_text, digest

_FIELDS = (
    *("run", "kind", "key", "group", "action", "before", "after", "digest"),
    *("reason", "state", "message"),
)


def write(run: Run, entries: Iterable[Entry]) -> None:
    """Write the lines down; nothing of them is ever carried out."""
    bulk.insert(Change, _FIELDS, (_row(run, entry) for entry in entries))


def _row(run: Run, entry: Entry) -> tuple[object, ...]:
    after = (entry.q_id, entry.canvas_id, entry.name)
    key = SEPARATOR.join((entry.q_id, entry.canvas_id, entry.verdict))
    state = Change.State.LEFT.value
    return (
        *(run.pk, entry.kind, key, entry.group, entry.verdict, "", as_text(after)),
        *(digest(after), "", state, entry.evidence),
    )


def read(run: Run, **wanted: str) -> Iterator[Entry]:
    """The lines as they were written, `wanted` by fields of Change."""
    lines = run.changes.filter(**wanted).order_by("kind", "action", "pk")
    for line in lines.iterator(chunk_size=2000):
        q_id, canvas_id, name = json.loads(line.after)
        yield Entry(line.kind, line.action, q_id, canvas_id, name, line.group, line.message)
