"""What the verified figures of a section's own model suggest: bands relative to the calibration."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from grader.judging.measured import GAP, figure_name, section_figures
from grader.metrics import ERRORS, METRICS, SCORES
from grader.reference.draft.forms import REGULARISING, is_augmented, without
from grader.reference.draft.proposals import Planned, Proposal, View

WITHIN = {"false_rejection": 0.01, "borderline": 0.0001}
"""One in a hundred submissions like the reference falls below the line, and a person looks at it; one in ten thousand
fails."""

_PARTS = ("test", "validation")
_ERRORS = sorted(ERRORS, key=lambda name: METRICS[name].unit_power or math.inf)
"""Those in the targets' own unit first: these a reader understands."""


def accuracy(view: View) -> Iterator[Proposal]:
    """The accuracy on the test set, else on the validation part; and on moved images where images are augmented."""
    figures = _own_figures(view)
    shifted = figure_name("test_shifted", "accuracy")
    model = view.planned.model
    if model is not None and is_augmented(model.plain) and shifted in figures:
        params = {"part": "test_shifted", "within": WITHIN}
        yield Proposal("accuracy", "Accuracy on shifted test images", 2, params, name="robust", figure=shifted)
    for part in _parts_of(view):
        name = figure_name(part, "accuracy")
        if name in figures:
            yield Proposal(
                "accuracy",
                f"{part.capitalize()} accuracy",
                2,
                {**({} if part == "test" else {"part": part}), "within": WITHIN},
                figure=name,
            )
            return


def score(view: View) -> Iterator[Proposal]:
    """The area under the ROC curve or the coefficient of determination, where the section speaks of it."""
    figures = _own_figures(view)
    sources = " ".join(cell.source for cell in view.section.cells)
    for metric in (METRICS[name] for name in SCORES):
        name = figure_name("test", metric.name)
        if name in figures and re.search(metric.asked_for or "", sources, re.IGNORECASE):
            title = f"{metric.title[0].upper()}{metric.title[1:]}"
            params = {"metric": metric.name, "within": WITHIN}
            yield Proposal("score", title, 2, params, name=metric.name, figure=name)


def error(view: View) -> Iterator[Proposal]:
    """The error of a model that predicts numbers, on the test set or the validation part."""
    figures = _own_figures(view)
    if any(figure_name(part, "accuracy") in figures for part in (*_PARTS, "train")):
        return
    for part in _parts_of(view):
        metric = next((one for one in _ERRORS if figure_name(part, one) in figures), None)
        if metric is not None:
            title = f"{part.capitalize()} {METRICS[metric].words}"
            params = {**({} if part == "test" else {"part": part}), "metric": metric, "within": WITHIN}
            yield Proposal("error", title, 2, params, figure=figure_name(part, metric))
            return


def gap(view: View) -> Iterator[Proposal]:
    """Validation loss less training loss, against the same model without its regularising layers."""
    other = _unregularised(view)
    model = view.planned.model
    if other is None or model is None:
        return
    kind = next(kind for kind in REGULARISING if model.plain.has(kind))
    yield Proposal(
        "gap",
        "Gap between validation and training loss",
        2,
        {"compared_to": other.id, "needs_layer": kind, "within": WITHIN},
        figure=f"{GAP}_difference",
        notes=(f"This model is that of {other.id} with {kind} layers.",),
    )


def _own_figures(view: View) -> dict[str, float]:
    return {} if view.planned.model is None or not view.section.fits else section_figures(view.section)


def _parts_of(view: View) -> tuple[str, ...]:
    """The parts of the data that a band is suggested for.

    A model of points in a plane is trained as the student likes, so its validation part says little.
    """
    model = view.planned.model
    return _PARTS[:1] if model is None or model.plain.inputs == 2 else _PARTS


def _unregularised(view: View) -> Planned | None:
    model = view.planned.model
    if model is None or not any(model.plain.has(kind) for kind in REGULARISING):
        return None
    earlier = view.owners[: view.owners.index(view.planned)] if view.planned in view.owners else ()
    own = without(model.plain, REGULARISING)
    for other in reversed(earlier):
        plain = None if other.model is None else other.model.plain
        if plain is not None and plain.inputs == model.plain.inputs and without(plain, ()) == own:
            return other
    return None
