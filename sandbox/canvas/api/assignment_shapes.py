"""How assignments, their groups and overrides look in answers, key by key."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Q

from sandbox.canvas.api.call import Call
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.gradebook import audience, lifecycle, periods, policies
from sandbox.canvas.gradebook.models import (
    Assignment,
    AssignmentGroup,
    Override,
    Submission,
)
from sandbox.canvas.models import Course
from sandbox.rules import on

Shown = dict[str, Any]

# With so many overrides Canvas gives their number in place of their dates.
ALL_DATES_LIMIT: Final = 25
_DATES: Final = ("due_at", "unlock_at", "lock_at")


@dataclass
class Around:
    """What the rows of one answer need to know of what stands around them."""

    course: Course
    rights: Rights
    wanted: set[str]
    own_dates: bool
    overrides: dict[int, list[Override]]
    counts: dict[int, dict[str, int]]
    due_of_caller: dict[int, str] = field(default_factory=dict)
    visible_to: dict[int, list[int]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)


def around(call: Call, course: Course, rights: Rights, rows: Iterable[Assignment]) -> Around:
    """Asked once for all rows."""
    rows = list(rows)
    lifecycle.settle(course)
    ids = [row.pk for row in rows]
    cells = Submission.objects.filter(assignment_id__in=ids, is_assigned=True)
    wanted = set(call.several("include"))
    found = Around(
        course,
        rights,
        wanted,
        call.flag("override_assignment_dates") is not False and on("canvas.dates-of-caller"),
        audience.overrides_of(rows),
        _counts(cells),
    )
    closed = periods.closed(course)
    if closed:
        inside = cells.filter(grading_period_id__in=closed)
        found.closed = set(inside.values_list("assignment_id", flat=True))
    if not rights.may_see_grades:
        mine = cells.filter(user_id=rights.user_id)
        found.due_of_caller = dict(mine.values_list("assignment_id", "due_at"))
    if "assignment_visibility" in wanted:
        for assignment_id, user_id in cells.values_list("assignment_id", "user_id"):
            found.visible_to.setdefault(assignment_id, []).append(user_id)
    return found


def _counts(cells: Any) -> dict[int, dict[str, int]]:
    waiting = Q(workflow_state__in=["submitted", "pending_review"]) & ~Q(submission_type="")
    graded = Q(score__isnull=False) | Q(excused=True)
    counted = cells.values("assignment_id").annotate(
        submitted=Count("id", filter=~Q(submitted_at="")),
        graded=Count("id", filter=graded),
        waiting=Count("id", filter=waiting),
        hidden=Count("id", filter=Q(posted_at="") & graded),
    )
    return {row["assignment_id"]: row for row in counted}


def assignments(call: Call, course: Course, rights: Rights, rows: Iterable[Assignment]) -> Any:
    """A list of them; `include[]=submission` adds the caller's own."""
    rows = list(rows)
    known = around(call, course, rights, rows)
    shown = [assignment(call, row, known) for row in rows]
    if "submission" in known.wanted:
        from sandbox.canvas.api.submission_shapes import submissions

        mine = Submission.objects.filter(
            user_id=rights.user_id, assignment_id__in=[row.pk for row in rows], is_assigned=True
        )
        by_assignment = {
            one["assignment_id"]: one for one in submissions(call, course, rights, mine)
        }
        for item in shown:
            item["submission"] = by_assignment.get(item["id"])
    return shown


def assignment(call: Call, row: Assignment, known: Around) -> Shown:
    url = f"{call.origin}/courses/{row.course_id}/assignments/{row.pk}"
    counts = known.counts.get(row.pk, {})
    overrides = known.overrides.get(row.pk, [])
    shown = _kept(row) | _grading(row, counts) | _CONSTANT
    shown |= _dates_for_caller(row, known, overrides)
    shown |= {
        "in_closed_grading_period": row.pk in known.closed,
        "has_overrides": bool(overrides),
        "html_url": url,
        "submissions_download_url": f"{url}/submissions?zip=1",
        "lti_context_id": f"{row.pk:08x}-0000-4000-8000-000000000000",
    }
    shown |= _for_staff(row, known, counts)
    shown |= _by_kind(call, row)
    return shown | _included(row, known, overrides)


