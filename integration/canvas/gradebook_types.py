"""What grade passback reads of a Canvas course, as frozen values. PURE.

Whoever reads hands in: ids as strings (they pass 2^53), aware datetimes in UTC, and scores as
`Decimal` made from the digits of the answer, never by way of a float.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

AssignmentKind = Literal["assignment", "discussion", "quiz", "new_quiz"]
GradingType = Literal["points", "percent", "letter_grade", "gpa_scale", "pass_fail", "not_graded"]
WorkState = Literal["unsubmitted", "submitted", "pending_review", "graded"]
EnrollmentState = Literal[
    "active", "invited", "creation_pending", "inactive", "completed", "rejected", "deleted"
]


@dataclass(frozen=True, slots=True)
class Course:
    """`hides_totals`: students do not see their course grade (`hide_final_grades`)."""

    canvas_id: str
    name: str
    is_published: bool = True
    hides_totals: bool = False
    account_id: str = ""
    term_id: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """`nonxlist_course_id` is the course that a cross-listed section comes from, else ""."""

    canvas_id: str
    name: str
    sis_section_id: str = ""
    nonxlist_course_id: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentGroup:
    canvas_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Override:
    """Other dates for one section, or for single students (a group's override: its members)."""

    due_at: datetime | None
    unlock_at: datetime | None = None
    section_id: str = ""
    student_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment, graded discussion, Classic Quiz or New Quiz; checkpoints as their parent.

    `due_at` is the date for everyone else, not the caller's. `grades_published` matters for
    moderated grading only. `is_for_overrides_only`: nobody else has it.
    """

    canvas_id: str
    name: str
    group_id: str
    created_at: datetime
    kind: AssignmentKind = "assignment"
    grading_type: GradingType = "points"
    points_possible: Decimal | None = None
    is_published: bool = True
    due_at: datetime | None = None
    unlock_at: datetime | None = None
    overrides: tuple[Override, ...] = ()
    is_for_overrides_only: bool = False
    posts_manually: bool = False
    is_moderated: bool = False
    grades_published: bool = True
    is_anonymous: bool = False
    has_checkpoints: bool = False
    omit_from_final_grade: bool = False
    post_to_sis: bool = False
    identifies_students: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's row of one assignment. Every member of a group has a row of their own.

    `score` is after the late deduction, `entered_score` before. `grading_period_id` is exact,
    per student. `is_assigned` is False where the work is no longer assigned to the student.
    """

    assignment_id: str
    student_id: str
    state: WorkState = "unsubmitted"
    score: Decimal | None = None
    entered_score: Decimal | None = None
    grade: str = ""
    is_excused: bool = False
    is_missing: bool = False
    is_late: bool = False
    posted_at: datetime | None = None
    graded_at: datetime | None = None
    grade_matches_current_submission: bool = True
    grading_period_id: str = ""
    is_assigned: bool = True


@dataclass(frozen=True, slots=True)
class GradingPeriod:
    canvas_id: str
    title: str
    start_at: datetime
    end_at: datetime
    close_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CourseGrade:
    """A student's grade for the course, or for one grading period (`grading_period_id`).

    Percent numbers of posted work only (`current_score`, `final_score`), never the `unposted_…`
    ones: what the student may see. An override counts for the same period.
    """

    student_id: str
    grading_period_id: str = ""
    current_score: Decimal | None = None
    final_score: Decimal | None = None
    override_score: Decimal | None = None
    current_grade: str = ""
    final_grade: str = ""
    override_grade: str = ""


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A student in a section. `sis_user_id` is that of the login the enrollment was made with.

    The names are for screens; "" where Canvas does not tell.
    """

    student_id: str
    section_id: str
    sis_user_id: str = ""
    state: EnrollmentState = "active"
    is_test_student: bool = False
    name: str = ""
    sortable_name: str = ""

    @property
    def is_current(self) -> bool:
        return self.state in ("active", "invited", "creation_pending")
