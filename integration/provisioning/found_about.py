"""What is found about one record and about what it names: in Q, and by the latest run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone

from integration.models import District, Finding, RosterRow, Run
from integration.oneroster.client import OneRosterClient
from integration.oneroster.errors import UnusableRecord
from integration.oneroster.types import Enrollment, Problem, Record, User
from integration.phrases import Phrase
from integration.provisioning.explain import Note, Place, not_meant
from integration.provisioning.keeping_out import OF_ANOTHER, TOLD_BY_ITSELF, keeps_out, own_problem
from integration.provisioning.problems import TABLE
from integration.provisioning.rows import COURSES, SECTIONS, SEPARATOR, TERMS
from integration.provisioning.rules import Rules
from integration.provisioning.run import KIND

NAMES = {"classes": "class", "users": "user"}


@dataclass(frozen=True, slots=True)
class Named:
    """What an enrollment names: its user, if Q has one that can be used, and what is wrong."""

    user: User | None
    notes: list[Note]


@dataclass
class Asked:
    """One question about one record: the district, its rules, and Q to ask."""

    district: District
    rules: Rules
    q: OneRosterClient
    _told: set[str] = field(default_factory=set)
    _read: set[int] = field(default_factory=set)

    def look_up(self, collection: str, sourced_id: str) -> tuple[Record | None, list[Note]]:
        """The record as Q has it now, and what is wrong with it, now and in the latest run."""
        try:
            record = self.q.find(collection, sourced_id)
        except UnusableRecord as error:
            told = Phrase(
                "Q holds it, and it cannot be used: {error} {remedy}",
                error=error,
                remedy=Phrase(error.remedy),
            )
            return None, [Note(told), *self._findings(collection, sourced_id, None)]
        notes: list[Note] = []
        own = own_problem(record, self.rules) if record and record.status == "active" else None
        if own is not None:
            self._told.add(own.code)
            notes.append(
                Note(Phrase("{reason} {remedy}", reason=_text(own), remedy=Phrase(own.remedy)))
            )
        return record, [*notes, *self._findings(collection, sourced_id, record)]

    def named_by(self, record: Enrollment) -> Named:
        """An enrollment stands on its class and its user: what is wrong with those."""
        _, notes = self._named("classes", record.class_.sourced_id)
        user, more = self._named("users", record.user.sourced_id)
        return Named(user if isinstance(user, User) else None, [*notes, *more])

    def of_rows(self, places: list[Place]) -> list[Note]:
        """What the latest run said of the rows, where it names them by their key in Canvas."""
        keys = Q()
        for place in places:
            keys |= Q(kind=place.kind.name, sourced_id=place.key.replace(SEPARATOR, " "))
        # What Canvas refused is told by what is kept of it, in Canvas's own words.
        found = self._of_last_run().filter(keys).exclude(code__startswith="canvas.")
        told = found.exclude(pk__in=self._read) if places else []
        return [self._note(one, is_outdated=False) for one in told]

    def _named(self, collection: str, sourced_id: str) -> tuple[Record | None, list[Note]]:
        what = {"what": Phrase(NAMES[collection]), "id": sourced_id}
        record, notes = self.look_up(collection, sourced_id)
        out = [note for note in notes if note.verdict]
        if record is None and not out:
            lost = "Q does not hold its {what} {id}. Correct or remove the enrollment in Q."
            return None, [Note(Phrase(lost, **what))]
        if record is not None and (reason := not_meant(record, self.rules)):
            told = Phrase("Of its {what} {id}: {reason}", reason=reason, **what)
            return record, [Note(told, "not meant for Canvas")]
        told_of = "Of its {what} {id}: {reason}"
        return record, [Note(Phrase(told_of, reason=one.sentence, **what)) for one in out]

    def _findings(self, collection: str, sourced_id: str, record: Record | None) -> list[Note]:
        """What the latest run that read Q said about this record."""
        found = list(self._of_last_run().filter(kind=collection, sourced_id=sourced_id))
        self._read |= {one.pk for one in found}
        told = [
            self._note(one, is_outdated=record is not None and one.code in TOLD_BY_ITSELF)
            for one in found
            if one.code not in self._told
        ]
        return told or list(self._crowded(collection, record))

    def _note(self, finding: Finding, *, is_outdated: bool) -> Note:
        said = Phrase("{reason} {remedy}", reason=_text(finding), remedy=Phrase(finding.remedy))
        if is_outdated:
            return Note(Phrase(OUTDATED, run=finding.run_id, said=said), "")
        is_out = keeps_out(finding.code)
        return Note(said, "left out" if is_out else "", of_another=finding.code in OF_ANOTHER)

    def _crowded(self, collection: str, record: Record | None) -> Iterator[Note]:
        """Of very many alike the latest run has listed only the first: this may be another."""
        many = self._of_last_run().filter(kind=collection, more__gt=0) if record else []
        for one in many:
            if keeps_out(one.code) and one.code not in TOLD_BY_ITSELF:
                said = Phrase(TABLE[one.code][0]) if one.code in TABLE else one.reason
                yield Note(Phrase(CROWDED, run=one.run_id, more=one.more, said=said), "")

    def _of_last_run(self) -> Any:
        return Finding.objects.filter(run=self._last_run).order_by("pk")

    @cached_property
    def _last_run(self) -> Run | None:
        runs = self.district.runs.filter(kind=KIND).exclude(read_at=None)
        return runs.order_by("-pk").first()


OUTDATED = "Run {run} said: {said} It is otherwise in Q now; the next run takes it."
CROWDED = (
    "Run {run} listed only the first of many, and {more} more are as follows, perhaps this one: "
    "{said} Look for others like it in the findings of that run."
)


def _text(found: Finding | Problem) -> str:
    """The reason as a phrase: the sentence of its code, and what was added to it."""
    sentence, _ = TABLE.get(found.code, (found.reason, ""))
    if not found.reason.startswith(sentence):
        return found.reason
    detail = found.reason.removeprefix(sentence)
    return Phrase("{reason}{detail}", reason=Phrase(sentence), detail=detail)


def beside(district: District, record: Record | None, places: list[Place]) -> Iterator[Note]:
    """What keeps a person out although the row is there: switched off, or not the time."""
    now = timezone.now()
    if isinstance(record, User) and not record.enabled_user:
        yield Note(
            Phrase(
                "Q has switched this user off, so Canvas has suspended them: they cannot sign in. "
                "Switch them on in Q (enabledUser)."
            ),
            "",
        )
    if isinstance(record, Enrollment) and (record.begin_date or record.end_date):
        day = now.date().isoformat()
        if day < record.begin_date or (record.end_date and record.end_date < day):
            yield Note(
                Phrase(
                    "The enrollment is for {begin} to {end} only, and Canvas opens the class in "
                    "that time. Correct the dates in Q if they are wrong.",
                    begin=record.begin_date or "–",
                    end=record.end_date or "–",
                ),
                "",
            )
    yield from _of_term(district, places, now)
    yield from _of_course(district, places)


def _of_term(district: District, places: list[Place], at: datetime) -> Iterator[Note]:
    """Is the term of the class over, or still to come?"""
    section = next((_section_of(one) for one in places if _section_of(one)), "")
    row = _row(district, SECTIONS, section)
    term = _row(
        district, TERMS, _row(district, COURSES, row.get("course_id", "")).get("term_id", "")
    )
    now = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    dates = {"term": term.get("name", ""), "start": term.get("start_date", "")[:10],
             "end": term.get("end_date", "")[:10]}  # fmt: skip
    if term.get("end_date") and term["end_date"] < now:
        yield Note(
            Phrase(
                "The term {term} ended on {end}: Canvas shows the course as past, and nothing of "
                "it is taken away any more. Correct the term's dates in Q if they are wrong.",
                **dates,
            ),
            "",
        )
    elif term.get("start_date", "") > now:
        yield Note(
            Phrase(
                "The term {term} begins on {start}: Canvas opens the course then. Correct the "
                "term's dates in Q if they are wrong.",
                **dates,
            ),
            "",
        )


def _of_course(district: District, places: list[Place]) -> Iterator[Note]:
    """A section stays in its first course, whatever the grouping and the course's code say now."""
    section = next((one.key for one in places if one.kind is SECTIONS), "")
    course = next((one.key for one in places if one.kind is COURSES), "")
    if section and course and section != course:
        yield Note(
            Phrase(
                "Its section stays in the Canvas course {course}, where it was first put; another "
                "grouping or course code in Q does not move it. Cross-list it in Canvas by hand if "
                "it should be elsewhere: that is left alone.",
                course=course,
            ),
            "",
        )


def _section_of(place: Place) -> str:
    if place.kind is SECTIONS:
        return place.key
    return place.key.split(SEPARATOR)[0] if place.kind.name == "enrollments" else ""


def _row(district: District, kind: Any, key: str) -> dict[str, str]:
    found = (
        RosterRow.objects.filter(district=district, kind=kind.name, key=key).first()
        if key
        else None
    )
    return dict(zip(kind.columns, json.loads(found.row), strict=True)) if found else {}
