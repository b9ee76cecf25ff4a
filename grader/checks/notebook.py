"""The notebook as a whole: that it runs, and that its stored numbers come out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import Field

from grader.calibration import Calibration
from grader.checks.thresholds import THRESHOLDS
from grader.judging.absence import section_name, what_failed
from grader.judging.measured import figure_name, section_figures
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, listed, needs_review, passed, shown
from grader.judging.subject import fits_of_model, on_repeated_rows, speaks_of_model
from grader.judging.thresholds import THRESHOLDS as JUDGING
from grader.judging.views import SectionView
from grader.records import CheckResult
from grader.text.quantities import Quantity, bar_results, quantities

MOST_ORIGINS = 3
"""So many cells at which something was lacking are named; a page says no more at once."""


class NotebookRunsParams(Params):
    """Parameters of `notebook_runs`."""


class ReproducibleParams(Params):
    """Parameters of `reproducible`."""

    sections: tuple[SectionId, ...] = Field(
        min_length=1, description="sections whose stored test accuracies are compared"
    )
    false_rejection: float = Field(0.01, gt=0, lt=0.5, description="share of honest pairs of runs that differ by more")
    borderline: float = Field(0.0001, gt=0, lt=0.5, description="beyond this share's line too, the numbers contradict")


@dataclass(frozen=True)
class _Claim:
    """A stored accuracy against what it should agree with.

    Attributes:
        section: Where it is printed.
        stored: The number.
        centre: What it should be close to, and ``source`` says what that is.
        line: The distance within which the two agree; None where no spread was measured.
        last: The distance beyond which they contradict each other.
    """

    section: str
    stored: Quantity
    centre: float
    source: str
    line: float | None
    last: float | None
    cell: int

    @property
    def distance(self) -> float:
        # What the printed digits leave open is not a difference.
        return max(0.0, abs(self.stored.value - self.centre) - self.stored.step / 2)

    @property
    def agrees(self) -> bool:
        return self.distance <= max(self.line or 0.0, THRESHOLDS.same_accuracy) + 1e-9

    @property
    def is_near(self) -> bool:
        return self.last is not None and self.distance <= self.last + 1e-9

    @property
    def words(self) -> str:
        stored = shown(self.stored.value, beside=self.centre)
        return f"{self.section} stores {stored}, and it is {shown(self.centre, beside=self.stored.value)} {self.source}"


@check("notebook_runs", params=NotebookRunsParams, whole_notebook=True, fails_on_error=True, settled_by_code=True)
def notebook_runs(section: SectionView, _params: NotebookRunsParams) -> CheckResult:
    """The notebook runs from top to bottom in a fresh kernel with no error."""
    words: Words = {
        "required": "no error in a fresh kernel, from top to bottom",
        "expected": "no error",
        "basis": "verified",
    }
    broken = [cell for cell in section.evidence.cells if cell.status in {"error", "timeout", "died"}]
    reason = section.evidence.execution.reason
    rewritten = tuple(cell.index for cell in section.evidence.cells if cell.rewritten)
    if not broken and reason is None and rewritten:
        names = ", ".join(str(index + 1) for index in rewritten[:5])
        return needs_review(
            "unverifiable",
            f"The notebook changes how its cells are run, so that something else may have run than what stands there"
            f" (cell {names}). A tutor will look at it.",
            words,
            yours="cells that were rewritten before they ran",
            cells=rewritten,
        )
    if not broken and reason is None:
        return passed("The notebook runs from top to bottom in a fresh kernel.", words, yours="no error")
    attribution = section.attribution
    own = [cell for cell in broken if cell.index in attribution.own_errors]
    if own:
        text = what_failed(own[0], attribution)
        more = len(own) - 1
        others = "" if not more else f" and {more} more {'cell raises an error' if more == 1 else 'cells raise errors'}"
        return failed(
            f"{text[:1].upper()}{text[1:]}{others}.",
            words,
            yours=f"{len(own)} {'cell' if len(own) == 1 else 'cells'} with an error",
            next_step="Restart the kernel, run all cells in order, and fix the first cell that fails.",
            cells=tuple(cell.index for cell in own),
        )
    why = "; ".join(attribution.origins[:MOST_ORIGINS]) or "the run did not reach its end"
    parts = (f"{why}.", section.evidence.execution.detail, "A tutor will look at it.")
    return needs_review(
        "infrastructure",
        "The notebook did not run to its end within our limits or in our environment: " + " ".join(filter(None, parts)),
        words,
        yours="not run to its end",
        cells=tuple(cell.index for cell in broken),
    )


def _figures(_section: str, params: ReproducibleParams) -> tuple[str, ...]:
    return tuple(f"{name}.{figure_name('test', 'accuracy')}" for name in params.sections)


@check("reproducible", params=ReproducibleParams, whole_notebook=True, quality="depends", figures=_figures)
def reproducible(section: SectionView, params: ReproducibleParams) -> CheckResult:
    """The test accuracies that the stored outputs print agree with those of a fresh run."""
    words: Words = {
        "required": "stored test accuracies that a fresh run confirms",
        "expected": "the same accuracies, but for the spread between two runs",
        "basis": "verified",
        "next_step": "Restart the kernel, run all cells in order, save the notebook and hand that in.",
    }
    claims: list[_Claim] = []
    unknown: list[str] = []
    on_repeated: CheckResult | None = None
    for name in params.sections:
        if name not in section.matching:
            continue
        named = section.of(name)
        stored = list(_stored_accuracies(named))
        if not stored:
            continue
        claim = _claim(named, stored, params)
        if claim is not None and named.on_stand_in and not claim.agrees:
            what = f"Whether the accuracy that {section_name(name, section.matching)} stores comes out again"
            on_repeated = on_repeated or on_repeated_rows(named, what, words)
        elif claim is None:
            unknown.append(section_name(name, section.matching))
        else:
            claims.append(claim)
    if not claims and not unknown:
        return on_repeated or passed(
            "No test accuracies are stored in the notebook, so there is nothing to contradict.",
            words,
            yours="none stored",
        )
    if claims:
        words |= {
            "expected": "; ".join(f"{claim.section}: {shown(claim.centre)} {claim.source}" for claim in claims),
            "yours": "; ".join(f"{claim.section}: {shown(claim.stored.value)} stored" for claim in claims),
            "cells": tuple(claim.cell for claim in claims),
        }
    result = _judged(claims, unknown, words)
    return result if result.outcome == "failed" or on_repeated is None else on_repeated


def _judged(claims: list[_Claim], unknown: list[str], words: Words) -> CheckResult:
    wrong = [claim for claim in claims if not claim.agrees]
    far = [claim for claim in wrong if not claim.is_near and claim.last is not None]
    if far:
        first = far[0]
        return failed(
            f"A stored accuracy does not come out again: {first.words}; a difference of"
            f" {shown(first.line or 0.0)} would be chance.",
            words,
        )
    unmeasured = [claim for claim in wrong if claim.last is None]
    if unmeasured:
        return needs_review(
            "infrastructure",
            f"This run cannot tell whether a stored accuracy comes out again: {unmeasured[0].words}.",
            words,
        )
    if wrong:
        return needs_review(
            "borderline", f"A stored accuracy is just outside the spread of two runs: {wrong[0].words}.", words
        )
    if unknown:
        return needs_review(
            "unverifiable", f"There is no fresh test accuracy to compare with what {listed(unknown)} stores.", words
        )
    sources = listed(sorted({claim.source for claim in claims}))
    return passed(f"The stored accuracies agree with those {sources}.", words)


def _stored_accuracies(section: SectionView) -> Iterator[tuple[Quantity, int]]:
    """The test accuracies that the section's stored outputs print: the plainest kind of claim that there is."""
    cells = {*section.match.cells}
    cells |= {
        item.cell for item in section.evidence.evaluations if item.cell is not None and speaks_of_model(section, item)
    }
    texts = [
        (cell.stored_text, cell.index) for cell in section.evidence.cells if cell.index in cells and cell.stored_text
    ]
    found = [(item, cell) for text, cell in texts for item in quantities(text)]
    named = [(_as_share(item), cell) for item, cell in found if item.is_named("accuracy")]
    plausible = [(item, cell) for item, cell in named if 0 < item.value <= 1 and item.step <= 0.01 + 1e-9]
    of_test = [(item, cell) for item, cell in plausible if item.says_test]
    bars = [(item, cell) for text, cell in texts for item in bar_results(text) if item.is_named("accuracy")]
    yield from of_test or plausible or [(replace(item, step=THRESHOLDS.progress_bar_step), cell) for item, cell in bars]


