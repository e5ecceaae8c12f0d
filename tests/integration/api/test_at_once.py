"""Two who ask for the same at one moment are given one run."""

from __future__ import annotations

from functools import partial

import pytest

from integration import actions, checking
from integration.models import ConnectionCheck, District, Run
from tests.integration.api.conftest import connected
from tests.integration.ledger.conftest import in_workers, workers  # noqa: F401  a fixture


@pytest.mark.parametrize(
    "begin",
    [
        actions.run_now,
        actions.evaluate_now,
        actions.check_drift_now,
        checking.check_now,
    ],
)
def test_what_is_begun_twice_at_one_moment_is_begun_once(begin, workers):  # noqa: F811
    district: District = in_workers(partial(connected, "lakeside"))[0]
    begun = in_workers(lambda: begin(district, by="two programs").pk, 4)
    assert len(set(begun)) == 1
    kept = in_workers(lambda: Run.objects.count() + ConnectionCheck.objects.count())
    assert kept == [1]
