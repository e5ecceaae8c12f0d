"""Whether the Canvas that answers is the one whose rows we remember: asked before each run."""

from __future__ import annotations

from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.models import CanvasConnection, District


class OtherCanvas(QSyncError):
    """What answers is not the Canvas that accepted our rows."""

    code = "canvas.other-account"
    remedy = (
        "If the address of Canvas or the number of its account is wrong, correct it on the page "
        "“Connections”. If the district has moved to this Canvas, save the connection there once "
        "more: what the other Canvas accepted is then forgotten, and the next plan starts from "
        "what this one holds."
    )


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
            f"The Canvas that answers for {district.name} is another one than before."
        )
