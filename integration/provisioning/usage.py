"""Asks Canvas whether anybody has used what a run created."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import ParamSpec, Protocol, TypeVar

from integration.canvas.client import CanvasClient, by_sis_id
from integration.canvas.errors import CanvasError, Forbidden, Invalid, NotFound
from integration.canvas.throttle import PARALLEL
from integration.canvas.transport import PER_PAGE
from integration.canvas.types import Course, Enrollment, Section
from integration.provisioning.inverse import (
    Use,
    course_use,
    enrollment_key,
    enrollment_use,
    is_older,
    observer_use,
    section_use,
)

# So many courses are asked for one by one where it is not known how long the whole list is.
ONE_BY_ONE = 100

People = list[Enrollment]
P = ParamSpec("P")
T = TypeVar("T")


class Ask(Protocol):
    """Has a question put to Canvas beside others, and promises its answer."""

    def __call__(
        self, question: Callable[P, T], /, *words: P.args, **named: P.kwargs
    ) -> Future[T]: ...


# Canvas's ways of saying that it will not tell: Invalid, where the very person whose token asks is
# asked about, of whom it lists no deleted enrollments.
_NOT_TOLD: tuple[type[CanvasError], ...] = (NotFound, Forbidden, Invalid)


@dataclass(slots=True)
class Usage:
    """What Canvas says about use since a run's import was made (`since`, by Canvas's clock).

    `courses`: about how many courses will be asked for. `guests`: SIS ids of the courses in which
    somebody is enrolled in a section without a SIS id. `sections`: those of each course, where
    Canvas's report tells of them; else each course is asked for its own.
    """

    canvas: CanvasClient
    since: str
    courses: int = 0
    guests: Collection[str] = ()
    sections: Mapping[str, list[Section]] | None = None
    _listed: dict[str, Course] = field(default_factory=dict)
    _sections: dict[str, list[Section] | None] = field(default_factory=dict)
    _first_new: int | None = None

    def __post_init__(self) -> None:
        pages: float = ONE_BY_ONE
        if self.sections is not None:
            pages = 1 + len(self.sections) / PER_PAGE
        if self.courses > pages:
            self._listed = {course.sis_course_id: course for course in self.canvas.courses()}

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """Ask several questions at once, as many as Canvas lets one client ask together.

        The threads ask Canvas and nothing else.
        """
        pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="canvas")
        try:
            yield pool.submit
        finally:
            pool.shutdown(cancel_futures=True)

    def of_section_id(self, section_id: str, course_id: str = "") -> People | None:
        """Everybody ever in the section of this SIS id; None where Canvas does not tell.

        `course_id`: where the course's sections will be asked for too.
        """
        if course_id:
            self._sections_of(course_id)
        try:
            return list(self.canvas.enrollments(by_sis_id("section", section_id)))
        except _NOT_TOLD:
            return None

    def of_person(self, user_id: str, sections: Collection[str]) -> People | None:
        """The enrollments of a person, of any time, in these sections (SIS ids)."""
        try:
            found = self.canvas.enrollments_of(by_sis_id("user", user_id))
            return [one for one in found if one.sis_section_id in sections]
        except _NOT_TOLD:
            return None

    def of_enrollments(self, people: People | None, keys: Iterable[str]) -> dict[str, Use]:
        """For each enrollment of a section, whether that person came."""
        found = {enrollment_key(one): one for one in people or ()}
        return {key: enrollment_use(found.get(key), since=self.since) for key in keys}

    def of_section(
        self,
        section_id: str,
        course_id: str,
        people: People | None,
        *,
        undone: Collection[str],
    ) -> Use:
        """Whether the section holds anybody but the enrollments that are undone."""
        sections = self._sections_of(course_id)
        if people is None or sections is None:
            return "unknown"
        section = next((one for one in sections if one.sis_section_id == section_id), None)
        if section is None:  # somebody teaches it in another course
            return "used"
        if self._was_there_before(section):
            return "older"
        return section_use(section, people, undone=undone, since=self.since)

    def _was_there_before(self, section: Section) -> bool:
        """The report tells no section's age; but Canvas numbers its sections as they are made."""
        if self.sections is None or not self.since:
            return False
        if self._first_new is None:
            numbers = sorted(int(one.id) for some in self.sections.values() for one in some)
            place = bisect_left(numbers, x=True, key=self._is_new)
            self._first_new = numbers[place] if place < len(numbers) else numbers[-1] + 1
        return int(section.id) < self._first_new

    def _is_new(self, number: int) -> bool:
        try:
            return not is_older(self.canvas.section(str(number)).created_at, self.since)
        except _NOT_TOLD:
            return False

    def of_course(self, course_id: str, undone: Collection[str]) -> Use:
        """Whether the course is published, or holds more than the sections that are undone."""
        sections = self._sections_of(course_id)
        try:
            course = self._listed.get(course_id) or self.canvas.course(_course(course_id))
        except _NOT_TOLD:
            return "unknown"
        if sections is None:
            return "unknown"
        if course_id in self.guests:
            return "used"
        return course_use(course, sections, undone=undone, since=self.since)

    def of_observer(self, observer: str) -> Use:
        """Whether this observer ever came, for whomever they observe."""
        user = by_sis_id("user", observer)
        try:
            found = list(self.canvas.enrollments_of(user, type_="ObserverEnrollment"))
        except _NOT_TOLD:
            return "unknown"
        return observer_use(found)

    def _sections_of(self, course_id: str) -> list[Section] | None:
        if self.sections is not None:
            return self.sections.get(course_id, [])
        if course_id not in self._sections:
            try:
                self._sections[course_id] = list(self.canvas.sections(_course(course_id)))
            except _NOT_TOLD:
                self._sections[course_id] = None
        return self._sections[course_id]


def ahead(items: Iterable[T], count: int) -> Iterator[T]:
    """The items in their order, each made while `count` before it are still to be looked at."""
    source = iter(items)
    waiting = deque(islice(source, count))
    for item in source:
        waiting.append(item)
        yield waiting.popleft()
    yield from waiting


def _course(course_id: str) -> str:
    return by_sis_id("course", course_id)
