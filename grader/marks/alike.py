"""Who failed alike: those of whose criterion the same was said, numbers aside."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.limits import MAX_SHOWN_MESSAGE_CHARACTERS
from grader.records import Verdict

_NUMBER = re.compile(r"\d[\d.,]*(?:e[+-]?\d+)?(?<![.,])")


def alike(text: str) -> str:
    """A feedback with dots for its numbers, so that those who failed alike have the same."""
    short = _NUMBER.sub("\u2026", text)
    most = MAX_SHOWN_MESSAGE_CHARACTERS
    return short if len(short) <= most else f"{short[:most]} [...]"


def is_told(verdict: Verdict) -> bool:
    """Whether a verdict's feedback says why something is lacking: that a tutor reads an answer says nothing."""
    return verdict.outcome != "passed" and verdict.cause != "by_hand" and bool(verdict.feedback)


def all_failed_alike(verdicts: Mapping[str, Verdict]) -> tuple[tuple[str, ...], ...]:
    """The names of those of whom the same was said, in groups, in the order of the first of each.

    Args:
        verdicts: Of one criterion, by the submission's name.
    """
    found: dict[tuple[str, str | None, str], list[str]] = {}
    for name, one in verdicts.items():
        if is_told(one):
            found.setdefault((one.outcome, one.cause, alike(one.feedback)), []).append(name)
    return tuple(map(tuple, found.values()))
