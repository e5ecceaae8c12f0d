"""Reads a OneRoster 1.1 CSV bundle, folder or zip, as the records a REST provider would serve."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


class BundleRefused(ValueError):
    """The bundle is not what the CSV binding says; the message names file, line and expectation."""


def iter_bundle(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (collection, record)."""
    raise BundleRefused(f"{path}: not read yet")
