"""A run's findings: of each sort the first ones, and how many there are; whatever comes, no flood.

A sort is a (code, kind). One cause may touch every record of a district, and nobody reads, stores
or prints a million lines that say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from django.db.models import Count, Max, Q

from integration import bulk
from integration.models import Finding, Run

LISTED = 1000
SOURCED_ID_LENGTH = 800

_FIELDS = ("run", "kind", "sourced_id", "field", "code", "reason", "remedy", "more")


class FindingLike(Protocol):
    """What a pure module hands over; `Finding` has the meaning of the fields."""

    @property
    def kind(self) -> str: ...
    @property
    def sourced_id(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def remedy(self) -> str: ...


Sort = tuple[str, str]


class Findings:
    """Writes the findings of one run, for as long as one worker has it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._counts: Counter[Sort] | None = None

    def add(self, problems: Iterable[FindingLike]) -> None:
        """Write down what a person should know; a lazy iterable stays lazy."""
        crowded: dict[Sort, str] = {}
        # In batches, and not in one go: `problems` may itself be reading from the database.
        for batch in bulk.batches(self._listed(problems, crowded), LISTED):
            bulk.insert(Finding, _FIELDS, map(self._row, batch))
        for (code, kind), remedy in crowded.items():
            self._tell_how_many(code, kind, remedy)

    def forget(self) -> None:
        """Drop what was found, to begin anew."""
        Finding.objects.filter(run=self._run).delete()
        self._counts = Counter()

    def _listed(
        self, problems: Iterable[FindingLike], crowded: dict[Sort, str]
    ) -> Iterator[FindingLike]:
        counts = self._counts_so_far()
        for one in problems:
            sort = (one.code, one.kind)
            counts[sort] += 1
            if counts[sort] <= LISTED:
                yield one
            else:
                crowded[sort] = one.remedy

    def _counts_so_far(self) -> Counter[Sort]:
        """Also what whoever had the run before has written."""
        if self._counts is None:
            written = (
                Finding.objects.filter(run=self._run)
                .values_list("code", "kind")
                .annotate(listed=Count("pk", filter=Q(more=0)), more_of_them=Max("more"))
            )
            self._counts = Counter(
                {(code, kind): listed + more for code, kind, listed, more in written}
            )
        return self._counts

    def _row(self, one: FindingLike) -> tuple[object, ...]:
        sourced_id = _storable(one.sourced_id)
        return (
            *(self._run.pk, one.kind, sourced_id, one.field, one.code, one.reason, one.remedy),
            0,
        )

    def _tell_how_many(self, code: str, kind: str, remedy: str) -> None:
        count = self._counts_so_far()[code, kind]
        told = {
            "more": count - LISTED,
            "reason": f"There are {count:,} of these; the first {LISTED:,} are listed.",
        }
        line = Finding.objects.filter(run=self._run, code=code, kind=kind, more__gt=0)
        if not line.update(**told):
            Finding.objects.create(run=self._run, code=code, kind=kind, remedy=remedy, **told)


def _storable(sourced_id: str) -> str:
    """What is wrong with a record may be its very id: too long, or with a character too many."""
    return sourced_id.replace("\0", "\N{REPLACEMENT CHARACTER}")[:SOURCED_ID_LENGTH]
