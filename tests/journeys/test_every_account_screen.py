"""Each of the administrator's pages in each state, looked at by axe, narrow and in high contrast.

`./run screenshots` keeps the pictures (SCREENS_TO names the folder).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from gradesync.models import CourseSync, SyncRun
from integration import invitations
from integration.evaluation import store
from integration.evaluation.entries import Entry
from integration.models import (
    AuditEvent,
    CanvasConnection,
    Change,
    ConnectionCheck,
    District,
    Finding,
    ProvisioningPolicy,
    QConnection,
    RosterRow,
    Run,
)
from integration.provisioning import plan_lines
from integration.provisioning.compare import Planned
from integration.provisioning.rows import ACCOUNTS, ENROLLMENTS, USERS, digest
from lti.models import Deployment
from tests.gradesync.screens.algebra import algebra
from tests.gradesync.screens.stage import Stage
from tests.integration.account.test_pages import a_plan, ended
from tests.integration.account.visiting import installed, visit
from tests.journeys.test_every_screen import look, opened, violations
from tests.lti import people

pytestmark = pytest.mark.django_db(transaction=True)
Prepare = Callable[[District], str]


@dataclass
class Screen:
    """`prepare` gives the path below /account/."""

    name: str
    prepare: Prepare
    heading: str
    person: Callable[..., dict[str, Any]] = people.ada


def connected(district: District) -> None:
    QConnection.objects.create(district=district, base_url="https://q.example/ims/oneroster/v1p1")
    CanvasConnection.objects.create(district=district, base_url="https://canvas.example")
    steps = [
        {"name": "Q: sign in", "ok": True, "needed": True, "seconds": 0.14, "message": "9 scopes"},
        {"name": "Q: /users", "ok": True, "needed": True, "seconds": 0.6, "rows": 23_418},
        {"name": "Q: clock", "ok": False, "needed": False, "message": "9 minutes apart",
         "remedy": "Set the clock that is wrong.", "who": "q"},
        {"name": "Canvas: permissions", "ok": False, "needed": True, "seconds": 0.09,
         "message": "missing: import_sis", "remedy": "Give the service account it.",
         "who": "canvas"},
    ]  # fmt: skip
    ConnectionCheck.objects.create(
        district=district, by="Dana Whitfield (u1)", steps=steps, ended_at=timezone.now()
    )


def overview(district: District) -> str:
    connected(district)
    a_plan(district, schools=3, lines=60)
    error = {"message": "Q does not answer.", "remedy": "Ask Q's operator.", "code": "http.timeout"}
    ended(district, state="failed", error=error)
    return ""


def first_visit(district: District) -> str:
    return ""


SCHOOLS = ("Cedar Valley High", "Oak Ridge Middle", "Lincoln Elementary")
NAMES = (("Mateo", "Alvarez"), ("Grace", "Okafor"), ("Priya", "Shah"), ("Liam", "Chen"))
HELD = {"code": "too-many-removed", "kind": "enrollments", "share": 0.154, "limit": 842}


def plan(district: District) -> str:
    """A bad night: one school's classes are gone, and the rest is as every night."""
    run = a_plan(district, schools=0, lines=0)
    rows = [(f"S{number}", "", name, "active") for number, name in enumerate(SCHOOLS)]
    plan_lines.plan(run, ACCOUNTS, [_line(ACCOUNTS, "equal", None, row) for row in rows])
    people = [(f"10048{n}", f"{one[0].lower()}@cedar.example", *one, "", "active")
              for n, one in enumerate(NAMES)]  # fmt: skip
    plan_lines.plan(run, USERS, [
        _line(USERS, "added", None, people[0], "S0"),
        _line(USERS, "changed", (*people[1][:2], "Gracie", *people[1][3:]), people[1], "S2"),
        *(_line(USERS, "added", None, row, "S0") for row in people[2:]),
    ])  # fmt: skip
    seats = [(f"SCI7-ORM-{n}", f"{100_480 + n}", "student") for n in range(1, 9)]
    plan_lines.plan(run, ENROLLMENTS, [
        _line(ENROLLMENTS, "removed", (*seat, "active", "", ""), (*seat, "inactive", "", ""), "S1")
        for seat in seats
    ])  # fmt: skip
    run.counts = {
        "courses": {"added": 3, "changed": 12, "same": 1_272},
        "sections": {"added": 3, "changed": 8, "removed": 212, "same": 4_692},
        "users": {"added": 24, "changed": 61, "kept": 9, "same": 1_148},
        "enrollments": {"added": 318, "changed": 40, "removed": 1_314, "same": 7_066},
    }
    run.holds = [HELD | {"count": 1_298, "school": "S1"}, HELD | {"count": 1_314}]
    run.plan_digest = hashlib.sha256(b"a night").hexdigest()
    run.save()
    for kind, accepted in (("sections", 4_912), ("enrollments", 8_420)):
        RosterRow.objects.bulk_create(
            RosterRow(district=district, kind=kind, key=f"{n}", row="[]", digest=b"")
            for n in range(accepted)
        )
    return f"runs/{run.pk}/"


