"""From what is kept to the facts of one cell, for `explain`."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from gradesync import stored
from gradesync.explain import Event, EventKind, Explanation, Facts, explain
from gradesync.lines import ItemLine, ScoreLine, intended
from integration.models import Change, District, Run

_KINDS: dict[tuple[str, str], EventKind] = {
    (Run.Kind.GRADES, Change.State.CONFIRMED): "confirmed",
    (Run.Kind.GRADES, Change.State.REFUSED): "refused",
    (Run.Kind.GRADES, Change.State.LEFT): "kept",
    (Run.Kind.GRADES_UNDO, Change.State.CONFIRMED): "undone",
}
_RUNS = (Run.Kind.GRADES, Run.Kind.GRADES_UNDO)


def told(district: District, sourced_id: str) -> Explanation | None:
    """Why the result with this sourcedId is, or is not, in Q; None where no plan names it."""
    facts = facts_of(district, sourced_id)
    return None if facts is None else explain(facts, ZoneInfo(district.time_zone))


def facts_of(district: District, sourced_id: str) -> Facts | None:
    """Of the result with this sourcedId, as the latest plan has it; None where no plan names it."""
    lines = Change.objects.filter(run__district=district, run__kind__in=_RUNS, kind="result")
    found = lines.filter(run__kind=Run.Kind.GRADES, after__contains=f'"{sourced_id}"')
    for change in found.order_by("-pk").select_related("run"):
        line = stored.line_of(change)
        if isinstance(line, ScoreLine) and line.sourced_id == sourced_id:
            return _facts(change, line, lines)
    return None


def _facts(change: Change, line: ScoreLine, lines: QuerySet[Change]) -> Facts:
    item = next((one for one in stored.item_lines(change.run) if one.item == line.item), None)
    events = [
        _event(one) for one in lines.filter(key=change.key).select_related("run").order_by("pk")
    ]
    return Facts(
        title=_title(item),
        class_title=line.item.class_id,
        item=item,
        line=line,
        events=tuple(one for one in events if one is not None),
    )


def _title(item: ItemLine | None) -> str:
    return (item.source or item.title) if item else "This work"


def _event(change: Change) -> Event | None:
    kind = _KINDS.get((change.run.kind, change.state))
    line = stored.line_of(change)
    at = change.run.ended_at or change.run.read_at
    if kind is None or at is None or not isinstance(line, ScoreLine) or not line.verb:
        return None
    by = "" if change.run.actor == "schedule" else change.run.actor
    return Event(at, kind, intended(line), change.run_id, by, change.message)
