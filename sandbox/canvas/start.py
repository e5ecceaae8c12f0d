"""What `python -m sandbox` and /sandbox/reset call in the local Canvas."""

TOKEN = "canvas-token"


def prepare(origin: str) -> dict[str, str]:
    """Get ready to serve at `origin`; what the ready line says. May be called again."""
    return {"url": origin, "token": TOKEN, "account_id": "1", "pages": f"{origin}/"}


def clear() -> None:
    """Back to a fresh root account; the token of the ready line stays good."""
