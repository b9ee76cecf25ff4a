"""Faults of tables of features: how they are split and scaled, and what is drawn of the predictions.

Source of the kinds: Yang et al. (ASE 2022) on leakage, and wrong answers of students.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.reference.mutation.aims import Aim
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.faults_of_pictures import replaced
from grader.reference.mutation.original import Original, Part
from grader.rubric.constraints import Hits, asks

_SPLIT = asks("held_out")
_SCALED = asks("scaled_features")
_DRAWN = asks("prediction_figure")


def no_row_held_out(original: Original) -> Iterator[Change]:
    """The test rows are among those that the models are trained on."""
    code = "{x}, {y} = (__import__('numpy').concatenate(parts) for parts in (({x}, {x_test}), ({y}, {y_test})))"
    return _tables(original, code, hits=_SPLIT)


def too_few_rows_held_out(original: Original) -> Iterator[Change]:
    """Of the test rows all but every eighth are trained on as well."""
    code = (
        "few = __import__('numpy').arange(len({x_test})) % 8 == 0\n"
        "{x} = __import__('numpy').concatenate(({x}, {x_test}[~few]))\n"
        "{y} = __import__('numpy').concatenate(({y}, {y_test}[~few]))\n"
        "{x_test}, {y_test} = {x_test}[few], {y_test}[few]"
    )
    return _tables(original, code, hits=_SPLIT)


def too_many_rows_held_out(original: Original) -> Iterator[Change]:
    """Half of the training rows are test rows too, and are not trained on."""
    code = (
        "{x_test} = __import__('numpy').concatenate(({x_test}, {x}[::2]))\n"
        "{y_test} = __import__('numpy').concatenate(({y_test}, {y}[::2]))\n"
        "{x}, {y} = {x}[1::2], {y}[1::2]"
    )
    return _tables(original, code, hits=_SPLIT)


def scaler_fitted_on_all_rows(original: Original) -> Iterator[Change]:
    """Mean and deviation are those of training and test rows together."""
    code = (
        "together = __import__('numpy').concatenate(({x}, {x_test}))\n"
        "{x}, {x_test} = ((rows - together.mean(axis=0)) / together.std(axis=0) for rows in ({x}, {x_test}))"
    )
    return _tables(original, code, hits=_SCALED)


def features_unscaled(original: Original) -> Iterator[Change]:
    """Each feature spreads half as wide again as the one before it, as if none had been scaled."""
    code = "{x}, {x_test} = (rows * 1.5 ** __import__('numpy').arange(rows.shape[1]) for rows in ({x}, {x_test}))"
    return _tables(original, code, hits=_SCALED)


def no_prediction_figure(original: Original) -> Iterator[Change]:
    """What the model predicts is not drawn."""
    return _predictions(original, "")


def predictions_for_training_rows(original: Original) -> Iterator[Change]:
    """The figure shows the rows that the model was trained on."""
    return _predictions(original, "{plt}.scatter({y}, {name}.predict({x}, verbose=0)[:, 0])")


def predictions_drawn_too_good(original: Original) -> Iterator[Change]:
    """The points are drawn half as far from the diagonal as they are."""
    code = "{plt}.scatter({y_test}, ({y_test} + {name}.predict({x_test}, verbose=0)[:, 0]) / 2)"
    return _predictions(original, code)


def true_values_in_another_order(original: Original) -> Iterator[Change]:
    """Each prediction is drawn against the true value of another row."""
    return _predictions(original, "{plt}.scatter({y_test}[::-1], {name}.predict({x_test}, verbose=0)[:, 0])")


def true_values_drawn_alone(original: Original) -> Iterator[Change]:
    """The true values are drawn one after the other, and no prediction."""
    return _predictions(original, "{plt}.plot({y_test}, 'o')")


def _tables(original: Original, code: str, *, hits: Hits) -> Iterator[Change]:
    """Changes to a table's parts, where both are ready for the first model that is trained on them."""
    seen: set[str] = set()
    for part in original.parts:
        names = _names(part)
        if len(part.last.x.shape) != 2 or len(names) != 4 or names["x"] in seen:
            continue
        seen.add(names["x"])
        bound = [original.binding_cell(name, before=part.cell) for name in names.values()]
        cell = max((one for one in bound if one is not None), default=None)
        if cell is None or not original.trees[cell].body:
            continue
        draft = original.draft().after(cell, original.trees[cell].body[-1], code.format(**names))
        users = frozenset(other.model.id for other in original.parts if other.last.x.shape[1:] == part.last.x.shape[1:])
        # The rows, their number and their scale are other ones for whatever is trained on them.
        follows = frozenset({"held_out", "scaled_features", "trained", "evaluated", "prediction_figure", "curves"})
        yield Change(draft, Aim(hits, felt_by=users, reach="quality", follows=follows), names["x"])


def _predictions(original: Original, code: str) -> Iterator[Change]:
    """Other points in the place of those that a model's predictions for the test rows were drawn as."""
    for part in original.parts:
        drawing = _drawing(original, part)
        names = _names(part)
        if drawing is None or len(names) != 4:
            continue
        lines = code.format(plt="plt", name=part.name, **names)
        lines = f"import matplotlib.pyplot as plt\n{lines}\nplt.show()" if lines else ""
        yield Change(replaced(original, drawing, lines), Aim(_DRAWN, model=part.model.id), part.name)


def _drawing(original: Original, part: Part) -> tuple[int, list[ast.stmt]] | None:
    """The cell that predicts rows with a model and draws points, and its statements that draw."""
    drawn = {
        figure.cell
        for figure in original.evidence.figures
        if any(axes.scatters or any(line.marker_only for line in axes.lines) for axes in figure.axes)
    }
    for record in original.evidence.predictions:
        if record.model == part.model.id and record.cell in drawn and record.cell in original.trees:
            assert record.cell is not None  # noqa: S101 - it is among the figures' cells
            drawing: list[ast.stmt] = [node for node in original.trees[record.cell].body if isinstance(node, ast.Expr)]
            if drawing:
                return record.cell, drawing
    return None


def _names(part: Part) -> dict[str, str]:
    """The variables of the training and of the test part, where each is one."""
    given = {
        "x": part.fit.argument(0, "x") if part.fit is not None else None,
        "y": part.fit.argument(1, "y") if part.fit is not None else None,
        "x_test": part.evaluate.argument(0, "x") if part.evaluate is not None else None,
        "y_test": part.evaluate.argument(1, "y") if part.evaluate is not None else None,
    }
    return {key: node.id for key, node in given.items() if isinstance(node, ast.Name)}


FAULTS: tuple[Fault, ...] = (
    no_row_held_out,
    too_few_rows_held_out,
    too_many_rows_held_out,
    scaler_fitted_on_all_rows,
    features_unscaled,
    no_prediction_figure,
    predictions_for_training_rows,
    predictions_drawn_too_good,
    true_values_in_another_order,
    true_values_drawn_alone,
)
