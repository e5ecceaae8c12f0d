"""The sourcedIds of what we write to Q: made once, then stored and never made again. PURE.

UUIDv5, so that a first write whose answer was lost is repeated under the same id (design 6.4).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

# Of this product, made once at random; every district's namespace is made inside it.
_PRODUCT = UUID("6f2a1f0e-6c0e-4d55-9d43-5d0f3f0a7c11")

# In an `ItemKey`, the course grade of the whole course, where else a grading period's id stands.
WHOLE_COURSE = ""


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """What a line item is of: an assignment, or a course grade (`canvas_id`: its grading period).

    `class_id` is the sourcedId of the Q class.
    """

    what: Literal["assignment", "course-grade"]
    canvas_id: str
    class_id: str


def namespace(root_account_uuid: str, environment: str = "") -> UUID:
    """The namespace of one Canvas. `environment`: "" for production, else "beta" or "test".

    A beta Canvas is a copy of production and may carry its uuid.
    """
    return uuid5(_PRODUCT, _exact(root_account_uuid, environment))


def line_item_id(canvas: UUID, key: ItemKey) -> str:
    return str(uuid5(canvas, _exact(key.what, key.canvas_id, key.class_id)))


def result_id(canvas: UUID, line_item: str, student: str) -> str:
    """Both are sourcedIds in Q."""
    return str(uuid5(canvas, _exact("result", line_item, student)))


def _exact(*parts: str) -> str:
    # Not joined by a sign that could stand in an id.
    return json.dumps(parts)
