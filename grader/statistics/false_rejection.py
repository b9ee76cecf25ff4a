"""How often a band turns an honest solution away: one like the reference, run under another seed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from grader.judging.thresholds import THRESHOLDS as JUDGING
from grader.records import Judged

CONFIDENCE = 0.95
"""Of the intervals."""


@dataclass(frozen=True)
class FalseRejection:
    """How often a figure of one more run of the reference lies outside a band.

    Attributes:
        runs: How many runs of the reference there are.
        outside: How many of those lie outside the band.
        share: Expected of one more run, in [0, 1], where figures vary like a normal sample; None where the runs say
            nothing.
        interval: Of that share, 95 % confidence: what so few runs leave open.
        why_not: Why there is no share, a sentence; empty where there is.
    """

    runs: int
    outside: int
    share: float | None = None
    interval: tuple[float, float] | None = None
    why_not: str = ""


def false_rejection(band: Judged, runs: Sequence[float]) -> FalseRejection:
    """How often one more run of the reference would lie outside a band.

    The share is that of the prediction interval of one more draw, by which `grader.calibration` sets a band: a band for
    1 % gives 1 %. The interval says how well so few runs know it: the confidence limits of a normal share outside a
    line, each side of the band for itself with half of the doubt. Says nothing of fewer runs than a band may rest on,
    and where all runs are the same.

    Source: Hahn and Meeker (1991), "Statistical intervals", chapters 4 and 5; Owen (1968), "A survey of properties and
    applications of the noncentral t-distribution", Technometrics 10.

    Args:
        band: What a figure was held against; only its ends are read.
        runs: That figure of each run of the reference, ``(runs,)``.
    """
    outside = sum(not band.holds(value) for value in runs)
    if len(runs) < JUDGING.fewest_runs:
        return FalseRejection(len(runs), outside, why_not=f"Fewer than {JUDGING.fewest_runs} runs of the reference.")
    mean, spread = statistics.fmean(runs), statistics.stdev(runs)
    if spread == 0:
        where = "outside" if outside else "inside"
        return FalseRejection(len(runs), outside, why_not=f"All runs gave the same figure, {where} the band.")
    ends = [(mean - band.lower) / spread] if band.lower is not None else []
    ends += [(band.upper - mean) / spread] if band.upper is not None else []
    limits = [_limits(end, runs=len(runs), doubt=(1 - CONFIDENCE) / max(1, len(ends))) for end in ends]
    return FalseRejection(
        len(runs),
        outside,
        share=min(1.0, sum(_share(end, runs=len(runs)) for end in ends)),
        interval=(max((low for low, _ in limits), default=0.0), min(1.0, sum(high for _, high in limits))),
    )


def _share(end: float, *, runs: int) -> float:
    """The share of one more run beyond a line that lies so many spreads from the mean."""
    from scipy.special import stdtr  # noqa: PLC0415 - it costs more than all else that re-grading imports

    return float(stdtr(runs - 1, -end / math.sqrt(1 + 1 / runs)))


def _limits(end: float, *, runs: int, doubt: float) -> tuple[float, float]:
    """The confidence limits of the share beyond a line: the noncentralities that ``end`` would just be likely under."""
    from scipy.special import nctdtr, ndtr  # noqa: PLC0415 - as above

    root = math.sqrt(runs)

    def noncentrality(probability: float) -> float:
        # The distribution falls as the noncentrality grows.
        low, high = -38.0, 38.0 + 2 * abs(end) * root
        for _ in range(80):
            middle = (low + high) / 2
            if float(nctdtr(runs - 1, middle, end * root)) > probability:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    far, near = noncentrality(doubt / 2), noncentrality(1 - doubt / 2)
    return float(ndtr(-far / root)), float(ndtr(-near / root))
