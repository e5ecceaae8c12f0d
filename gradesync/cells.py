"""The cells of one line item: which students have one, and what becomes of each. PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gradesync import course_grades, preflight, scores, wire
from gradesync.compare import Cell, Manner, Verdict, held, judge
from gradesync.ids import result_id
from gradesync.line_items import WantedItem
from gradesync.lines import ItemLine, ScoreLine, Verb
from gradesync.periods import is_closed
from gradesync.readings import Sent, Snapshot
from gradesync.rules import Rules
from gradesync.scores import Delete, Nothing, Outcome, Send
from gradesync.sections import LinkedClass, Student, is_for, students_of
from integration.canvas.gradebook_types import Assignment, CourseGrade, Submission
from integration.oneroster.gradebook_types import JsonObject, Result

SEVERAL = "score.several-in-q"
# Canvas has a row for everybody who is assigned the work, graded or not: absence says nothing.
NOT_TOLD = "score.not-told"


@dataclass(frozen=True, slots=True)
class Work:
    """What Canvas has of one student for one line item. `gate`: why nothing of it is written.

    `is_listed`: it has a line even where neither side ever held anything.
    """

    outcome: Outcome
    gate: str = ""
    is_listed: bool = True
    is_nameless: bool = False


def score_lines(item: WantedItem, line: ItemLine, snapshot: Snapshot) -> Iterator[ScoreLine]:
    """A line for each student of the class who has the work, or of whom Q or we hold something."""
    gate = item_gate(line)
    results = _by_student(snapshot.q.results.get(item.sourced_id, ()) if item.there else ())
    manner = _manner(snapshot)
    enrollments = snapshot.canvas.enrollments
    work_of = _works(item, snapshot)
    for student in students_of(item.linked, enrollments, snapshot.q.students):
        work = work_of(student)
        found = results.get(student.sourced_id, []) if student.sourced_id else []
        # What was confirmed of a line item that is not in Q any more went with it.
        sent = snapshot.memory.sent.get((item.sourced_id, student.sourced_id))
        sent = sent if item.there else None
        if work.is_listed or found or sent:
            yield _line(item, student, work, found, sent, gate or work.gate, manner, snapshot)


def item_gate(line: ItemLine) -> str:
    """Why no score of this line item may be written, as a code; "" if they may."""
    if line.action in ("blocked", "waiting"):
        return line.code
    has_other_maximum = (line.verdicts or {}).get("maximum") == "conflict"
    return "line_item.maximum-differs" if has_other_maximum else ""


def _works(item: WantedItem, snapshot: Snapshot) -> Callable[[Student], Work]:
    """What Canvas has, by student: the submissions of an assignment, or the course grades."""
    assignment = item.draft.assignment
    if assignment is None:
        grades = {one.student_id: one for one in snapshot.canvas.grades.get(item.key.canvas_id, ())}
        return lambda student: _course_work(student, grades.get(student.canvas_id), item, snapshot)
    rows = snapshot.canvas.submissions.get(assignment.canvas_id, ())
    by_student = {one.student_id: one for one in rows}
    return lambda student: _assignment_work(
        assignment, student, by_student.get(student.canvas_id), item.linked, snapshot
    )


def _assignment_work(
    assignment: Assignment,
    student: Student,
    submission: Submission | None,
    linked: LinkedClass,
    snapshot: Snapshot,
) -> Work:
    if not is_for(assignment, student):
        return Work(Nothing(), "student.not-assigned", is_listed=False)
    gate = preflight.student_gate(student, linked.class_, submission)
    is_nameless = assignment.is_anonymous and (submission is None or submission.posted_at is None)
    if submission is None:
        return Work(Nothing(), gate or NOT_TOLD, student.is_current, is_nameless)
    rules = snapshot.rules
    outcome = scores.outcome(assignment, submission, rules.settings, rules.profile)
    is_listed = student.is_current or not isinstance(outcome, Nothing)
    gate = gate or _period_gate(submission.grading_period_id, linked, snapshot)
    return Work(outcome, gate, is_listed, is_nameless)


def _course_work(
    student: Student, grade: CourseGrade | None, item: WantedItem, snapshot: Snapshot
) -> Work:
    gate = preflight.student_gate(student, item.linked.class_, None)
    if grade is None:
        return Work(Nothing(), gate or NOT_TOLD, student.is_current)
    rules, course = snapshot.rules, snapshot.canvas.course
    outcome = course_grades.outcome(course, grade, rules.settings, rules.profile)
    return Work(outcome, gate)


def _period_gate(period_id: str, linked: LinkedClass, snapshot: Snapshot) -> str:
    """A student's own date may lie in another grading period than that of the class."""
    rules = snapshot.rules
    mine = next((one for one in snapshot.canvas.periods if one.canvas_id == period_id), None)
    if mine is None or rules.settings.closed_periods == "send":
        return ""
    link = snapshot.memory.periods.get(period_id, "")
    theirs = next((one for one in linked.class_.periods if one.sourced_id == link), None)
    return "assignment.period-closed" if is_closed(mine, theirs, rules.now, rules.zone) else ""


