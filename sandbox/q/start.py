"""What `python -m sandbox` and /sandbox/reset call in the local Q."""

from collections.abc import Iterable
from typing import Any

from sandbox.q import clock, oauth2, planted, quirks, school_days, store, writers
from sandbox.q.credentials import KEY, SECRET
from sandbox.q.records import row
from sandbox.q.schema import COLLECTIONS
from sandbox.q.store import Selection


def prepare(origin: str) -> dict[str, str]:
    """Get ready to serve at `origin`; what the ready line says about Q. May be called again."""
    store.create()
    school_days.create()
    writers.create()
    return {
        "url": f"{origin}/ims/oneroster/v1p1",
        "token_url": f"{origin}/token",
        "key": KEY,
        "secret": SECRET,
        "pages": f"{origin}/",
    }


def is_empty() -> bool:
    """Whether Q holds no record, so that the first ones may be loaded."""
    return not any(store.exists(Selection(each)) for each in COLLECTIONS.values())


def load(records: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Store (collection, record) pairs as they are; how many there were."""
    now = clock.moment()
    count = store.load(row(name, record, now=now) for name, record in records)
    planted.replant()
    school_days.begin(records)
    return count


def clear() -> None:
    """Forget all records; the key and secret of the ready line stay good."""
    store.clear()
    planted.forget()
    school_days.forget()
    writers.forget()
    quirks.restart()
    clock.set_ahead(0)
    oauth2.forget()
