"""Reads both sides of an evaluation; keeps no more of them than it compares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from integration.canvas.client import CanvasClient
from integration.evaluation.sides import COMPARED, CanvasSide, QSide, add_member
from integration.ledger.runs import Ledger
from integration.memory import many_records
from integration.oneroster.types import R, User
from integration.provisioning.beside import report_name, reported
from integration.provisioning.classes import lean_classes, map_sections, place_classes
from integration.provisioning.enrollments import EnrollmentMapper
from integration.provisioning.lean import lean_people
from integration.provisioning.people import LeanUser, People, map_people, sis_id
from integration.provisioning.read import Source
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    TERMS,
    USERS,
    Kind,
    Row,
)
from integration.provisioning.rules import Rules
from integration.provisioning.structure import map_accounts, map_terms, unique


def read_canvas(ledger: Ledger, canvas: CanvasClient) -> CanvasSide:
    """All that Canvas holds, from one provisioning report."""
    side = CanvasSide()
    with reported(ledger, canvas, [*COMPARED, ENROLLMENTS]) as files:
        for kind in COMPARED:
            if path := files.get(report_name(kind)):
                side.take(kind, canvas.report_rows(path))
        if path := files.get(report_name(ENROLLMENTS)):
            side.take_members(canvas.report_rows(path))
    return side


def read_q(source: Source, rules: Rules, canvas: CanvasSide) -> QSide:
    """All that Q holds, as tonight's run would bring it over if Canvas had never had a run of ours.

    Where Canvas has a section already, it stays in its course, as in a run.
    """
    with many_records():
        return _Reading(source, rules, canvas).side()


class _Reading:
    def __init__(self, source: Source, rules: Rules, canvas: CanvasSide) -> None:
        self._source = source
        self._rules = rules
        self._canvas = canvas
        self._ledger = source.ledger

    def side(self) -> QSide:
        source, rules = self._source, self._rules
        orgs = self._unique("orgs", source.orgs())
        sessions = self._unique("academicSessions", source.sessions())
        classes = self._unique("classes", source.classes(lean_classes()))
        named = {one.course.sourced_id for one in classes.values() if one.course}
        courses = self._unique("courses", source.courses(named))
        accounts = map_accounts(orgs, rules)
        terms = map_terms(
            sessions,
            rules,
            referenced={ref.sourced_id for one in classes.values() for ref in one.terms},
            accepted=self._canvas.rows[TERMS].keys(),
        )
        places = place_classes(
            classes, rules, account_of=accounts.account_of, term_of=terms.term_of
        )
        other_ids = _OtherIds(lean_people(rules))
        users = self._unique("users", source.users(other_ids.lean))
        known = self._canvas.rows[USERS]
        people = map_people(
            users, rules, account_of=accounts.account_of, accepted=known.__contains__
        )
        side = QSide(school_of=people.school_of, other_ids=other_ids.by_rule(people))
        lost = {"roster.login-shared", "roster.duplicate-login"}
        side.shared_logins = [one.sourced_id for one in people.problems if one.code in lost]
        mapper = EnrollmentMapper(places, people, rules)
        texts: dict[str, str] = {}
        for page in source.enrollments():
            for section, user, role, *_ in mapper.rows(page.records):
                add_member(side.members, texts, section, user, role)
        there = self._canvas.rows[SECTIONS]
        sections = map_sections(
            places.place_of,
            courses,
            rules,
            teacher_of=mapper.teacher_of,
            kept={key: row[1] for key, row in there.items() if row[1]},
        )
        for kind, rows in (
            (ACCOUNTS, accounts.rows),
            (TERMS, terms.rows),
            (COURSES, sections.courses),
            (SECTIONS, sections.sections),
            (USERS, people.rows),
        ):
            side.rows[kind] = _keyed(kind, rows)
        for mapped in (accounts, terms, places, people, mapper, sections):
            self._ledger.find(mapped.problems)
        self._ledger.find(source.findings())
        return side

    def _unique(self, kind: str, records: list[R]) -> dict[str, R]:
        kept, problems = unique(kind, records)
        self._ledger.find(problems)
        return kept


def _keyed(kind: Kind, rows: Sequence[Row]) -> dict[str, Row]:
    return {kind.key(row): row for row in rows}


class _OtherIds:
    """Notes what a user's SIS ID would be by each other rule, while the records pass by."""

    def __init__(self, lean: Callable[[Sequence[User]], Iterator[User | LeanUser]]) -> None:
        self._lean = lean
        self._ids: dict[str, dict[str, str]] = defaultdict(dict)

    def lean(self, users: Sequence[User]) -> Iterator[User | LeanUser]:
        for user in users:
            rules = {"sourcedId", "identifier", *(one.type for one in user.user_ids if one.type)}
            for rule in rules:
                if value := sis_id(user, rule):
                    self._ids[rule][user.sourced_id] = value
        return self._lean(users)

    def by_rule(self, people: People) -> dict[str, dict[str, str]]:
        def translated(ids: Mapping[str, str]) -> dict[str, str]:
            return {
                people.user_of[one]: value for one, value in ids.items() if one in people.user_of
            }

        return {rule: translated(ids) for rule, ids in self._ids.items()}
