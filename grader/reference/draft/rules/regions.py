"""What predictions over a plane suggest, and the pictures of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.judging.subject import numbers, speaks_of_model
from grader.reference.draft.curves import bounds
from grader.reference.draft.proposals import Proposal, View
from grader.reference.draft.rules.data import curves_of

FEWEST_POINTS = 50
"""Fewer predictions than this are no picture of a plane."""

Rectangle = list[list[float | str]]


def region_predictions(view: View) -> Iterator[Proposal]:
    """Predictions for points all over a rectangle."""
    rectangle = _rectangle(view, only_here=True)
    if rectangle is not None:
        yield Proposal(
            "region_predictions",
            "Predictions over the rectangle",
            2,
            {"rectangle": rectangle},
            is_guess=True,
            notes=("The rectangle was found from the points; write it as the task does.",),
        )


def region_figure(view: View) -> Iterator[Proposal]:
    """A picture of the classes over a rectangle, with the curves of the data where they are drawn."""
    rectangle = _rectangle(view, only_here=False)
    if rectangle is None or not view.section.here(view.section.evidence.figures):
        return
    title = "Picture of the predicted classes"
    found = curves_of(view.section)
    if found is not None:
        params = {"rectangle": rectangle, "curves": list(found[0])}
        yield Proposal("region_figure", title, 1, params, is_guess=True)
    yield Proposal("region_figure", title, 1, {"rectangle": rectangle}, is_guess=True)


def _rectangle(view: View, *, only_here: bool) -> Rectangle | None:
    """The rectangle that the section's model predicted points of, the largest number of them; None where it did not."""
    if not view.speaks_of_model:
        return None
    records = view.section.here(view.section.evidence.predictions) if only_here else view.section.evidence.predictions
    best = max(
        (
            points
            for item in records
            if speaks_of_model(view.section, item) and len(item.x.shape) == 2 and item.x.shape[1] == 2
            if (points := numbers(view.section, item.x.whole)) is not None and np.isfinite(points).all()
        ),
        key=len,
        default=None,
    )
    if best is None or len(best) < FEWEST_POINTS:
        return None
    sides = [list(bounds(best[:, axis])) for axis in (0, 1)]
    return sides if all(np.ptp(best[:, axis]) > 0 for axis in (0, 1)) else None
