"""All submissions of a course, student by student: a few pages, where row by row it is dozens.

Canvas pages this list by student, each with all their rows, and promises no order of the students:
one may slip past between two pages, so whoever is missing is asked for by name. Where Canvas does
not know this list, or cannot make pages as large, it is read with fewer students or row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

from integration.canvas import gradebook_parse as parse
from integration.canvas.errors import Forbidden, Invalid, NotFound, Unavailable
from integration.canvas.gradebook_types import Submission
from integration.canvas.parse import text
from integration.canvas.transport import Params
from integration.http.errors import BodyCut, ConnectFailed, TimedOut, TooLarge

# A row has about a kilobyte; the door takes 64 MB, and Canvas some seconds for so many.
ROWS_ON_A_PAGE = 4_000
# Canvas takes no more, on a page and by name.
MOST_STUDENTS = 100
FEWER = 5
EVERYBODY = ("student_ids[]", "all")

Json = Mapping[str, Any]
# Too much at once, or a connection that broke, for these are asked for once only.
_TOO_MUCH = (TooLarge, TimedOut, BodyCut, ConnectFailed, Unavailable)
_NOT_TOLD = (Forbidden, Invalid, NotFound)


class Pages(Protocol):
    """The list: whose submissions and how; `retry`: see `Transport.pages`."""

    def __call__(
        self, params: Params, per_page: int = MOST_STUDENTS, *, retry: bool | None = None
    ) -> Iterator[Json]: ...


def students_on_a_page(assignments: int) -> int:
    """So many that a page stays within bounds, each having a row for each assignment."""
    return max(1, min(MOST_STUDENTS, ROWS_ON_A_PAGE // max(1, assignments)))


def every_submission(
    pages: Pages, assignments: int, students: Collection[str]
) -> Iterator[Submission]:
    """Each row once, as it was read last.

    `students` are those that have to be there: of who is missing in the end, Canvas tells nothing.
    """
    if not assignments:
        return iter(())
    size = students_on_a_page(assignments)
    for fewer in sorted({size, max(1, size // FEWER)}, reverse=True):
        found = Found()
        try:
            if not found.take(pages([EVERYBODY, ("grouped", "1")], fewer, retry=False)):
                break
            found.take_missing(pages, set(students) - found.students)
        except _TOO_MUCH:
            continue
        return iter(found.rows.values())
    return map(parse.submission, pages([EVERYBODY]))


class Found:
    """The rows by assignment and student, and the students that the list has told of."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Submission] = {}
        self.students: set[str] = set()

    def take(self, records: Iterator[Json]) -> bool:
        """Read the list to its end; False where it is one of rows, and not of students."""
        for record in records:
            rows = record.get("submissions")
            if not isinstance(rows, list):
                return False
            student = text(record, "user_id")
            self.students.add(student)
            # Somebody in two sections comes twice.
            self._keep({"user_id": student, **row} for row in rows if isinstance(row, dict))
        return True

    def take_missing(self, pages: Pages, students: Collection[str]) -> None:
        """Who left since they were listed is refused, with everybody asked for beside them."""
        names = sorted(students)
        for start in range(0, len(names), MOST_STUDENTS):
            some = [("student_ids[]", name) for name in names[start : start + MOST_STUDENTS]]
            try:
                self._keep(pages(some))
            except _NOT_TOLD:
                continue

    def _keep(self, rows: Iterator[Json]) -> None:
        for row in rows:
            one = parse.submission(row)
            self.rows[one.assignment_id, one.student_id] = one