def _line(kind: Any, action: str, before: Any, after: Any, school: str = "") -> Planned:
    reason = "not in Q" if action == "removed" else ""
    return Planned(kind.key(after), action, before, after, digest(after), school, reason)


def score(district: District) -> str:
    """One score that was changed in Q, asked for by an administrator."""
    stage = Stage(district, Deployment())
    stage.plan(algebra())
    line = Change.objects.filter(run__district=district, reason="score.changed-in-q")[0]
    return f"grades/why/?course=5&item={line.item}&student={line.person}"


def result(district: District) -> str:
    run = ended(
        district,
        counts={"users": {"added": 24, "changed": 61, "same": 23_348, "refused": 1}},
        sent={"imports": [{"id": "88412", "rows": 85, "state": "imported_with_messages"}]},
    )
    Finding.objects.create(
        run=run, kind="users", code="canvas.refused", sourced_id="100482", more=3,
        reason="The login is taken by another user.", remedy="Give one of the two another login.",
    )  # fmt: skip
    return f"runs/{run.pk}/"


def going(district: District) -> str:
    run = Run.objects.create(
        district=district, kind="provisioning", state="running", actor="schedule",
        stage="reading enrollments", progress={"done": 40_000, "total": 148_230},
    )  # fmt: skip
    return f"runs/{run.pk}/"


def evaluation(district: District) -> str:
    run = ended(
        district,
        kind="evaluation",
        counts={"users": {"q": 23_409, "canvas": 23_433, "same": 22_910, "matched": 492}},
    )
    store.write(run, [Entry("users", "matched", "100482", "T-100482", "Jordan Ames")])
    for weight, reason in (("fix", "492 users have another ID."), ("know", "39 are not in Q.")):
        Finding.objects.create(
            run=run, kind="users", code=f"evaluation.{weight}.x", reason=reason, remedy="See them."
        )
    return "evaluation/"


def rules(district: District) -> str:
    window = {"from": "2027-08-01", "until": "2027-08-20", "reason": "New school year"}
    ProvisioningPolicy.objects.filter(district=district).update(
        rollovers=[window], blackouts=[window], is_automatic=True
    )
    district.recipients.create(address="sis-team@cedarvalley.example")
    return "rules/"


def grades(district: District) -> str:
    choices = {"where": "account", "chosen": {"missing": "zero"}, "locked": ["missing"]}
    district.sync_defaults.create(**choices)  # type: ignore[attr-defined]
    district.sync_defaults.create(where="term", place="7")  # type: ignore[attr-defined]
    return "grades/"


def failing_courses(district: District) -> str:
    for number, state in enumerate(("failed", "held", "done")):
        course = CourseSync.objects.create(
            district=district, canvas_id=f"{number}", name=f"Biology {number}", mode="nightly"
        )
        run = ended(district, kind="grades", state=state, error={"message": "Q does not answer."})
        SyncRun.objects.create(run=run, course=course, is_open=None)
    return "grades/courses/"


