"""Signing in to Canvas by OAuth 2, in a tab of its own beside Canvas's frame.

The frame's cookies are not the tab's, so a one-time word opens the tab, and a cookie of the tab's
own goes with it to Canvas and back. What Canvas answers counts once, in the tab that asked, while
the visit that began it is still open. The token is looked at before it is kept: whose it is, of
which root account, and what it may do there.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integration.canvas.auth import RefreshToken, authorize_url, canvas_root, exchange_code
from integration.canvas.client import CanvasClient
from integration.canvas.scopes import SCOPES
from integration.checking import check_now
from integration.connecting import ConnectionRefused, compare_canvas, fill, save
from integration.connections import door
from integration.errors import QSyncError
from integration.models import CanvasConnection, CanvasConsent, District
from integration.verification import PERMISSIONS
from lti import sessions
from lti.models import LaunchSession
from lti.own_urls import absolute
from lti.secret_words import digest, new_word

LIFE = timedelta(minutes=10)


class ConsentRefused(QSyncError):
    """Canvas's answer does not make a connection of this district."""

    code = "consent.refused"
    remedy = "Close this tab and begin again from the connections page."


@dataclass(frozen=True, slots=True)
class Key:
    """An API developer key as an admin typed it in."""

    base_url: str
    root_account_id: str
    client_id: str
    client_secret: str
    asks_for_scopes: bool = True


def begin(district: District, session: LaunchSession, key: Key, *, by: str) -> str:
    """Write it down; the word that opens the tab, once.

    Raises:
        ConnectionRefused: the address may not be asked.
    """
    row = CanvasConnection.objects.filter(district=district).first()
    fill(
        row or CanvasConnection(district=district),
        {"base_url": key.base_url, "root_account_id": key.root_account_id},
    )
    word = new_word()
    begun = CanvasConsent(
        district=district,
        session=session,
        by=by,
        base_url=canvas_root(key.base_url),
        root_account_id=key.root_account_id,
        client_id=key.client_id,
        asks_for_scopes=key.asks_for_scopes,
        word_hash=digest(word),
        expires_at=timezone.now() + LIFE,
    )
    begun.client_secret = key.client_secret
    begun.save()
    return word


def open_tab(word: str) -> tuple[str, str] | None:
    """(where the tab goes, the key of its cookie), for exactly one caller; else None."""
    found = _open().filter(word_hash=digest(word), state_hash="")
    begun = found.first()
    if begun is None:
        return None
    state, browser = new_word(), new_word()
    if not found.update(state_hash=digest(state), browser_hash=digest(browser)):
        return None
    url = authorize_url(
        begun.base_url,
        client_id=begun.client_id,
        redirect_uri=callback(),
        state=state,
        scopes=SCOPES if begun.asks_for_scopes else (),
    )
    return url, browser


def answered(*, state: str, browser: str, code: str, error: str) -> CanvasConsent:
    """Canvas has answered the tab. The consent as it ended: done, or with its error.

    Raises:
        ConsentRefused: nobody in this browser asked for this answer, or it came before.
    """
    found = _open().filter(state_hash=digest(state), browser_hash=digest(browser))
    begun = found.select_related("district", "session__deployment__platform").first()
    if begun is None or not state or not found.update(ended_at=timezone.now()):
        raise ConsentRefused("This answer of Canvas was not asked for here, or it came before.")
    try:
        _check_session(begun)
        if error or not code:
            raise ConsentRefused(f"Canvas says “{error[:100] or 'no code'}”; nothing was changed.")
        _keep(begun, code)
    except QSyncError as refused:
        begun.error = refused.as_dict()
        CanvasConsent.objects.filter(pk=begun.pk).update(error=begun.error)
    # The key is the connection's now, or nobody's.
    CanvasConsent.objects.filter(pk=begun.pk).update(sealed_client_secret="")
    return begun


def callback() -> str:
    """Where Canvas sends the tab back to; registered with the developer key."""
    return absolute("account:canvas-callback")


def _open() -> QuerySet[CanvasConsent]:
    return CanvasConsent.objects.filter(ended_at=None, expires_at__gt=timezone.now())


def _check_session(begun: CanvasConsent) -> None:
    """Raises ConsentRefused where the visit that asked is over."""
    if not sessions.is_live(begun.session):
        raise ConsentRefused("The visit in Canvas from which this was begun has ended.")


def _keep(begun: CanvasConsent, code: str) -> None:
    """Exchange the code, look at the token, and keep it. Raises QSyncError."""
    secret = begun.client_secret
    with closing(door()) as http:
        grant = exchange_code(
            http,
            begun.base_url,
            client_id=begun.client_id,
            client_secret=secret,
            redirect_uri=callback(),
            code=code,
        )
    auth = RefreshToken(
        begun.client_id, secret, grant.refresh_token, access_token=grant.access_token
    )
    with CanvasClient(door(), begun.base_url, auth, account_id=begun.root_account_id) as canvas:
        uuid = _checked(canvas, begun)
    values = {
        "base_url": begun.base_url,
        "root_account_id": begun.root_account_id,
        "client_id": begun.client_id,
        "client_secret": secret,
        "refresh_token": grant.refresh_token,
        "access_token": "",
    }
    district = begun.district
    with transaction.atomic():
        row = CanvasConnection.objects.filter(district=district).first()
        save(row or CanvasConnection(district=district, account_uuid=uuid), values, by=begun.by)
        check_now(district, by=begun.by, is_changed=True)
    district.refresh_from_db()
    compare_canvas(district, by=begun.by)


def _checked(canvas: CanvasClient, begun: CanvasConsent) -> str:
    """The account's uuid, where the token is good for this district. Raises ConsentRefused."""
    account = canvas.account()
    if not account.is_root:
        raise ConsentRefused(
            f"“{account.name}” is a sub-account; SIS imports need the root account."
        )
    known = CanvasConnection.objects.filter(district=begun.district).first()
    is_other = known and known.account_uuid and known.account_uuid != account.uuid
    if is_other and begun.district.provisioned_at:
        raise ConsentRefused(
            f"“{account.name}” is another Canvas than the one this district is provisioned into."
        )
    missing = [name for name, has in canvas.permissions(PERMISSIONS).items() if not has]
    if missing:
        raise ConsentRefused(
            f"Whoever signed in may not do what is needed: {', '.join(missing)} is missing."
        )
    return account.uuid


__all__ = ["ConnectionRefused", "ConsentRefused", "Key", "answered", "begin", "open_tab"]
