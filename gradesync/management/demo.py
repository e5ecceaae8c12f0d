"""The demo's step of grade passback: a course is graded in the local Canvas, and synced."""

from __future__ import annotations

from typing import Any

from integration.management.stage import Stage


def grade_and_sync(stage: Stage) -> dict[str, Any]:
    """Grade the course of the teacher that one acts as, and send its grades to Q.

    It gets no grading periods: those that are closed would wait, on most days of the year.
    """
    stage.say("\nA teacher grades a course in Canvas …")
    asked = {"course": "act-as", "periods": False}
    (graded,) = stage.ask_canvas("gradebook/fill", asked)["courses"]
    course = str(graded["course_id"])
    stage.say(
        f"{graded['graded']:,} scores of {graded['students']:,} students in"
        f" {graded['assignments']} assignments, one of each kind."
    )
    stage.manage("sync_grades", stage.slug, "--course", course, "--yes")
    return {"course": course}
