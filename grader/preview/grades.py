"""The grades that a re-grade by an edited rubric would write, beside those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from grader.batch import Known
from grader.errors import StoreError, UsageError
from grader.intake import late_rule
from grader.marks import Decisions, MarksFile
from grader.marks.recording import submission_ids
from grader.preview.comparison import Pair, compared
from grader.records import GradedSubmission, Preview, RubricSummary, Untold
from grader.stage_code import own_code
from grader.store import OutputFolder
from grader.stored_grade import foreseen
from grader.task import Settings, Task

WHY = {
    "evidence": "there is no evidence of it that holds, so it would be executed again",
    "schema_version": "its evidence is of another version, so it would be executed again",
    "data_sets": "the data sets are other ones than those it ran on (see --data), so it would be executed again",
    "data_choice": "the data were chosen otherwise when it ran (see --data), so it would be executed again",
    "files": "the files that the rubric lays beside it are other ones, so it would be executed again",
    "inputs": "the rubric answers its questions (inputs) otherwise, so it would be executed again",
    "limits": "it met a limit that is another one now, or took more than a limit allows now (limits of the rubric, or "
    "the options for them), so it would be executed again",
    "seed": "it ran under another seed, so it would be executed again",
    "environment": "the installed packages have changed since it ran, so it would be executed again",
    "code": "the part of grader that runs notebooks has changed since it ran, so it would be executed again",
    "full_size": "what decides its run on data of the original's size has changed, so it would be executed again",
    "verification": "its models would be measured again: grader, the packages or the data have changed since",
    "replay": "a training of it would be repeated again: grader, the packages or the data have changed since",
    "reruns": "a figure of it would come near its line, and it would be run under more seeds (--rerun-borderline)",
}
"""Why a grade cannot be told without a run, by what `grader.stored_grade.foreseen` says."""

NOT_GRADED = "it was never graded"


def preview(settings: Settings, *, output: OutputFolder, marks: MarksFile, deadline: datetime | None = None) -> Preview:
    """What grading everything again by an edited rubric would come to; nothing is run, and nothing is written.

    Args:
        settings: With the edited rubric; all else as for the grading.
        output: Where the grades are.
        marks: What people decided.
        deadline: That goes before the rubric's.

    Raises:
        UsageError: There is no grade by a rubric for this assignment, or a late policy and no deadline.
    """
    rubric = settings.rubric
    decisions, people = Decisions(marks.read()), output.read_people()
    rule = late_rule(rubric, deadline=deadline, decisions=decisions)
    known = Known(output, people, decisions, rule)
    tasks = [known.stored_task(name) for name in dict.fromkeys((*people.submissions, *submission_ids(output)))]
    pairs, told, untold, others = list[Pair](), list[Task](), list[Untold](), set[str]()
    for task in tasks:
        before = task.folder.read_grade()
        if before is not None and before.rubric.assignment != rubric.assignment:
            others.add(before.rubric.assignment)
            continue
        after, why = _foreseen(task, settings) if before is not None else (None, (NOT_GRADED,))
        if before is not None and after is not None:
            pairs.append(Pair(before, after))
            told.append(task)
        else:
            untold.append(Untold(submission=task.id, students=task.people, why=why))
    if not pairs and not untold:
        raise UsageError(
            f"{output.folder}: it holds no grade of {rubric.assignment}{_but(others)}.",
            expected="The output folder of grader grade, and the edited rubric of the same assignment.",
            fix="Check both paths, or grade first.",
        )
    return compared(
        pairs,
        rubric=RubricSummary(
            assignment=rubric.assignment, title=rubric.title, file_name=rubric.path.name, sha256=rubric.sha256
        ),
        lines=rubric.lines,
        people=people,
        untold=untold,
        notes=[*_notes(told), *_untimed(pairs)],
    )


def _foreseen(task: Task, settings: Settings) -> tuple[GradedSubmission | None, tuple[str, ...]]:
    """The grade that would be written, or why that cannot be told."""
    try:
        found = foreseen(task, settings)
    except StoreError as error:
        return None, (str(error),)
    if isinstance(found, GradedSubmission):
        return found, ()
    return None, tuple(WHY.get(name, f"{name} has changed, so it would be executed again") for name in found)


def _notes(tasks: Sequence[Task]) -> list[str]:
    """What moves grades beside the edit, a sentence each."""
    stored = [(task, key) for task in tasks if (key := task.folder.read_key("evaluation")) is not None]
    older = [task for task, key in stored if key.get("code") != own_code().evaluation]
    marked = [task for task, key in stored if key.get("marks") != task.marks.model_dump(mode="json")]
    notes = []
    if older:
        notes.append(
            f"{_count(older)} made by another version of grader: what it judges otherwise now is among the moves. Grade"
            " again by the rubric as it was to see the edit alone."
        )
    if marked:
        notes.append(f"{_count(marked)} made before a tutor's last mark: it is applied here, and is among the moves.")
    return notes


def _untimed(pairs: Sequence[Pair]) -> list[str]:
    """That nothing is taken off where it is not known when something was handed in."""
    untimed = [pair for pair in pairs if pair.after.late is not None and pair.after.late.submitted is None]
    if not untimed:
        return []
    of = "1 submission" if len(untimed) == 1 else f"{len(untimed)} submissions"
    return [f"Of {of} it is not known when it was handed in: nothing is taken off for being late."]


def _count(tasks: Sequence[Task]) -> str:
    return "1 grade was" if len(tasks) == 1 else f"{len(tasks)} grades were"


def _but(others: set[str]) -> str:
    return f", but of {', '.join(sorted(others))}" if others else ""
