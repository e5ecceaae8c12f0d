"""What was confirmed of a course: read as one value, written line by line as Q confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from django.utils import timezone

from gradesync.compare import OUR_COMMENTS
from gradesync.effects import confirmed_fields, learned
from gradesync.ids import ItemKey
from gradesync.lines import ItemLine, ScoreLine
from gradesync.models import (
    AssignmentSync,
    CategoryLink,
    CourseSync,
    SectionLink,
    SentResult,
    SentScore,
)
from gradesync.readings import CellKey, Decision, Memory, Sent, SentItem
from gradesync.sections import LinkedClass
from integration import bulk
from integration.models import Run
from integration.oneroster.gradebook_types import LineItemFields, Value


def remembered(course: CourseSync) -> Memory:
    """All that is kept of a course."""
    choices = list(course.assignment_choices.all())
    items = list(course.assignment_syncs.all())
    cells = list(
        course.sent_results.values_list(
            "line_item_id", "student_id", "is_sent", "value", "decision"
        ).iterator(bulk.BATCH)
    )
    categories = course.category_links.values_list("group_id", "class_id", "category_id")
    return Memory(
        sections=dict(course.section_links.values_list("section_id", "class_id")),
        categories={(group, class_): category for group, class_, category in categories},
        periods=dict(course.period_links.values_list("canvas_id", "sourced_id")),
        switches={one.canvas_id: one.is_on for one in choices if one.is_on is not None},
        titles={one.canvas_id: one.title for one in choices if one.title},
        items={key_of(one): sent_item(one) for one in items if one.sourced_id},
        item_decisions={key_of(one): one.decision for one in items if one.decision},  # type: ignore[misc]  # one of ItemDecision
        sent={(item, student): _sent(value) for item, student, is_, value, _ in cells if is_},
        decisions={(item, who): _decision(made) for item, who, _, _, made in cells if made},
    )


def key_of(row: AssignmentSync) -> ItemKey:
    return ItemKey(row.what, row.canvas_id, row.class_id)  # type: ignore[arg-type]  # one of two words


def sent_item(row: AssignmentSync) -> SentItem:
    fields = msgspec.convert(row.fields, LineItemFields) if row.fields else None
    return SentItem(row.sourced_id, fields, row.source)


def sent_now(course: CourseSync, lines: Sequence[ScoreLine]) -> dict[CellKey, Sent]:
    """What is confirmed at this moment of the cells of some lines."""
    rows = SentResult.objects.filter(
        course=course,
        is_sent=True,
        line_item_id__in={one.line_item_id for one in lines},
        student_id__in={one.student_sourced_id for one in lines},
    )
    found = rows.values_list("line_item_id", "student_id", "value")
    return {(item, student): _sent(value) for item, student, value in found}


def items_now(course: CourseSync) -> dict[ItemKey, SentItem]:
    rows = AssignmentSync.objects.filter(course=course).exclude(sourced_id="")
    return {key_of(one): sent_item(one) for one in rows}


def keep_sections(course: CourseSync, linked: Iterable[LinkedClass]) -> None:
    for one in linked:
        for section_id in one.section_ids:
            SectionLink.objects.update_or_create(
                course=course,
                section_id=section_id,
                defaults={"class_id": one.class_.sourced_id},
            )


def follow_people(course: CourseSync, people: Mapping[str, str]) -> None:
    """Keep cells under the ids that their students have now. `people`: Canvas id to sourcedId.

    Q may call somebody otherwise without their SIS ID changing; the receipts tell who it was.
    """
    there = set(people.values())
    receipts = SentScore.objects.filter(course=course).exclude(person="")
    for person, then in receipts.values_list("person", "student_id").distinct():
        now = people.get(person, then)
        if now == then or then in there:
            continue
        known = SentResult.objects.filter(course=course, student_id=now).values("line_item_id")
        cells = SentResult.objects.filter(course=course, student_id=then)
        cells.exclude(line_item_id__in=known).update(student_id=now)


def keep_made_ids(course: CourseSync, lines: Iterable[ItemLine]) -> None:
    """The id of a line item, before it is sent for the first time: it is never made again."""
    for line in lines:
        AssignmentSync.objects.update_or_create(
            **_place(course, line.item),
            defaults={"sourced_id": line.sourced_id, "source": line.source},
        )


def keep_item(course: CourseSync, line: ItemLine, sourced_id: str) -> None:
    """A line item that Q holds as the line says, under this id."""
    fields = confirmed_fields(line)
    if fields is None:
        return
    if line.action == "new":
        # Made again after it was deleted in Q: what had been confirmed of it went with it.
        SentResult.objects.filter(course=course, line_item_id=sourced_id).delete()
    AssignmentSync.objects.update_or_create(
        **_place(course, line.item),
        defaults={
            "sourced_id": sourced_id,
            "fields": msgspec.to_builtins(fields),
            "source": line.source,
            "decision": "",
        },
    )
    if fields.category_id and line.group_id:
        CategoryLink.objects.update_or_create(
            course=course,
            group_id=line.group_id,
            class_id=line.item.class_id,
            defaults={"category_id": fields.category_id},
        )


def keep_scores(
    run: Run, course: CourseSync, cells: dict[CellKey, tuple[Sent, Decision | None]]
) -> None:
    """What Q has just confirmed, each with what was chosen along with it."""
    now = timezone.now()
    rows = [
        SentResult(
            course=course,
            line_item_id=item,
            student_id=student,
            value=bare(sent.value),
            is_sent=True,
            decision=bare_decision(decision),
            run=run,
            confirmed_at=now,
        )
        for (item, student), (sent, decision) in cells.items()
    ]
    SentResult.objects.bulk_create(
        rows,
        batch_size=bulk.IN_LIMIT,
        update_conflicts=True,
        unique_fields=["course", "line_item_id", "student_id"],
        update_fields=["value", "is_sent", "decision", "run", "confirmed_at"],
    )


def keep_decisions(course: CourseSync, made: Mapping[CellKey, Decision | None]) -> None:
    """What a person chose for cells; None takes it back. What was confirmed stays as it is."""
    rows = [
        SentResult(
            course=course,
            line_item_id=item,
            student_id=student,
            is_sent=False,
            decision=bare_decision(decision),
        )
        for (item, student), decision in made.items()
    ]
    SentResult.objects.bulk_create(
        rows,
        batch_size=bulk.IN_LIMIT,
        update_conflicts=True,
        unique_fields=["course", "line_item_id", "student_id"],
        update_fields=["decision"],
    )


def learn(run: Run, course: CourseSync, lines: Iterable[ItemLine | ScoreLine]) -> None:
    """What a plan tells of what needed no write."""
    cells: dict[CellKey, tuple[Sent, Decision | None]] = {}
    for line in lines:
        if isinstance(line, ScoreLine):
            if told := learned(line):
                cells[line.cell] = (told, None)
        elif line.action == "same" and line.canvas and confirmed_fields(line) != line.last:
            keep_item(course, line, line.sourced_id)
    keep_scores(run, course, cells)


def bare(value: Value | None) -> Any:
    """As plain JSON, without what a person wrote beside it: that is not ours to keep."""
    if value is not None and value.comment not in OUR_COMMENTS:
        value = replace(value, comment=None)
    return msgspec.to_builtins(value)


def bare_decision(made: Decision | None) -> Any:
    if made is None:
        return None
    return {"choice": made.choice, "canvas": bare(made.canvas), "q": bare(made.q)}


def _place(course: CourseSync, key: ItemKey) -> dict[str, Any]:
    return {
        "course": course,
        "what": key.what,
        "canvas_id": key.canvas_id,
        "class_id": key.class_id,
    }


def _sent(value: Any) -> Sent:
    return Sent(msgspec.convert(value, Value) if value else None)


def _decision(made: Any) -> Decision:
    return msgspec.convert(made, Decision)
