"""A gradebook full of invented work, the same each time: for demonstrations, tests, benchmarks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from sandbox.canvas import store
from sandbox.canvas.gradebook import assignments as work
from sandbox.canvas.gradebook import (
    audience,
    grading,
    invented_cells,
    lateness,
    lifecycle,
    overriding,
    periods,
    policies,
)
from sandbox.canvas.gradebook.kinds import KINDS, Kind, named
from sandbox.canvas.gradebook.models import (
    Assignment,
    AssignmentGroup,
    GradingPeriod,
    GradingPeriodSet,
    GradingStandard,
    Group,
    Submission,
)
from sandbox.canvas.models import Course, Enrollment, Login, Section, Term, User
from sandbox.invented.school_year import whole_year

GROUPS: Final = (("Homework", 40.0), ("Quizzes", 25.0), ("Tests", 35.0))
GPA: Final = [["4.0", 0.93], ["3.0", 0.83], ["2.0", 0.73], ["1.0", 0.63], ["0.0", 0.0]]
LATE_POLICY: Final = {
    **lateness.DEFAULTS,
    "late_submission_deduction_enabled": True,
    "late_submission_deduction": 10.0,
    "late_submission_minimum_percent_enabled": True,
    "late_submission_minimum_percent": 40.0,
}
_GROUP_SIZE: Final = 4
_MANY: Final = 26
_FIRST_YEAR: Final = 2026


@dataclass(frozen=True, slots=True)
class Filled:
    """What a course holds now."""

    course_id: int
    sis_course_id: str
    students: int
    assignments: int
    submissions: int
    graded: int


def fill(
    course: Course,
    *,
    count: int = 12,
    seed: int = 1,
    is_graded: bool = True,
    with_periods: bool = True,
) -> Filled:
    """Add `count` assignments, one of each kind first, and grades of all students in them."""
    with store.writing():
        _publish(course)
        _set_up(course)
        begin = add_periods(course) if with_periods else begin_of(course)
        students = audience.students_of(course.pk)
        names = _names(students.sections)
        made = [
            add(course, named(number), _due(begin, number, count), students, number=number)
            for number in range(count)
        ]
        lifecycle.settle(course)
        if is_graded:
            _grade(course, made, names, seed)
            _override_one(course, sorted(students.sections, key=lambda user: names[user]))
    rows = Submission.objects.filter(course_id=course.pk, is_assigned=True)
    return Filled(
        course.pk,
        course.sis_id,
        len(students.sections),
        count,
        rows.count(),
        rows.filter(score__isnull=False).count(),
    )


def _publish(course: Course) -> None:
    if course.workflow_state in {"created", "claimed"}:
        Course.objects.filter(pk=course.pk).update(workflow_state="available")
        course.workflow_state = "available"


def _set_up(course: Course) -> None:
    known = set(
        AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active").values_list(
            "name", flat=True
        )
    )
    for name, weight in GROUPS:
        if name not in known:
            rules = {"drop_lowest": 1} if name == "Homework" else {}
            work.add_group(course, {"name": name, "group_weight": weight, "rules": rules})
    policies.change(
        course.pk, group_weights=True, allow_final_grade_override=True, late_policy=LATE_POLICY
    )


def begin_of(course: Course) -> datetime:
    """When the course begins."""
    term = Term.objects.filter(pk=course.term_id).first()
    first = lateness.moment(course.start_at or (term.start_at if term else ""))
    return first or datetime(_FIRST_YEAR, 8, 17, tzinfo=UTC)


def add_periods(course: Course) -> datetime:
    """Quarters for the course's term, where it has none; when the course begins."""
    term = Term.objects.filter(pk=course.term_id).first()
    begin = begin_of(course)
    year = begin.year - (begin.month < 7)
    if periods.set_of(course) is None:
        end = lateness.moment(course.end_at or (term.end_at if term else ""))
        made = store.create(
            GradingPeriodSet,
            account_id=store.ROOT_ACCOUNT_ID,
            title=f"Quarters of {term.name if term else year}",
            term_ids=[course.term_id],
        )
        for each in whole_year(year)[0].parts:
            last = datetime.fromisoformat(each.end).replace(tzinfo=UTC) - timedelta(seconds=1)
            start = datetime.fromisoformat(each.begin).replace(tzinfo=UTC)
            if last > begin and (end is None or start < end):
                store.create(
                    GradingPeriod,
                    set_id=made.pk,
                    title=each.title,
                    start_date=lateness.text(start),
                    end_date=lateness.text(last),
                    close_date=lateness.text(last + timedelta(days=7)),
                    weight=25.0,
                )
    return begin


