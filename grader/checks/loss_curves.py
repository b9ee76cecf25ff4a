"""Learning curves: the figure must show what the training of this model left, and not another's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.figures.plotted_data import cells_of, figures_by_nearness, series, was_cut
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, failed_or_partial, listed, needs_review, passed
from grader.judging.subject import Floats, absent, fits_of_model, nothing_trained
from grader.judging.views import SectionView
from grader.limits import MAX_FITS_JOINED
from grader.records import Basis, CheckResult, FigureRecord, FitRecord


class LossCurvesParams(Params):
    """Parameters of `loss_curves`."""

    curves: tuple[str, ...] = Field(
        ("loss", "val_loss"), min_length=1, description="what the figure must show, by the history's names"
    )
    tolerance: float = Field(1e-6, gt=0, description="relative difference between a drawn value and the history's")
    partial: float | None = Field(None, gt=0, lt=1, description="share of the points where only some curves are drawn")


@check("loss_curves", params=LossCurvesParams, shows_model=True, made_by="draws")
def loss_curves(section: SectionView, params: LossCurvesParams) -> CheckResult:
    """One figure shows the curves of this model's own training."""
    names = listed([_curve_name(key) for key in params.curves])
    words: Words = {
        "required": f"one figure with the {names} of this training",
        "expected": f"the {names} of each epoch",
        "basis": _basis(section),
        "cells": section.match.cells,
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    fits = fits_of_model(section)
    figures = figures_by_nearness(section)
    found = {figure.seq: _curves_of(section, figure, fits=fits, params=params) for figure in figures}
    best = max(figures, key=lambda figure: len(found[figure.seq]), default=None)
    if best is not None and len(found[best.seq]) == len(params.curves):
        words |= {"cells": cells_of([best]), "yours": f"the {names} of this training"}
        return passed(f"The figure shows the {names} of this model's training.", words)
    if any(fit.kind != "fit" for fit in section.fits):
        return _of_own_loop(section, words)
    unknown = [key for key in params.curves if not any(fit.history.get(key) for fit in fits)]
    if unknown:
        return _not_recorded(unknown, names=names, words=words)
    if best is not None and found[best.seq]:
        partly = [figure for figure in figures if found[figure.seq]]
        return _only_some(partly, {key for keys in found.values() for key in keys}, params=params, words=words)
    return _none_found(section, params, words=words)


def _curves_of(
    section: SectionView, figure: FigureRecord, *, fits: Sequence[FitRecord], params: LossCurvesParams
) -> tuple[str, ...]:
    drawn = [line for axes in figure.axes for line in series(section, axes)]
    return tuple(
        key
        for key in params.curves
        if any(is_history(line, past, tolerance=params.tolerance) for past in _histories(fits, key) for line in drawn)
    )


def _histories(fits: Sequence[FitRecord], key: str) -> Iterator[Floats]:
    """What a right curve may show: the history of one fit, or of several that followed each other."""
    parts = [np.asarray(fit.history.get(key, ()), dtype=np.float64) for fit in fits[-MAX_FITS_JOINED:]]
    for start in range(len(parts)):
        for end in range(start + 1, len(parts) + 1):
            values = np.concatenate(parts[start:end])
            if len(values) and len(parts[start]) and len(parts[end - 1]):
                yield values


def is_history(line: Floats, past: Floats, *, tolerance: float) -> bool:
    """Whether a line is a history: whole or without its first epoch, as it is or as its logarithm."""
    wanted = past if len(line) == len(past) else past[1:]
    if len(line) != len(wanted) or not len(wanted):
        return False
    with np.errstate(all="ignore"):
        forms = (wanted, np.log10(wanted), np.log(wanted))
    return any(np.allclose(line, form, rtol=tolerance, atol=1e-12, equal_nan=True) for form in forms)


def _of_own_loop(section: SectionView, words: Words) -> CheckResult:
    """Judges the curves of a training loop of the student's own, of which no history was recorded."""
    figures = [figure for figure in section.here(section.evidence.figures) if _pair(section, figure)]
    words = {**words, "cells": cells_of(figures) or section.match.cells, "basis": "claimed"}
    if not figures:
        return absent(
            section,
            "No figure with two curves of the losses was found for this training.",
            words,
            next_step="Note both losses in every epoch of your loop, and plot the two lists in one figure.",
        )
    measured = section.measurement("validation")
    if measured is not None and measured.loss is not None:
        ends = (line[-1] for figure in figures for line in _pair(section, figure))
        if any(
            abs(end - measured.loss) <= THRESHOLDS.last_value_tolerance * max(abs(measured.loss), 0.01) for end in ends
        ):
            return passed(
                "The figure shows two curves of your training loop, one of which ends at what the model scores.",
                words,
                yours="two curves of this training",
            )
    return needs_review(
        "unverifiable",
        "The figure shows two curves, but the losses of your own training loop were not recorded to compare them with.",
        words,
        yours="two curves",
    )


def _pair(section: SectionView, figure: FigureRecord) -> list[Floats]:
    """The curves of a figure that have as many points as another one of it, where there are such."""
    drawn = [
        line for axes in figure.axes for line in series(section, axes) if len(line) > 1 and np.isfinite(line).all()
    ]
    return [line for line in drawn if sum(len(other) == len(line) for other in drawn) > 1]


def _not_recorded(unknown: list[str], *, names: str, words: Words) -> CheckResult:
    kinds = listed([_curve_name(key) for key in unknown])
    split = any(key.startswith("val_") for key in unknown)
    return failed(
        f"The training had no {kinds}, so a figure with the {names} cannot exist.",
        words,
        yours=f"no {kinds} in the history",
        next_step="Train with validation_split or validation_data, and plot both curves in one figure."
        if split
        else "Train with fit() and plot its history.",
    )


def _only_some(partly: list[FigureRecord], keys: set[str], *, params: LossCurvesParams, words: Words) -> CheckResult:
    there = listed([_curve_name(key) for key in params.curves if key in keys])
    lacking = listed([_curve_name(key) for key in params.curves if key not in keys])
    words = {**words, "cells": cells_of(partly), "yours": f"only the {there}"}
    if not lacking:
        return needs_review(
            "borderline",
            f"The {there} are drawn, but not in one figure; a tutor will look at them.",
            words,
            yours="each in a figure of its own",
            next_step="Draw both in one figure, so that they can be compared.",
        )
    return failed_or_partial(
        params.partial,
        f"The figure shows the {there} of this training, but not its {lacking}.",
        words,
        next_step=f"Draw the {lacking} in the same figure.",
    )


def _none_found(section: SectionView, params: LossCurvesParams, *, words: Words) -> CheckResult:
    here = section.here(section.evidence.figures)
    names = listed([_curve_name(key) for key in params.curves])
    words = {**words, "next_step": f"Plot the {names} from the history of this section's own fit."}
    for figure in here:
        if _shows_another(section, figure, params):
            words |= {"cells": cells_of([figure]), "yours": "the curves of another model"}
            return failed("The curves in this figure are those of another model's training.", words)
    own = fits_of_model(section)
    for figure in here:
        others = sorted({key for fit in own for key in fit.history} - set(params.curves))
        other = params.model_copy(update={"curves": tuple(others)})
        shown = _curves_of(section, figure, fits=own, params=other) if others else ()
        if shown:
            kinds = listed([_curve_name(key) for key in shown])
            words |= {"cells": cells_of([figure]), "yours": f"the {kinds}"}
            return failed(f"The figure shows the {kinds} of this training, not the {names}.", words)
    if was_cut(section, here):
        return needs_review(
            "infrastructure", "A figure of this section could not be kept whole; a tutor will look at it.", words
        )
    if any(line.points for figure in here for axes in figure.axes for line in axes.lines):
        words |= {"cells": cells_of(here), "yours": "other curves"}
        return failed(f"No figure shows the {names} that this training had; the curves drawn here are others.", words)
    return absent(section, f"No figure shows the {names} of this training.", words, yours="no such figure")


def _shows_another(section: SectionView, figure: FigureRecord, params: LossCurvesParams) -> bool:
    others: Iterable[str] = {fit.model for fit in section.evidence.fits} - {section.match.model or ""}
    return any(
        _curves_of(
            section,
            figure,
            fits=[fit for fit in section.evidence.fits if fit.model == other and fit.history],
            params=params,
        )
        for other in others
    )


def _basis(section: SectionView) -> Basis:
    """Verified where every fit of the model was replayed outside with the same history."""
    same = {replay.fit for replay in section.measurements.replays if replay.outcome == "same"}
    fits = fits_of_model(section)
    return "verified" if fits and all(fit.id in same for fit in fits) else "claimed"


def _curve_name(key: str) -> str:
    plain = key.removeprefix("val_").replace("_", " ")
    return f"validation {plain}" if key.startswith("val_") else f"training {plain}"
