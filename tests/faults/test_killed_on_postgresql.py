"""On PostgreSQL too: killed, or cut off from its database, and begun again (F63, F74, F82)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.faults.acts import ACTS, Undisturbed, begun_again, killed_and_begun_again
from tests.faults.on_postgresql import PostgresqlStage, stage_on_postgresql
from tests.faults.stage import NIGHT

SLICE = 12

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlStage]:
    with stage_on_postgresql(tmp_path_factory.mktemp("postgresql")) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(theatre: PostgresqlStage) -> Undisturbed:
    return Undisturbed(theatre)


def some(count: int) -> list[int]:
    seed = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"seed {seed}: {SLICE} of {count}")
    return random.Random(seed).sample(range(1, count + 1), min(SLICE, count))


@pytest.mark.fault("F63")
@pytest.mark.parametrize("name", ACTS)
def test_a_run_killed_at_some_effects_leaves_the_same_canvas(name, theatre, undisturbed):
    ended, sends, wanted = undisturbed(name)
    assert ended.effects["send"] >= sends > 0
    for kill_at in [*some(ended.points), ended.last_send + 1]:
        assert killed_and_begun_again(theatre, name, kill_at) == wanted, kill_at


@pytest.mark.fault("F82")
def test_f82_a_migration_that_is_killed_at_any_statement_is_run_again(theatre):
    theatre.empty()
    theatre.must("migrate", "lti", "0001", "--verbosity=0")
    theatre.back_up("before a migration")
    migration = ("migrate", "lti", "0002", "--verbosity=0")
    points = theatre.must(*migration).points
    for kill_at in range(1, points + 1):
        theatre.restore("before a migration")
        theatre.killed_without_lease(*migration, at=kill_at)
        theatre.must(*migration)
        applied = "SELECT count(*) FROM django_migrations WHERE app = 'lti'"
        assert theatre.sql(applied) == [(2,)], kill_at


@pytest.mark.fault("F74")
def test_a_night_whose_connection_is_lost_at_some_writes_leaves_the_same_canvas(
    theatre, undisturbed
):
    ended, _, wanted = undisturbed("second night")
    for at in some(ended.effects["sql"]):
        theatre.begins("first night")
        theatre.run(*NIGHT, ails="loses", ails_at=at)
        assert begun_again(theatre, "second night", at) == wanted, at
