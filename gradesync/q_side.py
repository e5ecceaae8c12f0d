"""Reads the classes of a course in Q, with whatever of their gradebooks a plan asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from gradesync.lazily import Known, Lazy, Results
from gradesync.models import CourseSync
from gradesync.profile import Profile
from gradesync.readings import QReading
from integration.canvas.gradebook_types import Section
from integration.models import ProvisioningPolicy
from integration.oneroster.client import OneRosterClient
from integration.oneroster.errors import Forbidden, NotOffered
from integration.oneroster.gradebook_types import Class, GradingPeriod, LineItem
from integration.oneroster.types import AcademicSession, User
from integration.oneroster.types import Class as QClass
from integration.provisioning.people import sis_id


class QSide:
    """Q, for one course. `q` is safe to share among threads."""

    def __init__(self, course: CourseSync, q: OneRosterClient, profile: Profile) -> None:
        self._course = course
        self._q = q
        self._policy, _ = ProvisioningPolicy.objects.get_or_create(district=course.district)
        zone = ZoneInfo(course.district.time_zone)
        self.book = q.gradebook(zone, letter_field=profile.letter_field)

    def reading(self, sections: Sequence[Section], *, whole: bool = True) -> QReading:
        class_ids = self._class_ids(sections)
        links = dict(self._course.section_links.values_list("section_id", "class_id"))
        wanted = {
            links.get(one.canvas_id) or class_ids.get(one.sis_section_id, "") for one in sections
        }
        sessions = self._sessions() if wanted - {""} else {}
        students: dict[str, str] = {}
        classes: dict[str, Class] = {}
        for class_id in sorted(wanted - {""}):
            found = self._q.find("classes", class_id)
            if isinstance(found, QClass) and found.status == "active":
                there = self._students(class_id)
                students |= there or {}
                ids = frozenset(there.values()) if there is not None else None
                classes[class_id] = self._class(found, sessions, ids)
        ids_of = list(classes)
        line_items: Mapping[str, Sequence[LineItem]] = Lazy(
            lambda: ids_of, lambda one: self.book.line_items(one)
        )
        return QReading(
            classes=classes,
            class_ids=class_ids,
            students=Known(students, is_same=self._policy.user_sis_id == "sourcedId"),
            categories=self.book.categories() if classes else (),
            line_items=line_items,
            results=Results(self.book.results, line_items)
            if whole
            else Results(lambda class_id, ids: self.book.results_of(class_id, *ids), line_items, 1),
        )

    def _class_ids(self, sections: Sequence[Section]) -> dict[str, str]:
        """As provisioning makes them: the prefix, then the class's sourcedId."""
        prefix = self._policy.sis_id_prefix
        ids = (one.sis_section_id for one in sections)
        return {
            one: one.removeprefix(prefix) for one in ids if one.startswith(prefix) and one != prefix
        }

    def _sessions(self) -> dict[str, AcademicSession]:
        reading = self._q.read("academicSessions")
        found = {one.sourced_id: one for page in reading for one in page.records}
        return {key: one for key, one in found.items() if one.status == "active"}

    def _students(self, class_id: str) -> dict[str, str] | None:
        """SIS user id to sourcedId of who is in a class; None where Q does not tell."""
        found: list[User] = []
        reading = self._q.students(class_id)
        try:
            for page in reading:
                found += page.records
        except (NotOffered, Forbidden):
            return None
        if not reading.proof.complete:
            return None
        active = [one for one in found if one.status == "active" and one.role == "student"]
        rule = self._policy.user_sis_id
        return {sis_id(one, rule): one.sourced_id for one in active if sis_id(one, rule)}

    def _class(
        self,
        class_: QClass,
        sessions: Mapping[str, AcademicSession],
        students: frozenset[str] | None,
    ) -> Class:
        terms = [sessions[one.sourced_id] for one in class_.terms if one.sourced_id in sessions]
        inside = {one.sourced_id for one in terms}
        periods = [
            one
            for one in sessions.values()
            if one.type == "gradingPeriod" and inside & _above(one, sessions)
        ]
        firsts = [one.start_date for one in terms if one.start_date]
        lasts = [one.end_date for one in terms if one.end_date]
        return Class(
            class_.sourced_id,
            class_.title,
            date.fromisoformat(min(firsts)) if firsts else None,
            self._last(max(lasts)) if lasts else None,
            students,
            tuple(
                GradingPeriod(
                    one.sourced_id,
                    one.title,
                    date.fromisoformat(one.start_date),
                    self._last(one.end_date),
                )
                for one in sorted(periods, key=lambda one: one.start_date)
                if one.start_date and one.end_date
            ),
        )

    def _last(self, end_date: str) -> date:
        day = date.fromisoformat(end_date)
        return day if self._policy.end_date_inclusive else day - timedelta(days=1)


def _above(session: AcademicSession, sessions: Mapping[str, AcademicSession]) -> set[str]:
    """The session's own ancestors; a parent that goes round in a circle ends it."""
    found: set[str] = set()
    at: AcademicSession | None = session
    while at and at.parent and at.parent.sourced_id not in found:
        found.add(at.parent.sourced_id)
        at = sessions.get(at.parent.sourced_id)
    return found