def _by_student(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        if result.is_active:
            found.setdefault(result.student_id, []).append(result)
    return found


def _manner(snapshot: Snapshot) -> Manner:
    rules = snapshot.rules
    places = scores.places(rules.settings, rules.profile)
    clears_hidden = rules.settings.hidden_again == "clear"
    return Manner(places, rules.profile, rules.on_conflict, rules.force, clears_hidden)


def _line(
    item: WantedItem,
    student: Student,
    work: Work,
    found: list[Result],
    sent: Sent | None,
    gate: str,
    manner: Manner,
    snapshot: Snapshot,
) -> ScoreLine:
    memory, there = snapshot.memory, found[0] if found else None
    value = there.value if there else None
    decision = memory.decisions.get((item.sourced_id, student.sourced_id))
    verdict = judge(Cell(work.outcome, sent, value, decision, gate), manner)
    if len(found) > 1:
        verdict = Verdict(held(SEVERAL), SEVERAL, canvas=verdict.canvas)
    line = ScoreLine(
        item.key,
        item.sourced_id,
        student.canvas_id,
        student.sourced_id,
        there.sourced_id if there else _made_id(item, student, snapshot),
        verdict.action,
        verdict.code,
        student.section_ids,
        notes=work.outcome.notes if isinstance(work.outcome, Send) else (),
        is_nameless=work.is_nameless,
        last=sent.value if sent else None,
        q=value,
        before=wire.encoded(there.raw) if there else "",
    )
    return _written(line, verdict, there.raw if there else None, snapshot.rules)


def _made_id(item: WantedItem, student: Student, snapshot: Snapshot) -> str:
    if not student.sourced_id:
        return ""
    return result_id(snapshot.rules.namespace, item.sourced_id, student.sourced_id)


def with_verdict(line: ScoreLine, verdict: Verdict, rules: Rules) -> ScoreLine:
    """The line, once it was judged anew, with exactly what would be written then."""
    raw = wire.decoded(line.before) if line.before and verdict.write is not None else None
    return _written(line, verdict, raw, rules)


def _written(line: ScoreLine, verdict: Verdict, raw: JsonObject | None, rules: Rules) -> ScoreLine:
    verb: Verb = ""
    body = ""
    if isinstance(verdict.write, Delete):
        verb = "DELETE"
    elif verdict.write is not None:
        student = line.student_sourced_id
        made = wire.result(line.sourced_id, line.line_item_id, student, verdict.write, raw, rules)
        verb, body = "PUT", wire.encoded(made)
    return replace(
        line,
        action=verdict.action,
        code=verdict.code,
        canvas=verdict.canvas,
        verb=verb,
        body=body,
    )
