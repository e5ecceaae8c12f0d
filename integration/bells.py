"""Rings the workers: a bell names a task and a number, and may be lost or heard twice."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

# A bell that a worker took so long ago is not waited for: it may have died with that worker,
# or lie in its hands behind a long task.
TAKEN_FOR = timedelta(minutes=1)

Bell = tuple[str, tuple[int, ...]]


def ring(task: str, *ids: int, timeout: int | None = None) -> None:
    """Put a bell into the queue. `timeout` in seconds, where the usual one is too short."""
    options = {} if timeout is None else {"timeout": timeout}
    async_task(task, *ids, q_options=options)


def ringing() -> set[Bell]:
    """The bells that will be heard without another being put."""
    taken_before = timezone.now() - TAKEN_FOR + timedelta(seconds=Conf.RETRY)
    heard: set[Bell] = set()
    for bell in OrmQ.objects.all():
        waits = bell.lock is None or bell.lock <= timezone.now() or bell.lock > taken_before
        if waits:
            heard.add((str(bell.task.get("func")), tuple(bell.task.get("args") or ())))
    return heard


def waits_longer_than(age: timedelta) -> bool:
    """Whether a bell has been waiting for a worker for so long."""
    return bool(OrmQ.objects.filter(lock__lte=timezone.now() - age).exists())
