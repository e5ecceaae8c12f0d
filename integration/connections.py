"""From a district's stored connections to clients: the only place that opens doors for it."""

from __future__ import annotations

from django.conf import settings

from integration.canvas.auth import AccessToken, RefreshToken
from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.http import Http
from integration.models import CanvasConnection, District, QConnection
from integration.oneroster.client import OneRosterClient, Settings
from integration.provisioning.errors import NotConnected


class OtherCanvas(QSyncError):
    """What answers is not the Canvas that accepted our rows."""

    code = "canvas.other-account"
    remedy = (
        "If the address or the account id is wrong, correct it: manage.py connect SLUG "
        "--canvas-url … If the district has moved to this Canvas, connect it once more the same "
        "way: what the other Canvas accepted is then forgotten, and the next plan starts from "
        "what this one holds."
    )


def door(*, requests_per_second: float | None = None) -> Http:
    """A guarded HTTP door with this installation's allow-list and authorities."""
    return Http(
        allow_private=settings.ALLOW_PRIVATE_ADDRESSES,
        ca_bundle=settings.CA_BUNDLE or None,
        requests_per_second=requests_per_second,
    )


def q_client(district: District) -> OneRosterClient:
    """Q, as this district reaches it. Raises NotConnected."""
    connection = QConnection.objects.filter(district=district).first()
    if connection is None:
        raise NotConnected(f"{district.slug} has no connection to Q.")
    return OneRosterClient(
        door(requests_per_second=connection.requests_per_second),
        Settings(
            base_url=connection.base_url,
            auth=connection.auth,  # type: ignore[arg-type]  # one of QConnection.Auth
            key=connection.key,
            secret=connection.secret,
            token_url=connection.token_url,
            scope=connection.scope,
            page_size=connection.page_size,
            concurrency=connection.concurrency,
        ),
    )


def canvas_client(district: District) -> CanvasClient:
    """Canvas, on behalf of the district's service account. Raises NotConnected."""
    connection = CanvasConnection.objects.filter(district=district).first()
    if connection is None:
        raise NotConnected(f"{district.slug} has no connection to Canvas.")
    auth: AccessToken | RefreshToken
    if connection.refresh_token:
        auth = RefreshToken(
            connection.client_id, connection.client_secret, connection.refresh_token
        )
    else:
        auth = AccessToken(connection.access_token)
    return CanvasClient(door(), connection.base_url, auth, account_id=connection.root_account_id)


def check_same_canvas(district: District, canvas: CanvasClient) -> None:
    """Make sure that this Canvas is the one whose rows we remember; the first one is remembered.

    A Canvas that does not tell its uuid cannot be told from another, and is let through.

    Raises:
        OtherCanvas: it is another one, so nothing that we believe about it is true.
        CanvasError, HttpError: it did not say who it is.
    """
    uuid = canvas.account().uuid
    if not uuid:
        return
    connections = CanvasConnection.objects.filter(district=district)
    if connections.filter(account_uuid="").update(account_uuid=uuid):
        return
    if not connections.filter(account_uuid=uuid).exists():
        raise OtherCanvas(
            f"The Canvas that answers for {district.slug} is another one than before."
        )
