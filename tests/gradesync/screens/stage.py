"""A course as its screens find it: a stored plan, made by the worker's own code of a snapshot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from gradesync import planning, stored, sync, wire
from gradesync.inverse import QNow, inverse
from gradesync.models import AssignmentChoice, CourseSync, GradingPeriodLink
from gradesync.outcomes import Going, Outcomes
from gradesync.push import resource
from gradesync.scope import Scope
from integration.canvas.gradebook_types import AssignmentGroup, Enrollment, Section
from integration.ledger.leases import held
from integration.ledger.runs import Ledger
from integration.models import Change, District, Operation, Run
from integration.oneroster.gradebook_types import Category, Class, LineItem, Result
from lti import claims, cookies, sessions
from lti.models import Deployment, LaunchSession
from lti.secret_words import digest, new_word
from tests.gradesync.makers import (
    ALGEBRA,
    Room,
    assignment,
    graded,
    rules,
)
from tests.lti import people

COURSE_ID = "5"
HOSTS = ["lakeside.instructure.com"]


def room(assignments: int = 3, students: int = 6, **other: Any) -> Room:
    """Two sections, each a class of Q; the even students in the first, the odd in the second.

    Every score is graded, and Q holds nothing yet.
    """
    made = Room(*(f"s{n}" for n in range(students)), **other)
    made.rules = replace(made.rules, now=timezone.now())
    made.sections = [Section("11", "Period 2", "c1"), Section("12", "Period 4", "c2")]
    made.classes = [ALGEBRA, Class("c2", "Algebra 1, fourth", ALGEBRA.first_date,
                                   ALGEBRA.last_date, periods=ALGEBRA.periods)]  # fmt: skip
    made.groups = [AssignmentGroup("1", "Homework"), AssignmentGroup("2", "Warm-ups")]
    made.categories = [Category("k1", "Homework"), Category("k2", "Classwork")]
    made.enrollments = [
        Enrollment(
            f"s{n}",
            str(11 + n % 2),
            f"SIS-s{n}",
            name=f"Student {name(n)}",
            sortable_name=f"{name(n)}, Student",
        )
        for n in range(students)
    ]
    made.assignments = [assignment(str(n), group_id="1") for n in range(1, assignments + 1)]
    made.submissions = [
        graded(str(10 + n % 10), f"s{n}", one.canvas_id)
        for one in made.assignments
        for n in range(students)
    ]
    return made


def name(n: int) -> str:
    """A word of its own for each student; those of the second section begin with Z."""
    letters = "".join(chr(97 + int(digit)) for digit in f"{n:04d}")
    return f"{'Z' if n % 2 else 'A'}{letters}"


@dataclass
class Read:
    """What the worker reads with, handing in a snapshot that is there already."""

    room: Room
    sync: Any

    @property
    def course(self) -> CourseSync:
        return self.sync.course  # type: ignore[no-any-return]

    @property
    def settings(self) -> Any:
        return self.rules.settings

    @property
    def rules(self) -> Any:
        from gradesync.rulebook import settings_of

        return replace(self.room.rules, settings=settings_of(self.course))

    def whole(self) -> Any:
        from gradesync import memory

        found = self.room.snapshot()
        kept = memory.remembered(self.course)
        own = found.memory
        merged = replace(kept, items={**own.items, **kept.items}, sent={**own.sent, **kept.sent})
        return replace(found, memory=merged, rules=self.rules)


@dataclass
class Stage:
    """A district, its course, and who visits it."""

    district: District
    deployment: Deployment

    @property
    def course(self) -> CourseSync:
        return sync.course_of(self.district, COURSE_ID)

    def plan(self, made: Room, *, sections: frozenset[str] | None = None, by: str = "Rosa") -> Run:
        """What a worker leaves behind of a preview."""
        self.remember(made)
        run, _ = sync.press(
            self.course, actor=by, trigger="preview", preview=True, scope=Scope(sections)
        )
        self.work(run, made)
        return run

    def remember(self, made: Room) -> None:
        """What the room says that somebody chose is in the database too."""
        for canvas_id, is_on in made.memory.get("switches", {}).items():
            AssignmentChoice.objects.update_or_create(
                course=self.course, canvas_id=canvas_id, defaults={"is_on": is_on}
            )
        for canvas_id, sourced_id in made.memory.get("periods", {}).items():
            GradingPeriodLink.objects.update_or_create(
                course=self.course, canvas_id=canvas_id, defaults={"sourced_id": sourced_id}
            )

    def work(self, run: Run, made: Room) -> None:
        with held(resource(run.sync.course)) as fence:
            ledger = Ledger.take(run, fence)
            planner = planning.PLANS[run.kind]
            planner.plan(ledger, Read(made, run.sync))  # type: ignore[arg-type]
            if run.state == Run.State.RUNNING:
                ledger.end(Run.State.DONE)
        run.refresh_from_db()

    def take_back(self, undoing: Run) -> None:
        """What a worker leaves behind of an undo that is shown: Q still holds what was sent."""
        with held(resource(undoing.sync.course)) as fence:
            ledger = Ledger.take(undoing, fence)
            sent = stored.lines(undoing.undoes, states=("confirmed",))
            written = [one for one in sent if one.verb]
            digest = stored.store(ledger, inverse(written, _as_sent(written), later=set(),
                                                  rules=rules()))  # fmt: skip
            planning.finish_plan(ledger, Read(room(), undoing.sync), digest, [])  # type: ignore[arg-type]
        undoing.refresh_from_db()

    def carry_out(self, run: Run, *, refuse: int = 0, leave: int = 0) -> Run:
        """What a worker leaves behind of a plan that was sent; Q refuses the last so many."""
        with held(resource(run.sync.course)) as fence:
            ledger = Ledger.take(run, fence)
            outcomes = Outcomes(ledger, run.sync.course)
            changes = list(Change.objects.filter(run=run, state="planned").order_by("pk"))
            going = [
                Going(
                    one,
                    Operation.objects.get(
                        dedupe_key=stored.operation_key(run, stored.line_of(one))
                    ),
                    stored.line_of(one),
                )
                for one in changes
            ]
            scores = [one for one in going if one.change.kind == "result"]
            refused = scores[len(scores) - refuse :] if refuse else []
            left = scores[:leave]
            with ledger.guarded():
                for one in refused:
                    outcomes.refuse(one, "400: this student left the class on 19 November")
                outcomes.leave(left, "Time ran out.")
                away = {id(one) for one in (*refused, *left)}
                outcomes.confirm([one for one in going if id(one) not in away])
            Run.objects.filter(pk=run.pk).update(plan_only=False)
            ledger.end(Run.State.DONE, sent=stored.sent_of(run), cursor="verified")
            sync.close_ended(run.sync.course)
        run.refresh_from_db()
        return run

    def visit(
        self, person: dict[str, Any] | None = None, *, minutes_ago: float = 5, **changes: Any
    ) -> Visit:
        """Somebody who has launched; by default Rosa, who teaches both sections."""
        asked = person or people.rosa(section_sis_ids="c1,c2")
        told = {
            "iss": self.deployment.platform.issuer,
            "azp": self.deployment.platform.client_id,
            claims.DEPLOYMENT_ID: self.deployment.deployment_id,
            "sub": "u42",
            "name": "Rosa Rivera",
        } | asked  # fmt: skip
        launch = claims.read(told | changes)
        key = new_word()
        session = LaunchSession.objects.create(
            key_hash=digest(key), deployment=self.deployment, subject=launch.subject,
            launch=launch.as_json(), csrf_secret="c" * 32,
            created_at=timezone.now() - timedelta(minutes=minutes_ago),
        )  # fmt: skip
        client = Client()
        place = sessions.place_of(session)
        client.cookies[cookies.session_name(place)] = key
        return Visit(client, place)


def _as_sent(written: list[Any]) -> QNow:
    """Q as the run left it."""
    items, results = {}, {}
    for one in written:
        if one.kind == "line_item":
            fields = one.canvas
            items[one.sourced_id] = LineItem(one.sourced_id, one.item.class_id, fields,
                                             raw=wire.decoded(one.body))  # fmt: skip
        elif one.verb == "PUT":
            made = Result(one.sourced_id, one.line_item_id, one.student_sourced_id, one.canvas,
                          raw=wire.decoded(one.body))  # fmt: skip
            results.setdefault(one.line_item_id, []).append(made)
    return QNow(items, results)


@dataclass
class Visit:
    """One person's browser without scripts, in the course."""

    client: Client
    place: str

    def get(self, path: str = "", part: bool = False, tag: str = "", **query: Any) -> Any:
        """`part`: as htmx asks; `tag`: the entity tag of what it has."""
        asked = urlencode({"place": self.place, **query})
        headers = {"HX-Request": "true"} if part else {}
        headers |= {"If-None-Match": tag} if tag else {}
        return self.client.get(f"/courses/{COURSE_ID}/{path}?{asked}", headers=headers)

    def page(self, path: str = "", **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code, answer.content.decode()[:600])
        html = str(answer.content.decode())
        if "html" in answer["Content-Type"]:
            assert_sound(html)
        return html

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(
            f"/courses/{COURSE_ID}/{path}?{urlencode({'place': self.place})}", fields
        )

    def follow(self, answer: Any) -> str:
        """Where an answer leads, and what is there."""
        assert answer.status_code == 303, answer.content.decode()[:300]
        there = self.client.get(answer["Location"])
        assert there.status_code == 200, (answer["Location"], there.status_code)
        return str(there.content.decode())


def assert_sound(html: str) -> None:
    """One first line, ids once, a language, no row of its own script or style."""
    assert len(re.findall(r"<h1[ >]", html)) == 1
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    assert re.search(r"<html lang=.[a-z]", html)
    assert _Marked(html).own == []
    title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
    assert title and not title[1].strip().startswith("·")


class _Marked(HTMLParser):
    """Whatever of a page would be a script or a style of its own line."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.own: list[object] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, said in attrs:
            if name == "style" or name.startswith("on") or (said or "").startswith("javascript:"):
                self.own.append((tag, name, said))
        if tag == "style":
            self.own.append(tag)


def text(html: str) -> str:
    """What is read, without markup."""
    bare = re.sub(r"<(script|svg)[^>]*>.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)).strip()
