"""The reference's spread: what its figures are under several seeds, and the lines that follow from it.

Source of the formulas: the prediction interval for one more draw of a normal sample. A submission like the reference
falls below ``mean - t(1 - p, n - 1) * s * sqrt(1 + 1/n)`` with probability ``p``.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError, model_validator

from grader.errors import UsageError
from grader.records import Record, Sha256


class FitRanges(Record):
    """One training of the reference over its runs, epoch by epoch: what its curves lie between.

    Attributes:
        loss: Keras's name of the compiled loss.
        targets: Smallest and largest target over the runs; None where they are classes, or unknown.
        accuracy: What the history calls the accuracy; empty where it has none.
        ranges: ``loss``, ``accuracy`` and the same of validation (``val_loss``) to the lowest, the median and the
            highest value of each epoch, shape ``(3, epochs)``.
    """

    loss: str
    targets: tuple[float, float] | None = None
    accuracy: str = ""
    ranges: dict[str, tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]]


Curves = Mapping[str, tuple[FitRanges, ...]]
"""By section, one for each fit of the reference that counts for it, in order."""

NO_CURVES: Curves = MappingProxyType({})


class Calibration(Record):
    """The reference under several seeds on one data set.

    Attributes:
        reference_sha256: Of the reference notebook's file.
        sections: For each section a digest of what the rubric said of it and its model when the runs were matched.
        data: Which data it ran on.
        fingerprints: Of the data sets that the reference loaded, by name; without any, its figures hold for all data.
        packages: Distribution to version.
        seeds: One a run, ``(runs,)``.
        seconds: Wall time of each run, start to end, ``(runs,)``; empty where it was not noted.
        figures: ``<section>.<figure>`` (``ex4.test_accuracy``) to one value a run, shape ``(runs,)``.
        curves: By section, the fits of the reference that count for it; no check reads them.
    """

    schema_version: Literal[1] = 1
    assignment: str
    reference_sha256: Sha256
    sections: dict[str, Sha256] = {}
    data: Literal["full", "sample"]
    fingerprints: dict[str, Sha256]
    packages: dict[str, str]
    seeds: tuple[int, ...]
    seconds: tuple[float, ...] = ()
    figures: dict[str, tuple[float, ...]]
    curves: dict[str, tuple[FitRanges, ...]] = {}

    @model_validator(mode="before")
    @classmethod
    def _without_summary(cls, plain: Any) -> Any:
        # For whoever reviews the file; it follows from the figures.
        return {key: plain[key] for key in plain if key != "summary"} if isinstance(plain, dict) else plain

    @property
    def holds_for_all_data(self) -> bool:
        """Whether the reference loaded none of our data sets, so that full and sample are the same to it."""
        return not self.fingerprints

    @property
    def longest_seconds(self) -> float | None:
        """What the slowest run took; None where it was not noted."""
        return max(self.seconds, default=None)

    def mean(self, figure: str) -> float:
        """Mean of a figure over the runs.

        Raises:
            KeyError: The figure was never measured.
        """
        return statistics.fmean(self.figures[figure])

    def spread(self, figure: str) -> float:
        """Standard deviation of a figure over the runs, with ``n - 1``."""
        return statistics.stdev(self.figures[figure])

    def lower_line(self, figure: str, *, false_rejection: float) -> float:
        """The value below which a submission like the reference falls with this probability."""
        return self.mean(figure) - self._width(figure, false_rejection)

    def upper_line(self, figure: str, *, false_rejection: float) -> float:
        """The value above which a submission like the reference lies with this probability."""
        return self.mean(figure) + self._width(figure, false_rejection)

    def quantiles(self, figure: str) -> tuple[float, float, float]:
        """The 5 %, 50 % and 95 % quantiles of the runs, interpolated between them."""
        low, median, high = np.quantile(self.figures[figure], (0.05, 0.5, 0.95)).tolist()
        return low, median, high

    def difference_of_two(self, figure: str, *, false_rejection: float) -> float:
        """The distance that two runs exceed with this probability, both sides together: ``t * s * sqrt(2)``."""
        values = self.figures[figure]
        quantile = _t_quantile(1 - false_rejection / 2, degrees=len(values) - 1)
        return quantile * self.spread(figure) * math.sqrt(2)

    def _width(self, figure: str, false_rejection: float) -> float:
        values = self.figures[figure]
        quantile = _t_quantile(1 - false_rejection, degrees=len(values) - 1)
        return quantile * self.spread(figure) * math.sqrt(1 + 1 / len(values))


def read_calibration(path: Path) -> Calibration:
    """Reads a calibration file.

    Raises:
        UsageError: It is missing or no calibration.
    """
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{path}: the calibration cannot be read ({error.strerror}).",
            fix="Make it with: grader calibrate RUBRIC",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{path}: no calibration file: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            fix="Make it anew with: grader calibrate RUBRIC",
        ) from error


def calibration_text(calibration: Calibration) -> str:
    """The file's text: one figure a line, then what follows from it, so that a review sees what changed, and curves."""
    plain = json.loads(calibration.model_dump_json())
    figures, curves = plain.pop("figures"), plain.pop("curves")
    summary = {name: _summary(calibration, name) for name in figures}
    head = json.dumps(plain, indent=1)[:-2]
    return f'{head},\n "figures": {_rows(figures)},\n "summary": {_rows(summary)},\n "curves": {_rows(curves)}\n}}\n'


def _rows(values: dict[str, Any]) -> str:
    rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(values[key])}" for key in sorted(values))
    return f"{{\n{rows}\n }}"


def _summary(calibration: Calibration, figure: str) -> dict[str, float]:
    low, median, high = calibration.quantiles(figure)
    found = {
        "mean": calibration.mean(figure),
        "spread": calibration.spread(figure),
        "quantile_05": low,
        "median": median,
        "quantile_95": high,
    }
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def _t_quantile(probability: float, *, degrees: int) -> float:
    # Loaded here: it costs more than all else that re-grading imports.
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(degrees, probability))
