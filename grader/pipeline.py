"""One submission through the stages: read, execute, verify, replay, evaluate, render.

Each is taken from the store where it is there already; `grader.stage_keys` says what that hangs on.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from grader.attribution import needs_full_size
from grader.borderline import borderline
from grader.errors import BrokenError, SubmissionError
from grader.evaluate import evaluate, not_run
from grader.intake import read_submission
from grader.intake.files import notebook_digest
from grader.intake.laying import lay
from grader.integrity import fits_to_replay
from grader.judging.views import SubmissionView
from grader.machine_paths import name_also, without_machine_paths
from grader.proving import prove
from grader.records import Evidence, Execution, GradedSubmission, Measurements, Submission
from grader.report.shown import shown_digest
from grader.run_data import curves_on
from grader.stage_keys import StageKeys
from grader.store import SubmissionFolder
from grader.stored_grade import broken_error, hinted, judged, reruns_due, with_people, without_people
from grader.take_over import take_over
from grader.task import OnProgress, Progress, Settings, Task
from grader.trial_keys import TrialKeys

if TYPE_CHECKING:
    from nbformat import NotebookNode


class Step(Protocol):
    """A part of the pipeline that a worker runs on one submission."""

    def __call__(self, task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None: ...


def needs_execution(task: Task, settings: Settings) -> bool:
    """Whether the notebook has to be run: there is no evidence of it that holds."""
    keys = StageKeys(task, settings)
    return not keys.unread_is_stored() and keys.execution_is_due()


def needs_regrading(task: Task, settings: Settings) -> bool:
    """Whether `regrade_stored` has something to do."""
    keys = StageKeys(task, settings)
    return keys.evaluation_is_due() or keys.page_is_due()


def needs_gathering(task: Task, settings: Settings) -> bool:
    """Whether `gather` has something to do for what is executed, see `needs_execution`."""
    return not {"verification", "replay"}.isdisjoint(StageKeys(task, settings).due(is_executed=True))


def needs_grading(task: Task, settings: Settings) -> bool:
    """Whether `grade` has something to do for what is executed, see `needs_execution`."""
    keys = StageKeys(task, settings)
    if keys.due(is_executed=True) or (TrialKeys(keys).are_due() and not keys.unread_is_stored()):
        return True
    if not settings.reruns or not reruns_due(task, settings):
        return False
    stored = task.folder.read_grade()
    return stored is None or bool(borderline(stored))


def gather(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Executes, verifies and replays a submission, as far as its folder does not hold that already.

    Raises:
        SubmissionError: The file is no notebook.
    """

    def work() -> None:
        unread = _gather(task, settings, core=core, on_progress=on_progress)
        if unread is not None:
            raise SubmissionError(unread.problem or "There is nothing in it to run.")
        _replay(task, settings, core=core, on_progress=on_progress)

    _mending(work, task, settings)


