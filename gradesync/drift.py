"""Does Q still hold what it confirmed? Each difference with its likely cause. PURE (design 6.9).

Canvas's values do not matter here, only what was confirmed and what is there. A line of it writes
nothing: `last` is what was confirmed, `q` what Q holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradesync.catalogue import CATALOGUE
from gradesync.compare import compare_fields, held, same
from gradesync.ids import ItemKey
from gradesync.lines import ItemLine, Line, ScoreLine
from gradesync.readings import SentItem, Snapshot
from gradesync.rounding import rounded
from gradesync.scores import places
from gradesync.sections import LinkedClass, Student, students_of
from integration.oneroster.gradebook_types import LineItem, LineItemFields, Result, Value

_GONE = frozenset({"drift.class-gone", "drift.item-gone"})


def drift(snapshot: Snapshot, linked: Iterable[LinkedClass]) -> Iterator[Line]:
    """A line for everything that Q has ever confirmed of the course; `same` where it holds it."""
    by_class = {one.class_.sourced_id: one for one in linked}
    for key, sent in snapshot.memory.items.items():
        if sent.fields is None:
            continue  # it was never confirmed
        found = by_class.get(key.class_id)
        there = _there(sent.sourced_id, key, snapshot) if found else None
        item = _item(key, sent, sent.fields, found, there, snapshot)
        yield item
        if found and item.code not in _GONE:
            yield from _scores(key, sent, found, snapshot)


def _there(sourced_id: str, key: ItemKey, snapshot: Snapshot) -> LineItem | None:
    line_items = snapshot.q.line_items.get(key.class_id, ())
    return next((one for one in line_items if one.sourced_id == sourced_id and one.is_active), None)


def _item(
    key: ItemKey,
    sent: SentItem,
    fields: LineItemFields,
    linked: LinkedClass | None,
    there: LineItem | None,
    snapshot: Snapshot,
) -> ItemLine:
    code = _cause_of_item(fields, linked, there, snapshot)
    return ItemLine(
        key,
        sent.sourced_id,
        there.fields.title if there else fields.title,
        held(code) if code else "same",
        code,
        linked.section_ids if linked else (),
        (code,) if code else (),
        (CATALOGUE[code].sentence,) if code else (),
        source=sent.source,
        last=fields,
        q=there.fields if there else None,
    )


def _cause_of_item(
    fields: LineItemFields,
    linked: LinkedClass | None,
    there: LineItem | None,
    snapshot: Snapshot,
) -> str:
    if linked is None:
        return "drift.class-gone"
    if there is None:
        return "drift.item-gone"
    rules = snapshot.rules
    verdicts = compare_fields(fields, fields, there.fields, profile=rules.profile, zone=rules.zone)
    return "" if set(verdicts.values()) == {"same"} else "drift.item-changed"


def _scores(
    key: ItemKey, sent: SentItem, linked: LinkedClass, snapshot: Snapshot
) -> Iterator[ScoreLine]:
    students = {
        one.sourced_id: one
        for one in students_of(linked, snapshot.canvas.enrollments, snapshot.q.students)
        if one.sourced_id
    }
    results: dict[str, list[Result]] = {}
    for result in snapshot.q.results.get(sent.sourced_id, ()):
        if result.is_active:
            results.setdefault(result.student_id, []).append(result)
    maximum = sent.fields.maximum if sent.fields else None
    for (line_item_id, student_id), last in snapshot.memory.sent.items():
        if line_item_id != sent.sourced_id:
            continue
        found = results.get(student_id, [])
        now = found[0].value if found else None
        code = "drift.several" if len(found) > 1 else _cause(last.value, now, snapshot)
        if code == "drift.capped" and (now is None or now.score != maximum):
            code = "drift.changed"
        if code == "drift.removed" and student_id not in (linked.class_.students or {student_id}):
            code = "drift.left"
        student = students.get(student_id)
        yield _score(key, line_item_id, student_id, student, found, code, last.value, now)


def _score(
    key: ItemKey,
    line_item_id: str,
    student_id: str,
    student: Student | None,
    found: list[Result],
    code: str,
    last: Value | None,
    now: Value | None,
) -> ScoreLine:
    return ScoreLine(
        key,
        line_item_id,
        student.canvas_id if student else "",
        student_id,
        found[0].sourced_id if found else "",
        held(code) if code else "same",
        code,
        student.section_ids if student else (),
        last=last,
        q=now,
    )


def _cause(last: Value | None, now: Value | None, snapshot: Snapshot) -> str:
    """The likeliest; "" for no difference."""
    rules = snapshot.rules
    decimals = places(rules.settings, rules.profile)
    if same(last, now, decimals):
        return ""
    if last is None:
        return "drift.appeared"
    if now is None:
        return "drift.removed"
    if last.score is None or now.score is None or last.status != now.status:
        return "drift.mark" if last.score == now.score else "drift.changed"
    if any(rounded(last.score, fewer) == now.score for fewer in range(decimals)):
        return "drift.rounded"
    return "drift.capped" if now.score < last.score else "drift.changed"