def _as_share(item: Quantity) -> Quantity:
    return item.as_per_cent if item.value > 1 else item


def _claim(section: SectionView, stored: list[tuple[Quantity, int]], params: ReproducibleParams) -> _Claim | None:
    """The stored accuracy that comes closest, against the fresh run, or on the sample against the reference's runs."""
    fresh = section_figures(section).get(figure_name("test", "accuracy"))
    if fresh is None or not fits_of_model(section):
        return None
    figure = f"{section.match.section}.{figure_name('test', 'accuracy')}"
    title = section_name(section.match.section, section.matching)
    line, last = _distances(section.calibration, figure, params=params)
    on_fresh = [
        _Claim(title, item, fresh, source="in the fresh run", line=line, last=last, cell=cell) for item, cell in stored
    ]
    best = min(on_fresh, key=lambda claim: claim.distance)
    if section.on_stand_in:
        return _on_full_data(section, stored, figure=figure, params=params) or replace(best, line=None, last=None)
    if best.agrees or not any(use.sample for use in section.evidence.data_sets if use.loaded):
        return best
    on_full = _on_full_data(section, stored, figure=figure, params=params)
    if on_full is None:
        return replace(best, source="in the fresh run on the sample of the data", line=None, last=None)
    if on_full.agrees or not _does_otherwise(section, fresh, figure=figure, claim=on_full):
        return on_full
    # The reference's spread says nothing of a model that is better or worse than the reference, as its claim says too.
    return replace(on_full, line=None, last=None)


