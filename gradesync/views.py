"""The instructor's screens."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gradesync import gate
from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_OPEN, COURSE_SCORES, COURSE_SEND


@require_launch(placement=COURSE, right=COURSE_OPEN)
@require_safe
def home(request: Any, course_id: int) -> HttpResponse:
    """Whose course this is, who is here, and whether grades can go to Q from it."""
    rights = request.launch.rights
    return render(
        request,
        "course/home.html",
        {
            "gate": gate.of_course(request.district, request.launch),
            "may_see_scores": COURSE_SCORES in rights,
            "may_send": COURSE_SEND in rights,
        },
    )
