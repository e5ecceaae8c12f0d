"""A night begins by itself, once, whatever becomes of queue, workers and hosts (F66-F73, F79)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.faults.cluster_process import PATIENT, Installation, ending, family, sentinel_and_workers
from tests.integration.provisioning.held_by_canvas import imports
from tests.runner import POSTGRESQL, unreachable
from tests.sandbox_process import Sandbox, running_sandbox

# The leader of the group, the sentinel, two workers, the monitor, the pusher; and the ticker.
ALL = 7
READING = r"/enrollments"
IMPORTING = r"/sis_imports/\d+"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox:
        yield sandbox


def sqlite(sandbox: Sandbox, directory: Path) -> Installation:
    url = f"sqlite:///{directory}/qsync.sqlite3"
    return Installation(sandbox, url, directory / "clusters.log")


@pytest.fixture(scope="module")
def template(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a district whose night is due now."""
    directory = tmp_path_factory.mktemp("template")
    sqlite(sandbox, directory).prepare()
    return directory / "qsync.sqlite3"


@pytest.fixture
def here(sandbox: Sandbox, template: Path, tmp_path: Path) -> Iterator[Installation]:
    """A district whose night is due now, on SQLite; no cluster yet."""
    shutil.copy(template, tmp_path)
    with ending(sqlite(sandbox, tmp_path)) as installation:
        installation.refresh_servers()
        yield installation
        installation.let_go()


@pytest.fixture
def on_postgresql(sandbox: Sandbox, tmp_path: Path) -> Iterator[Installation]:
    """The same, on a PostgreSQL database of its own."""
    server = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)
    if reason := unreachable(server):
        pytest.skip(f"no PostgreSQL: {reason}")
    name = f"qsync_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {name}")
    url = f"{server.rpartition('/')[0]}/{name}"
    try:
        with ending(Installation(sandbox, url, tmp_path / "clusters.log")) as installation:
            installation.prepare()
            installation.refresh_servers()
            yield installation
            installation.let_go()
    finally:
        with psycopg.connect(server, autocommit=True) as database:
            database.execute(f"DROP DATABASE {name} WITH (FORCE)")


def is_swept(installation: Installation) -> bool:
    return bool(installation.sql("SELECT 1 FROM integration_heartbeat"))


def worker_of_the_run(installation: Installation) -> int:
    """The process that holds the district's lease."""
    held = "SELECT holder FROM integration_lease WHERE resource LIKE 'provisioning of %'"
    ((holder,),) = installation.sql(f"{held} AND holder <> ''")
    return int(holder.rpartition(":")[2])


def expire_leases(installation: Installation) -> None:
    """What three minutes of waiting do."""
    installation.sql("UPDATE integration_lease SET expires_at = '2000-01-01 00:00:00'")


def assert_done_once(installation: Installation) -> None:
    night = "WHERE kind = 'provisioning'"
    rows = installation.sql(f"SELECT state, actor FROM integration_run {night}")
    assert rows == [("done", "schedule")]
    assert len(imports(installation.sandbox.canvas)) == 1


def test_a_night_that_is_due_runs_by_itself_and_the_cluster_ends_when_told(here):
    cluster = here.start()
    here.until("the night is done", here.runs)
    assert_done_once(here)
    assert len(family(cluster.pid)) == ALL
    cluster.send_signal(signal.SIGTERM)
    assert cluster.wait(60) == 0
    assert family(cluster.pid) == []


# --- what stops no night ------------------------------------------------------------------------


@pytest.mark.fault("F71")
@pytest.mark.prove
def test_a_malformed_schedule_row_stops_no_night_and_is_told_of(here):
    here.sql(
        "INSERT INTO django_q_schedule (func, args, schedule_type, repeats, next_run)"
        " VALUES ('nowhere.nothing', '(((', 'I', -1, '2000-01-01 00:00:00')"
    )
    here.start()
    here.until("the night is done", here.runs)
    assert_done_once(here)
    assert "schedule table has 1 rows" in here.log.read_text()


@pytest.mark.fault("F70")
@pytest.mark.prove
def test_a_queue_that_was_emptied_stops_no_night(here):
    here.manage("shell", "--no-imports", "-c", "from integration.tasks import sweep; sweep()")
    assert here.sql("SELECT count(*) FROM django_q_ormq") == [(1,)]
    here.sql("DELETE FROM django_q_ormq")
    here.start()
    here.until("the night is done", here.runs)
    assert_done_once(here)


@pytest.mark.fault("F70")
@pytest.mark.prove
def test_a_queue_that_nobody_can_read_any_more_stops_no_night(here):
    here.manage("shell", "--no-imports", "-c", "from integration.tasks import sweep; sweep()")
    here.environment["SECRET_KEY"] = "another one, since this key was rotated; " * 2
    here.start()
    here.until("the night is done", here.runs)
    assert_done_once(here)


@pytest.mark.fault("F72")
@pytest.mark.prove
def test_after_three_days_off_one_night_is_run(here):
    here.manage("provision", "lakeside")
    here.sql("UPDATE integration_run SET night = date('now', '-4 days')")
    here.sql(
        "INSERT INTO integration_heartbeat (id, swept_at, host)"
        " VALUES (1, datetime('now', '-4 days'), 'gone')"
    )
    here.start(patience=PATIENT)
    here.until("the night is done", lambda: here.runs() == 2)
    swept = here.sql("SELECT swept_at FROM integration_heartbeat")
    here.until(
        "swept again", lambda: here.sql("SELECT swept_at FROM integration_heartbeat") != swept
    )
    assert here.runs("") == 2