def _on_full_data(
    section: SectionView, stored: list[tuple[Quantity, int]], *, figure: str, params: ReproducibleParams
) -> _Claim | None:
    """The claim against the reference's runs on the full data, where the stored outputs come from."""
    full = section.submission.full_calibration
    title = section_name(section.match.section, section.matching)
    if full is None or len(full.figures.get(figure, ())) < JUDGING.fewest_runs:
        return None
    centre = full.mean(figure)
    # Both sides together reject with the share given, so each side with half of it.
    line, last = (
        full.upper_line(figure, false_rejection=share / 2) - centre
        for share in (params.false_rejection, params.borderline)
    )
    claims = [
        _Claim(title, item, centre, source="in the reference's runs on the full data", line=line, last=last, cell=cell)
        for item, cell in stored
    ]
    return min(claims, key=lambda claim: claim.distance)


def _distances(
    calibration: Calibration | None, figure: str, *, params: ReproducibleParams
) -> tuple[float | None, float | None]:
    if calibration is None or len(calibration.figures.get(figure, ())) < JUDGING.fewest_runs:
        return None, None
    return (
        calibration.difference_of_two(figure, false_rejection=params.false_rejection),
        calibration.difference_of_two(figure, false_rejection=params.borderline),
    )


def _does_otherwise(section: SectionView, fresh: float, *, figure: str, claim: _Claim) -> bool:
    """Whether the fresh run differs from the reference's runs on the same data, and in the claim's direction."""
    if section.calibration is None or len(section.calibration.figures.get(figure, ())) < JUDGING.fewest_runs:
        return True
    away = fresh - section.calibration.mean(figure)
    line = section.calibration.difference_of_two(figure, false_rejection=THRESHOLDS.far_from_reference)
    return abs(away) > line and (away > 0) == (claim.stored.value > claim.centre)
