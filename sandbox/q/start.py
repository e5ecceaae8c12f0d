"""What `python -m sandbox` and /sandbox/reset call in the local Q."""

from collections.abc import Iterable
from typing import Any

KEY = "q-key"
SECRET = "q-secret"


def prepare(origin: str) -> dict[str, str]:
    """Get ready to serve at `origin`; what the ready line says about Q. May be called again."""
    return {
        "url": f"{origin}/ims/oneroster/v1p1",
        "token_url": f"{origin}/token",
        "key": KEY,
        "secret": SECRET,
        "pages": f"{origin}/",
    }


def is_empty() -> bool:
    """Whether Q holds no record, so that the first ones may be loaded."""
    return True


def load(records: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Store (collection, record) pairs as they are; how many there were."""
    return sum(1 for _ in records)


def clear() -> None:
    """Forget all records; the key and secret of the ready line stay good."""
