"""An invented district of any size, the same for the same seed."""

from collections.abc import Iterator
from typing import Any


def district(students: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (collection, record)."""
    yield "orgs", {"sourcedId": f"district-{seed}", "name": "District", "type": "district"}
