"""What a tutor needs to decide an objection: the answer that it speaks of, and who else it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.records import GradedSubmission, Judged, Verdict
from grader.review.cohort import Cohort
from grader.review.worklist import Entry

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Found:
    """What a text names; None where it names none, or none that was graded."""

    submission: str | None
    criterion: str | None


def find(cohort: Cohort, text: str) -> Found:
    """The submission and the criterion that a text names by their ids: an objection, or a few words.

    Args:
        cohort: Of which.
        text: What the student sent, or what the tutor typed.
    """
    submission = _named(cohort.graded, text)
    return Found(submission, _named(cohort.questions(), text))


def affected(entry: Entry, others: Iterable[Entry]) -> list[Entry]:
    """The other answers that lost points in the same way: what is granted to one is due to them too.

    Where a figure decided, those are the ones at least as near to what was required. Where a person did, those that are
    nearly the same, or have a deduction in common. Else those of which the same was said, numbers aside.
    """
    if not _is_lost(entry.verdict):
        return []
    alike = _marked_alike if entry.answer.verdict.outcome == "needs_review" else _judged_alike
    name = entry.answer.submission
    return [one for one in others if one.answer.submission != name and _is_lost(one.verdict) and alike(one, entry)]


def consequences(graded: GradedSubmission, verdict: Verdict) -> list[Verdict]:
    """The verdicts of the same submission that are blocked by this one."""
    said = f'This needs "{verdict.title or verdict.criterion}", which was not met.'
    return [one for one in graded.verdicts if one.outcome == "blocked" and one.feedback == said]


def _named(ids: Iterable[str], text: str) -> str | None:
    """The longest id that stands in a text as a word of its own."""
    found = [name for name in ids if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text)]
    return max(found, key=len, default=None)


def _is_lost(verdict: Verdict) -> bool:
    return verdict.outcome in {"failed", "partial", "blocked"}


def _marked_alike(one: Entry, other: Entry) -> bool:
    mine, theirs = one.verdict.mark, other.verdict.mark
    if mine is None or theirs is None:
        return False
    shared = {text for text, points in mine.items if points < 0} & {text for text, _ in theirs.items}
    return one.group == other.group or bool(shared)


def _judged_alike(one: Entry, other: Entry) -> bool:
    mine, theirs = one.answer.verdict, other.answer.verdict
    if mine.judged is not None and theirs.judged is not None:
        return _distance(mine.judged) <= _distance(theirs.judged)
    return mine.outcome == theirs.outcome and _without_numbers(mine) == _without_numbers(theirs)


def _distance(judged: Judged) -> float:
    """How far a figure is outside of its band; 0 within."""
    below = 0.0 if judged.lower is None else judged.lower - judged.value
    above = 0.0 if judged.upper is None else judged.value - judged.upper
    return max(below, above, 0.0)


def _without_numbers(verdict: Verdict) -> Sequence[str]:
    return [_NUMBER.sub("#", verdict.feedback), verdict.cause or ""]
