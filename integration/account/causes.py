"""What the records that Q no longer holds have in common, for whoever decides about them. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from integration.phrases import Count, Phrase

# So large a share of a kind is no coincidence.
MOST = Decimal("0.95")
# So few of a kind have nothing in common that would tell anybody anything.
FEW = 5
ADVICE = (
    "Most often classes were rolled over in Q, or Q Sync may not read that school any more. Ask "
    "Q’s administrator before you let them go."
)


def in_common(
    missing: Mapping[str, Mapping[str, int]],
    *,
    names: Mapping[str, str],
    schools: int,
    held: Iterable[str] = (),
) -> list[Phrase]:
    """Sentences about the one school that almost all that is missing belongs to.

    `missing` is {kind: {school: how many Q no longer holds}}; `schools` is how many the district
    has; `held` those above a limit. Without such a school there is nothing to say.
    """
    if schools < 2:
        return []
    told, found = [], set()
    for kind, by_school in missing.items():
        total = sum(by_school.values())
        school, count = max(by_school.items(), key=lambda one: one[1])
        if not school or total <= FEW or count < MOST * total:
            continue
        found.add(school)
        told.append(_sentence(kind, count, total, names.get(school, school)))
    if not told:
        return []
    if found == set(held):
        told.append(Phrase("No other school is above its limit."))
    return [*told, Phrase(ADVICE)]


def _sentence(kind: str, count: int, total: int, school: str) -> Phrase:
    values = {"kind": Phrase(kind), "count": Count(count), "total": Count(total), "school": school}
    if count == total:
        return Phrase(
            "All {count} {kind} that Q no longer holds are of one school: {school}.", **values
        )
    return Phrase(
        "{count} of the {total} {kind} that Q no longer holds are of one school: {school}.",
        **values,
    )
