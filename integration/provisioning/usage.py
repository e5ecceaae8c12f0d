"""Asks Canvas whether anybody has used what a run created: a question a section, not a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from integration.canvas.client import CanvasClient, by_sis_id
from integration.canvas.errors import CanvasError, Forbidden, NotFound
from integration.canvas.types import Enrollment
from integration.provisioning.inverse import (
    Use,
    course_use,
    enrollment_key,
    enrollment_use,
    observer_use,
    section_use,
)
from integration.provisioning.rows import SEPARATOR

# Canvas's way of saying that it will not tell.
_NOT_TOLD: tuple[type[CanvasError], ...] = (NotFound, Forbidden)


@dataclass(slots=True)
class Usage:
    """What Canvas says about use since a run's import was made (`since`, by Canvas's clock)."""

    canvas: CanvasClient
    since: str
    _observers: dict[str, Use] = field(default_factory=dict)

    def people(self, section_id: str) -> list[Enrollment] | None:
        """Everybody ever in the section of this SIS id; None where Canvas does not tell."""
        return self._people(by_sis_id("section", section_id))

    def of_enrollments(
        self, people: list[Enrollment] | None, keys: Iterable[str]
    ) -> dict[str, Use]:
        """For each enrollment of a section, whether that person came."""
        found = {enrollment_key(one): one for one in people or ()}
        return {key: enrollment_use(found.get(key), since=self.since) for key in keys}

    def of_section(
        self, section_id: str, people: list[Enrollment] | None, *, undone: Collection[str]
    ) -> Use:
        """Whether the section holds anybody but the enrollments that are undone."""
        if people is None:
            return "unknown"
        try:
            section = self.canvas.section(by_sis_id("section", section_id))
        except _NOT_TOLD:
            return "unknown"
        return section_use(section, people, undone=undone, since=self.since)

    def of_course(self, course_id: str, *, undone: Collection[str]) -> Use:
        """Whether the course is published, or holds more than the sections that are undone."""
        name = by_sis_id("course", course_id)
        try:
            course = self.canvas.course(name)
            sections = list(self.canvas.sections(name))
        except _NOT_TOLD:
            return "unknown"
        guests: list[Enrollment] = []
        for section in sections:
            if not section.sis_section_id:
                people = self._people(section.id)
                if people is None:
                    return "unknown"
                guests += people
        return course_use(course, sections, undone=undone, guests=guests, since=self.since)

    def of_observer(self, key: str) -> Use:
        """Whether the observer of this link ever came, for whomever they observe."""
        observer = key.split(SEPARATOR)[0]
        if observer not in self._observers:
            user = by_sis_id("user", observer)
            try:
                found = list(self.canvas.enrollments_of(user, type_="ObserverEnrollment"))
            except _NOT_TOLD:
                return "unknown"
            self._observers[observer] = observer_use(found)
        return self._observers[observer]

    def _people(self, section: str) -> list[Enrollment] | None:
        try:
            return list(self.canvas.enrollments(section))
        except _NOT_TOLD:
            return None
