"""Course grades, as Canvas's `GradeCalculator` reckons them. Pure.

Current: what is graded so far. Final: as if everything else were 0. Drop rules keep the set of
scores whose quotient is best (Kane and Kane, "The art of dropping scores").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.canvas.gradebook.schemes import rounded


@dataclass(frozen=True, slots=True)
class Cell:
    """One assignment of one student, as far as it counts; no score: nothing to count yet."""

    assignment_id: int
    group_id: int
    possible: float
    score: float | None
    is_posted: bool = True
    is_pending: bool = False
    period_id: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a group drops."""

    drop_lowest: int = 0
    drop_highest: int = 0
    never_drop: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a course adds up. Without weights all points count alike."""

    weights: Mapping[int, float] | None = None
    rules: Mapping[int, Rules] = field(default_factory=dict)
    period_weights: Mapping[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """A percentage, or none where nothing counts; and the points it stands on."""

    percent: float | None
    points: float
    possible: float


def total(cells: Iterable[Cell], scheme: Scheme, *, current: bool, unposted: bool) -> Total:
    """The grade that `cells` make."""
    counted = [_seen(cell, unposted=unposted) for cell in cells]
    if current:
        counted = [each for each in counted if each.score is not None and not each.is_pending]
    if scheme.period_weights:
        return _of_periods(counted, scheme, scheme.period_weights)
    return _of_groups(counted, scheme)


def _seen(cell: Cell, *, unposted: bool) -> Cell:
    if unposted or cell.is_posted:
        return cell
    return Cell(cell.assignment_id, cell.group_id, cell.possible, None, period_id=cell.period_id)


def _of_periods(cells: Sequence[Cell], scheme: Scheme, weights: Mapping[int, float]) -> Total:
    plain = Scheme(scheme.weights, scheme.rules)
    parts = {
        period: _of_groups([each for each in cells if each.period_id == period], plain)
        for period in weights
    }
    points = sum(each.points for each in parts.values())
    possible = sum(each.possible for each in parts.values())
    counted = {p: each.percent for p, each in parts.items() if each.percent is not None}
    weight = sum(weights[period] for period in counted)
    if not weight:
        return Total(None, points, possible)
    percent = sum(value * weights[period] for period, value in counted.items())
    return Total(rounded(percent / min(weight, 100)), points, possible)


def _of_groups(cells: Sequence[Cell], scheme: Scheme) -> Total:
    by_group: dict[int, list[Cell]] = {}
    for cell in cells:
        by_group.setdefault(cell.group_id, []).append(cell)
    sums = {
        group: _sums(kept(members, scheme.rules.get(group, Rules())))
        for group, members in by_group.items()
    }
    points = sum(score for score, _ in sums.values())
    possible = sum(worth for _, worth in sums.values())
    if scheme.weights is None:
        percent = rounded(points / possible * 100) if possible > 0 else None
        return Total(percent, points, possible)
    return Total(_weighted(sums, scheme.weights), points, possible)


def _weighted(
    sums: Mapping[int, tuple[float, float]], weights: Mapping[int, float]
) -> float | None:
    """Groups without points to earn do not count; the rest is scaled up to 100."""
    counted = {group: score / worth * 100 for group, (score, worth) in sums.items() if worth > 0}
    full = sum(weights.get(group, 0.0) for group in counted)
    if not full:
        return None
    percent = sum(value * weights.get(group, 0.0) / 100 for group, value in counted.items())
    return rounded(percent * 100 / full if full < 100 else percent)


def _sums(cells: Iterable[Cell]) -> tuple[float, float]:
    rows = [(cell.score or 0.0, cell.possible) for cell in cells]
    return sum(score for score, _ in rows), sum(worth for _, worth in rows)


def kept(cells: Sequence[Cell], rules: Rules) -> list[Cell]:
    """What remains after the group's rules; never nothing."""
    safe = [each for each in cells if each.assignment_id in rules.never_drop]
    open_ = sorted(
        (each for each in cells if each.assignment_id not in rules.never_drop),
        key=lambda each: each.assignment_id,
    )
    if not open_ or not (rules.drop_lowest or rules.drop_highest):
        return list(cells)
    lowest = min(rules.drop_lowest, len(open_) - 1)
    highest = rules.drop_highest if lowest + rules.drop_highest < len(open_) else 0
    best = _chosen(open_, safe, len(open_) - lowest, sign=1)
    return [*_chosen(best, safe, len(open_) - lowest - highest, sign=-1), *safe]


def _chosen(cells: list[Cell], safe: list[Cell], count: int, *, sign: int) -> list[Cell]:
    """The `count` cells that together with the safe ones make the best (or worst) quotient."""
    if len(cells) <= count:
        return cells
    if not any(each.possible for each in cells):
        by_score = sorted(cells, key=lambda each: sign * (each.score or 0.0), reverse=True)
        return by_score[:count]
    quotient, chosen = 0.0, cells[:count]
    for _ in range(100):
        at = quotient
        by_gain: list[Any] = sorted(
            cells, key=lambda each: sign * ((each.score or 0.0) - at * each.possible), reverse=True
        )
        chosen = by_gain[:count]
        score, worth = _sums([*chosen, *safe])
        if worth <= 0 or abs(score / worth - quotient) < 1e-12:
            break
        quotient = score / worth
    return chosen
