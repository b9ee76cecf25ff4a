"""What a tutor needs to decide an objection: the answer that it speaks of, and who else it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.records import GradedSubmission, Judged, Verdict
from grader.review.cohort import Answer, Cohort

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


def affected(answer: Answer, others: Iterable[Answer]) -> list[Answer]:
    """The other answers that lost points in the same way: what is granted to one is due to them too.

    Where a figure decided, those are the ones at least as near to what was required; else those of which the same was
    said, numbers aside.
    """
    return [one for one in others if one.submission != answer.submission and _lost_alike(one.verdict, answer.verdict)]


def consequences(graded: GradedSubmission, verdict: Verdict) -> list[Verdict]:
    """The verdicts of the same submission that are blocked by this one."""
    said = f'This needs "{verdict.title or verdict.criterion}", which was not met.'
    return [one for one in graded.verdicts if one.outcome == "blocked" and one.feedback == said]


def _named(ids: Iterable[str], text: str) -> str | None:
    """The longest id that stands in a text as a word of its own."""
    found = [name for name in ids if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text)]
    return max(found, key=len, default=None)


def _lost_alike(one: Verdict, other: Verdict) -> bool:
    if _is_won(one) or _is_won(other):
        return False
    if one.judged is not None and other.judged is not None:
        return _distance(one.judged) <= _distance(other.judged)
    return one.outcome == other.outcome and _without_numbers(one) == _without_numbers(other)


def _is_won(verdict: Verdict) -> bool:
    return verdict.outcome == "passed"


def _distance(judged: Judged) -> float:
    """How far a figure is outside of its band; 0 within."""
    below = 0.0 if judged.lower is None else judged.lower - judged.value
    above = 0.0 if judged.upper is None else judged.value - judged.upper
    return max(below, above, 0.0)


def _without_numbers(verdict: Verdict) -> Sequence[str]:
    return [_NUMBER.sub("#", verdict.feedback), verdict.cause or ""]
