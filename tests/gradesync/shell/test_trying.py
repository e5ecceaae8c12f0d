"""`verify` with a class named for it finds out what a Q takes, and leaves nothing behind."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gradesync.profile import Profile
from integration.models import AuditEvent, QConnection
from tests.gradesync.shell.conftest import SLUG
from tests.gradesync.shell.course import CLASS

PLAIN = {
    "may_write": True,
    "allocates_ids": False,
    "keeps_metadata": True,
    "keeps_due_times": True,
    "title_limit": 255,
    "takes_zero_maximum": True,
    "score_decimals": None,
    "takes_comment": True,
    "takes_above_maximum": True,
    "takes_exempt_without_score": True,
    "takes_not_submitted_without_score": True,
    "deletes_results": True,
    "deletes_line_items": True,
}


@pytest.fixture
def profile() -> dict[str, Any]:
    return {}


def found() -> dict[str, Any]:
    return QConnection.objects.get().profile


def test_without_a_class_nothing_is_written(course, manage):
    course.forget()
    assert manage("verify", SLUG)[0] == 0
    assert (course.writes(), found()) == (Counter(), {"may_write": True})


def test_in_a_class_that_was_named_everything_is_tried_and_taken_away(course, manage):
    code, told = manage("verify", SLUG, f"--test-class={CLASS}")
    assert code == 0, told
    assert {name: found().get(name, "?") for name in PLAIN} == PLAIN
    assert Profile.read(found()).title_limit == 255
    assert (course.in_q("lineItems"), course.in_q("results")) == ([], [])
    assert "connection.profile" in AuditEvent.objects.values_list("action", flat=True)
    names = [one["name"] for one in told["steps"]]
    assert "Q grades: titles" in names


def test_another_q_is_found_out(course, manage, q_quirks):
    q_quirks(score_rounded=True, title_limit=30, score_required=True, delete=405, own_ids=True)
    code, told = manage("verify", SLUG, f"--test-class={CLASS}")
    assert code == 0, told
    profile = found()
    differs = {name: profile.get(name) for name in PLAIN if profile.get(name) != PLAIN[name]}
    assert differs == {
        "allocates_ids": True,
        "title_limit": 30,
        "score_decimals": 0,
        "takes_exempt_without_score": False,
        "takes_not_submitted_without_score": False,
        "deletes_results": False,
        "deletes_line_items": False,
    }


def test_a_class_that_q_does_not_know_is_no_place_to_try_in(course, manage):
    code, told = manage("verify", SLUG, "--test-class=nowhere")
    (step,) = [one for one in told["steps"] if one["name"] == "Q grades: try"]
    assert (code, "no class of this id" in step["message"]) == (0, True)


def test_a_key_without_the_right_to_write_stops_the_course_with_what_to_do(course, sync):
    QConnection.objects.update(profile={"may_write": False})
    course.grade(course.make("Essay"), "P1-0", 10)
    code, told = sync()
    assert (code, course.writes()) == (2, Counter())
    assert "course.q-read-only" in [one["code"] for one in told["findings"]]
