"""What follows from a run that is stored: its grade, and what that would be under other settings."""

from __future__ import annotations

from collections.abc import Callable

from grader.borderline import borderline, decide
from grader.errors import BrokenError
from grader.evaluate import evaluate, not_run
from grader.grade_parts import PartCache
from grader.marks import apply_marks
from grader.proving import Graded
from grader.records import GradedSubmission, GradeParts, Submission
from grader.stage_keys import StageKeys
from grader.store import SubmissionFolder
from grader.task import Settings, Task
from grader.trial_keys import TrialKeys
from grader.verdicts import with_late, with_verdicts

Keep = Callable[[SubmissionFolder, GradeParts], None]
"""Keeps what a grade was put together from."""


def foreseen(task: Task, settings: Settings) -> GradedSubmission | tuple[str, ...]:
    """The grade that `grade` would write, as far as it needs no new run; nothing is run, and nothing is written.

    Args:
        task: A submission with a grade.
        settings: With what it would be graded.

    Returns:
        The grade, or where that would take a new run, why: parts of a key, or stages, see `grader.stage_keys`.

    Raises:
        StoreError: The stored evidence is gone or broken.
    """
    keys, stored = StageKeys(task, settings), task.folder.read_grade()
    if stored is not None and stored.status == "not_run":
        summary = stored.submission
        unread = Submission(
            id=summary.id, file_name=summary.file_name, sha256=summary.sha256, problem=stored.execution.detail
        )
        return with_people(not_run(settings.rubric, unread), task)
    why = keys.execution_changes()
    why = why or (("verification",) if keys.verification_is_due() else ("replay",) if keys.replay_is_due() else ())
    if why:
        return why
    if stored is None or keys.evaluation_is_due():
        stored, broken = judged(keys, keep=lambda _, __: None)
        if broken:
            return ("evidence",)
    return ("reruns",) if borderline(stored) and reruns_due(task, settings) else stored


def judged(keys: StageKeys, *, keep: Keep) -> tuple[GradedSubmission, list[StageKeys]]:
    """The grade that follows from what is stored, from the settings, and from what people decided.

    Returns:
        The grade, and the keys of those runs of which an array is broken.
    """
    graded, broken = without_people(keys, keep=keep)
    if keys.settings.gives_hints and not broken:
        hints = hinted(keys, graded).proofs(TrialKeys(keys).stored()).hints(keys.settings.rubric.hints)
        graded = graded.model_copy(update={"hints": hints})
    return with_people(graded, keys.task), broken


def without_people(keys: StageKeys, *, keep: Keep) -> tuple[GradedSubmission, list[StageKeys]]:
    """The grade that follows from what is stored and from the settings; returns are those of `judged`."""
    broken: list[StageKeys] = []
    graded = _evaluated(keys, keep=keep, broken=broken)
    if borderline(graded):
        graded = decide(graded, [_evaluated(rerun, keep=keep, broken=broken) for rerun in keys.stored_reruns()])
    return graded, broken


def hinted(keys: StageKeys, graded: GradedSubmission) -> Graded:
    """What hints are derived from.

    Args:
        keys: Of the submission.
        graded: Its grade without what people decided.
    """
    evidence, measurements = keys.task.folder.stored_evidence()
    return Graded(keys.settings.rubric, graded, evidence, measurements, keys.task.folder.arrays)


def _evaluated(keys: StageKeys, *, keep: Keep, broken: list[StageKeys]) -> GradedSubmission:
    """The grade, with all that was worked out for an earlier one and still holds; notes whose arrays are broken."""
    folder = keys.task.folder
    evidence, measurements = folder.stored_evidence()
    arrays = folder.arrays
    parts = PartCache(folder.read_grade_parts(), of=keys.judged)
    graded = evaluate(
        keys.settings.rubric,
        evidence=evidence,
        measurements=measurements,
        read=arrays.get,
        parts=parts,
        asked=keys.settings.asked,
    )
    if arrays.met_broken:
        broken.append(keys)
    changed = parts.changed()
    if changed is not None:
        keep(folder, changed)
    return graded


def with_people(graded: GradedSubmission, task: Task) -> GradedSubmission:
    """The grade with what people decided, which goes before all that was judged without them, and what is late."""
    if task.marks:
        graded = with_verdicts(graded, apply_marks(graded, task.marks))
        graded = graded.model_copy(update={"comment": task.marks.comments.get("", "")})
    return with_late(graded, task.late)


def broken_error(task: Task) -> BrokenError:
    """What to raise where an array of a submission is broken."""
    return BrokenError(
        f"{task.folder.arrays.folder}: an array of this submission is lost or broken.",
        fix="Grade this submission again: its notebook is then executed again, and the array written anew.",
    )


def reruns_due(task: Task, settings: Settings) -> list[Task]:
    """The same submission under further seeds, those that are asked for and not stored."""
    keys = [StageKeys(task, settings).rerun(task.seed + number) for number in range(1, settings.reruns + 1)]
    return [one.task for one in keys if one.rerun_is_due()]
