"""How each rule of the fault catalogue can be broken: one small change to the product for each.

A change is (the row of the catalogue, the file, what stands there, what stands there instead, what
that would do). `test_catalogue.py` makes each in a copy of the tree and demands that a test which
is marked with the row fails.
"""

from __future__ import annotations

from typing import NamedTuple


class Break(NamedTuple):
    """`old` stands in `file` exactly once."""

    fault: str
    file: str
    old: str
    new: str
    means: str