def _kept(row: Assignment) -> Shown:
    """What stands in the row itself."""
    return {
        "id": row.pk,
        "name": row.name,
        "description": row.description or None,
        "position": row.position,
        "points_possible": row.points_possible,
        "grading_type": row.grading_type,
        "grading_standard_id": row.grading_standard_id or None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "course_id": row.course_id,
        "assignment_group_id": row.group_id,
        "group_category_id": row.group_category_id or None,
        "grade_group_students_individually": row.grade_individually,
        "submission_types": row.submission_types,
        "allowed_attempts": row.allowed_attempts,
        "omit_from_final_grade": row.omit_from_final_grade,
        "hide_in_gradebook": row.hide_in_gradebook,
        "workflow_state": row.workflow_state,
        "published": row.is_published,
        "only_visible_to_overrides": row.only_visible_to_overrides,
        "visible_to_everyone": not row.only_visible_to_overrides,
        "post_to_sis": row.post_to_sis,
        "peer_reviews": row.peer_reviews,
        "is_quiz_assignment": bool(row.quiz_id) and row.quiz_type == "assignment",
        "can_duplicate": not row.quiz_id,
        "important_dates": row.important_dates,
    }


def _grading(row: Assignment, counts: dict[str, int]) -> Shown:
    """How it is graded, and how far that has come."""
    is_hidden = bool(counts.get("hidden"))
    return {
        "has_submitted_submissions": bool(counts.get("submitted")),
        "graded_submissions_exist": bool(counts.get("graded")),
        "muted": is_hidden,
        "moderated_grading": row.moderated,
        "grader_count": row.grader_count,
        "final_grader_id": row.final_grader_id or None,
        "anonymous_grading": row.anonymous,
        "anonymize_students": row.anonymous and is_hidden,
        "grades_published": not row.moderated or bool(row.grades_published_at),
        "post_manually": policies.posts_manually(row),
    }


# What this Canvas has no setting for.
_CONSTANT: Final[Shown] = {
    "due_date_required": False,
    "max_name_length": 255,
    "anonymous_instructor_annotations": False,
    "graders_anonymous_to_graders": False,
    "grader_comments_visible_to_graders": True,
    "grader_names_visible_to_final_grader": True,
    "automatic_peer_reviews": False,
    "anonymous_peer_reviews": False,
    "intra_group_peer_reviews": False,
    "require_lockdown_browser": False,
    "secure_params": "",
}


def _for_staff(row: Assignment, known: Around, counts: dict[str, int]) -> Shown:
    if not known.rights.may_edit_content:
        return {}
    shown: Shown = {
        "unpublishable": not counts.get("submitted"),
        "sis_assignment_id": row.sis_id or None,
        "integration_id": row.integration_id or None,
        "integration_data": row.integration_data,
    }
    if known.rights.may_see_grades:
        shown["needs_grading_count"] = counts.get("waiting", 0)
    return shown


def _by_kind(call: Call, row: Assignment) -> Shown:
    shown: Shown = {}
    if row.quiz_id:
        shown |= {"quiz_id": row.quiz_id, "anonymous_submissions": row.anonymous_submissions}
    if row.new_quiz:
        shown["is_quiz_lti_assignment"] = True
    if "external_tool" in row.submission_types:
        shown["external_tool_tag_attributes"] = {"url": row.tool_url, "new_tab": False}
        shown["url"] = f"{call.origin}/api/v1/courses/{row.course_id}/external_tools/"
        shown["url"] += f"sessionless_launch?assignment_id={row.pk}&launch_type=assessment"
    if row.topic_id:
        shown["discussion_topic"] = {
            "id": row.topic_id,
            "title": row.name,
            "assignment_id": row.pk,
            "published": row.is_published,
            "html_url": f"{call.origin}/courses/{row.course_id}/discussion_topics/{row.topic_id}",
        }
        parts = Assignment.objects.filter(parent_id=row.pk).exists()
        shown["has_sub_assignments"] = parts
    return shown


