"""A database that fails at any write, is restored, or half migrated (F74–F77, F81, F83)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.canaries import found
from tests.faults.acts import Undisturbed, begun_again
from tests.faults.stage import NIGHT, Stage

SLICE = 2
# F74 to F77, in this order.
AILS = ("loses", "is away", "deadlocks", "is full")


def ailing_and_begun_again(theatre: Stage, how: str, at: int) -> Any:
    """Canvas after a second night whose database failed at this write, once it is well again."""
    theatre.begins("first night")
    theatre.run(*NIGHT, ails=how, ails_at=at)
    return begun_again(theatre, "second night", (how, at))


def some_writes(undisturbed: Undisturbed, count: int) -> list[int]:
    """Writes of the day, and the last ones: after those, Canvas has all of it already."""
    ended, _, _ = undisturbed("second night")
    seed = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"seed {seed}: {count} of {ended.effects['sql']} writes")
    return random.Random(seed).sample(range(ended.effects["sql"]), count)


@pytest.mark.fault("F74", "F75", "F76", "F77")
@pytest.mark.parametrize("how", AILS)
def test_a_night_whose_database_fails_at_some_writes_leaves_the_same_canvas(
    how, theatre, undisturbed
):
    ended, _, wanted = undisturbed("second night")
    after_it_was_sent = ended.last_send - ended.effects["send"] + 2
    for at in [after_it_was_sent, *some_writes(undisturbed, SLICE)]:
        assert ailing_and_begun_again(theatre, how, at) == wanted, at


@pytest.mark.prove
@pytest.mark.fault("F74", "F75", "F76", "F77")
@pytest.mark.parametrize("how", AILS)
def test_a_night_whose_database_fails_at_any_write_leaves_the_same_canvas(
    how, theatre, undisturbed
):
    ended, _, wanted = undisturbed("second night")
    differing = [
        at
        for at in range(ended.effects["sql"])
        if ailing_and_begun_again(theatre, how, at) != wanted
    ]
    assert differing == []


# --- a backup is restored -----------------------------------------------------------------------


@pytest.mark.fault("F83")
def test_a_backup_from_the_middle_of_a_night_that_ended_sends_that_night_no_second_time(
    theatre, undisturbed
):
    ended, _, wanted = undisturbed("second night")
    theatre.begins("first night")
    theatre.killed(*NIGHT, at=ended.last_send + 1)
    theatre.back_up("in the middle")
    theatre.must(*NIGHT)
    theatre.restore("in the middle")
    assert begun_again(theatre, "second night", "restored") == wanted


@pytest.mark.fault("F83")
def test_after_a_backup_from_the_day_before_canvas_is_what_q_says_and_then_is_left_alone(
    theatre, undisturbed
):
    _, _, (canvas, imports) = undisturbed("second night")
    theatre.begins("second night")
    theatre.restore("first night")
    theatre.must(*NIGHT)
    assert theatre.canvas() == (canvas, imports + 1)
    theatre.must(*NIGHT)
    assert theatre.canvas() == (canvas, imports + 1)


# --- what lies about ----------------------------------------------------------------------------


def test_s76_no_file_of_the_database_holds_a_secret_also_where_a_command_was_killed(theatre):
    q, canvas = theatre.sandbox.q, theatre.sandbox.canvas
    theatre.begins("connected")
    words = ("connect", "lakeside", f"--q-url={q.url}", f"--q-key={q.key}")
    words += (
        f"--q-secret={q.secret}",
        f"--q-token-url={q.token_url}",
        f"--canvas-url={canvas.url}",
    )
    words += (f"--canvas-token={canvas.token}",)
    points = theatre.must(*words).points
    theatre.begins("connected")
    theatre.killed_without_lease(*words, at=points)
    files = {one.name: one.read_bytes() for one in theatre.directory.glob("night.sqlite3*")}
    assert "night.sqlite3-wal" in files
    told = b"".join(files.values())
    assert found([q.url], told) == [q.url]
    assert found([q.secret, canvas.token], told) == []


# --- migrations ---------------------------------------------------------------------------------


def schema(theatre: Stage) -> list[Any]:
    return theatre.sql("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2") + theatre.sql(
        "SELECT app, name FROM django_migrations ORDER BY 1, 2"
    )


@pytest.mark.fault("F82")
def test_f82_a_migration_that_is_killed_at_any_statement_is_run_again(theatre):
    theatre.empty()
    theatre.must("migrate", "lti", "0001", "--verbosity=0")
    theatre.back_up("before a migration")
    migration = ("migrate", "lti", "0002", "--verbosity=0")
    points = theatre.must(*migration).points
    wanted = schema(theatre)
    assert points > 2
    for kill_at in range(1, points + 1):
        theatre.restore("before a migration")
        theatre.killed_without_lease(*migration, at=kill_at)
        theatre.must(*migration)
        assert schema(theatre) == wanted, kill_at


@pytest.mark.prove
@pytest.mark.fault("F82")
def test_f82_all_migrations_killed_somewhere_are_run_again(theatre):
    theatre.empty()
    first = theatre.must("migrate", "integration", "0001", "--verbosity=0").points
    theatre.empty()
    points = theatre.must("migrate", "--verbosity=0").points
    wanted = schema(theatre)
    for kill_at in [first // 2, *random.Random(points).sample(range(1, points), 5)]:
        theatre.empty()
        theatre.killed_without_lease("migrate", "--verbosity=0", at=kill_at)
        theatre.must("migrate", "--verbosity=0")
        assert schema(theatre) == wanted, kill_at


@pytest.mark.prove
@pytest.mark.fault("F81")
@pytest.mark.parametrize("app", ["gradesync", "integration", "lti"])
def test_every_migration_can_be_taken_back_and_made_again(app, theatre):
    theatre.empty()
    theatre.must("migrate", "--verbosity=0")
    wanted = schema(theatre)
    theatre.must("migrate", app, "zero", "--verbosity=0")
    assert schema(theatre) != wanted
    theatre.must("migrate", "--verbosity=0")
    assert sorted(map(str, schema(theatre))) == sorted(map(str, wanted))
