"""Why one score is, or is not, in Q: asked by an administrator of the whole district."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from gradesync.models import CourseSync
from gradesync.selectors import asked
from gradesync.story import cells
from integration.account.gate import district_page


@district_page
def show(request: Any) -> HttpResponse:
    """Step by step: the course, then student or work, then the story of the one score."""
    given = {
        name: request.GET.get(name, "").strip()[:longest]
        for name, longest in (("course", 100), ("q", 100), ("item", 255), ("student", 64))
    }
    courses = asked.courses(request.district, given["course"]) if given["course"] else []
    course = _one(courses, given["course"])
    told = []
    if course and given["item"] and given["student"]:
        told = cells(course, given["item"], given["student"])
    elif given["item"] or given["student"]:
        raise Http404
    found = asked.cells(course, given["q"]) if course and given["q"] and not told else []
    return render(
        request,
        "account/score.html",
        {
            "tab": "why",
            **given,
            "courses": courses,
            "chosen": course,
            "found": found,
            "most": asked.MOST,
            "told": told,
            "name": asked.name_of(course, given["item"], given["student"]) if course else "",
        },
    )


def _one(courses: list[CourseSync], text: str) -> CourseSync | None:
    """The course that is meant: the one with this number, or the only one."""
    exact = [one for one in courses if one.canvas_id == text]
    few = exact or courses
    return few[0] if len(few) == 1 else None
