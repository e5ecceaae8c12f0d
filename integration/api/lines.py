"""Stored lines of plans as the API tells them: columns by name, ids as a list."""

from __future__ import annotations

import json
from typing import Any

from integration.models import Change, Run
from integration.provisioning.rows import IMPORTED, SEPARATOR

COLUMNS = {kind.name: kind.columns for kind in IMPORTED}
OF_EVALUATION = ("q_id", "canvas_id", "name")


def key_of(change: Change) -> list[str]:
    return change.key.split(SEPARATOR)


def row_of(kind: str, row: str, of: str = "") -> dict[str, Any] | None:
    """A stored row by its columns; None where there is none. `of` is the kind of the run."""
    values = json.loads(row) if row else None
    if not isinstance(values, list):
        return values
    names = OF_EVALUATION if of == Run.Kind.EVALUATION else COLUMNS.get(kind, ())
    return dict(zip(names, values, strict=False))
