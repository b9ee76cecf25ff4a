"""The forms in which a check says what it found, and numbers as a student reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypedDict, Unpack

from grader.records import Basis, Cause, CheckResult, Judged, LayerPair, PictureOf


class Words(TypedDict, total=False):
    """What stands beside the feedback, whatever the outcome; see `CheckResult`."""

    basis: Basis
    required: str
    expected: str
    yours: str
    next_step: str
    cells: tuple[int, ...]
    judged: Judged
    layers: tuple[LayerPair, ...]
    picture: PictureOf


def passed(feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """All of the points; a next step is dropped, for there is none to take, and so are layers."""
    said: Words = {**words, **more, "next_step": "", "layers": ()}
    return CheckResult(outcome="passed", share=1.0, feedback=feedback, **said)


def partial(share: float, feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """A share of the points, in (0, 1)."""
    said: Words = {**words, **more}
    return CheckResult(outcome="partial", share=share, feedback=feedback, **said)


def failed(feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """No points, and what to do about it."""
    said: Words = {**words, **more}
    return CheckResult(outcome="failed", feedback=feedback, **said)


def blocked(feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """Nothing to judge, because what it speaks of does not exist."""
    said: Words = {**words, **more}
    return CheckResult(outcome="blocked", feedback=feedback, **said)


def needs_review(cause: Cause, feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """A person must look, and why."""
    said: Words = {**words, **more}
    return CheckResult(outcome="needs_review", cause=cause, feedback=feedback, **said)


def failed_or_partial(share: float | None, feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """Partial where the rubric names a share for this shortcoming, else failed."""
    said: Words = {**words, **more}
    return failed(feedback, said) if share is None else partial(share, feedback, said)


def shown(value: float, *, beside: float | None = None) -> str:
    """A figure with four decimals, or as many as it takes to tell it from the one beside it."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    digits = 4
    while beside is not None and value != beside and digits < 8 and f"{value:.{digits}f}" == f"{beside:.{digits}f}":
        digits += 1
    return f"{value:.{digits}f}"


def per_cent(share: float) -> str:
    """A share as whole per cent; never 100 % for less than all."""
    return f"{math.floor(100 * share + 1e-9)} %"


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 epoch``, ``2,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def first_of(items: Sequence[str], *, at_most: int) -> str:
    """Items for one line, cut where they are many: ``a, b and 3 more``."""
    more = len(items) - at_most
    return ", ".join(items[:at_most]) + (f" and {more} more" if more > 0 else "")


def cells_named(cells: Sequence[int], *, at_most: int) -> str:
    """Cells by their numbers from 1: ``cell 3``, ``cells 3, 4 and 2 more``; empty without any."""
    numbers = [str(cell + 1) for cell in cells]
    return f"cell{'' if len(numbers) == 1 else 's'} {first_of(numbers, at_most=at_most)}" if numbers else ""


def listed(items: list[str] | tuple[str, ...], *, word: Literal["and", "or"] = "and") -> str:
    """Items as a sentence lists them: ``a, b and c``."""
    return f"{', '.join(items[:-1])} {word} {items[-1]}" if len(items) > 1 else "".join(items)
