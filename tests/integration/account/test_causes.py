"""What is missing in Q is summed up in a sentence, where one school explains it."""

from __future__ import annotations

import pytest

from integration.account.causes import ADVICE, in_common
from integration.account.lines import missing
from integration.models import Change, District
from integration.provisioning.endings import TERM_ENDED
from tests.integration.account.test_pages import ended

NAMES = {"S1": "Oak Ridge Middle"}


def told(missing: dict[str, dict[str, int]], *, schools: int = 18, held: tuple[str, ...] = ()):
    return list(map(str, in_common(missing, names=NAMES, schools=schools, held=held)))


def test_one_school_that_lost_all_is_named_for_each_kind():
    missing = {"sections": {"S1": 212}, "enrollments": {"S1": 6_298, "S2": 10, "S3": 6}}
    assert told(missing, held=("S1",)) == [
        "All 212 sections that Q no longer holds are of one school: Oak Ridge Middle.",
        "6,298 of the 6,314 enrollments that Q no longer holds are of one school: Oak Ridge "
        "Middle.",
        "No other school is above its limit.",
        ADVICE,
    ]


def test_that_no_other_school_is_above_its_limit_is_said_only_where_it_is_so():
    missing = {"enrollments": {"S1": 200}}
    assert "No other school is above its limit." not in told(missing, held=("S1", "S2"))


@pytest.mark.parametrize(
    "missing",
    [
        {},
        {"enrollments": {"S1": 94, "S2": 6}},
        # One or two are a coincidence.
        {"sections": {"S1": 1}, "enrollments": {"S1": 94, "S2": 6}},
        # Of no school at all.
        {"enrollments": {"": 100}},
    ],
)
def test_where_no_school_explains_it_nothing_is_said(missing):
    assert told(missing) == []


def test_a_district_of_one_school_is_not_told_that_it_is_that_one():
    assert told({"enrollments": {"S1": 100}}, schools=1) == []


@pytest.mark.django_db
def test_what_rests_since_an_earlier_night_or_ended_with_its_term_is_not_missing(
    district: District,
):
    run = ended(district, state="held")
    for school, action, fields in (
        ("S1", "removed", {"state": "set aside"}),
        ("S1", "kept", {"reason": TERM_ENDED}),
        ("S2", "removed", {"reason": "not in Q"}),
        ("S3", "kept", {"reason": "not in Q"}),
        ("S4", "added", {}),
    ):
        Change.objects.create(
            run=run, kind="enrollments", key=school + action, group=school, action=action,
            after="[]", digest=b"0", **fields,
        )  # fmt: skip
    assert missing(run) == {"enrollments": {"S2": 1, "S3": 1}}
