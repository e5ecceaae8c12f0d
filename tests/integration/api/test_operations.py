"""What operations take and give: strict requests, pages, refusals in one shape."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from integration.models import ApiToken, Change, District, Finding, Run
from tests.integration.api.conftest import token_of


def runs(district: District, number: int, **fields: object) -> list[Run]:
    some = [Run(district=district, kind="provisioning", **fields) for _ in range(number)]
    return Run.objects.bulk_create(some)


def test_pages_hold_each_thing_once_whatever_is_added_meanwhile(lakeside, ask):
    made = [run.pk for run in runs(lakeside, 5)]
    first = ask("runs/", page_size=2).json()
    runs(lakeside, 1)
    second = ask(first["next"]).json()
    third = ask(second["next"]).json()
    seen = [run["id"] for one in (first, second, third) for run in one["results"]]
    assert seen == made[::-1]
    assert third["next"] is None


def test_the_next_page_keeps_the_filters(lakeside, ask):
    runs(lakeside, 3, state=Run.State.HELD)
    runs(lakeside, 3, state=Run.State.DONE)
    first = ask("runs/", state="held", page_size=2).json()
    assert [run["state"] for run in ask(first["next"]).json()["results"]] == ["held"]


def test_a_page_costs_the_same_queries_however_long_it_is(lakeside, ask):
    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert ask(path, page_size=500).status_code == 200
        return len(captured)

    (run,) = runs(lakeside, 1)
    lines(run, 1)
    paths = ["runs/", f"runs/{run.pk}/findings/", f"runs/{run.pk}/changes/", "", "plans/"]
    ask()
    few = [queries(path) for path in paths]
    runs(lakeside, 30, state=Run.State.HELD, plan_digest="d")
    lines(run, 300)
    assert [queries(path) for path in paths] == few
    assert max(few) < 25


def lines(run: Run, number: int) -> None:
    start = run.changes.count()
    Change.objects.bulk_create(
        Change(
            run=run,
            kind="enrollments",
            key=f"K1\x1fU{at}\x1fstudent",
            group="S1",
            action="added",
            after=json.dumps(["K1", f"U{at}", "student", "active", "", ""]),
            digest=b"x",
        )
        for at in range(start, start + number)
    )
    Finding.objects.bulk_create(
        Finding(run=run, kind="users", sourced_id=f"U{at}", code="x", reason="y", remedy="z")
        for at in range(number)
    )


def test_a_line_of_a_plan_names_its_columns_and_its_ids(lakeside, ask):
    (run,) = runs(lakeside, 1)
    lines(run, 2)
    line = ask(f"runs/{run.pk}/changes/", kind="enrollments", school="S1").json()["results"][1]
    assert line["key"] == ["K1", "U1", "student"]
    assert line["before"] is None
    assert line["after"]["user_id"] == "U1"
    assert ask(f"runs/{run.pk}/changes/", school="S2").json()["results"] == []


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("runs/", {"page_size": 0}, "page_size"),
        ("runs/", {"page_size": 501}, "page_size"),
        ("runs/", {"cursor": "x"}, "cursor"),
        ("runs/", {"cursor": 2**63}, "cursor"),
        ("runs/", {"state": "sleeping"}, "state"),
        ("runs/", {"stat": "held"}, "stat"),
        ("explain/", {"kind": "user"}, "sourced_id"),
        ("history/", {"actor": "a\0b"}, "actor"),
    ],
)
def test_a_query_that_is_wrong_names_its_field(path, query, field, ask):
    answer = ask(path, **query)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "plan_only"),
        ({"plan_only": "perhaps"}, "plan_only"),
        ({"plan_only": True, "plan_onyl": True}, "plan_onyl"),
        ({"plan_only": True, "state": "done", "fence": 9}, "state"),
        ([], "non_field_errors"),
        ([1, 2], "non_field_errors"),
        ("yes", "non_field_errors"),
    ],
)
def test_s44_a_body_that_is_wrong_begins_nothing_and_names_its_field(body, field, ask):
    answer = ask("runs/", json.dumps(body))
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("raw", "sort", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"NaN", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b"[" + b"1," * 40_000 + b"1]", "application/json", 413),
        (b"plan_only=true", "application/x-www-form-urlencoded", 415),
        (b"<x/>", "text/xml", 415),
        (b'{"plan_only": 1e999999}', "application/json; charset=zlib", 400),
    ],
)
def test_a_body_that_is_no_json_is_refused_in_the_documented_shape(raw, sort, status, lakeside):
    answer = Client().generic(
        "POST",
        "/api/v1/districts/lakeside/runs/",
        raw,
        content_type=sort,
        headers={"Authorization": f"Bearer {token_of(lakeside)}"},
    )
    assert answer.status_code == status
    assert answer.json().keys() == {"code", "message", "remedy", "fields"}


def test_what_an_address_does_not_do_is_refused(lakeside, ask):
    headers = {"Authorization": f"Bearer {token_of(lakeside)}"}
    for method in ("put", "patch", "delete", "options", "trace"):
        answer = getattr(Client(), method)("/api/v1/districts/lakeside/runs/", headers=headers)
        assert answer.status_code == 405, method
        assert "POST" in answer["Allow"]
    assert ask("evaluation/").status_code == 404


@pytest.mark.parametrize("path", ["runs/", "evaluation/", "drift/", "verifications/"])
def test_what_is_under_way_is_joined(path, ask, django_capture_on_commit_callbacks):
    body = {"plan_only": False} if path == "runs/" else {}
    with django_capture_on_commit_callbacks(execute=True):
        first, second = ask(path, body), ask(path, body)
    assert first.status_code == second.status_code == 202
    assert first.json()["id"] == second.json()["id"]
    assert first["Location"] == first.json()["url"]
    told = ask(first["Location"].removeprefix("http://localhost:8000"))
    assert told.json() == first.json()
    assert "nightly script (API)" in (told.json().get("actor"), told.json().get("by"))
    assert OrmQ.objects.count() == 1


def test_a_paused_or_unconnected_district_begins_nothing_and_says_why(lakeside, ask):
    District.objects.update(state="paused", pause_reason="holidays")
    answer = ask("runs/", {"plan_only": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "district.paused")
    District.objects.update(state="active")
    lakeside.q_connection.delete()
    answer = ask("evaluation/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "provisioning.not-connected")
    assert not Run.objects.exists()


def test_an_error_of_our_own_tells_nothing_of_itself(ask, monkeypatch, caplog):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("s3" + "cret")

    monkeypatch.setattr("integration.account.overview.of_district", broken)
    answer = ask()
    assert (answer.status_code, answer.json()["code"]) == (500, "api.unexpected")
    assert "s3cret" not in answer.content.decode() + caplog.text


def test_scores_are_seen_only_with_their_right(lakeside, ask):
    (run,) = Run.objects.bulk_create([Run(district=lakeside, kind="grades", state=Run.State.HELD)])
    blind = token_of(lakeside, *set(ApiToken.Right.values) - {"grades"})
    for path in ("", "findings/", "changes/"):
        assert ask(f"runs/{run.pk}/{path}", secret=blind).status_code == 404
    assert ask("runs/", secret=blind).json()["results"] == []
    assert ask(secret=blind).json()["waiting"] == []
    assert ask(f"runs/{run.pk}/").status_code == 200
    # Not even then where anonymous work would have a name.
    assert ask(f"runs/{run.pk}/changes/").status_code == 404


def test_the_page_for_people_tells_of_every_operation_without_scripts(client, db):
    page = client.get("/api/").content.decode()
    document = client.get("/api/schema/").json()
    for path, methods in document["paths"].items():
        assert path in page
        for one in methods.values():
            assert f'id="{one["operationId"]}"' in page
    assert "<script" not in page
    assert "Bearer" in document["info"]["description"]
