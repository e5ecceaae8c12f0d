"""From a district's stored connections to clients: the only place that opens doors for it."""

from __future__ import annotations

from django.conf import settings

from integration.canvas.auth import AccessToken, RefreshToken
from integration.canvas.client import CanvasClient
from integration.http import Http, Timeouts
from integration.models import CanvasConnection, District, QConnection
from integration.oneroster.client import OneRosterClient, Settings
from integration.provisioning.errors import NotConnected

# Seconds that a server may ask us to wait before we ask again.
LONGEST_WAIT = 3600.0
# Where somebody waits for the answer: asked once, and not for long.
HURRIED = Timeouts(read=8.0, total=10.0)


def door(*, requests_per_second: float | None = None, is_hurried: bool = False) -> Http:
    """A guarded HTTP door with this installation's allow-list and authorities."""
    return Http(
        allow_private=settings.ALLOW_PRIVATE_ADDRESSES,
        ca_bundle=settings.CA_BUNDLE or None,
        requests_per_second=requests_per_second,
        timeouts=HURRIED if is_hurried else Timeouts(),
        longest_wait=0.0 if is_hurried else LONGEST_WAIT,
    )


def q_client(district: District, *, is_hurried: bool = False) -> OneRosterClient:
    """Q, as this district reaches it; `is_hurried` where a request waits. Raises NotConnected."""
    connection = QConnection.objects.filter(district=district).first()
    if connection is None:
        raise NotConnected(f"{district.slug} has no connection to Q.")
    return q_client_of(connection, is_hurried=is_hurried)


def q_client_of(connection: QConnection, *, is_hurried: bool = False) -> OneRosterClient:
    """Q, as this connection says, saved or not."""
    return OneRosterClient(
        door(requests_per_second=connection.requests_per_second, is_hurried=is_hurried),
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
    """Canvas, on behalf of the district's service account; to be closed. Raises NotConnected."""
    connection = CanvasConnection.objects.filter(district=district).first()
    if connection is None:
        raise NotConnected(f"{district.slug} has no connection to Canvas.")
    return canvas_client_of(connection)


def canvas_client_of(connection: CanvasConnection) -> CanvasClient:
    """Canvas, as this connection says, saved or not; to be closed."""
    auth: AccessToken | RefreshToken
    if connection.refresh_token:
        auth = RefreshToken(
            connection.client_id, connection.client_secret, connection.refresh_token
        )
    else:
        auth = AccessToken(connection.access_token)
    return CanvasClient(door(), connection.base_url, auth, account_id=connection.root_account_id)
