"""What `python -m sandbox` and /sandbox/reset call in the local Canvas."""

from datetime import timedelta

from sandbox.canvas import mishaps, store
from sandbox.canvas.lti.platform import here
from sandbox.canvas.models import Account


def prepare(origin: str, sso_origin: str = "", issuer: str = "") -> dict[str, str]:
    """Get ready to serve at `origin`; what the ready line says. May be called again.

    `sso_origin` is the host that signs people in to tools, `issuer` what launches name.
    """
    from sandbox.canvas.sis import worker

    if not Account.objects.exists():
        with store.writing():
            store.seed()
    worker.start()
    here.begin(origin, sso_origin, issuer)
    return {
        "url": origin,
        "token": store.TOKEN,
        "account_id": "1",
        "pages": f"{origin}/",
        "sso": here.sso_origin,
        "issuer": here.issuer,
    }


def clear(*, same: bool = False) -> None:
    """Back to a fresh root account, or the `same` one; the token of the ready line stays good."""
    from sandbox.canvas.sis import worker

    with worker.at_rest():
        mishaps.clear()
        here.forget()
        worker.release_foreign()
        store.ahead = timedelta(0)
        store.clear(same=same)
