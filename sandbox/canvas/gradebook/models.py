"""What the local Canvas keeps of grading.

As in `sandbox.canvas.models` texts are never NULL and moments are ISO 8601 texts. Points and
scores are: without one, there is none.
"""

from typing import Any

from django.db import models


def _text(length: int = 255) -> models.CharField:
    return models.CharField(max_length=length, default="", blank=True)


def _number() -> models.BigIntegerField:
    return models.BigIntegerField(default=0)


def _flag(*, default: bool = False) -> models.BooleanField:
    return models.BooleanField(default=default)


def _points() -> models.FloatField:
    return models.FloatField(null=True, default=None)


class Kept(models.Model):
    """Anything of a gradebook that has an id and moments."""

    id = models.BigIntegerField(primary_key=True)
    workflow_state = models.CharField(max_length=30, default="active")
    created_at = _text(30)
    updated_at = _text(30)

    class Meta:
        abstract = True


class CourseGrading(models.Model):
    """How a course grades. A course without a row grades as every new course does."""

    course_id = models.BigIntegerField(primary_key=True)
    group_weights = _flag()
    grading_standard_id = _number()
    post_manually = _flag()
    allow_final_grade_override = _flag()
    hide_final_grades = _flag()
    hide_distribution_graphs = _flag()
    late_policy = models.JSONField(default=dict)


class GradingStandard(Kept):
    """A grading scheme: `scheme` holds [name, lowest share of 1], best first."""

    account_id = _number()
    course_id = _number()
    title = _text()
    scheme = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.title


class GradingPeriodSet(Kept):
    """Grading periods of an account, for the terms that name the set."""

    account_id = _number()
    title = _text()
    weighted = _flag()
    display_totals = _flag()
    term_ids = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.title


class GradingPeriod(Kept):
    set_id = models.BigIntegerField(db_index=True)
    title = _text()
    start_date = _text(30)
    end_date = _text(30)
    close_date = _text(30)
    weight = _points()

    def __str__(self) -> str:
        return self.title


class AssignmentGroup(Kept):
    course_id = models.BigIntegerField(db_index=True)
    name = _text()
    position = models.IntegerField(default=1)
    group_weight = models.FloatField(default=0.0)
    rules = models.JSONField(default=dict)
    sis_source_id = _text()
    integration_data = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class Assignment(Kept):
    """One column of a gradebook. With `parent_id` it is a checkpoint, a part of another one."""

    course_id = models.BigIntegerField(db_index=True)
    group_id = _number()
    name = _text()
    description = models.TextField(default="")
    position = models.IntegerField(default=1)
    points_possible = _points()
    grading_type = models.CharField(max_length=20, default="points")
    grading_standard_id = _number()
    submission_types = models.JSONField(default=list)
    due_at = _text(30)
    unlock_at = _text(30)
    lock_at = _text(30)
    allowed_attempts = models.IntegerField(default=-1)
    omit_from_final_grade = _flag()
    hide_in_gradebook = _flag()
    post_manually = _flag()
    only_visible_to_overrides = _flag()
    post_to_sis = _flag()
    sis_id = _text()
    integration_id = _text()
    integration_data = models.JSONField(default=dict)
    moderated = _flag()
    grader_count = models.IntegerField(default=0)
    final_grader_id = _number()
    grades_published_at = _text(30)
    anonymous = _flag()
    peer_reviews = _flag()
    group_category_id = _number()
    grade_individually = _flag()
    quiz_id = _number()
    quiz_type = _text(30)
    anonymous_submissions = _flag()
    topic_id = _number()
    new_quiz = _flag()
    tool_url = _text()
    important_dates = _flag()
    parent_id = models.BigIntegerField(default=0, db_index=True)
    tag = _text(30)

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return self.workflow_state == "published"

    @property
    def is_graded(self) -> bool:
        """Whether a score of it can mean anything."""
        kinds = self.submission_types
        return self.grading_type != "not_graded" and kinds not in (["not_graded"], ["wiki_page"])

    @property
    def expects_submission(self) -> bool:
        """Whether students hand something in, here in Canvas."""
        elsewhere = {"none", "not_graded", "on_paper", "external_tool", "wiki_page"}
        return any(kind not in elsewhere for kind in self.submission_types)


class Override(Kept):
    """Other dates for a section, a group or some students: `dates` holds those that differ."""

    assignment_id = models.BigIntegerField(db_index=True)
    set_type = models.CharField(max_length=20)
    set_id = _number()
    student_ids = models.JSONField(default=list)
    title = _text()
    dates = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.title


class GroupCategory(Kept):
    course_id = models.BigIntegerField(db_index=True)
    name = _text()

    def __str__(self) -> str:
        return self.name


class Group(Kept):
    """Students who hand in together."""

    category_id = models.BigIntegerField(db_index=True)
    course_id = _number()
    name = _text()
    member_ids = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class Submission(Kept):
    """One cell of a gradebook; it exists from the moment the work is assigned.

    `score` is what remains of `entered_score` after `points_deducted` for being late.
    """

    assignment_id = _number()
    user_id = _number()
    course_id = _number()
    is_assigned = _flag(default=True)
    score = _points()
    grade = _text()
    entered_score = _points()
    entered_grade = _text()
    points_deducted = _points()
    excused = _flag()
    late_policy_status = _text(20)
    seconds_late_override = models.IntegerField(null=True, default=None)
    submitted_at = _text(30)
    graded_at = _text(30)
    posted_at = _text(30)
    due_at = _text(30)
    grading_period_id = _number()
    grader_id = models.BigIntegerField(null=True, default=None)
    grade_matches = models.BooleanField(null=True, default=None)
    attempt = models.IntegerField(default=0)
    submission_type = _text(30)
    body = models.TextField(default="")
    url = _text()
    extra_attempts = models.IntegerField(null=True, default=None)
    redo_request = _flag()
    custom_grade_status_id = _number()
    anonymous_id = _text(10)
    comments = models.JSONField(default=list)
    history = models.JSONField(default=list)
    provisional = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment_id", "user_id"], name="canvas_one_submission_per_student"
            )
        ]
        indexes = [
            models.Index(fields=["course_id", "user_id"]),
            models.Index(fields=["course_id", "graded_at"]),
        ]

    @property
    def is_graded(self) -> bool:
        """Canvas calls excused work graded, too."""
        return self.excused or (self.score is not None and self.workflow_state == "graded")


class FinalOverride(models.Model):
    """A course grade that a person set in place of the calculated one; period 0: the course."""

    course_id = models.BigIntegerField()
    user_id = models.BigIntegerField()
    grading_period_id = models.BigIntegerField(default=0)
    score = models.FloatField()
    updated_at = _text(30)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course_id", "user_id", "grading_period_id"],
                name="canvas_one_override_per_period",
            )
        ]


class CustomGradeStatus(Kept):
    account_id = _number()
    name = _text()
    color = _text(10)

    def __str__(self) -> str:
        return self.name


class GradeChange(models.Model):
    """The grade log: who gave which grade when, and by which way."""

    id = models.BigIntegerField(primary_key=True)
    course_id = models.BigIntegerField(db_index=True)
    assignment_id = _number()
    submission_id = _number()
    user_id = _number()
    grader_id = models.BigIntegerField(null=True)
    way = models.CharField(max_length=20)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    created_at = _text(30)


Grade = dict[str, Any]
