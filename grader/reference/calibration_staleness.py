"""Whether a reference's spread still belongs to what it is used for: for CI, and for whoever grades with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from grader.calibration import Calibration
from grader.datasets import DataSets
from grader.environment import StudentsEnvironment
from grader.errors import RubricError
from grader.judging.results import listed
from grader.judging.thresholds import THRESHOLDS as JUDGING
from grader.reference.validation import ValidationResult
from grader.rubric import Rubric, criteria_of_spread, sections_of_spread


def calibration_results(
    rubric: Rubric, data_sets: DataSets, environment: StudentsEnvironment
) -> Iterator[ValidationResult]:
    """Whether the spread is of this reference, rubric, data and environment; nothing where no band needs it.

    Args:
        rubric: With its calibrations.
        data_sets: What the rubric is validated on.
        environment: In which it is validated.
    """
    needing = criteria_of_spread(rubric)
    if not needing:
        return
    kind = data_sets.kind
    calibration = rubric.calibrations.get(kind)
    command = f"grader calibrate {rubric.path} --data {kind}"
    if calibration is None:
        text = f"There is none for the {kind} data, and {needing[0]} needs it. Measure it first: {command}"
        yield ValidationResult(group="calibration", name="exists", passed=False, text=text)
        return
    fix = f"Measure it again: {command} --seeds {max(len(calibration.seeds), JUDGING.fewest_runs)}"
    changes = {
        "reference": _reference_change(rubric, calibration),
        "rubric": _rubric_change(rubric, calibration),
        "data": _data_change(data_sets, calibration),
        "environment": _package_change(calibration.packages, environment.packages),
        "runs": _too_few(calibration),
    }
    for name, change in changes.items():
        yield ValidationResult(
            group="calibration", name=name, passed=not change, text=f"{change} {fix}" if change else ""
        )


def _reference_change(rubric: Rubric, calibration: Calibration) -> str:
    try:
        reference = rubric.reference_path
    except RubricError:
        # Who only grades need not have it.
        return ""
    digest = hashlib.sha256(reference.read_bytes()).hexdigest()
    return "" if digest == calibration.reference_sha256 else "The reference notebook has changed since."


def _rubric_change(rubric: Rubric, calibration: Calibration) -> str:
    """Which sections with bands are no longer asked for as they were measured."""
    now = rubric.section_digests
    changed = [name for name in sections_of_spread(rubric) if now[name] != calibration.sections.get(name)]
    if not changed:
        return ""
    if not calibration.sections:
        return "It does not say what the rubric asked for when it was measured."
    what = "titles, models or what they are compared with"
    return f"What the rubric says of {listed(changed)} ({what}) has changed since it was measured."


def _data_change(data_sets: DataSets, calibration: Calibration) -> str:
    now = {file.name: file.fingerprint for file in data_sets.files}
    changed = [name for name, known in calibration.fingerprints.items() if now.get(name) != known]
    return f"These data sets are others than it was measured on: {', '.join(changed)}." if changed else ""


def _package_change(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    # The two distributions of TensorFlow are one library, built for other processors.
    then = {name.removesuffix("-cpu"): version for name, version in then.items()}
    now = {name.removesuffix("-cpu"): version for name, version in now.items()}
    changed = [
        f"{name} {then.get(name, 'missing')} -> {now.get(name, 'missing')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    return f"The environment has changed since: {', '.join(changed)}." if changed else ""


def _too_few(calibration: Calibration) -> str:
    runs = len(calibration.seeds)
    return "" if runs >= JUDGING.fewest_runs else f"It has {runs} runs; at least {JUDGING.fewest_runs} are needed."
