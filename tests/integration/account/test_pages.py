"""The overview at a glance; and however much there is, a page asks the database as often."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integration import tokens
from integration.models import (
    AuditEvent,
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
from integration.provisioning.compare import Planned, unsure
from integration.provisioning.rows import ACCOUNTS, ENROLLMENTS, USERS, as_text, digest
from integration.provisioning.run import conditions
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.lti import people

pytestmark = pytest.mark.django_db


def ended(district: District, **fields: Any) -> Run:
    at = timezone.now()
    common = {"kind": "provisioning", "state": "done", "actor": "schedule", "started_at": at}
    return Run.objects.create(district=district, ended_at=at, **common | fields)


def test_the_overview_tells_in_its_first_lines_whether_all_is_well(admin, district):
    assert "Not begun" in admin.page("")
    run = ended(district, counts={"users": {"added": 24, "removed": 4, "same": 100}})
    page = admin.page("")
    assert "Healthy" in page
    Run.objects.filter(pk=run.pk).update(ended_at=timezone.now() - timedelta(days=3))
    assert "Nothing was carried out for more than two days" in admin.page("")
    ended(district, state="failed", error={"message": "Q does not answer.", "remedy": "Wait."})
    page = admin.page("")
    assert "Needs you" in page
    assert "The last run failed Q does not answer." in page
    held = ended(district, state="held", plan_digest="d", read_at=timezone.now())
    assert "A plan waits for your word" in admin.page("")
    later = ended(district, read_at=timezone.now(), counts={"users": {"same": 1}})
    assert later.pk > held.pk
    assert "A plan waits for your word" not in admin.page("")


def test_what_the_last_test_of_the_connections_found_is_told(admin, district):
    QConnection.objects.create(district=district, base_url="https://q.example/ims")
    assert "Connected, not tested" in admin.page("")
    step = {"name": "Q: sign in", "ok": False, "needed": True, "seconds": 0.25}
    ConnectionCheck.objects.create(
        district=district, by="Ada", ended_at=timezone.now(), steps=[step]
    )
    page = admin.page("")
    assert "The last test of Q found something." in page
    assert "250 ms" in page


def a_plan(district: District, schools: int, lines: int) -> Run:
    run = ended(district, state="held", plan_digest="d" * 64, read_at=timezone.now())
    rows = [(f"S{number}", "", f"School {number}", "active") for number in range(schools)]
    RosterRow.objects.bulk_create(
        RosterRow(
            district=district, kind=ACCOUNTS.name, key=row[0], digest=digest(row), row=as_text(row)
        )
        for row in rows
    )
    gone = [(f"K{number}", f"P{number}", "student", "inactive", "", "") for number in range(lines)]
    plan_lines.plan(
        run,
        ENROLLMENTS,
        (
            Planned(
                *(ENROLLMENTS.key(row), "removed", (*row[:3], "active", "", ""), row),
                *(digest(row), f"S{number % schools}", "not in Q"),
            )
            for number, row in enumerate(gone)
        ),
    )
    run.counts = {"enrollments": {"removed": lines}}
    run.policy_digest = conditions(district)
    run.holds = [
        {
            "code": "too-many-removed",
            "kind": "enrollments",
            "count": lines,
            "share": 0.5,
            "limit": 5,
        }
    ]
    run.save()
    return run


PAGES = ("", "runs/", "runs/{run}/", "runs/{run}/changes/", "audit/", "evaluation/", "rules/")


def test_the_number_of_queries_is_the_same_with_200_schools_and_400_runs(admin, district):
    ended(district)
    District.objects.update(provisioned_at=timezone.now() - timedelta(days=90))
    ProvisioningPolicy.objects.update(is_automatic=True)
    few = a_plan(district, schools=2, lines=4)
    before = {path: queries(admin, path.format(run=few.pk)) for path in PAGES}
    now = timezone.now()
    Run.objects.bulk_create(
        Run(
            district=district, kind="provisioning", state="done", actor="schedule",
            ended_at=now - timedelta(hours=number), counts={"users": {"added": 1}},
        )
        for number in range(400)
    )  # fmt: skip
    AuditEvent.objects.bulk_create(
        AuditEvent(district=district.slug, actor=f"{n}", action="plan.approved") for n in range(400)
    )
    RosterRow.objects.all().delete()
    many = a_plan(district, schools=200, lines=400)
    Finding.objects.bulk_create(
        Finding(run=many, kind="users", code=f"c{n % 9}", reason="r", remedy="r", sourced_id=f"{n}")
        for n in range(400)
    )
    after = {path: queries(admin, path.format(run=many.pk)) for path in PAGES}
    assert after == before
    assert max(after.values()) <= 25


def queries(admin: Visit, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        admin.page(path)
    return len(asked)


def test_a_list_that_is_long_comes_in_pages_and_as_a_whole_file(admin, district):
    run = a_plan(district, schools=2, lines=120)
    first = admin.page(f"runs/{run.pk}/changes/")
    assert "1 to 50 of 120" in first
    assert "101 to 120 of 120" in admin.page(f"runs/{run.pk}/changes/", page=3)
    assert "61 to" not in admin.page(f"runs/{run.pk}/changes/", page="99999999999999")
    only = admin.page(f"runs/{run.pk}/changes/", school="S1", text="P1")
    assert "School 1" in only
    assert "School 0" not in only
    lines = admin.page(f"runs/{run.pk}/changes.csv")
    assert lines.count("\r\n") == 121
    assert "No change is like this" in admin.page(f"runs/{run.pk}/changes/", text="100%_\\\"'")
    for odd in ({"kind": "x"}, {"action": "drop"}, {"state": "?"}, {"page": "-1"}):
        assert "of 120" in admin.page(f"runs/{run.pk}/changes/", **odd)


def test_of_a_row_in_doubt_no_status_is_told_that_canvas_may_not_have(admin, district):
    run = ended(district, state="held", plan_digest="d" * 64)
    row = ("P1", "login", "Sam", "Lee", "", "active")
    there = as_text(unsure(USERS, (*row[:-1], "suspended")))
    named = {"kind": "users", "key": "P1", "after": as_text(row), "digest": digest(row)}
    Change.objects.create(run=run, action="changed", before=there, **named)
    line = admin.page(f"runs/{run.pk}/changes.csv").splitlines()[1]
    assert ",status,?,active," in line


def test_what_people_are_called_is_text_on_every_page(admin, district):
    run = ended(district, state="held", plan_digest="d" * 64)
    name = "<img src=x onerror=alert(1)>"
    row = ("P1", "login", name, "{{ 7*7 }}", "", "active")
    Change.objects.create(
        run=run, kind="users", key="P1", action="added", after=as_text(row), digest=digest(row)
    )
    page = admin.get(f"runs/{run.pk}/changes/").content.decode()
    assert name not in page
    assert "{{ 7*7 }}" in page


def test_another_districts_runs_are_not_there(admin, district):
    other = District.objects.create(slug="hillside", name="Hillside")
    theirs = a_plan(other, schools=1, lines=1)
    for path in ("runs/{}/", "runs/{}/changes/", "runs/{}/changes.csv",
                 "evaluation/{}/change_sis_id.csv"):  # fmt: skip
        assert admin.get(path.format(theirs.pk)).status_code == 404
    for path in ("runs/{}/decide/", "runs/{}/undo/"):
        assert admin.post(path.format(theirs.pk), scope="all").status_code == 404
    assert "Hillside" not in admin.page("")


def test_what_is_supported_tells_this_districts_own_facts(admin, district):
    assert "Not tried yet" in admin.page("supported/")
    QConnection.objects.create(
        district=district,
        base_url="https://q.example/ims",
        profile={"takes_exempt_without_score": False, "title_limit": 40},
    )
    ProvisioningPolicy.objects.update(guardians=True, removed_share=0.03)
    page = admin.page("supported/")
    assert "This Q demands a number with it" in page
    assert "Titles in Q: 40 characters" in page
    assert "Guardians as observers Yes" in page
    assert "Removals in one run: 3% of a school" in page
    school = visit(district.installations.get().deployment, people.ben())
    assert "40 characters" not in school.page("supported/")


def test_a_token_is_made_shown_once_and_taken_back(admin, district):
    assert "No program has one." in admin.page("tokens/")
    fields = {"name": "Nightly report", "rights": ["read", "run"], "days": 30}
    made = words(admin.post("tokens/make/", **fields))
    secret = re.search(r"qsync_\S+", made)[0]  # type: ignore[index]
    token = tokens.recognised(secret)
    assert (token.district, token.rights) == (district, ["read", "run"])
    page = admin.page("tokens/")
    assert secret not in page
    assert "Nightly report" in page
    for wrong in ({"name": ""}, {"rights": []}, {"rights": ["all"]}, {"days": 0}, {"days": 999}):
        assert admin.post("tokens/make/", **fields | wrong).status_code == 400, wrong
    other = District.objects.create(slug="hillside", name="Hillside")
    stranger = visit(installed(other))
    assert stranger.post(f"tokens/{token.pk}/revoke/").status_code == 404
    assert admin.post(f"tokens/{token.pk}/revoke/").status_code == 303
    with pytest.raises(tokens.TokenRevoked):
        tokens.recognised(secret)
    assert secret not in str(list(AuditEvent.objects.values()))


def test_a_search_is_leafed_through_without_counting_all_of_it(admin, district):
    path = f"runs/{a_plan(district, schools=2, lines=130).pk}/changes/"
    assert "1 to 50 of 130" in admin.page(path)
    assert "1 to 50, and more" in admin.page(path, text="student")
    last = admin.page(path, text="student", page="3")
    assert "101 to 130 of 130" in last
    assert "Further" not in last
    assert "No change is like this" in admin.page(path, text="student", page="4")


@pytest.mark.parametrize("path", ["", "supported/", "rules/"])
def test_every_page_of_the_district_has_the_same_tabs(admin, path):
    shown = admin.get(path).content.decode()
    tabs = shown[shown.index("<nav") : shown.index("</nav>")]
    for tab in ("Provisioning", "Grades", "Evaluation", "What is supported", "Audit log", "Help"):
        assert f">{tab}</a>" in tabs
