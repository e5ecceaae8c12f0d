"""enrollments.csv, and the enrollments of those who observe a student."""

import re
from collections.abc import Sequence

from sandbox.canvas.models import Role
from sandbox.canvas.sis.courses import add_default_section
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.work import INTEGRATION_ID, SIS_ID, RowError, Work, dates, is_true
from sandbox.rules import on

_STATUS = re.compile(r"active|deleted|completed|inactive", re.IGNORECASE)
_ROLES = (
    (re.compile(r".*teacher\Z", re.IGNORECASE | re.DOTALL), "TeacherEnrollment"),
    (re.compile(r"student", re.IGNORECASE), "StudentEnrollment"),
    (re.compile(r"ta\Z", re.IGNORECASE), "TaEnrollment"),
    (re.compile(r"observer\Z", re.IGNORECASE), "ObserverEnrollment"),
    (re.compile(r"designer\Z", re.IGNORECASE), "DesignerEnrollment"),
)
_IDENTITY = ("section_id", "user_id")


class Enrollments:
    """Who is in which section, as what."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._roles = list(Role.objects.exclude(base_type="AccountMembership"))

    def prefetch(self, rows: Sequence[Row]) -> None:
        work = self.work
        for column in ("user_id", "associated_user_id"):
            work.logins.load(SIS_ID, ((row.text(column),) for row in rows))
        work.courses.load(SIS_ID, ((row.text("course_id"),) for row in rows))
        work.sections.load(SIS_ID, ((row.text("section_id"),) for row in rows))
        sections = list(work.sections.rows.values())
        work.courses.load(("id",), ((section["course_id"],) for section in sections))
        bare = {row.text("course_id") for row in rows if not row.text("section_id")}
        for key in (("course_id",), ("nonxlist_course_id",)):
            courses = (course for course in work.courses.rows.values() if course["sis_id"] in bare)
            work.sections.load(key, [(course["id"],) for course in courses])
        logins = list(work.logins.rows.values())
        work.users.load(("id",), ((login["user_id"],) for login in logins))
        work.observers.load(("student_id",), ((login["user_id"],) for login in logins))
        work.enrollments.load(_IDENTITY, self._pairs(rows))

    def _pairs(self, rows: Sequence[Row]) -> list[tuple[int, int]]:
        pairs = []
        for row in rows:
            login = self.work.logins.find(SIS_ID, row.text("user_id"))
            section = self.work.sections.find(SIS_ID, row.text("section_id"))
            if login and section:
                pairs.append((section["id"], login["user_id"]))
        return pairs

    def row(self, row: Row) -> bool:
        _check(row)
        if self.work.passes_over(row):
            return False
        login = self._login(row)
        course, section = self._place(row)
        role = self._role(row, course)
        associated = self._associated(row, role)
        enrollment = self._find(section, login["user_id"], role, associated)
        state = self._state(row, enrollment, login, course, role)
        if enrollment is None:
            enrollment = self.work.add(
                self.work.enrollments,
                user_id=login["user_id"],
                course_id=course["id"],
                section_id=section["id"],
                type=role.base_type,
                role_id=role.pk,
                associated_user_id=associated,
                workflow_state=state,
            )
        self._put(row, enrollment, login, state)
        if role.base_type == "StudentEnrollment":
            follow(self.work, enrollment)
        return True

    def _login(self, row: Row) -> Record:
        if integration := row.text("user_integration_id"):
            login = self.work.logins.find(INTEGRATION_ID, integration)
        else:
            login = self.work.logins.find(SIS_ID, row.text("user_id"))
        if login is None:
            raise RowError(
                f"User not found for enrollment (User ID: {row.text('user_id')}, "
                f"Course ID: {row.text('course_id')}, Section ID: {row.text('section_id')})"
            )
        return login

    def _place(self, row: Row) -> tuple[Record, Record]:
        course_id, section_id = row.text("course_id"), row.text("section_id")
        course = self.work.courses.find(SIS_ID, course_id)
        section = self.work.sections.find(SIS_ID, section_id)
        if course is None and section is None:
            raise RowError(
                "Neither course nor section existed for user enrollment "
                f"(Course ID: {course_id}, Section ID: {section_id}, "
                f"User ID: {row.text('user_id')})"
            )
        if section_id and section is None:
            raise RowError(f"An enrollment referenced a non-existent section {section_id}")
        if course_id and course is None:
            raise RowError(f"An enrollment referenced a non-existent course {course_id}")
        if section is None:
            assert course is not None
            section = self._default_section(course, row)
        home = section["nonxlist_course_id"]
        if course is None or course["id"] == home:
            course = self.work.courses.get(section["course_id"])
        if course["id"] != section["course_id"]:
            raise RowError(
                f"An enrollment listed a section ({section_id}) and a course ({course_id}) "
                f"that are unrelated for user ({row.text('user_id')})"
            )
        return course, section

    def _default_section(self, course: Record, row: Row) -> Record:
        if not on("canvas.default-section"):
            raise RowError(f"No section_id given for user {row.text('user_id')}")
        sections = self.work.sections
        for section in sections.find_all(("course_id",), course["id"]):
            if section["default_section"] and section["workflow_state"] == "active":
                return section
        for section in sections.find_all(("nonxlist_course_id",), course["id"]):
            if section["workflow_state"] == "active":
                return section
        return add_default_section(self.work, course)

    def _role(self, row: Row, course: Record) -> Role:
        text, number = row.text("role"), row.text("role_id")
        role = next((role for role in self._roles if number and str(role.pk) == number), None)
        role = role or next((role for role in self._roles if role.name == text), None)
        if role is None:
            base = next((base for pattern, base in _ROLES if pattern.match(text)), None)
            role = next((role for role in self._roles if role.name == base), None)
        if role is None:
            raise RowError(f'Improper role "{text}" for an enrollment')
        if course["blueprint"] and role.base_type in {"StudentEnrollment", "ObserverEnrollment"}:
            raise RowError(
                f"{role.base_type.removesuffix('Enrollment')} enrollment for "
                f'"{row.text("user_id")}" not allowed in blueprint course "{course["sis_id"]}"'
            )
        return role

    def _associated(self, row: Row, role: Role) -> int:
        sis_id = row.text("associated_user_id")
        if not sis_id or role.base_type != "ObserverEnrollment":
            return 0
        login = self.work.logins.find(SIS_ID, sis_id)
        if login is None:
            raise RowError(f"An enrollment referenced a non-existent associated user {sis_id}")
        return int(login["user_id"])

    def _find(self, section: Record, user: int, role: Role, associated: int) -> Record | None:
        if on("canvas.enrollment-identity"):
            found = self.work.enrollments.find_all(_IDENTITY, section["id"], user)
        else:
            found = self.work.enrollments.find_all(
                ("user_id", "course_id"), user, section["course_id"]
            )
        same = (
            one
            for one in found
            if one["role_id"] == role.pk and one["associated_user_id"] == associated
        )
        return next(same, None)

    def _state(
        self, row: Row, enrollment: Record | None, login: Record, course: Record, role: Role
    ) -> str:
        status = row.text("status").lower()
        gone = login["workflow_state"] == "deleted"
        where = row.text("course_id")
        if enrollment and enrollment["workflow_state"] == "deleted" and gone:
            raise RowError(
                f"Attempted enrolling with deleted sis login {login['unique_id']} in course {where}"
            )
        if status.startswith("active"):
            return self._state_of_active(row, login) if gone else "active"
        if status.startswith("deleted_last_completed"):
            others = self.work.enrollments.find_all(
                ("user_id", "course_id"), login["user_id"], course["id"]
            )
            twin = any(
                one["workflow_state"] == "active" and one["role_id"] == role.pk
                for one in others
                if one is not enrollment
            )
            return "deleted" if twin else "completed"
        return next(state for state in ("completed", "inactive", "deleted") if state in status)

    def _state_of_active(self, row: Row, login: Record) -> str:
        who, where = row.text("user_id"), row.text("course_id")
        others = self.work.logins.find_all(("user_id",), login["user_id"])
        if any(other["workflow_state"] != "deleted" for other in others):
            self.work.warn(
                row, f"Enrolled a user {who} in course {where}, but referenced a deleted sis login"
            )
            return "active"
        self.work.warn(row, f"Attempted enrolling of deleted user {who} in course {where}")
        return "deleted"

    def _put(self, row: Row, enrollment: Record, login: Record, state: str) -> None:
        start, end = dates(
            self.work, row, f"user {row.text('user_id')} in course {row.text('course_id')}"
        )
        # The dates of an enrollment count only as a pair.
        start, end = (start, end) if start and end else ("", "")
        values = {"workflow_state": state, "login_id": login["id"]}
        if start or on("canvas.dates-blank-clear"):
            values |= {"start_at": start, "end_at": end}
        if limit := row.text("limit_section_privileges"):
            values["limit_section"] = is_true(limit)
        self.work.put(self.work.enrollments, enrollment, **values)


def _check(row: Row) -> None:
    if not row.text("course_id") and not row.text("section_id"):
        raise RowError("No course_id or section_id given for an enrollment")
    if not row.text("user_id") and not row.text("user_integration_id"):
        raise RowError("No user_id given for an enrollment")
    status = row.text("status")
    if not _STATUS.match(status):
        raise RowError(f'Improper status "{status}" for an enrollment')


def follow(work: Work, student: Record) -> None:
    """Enroll whoever observes this student beside them, and take them along."""
    if not on("canvas.observers-enrolled"):
        return
    for observer in work.observers.find_all(("student_id",), student["user_id"]):
        if observer["workflow_state"] == "active":
            enroll_observer(work, student, observer["observer_id"], student["workflow_state"])


def enroll_observer(work: Work, student: Record, observer: int, state: str) -> None:
    """Give the observer an enrollment beside the student's, in this state."""
    found = work.enrollments.find_all(_IDENTITY, student["section_id"], observer)
    for enrollment in found:
        if enrollment["associated_user_id"] == student["user_id"]:
            work.put(work.enrollments, enrollment, workflow_state=state)
            return
    if state == "deleted":
        return
    role = Role.objects.get(name="ObserverEnrollment")
    work.add(
        work.enrollments,
        user_id=observer,
        course_id=student["course_id"],
        section_id=student["section_id"],
        type=role.base_type,
        role_id=role.pk,
        associated_user_id=student["user_id"],
        workflow_state=state,
    )
