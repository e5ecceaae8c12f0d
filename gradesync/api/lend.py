"""Puts the operations on courses into the API of the room below."""

from __future__ import annotations

from gradesync.actions import plans
from gradesync.api import choosing, views
from gradesync.story import told
from integration.api.registry import (
    EXPLAINERS,
    RIGHT_TO_SEE,
    ROUTES,
    UNDOERS,
    Explainer,
    Undoer,
)
from integration.models import ApiToken, Run

_COURSE = "courses/<int:course>/"


def lend() -> None:
    """Called once, when the product starts."""
    ROUTES.extend(
        [
            ("courses/", views.Courses.as_view(), "courses"),
            (_COURSE, views.OneCourse.as_view(), "course"),
            (f"{_COURSE}previews/", views.Previews.as_view(), "previews"),
            (f"{_COURSE}previews/<int:run>/", views.OnePreview.as_view(), "preview"),
            (f"{_COURSE}pushes/", views.Pushes.as_view(), "pushes"),
            (f"{_COURSE}runs/<int:run>/cells/", views.Cells.as_view(), "cells"),
            (f"{_COURSE}runs/<int:run>/cancel/", views.Cancel.as_view(), "cancel"),
            (f"{_COURSE}runs/<int:run>/choices/", choosing.Choices.as_view(), "choices"),
            (f"{_COURSE}runs/<int:run>/retries/", choosing.Retries.as_view(), "retries"),
            (f"{_COURSE}checks/", choosing.Checks.as_view(), "checks"),
            (f"{_COURSE}settings/", choosing.CourseSettings.as_view(), "course-settings"),
            (f"{_COURSE}receipts/", choosing.Receipts.as_view(), "receipts"),
        ]
    )
    for kind in (Run.Kind.GRADES, Run.Kind.GRADES_UNDO, Run.Kind.GRADES_CHECK):
        RIGHT_TO_SEE[kind] = ApiToken.Right.GRADES
    send = ApiToken.Right.SEND
    UNDOERS[Run.Kind.GRADES] = Undoer(plans.preview_undo, confirm_undo, send, send)
    EXPLAINERS["results"] = Explainer(told, ApiToken.Right.GRADES)


def confirm_undo(undoing: Run, *, by: str, reason: str = "") -> Run:
    """Carry the plan of an undo out; naming it says that it was looked at."""
    plans.seen(undoing, by=by)
    return plans.send(undoing, undoing.plan_digest, by=by, reason=reason)
