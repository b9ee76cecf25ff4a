"""One submission through the stages: read, execute, verify, replay, evaluate, render.

Each is taken from the store where it is there already; `grader.stage_keys` says what that hangs on.
"""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING, Protocol

from grader.attribution import needs_full_size
from grader.borderline import borderline, decide
from grader.errors import SubmissionError
from grader.evaluate import evaluate, not_run
from grader.grade_parts import PartCache
from grader.intake import read_submission
from grader.intake.laying import lay
from grader.integrity import fits_to_replay
from grader.judging.views import SubmissionView
from grader.machine_paths import without_machine_paths
from grader.marks import MarksOfSubmission, apply_marks
from grader.printed_text import well_formed
from grader.records import Evidence, Execution, GradedSubmission, Measurements, Submission
from grader.stage_keys import StageKeys, notebook_digest
from grader.task import OnProgress, Progress, Settings, Task
from grader.verdicts import with_verdicts

if TYPE_CHECKING:
    from nbformat import NotebookNode


class Step(Protocol):
    """A part of the pipeline that a worker runs on one submission."""

    def __call__(self, task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None: ...


def needs_execution(task: Task, settings: Settings) -> bool:
    """Whether the notebook has to be run: there is no evidence of it that holds."""
    keys = StageKeys(task, settings)
    return not keys.unread_is_stored() and keys.execution_is_due()


def needs_gathering(task: Task, settings: Settings) -> bool:
    """Whether `gather` has something to do."""
    return not {"execution", "verification", "replay"}.isdisjoint(StageKeys(task, settings).due())


def needs_grading(task: Task, settings: Settings) -> bool:
    """Whether `grade` has something to do."""
    if StageKeys(task, settings).due():
        return True
    if not settings.reruns or not _reruns_due(task, settings):
        return False
    stored = task.folder.read_grade()
    return stored is None or bool(borderline(stored))


def gather(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Executes, verifies and replays a submission, as far as its folder does not hold that already.

    Raises:
        SubmissionError: The file is no notebook.
    """
    unread = _gather(task, settings, core=core, on_progress=on_progress)
    if unread is not None:
        raise SubmissionError(unread.problem or "There is nothing in it to run.")
    _replay(task, settings, core=core, on_progress=on_progress)


def grade(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Takes one submission through every stage that its folder does not hold already.

    The grade and the page are on disk then.

    Args:
        task: Which.
        settings: With what.
        core: The processor for its kernel.
        on_progress: Told of each step and cell.
    """
    unread = _gather(task, settings, core=core, on_progress=on_progress)
    if unread is not None:
        task.folder.write(_with_marks(not_run(settings.rubric, unread), task.marks))
        StageKeys(task, settings).keep_unread()
        _render(task, settings, on_progress=on_progress)
        return
    _replay(task, settings, core=core, on_progress=on_progress)
    graded = regrade(task, settings, on_progress=on_progress)
    if borderline(graded) and _rerun(task, settings, core=core, on_progress=on_progress):
        regrade(task, settings, on_progress=on_progress)


def regrade(task: Task, settings: Settings, *, on_progress: OnProgress) -> GradedSubmission:
    """Evaluates and renders what the store holds, where that has changed; runs nothing.

    Raises:
        StoreError: The stored evidence is gone or broken.
    """
    keys = StageKeys(task, settings)
    graded = None if keys.evaluation_is_due() else task.folder.read_grade()
    if graded is None:
        on_progress(Progress(task.id, "evaluate"))
        graded = _evaluated(keys)
        if borderline(graded):
            reruns = [_evaluated(rerun) for rerun in keys.stored_reruns()]
            graded = decide(graded, reruns)
        graded = _with_marks(graded, task.marks)
        task.folder.write(graded)
        keys.keep_evaluation()
    _render(task, settings, on_progress=on_progress)
    return graded


def give_up(task: Task, settings: Settings, *, why: str) -> GradedSubmission:
    """Records that we failed on a submission: everything of it needs a person, and nothing is lost.

    Evidence that holds stays as it is, so that the next run goes on from there.

    Args:
        task: Which.
        settings: With what.
        why: What happened to us, a sentence for the tutor.
    """
    evidence = Evidence(
        submission=task.id,
        file_name=well_formed(task.path.name if task.origin is None else task.origin.file_name),
        sha256=notebook_digest(task.path),
        data_choice=settings.data_sets.choice,
        execution=Execution(reason="internal", detail=without_machine_paths(why)),
    )
    measurements = Measurements(submission=task.id, problem=without_machine_paths(why))
    if StageKeys(task, settings).execution_is_due():
        task.folder.forget()
        task.folder.write(evidence)
        task.folder.write(measurements)
        return regrade(task, settings, on_progress=lambda _: None)
    task.folder.forget(("evaluation", "page"))
    graded = evaluate(settings.rubric, evidence=evidence, measurements=measurements, read=task.folder.arrays.get)
    graded = _with_marks(graded, task.marks)
    task.folder.write(graded)
    _render(task, settings, on_progress=lambda _: None)
    return graded


def _evaluated(keys: StageKeys) -> GradedSubmission:
    """The grade, with all that was worked out for an earlier one and still holds."""
    folder = keys.task.folder
    evidence, measurements = folder.stored_evidence()
    parts = PartCache(folder.read_grade_parts(), of=keys.judged)
    graded = evaluate(
        keys.settings.rubric,
        evidence=evidence,
        measurements=measurements,
        read=folder.arrays.get,
        parts=parts,
        asked=keys.settings.asked,
    )
    changed = parts.changed()
    if changed is not None:
        folder.write(changed)
    return graded


def _with_marks(graded: GradedSubmission, marks: MarksOfSubmission) -> GradedSubmission:
    """The grade with what people decided, which goes before all that was judged without them."""
    if not marks:
        return graded
    marked = with_verdicts(graded, apply_marks(graded, marks))
    return marked.model_copy(update={"comment": marks.comments.get("", "")})


def _render(task: Task, settings: Settings, *, on_progress: OnProgress) -> None:
    keys = StageKeys(task, settings)
    graded = task.folder.read_grade() if keys.page_is_due() else None
    if graded is not None:
        if not keys.page_shows(graded):
            from grader.report import write_submission  # noqa: PLC0415 - templates are not needed to gather

            on_progress(Progress(task.id, "render"))
            write_submission(graded, folder=task.folder, people=task.people, handed_in=task.handed_in)
        keys.keep_page(graded)


def _gather(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> Submission | None:
    """Executes and verifies what is due; returns the submission where it is no notebook."""
    keys = StageKeys(task, settings)
    if keys.execution_is_due():
        on_progress(Progress(task.id, "read"))
        submission, notebook = read_submission(
            task.path, submission_id=task.id, origin=task.origin, sandbox=settings.sandbox
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
            data_sets=settings.data_sets,
            limits=settings.limits,
            seed=task.seed,
            core=core,
            inputs=settings.rubric.typed_inputs,
        ),
        work=work,
        on_cell=lambda index, cells: on_progress(Progress(task.id, "run", index, cells)),
    )


def _verify(keys: StageKeys, *, core: int | None, on_progress: OnProgress) -> None:
    """Measures what the evidence holds; fits that were repeated already by the same code stay so."""
    from grader.verification.verify import verify  # noqa: PLC0415 - as above

    task, settings = keys.task, keys.settings
    evidence, before = task.folder.evidence(), task.folder.read_measurements()
    settings = _as_executed(task, settings, evidence)
    done = keys.replayed() or frozenset()
    on_progress(Progress(task.id, "verify", len(evidence.cells), len(evidence.cells)))
    measurements = verify(
        evidence,
        arrays=task.folder.arrays,
        data_sets=settings.data_sets,
        sandbox=settings.sandbox.resolve(),
        core=core,
    )
    replays = () if before is None else tuple(replay for replay in before.replays if replay.fit in done)
    task.folder.write(measurements.model_copy(update={"replays": replays}))
    keys.keep_verification(measurements)


def _replay(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Repeats outside what a finding asks for, and the share that the tutor chose, where that was not done yet."""
    keys = StageKeys(task, settings)
    if not keys.replay_is_due():
        return
    evidence, measurements = task.folder.stored_evidence()
    done = keys.replayed() or frozenset()
    kept = tuple(replay for replay in measurements.replays if replay.fit in done)
    chosen = (fit.id for fit in evidence.fits if _draw(evidence.sha256, fit.id) < settings.replay_share)
    questioned = fits_to_replay(SubmissionView(evidence, measurements, matching={}, read=task.folder.arrays.get))
    due = [fit for fit in dict.fromkeys((*questioned, *chosen)) if fit not in done]
    if due:
        from grader.verification.replay import replay_fits  # noqa: PLC0415 - as above

        on_progress(Progress(task.id, "replay"))
        settings = _as_executed(task, settings, evidence)
        replays = replay_fits(
            evidence,
            due,
            arrays=task.folder.arrays,
            data_sets=settings.data_sets,
            sandbox=settings.sandbox.resolve(),
            core=core,
        )
        kept = (*kept, *replays)
    if kept != measurements.replays:
        task.folder.write(measurements.model_copy(update={"replays": kept}))
    keys.keep_replays(kept)


def _reruns_due(task: Task, settings: Settings) -> list[Task]:
    """The same submission under further seeds, those that are asked for and not stored."""
    keys = [StageKeys(task, settings).rerun(task.seed + number) for number in range(1, settings.reruns + 1)]
    return [one.task for one in keys if one.rerun_is_due()]


def _rerun(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> bool:
    """Runs a submission under further seeds, and says whether any of those runs is new."""
    due = _reruns_due(task, settings)
    for rerun in due:
        _gather(rerun, settings, core=core, on_progress=on_progress)
    return bool(due)


def _draw(sha256: str, fit: str) -> float:
    """A number in [0, 1) that is the same whenever it is drawn for this fit."""
    return int(hashlib.sha256(f"{sha256} {fit}".encode()).hexdigest()[:13], 16) / 16**13
