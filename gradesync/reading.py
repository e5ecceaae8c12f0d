"""Reads both sides of a course into one snapshot; pieces of it again, where that is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

from gradesync import memory
from gradesync.course_grades import wants
from gradesync.course_settings import Settings
from gradesync.ids import WHOLE_COURSE
from gradesync.lazily import Lazy
from gradesync.models import CourseSync, SyncDefaults, SyncRun
from gradesync.profile import Profile
from gradesync.q_side import QSide
from gradesync.readings import CanvasReading, Memory, QReading, Snapshot
from gradesync.rulebook import follow_automatic, rules_for
from gradesync.rules import Rules
from integration.canvas import throttle
from integration.canvas.client import CanvasClient
from integration.canvas.gradebook_types import Course, CourseGrade, Submission
from integration.ledger.runs import Ledger
from integration.models import CanvasConnection, QConnection
from integration.oneroster.client import OneRosterClient


class Reader:
    """Reads one course for one run. `canvas` and `q` are safe to share among threads."""

    def __init__(
        self,
        sync: SyncRun,
        canvas: CanvasClient,
        q: OneRosterClient,
        ledger: Ledger | None = None,
    ) -> None:
        self.sync = sync
        self.course: CourseSync = sync.course
        self.district = sync.course.district
        self.zone = ZoneInfo(self.district.time_zone)
        self.profile = Profile.read(QConnection.objects.get(district=self.district).profile)
        self._canvas = canvas
        self._gradebook = canvas.gradebook(self.course.canvas_id)
        self._q_side = QSide(self.course, q, self.profile)
        self.q = self._q_side.book
        self._ledger = ledger

    def whole(self) -> Snapshot:
        """Both sides, everything."""
        self._tell("reading the course in Canvas")
        canvas = self._course_reading(whole=True)
        self._tell("reading the classes in Q")
        q = self._q_side.reading(canvas.sections)
        self._follow(canvas, q)
        return Snapshot(canvas, q, self._memory(), self.rules)

    def now(self) -> Snapshot:
        """Both sides as they are now; submissions and results are read where they are asked for."""
        canvas = self._course_reading(whole=False)
        q = self._q_side.reading(canvas.sections, whole=False)
        return Snapshot(canvas, q, self._memory(), self.rules)

    def in_q(self) -> Snapshot:
        """Q with all its results; of Canvas only who is there, no work and no grades."""
        canvas = self._course_reading(whole=False)
        return Snapshot(canvas, self._q_side.reading(canvas.sections), self._memory(), self.rules)

    @cached_property
    def rules(self) -> Rules:
        """By what this run plans; the clock stands still for it."""
        connection = CanvasConnection.objects.get(district=self.district)
        uuid = connection.account_uuid or self._canvas.account().uuid
        return rules_for(self.sync, timezone.now(), uuid)

    @cached_property
    def settings(self) -> Settings:
        return self.rules.settings

    def _memory(self) -> Memory:
        return memory.remembered(self.course)

    def _follow(self, canvas: CanvasReading, q: QReading) -> None:
        """What is kept of students goes by the ids that Q's classes give them now."""
        if not self._ledger:
            return
        rows = [one for one in canvas.enrollments if one.sis_user_id in q.students]
        people = {one.student_id: q.students[one.sis_user_id] for one in rows}
        with self._ledger.guarded():
            memory.follow_people(self.course, people)

    def _tell(self, stage: str) -> None:
        if self._ledger:
            self._ledger.progress(stage, 0)

    # Canvas

    def _course_reading(self, *, whole: bool) -> CanvasReading:
        book = self._gradebook
        with ThreadPoolExecutor(throttle.PARALLEL, thread_name_prefix="canvas") as pool:
            course = pool.submit(book.course)
            enrolled = pool.submit(book.enrollments)
            assignments = pool.submit(book.assignments)
            sections, groups = pool.submit(book.sections), pool.submit(book.groups)
            periods = pool.submit(book.periods)
            enrollments, grades = enrolled.result()
            work = assignments.result()
            published = [one.canvas_id for one in work if one.is_published]
            there = {one.student_id for one in enrollments if one.is_current}
            rows = book.every_submission(len(published), there) if whole else None
            by_assignment = None if rows is None else _by_assignment(rows)
        self._keep_place(course.result())
        lazy = Lazy(lambda: published, lambda one: list(book.submissions(one)))
        return CanvasReading(
            course=course.result(),
            sections=sections.result(),
            groups=groups.result(),
            assignments=work,
            enrollments=enrollments,
            periods=periods.result(),
            submissions=lazy if by_assignment is None else by_assignment,
            grades=self._grades(grades, [one.canvas_id for one in periods.result()]),
        )

    def _keep_place(self, course: Course) -> None:
        """Settings may hang on where a course is; its schools are asked for only if one does."""
        defaults = SyncDefaults.objects.filter(district=self.district)
        accounts: list[str] = []
        if defaults.filter(where=SyncDefaults.Where.SCHOOL).exists():
            parents = {one.id: one.parent_account_id for one in self._canvas.sub_accounts()}
            at = course.account_id
            while at in parents and at not in accounts:
                accounts.insert(0, at)
                at = parents[at]
        if (self.course.account_ids, self.course.term_id) != (accounts, course.term_id):
            self.course.account_ids, self.course.term_id = accounts, course.term_id
            self.course.save(update_fields=["account_ids", "term_id"])
            follow_automatic(self.course)

    def _grades(
        self, of_course: Sequence[CourseGrade], period_ids: Sequence[str]
    ) -> Mapping[str, Sequence[CourseGrade]]:
        keys = [one for one in (WHOLE_COURSE, *period_ids) if wants(self.settings, one)]
        return Lazy(
            lambda: keys, lambda one: self._gradebook.grades(one) if one else list(of_course)
        )


def graded_since(canvas: CanvasClient, course: CourseSync, since: datetime) -> list[Submission]:
    """A quick look: what was graded since then."""
    return list(canvas.gradebook(course.canvas_id).submissions(graded_since=since))


def _by_assignment(rows: Iterator[Submission]) -> dict[str, list[Submission]]:
    found: dict[str, list[Submission]] = defaultdict(list)
    for row in rows:
        found[row.assignment_id].append(row)
    return found
