"""kill -9 at any effect of a run, then start again: Canvas is as undisturbed (F63, F65)."""

from __future__ import annotations

import os
import random
import signal
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faults.acts import ACTS, killed_and_begun_again
from tests.faults.stage import NIGHT, Stage

SLICE = 4
TIMES = 200


@pytest.mark.fault("F63")
@pytest.mark.parametrize("name", ACTS)
def test_there_are_as_many_points_as_writes_and_sends(name, theatre, undisturbed):
    ended, sends, _ = undisturbed(name)
    assert ended.effects["send"] >= sends > 0
    assert ended.effects["sql"] >= ended.traced > 0
    assert ended.points >= sends + ended.traced


@pytest.mark.fault("F63")
@pytest.mark.parametrize("name", ACTS)
def test_a_run_killed_at_some_effects_of_the_day_leaves_the_same_canvas(name, theatre, undisturbed):
    ended, _, wanted = undisturbed(name)
    seed = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"seed {seed}: {SLICE} of {ended.points} effects")
    for kill_at in random.Random(seed).sample(range(1, ended.points + 1), SLICE):
        assert killed_and_begun_again(theatre, name, kill_at) == wanted, kill_at


@pytest.mark.fault("F63")
@pytest.mark.parametrize("name", ["first night", "second night", "undo"])
def test_a_run_killed_right_after_its_import_was_sent_sends_no_other(name, theatre, undisturbed):
    ended, _, wanted = undisturbed(name)
    assert killed_and_begun_again(theatre, name, ended.last_send + 1) == wanted


@pytest.mark.prove
@pytest.mark.fault("F63")
@pytest.mark.parametrize("name", ACTS)
def test_a_run_killed_at_any_effect_leaves_the_same_canvas(name, theatre, undisturbed):
    ended, _, wanted = undisturbed(name)
    differing = [
        kill_at
        for kill_at in range(1, ended.points + 1)
        if killed_and_begun_again(theatre, name, kill_at) != wanted
    ]
    assert differing == []


@pytest.mark.prove
@pytest.mark.fault("F65")
def test_a_run_killed_at_any_moment_leaves_the_same_canvas(theatre, undisturbed):
    seed = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"seed {seed}: {TIMES} moments")
    chance = random.Random(seed)
    for number in range(TIMES):
        name = chance.choice(list(ACTS))
        ended, _, wanted = undisturbed(name)
        act, after = ACTS[name], chance.uniform(0.001, ended.seconds)
        theatre.begins(act.begins)
        theatre.run(*act.command, kill_after=after)
        theatre.expire_leases()
        theatre.run(*act.again)
        assert theatre.canvas() == wanted, (number, name, after)


@pytest.mark.fault("F68")
@pytest.mark.parametrize(
    ("server", "path"),
    [("q", "/enrollments"), ("canvas", r"/reports/"), ("canvas", r"/sis_imports/\d+")],
)
def test_a_worker_stopped_past_its_lease_writes_nothing_more(server, path, theatre, undisturbed):
    _, _, wanted = undisturbed("second night")
    theatre.begins("first night")
    fault = theatre.hold(server, path)
    with theatre.beside(*NIGHT) as end_of_it:
        theatre.control(server, f"{fault}/wait", {"holding": 1})
        of_night = "SELECT holder FROM integration_lease WHERE resource LIKE 'provisioning of %'"
        ((holder,),) = theatre.sql(of_night)
        worker = int(holder.rpartition(":")[2])
        theatre.stand_still(worker)
        assert theatre.must(*NIGHT).code == 0
        canvas, rows, sends = theatre.canvas(), everything(theatre), theatre.sends()
        theatre.control(server, f"{fault}/release")
        os.kill(worker, signal.SIGCONT)
        stopped = end_of_it()
    assert stopped.code == 1 and "ledger.lease-lost" in stopped.err, stopped
    assert theatre.sends() == sends
    assert [name for name, now in everything(theatre).items() if now != rows[name]] == []
    assert theatre.canvas() == canvas == wanted


def everything(theatre: Stage) -> dict[str, list[Any]]:
    """All rows of the product's tables."""
    tables = theatre.sql("SELECT name FROM sqlite_master WHERE name LIKE 'integration_%'")
    plain = [name for (name,) in tables if not name.startswith("integration_lease")]
    return {
        name: theatre.sql(f"SELECT * FROM {name}")
        for name in plain
        if theatre.sql(f"SELECT 1 FROM sqlite_master WHERE name = '{name}' AND type = 'table'")
    }
