"""`check_install` finds what is wrong with a server, also what only shows itself from outside."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.request import urlopen

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from integration.installation.checks import State, findings
from integration.models import CanvasConnection, District, Heartbeat, QConnection
from lti import tool_keys
from tests.integration.servers import FaultServer, answer

PASSED = {"Set-Cookie", "Content-Security-Policy", "Content-Type"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served(live_server, settings):
    """This very server, reached by its public address."""
    settings.BASE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["*"]


def found(name: str):
    return next(one for one in findings() if one.name == name)


def test_a_server_that_answers_itself_passes_what_is_seen_from_outside(served, settings):
    settings.DEBUG = True
    address = found("Public address")
    assert (address.state, address.remedy) == (
        State.CHECK,
        "Good for development; Canvas needs https.",
    )
    for name in ("Signing key", "Frame and cookies"):
        assert found(name).state == State.OK


def test_where_no_canvas_may_register_frames_are_looked_at_all_the_same(served, settings):
    settings.REGISTRATION_HOSTS = []
    assert found("Frame and cookies").state == State.OK


def test_plain_http_from_an_unknown_proxy_is_to_be_done_outside_development(served, settings):
    settings.DEBUG = False
    address = found("Public address")
    assert address.state == State.TODO
    assert "TRUSTED_PROXIES" in address.remedy


def test_a_public_address_that_is_somebody_elses_is_told(settings):
    with FaultServer(lambda request: answer(200, b"{}")) as other:
        settings.BASE_URL = other.url
        assert "answered by something else" in found("Public address").text
        assert found("Signing key").state == State.TODO
        assert found("Frame and cookies").state == State.TODO


def test_a_name_that_this_server_does_not_go_by_is_told(served, settings):
    settings.ALLOWED_HOSTS = ["elsewhere.example"]
    address = found("Public address")
    assert address.state == State.TODO
    assert "ALLOWED_HOSTS" in address.remedy


def test_a_public_address_that_does_not_answer_is_told(settings):
    settings.BASE_URL = "http://127.0.0.1:9"
    address = found("Public address")
    assert address.state == State.TODO
    assert "BASE_URL" in address.remedy


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"Set-Cookie": None}, "the cookie"),
        ({"Set-Cookie": "__Host-qsync-probe=seen; Secure"}, "“Partitioned” of the cookie"),
        ({"Content-Security-Policy": None}, "frame-ancestors"),
        ({"X-Frame-Options": "DENY"}, "X-Frame-Options"),
    ],
)
def test_a_proxy_that_takes_something_away_is_told(live_server, settings, header, told):
    settings.ALLOWED_HOSTS = ["*"]

    def through(request):
        with urlopen(f"{live_server.url}{request.target}") as mine:
            headers = {name: value for name, value in mine.headers.items() if name in PASSED}
            return answer(200, mine.read(), headers | header)

    with FaultServer(through) as proxy:
        settings.BASE_URL = proxy.url
        assert "plain http" in found("Public address").text
        assert found("Signing key").state == State.OK
        frame = found("Frame and cookies")
    assert frame.state == State.TODO
    assert told in frame.text


def test_a_worker_is_missing_fresh_or_silent():
    assert found("Worker").state == State.TODO
    Heartbeat.beat("night-1")
    assert found("Worker").state == State.OK
    Heartbeat.objects.update(swept_at=Now() - timedelta(minutes=10))
    assert (found("Worker").state, found("Worker").text) == (
        State.TODO,
        "night-1, last sweep 10\xa0minutes ago",
    )


@pytest.mark.parametrize(("apart", "state"), [(0, State.OK), (-400, State.TODO), (400, State.TODO)])
def test_the_clock_is_compared_with_canvas(settings, apart, state):
    at = timezone.now() + timedelta(seconds=apart)
    date = {"Date": at.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    with FaultServer(lambda request: answer(200, b"", date)) as canvas:
        settings.ALLOW_PRIVATE_ADDRESSES = [canvas.url.removeprefix("http://").rstrip("/")]
        district = District.objects.create(slug="lakeside", name="Lakeside")
        CanvasConnection.objects.create(district=district, base_url=canvas.url)
        assert found("Clock").state == state


def an_access_token(district: District) -> None:
    canvas = CanvasConnection(district=district, base_url="https://canvas.example")
    canvas.access_token = "planted"
    canvas.save()


def a_consent(district: District) -> None:
    canvas = CanvasConnection(district=district, base_url="https://canvas.example")
    canvas.refresh_token = "planted"
    canvas.save()


def a_key_of_q(district: District) -> None:
    connection = QConnection(district=district, base_url="https://q.example")
    connection.secret = "planted"
    connection.save()


def our_own_key(_: District) -> None:
    tool_keys.signing_key()


@pytest.mark.parametrize("stored", [an_access_token, a_consent, a_key_of_q, our_own_key])
def test_a_stored_secret_that_no_key_opens_is_told(settings, stored):
    stored(District.objects.create(slug="lakeside", name="Lakeside"))
    settings.ENCRYPTION_KEYS = ["another key, of which nobody has ever heard"]
    key = found("Encryption key")
    assert key.state == State.TODO
    assert "ENCRYPTION_KEYS" in key.remedy


def test_mail_is_tried_by_signing_in(settings):
    assert found("Email").state == State.CHECK
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert found("Email").state == State.TODO


def test_the_command_tells_each_check_and_the_worst_of_them_by_its_exit_code(capsys, settings):
    settings.BASE_URL = "http://127.0.0.1:9"
    with pytest.raises(SystemExit) as ended:
        call_command("check_install", "--json")
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 2
    assert len(told["checks"]) == 8
    assert {one["state"] for one in told["checks"]} <= {"OK", "CHECK", "TODO"}
    assert told["setup_url"].startswith("http://127.0.0.1:9/setup/")


def test_a_database_that_does_not_answer_is_one_of_the_findings(settings, monkeypatch):
    settings.BASE_URL = "http://127.0.0.1:9"

    def away(*_: object) -> None:
        raise OperationalError("could not connect to server")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", away)
    connection.close()
    for name, remedy in (
        ("Database", "See DATABASE_URL."),
        ("Worker", "See to the database first."),
        ("Signing key", "See to the database first."),
    ):
        assert (found(name).state, found(name).remedy) == (State.TODO, remedy)
