"""What the connected Q takes, as probed or set by an admin. PURE.

The defaults are the careful ones: what has not been proved is not relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Profile:
    """Capabilities of one connection, for grades.

    `letter_field` is the key in a result's `metadata` for a letter, "" where there is none.
    `score_decimals` is how many places Q keeps, None where it keeps all.
    `may_write`: False where Q told that the key has no right to write grades.
    `allocates_ids`: Q answers a PUT with an id of its own ("Modified" mode).
    """

    may_write: bool = True
    deletes_results: bool = False
    deletes_line_items: bool = False
    takes_not_submitted_without_score: bool = False
    takes_exempt_without_score: bool = True
    takes_above_maximum: bool = True
    takes_negative: bool = False
    takes_zero_maximum: bool = False
    takes_grading_period: bool = True
    takes_comment: bool = True
    keeps_due_times: bool = True
    keeps_metadata: bool = True
    needs_due_date: bool = True
    needs_category: bool = True
    allocates_ids: bool = False
    score_decimals: int | None = None
    title_limit: int = 255
    letter_field: str = ""

    @classmethod
    def read(cls, probed: Mapping[str, Any]) -> Profile:
        """From what was stored of a probe; what it does not name, or names for others, is left."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in probed.items() if name in known})
