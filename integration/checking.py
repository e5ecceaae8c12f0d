"""Trying a district's connections from a page: asked for now, done by a worker, step by step."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integration.begin import turn
from integration.bells import ring
from integration.connections import canvas_client, q_client
from integration.errors import QSyncError
from integration.logs import without_words
from integration.models import AuditEvent, ConnectionCheck, District
from integration.verification import VERIFIERS, Step, failed, verify_canvas, verify_q
from lti import rates

logger = logging.getLogger(__name__)


class TooManyTrials(QSyncError):
    """Of a district's connections, within a minute."""

    code = "connection.too-many-trials"
    remedy = "Wait a minute, and try again."


CHECK = "integration.checking.check"
# A worker may have died over one: after so long another one is begun beside it.
GIVEN_UP_AFTER = timedelta(minutes=10)
# Of a district's trials so many are kept.
KEPT = 20


def check_now(
    district: District, *, by: str, test_class: str = "", is_changed: bool = False
) -> ConnectionCheck:
    """Begin a trial, or join the one that is under way.

    `test_class`: sourcedId of a class of Q, made for it, in which grades may be written.
    `is_changed`: a connection is another one since; a trial that is under way may have tried the
    old one, or found none, so it counts no more.
    """
    since = timezone.now() - GIVEN_UP_AFTER
    with turn(district):
        if is_changed:
            district.checks.filter(ended_at=None).delete()
        under_way = district.checks.filter(ended_at=None, created_at__gt=since).first()
        if under_way is not None:
            return under_way
        old = district.checks.order_by("-pk").values_list("pk", flat=True)[KEPT - 1 :]
        district.checks.filter(pk__in=list(old)).delete()
        begun = district.checks.create(by=by, test_class=test_class)
        AuditEvent.objects.create(
            district=district.slug,
            actor=by,
            action="connection.tested",
            subject=f"test {begun.pk}",
            after={"test_class": test_class} if test_class else {},
        )
        transaction.on_commit(lambda: ring(CHECK, begun.pk))
    return begun


def count_trial(district: District) -> None:
    """Before anything is asked because a person, or their program, says so. Raises TooManyTrials.

    Each asks an address that was typed in: nobody is to look through a network with it.
    """
    most = settings.CONNECTION_TESTS_PER_MINUTE
    if rates.is_too_often("connection trial", f"{district.pk}", most):
        raise TooManyTrials("This district’s connections were tried too often within a minute.")


@without_words
def check(check_id: int) -> None:
    """What a worker does when the bell is heard; heard again, it begins anew."""
    begun = ConnectionCheck.objects.select_related("district").filter(pk=check_id).first()
    if begun is None or begun.ended_at is not None:
        return
    steps: list[dict[str, object]] = []
    for step in steps_of(begun.district, test_class=begun.test_class, by=begun.by):
        steps.append(step.as_dict())
        ConnectionCheck.objects.filter(pk=check_id, ended_at=None).update(steps=steps)
    ConnectionCheck.objects.filter(pk=check_id).update(steps=steps, ended_at=timezone.now())
    count = sum(not step["ok"] for step in steps)
    logger.info("connections tried district=%s failed=%d", begun.district.slug, count)


def steps_of(district: District, *, test_class: str, by: str) -> Iterator[Step]:
    """Every step of both sides; one side that is missing is a step, too."""
    try:
        with q_client(district) as q:
            yield from verify_q(q, district.q_connection)
            for tried in VERIFIERS:
                yield from tried(district, q, test_class, by)
    except QSyncError as error:
        yield failed("Q: the connection", error)
    try:
        with canvas_client(district) as canvas:
            yield from verify_canvas(canvas)
    except QSyncError as error:
        yield failed("Canvas: the connection", error)
