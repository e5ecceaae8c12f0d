"""From what is kept to the facts of one cell, for `explain`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from gradesync import stored
from gradesync.explain import Event, EventKind, Explanation, Facts, explain
from gradesync.lines import ItemLine, ScoreLine, intended
from gradesync.models import CourseSync
from gradesync.picture import Picture, Trouble
from gradesync.scope import item_name
from gradesync.selectors.course import latest_plan, picture_of
from gradesync.telling import phrase
from integration.models import Change, District, Run
from integration.phrases import Phrase

_KINDS: dict[tuple[str, str], EventKind] = {
    (Run.Kind.GRADES, Change.State.CONFIRMED): "confirmed",
    (Run.Kind.GRADES, Change.State.REFUSED): "refused",
    (Run.Kind.GRADES, Change.State.LEFT): "kept",
    (Run.Kind.GRADES_UNDO, Change.State.CONFIRMED): "undone",
}
_RUNS = (Run.Kind.GRADES, Run.Kind.GRADES_UNDO)
_WORK = "This work"


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


def cells(course: CourseSync, item: str, student: str) -> list[Explanation]:
    """Why this student's score is, or is not, in Q: in each class that the work is for.

    `item` as `scope.item_name` names it; `student` is Canvas's id. By the latest plan of the whole
    course, which need not have been sent.
    """
    zone = ZoneInfo(course.district.time_zone)
    plan = latest_plan(course)
    picture = picture_of(course)
    title = next(
        (one.name for one in picture.assignments if item == item_name("assignment", one.canvas_id)),
        "",
    )
    stopped = _stopped(picture, student)
    nothing = Facts(
        title or _WORK,
        picture.name,
        None,
        None,
        problems=tuple(phrase(one.code, one.sentence) for one in stopped),
        problem_codes=tuple(one.code for one in stopped),
    )
    if plan is None:
        return [_never_compared(nothing)]
    lines = Change.objects.filter(run__sync__course=course, run__kind__in=_RUNS, kind="result")
    of_student = lines.filter(run=plan.run, item=item, person=student).order_by("pk")
    found = [
        replace(_facts(change, line, lines, picture), problems=nothing.problems,
                problem_codes=nothing.problem_codes)
        for change in of_student.select_related("run")
        if isinstance(line := stored.line_of(change), ScoreLine)
    ]  # fmt: skip
    return [
        explain(one, zone)
        for one in found or list(_without_score(plan.run, item, nothing, picture))
    ]


def _stopped(picture: Picture, student: str) -> list[Trouble]:
    """What stops the course as a whole, or a section that the student is in."""
    sections = {
        section
        for one in picture.students
        if one.canvas_id == student
        for section in one.section_ids
    }
    return [
        one
        for one in picture.troubles
        if one.code.startswith("course.") or one.section_id in sections
    ]


def _without_score(run: Run, item: str, nothing: Facts, picture: Picture) -> Iterator[Facts]:
    """Where the student has no line: what stands of the work itself, in each of its classes."""
    rows = Change.objects.filter(run=run, kind="line_item", item=item).order_by("pk")
    of_work = [line for row in rows if isinstance(line := stored.line_of(row), ItemLine)]
    for one in of_work:
        class_title = _class_title(picture, one.item.class_id)
        yield replace(nothing, item=one, class_title=class_title)
    if not of_work:
        yield nothing


def _never_compared(facts: Facts) -> Explanation:
    told = Phrase("This course was never compared with Q.")
    remedy = "Open Q Sync in the course: it is compared with Q then."
    return Explanation("unknown", (*facts.problems, told), remedy)


def _facts(
    change: Change, line: ScoreLine, lines: QuerySet[Change], picture: Picture | None = None
) -> Facts:
    item = next((one for one in stored.item_lines(change.run) if one.item == line.item), None)
    events = [
        _event(one) for one in lines.filter(key=change.key).select_related("run").order_by("pk")
    ]
    return Facts(
        title=_title(item),
        class_title=_class_title(picture, line.item.class_id),
        item=item,
        line=line,
        events=tuple(one for one in events if one is not None),
    )


def _class_title(picture: Picture | None, class_id: str) -> str:
    found = picture.class_of(class_id) if picture else None
    return found.title if found else class_id


def _title(item: ItemLine | None) -> str:
    return (item.source or item.title) if item else _WORK


def _event(change: Change) -> Event | None:
    kind = _KINDS.get((change.run.kind, change.state))
    line = stored.line_of(change)
    at = change.run.ended_at or change.run.read_at
    if kind is None or at is None or not isinstance(line, ScoreLine) or not line.verb:
        return None
    by = "" if change.run.actor == "schedule" else change.run.actor
    return Event(at, kind, intended(line), change.run_id, by, change.message)
