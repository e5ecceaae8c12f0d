"""By the district's clock, also on the nights on which it is changed: the run's row tells.

Real clusters; the time of day is the test's, theirs and the database's (clock.py). The ticker,
which has a sweep made each minute, is replaced where a test does not want to wait for its minute.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.faults.clock import Clock, postgresql
from tests.faults.cluster_process import Installation, ending, ticker
from tests.integration.provisioning.held_by_canvas import imports
from tests.sandbox_process import Sandbox, running_sandbox

ROWS = "SELECT night, state, actor, attempts FROM integration_run WHERE kind = 'provisioning'"
SWEPT = "SELECT swept_at FROM integration_heartbeat"


@dataclass(frozen=True)
class Night:
    """One night on which the clock is changed; moments in UTC.

    `before`: some minutes before its hour, long enough to get ready in. `begins`: the first moment
    after it. `again`: where the hour comes twice, just after its second time; else an hour later.
    """

    zone: str
    at: str
    date: str
    before: str
    begins: str
    again: str
    next_night: str


# 02:00 to 03:00 is missing.
SPRING = Night(
    *("America/Los_Angeles", "02:00", "2027-03-14", "2027-03-14T09:50:00", "2027-03-14T10:00:01"),
    *("2027-03-14T11:00:01", "2027-03-15T09:00:01"),
)
# 01:00 to 02:00 comes twice.
AUTUMN = Night(
    *("America/Los_Angeles", "01:30", "2027-11-07", "2027-11-07T08:20:00", "2027-11-07T08:30:01"),
    *("2027-11-07T09:30:01", "2027-11-08T09:30:01"),
)
# The day begins at 01:00; and, in autumn, its last hour comes twice.
SPRING_AT_MIDNIGHT = Night(
    *("America/Santiago", "00:00", "2027-09-05", "2027-09-05T03:50:00", "2027-09-05T04:00:01"),
    *("2027-09-05T05:00:01", "2027-09-06T03:00:01"),
)
AUTUMN_AT_MIDNIGHT = Night(
    *("America/Santiago", "23:30", "2027-04-03", "2027-04-04T02:20:00", "2027-04-04T02:30:01"),
    *("2027-04-04T03:30:01", "2027-04-05T03:30:01"),
)
OTHERS = pytest.mark.parametrize(
    "night",
    [
        pytest.param(AUTUMN, id="autumn"),
        pytest.param(SPRING_AT_MIDNIGHT, id="spring-at-midnight"),
        pytest.param(AUTUMN_AT_MIDNIGHT, id="autumn-at-midnight"),
    ],
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox:
        yield sandbox


@pytest.fixture
def directory() -> Iterator[Path]:
    """With a short name that all may read: a socket is put there."""
    path = Path(tempfile.mkdtemp(prefix="qsync-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def clock(directory: Path) -> Clock:
    return Clock(directory)


class Place:
    """An installation whose time of day is the test's, with one district and some clusters."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self.installation = installation
        self.clock = clock

    def prepare(self, night: Night) -> None:
        """The evening before, a district whose nights begin by themselves."""
        self.clock.set(night.before)
        self.installation.connect(night.zone)
        self.installation.refresh_servers()
        self.installation.manage("schedule", "lakeside", "--on", f"--at={night.at}")

    def sweep(self, moment: str = "") -> None:
        """Let a sweep be made, at this moment if one is given."""
        here = self.installation
        here.until("no bell waits", lambda: here.sql("SELECT 1 FROM django_q_ormq") == [])
        if moment:
            self.clock.set(moment)
        swept = here.sql(SWEPT)
        for cluster in here.clusters:
            found = here.until("a ticker is there", partial(ticker, cluster.pid))
            os.kill(found, signal.SIGKILL)
        here.until("swept again", lambda: here.sql(SWEPT) != swept)

    def nights(self) -> list[tuple[str, str]]:
        rows = self.installation.sql(ROWS)
        assert {actor for _, _, actor, _ in rows} <= {"schedule"}
        assert {attempts for *_, attempts in rows} <= {0, 1}
        return [(str(night), state) for night, state, *_ in rows]


@pytest.fixture
def here(sandbox: Sandbox, directory: Path, clock: Clock) -> Iterator[Place]:
    """On SQLite, whose clock is that of the processes."""
    log, url = directory / "clusters.log", f"sqlite:///{directory}/qsync.sqlite3"
    with ending(Installation(sandbox, url, log, **clock.environment)) as installation:
        yield Place(installation, clock)


