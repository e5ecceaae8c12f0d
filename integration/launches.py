"""What this app lends to the launch room: the door out, the cipher, the audit log, the district."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from integration import secrets
from integration.connections import door
from integration.http import HttpError
from integration.invitations import RegistrationCodes
from integration.models import AuditEvent, District, Installation
from lti import sessions
from lti.models import Deployment
from lti.registry import Answer, Unreachable
from lti.roles import ACCOUNT_MANAGE

# Anybody can post a bad launch: the log keeps the first so many a minute.
MOST_REFUSALS_A_MINUTE = 60


class Cipher:
    """Secrets of the launch room, sealed like ours."""

    def seal(self, text: str, *, place: str) -> str:
        return secrets.encrypt(text, bound_to=place)

    def unseal(self, sealed: str, *, place: str) -> str:
        return secrets.decrypt(sealed, bound_to=place)


class LaunchHost:
    """See lti.registry.Host."""

    cipher = Cipher()
    invitations = RegistrationCodes()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        max_bytes: int,
        seconds: float,
    ) -> Answer:
        opened = door()
        try:
            answer = opened.request(
                method,
                url,
                headers=headers,
                body=body,
                form=form,
                retry=False,
                max_bytes=max_bytes,
                total_seconds=seconds,
            )
        except HttpError as error:
            raise Unreachable(str(error)) from error
        finally:
            opened.close()
        return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.body)

    def audit(
        self,
        action: str,
        *,
        actor: str,
        subject: str = "",
        after: Mapping[str, Any] | None = None,
    ) -> None:
        if _too_many(action):
            return
        AuditEvent.objects.create(
            actor=actor[:255],
            action=action,
            subject=subject[:255],
            after=dict(after or {}),
        )

    def enter(self, request: HttpRequest, *, needs_district: bool) -> HttpResponse | None:
        """Put `request.district` there; before a district claimed it, nothing but the claim."""
        session = sessions.required(request)
        request.district = district_of(session.deployment)  # type: ignore[attr-defined]
        if request.district is not None or not needs_district:  # type: ignore[attr-defined]
            return None
        launch = session.launched
        if ACCOUNT_MANAGE in launch.rights:
            return HttpResponseRedirect(sessions.url(session, "account:claim"), status=303)
        return render(request, "lti/not_set_up.html", status=403)


def district_of(deployment: Deployment) -> District | None:
    """Whose launches these are: the row alone decides."""
    found = Installation.objects.select_related("district").filter(deployment=deployment).first()
    return found.district if found else None


def _too_many(action: str) -> bool:
    lately = Q(district="", action=action, at__gt=timezone.now() - timedelta(minutes=1))
    return AuditEvent.objects.filter(lately).count() >= MOST_REFUSALS_A_MINUTE
