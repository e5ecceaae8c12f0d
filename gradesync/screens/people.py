"""What came of a run for each student."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gradesync.screens import result
from gradesync.screens.tally import Status
from gradesync.screens.viewer import Viewer
from gradesync.selectors import plans
from integration.models import Run


@dataclass(frozen=True, slots=True)
class Person:
    """A student in the result; `section` names theirs."""

    name: str
    section: str
    sent: int
    same: int
    failed: int
    status: Status


def people(viewer: Viewer, run: Run) -> list[Person]:
    """By name; only those whom this person may see, and whose work is not anonymous."""
    counted = plans.people(run, sections=viewer.sections)
    sections = {one.canvas_id: one.name for one in viewer.picture.sections}
    found = []
    for student in viewer.picture.students:
        if student.canvas_id not in counted:
            continue
        count: Counter[str] = Counter()
        for one in counted[student.canvas_id]:
            count[result.where(one)] += one.cells
        failed = count["failed"]
        found.append(
            Person(
                student.name,
                ", ".join(sections[one] for one in student.section_ids if one in sections),
                count["sent"],
                count["same"],
                failed,
                result.came_to(count, failed, count["sent"]),
            )
        )
    return found
