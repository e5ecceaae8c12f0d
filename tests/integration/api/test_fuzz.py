"""Somebody else's fuzzer asks all that the document allows, and much that it does not (S58, S65).

Whatever it sends, no answer is a failure of ours, and each is as the document says: its status, its
media type, its shape.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gradesync.models import CourseSync, SyncRun
from integration.api.schema import document
from integration.models import Change, ConnectionCheck, District, Finding, QConnection, Run
from integration.wsgi import application
from tests.integration.api.conftest import token_of

SIGNALS = (request_started, request_finished)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What a good body names: of one that nobody has, there is not much to learn.
NAMED = {"digest", "preview"}
# All of the long run is one test for each share of the operations: they run beside each other.
SHARES = 8
EXAMPLES = 100


@pytest.fixture
def there(lakeside: District, settings: Any) -> dict[str, Any]:
    """A district with one of everything, and how an address names them."""
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**6
    settings.CONNECTION_TESTS_PER_MINUTE = 10**6
    # Refused at our own door: no request leaves, and no name is looked up.
    QConnection.objects.update(base_url="https://127.0.0.1:9/ims/oneroster/v1p1")
    run = Run.objects.create(
        district=lakeside,
        kind=Run.Kind.PROVISIONING,
        state=Run.State.HELD,
        plan_digest="d" * 64,
        counts={"users": {"added": 1}},
        holds=[{"code": "empty-feed", "kind": "users", "school": "", "count": 1, "share": 1.0,
                "limit": 5}],
        error={"code": "x", "message": "y", "remedy": "z"},
    )  # fmt: skip
    row = json.dumps(["U1", "u1", "Sam", "Reed", "", "active"])
    Change.objects.create(
        run=run, kind="users", key="U1", action="added", after=row, before=row, digest=b"x"
    )
    Finding.objects.create(run=run, kind="users", code="x", reason="y", remedy="z")
    course = CourseSync.objects.create(district=lakeside, canvas_id="5")
    grades = Run.objects.create(district=lakeside, kind=Run.Kind.GRADES, plan_only=True)
    SyncRun.objects.create(run=grades, course=course, is_open=None)
    check = ConnectionCheck.objects.create(
        district=lakeside, by="Ada", steps=[{"name": "Q: sign in", "ok": False, "needed": True,
                                             "status": 401, "seconds": 0.1}],
    )  # fmt: skip
    return {
        "district": "lakeside",
        "run": run.pk,
        "preview": grades.pk,
        "digest": "d" * 64,
        "course": 5,
        "check": check.pk,
    }


@dataclass(frozen=True)
class Fuzzer:
    """Asks the operations with somebody's token; `there` is what addresses may name."""

    secret: str
    there: dict[str, Any]
    statuses: Counter[int] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def ask_all(self, *, examples: int, also_elsewhere: bool, of: slice = slice(None)) -> None:
        """Every operation in every way; with `also_elsewhere` at addresses of its own making.

        `of` are those that are asked, in the order of the document.
        """
        schema = schemathesis.openapi.from_dict(document())
        schema.app = application
        headers = {"Authorization": f"Bearer {self.secret}"}
        for found in list(schema.get_all_operations())[of]:
            operation = found.ok()
            self.asked[operation.label] = 0
            here = self._here({one.name for one in operation.path_parameters})
            for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
                if mode is GenerationMode.POSITIVE or operation.body or operation.query:
                    cases = operation.as_strategy(mode, path_parameters=here, headers=headers)
                    self._ask(cases, mode, examples)
                if also_elsewhere and here:
                    self._ask(operation.as_strategy(mode, headers=headers), mode, examples)

    def _here(self, names: set[str]) -> dict[str, Any]:
        known = {name: self.there[name] for name in names}
        if {"course", "run"} <= names:
            known["run"] = self.there["preview"]
        return known

    def _ask(self, cases: Any, mode: GenerationMode, examples: int) -> None:
        @effort(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def ask(case: Case) -> None:
            if mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
                case.body |= {name: self.there[name] for name in NAMED & case.body.keys()}
            answer = case.call()
            self.statuses[answer.status_code] += 1
            self.asked[case.operation.label] += 1
            case.validate_response(answer, checks=CHECKS)

        # There may be nothing that is wrong: any text is a district's name.
        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            ask()


@pytest.fixture
def fuzzer(lakeside: District, there: dict[str, Any]) -> Iterator[Fuzzer]:
    # As Django's own test client does: a request's end would close the test's transaction.
    for signal in SIGNALS:
        signal.disconnect(close_old_connections)
    yield Fuzzer(token_of(lakeside), there)
    for signal in SIGNALS:
        signal.connect(close_old_connections)


@pytest.mark.one_database
def test_no_operation_fails_or_answers_otherwise_than_it_says(fuzzer):
    fuzzer.ask_all(examples=1, also_elsewhere=False)
    assert fuzzer.statuses.keys() >= {200, 202, 400, 404, 409}


@pytest.mark.prove
@pytest.mark.parametrize("share", range(SHARES))
def test_no_operation_fails_however_long_it_is_asked(fuzzer, share):
    fuzzer.ask_all(examples=EXAMPLES, also_elsewhere=True, of=slice(share, None, SHARES))
    assert min(fuzzer.asked.values()) >= EXAMPLES
