"""Runs the reference solution under several seeds and keeps the spread of its figures, and its curves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.batch import OnStart
from grader.calibration import Calibration
from grader.errors import UsageError
from grader.judging.measured import calibration_figures
from grader.matching import match
from grader.records import FitRecord
from grader.reference.curves import fit_ranges
from grader.reference.runs import completed_run, run_reference
from grader.store import OutputFolder
from grader.task import OnProgress, Settings, Task


def calibrate(
    settings: Settings,
    *,
    seeds: Sequence[int],
    work: OutputFolder,
    jobs: int,
    on_start: OnStart,
    on_progress: OnProgress,
) -> Calibration:
    """Measures the reference of a rubric under every seed; what the work folder holds already is not run again.

    Args:
        settings: The rubric, the data and the limits.
        seeds: At least three.
        work: Where the runs' evidence is kept.
        jobs: Runs at a time.
        on_start: Told of the runs that are due.
        on_progress: Told of every step.

    Raises:
        UsageError: A run failed, or the reference does not come through without an error.
    """
    tasks = run_reference(settings, seeds=seeds, work=work, jobs=jobs, on_start=on_start, on_progress=on_progress)
    return calibration_of(settings, tasks)


def calibration_of(settings: Settings, tasks: Sequence[Task]) -> Calibration:
    """The spread of the figures of a rubric's sections over runs of its reference that are there.

    Args:
        settings: The rubric and the data.
        tasks: The runs.

    Raises:
        UsageError: The reference does not come through without an error, or lacks a figure under some seed.
    """
    rubric = settings.rubric
    reference = rubric.reference_path
    by_seed = [_figures(task, settings) for task in tasks]
    loaded = {use.name: use.fingerprint for task in tasks for use in completed_run(task)[0].data_sets if use.loaded}
    return Calibration(
        assignment=rubric.assignment,
        reference_sha256=hashlib.sha256(reference.read_bytes()).hexdigest(),
        sections=rubric.section_digests,
        data=settings.data_sets.kind,
        fingerprints=loaded,
        packages=dict(settings.environment.packages),
        seeds=tuple(task.seed for task in tasks),
        seconds=tuple(round(completed_run(task)[0].execution.seconds, 1) for task in tasks),
        figures=_together(by_seed, reference=reference),
        curves=fit_ranges([_fits(task, settings) for task in tasks]),
    )


def _figures(task: Task, settings: Settings) -> Mapping[str, float]:
    evidence, measurements = completed_run(task)
    return calibration_figures(
        matching=match(settings.rubric, evidence),
        evidence=evidence,
        measurements=measurements,
        read=task.folder.arrays.get,
        gap_pairs=settings.rubric.gap_pairs,
    )


def _fits(task: Task, settings: Settings) -> dict[str, list[FitRecord]]:
    """The fits that count for each section that has a model of its own."""
    evidence, _ = completed_run(task)
    return {
        name: [fit for fit in evidence.fits if fit.id in found.fits]
        for name, found in match(settings.rubric, evidence).items()
        if found.borrowed_from is None
    }


def _together(by_seed: Sequence[Mapping[str, float]], *, reference: Path) -> dict[str, tuple[float, ...]]:
    names = sorted(set().union(*by_seed))
    missing = [name for name in names if any(name not in figures for figures in by_seed)]
    if missing:
        raise UsageError(
            f"{reference}: under some seeds these figures are missing: {', '.join(missing)}.",
            expected="Every figure under every seed.",
            fix="See why the reference behaves differently from seed to seed.",
        )
    return {name: tuple(figures[name] for figures in by_seed) for name in names}
