"""sections.csv and xlists.csv."""

import re
from collections.abc import Sequence

from sandbox.canvas import store
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.work import SIS_ID, RowError, Work, dates_to_put, integration_id
from sandbox.rules import on

_STATUS = re.compile(r"active|deleted", re.IGNORECASE)


def move(work: Work, section: Record, course_id: int) -> None:
    """Put a section, and whoever is in it, into another course."""
    work.put(work.sections, section, course_id=course_id)
    for enrollment in work.enrollments.find_all(("section_id",), section["id"]):
        work.put(work.enrollments, enrollment, course_id=course_id)


class Sections:
    """Sections; a cross-listed one stays where a person or xlists.csv put it."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def prefetch(self, rows: Sequence[Row]) -> None:
        self.work.sections.load(SIS_ID, ((row.text("section_id"),) for row in rows))
        self.work.courses.load(SIS_ID, ((row.text("course_id"),) for row in rows))

    def row(self, row: Row) -> bool:
        self._check(row)
        if self.work.passes_over(row):
            return False
        section_id, course_id = row.text("section_id"), row.text("course_id")
        course = self.work.courses.find(SIS_ID, course_id)
        if course is None:
            raise RowError(
                f"Section {section_id} references course {course_id} which doesn't exist"
            )
        name, state = row.text("name"), row.text("status").lower()
        section = self.work.sections.find(SIS_ID, section_id)
        if section is None:
            if not name:
                raise RowError(f"No name given for section {section_id} in course {course_id}")
            section = self.work.add(
                self.work.sections,
                sis_id=section_id,
                name=name,
                course_id=course["id"],
                workflow_state="active" if state.startswith("active") else "deleted",
            )
        self._to_course(section, course, active=state.startswith("active"))
        self._put(row, section)
        return True

    def _check(self, row: Row) -> None:
        section_id, course_id = row.text("section_id"), row.text("course_id")
        name, status = row.text("name"), row.text("status")
        if not section_id:
            raise RowError(f"No section_id given for a section in course {course_id}")
        if not course_id:
            raise RowError(f"No course_id given for a section {section_id}")
        if not name and status.lower().startswith("active"):
            raise RowError(f"No name given for section {section_id} in course {course_id}")
        if not _STATUS.match(status):
            raise RowError(
                f'Improper status "{status}" for section {section_id} in course {course_id}'
            )

    def _to_course(self, section: Record, course: Record, *, active: bool) -> None:
        if section["course_id"] == course["id"]:
            return
        stuck = "course_id" in self.work.stuck(section)
        home = section["nonxlist_course_id"]
        if not home:
            if not stuck and on("canvas.section-moves"):
                move(self.work, section, course["id"])
            return
        now_in = self.work.courses.get(section["course_id"])
        dead_end = now_in["workflow_state"] == "deleted" and active
        elsewhere = home != course["id"] or not on("canvas.cross-listed-stays")
        if (elsewhere and not stuck) or dead_end:
            move(self.work, section, course["id"])
            self.work.put(self.work.sections, section, nonxlist_course_id=0)

    def _put(self, row: Row, section: Record) -> None:
        name = row.text("name")
        dates = dates_to_put(self.work, row, f"section {row.text('section_id')}")
        deleted = row.text("status").lower().startswith("deleted")
        values = {**dates, **integration_id(row), **({"name": name} if name else {})}
        self.work.put(
            self.work.sections,
            section,
            **values,
            workflow_state="deleted" if deleted else "active",
            restrict_dates=any(dates.values()),
        )
        if deleted:
            for enrollment in self.work.enrollments.find_all(("section_id",), section["id"]):
                if enrollment["workflow_state"] != "deleted":
                    self.work.put(self.work.enrollments, enrollment, workflow_state="deleted")


class CrossListings:
    """Sections taught inside another course than their own."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def prefetch(self, rows: Sequence[Row]) -> None:
        self.work.sections.load(SIS_ID, ((row.text("section_id"),) for row in rows))
        self.work.courses.load(SIS_ID, ((row.text("xlist_course_id"),) for row in rows))

    def row(self, row: Row) -> bool:
        course_id, section_id = row.text("xlist_course_id"), row.text("section_id")
        status = row.text("status").lower()
        if not course_id:
            raise RowError("No xlist_course_id given for a cross-listing")
        if not section_id:
            raise RowError("No section_id given for a cross-listing")
        if status not in {"active", "deleted"}:
            raise RowError(f'Improper status "{row.text("status")}" for a cross-listing')
        if self.work.passes_over(row):
            return False
        section = self.work.sections.find(SIS_ID, section_id)
        if section is None:
            raise RowError(f"A cross-listing referenced a non-existent section {section_id}")
        course = self.work.courses.find(SIS_ID, course_id)
        if "course_id" in self.work.stuck(section):
            return False
        if status == "active":
            self._into(section, course or self._like_its_own(section, course_id))
        elif course is None or section["course_id"] == course["id"]:
            self._back(section)
        return True

    def _like_its_own(self, section: Record, sis_id: str) -> Record:
        own = self.work.courses.get(section["course_id"])
        names = ("name", "course_code", "account_id", "term_id", "start_at", "end_at")
        return self.work.add(
            self.work.courses,
            **{name: own[name] for name in names},
            sis_id=sis_id,
            uuid=store.verifier(),
            restrict_dates=own["restrict_dates"],
            workflow_state="claimed",
        )

    def _into(self, section: Record, course: Record) -> None:
        if course["workflow_state"] == "deleted":
            self.work.put(self.work.courses, course, workflow_state="claimed")
        if section["course_id"] == course["id"]:
            return
        home = section["nonxlist_course_id"] or section["course_id"]
        move(self.work, section, course["id"])
        # A section that comes home is cross-listed no more.
        self.work.put(
            self.work.sections, section, nonxlist_course_id=0 if home == course["id"] else home
        )

    def _back(self, section: Record) -> None:
        if home := section["nonxlist_course_id"]:
            move(self.work, section, home)
            self.work.put(self.work.sections, section, nonxlist_course_id=0)
