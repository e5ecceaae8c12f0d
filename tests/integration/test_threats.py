"""Rows of the threat table that belong to no one room: S56, S58, S64, S77, S78, S81."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from integration.models import (
    CanvasConnection,
    Change,
    District,
    Finding,
    QConnection,
    Run,
)
from integration.provisioning.run import conditions
from integration.secrets import SecretUnreadable
from tests.canaries import found
from tests.integration.account.visiting import Visit, installed, visit, words

pytestmark = pytest.mark.django_db
SECRETS = {"secret": "planted-secret-2718", "access_token": "planted-token-1618"}


@pytest.fixture
def district() -> District:
    """With both connections, and a plan that removes two enrollments."""
    made = District.objects.create(slug="lakeside", name="Lakeside Unified")
    q = QConnection(district=made, base_url="https://q.example")
    q.secret = SECRETS["secret"]
    q.key = "planted-key-3141"
    q.save()
    canvas = CanvasConnection(district=made, base_url="https://canvas.example")
    canvas.access_token = SECRETS["access_token"]
    canvas.save()
    run = Run.objects.create(
        district=made,
        kind=Run.Kind.PROVISIONING,
        state=Run.State.HELD,
        plan_digest="d" * 64,
        policy_digest=conditions(made),
        counts={"enrollments": {"removed": 2}},
        holds=[{"code": "too-many-removed", "kind": "enrollments", "count": 2, "share": 0.5,
                "limit": 1, "school": "S1"}],
    )  # fmt: skip
    row = '["U1","u1","Sam","Reed","","deleted"]'
    Change.objects.create(run=run, kind="users", key="U1", action="removed", after=row, digest=b"x")
    Finding.objects.create(run=run, kind="users", code="x", reason="y", remedy="z")
    return made


@pytest.fixture
def admin(district) -> Visit:
    return visit(installed(district))


# --- S56 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "0", "1", "22", "two"])
def test_s56_removals_go_only_for_whoever_types_how_many_they_are(admin, number):
    run = Run.objects.get()
    told = {"digest": run.plan_digest, "scope": "all", "number": number}
    refused = admin.post(f"runs/{run.pk}/decide/", **told)
    assert refused.status_code == 400
    assert "To let all removals go, type how many they are: 2." in words(refused)
    run.refresh_from_db()
    assert run.state == Run.State.HELD


def test_s56_no_foreign_page_may_frame_the_one_with_the_button(admin):
    page = admin.get(f"runs/{Run.objects.get().pk}/")
    ancestors = page["Content-Security-Policy"].partition("frame-ancestors ")[2].partition(";")[0]
    assert ancestors.split() == ["https://lakeside.instructure.com"]


# --- S58 ----------------------------------------------------------------------------------------

INJECTED = (
    "' OR '1'='1",
    "'; DROP TABLE integration_run; --",
    "1); SELECT pg_sleep(9) --",
    '" UNION SELECT secret_hash FROM integration_apitoken --',
    "kind__in",
    "run__district__q_connection__sealed_secret__startswith",
    "%00",
    "\\",
)
FILTERED = (
    ("audit/", ("by", "action", "page")),
    ("runs/", ("kind", "state", "page", "q", "text")),
    ("runs/{run}/", ("page", "code")),
    ("runs/{run}/changes/", ("kind", "action", "state", "school", "text", "page")),
    ("runs/{run}/changes.csv", ("kind", "action", "state", "school", "text")),
    ("why/", ("kind", "sourced_id", "text", "q")),
    ("connections/", ("page", "place")),
)


@pytest.mark.parametrize(("path", "names"), FILTERED, ids=[path for path, _ in FILTERED])
def test_s58_no_filter_of_a_page_reaches_a_statement_as_anything_but_a_value(admin, path, names):
    run = Run.objects.get()
    for name in names:
        for text in INJECTED:
            with CaptureQueriesContext(connection) as asked:
                answer = admin.get(path.format(run=run.pk), **{name: text})
                shown = words(answer) if answer.status_code == 200 else ""
            assert answer.status_code < 500, (name, text)
            assert "DROP TABLE" not in " ".join(
                one["sql"]
                for one in asked
                if not one["sql"].lstrip().startswith(("SELECT", "DECLARE"))
            )
            assert found(SECRETS.values(), shown) == []
    assert Run.objects.count() == 1


# --- S64 ----------------------------------------------------------------------------------------


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/evil.csv", "0" * 10_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evaluation.zip", bomb()),
        ("evaluation.xlsm", b"PK\x03\x04 macro"),
        ("rows.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
        ("rows.csv", b"=cmd|' /C calc'!A0"),
    ],
)
def test_s64_no_page_takes_a_file_whatever_it_holds(admin, name, content):
    """There is no upload: a file is refused before any of it is kept."""
    for path in ("/account/runs/start/", "/account/rules/save/", "/lti/launch/", "/lti/login/"):
        file = SimpleUploadedFile(name, content)
        answer = admin.client.post(f"{path}?place={admin.place}", {"what": "run", "file": file})
        assert answer.status_code == 400, path
    assert Run.objects.count() == 1


# --- S77, S78 -----------------------------------------------------------------------------------


def test_s77_a_secret_moved_to_the_neighbours_row_does_not_open(district):
    hillside = District.objects.create(slug="hillside", name="Hillside")
    theirs = QConnection.objects.create(district=hillside, base_url="https://q2.example")
    mine = QConnection.objects.get(district=district)
    QConnection.objects.filter(pk=theirs.pk).update(sealed_secret=mine.sealed_secret)
    with pytest.raises(SecretUnreadable):
        _ = QConnection.objects.get(pk=theirs.pk).secret


def test_s78_while_keys_rotate_every_secret_opens_and_afterwards_the_old_key_opens_none(
    district, settings
):
    old, new = settings.ENCRYPTION_KEYS[0], "n" * 40
    settings.ENCRYPTION_KEYS = [new, old]
    connection_of = QConnection.objects.get
    assert connection_of().secret == SECRETS["secret"]
    # A page saves a new secret between two rows of the rotation.
    row = connection_of()
    row.secret = SECRETS["secret"]
    row.save()
    call_command("rotate_keys", "--encryption", "--json", stdout=io.StringIO())
    assert connection_of().secret == SECRETS["secret"]
    settings.ENCRYPTION_KEYS = [new]
    assert connection_of().secret == SECRETS["secret"]
    assert CanvasConnection.objects.get().access_token == SECRETS["access_token"]
    settings.ENCRYPTION_KEYS = [old]
    for model, name in ((QConnection, "secret"), (CanvasConnection, "access_token")):
        with pytest.raises(SecretUnreadable):
            getattr(model.objects.get(), name)


# --- S81 ----------------------------------------------------------------------------------------


def account_pages(patterns: Any = None, before: str = "") -> list[str]:
    """Every address below /account/ that needs nothing but a run's number."""
    pages: list[str] = []
    for one in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            pages += account_pages(one.url_patterns, path)
        elif isinstance(one, URLPattern) and path.startswith("account/"):
            pages.append(path.removeprefix("account/"))
    return pages


def test_s81_no_page_gives_a_secret_back(admin):
    run, asked = Run.objects.get(), 0
    secrets = [*SECRETS.values(), "planted-key-3141"]
    for pattern in account_pages():
        path = pattern.replace("<int:run_id>", str(run.pk))
        if "<" in path or "(" in path:
            continue
        answer = admin.get(path)
        assert answer.status_code < 500, path
        assert found(secrets, words(answer)) == [], path
        content = b"" if answer.streaming else answer.content
        assert found(secrets, content) == [], path
        asked += answer.status_code == 200
    assert asked > 12
    for path in ("/healthz", "/readyz", "/metrics", "/api/schema/", "/api/"):
        assert found(secrets, Client().get(path).content) == []
