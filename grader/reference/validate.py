"""Validates a rubric against its reference solution: what CI holds, and what a rubric's author wants to know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from grader import pipeline
from grader.calibration import Calibration
from grader.checks.bands import FEWEST_RUNS
from grader.checks.results import listed
from grader.datasets import DataSets
from grader.evaluate import evaluate
from grader.execution.sources import packages
from grader.pipeline import Settings, Task, Tell
from grader.records import GradedSubmission, Verdict
from grader.reference.mutation import MutationResult
from grader.reference.mutation.showing import mutant_in_full
from grader.reference.runs import Begin, run_reference
from grader.reference.spoiled import criteria_that_cannot_fail
from grader.reference.validation import Finding, Validation
from grader.rubric import Rubric, criteria_of_spread, sections_of_spread
from grader.store import OutputFolder


def validate(
    settings: Settings, *, seeds: Sequence[int], work: OutputFolder, jobs: int, begin: Begin, tell: Tell
) -> Validation:
    """Holds a rubric against its reference.

    The calibration must belong to this reference, rubric, data and environment; the reference must run through and earn
    every automatic point under every seed, without a flag; every criterion must be one that can be failed.

    Args:
        settings: The rubric with its calibrations, the data and the limits.
        seeds: One a run of the reference.
        work: Where the runs' evidence is kept; what it holds already is not run again.
        jobs: Runs at a time.
        begin: Told of the runs that are due.
        tell: Told of every step.

    Raises:
        UsageError: There is no reference, or a run of it failed.
    """
    rubric = settings.rubric
    tasks = run_reference(settings, seeds=seeds, work=work, jobs=jobs, begin=begin, tell=tell)
    findings = [*calibration_findings(rubric, settings.data_sets)]
    for task in tasks:
        findings += reference_findings(_graded(task, rubric), seed=task.seed)
    findings += _criteria_findings(tasks[0], rubric)
    return Validation(
        assignment=rubric.assignment,
        rubric=rubric.path.name,
        data=settings.data_sets.kind,
        seeds=tuple(seeds),
        findings=tuple(findings),
    )


def calibration_findings(rubric: Rubric, data_sets: DataSets) -> Iterator[Finding]:
    """Whether the spread is of this reference, rubric, data and environment; nothing where no band needs it.

    Args:
        rubric: With its calibrations.
        data_sets: What the rubric is validated on.
    """
    needing = criteria_of_spread(rubric)
    if not needing:
        return
    kind = data_sets.kind
    calibration = rubric.calibrations.get(kind)
    seeds = "" if calibration is None else f" --seeds {max(len(calibration.seeds), FEWEST_RUNS)}"
    mend = (
        f"Measure it {'first' if calibration is None else 'again'}: grader calibrate {rubric.path} --data {kind}{seeds}"
    )
    if calibration is None:
        text = f"There is none for the {kind} data, and {needing[0]} needs it. {mend}"
        yield Finding(group="calibration", name="exists", passed=False, text=text)
        return
    changes = {
        "reference": _reference_change(rubric, calibration),
        "rubric": _rubric_change(rubric, calibration),
        "data": _data_change(data_sets, calibration),
        "environment": _package_change(calibration.packages, packages()),
        "runs": _too_few(calibration),
    }
    for name, change in changes.items():
        yield Finding(group="calibration", name=name, passed=not change, text=f"{change} {mend}" if change else "")


def reference_findings(graded: GradedSubmission, *, seed: int) -> Iterator[Finding]:
    """Whether the reference ran through, without a flag, and earned each automatic point.

    Args:
        graded: The reference's grade under that seed.
        seed: For the findings' names.
    """
    yield Finding(group="reference", name=f"seed {seed}: execution", passed=not _trouble(graded), text=_trouble(graded))
    flags = " ".join(flag.text for flag in graded.flags)
    yield Finding(group="reference", name=f"seed {seed}: no flag", passed=not flags, text=flags)
    for verdict in graded.verdicts:
        passed = verdict.outcome == "passed" or verdict.cause == "by_hand"
        text = "" if passed else _loss_text(verdict)
        yield Finding(group="reference", name=f"seed {seed}: {verdict.criterion}", passed=passed, text=text)


def mutation_findings(result: MutationResult) -> Iterator[Finding]:
    """Whether each fault was caught by a criterion that names it, and each equivalent kept every point.

    Args:
        result: What the rubric made of its reference's mutants.
    """
    for mutant in result.mutants:
        right = mutant.fate in {"caught", "kept"} and not mutant.false_alarms
        yield Finding(
            group="faults" if mutant.group == "fault" else "equivalents",
            name=" in ".join(filter(None, (mutant.kind, mutant.place))),
            passed=right,
            text="" if right else "\n".join(mutant_in_full(mutant)).strip(),
        )
    for problem in result.problems:
        yield Finding(group="faults", name="runs", passed=False, text=problem)
    for one in result.criteria:
        if not one.targeted:
            text = "No fault was aimed at it: nothing is known of whether it catches any."
            yield Finding(group="criteria", name=f"{one.criterion} was tried", passed=False, text=text)


def _graded(task: Task, rubric: Rubric) -> GradedSubmission:
    evidence, measurements = pipeline.stored_evidence(task.folder)
    return evaluate(rubric, evidence=evidence, measurements=measurements, read=task.folder.arrays.get)


def _criteria_findings(task: Task, rubric: Rubric) -> Iterator[Finding]:
    evidence, measurements = pipeline.stored_evidence(task.folder)
    read = task.folder.arrays.get
    graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=read)
    vacuous = criteria_that_cannot_fail(rubric, graded=graded, evidence=evidence, measurements=measurements, read=read)
    for verdict in graded.verdicts:
        if verdict.cause == "by_hand":
            continue
        text = vacuous.get(verdict.criterion, "")
        mend = "Give it parameters that ask for something, or take it out."
        yield Finding(
            group="criteria",
            name=f"{verdict.criterion} can be failed",
            passed=not text,
            text=f"{text} {mend}" if text else "",
        )


def _trouble(graded: GradedSubmission) -> str:
    run = graded.execution
    if run.reason is not None:
        return f"The reference's run ended with {run.reason}: {run.detail} Mend the reference, or raise the limits."
    if run.first_error_cell is not None:
        return f"Cell {run.first_error_cell + 1} of the reference raised. It must run from top to bottom."
    return ""


def _loss_text(verdict: Verdict) -> str:
    said = f"{verdict.outcome}: {verdict.feedback} Expected: {verdict.expected or verdict.required}."
    yours = f" The reference: {verdict.yours}." if verdict.yours else ""
    return f"{said}{yours} Mend the reference or the criterion's parameters."


def _reference_change(rubric: Rubric, calibration: Calibration) -> str:
    if rubric.reference is None or not rubric.beside(rubric.reference).is_file():
        # Who only grades need not have it.
        return ""
    digest = hashlib.sha256(rubric.reference_path.read_bytes()).hexdigest()
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
    return "" if runs >= FEWEST_RUNS else f"It has {runs} runs; at least {FEWEST_RUNS} are needed."