def grade(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Takes one submission through every stage that its folder does not hold already.

    The grade and the page are on disk then. What is stored and broken is made again.

    Args:
        task: Which.
        settings: With what.
        core: The processor for its kernel.
        on_progress: Told of each step and cell.

    Raises:
        StoreError: The folder cannot be written, or what was just written there cannot be read.
    """
    _mending(partial(_grade, task, settings, core=core, on_progress=on_progress), task, settings)


def _mending(work: Callable[[], None], task: Task, settings: Settings) -> None:
    """Does some work, and once more where it met something broken that can be made again."""
    try:
        work()
    except BrokenError:
        if not StageKeys(task, settings).forget_broken():
            raise
        work()


def _grade(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    unread = _gather(task, settings, core=core, on_progress=on_progress)
    if unread is not None:
        task.folder.write(with_people(not_run(settings.rubric, unread), task))
        StageKeys(task, settings).keep_unread()
        _render(task, settings, on_progress=on_progress)
        return
    _replay(task, settings, core=core, on_progress=on_progress)
    graded = regrade(task, settings, on_progress=on_progress)
    if borderline(graded) and _rerun(task, settings, core=core, on_progress=on_progress):
        regrade(task, settings, on_progress=on_progress)
    if settings.gives_hints and _try_edits(task, settings, core=core, on_progress=on_progress):
        regrade(task, settings, on_progress=on_progress)


def regrade(task: Task, settings: Settings, *, on_progress: OnProgress) -> GradedSubmission:
    """Evaluates and renders what the store holds, where that has changed; runs nothing.

    Raises:
        BrokenError: The stored evidence is gone or broken. Where that is an array of it, there is a grade all the same,
            which waits for a person, and which the next call makes anew.
    """
    keys = StageKeys(task, settings)
    graded = None if keys.evaluation_is_due() else task.folder.read_grade()
    broken: list[StageKeys] = []
    if graded is None:
        on_progress(Progress(task.id, "evaluate"))
        graded, met = judged(keys, keep=SubmissionFolder.write)
        broken = [one for one in met if one.forget_broken()]
        task.folder.write(graded)
        if not broken:
            keys.keep_evaluation()
    _render(task, settings, on_progress=on_progress)
    if broken:
        raise broken_error(task)
    return graded


def regrade_stored(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:  # noqa: ARG001
    """Evaluates and renders a submission that is not given now; what of it is broken waits until it is given again.

    Raises:
        UnwritableError: The folder cannot be written.
    """
    with suppress(BrokenError):
        regrade(task, settings, on_progress=on_progress)


def give_up(task: Task, settings: Settings, *, why: str) -> GradedSubmission:
    """Records that we failed on a submission: everything of it needs a person, and nothing is lost.

    Evidence of this notebook stays as it is, so that the next run goes on from there.

    Args:
        task: Which.
        settings: With what.
        why: What happened to us, a sentence for the tutor.
    """
    evidence = Evidence(
        submission=task.id,
        file_name=task.file_name,
        sha256=notebook_digest(task.path),
        data_choice=settings.data_sets.choice,
        execution=Execution(reason="internal", detail=without_machine_paths(why)),
    )
    measurements = Measurements(submission=task.id, problem=without_machine_paths(why))
    stored = task.folder.read_evidence()
    is_of_another = stored is not None and stored.sha256 != evidence.sha256
    if stored is None or (task.is_given and is_of_another and StageKeys(task, settings).execution_is_due()):
        task.folder.forget()
        task.folder.write(evidence)
        task.folder.write(measurements)
        return regrade(task, settings, on_progress=lambda _: None)
    task.folder.forget(("evaluation", "page"))
    graded = evaluate(settings.rubric, evidence=evidence, measurements=measurements, read=task.folder.arrays.get)
    graded = with_people(graded, task)
    task.folder.write(graded)
    _render(task, settings, on_progress=lambda _: None)
    return graded


def _render(task: Task, settings: Settings, *, on_progress: OnProgress) -> None:
    keys = StageKeys(task, settings)
    graded = task.folder.read_grade() if keys.page_is_due() else None
    if graded is not None:
        shown = shown_digest(graded)
        if not keys.page_shows(shown):
            from grader.report import write_submission  # noqa: PLC0415 - templates are not needed to gather

            on_progress(Progress(task.id, "render"))
            curves = curves_on(settings.rubric, graded.data)
            write_submission(graded, folder=task.folder, people=task.people, handed_in=task.handed_in, curves=curves)
        keys.keep_page(shown)


def _gather(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> Submission | None:
    """Executes and verifies what is due; returns the submission where it is no notebook."""
    name_also(settings.environment.prefixes)
    keys = StageKeys(task, settings)
    if keys.execution_is_due() and not take_over(keys):
        on_progress(Progress(task.id, "read"))
        submission, notebook = read_submission(
            task.path, submission_id=task.id, origin=task.origin, sandbox=settings.sandbox.of_own_python()
        )
        if submission.problem is not None or notebook is None:
            return submission
        _run(keys, submission=submission, notebook=notebook, core=core, on_progress=on_progress)
    else:
        keys.keep_full_size()
    if keys.verification_is_due():
        _verify(keys, core=core, on_progress=on_progress)
    return None


def _run(
    keys: StageKeys, *, submission: Submission, notebook: NotebookNode, core: int | None, on_progress: OnProgress
) -> None:
    """Executes a notebook, and again on data of the original's size where it needs that many rows."""
    task, settings = keys.task, keys.settings
    again = copy.deepcopy(notebook)
    evidence = _execute(task, settings, submission=submission, notebook=notebook, core=core, on_progress=on_progress)
    is_due = needs_full_size(evidence)
    if is_due:
        settings = settings.at_full_size(task.folder.made_data_folder)
        evidence = _execute(task, settings, submission=submission, notebook=again, core=core, on_progress=on_progress)
    keys.keep_execution(evidence, ran_at_full_size=is_due)


def _as_executed(task: Task, settings: Settings, evidence: Evidence) -> Settings:
    """The settings under which a notebook ran: where it ran again on data of the original's size, those."""
    served = {use.name: use.fingerprint for use in evidence.data_sets}
    if served == {file.name: file.fingerprint for file in settings.data_sets.files}:
        return settings
    return settings.at_full_size(task.folder.made_data_folder)


def _execute(
    task: Task,
    settings: Settings,
    *,
    submission: Submission,
    notebook: NotebookNode,
    core: int | None,
    on_progress: OnProgress,
) -> Evidence:
    from grader.execution.execute import ExecutionSettings, execute  # noqa: PLC0415 - re-grading needs none of it

    work = lay(submission.cells, {one.name: one.path for one in task.attachments}, settings.files)
    on_progress(Progress(task.id, "start", 0, len(submission.cells)))
    return execute(
        submission,
        notebook,
        folder=task.folder,
        settings=ExecutionSettings(
            sandbox=settings.sandbox.resolve(),
            environment=settings.environment,
            data_sets=settings.data_sets,
            limits=settings.limits,
            seed=task.seed,
            core=core,
            inputs=settings.rubric.typed_inputs,
        ),
        work=work,
        on_cell=lambda *cell: on_progress(Progress(task.id, "run", *cell)),
    )


def _verify(keys: StageKeys, *, core: int | None, on_progress: OnProgress) -> None:
    """Measures what the evidence holds; fits that were repeated already by the same code stay so."""
    from grader.verification.verify import verify  # noqa: PLC0415 - as above

    task, settings = keys.task, keys.settings
    evidence, before = task.folder.evidence(), task.folder.read_measurements()
    settings = _as_executed(task, settings, evidence)
    done = keys.replayed() or frozenset()
    on_progress(Progress(task.id, "verify", len(evidence.cells), len(evidence.cells)))
    arrays = task.folder.arrays
    measurements = verify(
        evidence,
        arrays=arrays,
        data_sets=settings.data_sets,
        sandbox=settings.sandbox.resolve(),
        core=core,
    )
    if arrays.met_broken and keys.forget_broken():
        raise broken_error(task)
    replays = () if before is None else tuple(replay for replay in before.replays if replay.fit in done)
    task.folder.write(measurements.model_copy(update={"replays": replays}))
    # Also what an execution before this one left, or one that was killed.
    task.folder.prune()
    keys.keep_verification(measurements)


def _replay(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Repeats outside what a finding asks for, and the share that the tutor chose, where that was not done yet."""
    keys = StageKeys(task, settings)
    if not keys.replay_is_due():
        return
    evidence, measurements = task.folder.stored_evidence()
    arrays = task.folder.arrays
    done = keys.replayed() or frozenset()
    kept = tuple(replay for replay in measurements.replays if replay.fit in done)
    chosen = (fit.id for fit in evidence.fits if _draw(evidence.sha256, fit.id) < settings.replay_share)
    questioned = fits_to_replay(SubmissionView(evidence, measurements, matching={}, read=arrays.get))
    due = [fit for fit in dict.fromkeys((*questioned, *chosen)) if fit not in done]
    if due:
        from grader.verification.replay import replay_fits  # noqa: PLC0415 - as above

        on_progress(Progress(task.id, "replay"))
        settings = _as_executed(task, settings, evidence)
        replays = replay_fits(
            evidence,
            due,
            arrays=arrays,
            data_sets=settings.data_sets,
            sandbox=settings.sandbox.resolve(),
            core=core,
        )
        kept = (*kept, *replays)
    if arrays.met_broken and keys.forget_broken():
        raise broken_error(task)
    if kept != measurements.replays:
        task.folder.write(measurements.model_copy(update={"replays": kept}))
    keys.keep_replays(kept)


def _try_edits(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> bool:
    """Repeats trainings with edits that may win back what was lost, and says whether any of them is new."""
    keys = StageKeys(task, settings)
    stored = TrialKeys(keys)
    if not stored.are_due():
        return False
    on_progress(Progress(task.id, "hints"))
    graded, broken = without_people(keys, keep=SubmissionFolder.write)
    if broken:
        return False
    executed = _as_executed(task, settings, task.folder.evidence())
    trials, settled = prove(
        hinted(keys, graded),
        stored.stored(),
        data_sets=executed.data_sets,
        sandbox=settings.sandbox.resolve(),
        core=core,
    )
    stored.keep(trials, settled=settled)
    return True


def _rerun(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> bool:
    """Runs a submission under further seeds, and says whether any of those runs is new."""
    due = reruns_due(task, settings)
    for rerun in due:
        _gather(rerun, settings, core=core, on_progress=on_progress)
    return bool(due)


def _draw(sha256: str, fit: str) -> float:
    """A number in [0, 1) that is the same whenever it is drawn for this fit."""
    return int(hashlib.sha256(f"{sha256} {fit}".encode()).hexdigest()[:13], 16) / 16**13
