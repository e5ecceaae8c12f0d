"""An attempt that is stopped leaves its run with the reason, and the next one knows what to do."""

from __future__ import annotations

import pytest

from integration.errors import QSyncError
from integration.ledger.endings import failing, waits_for_a_yes
from integration.ledger.stopping import Stopped
from integration.models import Run

pytestmark = pytest.mark.django_db


class Odd(QSyncError):
    code = "odd.thing"
    remedy = "Look into it."


@pytest.fixture
def attempt(ledger):
    def run(raised: BaseException, *, resumes: bool = False) -> Run:
        with failing(ledger, ledger.fail, resumes=lambda: resumes, unexpected=Odd):
            raise raised
        return Run.objects.get(pk=ledger.run.pk)

    return run


def stored(ledger) -> tuple[str, str, int]:
    run = Run.objects.get(pk=ledger.run.pk)
    return run.state, run.error.get("code", "") if run.error else "", run.attempts


def test_an_error_of_ours_ends_the_run_and_goes_no_further(ledger, attempt):
    attempt(Odd("It is odd."), resumes=True)
    assert stored(ledger) == (Run.State.FAILED, "odd.thing", 1)


@pytest.mark.parametrize(
    ("resumes", "state"), [(True, Run.State.QUEUED), (False, Run.State.FAILED)]
)
def test_what_nobody_foresaw_is_kept_by_its_name_alone_and_goes_on_up(
    ledger, attempt, caplog, resumes, state
):
    with pytest.raises(ValueError, match="secret"):
        attempt(ValueError("secret"), resumes=resumes)
    assert stored(ledger) == (state, "odd.thing", 1)
    run = Run.objects.get(pk=ledger.run.pk)
    assert "ValueError" in run.error["message"]
    assert "secret" not in run.error["message"] + caplog.text


def test_whoever_was_asked_to_stop_has_made_no_attempt(ledger, attempt):
    with pytest.raises(Stopped):
        attempt(Stopped())
    assert stored(ledger) == (Run.State.RUNNING, "", 0)


def test_an_undo_goes_on_only_when_it_is_the_one_that_was_shown(ledger):
    undoing = Run(state=Run.State.HELD, plan_digest="abc", undoes=ledger.run)
    assert waits_for_a_yes(undoing, "abc", plan_only=False, refused=Odd)
    assert waits_for_a_yes(undoing, None, plan_only=False, refused=Odd)
    assert not waits_for_a_yes(undoing, None, plan_only=True, refused=Odd)
    with pytest.raises(Odd, match=f"run {ledger.run.pk} has changed; the plan is now abc"):
        waits_for_a_yes(undoing, "other", plan_only=False, refused=Odd)
    undoing.state = Run.State.DONE
    assert not waits_for_a_yes(undoing, None, plan_only=False, refused=Odd)
