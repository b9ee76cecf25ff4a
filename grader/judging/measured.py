"""The figures of a section that checks compare with the reference's spread, made by one function for both sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from grader.judging.views import Array, SectionView, SubmissionView
from grader.metrics import METRICS
from grader.records import ArrayRef, Evidence, Measurements, SectionMatch

ONSET = "overfitting_onset"
"""The epoch of the lowest validation loss, counted from 1."""

GAP = "gap"
TEST_GAP = "test_gap"
_PROBES = {"train": "train", "validation": "validation", "test": "test", "test_shifted": "shifted"}


def figure_name(probe: str, quantity: str) -> str:
    """The name of a measured quantity: ``test_accuracy``; the shifted test images are ``shifted``."""
    return f"{_PROBES.get(probe, probe)}_{quantity}"


def section_figures(section: SectionView, *, compared_to: str | None = None) -> dict[str, float]:
    """Every figure of a section's model that was measured.

    Args:
        section: Whose model it is.
        compared_to: A section whose model this one's gap is compared with.

    Returns:
        ``<part>_<metric>`` for the parts train, validation, test and shifted (test images moved by a pixel) and the
        `METRICS`, errors in the data set's own units; ``gap`` (validation loss less training loss) and ``test_gap``
        (test loss less training loss); with ``compared_to`` ``gap_difference`` and ``test_gap_difference`` (this gap
        less the other's); ``overfitting_onset`` in epochs. What is not finite or unknown is left out.
    """
    found: dict[str, float | None] = {}
    for probe in _PROBES:
        measured = section.measurement(probe)
        if measured is not None:
            for name, metric in METRICS.items():
                found[figure_name(probe, name)] = metric.in_units(measured)
    found[GAP] = _difference(found.get("validation_loss"), found.get("train_loss"))
    found[TEST_GAP] = _difference(found.get("test_loss"), found.get("train_loss"))
    if compared_to is not None and compared_to in section.matching:
        other = section_figures(section.of(compared_to))
        for gap in (GAP, TEST_GAP):
            found[f"{gap}_difference"] = _difference(found[gap], other.get(gap))
    found[ONSET] = onset(section)
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


def calibration_figures(
    *,
    matching: Mapping[str, SectionMatch],
    evidence: Evidence,
    measurements: Measurements,
    read: Callable[[ArrayRef], Array],
    gap_pairs: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Every figure of one run of the reference, as ``<section>.<figure>``.

    Args:
        matching: The reference's own match with the rubric's sections.
        evidence: Of the run.
        measurements: Of the run.
        read: Reads a stored array.
        gap_pairs: Section to the one that its gap is compared with.
    """
    pairs = gap_pairs or {}
    submission = SubmissionView(evidence=evidence, measurements=measurements, matching=matching, read=read)
    figures: dict[str, float] = {}
    for name, match in matching.items():
        if match.model is None:
            continue
        values = section_figures(submission.section(name), compared_to=pairs.get(name))
        figures |= {f"{name}.{figure}": value for figure, value in values.items()}
    return figures


def validation_losses(section: SectionView) -> tuple[float, ...]:
    """The validation loss of each epoch over all fits that count, shape ``(epochs,)``; empty without validation."""
    return tuple(value for fit in section.fits for value in fit.history.get("val_loss", ()))


def onset(section: SectionView) -> float | None:
    """The epoch of the lowest validation loss, counted from 1 over all fits that count; None without validation."""
    losses = np.asarray(validation_losses(section), dtype=np.float64)
    if not np.isfinite(losses).any():
        return None
    return float(np.nanargmin(np.where(np.isfinite(losses), losses, np.nan)) + 1)


def _difference(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right
