"""Help: six questions and their answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_OPEN


@require_launch(placement=COURSE, right=COURSE_OPEN)
@require_safe
def help_page(request: Any, course_id: int) -> HttpResponse:
    return render(request, "course/help.html", {"tab": "help"})
