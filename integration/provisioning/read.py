"""Reads what provisioning needs from Q, by the bulk or the per-school service.

Required collections that fail end the run; what cannot be proven complete is marked, so that
absence from it proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

from integration.ledger.runs import Ledger
from integration.ledger.share import Share, share_of
from integration.oneroster.client import OneRosterClient
from integration.oneroster.errors import FilterRefused, Forbidden, NotOffered, ProtocolError
from integration.oneroster.reading import Reading
from integration.oneroster.types import (
    AcademicSession,
    Class,
    Course,
    Enrollment,
    Org,
    Page,
    Problem,
    R,
    User,
)
from integration.provisioning.problems import problem

T = TypeVar("T")

# What is kept of a page's records.
Lean = Callable[[Sequence[T]], Iterable[R]]

SCHOOL = "school"
OF_A_SCHOOL = ("courses", "classes", "users", "enrollments")
READS = 2
# In words, what OneRoster calls otherwise.
PLAIN = {"academicSessions": "terms", "orgs": "schools and organisations"}

# Whom the per-school lists of students and teachers leave out (two clauses are the most that
# OneRoster 1.1 allows in a filter).
OTHERS = "role!='student' AND role!='teacher'"


def source_of(ledger: Ledger, client: OneRosterClient) -> Source:
    """Q, for a run of its district."""
    connection = ledger.run.district.q_connection
    return Source(client, ledger, connection.service, share_of(ledger, connection, client))


@dataclass(slots=True)
class Source:
    """Q, as the run reads it. `complete` says of each collection whether all of it was read.

    `broken`: sourcedIds, by collection, of records that are there and could not be read;
    `nameless`: collections that hold a record which might be any, because it has no id.
    `unlisted`: schools of which Q did not offer a list that it offers of others.
    `share`: this reader's part of the limit that holds over all workers.
    """

    client: OneRosterClient
    ledger: Ledger
    service: str = "bulk"
    share: Share | None = None
    complete: dict[str, bool] = field(default_factory=dict)
    broken: dict[str, set[str]] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _schools: list[str] = field(default_factory=list)

    def orgs(self) -> list[Org]:
        orgs: list[Org] = self._either("orgs", [("schools", "")])
        self._schools = sorted(
            {org.sourced_id for org in orgs if org.type == SCHOOL and org.status == "active"}
        )
        return orgs

    def proves(self, collection: str) -> bool:
        """Does absence from the collection prove anything?"""
        if self.service == SCHOOL and collection in OF_A_SCHOOL and not self.proves("orgs"):
            return False
        return self.complete.get(collection, True) and collection not in self.nameless

    @property
    def unread_schools(self) -> set[str]:
        """Where schools are asked one by one: those of which a list could not be read, perhaps."""
        return self.broken.get("orgs", set()) | self.unlisted if self.service == SCHOOL else set()

    def sessions(self) -> list[AcademicSession]:
        return self._either("academicSessions", self._by_school("terms"))

    def classes(self, lean: Lean[Class, Class]) -> list[Class]:
        """All classes, as `lean` leaves them when their page comes."""
        return self._all("classes", paths=self._by_school("classes"), lean=lean)

    def courses(self, wanted: Iterable[str]) -> list[Course]:
        """All courses; those that no school's list holds, although a class names them, singly."""
        courses: list[Course] = self._all("courses", paths=self._by_school("courses"))
        if self.service == SCHOOL:
            known = {course.sourced_id for course in courses}
            with self._turn():
                for sourced_id in sorted(set(wanted) - known):
                    self._let_others_in()
                    courses += self._course(sourced_id)
        return courses

    def _course(self, sourced_id: str) -> list[Course]:
        """A course, if Q has it. One that cannot be used, or may not be seen, stops only itself."""
        try:
            course = self.client.find("courses", sourced_id)
        except (ProtocolError, Forbidden) as error:
            bad = Problem("courses", sourced_id, "", error.code, str(error), error.remedy)
            self._note("courses", Page([], [bad]))
            return []
        return [course] if isinstance(course, Course) else []

    def users(self, lean: Lean[User, R]) -> list[R]:
        """All users, as `lean` leaves them when their page comes."""
        if self.service != SCHOOL:
            return self._all("users", lean=lean)
        paths = [*self._by_school("students"), *self._by_school("teachers")]
        users: list[R] = self._all("users", paths=paths, lean=lean)
        return users + self._other_users(lean)

    def _other_users(self, lean: Lean[User, R]) -> list[R]:
        """Administrators, aides and guardians, where the provider lets the lists be asked for."""
        complete = self.complete["users"]
        try:
            return self._all("users", paths=[("users", OTHERS)], filtered=True, lean=lean)
        except FilterRefused:
            return self._all("users", lean=lean)
        except (NotOffered, Forbidden):
            self.complete["users"] = complete
            return []

    def enrollments(self) -> Iterator[Page[Enrollment]]:
        """Pages as they come; `complete` and `broken` are known after the last."""
        self.complete["enrollments"] = True
        with self._turn():
            yield from self._offered("enrollments", self._by_school("enrollments"))

    def _by_school(self, collection: str) -> list[tuple[str, str]]:
        if self.service != SCHOOL:
            return [(collection, "")]
        return [(collection, school) for school in self._schools]

    def _either(self, collection: str, instead: list[tuple[str, str]]) -> list[Any]:
        """A collection, or its narrower twin where the provider does not offer it."""
        try:
            return self._all(collection)
        except NotOffered as missing:
            try:
                return self._all(collection, paths=instead)
            except NotOffered:
                raise missing from None

    def _all(
        self,
        collection: str,
        *,
        paths: list[tuple[str, str]] | None = None,
        filtered: bool = False,
        lean: Lean[Any, Any] | None = None,
    ) -> list[Any]:
        """Every record of a collection, read again once if the first time proves nothing.

        Then records may come twice; `structure.unique` takes each once.
        """
        records: list[Any] = []
        before = self.complete.get(collection, True)
        for _ in range(READS):
            self.complete[collection] = before
            self.received[collection] = 0
            found: list[Any] = []
            with self._turn():
                for page in self._offered(collection, paths or [(collection, "")], filtered):
                    found += lean(page.records) if lean else page.records
            if self.complete[collection]:
                return found
            records += found
        return records

    def _offered(
        self, collection: str, paths: list[tuple[str, str]], filtered: bool = False
    ) -> Iterator[Page[Any]]:
        """The pages of all paths. Some providers have no list where it would be empty.

        Raises:
            NotOffered: of no school is there a list.
        """
        refused: list[NotOffered] = []
        for path, other in paths:
            pages = self._pages(collection, path, **{"filter" if filtered else "school": other})
            try:
                first = next(pages, None)
            except NotOffered as missing:
                if filtered or not other:
                    raise
                refused.append(missing)
                self._note_unlisted(collection, other)
                continue
            if first:
                yield first
            del first
            yield from pages
        if refused and len(refused) == len(paths):
            raise refused[0]

    def _note_unlisted(self, collection: str, school: str) -> None:
        """It may be empty, or closed to us: what Canvas holds of this school is kept."""
        self.unlisted.add(school)
        self.problems.append(problem("roster.school-not-listed", "orgs", school, collection))
        if collection not in OF_A_SCHOOL:
            self.complete[collection] = False

    def _turn(self) -> AbstractContextManager[None]:
        """What is read inside keeps to the limit."""
        return self.share.taken() if self.share else nullcontext()

    def _let_others_in(self) -> None:
        if self.share:
            self.share.look()

    def _pages(self, collection: str, path: str, **options: str) -> Iterator[Page[Any]]:
        reading = self.client.read(path, **options)
        for page in reading:
            self._note(collection, page)
            self._let_others_in()
            self.ledger.progress(
                f"reading {PLAIN.get(collection, collection)}",
                self.received[collection],
                reading.total,
            )
            yield page
            del page  # as in Reading
        proof = reading.proof
        if not proof.complete and collection != "enrollments":
            self.complete[collection] = False  # and `_all` reads it again
        elif not proof.complete or (proof.received and not proof.joined):
            yield from self._missed(collection, reading, self.client.read(path, **options))

    def _missed(
        self, collection: str, before: Reading[Any], again: Reading[Any]
    ) -> Iterator[Page[Any]]:
        """What a second reading brings that the first did not (F7).

        A record that went while its page was being read makes the next page skip one. Where pages
        are joined that is seen, and such a reading proves all by itself; where Q cannot join them,
        only two that bring the same do.
        """
        is_same = before.proof.complete
        for page in again:
            self._let_others_in()
            self.ledger.progress(f"reading {PLAIN.get(collection, collection)} again", 0)
            new = [one for one in page.records if not before.saw(one.sourced_id)]
            bad = [one for one in page.problems if not before.saw(one.key)]
            if new or bad:
                is_same = False
                found = Page(new, bad)
                self._note(collection, found)
                yield found
        if not (again.proof.complete and (is_same or again.proof.joined)):
            self.complete[collection] = False

    def _note(self, collection: str, page: Page[Any]) -> None:
        self.received[collection] = self.received.get(collection, 0) + len(page.records)
        self.problems += page.problems
        self.broken.setdefault(collection, set()).update(
            one.sourced_id for one in page.problems if one.sourced_id
        )
        # An enrollment is told by its class and user, whether it has an id or not.
        if collection != "enrollments" and not all(one.sourced_id for one in page.problems):
            self.nameless.add(collection)

    def findings(self) -> list[Problem]:
        """Faulty records, each once, and the collections whose absence proves nothing."""
        unproven = [
            problem("roster.absence-not-proven", collection, "")
            for collection in sorted(self.complete)
            if not self.proves(collection)
        ]
        return [*dict.fromkeys(self.problems), *unproven]
