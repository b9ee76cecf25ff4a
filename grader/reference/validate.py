"""Validates a rubric against its reference solution: what CI holds, and what a rubric's author wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.batch import OnStart, gather_all
from grader.evaluate import evaluate
from grader.records import GradedSubmission, Measurements, Verdict
from grader.reference.calibration_staleness import calibration_results
from grader.reference.mutation import MutationResult
from grader.reference.mutation.showing import mutant_in_full
from grader.reference.negative_controls import criteria_that_cannot_fail, earned_by_nothing, empty_notebooks
from grader.reference.runs import run_reference
from grader.reference.validation import Validation, ValidationResult
from grader.rubric import Rubric
from grader.store import OutputFolder
from grader.task import OnProgress, Settings, Task


def validate(
    settings: Settings,
    *,
    seeds: Sequence[int],
    work: OutputFolder,
    jobs: int,
    on_start: OnStart,
    on_progress: OnProgress,
) -> Validation:
    """Holds a rubric against its reference.

    The calibration must belong to this reference, rubric, data and environment; the reference must run through and earn
    every automatic point under every seed, without a flag; every criterion must be one that can be failed; and
    notebooks in which nothing was done, the handed-out template among them, must earn nothing.

    Args:
        settings: The rubric with its calibrations, the data and the limits.
        seeds: One a run of the reference.
        work: Where the runs' evidence is kept; what it holds already is not run again.
        jobs: Runs at a time.
        on_start: Told of the runs that are due.
        on_progress: Told of every step.

    Raises:
        UsageError: There is no reference, or a run of it failed.
    """
    rubric = settings.rubric
    tasks = run_reference(settings, seeds=seeds, work=work, jobs=jobs, on_start=on_start, on_progress=on_progress)
    results = [*calibration_results(rubric, settings.data_sets, settings.environment)]
    for task in tasks:
        results += reference_results(_graded(task, rubric), seed=task.seed)
    results += _criteria_results(tasks[0], rubric)
    results += _control_results(tasks[0], settings, work=work, on_start=on_start, on_progress=on_progress)
    return Validation(
        assignment=rubric.assignment,
        rubric=rubric.path.name,
        data=settings.data_sets.kind,
        seeds=tuple(seeds),
        results=tuple(results),
    )


def reference_results(graded: GradedSubmission, *, seed: int) -> Iterator[ValidationResult]:
    """Whether the reference ran through, without a flag, and earned each automatic point.

    Args:
        graded: The reference's grade under that seed.
        seed: For the results' names.
    """
    yield ValidationResult(
        group="reference", name=f"seed {seed}: execution", passed=not _trouble(graded), text=_trouble(graded)
    )
    flags = " ".join(flag.text for flag in graded.flags)
    yield ValidationResult(group="reference", name=f"seed {seed}: no flag", passed=not flags, text=flags)
    for verdict in graded.verdicts:
        passed = verdict.outcome == "passed" or verdict.cause == "by_hand"
        text = "" if passed else _loss_text(verdict)
        yield ValidationResult(group="reference", name=f"seed {seed}: {verdict.criterion}", passed=passed, text=text)


def mutation_results(result: MutationResult) -> Iterator[ValidationResult]:
    """Whether each fault was caught by a criterion that names it, and each equivalent kept every point.

    Args:
        result: What the rubric made of its reference's mutants.
    """
    for mutant in result.mutants:
        right = mutant.fate in {"caught", "kept"} and not mutant.false_alarms
        yield ValidationResult(
            group="faults" if mutant.group == "fault" else "equivalents",
            name=" in ".join(filter(None, (mutant.kind, mutant.place))),
            passed=right,
            text="" if right else "\n".join(mutant_in_full(mutant)).strip(),
        )
    for problem in result.problems:
        yield ValidationResult(group="faults", name="runs", passed=False, text=problem)
    for one in result.criteria:
        if not one.targeted:
            text = "No fault was aimed at it: nothing is known of whether it catches any."
            yield ValidationResult(group="criteria", name=f"{one.criterion} was tried", passed=False, text=text)


def _graded(task: Task, rubric: Rubric) -> GradedSubmission:
    evidence, measurements = task.folder.stored_evidence()
    return evaluate(rubric, evidence=evidence, measurements=measurements, read=task.folder.arrays.get)


def _criteria_results(task: Task, rubric: Rubric) -> Iterator[ValidationResult]:
    evidence, measurements = task.folder.stored_evidence()
    read = task.folder.arrays.get
    graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=read)
    vacuous = criteria_that_cannot_fail(rubric, graded=graded, evidence=evidence, measurements=measurements, read=read)
    for verdict in graded.verdicts:
        if verdict.cause == "by_hand":
            continue
        text = vacuous.get(verdict.criterion, "")
        fix = "Give it parameters that ask for something, or take it out."
        yield ValidationResult(
            group="criteria",
            name=f"{verdict.criterion} can be failed",
            passed=not text,
            text=f"{text} {fix}" if text else "",
        )


def _control_results(
    task: Task, settings: Settings, *, work: OutputFolder, on_start: OnStart, on_progress: OnProgress
) -> Iterator[ValidationResult]:
    """Whether notebooks in which nothing was done earn nothing; the template, whose code may do something, is run."""
    rubric, read = settings.rubric, task.folder.arrays.get
    evidence, _ = task.folder.stored_evidence()
    for name, other in empty_notebooks(rubric, evidence):
        nothing = Measurements(submission=other.submission)
        yield _control_result(name, evaluate(rubric, evidence=other, measurements=nothing, read=read))
    template = rubric.template_notebook
    if template is not None:
        one = Task(id="template", path=template, folder=work.submission("template"), seed=task.seed)
        failures = gather_all([one], settings, jobs=1, on_start=on_start, on_progress=on_progress)
        if failures:
            yield ValidationResult(
                group="controls", name="the template earns nothing", passed=False, text="; ".join(failures.values())
            )
        else:
            yield _control_result("the template", _graded(one, rubric))


def _control_result(name: str, graded: GradedSubmission) -> ValidationResult:
    text = earned_by_nothing(graded)
    return ValidationResult(group="controls", name=f"{name} earns nothing", passed=not text, text=text)


def _trouble(graded: GradedSubmission) -> str:
    run = graded.execution
    if run.reason is not None:
        return f"The reference's run ended with {run.reason}: {run.detail} Fix the reference, or raise the limits."
    if run.first_error_cell is not None:
        return f"Cell {run.first_error_cell + 1} of the reference raised. It must run from top to bottom."
    return ""


def _loss_text(verdict: Verdict) -> str:
    said = f"{verdict.outcome}: {verdict.feedback} Expected: {verdict.expected or verdict.required}."
    yours = f" The reference: {verdict.yours}." if verdict.yours else ""
    return f"{said}{yours} Fix the reference or the criterion's parameters."
