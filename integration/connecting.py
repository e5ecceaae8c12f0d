"""How a district's two systems are reached: saved by a person, checked field by field, audited.

Secrets are write-only: a blank one leaves what is there, and the audit log holds a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from integration.connections import canvas_client
from integration.errors import QSyncError
from integration.http import HttpError, check_address
from integration.ledger.leases import held
from integration.models import AuditEvent, CanvasConnection, District, QConnection
from integration.provisioning.forget import forget_canvas
from integration.provisioning.run import resource
from integration.secrets import SecretUnreadable

Connection = CanvasConnection | QConnection
# Field: (before, after), secrets masked.
Changes = dict[str, tuple[Any, Any]]

SECRETS = frozenset({"access_token", "client_secret", "refresh_token", "key", "secret"})
ADDRESSES = frozenset({"base_url", "token_url"})
# What may make it another Canvas.
MOVES = frozenset({"base_url", "root_account_id"})
# What may be taken away again: nothing in its place is a value, not “as it was”.
CLEARABLE = frozenset({"access_token_ends_on"})
MASK = "••••"
UNKNOWN = "unknown"


class ConnectionRefused(QSyncError):
    """A value that no connection can have; `field` is the model's."""

    code = "connection.refused"
    remedy = "Correct the field and save again."

    def __init__(self, field: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.remedy = remedy or self.remedy


def fill(row: Connection, values: Mapping[str, Any]) -> Changes:
    """Set what is given and check it; what differs. Nothing is saved.

    Raises:
        ConnectionRefused: a field cannot have this value.
    """
    given = {
        name: value for name, value in values.items() if value is not None or name in CLEARABLE
    }
    token = given.get("access_token")
    if isinstance(row, CanvasConnection) and token not in (None, _held(row, "access_token")):
        # Another token has another last day.
        given.setdefault("access_token_ends_on", None)
    was = {name: _held(row, name) for name in given} if row.pk else {}
    for name in ADDRESSES & given.keys():
        if given[name]:
            _check_address(name, given[name])
    for name, value in given.items():
        setattr(row, name, value)
    changes = {
        name: (shown(name, was.get(name, "")), shown(name, value))
        for name, value in given.items()
        if (was.get(name) or "") != (value or "")
    }
    if isinstance(row, CanvasConnection) and row.pk and MOVES & changes.keys():
        # Until it was asked who it is, it counts as another one than runs have written to.
        row.account_uuid = (row.account_uuid or UNKNOWN) if row.district.runs.exists() else ""
    try:
        row.full_clean(exclude=["profile", "scope"])
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        raise ConnectionRefused(field, " ".join(texts)) from error
    return changes


def _held(row: Connection, name: str) -> Any:
    """What is there; of a secret that no key opens any more, that there is one."""
    try:
        return getattr(row, name)
    except SecretUnreadable:
        return MASK


def _check_address(name: str, url: str) -> None:
    try:
        check_address(url, settings.ALLOW_PRIVATE_ADDRESSES)
    except HttpError as error:
        raise ConnectionRefused(name, str(error), remedy=error.remedy) from error


def shown(name: str, value: Any) -> Any:
    """A value as the audit log may hold it."""
    if isinstance(value, date):
        return value.isoformat()
    return MASK if name in SECRETS and value else value


@transaction.atomic
def save(row: Connection, values: Mapping[str, Any], *, by: str) -> Changes:
    """Fill, save, and write down who changed what. Raises ConnectionRefused."""
    changes = fill(row, values)
    row.save()
    if changes:
        audit(row.district, "connection.saved", by=by, changes=changes)
    return changes


def audit(district: District, action: str, *, by: str, changes: Changes) -> None:
    """Write changes of a connection down, before and after."""
    AuditEvent.objects.create(
        district=district.slug,
        actor=by,
        action=action,
        subject=district.slug,
        before={name: before for name, (before, _) in changes.items()},
        after={name: after for name, (_, after) in changes.items()},
    )


def compare_canvas(district: District, *, by: str) -> dict[str, int]:
    """Is it the Canvas whose rows we remember? If not, forget them; how many of each sort.

    Raises:
        QSyncError: Canvas does not answer; nothing was changed.
    """
    connection = district.canvas_connection
    if not (connection.access_token or connection.refresh_token):
        return {}
    with canvas_client(district) as canvas:
        uuid = canvas.account().uuid
    with held(resource(district)), transaction.atomic():
        was = connection.account_uuid
        CanvasConnection.objects.filter(pk=connection.pk).update(account_uuid=uuid)
        if was in ("", uuid):
            return {}
        forgotten = forget_canvas(district)
        if forgotten:
            AuditEvent.objects.create(
                district=district.slug,
                actor=by,
                action="canvas.replaced",
                subject=district.slug,
                before={"account_uuid": was, "forgotten": forgotten},
                after={"account_uuid": uuid},
            )
        return forgotten
