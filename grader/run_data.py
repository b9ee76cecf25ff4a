"""The data that a notebook ran on, and what was measured of the reference on just these."""

from __future__ import annotations

from collections.abc import Sequence

from grader.calibration import Calibration, FitRanges
from grader.records import DataSetUse
from grader.rubric import DataKind, Rubric, shown_curves


def data_kind(served: Sequence[DataSetUse]) -> DataKind:
    """Which data a notebook ran on: the sample, where a data set that it loaded (or could have) is one."""
    uses = [use for use in served if use.loaded] or list(served)
    return "sample" if any(use.sample for use in uses) else "full"


def calibration_on(rubric: Rubric, served: Sequence[DataSetUse]) -> Calibration | None:
    """The reference's spread on the data that a notebook ran on; None where it was not measured on just these."""
    calibration = rubric.calibrations.get(data_kind(served))
    if calibration is None:
        return None
    for use in served:
        known = calibration.fingerprints.get(use.name)
        # What hangs on a stand-in is not judged by a spread; what does not, is.
        if known is not None and use.loaded and not use.stand_in and known != use.fingerprint:
            return None
    return calibration


def calibrations_on(rubric: Rubric, served: Sequence[DataSetUse]) -> tuple[Calibration | None, Calibration | None]:
    """The reference's spread on the data that a notebook ran on, see `calibration_on`, and on the full data."""
    here = calibration_on(rubric, served)
    return here, here if data_kind(served) == "full" else rubric.calibrations.get("full")


def curves_on(rubric: Rubric, served: Sequence[DataSetUse]) -> dict[str, tuple[FitRanges, ...]]:
    """The reference's curves that a student's page may show, by section.

    Those on just the data that the notebook ran on; none on stand-ins for data.
    """
    if calibration_on(rubric, served) is None or any(use.loaded and use.stand_in for use in served):
        return {}
    return shown_curves(rubric).get(data_kind(served), {})
