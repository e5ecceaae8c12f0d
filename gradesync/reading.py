"""Reads both sides of a course into one snapshot; pieces of it again, where that is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.utils import timezone

from gradesync import memory
from gradesync.course_grades import wants
from gradesync.course_settings import Settings
from gradesync.ids import WHOLE_COURSE
from gradesync.models import CourseSync, SyncDefaults, SyncRun
from gradesync.profile import Profile
from gradesync.readings import CanvasReading, Memory, QReading, Snapshot
from gradesync.rulebook import follow_automatic, rules_for
from gradesync.rules import Rules
from integration.canvas import throttle
from integration.canvas.client import CanvasClient
from integration.canvas.gradebook_types import Course, CourseGrade, Section, Submission
from integration.ledger.runs import Ledger
from integration.models import CanvasConnection, ProvisioningPolicy, QConnection
from integration.oneroster.client import OneRosterClient
from integration.oneroster.errors import Forbidden, NotOffered
from integration.oneroster.gradebook_types import Class, GradingPeriod, LineItem, Result
from integration.oneroster.types import AcademicSession, User
from integration.oneroster.types import Class as QClass
from integration.provisioning.people import sis_id

K = TypeVar("K")
V = TypeVar("V")


class Lazy(Mapping[K, V]):
    """A mapping whose pieces are read when they are first asked for."""

    def __init__(self, keys: Callable[[], Sequence[K]], read: Callable[[K], V]) -> None:
        self._keys = keys
        self._read = read
        self._known: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        if key not in self._known:
            if key not in self._keys():
                raise KeyError(key)
            self._known[key] = self._read(key)
        return self._known[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())


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
        self.policy, _ = ProvisioningPolicy.objects.get_or_create(district=self.district)
        self._canvas = canvas
        self._gradebook = canvas.gradebook(self.course.canvas_id)
        self._q = q
        self.q = q.gradebook(self.zone, letter_field=self.profile.letter_field)
        self._ledger = ledger

    def whole(self) -> Snapshot:
        """Both sides, everything."""
        self._tell("reading the course in Canvas")
        canvas = self._course_reading(whole=True)
        self._tell("reading the classes in Q")
        q = self._q_reading(canvas.sections)
        self._follow(canvas, q)
        return Snapshot(canvas, q, self._memory(), self.rules)

    def now(self) -> Snapshot:
        """Both sides as they are now; submissions and results are read where they are asked for."""
        canvas = self._course_reading(whole=False)
        q = self._q_reading(canvas.sections, whole=False)
        return Snapshot(canvas, q, self._memory(), self.rules)

    def in_q(self) -> Snapshot:
        """Q with all its results; of Canvas only who is there, no work and no grades."""
        canvas = self._course_reading(whole=False)
        return Snapshot(canvas, self._q_reading(canvas.sections), self._memory(), self.rules)

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
            rows = pool.submit(lambda: _by_assignment(book.submissions()) if whole else None)
            sections, groups = pool.submit(book.sections), pool.submit(book.groups)
            periods = pool.submit(book.periods)
        self._keep_place(course.result())
        enrollments, grades = enrolled.result()
        by_assignment = rows.result()
        work = assignments.result()
        published = [one.canvas_id for one in work if one.is_published]
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

    # Q

    def _q_reading(self, sections: Sequence[Section], *, whole: bool = True) -> QReading:
        class_ids = self._class_ids(sections)
        links = dict(self.course.section_links.values_list("section_id", "class_id"))
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
            lambda: ids_of, lambda one: self.q.line_items(one)
        )
        return QReading(
            classes=classes,
            class_ids=class_ids,
            students=_Known(students, is_same=self.policy.user_sis_id == "sourcedId"),
            categories=self.q.categories() if classes else (),
            line_items=line_items,
            results=_Results(self.q.results, line_items)
            if whole
            else _Results(lambda class_id, ids: self.q.results_of(class_id, *ids), line_items, 1),
        )

    def _class_ids(self, sections: Sequence[Section]) -> dict[str, str]:
        """As provisioning makes them: the prefix, then the class's sourcedId."""
        prefix = self.policy.sis_id_prefix
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
        rule = self.policy.user_sis_id
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
        return day if self.policy.end_date_inclusive else day - timedelta(days=1)


def graded_since(canvas: CanvasClient, course: CourseSync, since: datetime) -> list[Submission]:
    """A quick look: what was graded since then."""
    return list(canvas.gradebook(course.canvas_id).submissions(graded_since=since))


class _Known(dict[str, str]):
    """SIS user id to sourcedId; where both are the same, somebody not in the class is known too."""

    def __init__(self, known: Mapping[str, str], *, is_same: bool) -> None:
        super().__init__(known)
        self._is_same = is_same

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # one of dict's forms
        return super().get(key) or (key if self._is_same else default)


class _Results(Mapping[str, Sequence[Result]]):
    """The results of each line item, read for a whole class when the first is asked for."""

    def __init__(
        self,
        read: Callable[[str, Sequence[str]], list[Result]],
        line_items: Mapping[str, Sequence[LineItem]],
        at_once: int = 0,
    ) -> None:
        self._read = read
        self._line_items = line_items
        self._at_once = at_once
        self._known: dict[str, list[Result]] = {}

    def __getitem__(self, line_item_id: str) -> Sequence[Result]:
        if line_item_id not in self._known:
            class_id, ids = self._beside(line_item_id)
            read = [line_item_id] if self._at_once else ids
            self._known |= {one: [] for one in read}
            for result in self._read(class_id, read):
                self._known[result.line_item_id].append(result)
        return self._known[line_item_id]

    def _beside(self, line_item_id: str) -> tuple[str, list[str]]:
        for class_id, items in self._line_items.items():
            ids = [one.sourced_id for one in items]
            if line_item_id in ids:
                return class_id, ids
        raise KeyError(line_item_id)

    def __iter__(self) -> Iterator[str]:
        return (one.sourced_id for items in self._line_items.values() for one in items)

    def __len__(self) -> int:
        return sum(map(len, self._line_items.values()))


def _by_assignment(rows: Iterator[Submission]) -> dict[str, list[Submission]]:
    found: dict[str, list[Submission]] = defaultdict(list)
    for row in rows:
        found[row.assignment_id].append(row)
    return found


def _above(session: AcademicSession, sessions: Mapping[str, AcademicSession]) -> set[str]:
    """The session's own ancestors; a parent that goes round in a circle ends it."""
    found: set[str] = set()
    at: AcademicSession | None = session
    while at and at.parent and at.parent.sourced_id not in found:
        found.add(at.parent.sourced_id)
        at = sessions.get(at.parent.sourced_id)
    return found
