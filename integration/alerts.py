"""Tells people by mail what waits for them: a plan, a failed night, silence, a key that ends.

What is to be told is written down first, so a mail server that is away loses nothing and stops no
run; it is tried again, and the pages say so meanwhile (F72, F88, P16).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.utils import timezone

from integration.credentials import WARNED, Ending, ending, refused
from integration.models import District, Notice, ProvisioningPolicy, Run
from integration.provisioning.holds import Hold, sentence

logger = logging.getLogger(__name__)

WAITS, FAILED, SILENT, ENDS, REQUEST = "waits", "failed", "silent", "ends", "request"
# A run that ended longer ago is no news.
NEWS = timedelta(days=3)
SILENCE = timedelta(hours=48)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
# Of one sweep, so that a slow mail server holds nobody up.
PORTION = 20


def sweep() -> None:
    """Write down what is new, and send what is due."""
    now = timezone.now()
    look(now)
    deliver(now)


def look(now: datetime) -> None:
    """Write a notice down for each thing that needs a person and was not told yet."""
    runs = Run.objects.filter(
        kind=Run.Kind.PROVISIONING,
        state__in=(Run.State.HELD, Run.State.FAILED),
        ended_at__gt=now - NEWS,
        district__recipients__isnull=False,
    )
    for run in runs.select_related("district").distinct().order_by("pk"):
        # What failed for a passing reason is tried again by itself first.
        if run.state == Run.State.FAILED and _is_tried_again(run):
            continue
        _write_down(run.district, f"run {run.pk} {run.state}", *_told_of(run))
    for district in _silent(now):
        _write_down(district, f"silent {district.pk} {now.date()}", SILENT, *_of_silence(district))
    for district in District.objects.filter(recipients__isnull=False).distinct():
        _look_at_credentials(district, now)


def _look_at_credentials(district: District, now: datetime) -> None:
    check = district.checks.exclude(ended_at=None).order_by("-pk").first()
    for one in ending(district, check.steps if check else (), now):
        due = [days for days in WARNED if 0 <= one.days <= days]
        if due:
            about = f"ends {district.pk} {one.key} {one.on} {due[0]}"
            _write_down(district, about, ENDS, *_of_ending(district, one))
    run = refused(district, check, now)
    # A night that failed is told as such.
    if run and run.kind != Run.Kind.PROVISIONING:
        about = f"refused {district.pk} {now.date()}"
        _write_down(district, about, FAILED, *_of_refusal(district, run))


_ENDS = {
    "canvas": (
        "Canvas's access token",
        "make another one in Canvas, and save it with its last day under Connections.",
    ),
    "api": (
        "a token of the API",
        "make another one under Connections, Tokens of the API, and give it to the program.",
    ),
    "certificate": (
        "Q's certificate",
        "ask Q's administrator to renew it; once it is, test the connections again.",
    ),
}


def _of_ending(district: District, one: Ending) -> tuple[str, str]:
    # What a token was called is an admin's own word: it stands on the page.
    what, remedy = _ENDS[one.what]
    told = f"{what[0].upper()}{what[1:]} ends on {one.on}.\nWhat to do: {remedy}"
    return f"{district.name}: {what} ends on {one.on}", f"{told}\n\n{settings.BASE_URL}"


def _of_refusal(district: District, run: Run) -> tuple[str, str]:
    told = (
        "Canvas refuses our sign-in, so neither grades nor the next night can go.\n"
        f"Code: {run.error.get('code', '')}\nWhat to do: {run.error.get('remedy', '')}"
    )
    return f"{district.name}: Canvas refuses our sign-in", f"{told}\n\n{settings.BASE_URL}"


def _is_tried_again(run: Run) -> bool:
    return bool(run.not_before and run.not_before > timezone.now())


def _told_of(run: Run) -> tuple[str, str, str]:
    page = f"{settings.BASE_URL}\nOpen Q Sync from Canvas's account navigation: run {run.pk}."
    if run.state == Run.State.FAILED:
        error = run.error
        # Its message may quote what Q or Canvas said, and that a person: it stands on the page.
        told = f"Code: {error.get('code', '')}\nWhat to do: {error.get('remedy', '')}"
        return FAILED, f"{run.district.name}: provisioning failed", f"{told}\n\n{page}"
    holds = "\n".join(f"- {sentence(Hold(**hold))}" for hold in run.holds)
    told = f"Canvas has not been changed. A person has to decide.\n{holds}"
    return WAITS, f"{run.district.name}: a plan waits for you", f"{told}\n\n{page}"


def _of_silence(district: District) -> tuple[str, str]:
    told = (
        "Nothing was carried out for more than two days, although nights are switched on.\n"
        "What to do: look at the last runs, and whether the worker is running."
    )
    return f"{district.name}: provisioning is silent", f"{told}\n\n{settings.BASE_URL}"


def _silent(now: datetime) -> Iterator[District]:
    """Districts whose nights should have run, and of which none was carried out for long."""
    policies = ProvisioningPolicy.objects.filter(
        is_automatic=True,
        district__state=District.State.ACTIVE,
        district__recipients__isnull=False,
        district__provisioned_at__lt=now - SILENCE,
    ).filter(Q(nights_from=None) | Q(nights_from__lt=now - SILENCE))
    for policy in policies.select_related("district").distinct():
        runs = policy.district.runs.filter(kind=Run.Kind.PROVISIONING, state=Run.State.DONE)
        if not runs.filter(ended_at__gt=now - SILENCE).exists():
            yield policy.district


def _write_down(district: District | None, about: str, what: str, subject: str, body: str) -> None:
    Notice.objects.get_or_create(
        about=about,
        defaults={"district": district, "what": what, "subject": subject[:255], "body": body},
    )


def tell_operator(about: str, subject: str, body: str) -> None:
    """Write a notice down for whoever runs this installation."""
    _write_down(None, about, REQUEST, subject, body)


def unsent(district: District) -> QuerySet[Notice]:
    """What could not be sent yet, for the pages to say so."""
    return district.notices.filter(sent_at=None, tries__gt=0).order_by("-pk")


def deliver(now: datetime) -> None:
    """Send what is due; what cannot be sent is tried again, each time after a longer while."""
    due = Notice.objects.filter(sent_at=None, created_at__gt=now - NEWS)
    due = due.filter(Q(not_before=None) | Q(not_before__lte=now))
    for notice in due.select_related("district").order_by("pk")[:PORTION]:
        # Claimed before it is sent: of two sweepers one sends it.
        pause = min(FIRST_PAUSE * 2**notice.tries, LONGEST_PAUSE)
        claimed = Notice.objects.filter(pk=notice.pk, tries=notice.tries, sent_at=None)
        if not claimed.update(tries=notice.tries + 1, not_before=now + pause):
            continue
        to = _recipients(notice)
        if not to:
            Notice.objects.filter(pk=notice.pk).update(error="Nobody is to be told.")
            continue
        try:
            _send(notice, to)
        except (OSError, SMTPException) as error:
            told = type(error).__name__
            Notice.objects.filter(pk=notice.pk).update(error=told)
            logger.warning("mail could not be sent notice=%s error=%s", notice.pk, told)
        else:
            Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), error="")


def _recipients(notice: Notice) -> list[str]:
    if notice.district is None:
        return [settings.OPERATOR_EMAIL] if settings.OPERATOR_EMAIL else []
    wanted = notice.district.recipients.filter(**{notice.what: True})
    return list(wanted.values_list("address", flat=True))


def _send(notice: Notice, to: list[str]) -> None:
    message = EmailMessage(notice.subject, notice.body, settings.DEFAULT_FROM_EMAIL, bcc=to)
    message.send()
