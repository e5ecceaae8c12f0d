"""What a run planned and found is kept for weeks, its summary for a year, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from integration import retention
from integration.models import Change, District, Finding, RosterRow, Run
from integration.provisioning import undo
from integration.tasks import PRUNE, prune, sweep
from tests.integration.provisioning.held_by_canvas import imports
from tests.integration.provisioning.records import small_district, user

State = Run.State


def aged(run: Run | int, *, days: int) -> None:
    Run.objects.filter(pk=getattr(run, "pk", run)).update(
        ended_at=Now() - timedelta(days=days), created_at=Now() - timedelta(days=days)
    )


def rings() -> int:
    return sum(bell.func() == PRUNE for bell in OrmQ.objects.all())


def lines(run: int) -> tuple[int, int]:
    return Change.objects.filter(run=run).count(), Finding.objects.filter(run=run).count()


@pytest.fixture
def two_runs(q_holds, change_q, connect, provision) -> tuple[int, int]:
    """Both changed something, and have a finding each."""
    records = small_district()
    records["users"].append(user("BAD", username=None, email=None))
    q_holds(records)
    connect()
    first = provision()[1]["run"]
    change_q(upsert={"users": [user(f"P1-{n}", givenName="New") for n in range(2)]})
    return first, provision()[1]["run"]


def test_after_thirty_days_the_lines_and_findings_go_and_the_summary_stays(two_runs, manage):
    first, second = two_runs
    aged(first, days=31)
    aged(second, days=29)
    sweep()
    sweep()
    assert rings() == 1
    prune()
    assert lines(first) == (0, 0)
    assert min(lines(second)) > 0
    run = Run.objects.get(pk=first)
    assert run.pruned_at
    assert run.counts["users"]["added"] == 4
    assert run.sent["imports"][0]["id"]
    assert run.sent["imports"][0]["rows"] > 0
    code, answer = manage("undo", str(first))
    assert (code, answer["error"]["code"]) == (1, "provisioning.before-gone")
    assert manage("undo", str(second), "--plan-only")[0] == 2


def test_a_run_its_undo_and_their_imports_in_canvas_are_kept_for_thirty_days(two_runs, manage):
    second = two_runs[1]
    undoing = manage("undo", str(second))[1]["run"]
    for number in (second, undoing):
        aged(number, days=30 - 1)
    sweep()
    prune()
    for number in (second, undoing):
        assert lines(number)[0] > 0
        assert Run.objects.get(pk=number).sent["imports"][0]["id"]


def test_what_canvas_accepted_is_no_run_and_stays(two_runs, provision):
    for run in two_runs:
        aged(run, days=500)
    prune()
    assert RosterRow.objects.filter(run__isnull=True).count() == 0
    # Their rows are still the ones that Canvas last accepted: the summaries are kept.
    assert Run.objects.filter(pk__in=two_runs).count() == 2
    assert provision()[1]["sent"] == {}


def test_a_summary_that_no_accepted_row_names_goes_after_its_days(two_runs):
    aged(two_runs[1], days=401)
    RosterRow.objects.update(run=two_runs[0])
    prune()
    assert list(Run.objects.values_list("pk", flat=True)) == [two_runs[0]]


def test_when_nothing_is_past_its_time_no_bell_is_rung(two_runs):
    sweep()
    assert (rings(), retention.is_due()) == (0, False)
    aged(two_runs[0], days=31)
    prune()
    assert not retention.is_due()


@pytest.fixture
def lakeside(db) -> District:
    return District.objects.create(slug="lakeside", name="Lakeside")


def a_run(district: District, state: State, **fields) -> Run:
    """Of long ago, with a line."""
    run = Run.objects.create(
        **{"district": district, "kind": Run.Kind.PROVISIONING, "state": state} | fields
    )
    Change.objects.create(run=run, kind="users", key="u1", action="added", after="[]", digest=b"")
    aged(run, days=900)
    return run


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.WAITING, State.HELD])
def test_a_run_that_has_not_ended_keeps_all_however_old(state, lakeside):
    run = a_run(lakeside, state)
    prune()
    assert lines(run.pk) == (1, 0)


def test_a_plan_that_waited_is_past_its_time_once_a_newer_one_has_taken_its_place(lakeside):
    waited = a_run(lakeside, State.HELD)
    newer = a_run(lakeside, State.HELD)
    prune()
    assert not Run.objects.filter(pk=waited.pk).exists()
    assert lines(newer.pk) == (1, 0)


def test_what_an_undo_under_way_reads_is_kept(lakeside):
    undone = a_run(lakeside, State.DONE)
    undoing = a_run(lakeside, State.HELD, kind=Run.Kind.UNDO, undoes=undone)
    prune()
    assert lines(undone.pk) == (1, 0)
    Run.objects.filter(pk=undoing.pk).update(state=State.DONE)
    prune()
    assert not Run.objects.exists()


def test_it_goes_in_portions_and_stops_when_it_is_enough(lakeside, monkeypatch):
    monkeypatch.setattr(retention, "PORTION", 2)
    run = a_run(lakeside, State.DONE)
    for number in range(2, 8):
        Change.objects.create(
            run=run, kind="users", key=f"u{number}", action="added", after="[]", digest=b""
        )
    asked: list[int] = []

    def is_enough() -> bool:
        asked.append(lines(run.pk)[0])
        return len(asked) > 2

    retention.prune(is_enough)
    assert asked[:3] == [7, 5, 3]
    assert lines(run.pk)[0] == 3
    assert retention.is_due()
    prune()
    assert not Run.objects.exists()


@pytest.fixture
def half_pruned(two_runs, monkeypatch) -> int:
    """Of this run one line is gone; then it was enough."""
    second = two_runs[1]
    monkeypatch.setattr(retention, "PORTION", 1)
    aged(second, days=31)
    all_of_it = lines(second)[0]
    retention.prune(lambda: lines(second)[0] < all_of_it)
    assert lines(second)[0] == all_of_it - 1
    return second


def test_a_run_of_which_some_lines_are_gone_is_undone_no_more(half_pruned, manage, sandbox):
    number = len(imports(sandbox.canvas))
    code, answer = manage("undo", str(half_pruned))
    assert (code, answer["error"]["code"]) == (1, "provisioning.before-gone")
    assert len(imports(sandbox.canvas)) == number


def test_what_was_left_of_it_goes_with_the_next_bell(half_pruned):
    sweep()
    assert rings() == 1
    prune()
    assert lines(half_pruned) == (0, 0)
    assert not retention.is_due()


def test_an_undo_that_was_begun_meanwhile_keeps_the_lines_of_its_run(two_runs):
    first, second = two_runs
    for run in two_runs:
        aged(run, days=31)
    before = lines(second)

    def is_enough() -> bool:
        """While the first is pruned, somebody begins an undo of the second."""
        undone = Run.objects.get(pk=second)
        Run.objects.get_or_create(district=undone.district, kind=Run.Kind.UNDO, undoes=undone)
        return False

    retention.prune(is_enough)
    assert (lines(first), lines(second)) == ((0, 0), before)


def test_an_undo_that_comes_a_moment_too_late_plans_nothing_from_half_of_the_lines(
    two_runs, manage, monkeypatch
):
    second = two_runs[1]
    opened = undo.open_undo

    def opening(run: Run, **fields: str) -> Run:
        undoing = opened(run, **fields)
        Run.objects.filter(pk=run.pk).update(pruned_at=Now())
        return undoing

    monkeypatch.setattr(undo, "open_undo", opening)
    code, answer = manage("undo", str(second))
    assert (code, answer["error"]["code"], answer["sent"]) == (1, "provisioning.before-gone", {})
