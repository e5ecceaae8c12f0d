"""What is kept of each course between its syncs: keyed by ids, never by titles (design 4)."""

from __future__ import annotations

from datetime import time

from django.db import models
from django.db.models import Q

from integration.models import District, Run


class SyncDefaults(models.Model):
    """What an account, a school or a term has chosen for the courses inside it.

    `place` is the sub-account's or term's Canvas id, "" for the whole account.
    """

    class Where(models.TextChoices):
        ACCOUNT = "account"
        SCHOOL = "school"
        TERM = "term"

    district = models.ForeignKey(District, models.CASCADE, related_name="sync_defaults")
    where = models.CharField(max_length=8, choices=Where.choices, default=Where.ACCOUNT)
    place = models.CharField(max_length=64, blank=True)
    # Names and values as in course_settings.Settings; `locked` holds for every level inside.
    chosen = models.JSONField(default=dict, blank=True)
    locked = models.JSONField(default=list, blank=True)
    # Of the account: a beta or test Canvas may write to Q (design 8).
    copies_may_write = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["district", "where", "place"], name="one_default_per_place"
            ),
        ]


class CourseSync(models.Model):
    """One Canvas course: its settings, and what is known of its automatic sync."""

    class Mode(models.TextChoices):
        OFF = "off"
        NIGHTLY = "nightly"
        AFTER_GRADING = "after-grading"

    district = models.ForeignKey(District, models.CASCADE, related_name="course_syncs")
    canvas_id = models.CharField(max_length=64)
    name = models.TextField(blank=True)
    # Where it is in Canvas, as last read: its sub-accounts, the outermost first, and its term.
    account_ids = models.JSONField(default=list, blank=True)
    term_id = models.CharField(max_length=64, blank=True)
    chosen = models.JSONField(default=dict, blank=True)
    # When to begin by itself (due.Automatic), as the settings of all levels come to; times are the
    # district's. Written by actions/settings.py alone.
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.OFF)
    at = models.TimeField(default=time(3, 0))
    minutes = models.PositiveSmallIntegerField(default=15)
    quiet_from = models.TimeField(default=time(0, 0))
    quiet_until = models.TimeField(default=time(0, 0))
    since = models.DateTimeField(null=True, blank=True)
    # Until something was sent, a person looks at the plan first.
    first_sent_at = models.DateTimeField(null=True, blank=True)
    last_night = models.DateField(null=True, blank=True)
    # Of changes in Canvas that were seen and not synced yet; and up to when was looked.
    first_change_at = models.DateTimeField(null=True, blank=True)
    last_change_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "canvas_id"], name="one_sync_per_course"),
        ]

    def __str__(self) -> str:
        return f"course {self.canvas_id} of {self.district}"


class SyncRun(models.Model):
    """What a run of grade passback is about, beside the row that every run has."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="sync")
    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="runs")
    # "": as the course's settings say.
    on_conflict = models.CharField(max_length=16, blank=True)
    force = models.BooleanField(default=False)
    # Which lines it is about (scope.Scope); {} for the whole course.
    scope = models.JSONField(default=dict, blank=True)
    # The run whose failed cells it tries again.
    retries = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")
    # Why a person has to look at its plan first, with the counts (review.Review); and who has,
    # or has consented to whatever it would be.
    review = models.JSONField(default=dict, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.CharField(max_length=255, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    # Since when only what matters of its plan is kept (thinning.py).
    thinned_at = models.DateTimeField(null=True, blank=True)
    # None once it has ended, or waits for a person: only one may be at work in a course.
    is_open = models.BooleanField(null=True, default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "is_open"], name="one_open_sync_per_course"),
            models.CheckConstraint(
                condition=Q(is_open=True) | Q(is_open=None), name="open_or_nothing"
            ),
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by="") | (Q(seen_at__isnull=False) & ~Q(seen_by="")),
                name="seen_by_somebody",
            ),
        ]


class CoursePicture(models.Model):
    """How a course looked when it was last read (picture.Picture): names, and what is offered.

    The only place of grade passback where students' names are; it goes with the course.
    """

    course = models.OneToOneField(CourseSync, models.CASCADE, primary_key=True)
    read_at = models.DateTimeField()
    content = models.JSONField(default=dict)


class SectionLink(models.Model):
    """Which Q class a section is, for good: it follows an id that is renamed."""

    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="section_links")
    section_id = models.CharField(max_length=64)
    class_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "section_id"], name="one_class_per_section"),
        ]


class CategoryLink(models.Model):
    """Which Q category an assignment group has in a class."""

    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="category_links")
    group_id = models.CharField(max_length=64)
    class_id = models.CharField(max_length=255)
    category_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "group_id", "class_id"], name="one_category_per_group"
            ),
        ]


class GradingPeriodLink(models.Model):
    """Which Q grading period one of Canvas's is, as a person confirmed it."""

    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="period_links")
    canvas_id = models.CharField(max_length=64)
    sourced_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "canvas_id"], name="one_link_per_period"),
        ]


class AssignmentChoice(models.Model):
    """What a person chose for one assignment: its switch (None: untouched), a title for Q."""

    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="assignment_choices")
    canvas_id = models.CharField(max_length=64)
    is_on = models.BooleanField(null=True)
    title = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "canvas_id"], name="one_choice_per_assignment"
            ),
        ]


class AssignmentSync(models.Model):
    """A line item of ours: the key of `ids.ItemKey`, its id in Q for good, and what Q confirmed.

    `sourced_id` is "" where there is only a decision. `fields` is None before the first write.
    """

    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="assignment_syncs")
    what = models.CharField(max_length=16)
    canvas_id = models.CharField(max_length=64, blank=True)
    class_id = models.CharField(max_length=255)
    sourced_id = models.CharField(max_length=255, blank=True)
    fields = models.JSONField(null=True)
    source = models.TextField(blank=True)
    decision = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "what", "canvas_id", "class_id"], name="one_line_item_per_class"
            ),
        ]


class SentResult(models.Model):
    """A student's cell: what Q confirmed last, and what a person chose for it.

    `value` is a `Value`: no name, no comment of a person. JSON null: Q holds no result;
    `is_sent` is False where there is only a decision. Not encrypted, which is for secrets: each
    compare reads thousands of them, and whoever has this database has Canvas's grades by its token.
    """

    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="sent_results")
    line_item_id = models.CharField(max_length=255)
    student_id = models.CharField(max_length=255)
    value = models.JSONField(null=True)
    is_sent = models.BooleanField(default=True)
    decision = models.JSONField(null=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "line_item_id", "student_id"], name="one_value_per_cell"
            ),
        ]


class SentScore(models.Model):
    """A receipt: one value that Q confirmed in one run, and what it held before.

    Kept as long as the run's summary. No name, no comment of a person. `value` None: no result.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="sent_scores")
    course = models.ForeignKey(CourseSync, models.CASCADE, related_name="sent_scores")
    item = models.CharField(max_length=255)
    class_id = models.CharField(max_length=255)
    title = models.CharField(max_length=255)
    # Canvas's and Q's id of the student; places as in `Change`.
    person = models.CharField(max_length=64)
    student_id = models.CharField(max_length=255)
    places = models.TextField(blank=True)
    before = models.JSONField(null=True)
    value = models.JSONField(null=True)
    confirmed_at = models.DateTimeField()
    # False where reading back found something else.
    is_kept = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "item", "class_id", "person"], name="one_receipt_per_cell"
            ),
        ]
        indexes = [models.Index(fields=["course", "person", "item"], name="score_story")]