@pytest.fixture
def on_postgresql(sandbox: Sandbox, directory: Path, clock: Clock) -> Iterator[Place]:
    """On a PostgreSQL server of its own, whose clock is the test's as well."""
    clock.set("2027-01-01T00:00:00")
    log = directory / "clusters.log"
    with (
        postgresql(directory, clock) as url,
        ending(Installation(sandbox, url, log, **clock.environment)) as installation,
    ):
        yield Place(installation, clock)


def watch_the_night(place: Place, night: Night, *, clusters: int = 1) -> None:
    """Not before its hour, once at it, not at its second time, and the next in its turn."""
    here = place.installation
    place.prepare(night)
    for _ in range(clusters):
        here.start()
    here.until("swept", lambda: here.sql(SWEPT))
    assert place.nights() == []
    place.sweep(night.begins)
    here.until("the night is done", here.runs)
    place.sweep(night.again)
    assert place.nights() == [(night.date, "done")]
    assert len(imports(here.sandbox.canvas)) == 1
    place.sweep(night.next_night)
    here.until("the next night is done", lambda: here.runs() == 2)
    place.sweep()
    assert len(place.nights()) == 2
    assert len(imports(here.sandbox.canvas)) == 1


def test_the_night_whose_hour_is_missing_runs_once(here):
    watch_the_night(here, SPRING)


@pytest.mark.prove
@OTHERS
def test_the_night_on_which_the_clock_changes_runs_once(here, night):
    watch_the_night(here, night)


@pytest.mark.prove
@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_two_clusters_on_postgresql_run_that_night_once(on_postgresql, night):
    watch_the_night(on_postgresql, night, clusters=2)


@pytest.mark.prove
def test_with_nobody_at_the_keyboard_the_night_begins_within_a_minute_of_its_hour(here):
    """Nothing is touched between the start of the cluster and the end of the night."""
    here.prepare(SPRING)
    here.clock.set("2027-03-14T09:59:20")
    installation = here.installation
    installation.start()
    installation.until("the night is done", installation.runs)
    assert here.nights() == [(SPRING.date, "done")]
    (opened,) = installation.sql("SELECT created_at FROM integration_run")[0]
    assert "2027-03-14 10:00:00" <= opened < "2027-03-14 10:05:00"


@pytest.mark.prove
def test_a_host_that_was_off_for_three_days_runs_once_for_them(here):
    watch_the_night(here, SPRING)
    installation = here.installation
    cluster = installation.clusters.pop()
    cluster.send_signal(signal.SIGTERM)
    assert cluster.wait(60) == 0
    here.clock.set("2027-03-18T15:00:00")
    installation.start()
    installation.until("the missed nights are made good", lambda: installation.runs() == 3)
    here.sweep()
    assert here.nights()[2:] == [("2027-03-18", "done")]


@pytest.mark.prove
@pytest.mark.parametrize("window", ["pause", "blackout"])
def test_at_its_hour_a_district_that_rests_has_no_night(here, window):
    here.prepare(SPRING)
    installation = here.installation
    how = ["--pause", "new servers"]
    if window == "blackout":
        how = ["--blackout", SPRING.date, SPRING.date, "exams"]
    installation.manage("schedule", "lakeside", *how)
    installation.start()
    installation.until("swept", lambda: installation.sql(SWEPT))
    here.sweep(SPRING.begins)
    here.sweep(SPRING.again)
    assert here.nights() == []


@pytest.mark.prove
def test_a_queue_that_is_emptied_in_the_minute_before_stops_no_night(here):
    """With a malformed row in django-q's own schedule as well."""
    here.prepare(SPRING)
    installation = here.installation
    installation.sql(
        "INSERT INTO django_q_schedule (func, args, schedule_type, repeats, next_run)"
        " VALUES ('nowhere.nothing', '(((', 'I', -1, '2000-01-01 00:00:00')"
    )
    installation.start()
    installation.until("swept", lambda: installation.sql(SWEPT))
    installation.sql("DELETE FROM django_q_ormq")
    here.sweep(SPRING.begins)
    installation.until("the night is done", installation.runs)
    here.sweep(SPRING.again)
    assert here.nights() == [(SPRING.date, "done")]
