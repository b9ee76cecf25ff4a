"""How much of the totals' differences a class would show again on other criteria of the same kind."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from grader.statistics.points import Floats, PointsTable
from grader.statistics.thresholds import THRESHOLDS

CONFIDENCE = 0.95
"""Of the intervals."""

Booleans = npt.NDArray[np.bool_]

_ROUNDING = 1e-9
"""Sums of the same points in another order differ by less."""


@dataclass(frozen=True)
class Reliability:
    """Cronbach's alpha of a class's totals, and what follows from it.

    Attributes:
        submissions: How many are completely decided in the criteria that are taken in.
        criteria: Those, by id.
        pending: Criteria that are left out because they are decided in too few submissions.
        constant: Criteria that are left out because everybody earned the same.
        alpha: At most 1; below 0 where criteria go against each other. None where it says nothing.
        interval: Of alpha, 95 % confidence.
        spread_points: Standard deviation of the totals over those criteria.
        standard_error_points: Standard error of measurement of one total.
        why_not: Why there is no alpha, a sentence; empty where there is.
    """

    submissions: int
    criteria: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    alpha: float | None = None
    interval: tuple[float, float] | None = None
    spread_points: float | None = None
    standard_error_points: float | None = None
    why_not: str = ""


@dataclass(frozen=True)
class Item:
    """How one criterion did.

    Attributes:
        decided: In how many submissions.
        mean_share: Of its points, over those, in [0, 1]; None where there are none.
        full_share: Of those submissions, who earned all its points.
        correlation: Of its points with the submission's other points; None where that says nothing.
        by_chance: What a correlation reaches by chance in one of twenty such criteria.
        why_not: Why there is no correlation, a sentence; empty where there is.
    """

    criterion: str
    points: float
    decided: int
    mean_share: float | None = None
    full_share: float | None = None
    correlation: float | None = None
    by_chance: float | None = None
    why_not: str = ""


def reliability(table: PointsTable) -> Reliability:
    """Cronbach's alpha with Feldt's interval, and the standard error of measurement.

    Says nothing of fewer than `THRESHOLDS.fewest_for_reliability` completely decided submissions, of fewer than two
    criteria in which they differ, and of equal totals. It takes for granted that the criteria ask for one ability;
    criteria that hang on each other (``requires``) make it look better than it is.

    Source: Cronbach (1951), "Coefficient alpha and the internal structure of tests", Psychometrika 16: ``k / (k - 1) *
    (1 - sum of the criteria's variances / variance of the totals)``. Feldt (1965), Psychometrika 30, for the interval.
    Standard error: ``spread * sqrt(1 - alpha)``, Lord and Novick (1968), "Statistical theories of mental test scores".
    """
    taken = _mostly_decided(table)
    pending = tuple(name for name, here in zip(table.criteria, taken, strict=True) if not here)
    rows = table.earned[:, taken]
    rows = rows[~np.isnan(rows).any(axis=1)]
    differs = _spreads(rows) > _ROUNDING
    names = [name for name, here in zip(table.criteria, taken, strict=True) if here]
    known = Reliability(
        submissions=len(rows),
        criteria=tuple(name for name, here in zip(names, differs, strict=True) if here),
        pending=pending,
        constant=tuple(name for name, here in zip(names, differs, strict=True) if not here),
    )
    why_not = _why_no_alpha(rows[:, differs]) if names else "No criterion is decided in nine of ten submissions."
    if why_not:
        return replace(known, why_not=why_not)
    return _measured(known, rows[:, differs])


def items(table: PointsTable) -> tuple[Item, ...]:
    """How each criterion did, with the correlation of its points with the other points of a submission.

    The criterion itself is not among those other points, for it would agree with itself. They are the points of the
    criteria that are decided in most submissions, where a submission is decided in all of them.

    Source: Henrysson (1963), "Correction of item-total correlations in item analysis", Psychometrika 28.
    """
    taken = _mostly_decided(table)
    return tuple(_item(table, number, taken=taken) for number in range(len(table.criteria)))


def _item(table: PointsTable, number: int, *, taken: Booleans) -> Item:
    own, possible = table.earned[:, number], table.possible[number]
    decided = own[~np.isnan(own)]
    others = taken.copy()
    others[number] = False
    rest = table.earned[:, others].sum(axis=1)
    both = ~np.isnan(own) & ~np.isnan(rest)
    correlation, why_not = _correlation(own[both], rest[both], is_alone=not others.any())
    return Item(
        criterion=table.criteria[number],
        points=possible,
        decided=len(decided),
        mean_share=float(decided.mean()) / possible if len(decided) else None,
        full_share=float((decided >= possible).mean()) if len(decided) else None,
        correlation=correlation,
        by_chance=None if correlation is None else correlation_by_chance(int(both.sum())),
        why_not=why_not,
    )


def correlation_by_chance(submissions: int) -> float:
    """What a correlation of unrelated points reaches, up or down, in one of twenty classes: from Student's t.

    Args:
        submissions: More than two.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - it costs more than all else that re-grading imports

    degrees = submissions - 2
    quantile = float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
    return quantile / math.sqrt(degrees + quantile**2)


def _correlation(own: Floats, rest: Floats, *, is_alone: bool) -> tuple[float | None, str]:
    if is_alone:
        return None, "There are no other decided points to compare with."
    if len(own) < THRESHOLDS.fewest_for_correlation:
        return None, f"Only {len(own)} decided; {THRESHOLDS.fewest_for_correlation} are needed."
    if not _differs(own):
        return None, "Everybody earned the same here."
    if not _differs(rest):
        return None, "Everybody earned the same in all else."
    return float(np.corrcoef(own, rest)[0, 1]), ""


def _mostly_decided(table: PointsTable) -> Booleans:
    if not table.submissions:
        return np.zeros(len(table.criteria), dtype=bool)
    taken: Booleans = (~np.isnan(table.earned)).mean(axis=0) >= THRESHOLDS.decided_share
    return taken


def _why_no_alpha(rows: Floats) -> str:
    submissions, criteria = rows.shape
    if submissions < THRESHOLDS.fewest_for_reliability:
        return (
            f"{submissions} submissions are decided in all these criteria; {THRESHOLDS.fewest_for_reliability} are"
            " needed to say anything."
        )
    if criteria < 2:
        return "There are no two criteria in which the submissions differ."
    if not _differs(rows.sum(axis=1)):
        return "All submissions have the same total, so there is no difference between them to measure."
    return ""


def _measured(known: Reliability, rows: Floats) -> Reliability:
    submissions, criteria = rows.shape
    total = float(rows.sum(axis=1).var(ddof=1))
    alpha = criteria / (criteria - 1) * (1 - float(rows.var(axis=0, ddof=1).sum()) / total)
    spread = math.sqrt(total)
    return replace(
        known,
        alpha=alpha,
        interval=_feldt(alpha, submissions=submissions, criteria=criteria),
        spread_points=spread,
        standard_error_points=spread * math.sqrt(max(0.0, 1 - alpha)) if alpha >= 0 else None,
    )


def _feldt(alpha: float, *, submissions: int, criteria: int) -> tuple[float, float]:
    """``1 - (1 - alpha) * F`` with ``n - 1`` and ``(n - 1) * (k - 1)`` degrees of freedom."""
    from scipy.special import fdtri  # noqa: PLC0415 - as above

    degrees = submissions - 1
    low, high = (
        1 - (1 - alpha) * float(fdtri(degrees, degrees * (criteria - 1), share))
        for share in ((1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2)
    )
    return low, high


def _spreads(rows: Floats) -> Floats:
    """How far the points of each criterion lie apart, ``(criteria,)``."""
    return np.ptp(rows, axis=0) if len(rows) else np.zeros(rows.shape[1])


def _differs(values: Floats) -> bool:
    return bool(np.ptp(values) > _ROUNDING)
