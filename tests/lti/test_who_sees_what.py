"""Every address × every role × own and neighbouring district (S42, S43).

A new address without a row here fails `test_each_address_has_a_row`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.lti import people
from tests.lti.browser import Browser
from tests.lti.conftest import Launch
from tests.lti.platform import Platform
from tests.lti.test_web import views

pytestmark = pytest.mark.one_database

TEACHES = {"teacher", "TA", "designer", "root admin in the course"}
SCORES = {"teacher"}
ACCOUNT = {"root admin", "sub-account admin"}
# What only takes a form: whoever may send one is told so, everybody else what a GET gets.
FORMS: dict[str, set[str]] = {
    f"courses/<int:course_id>/{path}": SCORES
    for path in (
        *("check/", "assignments/", "assignments/<int:assignment_id>/", "categories/"),
        *("sections/<int:section_id>/",),
        *("periods/<int:period_id>/", "previews/<int:run_id>/choices/"),
        *("previews/<int:run_id>/send/", "runs/<int:run_id>/stop/"),
        *("runs/<int:run_id>/retry/", "runs/<int:run_id>/undo/", "sections/<int:section_id>/"),
    )
}

FORMS |= {
    f"account/{path}": {"root admin"}
    for path in (
        *("attention/", "runs/start/", "runs/plan-again/", "runs/<int:run_id>/decide/"),
        *("runs/<int:run_id>/undo/", "connections/check/", "rules/save/", "rules/schedule/"),
        *("rules/pause/", "rules/windows/add/", "rules/windows/drop/"),
        *("rules/windows/suggest/", "connections/q/invite/", "rules/mail/add/"),
        *("rules/mail/drop/", "tokens/make/", "tokens/<int:token_id>/revoke/"),
        "connections/q/invite/<int:invitation_id>/cancel/",
    )
}

# Who gets what by GET with their own visit; everybody else gets 403 or 404.
ROWS: dict[str, set[str]] = {
    "account/": ACCOUNT,
    # The district is claimed: the page sends back to the overview.
    "account/claim/": {"root admin"},
    "account/runs/": {"root admin"},
    "account/why/": {"root admin"},
    "account/grades/why/": {"root admin"},
    "account/supported/": ACCOUNT,
    "account/tokens/": {"root admin"},
    "account/rules/": {"root admin"},
    "account/evaluation/": {"root admin"},
    "account/rules/schools/": {"root admin"},
    "account/grades/": {"root admin"},
    "account/grades/find/": {"root admin"},
    "account/grades/courses/": {"root admin"},
    "account/grades/account/": {"root admin"},
    # Of no such level: tests/integration/account/test_grade_defaults.py has the others.
    "account/grades/<str:where>/<int:place>/": set(),
    "account/connections/": {"root admin"},
    "account/connections/q/": {"root admin"},
    "account/connections/canvas/": {"root admin"},
    "account/connections/canvas/sign-in/": {"root admin"},
    "account/connections/canvas/consent/": {"root admin"},
    "account/audit/": {"root admin"},
    "account/help/": {"root admin"},
    # Of a run that there is not: tests/integration/account has the others.
    "account/runs/<int:run_id>/": set(),
    "account/evaluation/<int:run_id>/change_sis_id.csv": set(),
    "account/runs/<int:run_id>/changes/": set(),
    "account/runs/<int:run_id>/changes.csv": set(),
    "courses/<int:course_id>/": TEACHES,
    "courses/<int:course_id>/help/": TEACHES,
    "courses/<int:course_id>/history/": TEACHES,
    "courses/<int:course_id>/settings/": TEACHES,
    "courses/<int:course_id>/assignments.csv": SCORES,
    "courses/<int:course_id>/history.csv": SCORES,
    # Of nobody's grade, and of a run that there is not: tests/gradesync/screens has the others.
    "courses/<int:course_id>/history/grade/": set(),
    "courses/<int:course_id>/previews/<int:run_id>/": set(),
    "courses/<int:course_id>/previews/<int:run_id>/rows.csv": set(),
    "courses/<int:course_id>/runs/<int:run_id>/": set(),
    "lti/elsewhere/": {"everybody"},
}
# Served without a visit: they show nothing of a district.
OPEN = {
    "healthz",
    "readyz",
    "invitations/<str:code>/",
    "setup/<str:word>/",
    "setup/probe",
    "account/canvas/authorize/",
    "account/canvas/callback/",
    "lti/login/",
    "lti/launch/",
    "lti/exchange/",
    "lti/arrive/",
    "lti/handover/",
    "lti/jwks.json",
    "lti/config.json",
    "lti/register/",
    "api/",
    "api/schema/",
    r"api/[\s\S]*",
}
# For programs with a token (tests/integration/api/test_neighbours.py).
MACHINES = "api/v1/"
PEOPLE: dict[str, Callable[[], dict[str, Any]]] = {
    "teacher": people.rosa,
    "TA": people.theo,
    "designer": people.dora,
    "student": people.sam,
    "observer": people.olga,
    "root admin": people.ada,
    "sub-account admin": people.ben,
    "root admin in the course": lambda: people.person(
        people.ADMINISTRATOR, is_root_account_admin="true"
    ),
    "admin of another sub-account": lambda: people.ben(account_id="4"),
}


def test_each_address_has_a_row():
    found = {route for route, _ in views() if not route.startswith(MACHINES)}
    assert found == ROWS.keys() | FORMS.keys() | OPEN


def test_what_is_open_and_what_is_launched_say_so_themselves():
    for route, view in views():
        assert (view.audience.kind == "launch") == (route in ROWS | FORMS), route


@pytest.mark.parametrize("name", PEOPLE)
def test_who_sees_what(
    browser: Browser, launch: Launch, canvas: Platform, neighbour: Platform, name: str
):
    place = visit(launch(PEOPLE[name]()).url, browser)
    theirs = Browser(browser.url)
    their_place = visit(launch(PEOPLE[name](), platform=neighbour, using=theirs).url, theirs)
    for route, allowed in (ROWS | FORMS).items():
        path = "/" + re.sub(r"<[^>]+>", "5", route)
        page = browser.follow(browser.get(f"{path}?place={place}"))
        served = 405 if route in FORMS else 200
        expected = {served} if allowed & {name, "everybody"} else {403, 404}
        assert page.status in expected, (route, name, page.status)
        assert "Hillside" not in page.text
        # The neighbour's place with our cookies, and ours with theirs.
        assert browser.get(f"{path}?place={their_place}").status == 401
        assert theirs.get(f"{path}?place={place}").status == 401
        assert Browser(browser.url).get(f"{path}?place={place}").status == 401


def visit(url: str, browser: Browser) -> str:
    """The place of the only visit of this browser."""
    (name,) = (one for one in browser.cookies if re.search(r"-(course|account)-", one))
    return name.removeprefix("__Host-qsync-")


@pytest.mark.parametrize("other", ["6", "55", "5 ", "9999999999999999999", "-5", "5.0"])
def test_s43_another_courses_number_finds_nothing(browser: Browser, launch: Launch, other: str):
    place = visit(launch(people.rosa()).url, browser)
    page = browser.get(f"/courses/{other.replace(' ', '%20')}/?place={place}")
    assert page.status in (404, 401), page.status


@pytest.mark.parametrize(
    "place", ["", "0-course-5", "1", "1-course-5-x", "../1-course-5", "1-course-5\0", "x" * 5000]
)
def test_s43_a_place_that_is_none_finds_nothing(browser: Browser, launch: Launch, place: str):
    from urllib.parse import quote

    launch(people.rosa())
    assert browser.get(f"/courses/5/?place={quote(place)}").status == 401
