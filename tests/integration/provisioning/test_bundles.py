"""Bundles made by other people's software land in Canvas whole, by every road."""

from __future__ import annotations

import pytest

from integration.models import District, ProvisioningPolicy
from tests.integration.provisioning.bundle_truth import Truth
from tests.integration.provisioning.held_by_canvas import facts

pytestmark = pytest.mark.one_database


def expected(truth: Truth, grouping: str = "class") -> dict[str, object]:
    return {
        "accounts": truth.accounts(),
        "terms": truth.terms(),
        "users": truth.users(),
        "sections": truth.sections(),
        "enrollments": truth.enrollments(),
        "courses": truth.courses(grouping),
    }


@pytest.mark.parametrize(
    "bundle",
    [
        pytest.param("school-small.zip", marks=pytest.mark.bundle("school-small.zip")),
        pytest.param("district-medium.zip", marks=pytest.mark.bundle("district-medium.zip")),
        pytest.param(
            "district-large.zip",
            marks=[pytest.mark.bundle("district-large.zip"), pytest.mark.prove],
        ),
    ],
)
def test_every_record_of_a_bundle_is_in_canvas_and_a_second_run_sends_nothing(
    bundle, sandbox, connect, provision
):
    connect()
    code, first = provision()
    assert (code, first["state"], first.get("findings")) == (0, "done", [])
    assert facts(sandbox.canvas) == expected(Truth(bundle))
    code, second = provision()
    assert (code, second["sent"]) == (0, {})
    assert all(count.get("added", 0) == 0 for count in second["counts"].values())


@pytest.mark.bundle("district-medium.zip")
@pytest.mark.parametrize(
    ("auth", "service"),
    [
        ("oauth2", "school"),
        ("oauth1-sha1", "bulk"),
        # Each service and each kind of sign-in stand above; the other pairs are for the long run.
        pytest.param("oauth2", "bulk", marks=pytest.mark.prove),
        pytest.param("oauth1-sha1", "school", marks=pytest.mark.prove),
        pytest.param("oauth1-sha256", "bulk", marks=pytest.mark.prove),
        pytest.param("oauth1-sha256", "school", marks=pytest.mark.prove),
    ],
)
def test_every_service_and_every_signature_gives_the_same_canvas(
    service, auth, sandbox, connect, provision
):
    connect(q_service=service, q_auth=auth)
    assert provision()[0] == 0
    assert facts(sandbox.canvas) == expected(Truth("district-medium.zip"))


@pytest.mark.bundle("district-medium.zip")
@pytest.mark.parametrize("grouping", ["class", "course", "teacher"])
def test_each_grouping_gives_the_courses_that_the_csv_files_say(
    grouping, sandbox, connect, provision
):
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), grouping=grouping)
    assert provision()[0] == 0
    assert facts(sandbox.canvas) == expected(Truth("district-medium.zip"), grouping)
