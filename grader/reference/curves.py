"""The reference's curves over its runs: between what its losses and accuracies lie, epoch by epoch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from grader.architecture.losses import is_cross_entropy
from grader.calibration import FitRanges
from grader.metrics import accuracy_name
from grader.records import ArraySummary, FitRecord


def fit_ranges(runs: Sequence[Mapping[str, Sequence[FitRecord]]]) -> dict[str, tuple[FitRanges, ...]]:
    """The ranges of each section's fits.

    Args:
        runs: For each run the fits that count for each section, in order.

    Returns:
        By section; without those that lack a fit in some run, or whose fits have no history.
    """
    found: dict[str, tuple[FitRanges, ...]] = {}
    for name in runs[0] if runs else ():
        by_run = [run.get(name, ()) for run in runs]
        if len({len(fits) for fits in by_run}) == 1:
            ranges = tuple(_ranges_of(fits) for fits in zip(*by_run, strict=True))
            if any(one.ranges for one in ranges):
                found[name] = ranges
    return found


def _ranges_of(fits: Sequence[FitRecord]) -> FitRanges:
    """The ranges of one fit over its runs."""
    first = fits[0]
    accuracy = accuracy_name(first.history) or ""
    ranges = {}
    for name, called in (("loss", "loss"), ("accuracy", accuracy)):
        for part in ("", "val_"):
            rows = list(_by_epoch([fit.history.get(part + called, ()) for fit in fits] if called else []))
            if rows:
                low, middle, high = zip(*rows, strict=True)
                ranges[part + name] = (low, middle, high)
    loss = first.compiled.loss if first.compiled is not None and not first.compiled.own_loss else None
    targets = None if is_cross_entropy(loss) else _targets([fit.y for fit in fits])
    return FitRanges(loss=loss or "", targets=targets, accuracy=accuracy, ranges=ranges)


def _by_epoch(histories: Sequence[Sequence[float]]) -> Iterator[tuple[float, float, float]]:
    """Lowest, median and highest of each epoch that half of the runs reached; up to one that is not finite."""
    for epoch in range(max(map(len, histories), default=0)):
        values = [history[epoch] for history in histories if epoch < len(history)]
        if 2 * len(values) < len(histories) or not all(map(math.isfinite, values)):
            return
        low, middle, high = (float(f"{one:.4g}") for one in (min(values), statistics.median(values), max(values)))
        yield low, middle, high


def _targets(summaries: Sequence[ArraySummary | None]) -> tuple[float, float] | None:
    """The smallest and the largest target; None where one is unknown."""
    ends = [
        (one.minimum, one.maximum)
        for one in summaries
        if one is not None and one.minimum is not None and one.maximum is not None
    ]
    if not ends or len(ends) < len(summaries):
        return None
    return min(low for low, _ in ends), max(high for _, high in ends)
