"""Bands: where a figure must lie, absolute or relative to the reference's spread, and what lies near the line."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from grader.calibration import Calibration
from grader.judging.registry import Params
from grader.judging.results import Words, failed, needs_review, passed, shown
from grader.judging.thresholds import THRESHOLDS
from grader.records import CheckResult, Judged, reaches


class Within(Params):
    """A band relative to the reference's spread under several seeds."""

    figure: str | None = Field(
        None, description="calibration figure, such as ex4.test_accuracy; default: this section's"
    )
    false_rejection: float = Field(
        0.01, gt=0, lt=0.5, description="share of submissions like the reference that fall outside"
    )
    borderline: float = Field(
        0.0001,
        gt=0,
        lt=0.5,
        description="outside this share's line too, the figure fails; between the two a person looks",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.borderline > self.false_rejection:
            raise ValueError("borderline must not be larger than false_rejection")
        return self


Side = Literal["lower", "upper"]


@dataclass(frozen=True)
class Limit:
    """One end of a band.

    Attributes:
        side: ``lower`` where the figure must not lie below.
        line: The end itself.
        last: The line beyond which it fails; between the two it is borderline. Equal to ``line`` for absolute ends.
        source: Where the line comes from, for the student.
    """

    side: Side
    line: float
    last: float
    source: str = ""

    @property
    def words(self) -> str:
        """The limit as a phrase: ``at least 0.9712``."""
        text = f"{'at least' if self.side == 'lower' else 'at most'} {shown(self.line)}"
        return f"{text} ({self.source})" if self.source else text

    def holds(self, value: float) -> bool:
        """Whether the figure is within; the end itself is."""
        return self._reaches(value, self.line)

    def is_near(self, value: float) -> bool:
        """Whether the figure is within the last line."""
        return self._reaches(value, self.last)

    def _reaches(self, value: float, line: float) -> bool:
        return reaches(value, line) if self.side == "lower" else reaches(-value, -line)


def absolute(side: Side, line: float) -> Limit:
    """A limit that the rubric gives as a number."""
    return Limit(side=side, line=line, last=line)


def relative(within: Within, *, side: Side, figure: str, calibration: Calibration | None) -> Limit | None:
    """The limit that follows from the reference's spread; None where the spread was never measured.

    Args:
        within: As the rubric gives it.
        side: Which end.
        figure: The calibration's figure, where ``within`` names none.
        calibration: Of the data in use.
    """
    name = within.figure or figure
    values = calibration.figures.get(name, ()) if calibration is not None else ()
    if calibration is None or len(values) < THRESHOLDS.fewest_runs:
        return None
    line = calibration.lower_line if side == "lower" else calibration.upper_line
    source = f"the reference's runs: {shown(statistics.fmean(values))} on average"
    return Limit(
        side=side,
        line=line(name, false_rejection=within.false_rejection),
        last=line(name, false_rejection=within.borderline),
        source=source,
    )


def judged(value: float, limits: list[Limit], *, what: str, figure: str = "") -> Judged:
    """What was held against which band, for the record."""
    return Judged(
        what=what,
        figure=figure,
        value=value,
        lower=max((limit.line for limit in limits if limit.side == "lower"), default=None),
        upper=min((limit.line for limit in limits if limit.side == "upper"), default=None),
    )


def judge(value: float, limits: list[Limit], *, what: str, advice: str, words: Words, figure: str = "") -> CheckResult:
    """Whether a verified figure lies within every limit.

    Args:
        value: The figure.
        limits: At least one.
        what: The figure's name, as a sentence's subject (``The test accuracy``).
        advice: The next step where it does not.
        words: Of the result; ``expected`` and ``yours`` are filled in here.
        figure: What the calibration calls the figure.
    """
    words = {**words, "expected": " and ".join(limit.words for limit in limits), "yours": shown(value)}
    words["judged"] = judged(value, limits, what=what, figure=figure)
    if not math.isfinite(value):
        return failed(
            f"{what} of your model is {shown(value)}: its outputs are no usable numbers.", words, next_step=advice
        )
    missed = [limit for limit in limits if not limit.holds(value)]
    if not missed:
        return passed(f"{what} is {shown(value)}; {words['expected']} was required.", words)
    worst = next((limit for limit in missed if not limit.is_near(value)), missed[0])
    words["yours"] = shown(value, beside=worst.line)
    side, limit = ("below", "required") if worst.side == "lower" else ("above", "allowed")
    if worst.is_near(value):
        return needs_review(
            "borderline",
            f"{what} is {words['yours']}, close to the {limit} {shown(worst.line, beside=value)}; a tutor will decide.",
            words,
            next_step=advice,
        )
    return failed(
        f"{what} is {words['yours']}, {side} the {limit} {shown(worst.line, beside=value)}.", words, next_step=advice
    )
