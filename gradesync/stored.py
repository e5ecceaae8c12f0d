"""The lines of a plan in the database: written as they come, read page by page.

Each line is a `Change`: `kind` and `key` are the line's, `group` is its Q class, `reason` its code,
`after` the whole line as JSON. A line that writes has an `Operation` from the same transaction on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from gradesync.compare import ACTIONS
from gradesync.lines import Digest, ItemLine, Line, ScoreLine, as_row, digest, from_row
from gradesync.scope import name_of
from integration import bulk
from integration.ledger.runs import Ledger
from integration.models import Change, Operation, Run

SEPARATOR = "\x1f"
_FIELDS = ("run", "kind", "key", "group", "action", "before", "after", "digest", "reason", "state",
           "message", "item", "person", "places")  # fmt: skip
_CHANGED = ("action", "after", "digest", "reason", "state")
_BATCH = 2000
State = Change.State


def store(ledger: Ledger, lines: Iterable[Line]) -> str:
    """Write a plan down as it comes; its digest."""
    digest = Digest()
    done = 0
    for batch in bulk.batches(lines, _BATCH):
        for line in batch:
            digest.add(line)
        with ledger.guarded():
            bulk.insert(Change, _FIELDS, (_row(ledger.run, line) for line in batch))
            Operation.objects.bulk_create(
                [_operation(ledger.run, line) for line in batch if line.verb],
                batch_size=bulk.IN_LIMIT,
            )
        done += len(batch)
        ledger.progress("comparing", done)
    return digest.hexdigest()


def _row(run: Run, line: Line) -> tuple[object, ...]:
    action, text, mark, code, state = _content(line)
    key, group, person = SEPARATOR.join(line.key), line.item.class_id, _person(line)
    return (run.pk, line.kind, key, group, action, "", text, mark, code, state, "",
            name_of(line), person, places_of(line))  # fmt: skip


def _content(line: Line) -> tuple[str, str, bytes, str, State]:
    """In the order of `_CHANGED`."""
    text = msgspec.json.encode(as_row(line))
    mark = hashlib.blake2b(text, digest_size=16).digest()
    state = State.PLANNED if line.verb else _settled(line)
    return line.action, text.decode(), mark, line.code, state


def _person(line: Line) -> str:
    return line.student_id if isinstance(line, ScoreLine) else ""


def places_of(line: Line) -> str:
    return f" {' '.join(line.section_ids)} "


def replaced(run: Run, lines: Sequence[tuple[int, Line, Line]]) -> None:
    """Put other lines where some stand, before anything of the plan is sent.

    Each with the number of its row: what it was, and what it is. Call it inside a transaction.
    """
    bulk.update(Change, _CHANGED, [(*_content(now), number) for number, _, now in lines])
    stale = [operation_key(run, was) for _, was, _ in lines if was.verb]
    for some in bulk.batches(stale, bulk.IN_LIMIT):
        Operation.objects.filter(dedupe_key__in=some).delete()
    fresh = [_operation(run, now) for _, _, now in lines if now.verb]
    Operation.objects.bulk_create(fresh, batch_size=bulk.IN_LIMIT)


def digest_of(run: Run) -> str:
    """The name of a plan as it stands."""
    return digest(lines(run))


def _settled(line: Line) -> State:
    return State.CONFIRMED if line.action == "same" else State.BLOCKED


def _operation(run: Run, line: Line) -> Operation:
    body = hashlib.sha256(f"{line.verb} {line.sourced_id} {line.body}".encode()).hexdigest()
    return Operation(run=run, dedupe_key=operation_key(run, line), body_digest=body)


def operation_key(run: Run, line: Line) -> str:
    """Short and one for each line: the ids of a provider may be long."""
    name = hashlib.sha256(SEPARATOR.join(line.key).encode()).hexdigest()[:40]
    return f"run {run.pk} line {name}"


def line_of(change: Change) -> Line:
    return from_row(msgspec.json.decode(change.after))


def lines(run: Run, kind: str = "", states: Collection[State] = ()) -> Iterator[Line]:
    """The lines of a plan in their order."""
    rows = Change.objects.filter(run=run).order_by("pk")
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(state__in=states) if states else rows
    for after in rows.values_list("after", flat=True).iterator(_BATCH):
        yield from_row(msgspec.json.decode(after))


def item_lines(run: Run, states: Collection[State] = ()) -> Iterator[ItemLine]:
    return (one for one in lines(run, "line_item", states) if isinstance(one, ItemLine))


def score_lines(run: Run, states: Collection[State] = ()) -> Iterator[ScoreLine]:
    return (one for one in lines(run, "result", states) if isinstance(one, ScoreLine))


def counts_of(run: Run) -> dict[str, dict[str, int]]:
    """How many lines of each kind come to what; the names of every plan stand beside ours."""
    found: dict[str, dict[str, int]] = {
        kind: dict.fromkeys(ACTIONS, 0) for kind in ("line_item", "result")
    }
    for kind, action in Change.objects.filter(run=run).values_list("kind", "action"):
        found[kind][action] += 1
    return {
        kind: count | {"added": count["new"], "removed": count["cleared"]}
        for kind, count in found.items()
    }


def missed(run: Run) -> tuple[State, ...]:
    """The states of lines that did not reach Q; of a run that was cut short, what it never began.

    A plan that waits has missed nothing yet.
    """
    cut_short = run.state == Run.State.FAILED and not run.plan_only
    return (State.REFUSED, State.LEFT, *((State.PLANNED,) if cut_short else ()))


def outcome_of(run: Run) -> dict[str, int]:
    """Of the lines that write: how many there are in each state."""
    rows = Change.objects.filter(run=run, action__in=("new", "changed", "cleared"))
    found: dict[str, int] = {}
    for state in rows.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def sent_of(run: Run) -> dict[str, int]:
    """How many line items and results Q has confirmed of a run's writes."""
    done = Change.objects.filter(
        run=run, action__in=("new", "changed", "cleared"), state=State.CONFIRMED
    )
    return {
        "line_items": done.filter(kind="line_item").count(),
        "results": done.filter(kind="result").count(),
    }
