"""/healthz tells that the process is alive, /readyz that the work gets done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from integration.bells import ring
from integration.cluster import STANDS_STILL, SecondCluster, _tick_once, only_one, tick
from integration.models import District, Heartbeat, ProvisioningPolicy, Run
from integration.tasks import SWEEP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_static_files(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def ready(client):
    """The status, and the names of the checks that are not so."""

    def ask() -> tuple[int, list[str]]:
        answer = client.get("/readyz")
        checks = answer.json()["checks"]
        assert all(check["ok"] or check["remedy"] for check in checks)
        return answer.status_code, [check["name"] for check in checks if not check["ok"]]

    return ask


@pytest.fixture
def lakeside(db) -> District:
    district = District.objects.create(slug="lakeside", name="Lakeside")
    ProvisioningPolicy.objects.create(district=district, is_automatic=True)
    return district


def a_bell_waits(minutes: int) -> None:
    ring(SWEEP)
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=minutes))


def test_the_process_is_alive_also_without_a_database(client, django_db_blocker):
    with django_db_blocker.block():
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_an_installation_without_automatic_districts_needs_no_sweeper(ready):
    assert ready() == (200, [])


def test_a_sweeper_that_is_silent_for_three_minutes_is_told(ready, lakeside):
    assert ready() == (503, ["sweeper"])
    Heartbeat.beat("here")
    assert ready() == (200, [])
    Heartbeat.objects.update(swept_at=Now() - timedelta(minutes=3, seconds=1))
    assert ready() == (503, ["sweeper"])


def test_a_paused_district_needs_no_sweeper(ready, lakeside):
    District.objects.update(state=District.State.PAUSED)
    assert ready() == (200, [])


@pytest.mark.parametrize(("minutes", "told"), [(4, (200, [])), (6, (503, ["queue"]))])
def test_a_bell_that_waits_more_than_five_minutes_is_told(minutes, told, ready):
    a_bell_waits(minutes)
    assert ready() == told


def test_a_bell_behind_a_long_run_is_patient(ready, lakeside):
    Heartbeat.beat("here")
    a_bell_waits(60)
    Run.objects.create(district=lakeside, state=Run.State.RUNNING, heartbeat_at=timezone.now())
    assert ready() == (200, [])


def test_a_missing_migration_is_told_before_anything_that_needs_its_tables(ready):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'integration'")
    assert ready() == (503, ["migrations"])


def test_a_database_that_does_not_answer_is_told(ready):
    def refuse(execute, sql, params, many, context):
        return execute("SELECT nothing FROM nowhere", None, many, context)

    with connection.execute_wrapper(refuse):
        assert ready() == (503, ["database"])


# --- the ticker ---------------------------------------------------------------------------------


def test_a_tick_puts_one_bell_for_the_sweeper_and_no_second(lakeside):
    Heartbeat.beat("here")
    tick()
    tick()
    assert [bell.func() for bell in OrmQ.objects.all()] == [SWEEP]


def test_where_no_worker_swept_for_three_minutes_the_tick_sweeps(lakeside):
    tick()
    assert Heartbeat.is_fresh()


def test_a_ticker_that_sees_the_queue_stand_still_says_so_only_once_settled(lakeside):
    a_bell_waits(6)
    _tick_once(settled=False)
    with pytest.raises(SystemExit) as ended:
        _tick_once(settled=True)
    assert ended.value.code == STANDS_STILL


def test_sqlite_has_one_place_for_a_cluster(tmp_path, monkeypatch):
    if connection.vendor != "sqlite":
        assert only_one() is None
        return
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "qsync.sqlite3"))
    with only_one():
        assert not SecondCluster.retryable
    only_one().close()