def _dates_for_caller(row: Assignment, known: Around, overrides: list[Override]) -> Shown:
    """The caller's dates. For who grades these are the latest of all overrides."""
    dates: Shown = {name: getattr(row, name) for name in _DATES}
    if known.own_dates and row.pk in known.due_of_caller:
        dates["due_at"] = known.due_of_caller[row.pk]
    elif known.own_dates and known.rights.may_see_grades:
        for name in _DATES:
            if given := [each.dates[name] for each in overrides if name in each.dates]:
                dates[name] = "" if "" in given else max(given)
    return {name: value or None for name, value in dates.items()}


def _included(row: Assignment, known: Around, overrides: list[Override]) -> Shown:
    shown: Shown = {}
    if not known.rights.may_edit_content:
        return shown
    if "all_dates" in known.wanted:
        if len(overrides) >= ALL_DATES_LIMIT and on("canvas.all-dates-limit"):
            shown["all_dates_count"] = len(overrides) + (not row.only_visible_to_overrides)
        else:
            shown["all_dates"] = _all_dates(row, overrides)
    if "overrides" in known.wanted:
        shown["overrides"] = [override(each) for each in overrides]
    if "assignment_visibility" in known.wanted:
        shown["assignment_visibility"] = known.visible_to.get(row.pk, [])
    if "checkpoints" in known.wanted and row.topic_id:
        # By tag, the topic's first: now and then an id is far ahead of the next one.
        parts = Assignment.objects.filter(parent_id=row.pk).order_by("-tag")
        shown["checkpoints"] = [_checkpoint(each) for each in parts]
    return shown


def _all_dates(row: Assignment, overrides: list[Override]) -> list[Shown]:
    base: list[Shown] = []
    if not row.only_visible_to_overrides:
        base = [{"base": True, **{name: getattr(row, name) or None for name in _DATES}}]
    others = [
        {
            "id": each.pk,
            "title": each.title,
            "set_type": each.set_type,
            "set_id": each.set_id or None,
            **{name: each.dates.get(name, getattr(row, name)) or None for name in _DATES},
        }
        for each in overrides
    ]
    return base + others


def override(row: Override) -> Shown:
    """A date that is not overridden is absent; one that is, and is none, is null."""
    shown: Shown = {"id": row.pk, "assignment_id": row.assignment_id, "title": row.title}
    shown |= {name: value or None for name, value in row.dates.items()}
    if "due_at" in row.dates:
        shown |= {"all_day": False, "all_day_date": (row.dates["due_at"] or "")[:10] or None}
    match row.set_type:
        case "CourseSection":
            shown["course_section_id"] = row.set_id
        case "Group":
            shown["group_id"] = row.set_id
        case _:
            shown["student_ids"] = row.student_ids
    return shown


def _checkpoint(row: Assignment) -> Shown:
    return {
        "name": row.name,
        "tag": row.tag,
        "points_possible": row.points_possible,
        **{name: getattr(row, name) or None for name in _DATES},
        "only_visible_to_overrides": row.only_visible_to_overrides,
        "overrides": [],
    }


def group(call: Call, row: AssignmentGroup) -> Shown:
    """Rules that drop nothing are absent."""
    rules = {name: value for name, value in row.rules.items() if value}
    if never := rules.get("never_drop"):
        as_text = "canvas-string-ids" in call.request.headers.get("Accept", "")
        rules["never_drop"] = [str(each) if as_text else int(each) for each in never]
    return {
        "id": row.pk,
        "name": row.name,
        "position": row.position,
        "group_weight": row.group_weight,
        "sis_source_id": row.sis_source_id or None,
        "integration_data": row.integration_data,
        "rules": rules,
    }
