"""Where the data of a training comes from: a data set of Keras, or arrays that a section makes."""

from __future__ import annotations

from grader.judging.views import SectionView
from grader.records import DataSetUse, FitRecord, NamedArray
from grader.reference.draft.proposals import Planned, View
from grader.training.rows_of_fits import width


def data_set_of(section: SectionView) -> DataSetUse | None:
    """The data set on whose whole training part the section's model was trained; None where it was on other rows."""
    for use in section.evidence.data_sets:
        sizes = {_rows(fit) for fit in section.fits} | {fit.rows_given for fit in section.fits}
        wide = {width(item.array) for item in section.evidence.arrays if item.array.rows == use.train_rows}
        if use.loaded and use.train_rows in sizes and any(not wide or width(fit.x) in wide for fit in section.fits):
            return use
    return None


def source_of(view: View, owner: Planned) -> str | None:
    """The section in which the rows that a section's model was trained on got their last form.

    Without a heading for it, the section that trains on them first.
    """
    section = view.section.of(owner.id)
    first = min(section.fits, key=lambda fit: fit.seq, default=None)
    if first is None:
        return None
    made = [item for item in section.evidence.arrays if item.seq <= first.seq and _may_be(item, first)]
    cell = max(made, key=lambda item: item.seq).cell if made else None
    headed = (one for one in view.sections if cell in view.section.matching[one.id].cells and not one.whole_notebook)
    found = next(headed, None)
    return found.id if found is not None else _first_user(view, first)


def _first_user(view: View, fit: FitRecord) -> str | None:
    return next(
        (
            one.id
            for one in view.owners
            if any(
                width(other.x) == width(fit.x) and _rows(other) == _rows(fit) for other in view.section.of(one.id).fits
            )
        ),
        None,
    )


def _may_be(item: NamedArray, fit: FitRecord) -> bool:
    """Whether a named array is what a fit was given, or what its validation part was cut off from."""
    array = item.array
    if len(array.shape) < 2 or width(array) != width(fit.x):
        return False
    if array.content == fit.x.content:
        return True
    is_whole = array.rows in {fit.rows_given, _rows(fit)}
    spans = [value for value in (array.minimum, array.maximum, fit.x.minimum, fit.x.maximum) if value is not None]
    return is_whole and (len(spans) < 4 or (spans[0] <= spans[2] and spans[1] >= spans[3]))


def _rows(fit: FitRecord) -> int:
    held = fit.validation.x.rows if fit.validation is not None else 0
    return max(fit.rows_given, fit.x.rows + held)
