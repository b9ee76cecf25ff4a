"""What a person saw when they marked: the answer and the measured facts, without the rubric that judged them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from grader.records import Verdict

_NUMBER = re.compile(r"\d+(?:\.\d+)?")

_DIGITS = 6
"""Facts that agree in so many digits are the same: the same training on another processor differs in later ones."""


def seen_digest(verdict: Verdict, *, answer: Sequence[str]) -> str:
    """A digest over what stands behind a verdict, for a mark to hold on to.

    The words of feedback are not in it, nor what was required: they change with the rubric and the grader's version.

    Args:
        verdict: As it was judged by itself.
        answer: The texts of the section's cells, in order.
    """
    facts = _NUMBER.findall(verdict.yours) if verdict.judged is None else [f"{verdict.judged.value:.{_DIGITS}g}"]
    said = json.dumps([[text.strip() for text in answer], facts], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
