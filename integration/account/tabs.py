"""Pages of the rooms above among the account's tabs."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Tab:
    """`name` is what a page calls its tab, `page` the name of its address."""

    name: str
    page: str
    words: str | Promise


# They put themselves in here.
MORE: list[Tab] = []
