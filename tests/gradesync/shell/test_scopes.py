"""A token that may do what our list of scopes names, and nothing else, does all the work."""

from __future__ import annotations

import pytest
import requests

from integration.canvas.scopes import SCOPES
from integration.models import Run
from tests.gradesync.shell.conftest import SLUG, origin

pytestmark = pytest.mark.one_database


def test_the_scopes_that_are_asked_for_are_enough_for_every_kind_of_run(course, manage, sandbox):
    limited = requests.put(
        f"{origin(sandbox.canvas.url)}/sandbox/tokens",
        json={"token": sandbox.canvas.token, "scopes": list(SCOPES)},
        timeout=30,
    )
    assert limited.ok
    try:
        assert manage("verify", SLUG)[0] == 0
        for words in (
            ("provision", SLUG),
            ("drift", SLUG),
            ("evaluate", SLUG),
            ("sync_grades", SLUG, "--course", course.canvas_id, "--preview"),
            ("undo", str(Run.objects.filter(kind="provisioning").earliest("pk").pk)),
        ):
            code, answer = manage(*words)
            assert "Insufficient scopes" not in str(answer), words
            assert code in (0, 2), (words, answer)
    finally:
        requests.put(
            f"{origin(sandbox.canvas.url)}/sandbox/tokens",
            json={"token": sandbox.canvas.token, "scopes": []},
            timeout=30,
        )
