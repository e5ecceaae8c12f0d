"""Who may ask: one district's token, for some rights, until a day, as often as is fair."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from integration import tokens
from integration.models import ApiToken, AuditEvent
from tests.integration.api.conftest import ALL, MONTH, token_of

pytestmark = pytest.mark.one_database

SHAPE = {"code", "message", "remedy", "fields"}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer  ", "Bearer nonsense", "Basic YTpi", "Bearer \x7f\xff"]
)
def test_without_a_token_that_is_known_nothing_is_answered(lakeside, header):
    headers = {} if header is None else {"Authorization": header}
    answer = Client().get("/api/v1/districts/", headers=headers)
    assert answer.status_code == 401
    assert answer.json().keys() == SHAPE
    assert answer.json()["code"] == "api.token-unknown"
    assert answer["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_ends_on_its_day(lakeside, ask):
    secret = token_of(lakeside, "read", life=timedelta(days=2))
    assert ask(secret=secret).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=2, seconds=1)):
        answer = ask(secret=secret)
    assert (answer.status_code, answer.json()["code"]) == (401, "api.token-expired")


def test_a_revoked_token_opens_nothing_from_then_on(lakeside, ask):
    secret = token_of(lakeside, "read")
    tokens.revoke(ApiToken.objects.latest("pk"), by="Ada")
    answer = ask(secret=secret)
    assert (answer.status_code, answer.json()["code"]) == (401, "api.token-revoked")


@pytest.mark.parametrize(
    ("right", "path", "body"),
    [
        ("read", "runs/", None),
        ("run", "runs/", {"plan_only": True}),
        ("run", "verifications/", {}),
        ("run", "evaluation/", {}),
        ("run", "drift/", {}),
        ("approve", "plans/1/approvals/", {"digest": "x"}),
        ("approve", "plans/1/declines/", {"digest": "x"}),
        ("approve", "plans/1/discard/", {"digest": "x"}),
    ],
)
def test_an_operation_needs_its_right_and_no_other(right, path, body, lakeside, ask):
    others = token_of(lakeside, *(one for one in ALL if one != right))
    refused = ask(path, body, secret=others)
    assert refused.status_code == 403
    assert refused.json()["code"] == "api.no-right"
    assert right in refused.json()["message"]
    assert ask(path, body, secret=token_of(lakeside, right)).status_code != 403


def test_a_verification_that_writes_needs_the_right_to_send_as_well(lakeside, ask):
    body, secret = {"test_class": "K1"}, token_of(lakeside, "read", "run")
    assert ask("verifications/", body, secret=secret).status_code == 403
    assert ask("verifications/", body).status_code == 202


def test_only_a_hash_of_a_token_is_kept_and_nothing_of_it_is_logged(lakeside, ask, caplog):
    secret = token_of(lakeside)
    with caplog.at_level(logging.DEBUG):
        ask(secret=secret)
        ask(secret=f"{secret}x")
    assert secret not in caplog.text
    kept = [*ApiToken.objects.values(), *AuditEvent.objects.values()]
    assert secret not in json.dumps(kept, default=str)
    assert secret.startswith(ApiToken.objects.latest("pk").hint)


def test_the_last_use_is_kept_to_the_minute(lakeside, ask):
    secret = token_of(lakeside)
    token = ApiToken.objects.latest("pk")
    ask(secret=secret)
    token.refresh_from_db()
    first = token.last_used_at
    ask(secret=secret)
    token.refresh_from_db()
    assert first is not None
    assert token.last_used_at == first


def test_too_many_requests_are_told_how_long_to_wait(lakeside, ask, settings):
    settings.API_READS_PER_MINUTE, settings.API_WRITES_PER_MINUTE = 3, 1
    answers = [ask("runs/") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["code"] == "api.too-many"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 61
    assert ask("verifications/", {}).status_code == 202
    assert ask("verifications/", {}).status_code == 429
    # Somebody else's requests are not counted with these.
    assert ask("runs/", secret=token_of(lakeside)).status_code == 200


def test_s63_a_program_tries_connections_only_so_often_in_a_minute(lakeside, ask, settings):
    settings.CONNECTION_TESTS_PER_MINUTE = 2
    with time_machine.travel(datetime(2026, 11, 27, 9, 30, tzinfo=UTC), tick=False):
        secret = token_of(lakeside)
        answers = [ask("verifications/", {}, secret=secret) for _ in range(3)]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert answers[-1].json()["code"] == "connection.too-many-trials"
    assert answers[-1]["Retry-After"] == "60"


def test_the_command_makes_lists_and_revokes_tokens(lakeside, capsys):
    call_command("api_token", "lakeside", "--make=grades", "--right=grades", "--json")
    made = json.loads(capsys.readouterr().out)
    assert made["rights"] == ["grades"]
    assert tokens.recognised(made["secret"]).district == lakeside
    call_command("api_token", "lakeside", f"--revoke={made['number']}", "--json")
    capsys.readouterr()
    call_command("api_token", "lakeside", "--json")
    (listed,) = json.loads(capsys.readouterr().out)["tokens"]
    assert listed["revoked_at"]
    assert "secret" not in listed
    told = AuditEvent.objects.filter(action__startswith="token.").order_by("pk")
    assert [one.action for one in told] == ["token.made", "token.revoked"]
    with pytest.raises(tokens.TokenRevoked):
        tokens.recognised(made["secret"])


@pytest.mark.parametrize(
    "wish",
    [
        {"name": " "},
        {"name": "x" * 101},
        {"rights": ()},
        {"rights": ("everything",)},
        {"life": timedelta(0)},
        {"life": timedelta(days=401)},
    ],
)
def test_no_token_is_made_without_name_rights_or_end(wish, lakeside):
    good = {"district": lakeside, "name": "script", "rights": ("read",), "life": MONTH, "by": "Ada"}
    with pytest.raises(tokens.TokenNotMade):
        tokens.make(**(good | wish))
    assert not ApiToken.objects.exists()