def connections(district: District) -> str:
    connected(district)
    invitations.invite_credentials(by="Dana Whitfield (u1)", district=district)
    return "connections/"


def audit(district: District) -> str:
    AuditEvent.objects.create(
        district=district.slug, actor="Dana Whitfield (u1)", action="policy.changed",
        before={"removed_share": 0.1}, after={"removed_share": 0.03}, reason="Too loose",
    )  # fmt: skip
    return "audit/"


def at(path: str) -> Prepare:
    return lambda _: path


SCREENS = [
    Screen("admin-overview", overview, "Lakeside Unified"),
    Screen("admin-first-visit", first_visit, "Lakeside Unified"),
    Screen("admin-of-a-school", overview, "Lakeside Unified", people.ben),
    Screen("admin-runs", lambda d: plan(d) and "runs/", "Provisioning"),
    Screen("admin-no-runs", at("runs/"), "Provisioning"),
    Screen("admin-plan", plan, "348 creates, 121 updates, 1,526 removals"),
    Screen("admin-changes", lambda d: f"{plan(d)}changes/", "Changes"),
    Screen("admin-result", result, ""),
    Screen("admin-going", going, "Provisioning is running"),
    Screen("admin-connections", connections, "Connections"),
    Screen("admin-connect-q", at("connections/q/"), "Connect Q"),
    Screen("admin-connect-canvas", at("connections/canvas/"), "Connect Canvas"),
    Screen("admin-sign-in", at("connections/canvas/sign-in/"), "Sign in to Canvas"),
    Screen("admin-tokens", at("tokens/"), "Tokens of the API"),
    Screen("admin-rules", rules, "Rules and schedule"),
    Screen("admin-courses", failing_courses, "Courses that need a look"),
    Screen("admin-schools", at("rules/schools/"), "Which schools come over"),
    Screen("admin-grades", grades, "Grade passback"),
    Screen("admin-grades-of-all", at("grades/account/"), "For the whole account"),
    Screen("admin-evaluation", evaluation, "Evaluation before converting"),
    Screen("admin-not-evaluated", at("evaluation/"), "Evaluation before converting"),
    Screen("admin-why", at("why/?q=nobody"), "Why is it there, or not?"),
    Screen("admin-why-score", score, "Why is a score in Q, or not?"),
    Screen("admin-supported", at("supported/"), "What is supported"),
    Screen("admin-audit", audit, "Audit log"),
    Screen("admin-help", at("help/"), "Help"),
]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("admin-plan", "admin-grades", "admin-connections"), id="some"),
        pytest.param(tuple(one.name for one in SCREENS), id="all", marks=pytest.mark.prove),
    ],
)
def test_every_screen_in_every_state(
    live_server: Any, settings: Any, chromium: Any, names: tuple[str, ...]
):
    settings.BASE_URL = live_server.url
    problems: list[Any] = []
    for number, screen in enumerate(one for one in SCREENS if one.name in names):
        district = District.objects.create(slug=f"lakeside-{number}", name="Lakeside Unified")
        ProvisioningPolicy.objects.create(district=district)
        deployment = installed(district)
        path = screen.prepare(district)
        for contrast in ("false", "true"):
            admin = visit(deployment, screen.person(prefers_high_contrast=contrast))
            joint = "&" if "?" in path else "?"
            url = f"{live_server.url}/account/{path}{joint}place={admin.place}"
            with opened(chromium, admin) as page:  # type: ignore[arg-type]
                page.goto(url)
                screen.heading = screen.heading or page.locator("h1").inner_text()
                if contrast == "false":
                    problems += look(page, screen)  # type: ignore[arg-type]
                else:
                    found = violations(page.main_frame)
                    problems += [(screen.name, "high contrast", one) for one in found]
    assert problems == [], "\n".join(map(str, problems))