def _due(begin: datetime, number: int, count: int) -> datetime:
    """Spread over the first twelve weeks, late in the evening."""
    day = begin.replace(hour=0, minute=0, second=0) + timedelta(days=7 + number * 77 // count)
    return day + timedelta(hours=23, minutes=59, seconds=59)


def add(
    course: Course,
    kind_name: str,
    due: datetime,
    students: audience.Students,
    *,
    number: int = 0,
    **others: Any,
) -> Assignment:
    """One assignment of a kind, for whom that kind is. Raises work.Invalid."""
    kind = KINDS[kind_name]
    values = {
        "name": f"{number + 1:02} {kind.label}",
        "grading_type": "points",
        "workflow_state": "published",
        "due_at": lateness.text(due),
        "post_to_sis": True,
        "group_id": _group(course, kind),
        "checkpoints": [{"points_possible": points} for points in kind.checkpoints],
        **kind.values,
        **others,
    }
    if values["grading_type"] == "gpa_scale":
        values["grading_standard_id"] = _gpa_scheme()
    if kind.audience == "groups":
        values["group_category_id"] = _groups(course, sorted(students.sections))
    values["only_visible_to_overrides"] = kind.audience in {"students", "section"}
    made = work.add(course, values)
    for target in _targets(course, kind.audience, sorted(students.sections), due):
        work.add_override(course, made, target)
    return made


def _group(course: Course, kind: Kind) -> int:
    rows = AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active")
    found = rows.filter(name=kind.group).first() or work.group_of(course)
    return int(found.pk)


def _gpa_scheme() -> int:
    known = GradingStandard.objects.filter(title="GPA scale", workflow_state="active").first()
    made = known or store.create(
        GradingStandard, title="GPA scale", account_id=store.ROOT_ACCOUNT_ID, scheme=GPA
    )
    return int(made.pk)


def _groups(course: Course, users: Sequence[int]) -> int:
    known = Group.objects.filter(course_id=course.pk, name="Team 1").first()
    if known:
        return int(known.category_id)
    teams = [
        (f"Team {start // _GROUP_SIZE + 1}", list(users[start : start + _GROUP_SIZE]))
        for start in range(0, len(users), _GROUP_SIZE)
    ]
    return int(work.add_groups(course, "Project teams", teams).pk)


def _targets(
    course: Course, kind: str, users: Sequence[int], due: datetime
) -> list[dict[str, Any]]:
    if kind in {"sections", "section"}:
        rows = Section.objects.filter(course_id=course.pk).exclude(workflow_state="deleted")
        sections = [row.pk for row in rows.order_by("default_section", "id")]
        chosen = sections if kind == "sections" else sections[:1]
        return [
            {"course_section_id": pk, "due_at": lateness.text(due + timedelta(days=place))}
            for place, pk in enumerate(chosen)
        ]
    if kind == "students" and users:
        later = lateness.text(due + timedelta(days=2))
        return [{"student_ids": list(users[: max(1, len(users) // 3)]), "due_at": later}]
    if kind == "many":
        return [
            {"student_ids": [user], "due_at": lateness.text(due + timedelta(hours=place))}
            for place, user in enumerate(users[:_MANY])
        ]
    return []


def _names(users: Mapping[int, Any]) -> dict[int, str]:
    """What each student is known by on every machine: the SIS id, else the name."""
    names = dict(User.objects.filter(pk__in=users).values_list("pk", "name"))
    logins = Login.objects.filter(user_id__in=users).exclude(sis_id="")
    return {**names, **dict(logins.values_list("user_id", "sis_id"))}


def _grade(course: Course, made: Sequence[Assignment], names: Mapping[int, str], seed: int) -> None:
    teacher = Enrollment.objects.filter(
        course_id=course.pk, type="TeacherEnrollment", workflow_state="active"
    ).first()
    grader = teacher.user_id if teacher else store.ADMIN_ID
    places = {each.pk: place for place, each in enumerate(made)}
    by_id = {each.pk: each for each in made}
    parts = Assignment.objects.filter(parent_id__in=by_id)
    for part in parts:
        by_id[part.pk], places[part.pk] = part, places[part.parent_id]
    policy = policies.of(course.pk)
    changed = []
    rows = Submission.objects.filter(assignment_id__in=by_id, is_assigned=True)
    for row in rows.order_by("id"):
        assignment = by_id[row.assignment_id]
        dice = Random(f"{seed}|{places[row.assignment_id]}|{names[row.user_id]}|{assignment.tag}")
        if invented_cells.invent(row, assignment, dice, grader):
            lifecycle.rescore(row, assignment, policy)
            row.updated_at = store.now()
            changed.append(row)
    lifecycle.save(changed)
    for part in parts.filter(tag="reply_to_topic"):
        for user_id in names:
            grading.add_up(part.parent_id, user_id, policy)


def _override_one(course: Course, users: Sequence[int]) -> None:
    if users:
        overriding.override(course, users[0], 91.5)


def make_course(sis_id: str, students: int) -> Course:
    """A published course with one section and so many invented students and a teacher."""
    with store.writing():
        term = Term.objects.order_by("id")[0]
        values = {"account_id": store.ROOT_ACCOUNT_ID, "term_id": term.pk, "sis_id": sis_id}
        course: Course = store.create(
            Course,
            name=f"Course {sis_id}",
            course_code=sis_id,
            workflow_state="available",
            **values,
        )
        section = store.create(
            Section,
            course_id=course.pk,
            name=f"Section {sis_id}",
            sis_id=f"{sis_id}-section",
            sis_import_id=1,
            workflow_state="active",
        )
        for number in range(students):
            _enroll(course, section, f"student-{number + 1:03}", "StudentEnrollment", 3)
        _enroll(course, section, "teacher", "TeacherEnrollment", 4)
    return course


def add_test_student(course: Course) -> None:
    """Who appears when a teacher looks at a course as a student: in every list, and nobody's."""
    with store.writing():
        section = Section.objects.filter(course_id=course.pk).exclude(workflow_state="deleted")
        home = section.order_by("-default_section", "id")[0]
        name = "Test Student"
        user = store.create(
            User,
            name=name,
            sortable_name="Student, Test",
            short_name=name,
            workflow_state="registered",
        )
        store.create(
            Enrollment,
            user_id=user.pk,
            course_id=course.pk,
            section_id=home.pk,
            type="StudentViewEnrollment",
            role_id=3,
            workflow_state="active",
        )


def _enroll(course: Course, section: Section, who: str, kind: str, role_id: int) -> None:
    name, sis_id = who.replace("-", " ").capitalize(), f"{course.sis_id}-{who}"
    user = store.create(
        User,
        name=name,
        sortable_name=name,
        short_name=name,
        workflow_state="registered",
    )
    login = store.create(
        Login,
        user_id=user.pk,
        unique_id=sis_id,
        unique_id_lower=sis_id.lower(),
        sis_id=sis_id,
        sis_import_id=1,
        workflow_state="active",
    )
    store.create(
        Enrollment,
        user_id=user.pk,
        course_id=course.pk,
        section_id=section.pk,
        login_id=login.pk,
        type=kind,
        role_id=role_id,
        sis_import_id=1,
        workflow_state="active",
    )
