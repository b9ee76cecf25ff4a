"""What is near the line is decided by more runs: the median of the figure over several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from grader.judging.results import counted, shown
from grader.judging.thresholds import THRESHOLDS as JUDGING
from grader.records import GradedSubmission, Judged, Verdict
from grader.verdicts import with_verdicts


def borderline(graded: GradedSubmission) -> tuple[Verdict, ...]:
    """The verdicts that more runs could decide: a figure just outside its band."""
    return tuple(verdict for verdict in graded.verdicts if verdict.cause == "borderline" and verdict.judged is not None)


def decide(graded: GradedSubmission, reruns: Sequence[GradedSubmission]) -> GradedSubmission:
    """The grade with its borderline figures decided by the median over all runs, its own among them.

    Where the runs do not differ (the notebook sets its own seed) or too few have the figure, the verdict stays.

    Args:
        graded: The submission's grade.
        reruns: Its grades under other seeds.
    """
    near = {verdict.criterion for verdict in borderline(graded)}
    if not near or not reruns:
        return graded
    return with_verdicts(
        graded,
        tuple(_decided(verdict, reruns) if verdict.criterion in near else verdict for verdict in graded.verdicts),
    )


def _decided(verdict: Verdict, reruns: Sequence[GradedSubmission]) -> Verdict:
    band = verdict.judged
    if band is None:
        return verdict
    others = [
        one.judged.value
        for rerun in reruns
        for one in rerun.verdicts
        if one.criterion == verdict.criterion and one.judged is not None and math.isfinite(one.judged.value)
    ]
    values = [band.value, *others]
    if len(values) < JUDGING.fewest_runs:
        return verdict
    if len(set(values)) == 1:
        text = "Run again with other seeds it came out the same: the notebook sets its own."
        return verdict.model_copy(update={"feedback": f"{verdict.feedback} {text}"})
    median = statistics.median(values)
    holds = band.holds(median)
    text = (
        f"Close to the line, so the notebook was run {counted(len(others), 'more time')} with other random seeds. The"
        f" median of all {len(values)} runs is {shown(median)}; {_asked(band, median)} was required."
    )
    return verdict.model_copy(
        update={
            "outcome": "passed" if holds else "failed",
            "cause": None,
            "earned": verdict.points if holds else 0.0,
            "pending": 0.0,
            "yours": f"{shown(median)} (median of {len(values)} runs)",
            "feedback": f"{band.what}: {text}",
            "next_step": "" if holds else verdict.next_step,
            "judged": band.model_copy(update={"value": median}),
        }
    )


def _asked(band: Judged, value: float) -> str:
    ends = [("at least", band.lower), ("at most", band.upper)]
    return " and ".join(f"{words} {shown(end, beside=value)}" for words, end in ends if end is not None)