@pytest.mark.prove
@pytest.mark.parametrize("frozen", [signal.SIGSTOP, signal.SIGKILL])
def test_workers_that_stand_still_are_replaced(here, frozen):
    """SIGKILL of an idle worker can freeze django-q for good: it dies with the queue's lock."""
    here.sql("UPDATE integration_provisioningpolicy SET is_automatic = false")
    cluster = here.start(patience=45)
    here.until("swept", lambda: is_swept(here))
    here.until("all are there", lambda: len(family(cluster.pid)) == ALL)
    for worker in sentinel_and_workers(cluster.pid)[1]:
        os.kill(worker, frozen)
    here.sql("UPDATE integration_provisioningpolicy SET is_automatic = true")
    here.until("the night is done", here.runs, patience=900)
    assert_done_once(here)


# --- who has none -------------------------------------------------------------------------------


@pytest.mark.prove
def test_a_paused_district_has_no_night(here):
    here.manage("schedule", "lakeside", "--pause", "new servers")
    here.sql("UPDATE integration_provisioningpolicy SET nights_from = NULL")
    here.start()
    here.until("swept", lambda: is_swept(here))
    assert here.runs("") == 0


@pytest.mark.prove
def test_a_district_in_a_blackout_has_no_night(here):
    here.manage("schedule", "lakeside", "--blackout", *_around_today(), "exams")
    here.sql("UPDATE integration_provisioningpolicy SET nights_from = NULL")
    here.start()
    here.until("swept", lambda: is_swept(here))
    assert here.runs("") == 0


def _around_today() -> tuple[str, str]:
    now = datetime.now(UTC)
    return f"{now - timedelta(days=2):%Y-%m-%d}", f"{now + timedelta(days=2):%Y-%m-%d}"


# --- several, killed, told to stop --------------------------------------------------------------


@pytest.mark.fault("F73")
@pytest.mark.prove
def test_two_clusters_on_postgresql_run_a_night_once(on_postgresql):
    on_postgresql.start(patience=PATIENT)
    on_postgresql.start(patience=PATIENT)
    on_postgresql.until("the night is done", on_postgresql.runs)
    told = "SELECT swept_at FROM integration_heartbeat"
    swept = on_postgresql.sql(told)
    on_postgresql.until("swept again", lambda: on_postgresql.sql(told) != swept)
    assert_done_once(on_postgresql)


@pytest.mark.prove
def test_a_second_cluster_on_sqlite_is_refused_with_a_sentence(here):
    here.start()
    here.until("swept", lambda: is_swept(here))
    refused = here.try_to_manage("qcluster", "--json")
    assert refused.returncode == 1
    assert '"code": "cluster.second-on-sqlite"' in refused.stdout
    assert "PostgreSQL" in refused.stderr


@pytest.mark.prove
@pytest.mark.parametrize(("server", "path"), [("q", READING), ("canvas", IMPORTING)])
def test_a_run_whose_worker_was_killed_is_gone_on_with(here, server, path):
    here.hold(server, path)
    here.start(patience=PATIENT)
    here.until("a worker is in the middle", here.is_held)
    os.kill(worker_of_the_run(here), signal.SIGKILL)
    here.let_go()
    expire_leases(here)
    here.until("the night is done", here.runs, patience=240)
    assert_done_once(here)
    assert here.sql("SELECT attempts FROM integration_run") == [(2,)]


@pytest.mark.fault("F79")
@pytest.mark.prove
@pytest.mark.parametrize(("server", "path"), [("q", READING), ("canvas", IMPORTING)])
def test_a_run_that_a_deploy_met_stops_soon_and_the_next_cluster_goes_on(here, server, path):
    here.hold(server, path)
    cluster = here.start()
    here.until("a worker is in the middle", here.is_held)
    cluster.send_signal(signal.SIGTERM)
    here.let_go()
    assert cluster.wait(60) == 0
    assert here.sql("SELECT state, attempts FROM integration_run") == [("running", 0)]
    here.start()
    here.until("the night is done", here.runs)
    assert_done_once(here)


@pytest.mark.fault("F67")
@pytest.mark.prove
def test_a_cluster_whose_parent_was_killed_leaves_nobody_and_the_next_goes_on(here):
    here.hold("canvas", IMPORTING)
    cluster = here.start(patience=PATIENT)
    here.until("a worker is in the middle", here.is_held)
    cluster.kill()
    cluster.wait(30)
    here.until("nobody is left", lambda: not family(cluster.pid))
    here.let_go()
    expire_leases(here)
    here.start(patience=PATIENT)
    here.until("the night is done", here.runs, patience=240)
    assert_done_once(here)


@pytest.mark.prove
def test_a_cluster_whose_sentinel_was_killed_ends_and_says_so(here):
    cluster = here.start()
    here.until("all are there", lambda: len(family(cluster.pid)) == ALL)
    os.kill(sentinel_and_workers(cluster.pid)[0], signal.SIGKILL)
    assert cluster.wait(60) == 1
    assert family(cluster.pid) == []
