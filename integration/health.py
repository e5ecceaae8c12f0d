"""Whether this installation can do its work: what /readyz tells, and the ticker looks at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from django.db import Error as DatabaseProblem
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now

from integration.bells import waits_longer_than
from integration.models import District, Heartbeat, ProvisioningPolicy, Run
from integration.models.heartbeat import STALE_AFTER

LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be so, and what to do where it is not."""

    name: str
    ok: bool
    remedy: str = ""

    def as_dict(self) -> dict[str, object]:
        told = asdict(self)
        return {name: value for name, value in told.items() if value != ""}


def checks() -> list[Check]:
    """The database, then what can be asked only of a database that is there."""
    try:
        return [Check("database", ok=True), *_of_the_database()]
    except DatabaseProblem:
        return [Check("database", ok=False, remedy="The database does not answer.")]


def queue_stands_still() -> bool:
    """Whether bells wait although no worker is busy with a run.

    Bells behind long runs are patient; the runs tell of themselves every few seconds.
    """
    busy = Run.objects.filter(state=Run.State.RUNNING, heartbeat_at__gt=Now() - STALE_AFTER)
    return waits_longer_than(LONGEST_WAIT) and not busy.exists()


def _of_the_database() -> list[Check]:
    migrated = is_migrated()
    found = [_check("migrations", migrated, "Run manage.py migrate.")]
    if not migrated:
        return found
    swept = Heartbeat.is_fresh() or not _somebody_is_automatic()
    worker = "Restart the worker (manage.py qcluster), the whole of it."
    return [
        *found,
        _check("sweeper", swept, f"No sweep for three minutes. {worker}"),
        _check("queue", not queue_stands_still(), f"Tasks wait, and nobody takes them. {worker}"),
    ]


def _check(name: str, ok: bool, remedy: str) -> Check:
    return Check(name, ok=ok, remedy="" if ok else remedy)


def is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _somebody_is_automatic() -> bool:
    active = ProvisioningPolicy.objects.filter(district__state=District.State.ACTIVE)
    return active.filter(is_automatic=True).exists()
