"""What the data of a notebook suggests: shapes, curves that points lie on, scaling and labels, an image shown."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.judging.results import per_cent
from grader.judging.subject import flat_rows, numbers, share_left_out
from grader.judging.views import SectionView
from grader.records import FitRecord
from grader.reference.draft.curves import bounds, curve_of
from grader.reference.draft.proposals import Planned, Proposal, View
from grader.reference.draft.sources import data_set_of, source_of

MOST_CLASSES_ON_CURVES = 5

BY_TEST_ROWS = 0.5
"""Suggested share of the points where the scaler has seen the test rows too."""


def array_shapes(view: View) -> Iterator[Proposal]:
    """Own arrays of rows and columns that this section makes and others train on."""
    for features, users in _own_data(view).items():
        fit = view.section.of(users[0].id).fits[0]
        rows = _rows(fit)
        yield Proposal(
            "array_shapes",
            "Shapes of X and y",
            1,
            {"features": features, "rows": [_rounded(rows / 2), _rounded(rows * 2)], "used_by": _ids(users)},
            name="shapes" if len(_own_data(view)) == 1 else f"shapes{features}",
            notes=(f"The reference has {rows:,} rows; half and twice as many pass.",),
        )


def curves(view: View) -> Iterator[Proposal]:
    """Points of a plane whose classes lie each on a curve."""
    users = _own_data(view).get(2, [])
    found = None if not users else curves_of(view.section.of(users[0].id))
    if found is not None:
        expressions, interval = found
        yield Proposal(
            "curves",
            "Each class on its curve",
            1,
            {"curves": list(expressions), "interval": list(interval), "tolerance": 0.001, "used_by": _ids(users)},
            notes=("The curves were found from the points; write them as the task does.",),
        )


def prepared_data(view: View) -> Iterator[Proposal]:
    """A data set of Keras that this section loads or prepares and others train on."""
    by_name: dict[str, list[Planned]] = {}
    for owner in view.owners:
        use = data_set_of(view.section.of(owner.id))
        if use is not None and source_of(view, owner) == view.planned.id:
            by_name.setdefault(use.name, []).append(owner)
    for name, users in by_name.items():
        fit = view.section.of(users[0].id).fits[0]
        scaled = _scale(fit)
        params: dict[str, object] = {"data_set": name, "scaled": scaled}
        notes = () if scaled else ("The reference's inputs lie in no range that is usually asked for.",)
        if fit.y is not None and fit.y.one_hot:
            params["classes"] = fit.y.shape[1]
        title = f"{name} loaded{', scaled' if scaled else ''}, labels prepared"
        yield Proposal(
            "prepared_data",
            title,
            1,
            {**params, "used_by": _ids(users)},
            notes=notes,
            name=_prepared_name(by_name, name),
        )


def held_out(view: View) -> Iterator[Proposal]:
    """Rows of a table that this section sets aside for the test."""
    users = _users_of_tables(view)
    shares = [share for one in users if (share := share_left_out(view.section.of(one.id))) is not None]
    if shares:
        share = round(shares[0], 2)
        params = {"share": share, "used_by": _ids(users)}
        yield Proposal("held_out", f"{per_cent(share)} of the rows set aside for the test", 2, params, is_guess=True)


def scaled_features(view: View) -> Iterator[Proposal]:
    """Features on one scale, by a scaler that saw the training rows alone."""
    users = _users_of_tables(view)
    if users:
        params = {"used_by": _ids(users), "by_test_rows": BY_TEST_ROWS}
        yield Proposal("scaled_features", "Features on one scale", 2, params, is_guess=True)


def image_figure(view: View) -> Iterator[Proposal]:
    """An image of a data set with its label."""
    loaded = [use for use in view.section.evidence.data_sets if use.loaded]
    grids = [
        grid
        for figure in view.section.here(view.section.evidence.figures)
        for axes in figure.axes
        for grid in axes.grids
    ]
    if grids:
        for use in loaded:
            yield Proposal("image_figure", "An image with its label", 1, {"data_set": use.name}, is_guess=True)


def curves_of(section: SectionView) -> tuple[tuple[str, ...], tuple[float | str, float | str]] | None:
    """The curves on which the points that a section's model was trained on lie, one a class, and their interval.

    None where they lie on none, or were not kept.
    """
    fit = next(iter(section.fits), None)
    points = None if fit is None else numbers(section, fit.x.whole)
    given = None if fit is None or fit.y is None else numbers(section, fit.y.whole)
    if points is None or given is None or points.ndim != 2 or points.shape[1] != 2 or len(points) != len(given):
        return None
    flat = flat_rows(given)
    labels = flat[:, 0] if flat.shape[1] == 1 else flat.argmax(axis=1)
    classes = sorted(set(labels.tolist()))
    if not 1 < len(classes) <= MOST_CLASSES_ON_CURVES:
        return None
    found = [curve_of(points[labels == label]) for label in classes]
    if not all(found):
        return None
    return tuple(curve for curve in found if curve), bounds(points[:, 0])


def _own_data(view: View) -> dict[int, list[Planned]]:
    """Columns to the sections that train on arrays of so many that this section made, where no data set is behind."""
    found: dict[int, list[Planned]] = {}
    for owner in view.owners:
        section = view.section.of(owner.id)
        is_table = bool(section.fits) and len(section.fits[0].x.shape) == 2
        if is_table and data_set_of(section) is None and source_of(view, owner) == view.planned.id:
            found.setdefault(section.fits[0].x.shape[1], []).append(owner)
    return found


def _users_of_tables(view: View) -> list[Planned]:
    """The sections that train on tables which this section made, more than points of a plane."""
    return [owner for features, owners in _own_data(view).items() if features > 2 for owner in owners]


def _ids(users: list[Planned]) -> list[str]:
    return [one.id for one in users]


def _prepared_name(by_name: dict[str, list[Planned]], name: str) -> str:
    return "prepared" if len(by_name) == 1 else f"prepared_{name}"


def _rows(fit: FitRecord) -> int:
    held = fit.validation.x.rows if fit.validation is not None and fit.validation.source == "data" else 0
    return max(fit.rows_given, fit.x.rows) + held


def _scale(fit: FitRecord) -> list[int] | None:
    low, high = fit.x.minimum, fit.x.maximum
    if low is None or high is None or high > 1 + 1e-6 or low < -1 - 1e-6:
        return None
    return [0, 1] if low >= 0 else [-1, 1]


def _rounded(rows: float) -> int:
    """To two digits."""
    digits = max(0, math.floor(math.log10(max(rows, 1))) - 1)
    return max(1, int(round(rows, -digits)))
