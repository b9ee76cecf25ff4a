"""Faults of what is shown of a model: its figures, curves, matrices and pictures.

Source of the kinds: wrong answers of students.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.records import PredictionRecord
from grader.reference.mutation.aims import Aim, Hits, asks
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.original import Original, Part, loads, stores

_EVALUATED = asks("evaluated")
_CURVES = asks("loss_curves")
_MATRIX = asks("confusion_matrix")


def evaluated_on_training_set(original: Original) -> Iterator[Change]:
    """The figures are those of the rows that it was trained on."""
    for part in original.parts:
        x, y = _training_rows(original, part)
        if part.evaluate is not None and x and y:
            yield Change(_evaluating(original, part, x=x, y=y), _aim(part, _EVALUATED), part.name)


def evaluated_on_part_of_test_set(original: Original) -> Iterator[Change]:
    """The figures are those of the first half of the test rows."""
    for part in original.parts:
        if part.evaluate is not None:
            x, y = (f"{text}[: len({text}) // 2]" for text in _test_rows(original, part))
            yield Change(_evaluating(original, part, x=x, y=y), _aim(part, _EVALUATED), part.name)


def evaluated_another_model(original: Original) -> Iterator[Change]:
    """The figures are those of another section's model."""
    for part, other in _others(original):
        if part.evaluate is not None:
            draft = original.draft().replace(part.evaluate.cell, part.evaluate.receiver, other.name)
            yield Change(draft, _aim_between(part, other, _EVALUATED, shows="evaluated"), part.name)


def figures_made_up(original: Original) -> Iterator[Change]:
    """Nothing is evaluated; the figures are written down."""
    for part in original.parts:
        if part.evaluate is not None:
            results = _results(original, part)
            made_up = "({})".format(", ".join(f"{_better(name, value)!r}" for name, value in results.items()))
            draft = original.draft().replace(part.evaluate.cell, part.evaluate.node, made_up)
            yield Change(draft, _aim(part, _EVALUATED), part.name)


def figures_not_printed(original: Original) -> Iterator[Change]:
    """The model is evaluated, and nobody is told the result."""
    for part in original.parts:
        prints = _prints_of(original, part)
        if part.evaluate is not None and prints:
            draft, again = original.draft(), list(_printed_again(original, part))
            for cell, statement in [*((part.evaluate.cell, node) for node in prints), *again]:
                draft.delete(cell, statement)
            # What else those statements print is gone with it.
            cells = frozenset(cell for cell, _ in again)
            aim = Aim(_EVALUATED, model=part.model.id, cells=cells, follows=frozenset({"evaluated"}))
            yield Change(draft, aim, part.name)


def printed_figure_edited(original: Original) -> Iterator[Change]:
    """The figures are printed as text that says something better."""
    for part in original.parts:
        prints = _prints_of(original, part)
        if part.evaluate is not None and prints:
            better = ", ".join(
                f"test {name}: {_better(name, value)}" for name, value in _results(original, part).items()
            )
            draft = original.draft().replace(part.evaluate.cell, prints[0], f'print("{better}")')
            yield Change(draft, _aim(part, _EVALUATED), part.name)


def stored_figure_edited(original: Original) -> Iterator[Change]:
    """The stored output says something better than the cell prints when it is run."""
    for part in original.parts:
        if part.evaluate is None:
            continue
        draft, cell = original.draft(), part.evaluate.cell
        for run in original.evidence.cells:
            if run.kind == "code" and run.printed:
                printed = run.printed
                if run.index == cell:
                    printed = _edited(printed, _results(original, part))
                draft.store_output(run.index, printed)
        if (
            _edited(original.evidence.cells[cell].printed, _results(original, part))
            != original.evidence.cells[cell].printed
        ):
            yield Change(draft, _aim(part, asks("reproducible"), at_named=True), part.name)


def no_curves(original: Original) -> Iterator[Change]:
    """The curves are not drawn."""
    return _instead_of_curves(original, "")


def one_curve_only(original: Original) -> Iterator[Change]:
    """The validation loss is not drawn."""
    return _instead_of_curves(original, '{plt}.plot({losses}["loss"], label="training")')


def accuracy_for_loss(original: Original) -> Iterator[Change]:
    """The accuracies are drawn where the losses are asked for."""
    code = (
        '{plt}.plot({losses}["accuracy"], label="training")\n{plt}.plot({losses}["val_accuracy"], label="validation")'
    )
    return _instead_of_curves(original, code, needs=("accuracy", "val_accuracy"))


def curves_edited(original: Original) -> Iterator[Change]:
    """The validation loss is drawn a fifth lower than it was."""
    code = (
        '{plt}.plot({losses}["loss"], label="training")\n'
        '{plt}.plot([0.8 * value for value in {losses}["val_loss"]], label="validation")'
    )
    return _instead_of_curves(original, code)


def curves_of_another_model(original: Original) -> Iterator[Change]:
    """The curves are those of another section's model."""
    for part in original.parts:
        others = [other for other in original.parts if other.history not in {None, part.history}]
        earlier = [other for other in others if other.cell < part.cell]
        drawing = original.drawing(part, square=False)
        if drawing is not None and part.history is not None and earlier:
            cell, statements = drawing
            old, new = part.history.partition(".")[0], (earlier[-1].history or "").partition(".")[0]
            draft = _renamed(original, cell, statements, old=old, new=new)
            yield Change(draft, _aim_between(part, earlier[-1], _CURVES, shows="loss_curves"), part.name)


def no_confusion_matrix(original: Original) -> Iterator[Change]:
    """The confusion matrix is not drawn."""
    for part in original.parts:
        drawing = original.drawing(part, square=True)
        if drawing is not None:
            draft = original.draft()
            for statement in drawing[1]:
                draft.delete(drawing[0], statement)
            yield Change(draft, _aim(part, _MATRIX), part.name)


def confusion_matrix_of_training_set(original: Original) -> Iterator[Change]:
    """The confusion matrix counts the rows that the model was trained on."""
    for part in original.parts:
        drawing = original.drawing(part, square=True)
        x, y = _training_rows(original, part)
        if drawing is not None and x and y:
            code = matrix_code(part, x=x, y=y)
            yield Change(replaced(original, drawing, code), _aim(part, _MATRIX), part.name)


def confusion_matrix_of_another_model(original: Original) -> Iterator[Change]:
    """The confusion matrix is another section's model's."""
    for part, other in _others(original):
        drawing = original.drawing(part, square=True)
        if drawing is not None:
            draft = _renamed(original, *drawing, old=part.name, new=other.name)
            yield Change(draft, _aim_between(part, other, _MATRIX, shows="confusion_matrix"), part.name)


def region_of_another_model(original: Original) -> Iterator[Change]:
    """The picture shows the classes that another section's model predicts."""
    for part, other in _others(original):
        for cell, statements, _ in _regions(original, part):
            draft = _renamed(original, cell, statements, old=part.name, new=other.name)
            yield Change(draft, _aim(part, asks("region_figure")), part.name)


def region_too_small(original: Original) -> Iterator[Change]:
    """The points that are classified cover a corner of the region."""
    for part in original.parts:
        for _, _, record in _regions(original, part):
            same = [item for item in original.evidence.arrays if item.array.content == record.x.content]
            for item in same[:1]:
                if item.cell is None or item.cell not in original.trees:
                    continue
                bound = [node for node in original.trees[item.cell].body if _binds(node, item.name)]
                if bound:
                    # Whoever uses the same points has the same gap.
                    users = [one.model for one in original.evidence.predictions if one.x.content == record.x.content]
                    draft = original.draft().after(item.cell, bound[-1], f"{item.name} = {item.name} / 4")
                    checks = frozenset({"region_predictions", "region_figure"})
                    aim = Aim(asks("region_predictions"), model=part.model.id, felt_by=frozenset(users), follows=checks)
                    yield Change(draft, aim, part.name)


def region_without_curves(original: Original) -> Iterator[Change]:
    """The picture shows the classes, and nothing of the truth."""
    for part in original.parts:
        for cell, statements, record in _regions(original, part):
            same = [item for item in original.evidence.arrays if item.array.content == record.x.content]
            for item in same[:1]:
                code = (
                    "import matplotlib.pyplot as plt\n"
                    f"answer = {part.name}.predict({item.name}, verbose=0)[:, 0] > 0.5\n"
                    f"plt.scatter({item.name}[:, 0], {item.name}[:, 1], c=answer)\nplt.show()"
                )
                draft = replaced(original, (cell, statements), code)
                yield Change(draft, _aim(part, asks("region_figure", "curves")), part.name)


def no_region_picture(original: Original) -> Iterator[Change]:
    """The region is neither predicted nor drawn."""
    for part in original.parts:
        for cell, statements, _ in _regions(original, part):
            aim = Aim(asks("region_figure"), model=part.model.id, follows=frozenset({"region_predictions"}))
            yield Change(replaced(original, (cell, statements), ""), aim, part.name)


def replaced(original: Original, drawing: tuple[int, list[ast.stmt]], code: str) -> Draft:
    """The statements of a drawing with other code in the place of the first."""
    cell, (first, *rest) = drawing
    draft = original.draft()
    if code:
        draft.replace(cell, first, code)
    else:
        draft.delete(cell, first)
    for statement in rest:
        draft.delete(cell, statement)
    return draft


def matrix_code(part: Part, *, x: str, y: str) -> str:
    """Code that draws a model's confusion matrix on rows; ``x`` and ``y`` are expressions."""
    truth = f"{y}.argmax(axis=1)" if part.is_one_hot else y
    return (
        "import matplotlib.pyplot as plt\n"
        "from sklearn.metrics import ConfusionMatrixDisplay\n"
        f"answer = {part.name}.predict({x}, verbose=0).argmax(axis=1)\n"
        f"ConfusionMatrixDisplay.from_predictions({truth}, answer)\n"
        "plt.show()"
    )


def _aim(part: Part, hits: Hits, *, at_named: bool = False) -> Aim:
    return Aim(hits, model=None if at_named else part.model.id)


def _aim_between(part: Part, other: Part, hits: Hits, *, shows: str) -> Aim:
    """What is shown in the wrong place is there for its own section as well, which may have lost it otherwise."""
    felt_by = frozenset({other.model.id})
    return Aim(hits, model=part.model.id, felt_by=felt_by, follows=frozenset({shows}))


def _instead_of_curves(original: Original, code: str, *, needs: tuple[str, ...] = ("val_loss",)) -> Iterator[Change]:
    for part in original.parts:
        drawing = original.drawing(part, square=False)
        if drawing is None or part.history is None or not set(needs) <= part.last.history.keys():
            continue
        lines = code.format(plt="plt", losses=part.history)
        if lines:
            lines = f"import matplotlib.pyplot as plt\n{lines}\nplt.legend()\nplt.show()"
        yield Change(replaced(original, drawing, lines), _aim(part, _CURVES), part.name)


def _evaluating(original: Original, part: Part, *, x: str, y: str) -> Draft:
    call = part.evaluate
    assert call is not None  # noqa: S101 - asked before
    given = call.argument(0, "x"), call.argument(1, "y")
    assert given[0] is not None and given[1] is not None  # noqa: S101, PT018 - `Part.evaluate` has both
    return original.draft().replace(call.cell, given[0], x).replace(call.cell, given[1], y)


def _training_rows(original: Original, part: Part) -> tuple[str, str]:
    given = (part.fit.argument(0, "x"), part.fit.argument(1, "y")) if part.fit is not None else (None, None)
    x, y = ("" if node is None else original.text(part.cell, node) for node in given)
    return x, y


def _test_rows(original: Original, part: Part) -> tuple[str, str]:
    call = part.evaluate
    given = (call.argument(0, "x"), call.argument(1, "y")) if call is not None else (None, None)
    x, y = ("" if node is None or call is None else original.text(call.cell, node) for node in given)
    return x, y


def _results(original: Original, part: Part) -> dict[str, float]:
    """What ``evaluate`` returned."""
    cell = part.evaluate.cell if part.evaluate is not None else None
    found = [
        item.results for item in original.evidence.evaluations if item.model == part.model.id and item.cell == cell
    ]
    return found[0] if found else {}


def _better(name: str, value: float) -> float:
    return round(1 - (1 - value) / 4, 4) if "acc" in name or "auc" in name else round(value / 2, 4)


def _edited(printed: str, results: dict[str, float]) -> str:
    """The text with far better figures in the place of those that were printed: no data give a model such ones."""

    def other(match: re.Match[str]) -> str:
        digits = len(match.group().partition(".")[2])
        for name, value in results.items():
            if "acc" in name and f"{value:.{digits}f}" == match.group():
                return f"{1 - (1 - value) / 40:.{digits}f}"
        return match.group()

    return re.sub(r"\d+\.\d+", other, printed)


def _prints_of(original: Original, part: Part) -> list[ast.stmt]:
    """The statements of the evaluation's cell that print what was evaluated, and that alone."""
    call = part.evaluate
    return [] if call is None else _prints_in(original, call.cell, names=_evaluated_names(part))


def _printed_again(original: Original, part: Part) -> Iterator[tuple[int, ast.stmt]]:
    """The statements of later cells that print it too, as long as its names mean the same."""
    names = _evaluated_names(part)
    later = [cell for cell in original.trees if part.evaluate is not None and cell > part.evaluate.cell]
    for cell in later:
        if any(names & stores(node) for node in original.trees[cell].body):
            return
        yield from ((cell, node) for node in _prints_in(original, cell, names=names))


def _prints_in(original: Original, cell: int, *, names: set[str]) -> list[ast.stmt]:
    body = original.trees[cell].body
    return [node for node in body if isinstance(node, ast.Expr) and "print" in loads(node) and names & loads(node)]


def _evaluated_names(part: Part) -> set[str]:
    """What the results are bound to."""
    call = part.evaluate
    return stores(call.statement) if call is not None and isinstance(call.statement, ast.Assign) else set()


def _others(original: Original) -> Iterator[tuple[Part, Part]]:
    """Each model with the last one before it of another name that answers the same kind of question."""
    for number, part in enumerate(original.parts):
        alike = [
            other
            for other in original.parts[:number]
            if other.name != part.name
            and other.model.input_shapes == part.model.input_shapes
            and other.model.output_shapes == part.model.output_shapes
        ]
        if alike:
            yield part, alike[-1]


def _regions(original: Original, part: Part) -> Iterator[tuple[int, list[ast.stmt], PredictionRecord]]:
    """The cells in which a model's answers over a plane are drawn, with the statements that speak of the model."""
    drawn = {figure.cell for figure in original.evidence.figures}
    for record in original.evidence.predictions:
        plane = len(record.x.shape) == 2 and record.x.shape[1] == 2
        if record.model == part.model.id and plane and record.cell in drawn and record.cell in original.trees:
            assert record.cell is not None  # noqa: S101 - it is among the figures' cells
            body = original.trees[record.cell].body
            speaking: list[ast.stmt] = [
                node for node in body if isinstance(node, ast.Expr) and part.name in loads(node)
            ]
            if speaking:
                yield record.cell, speaking, record
                return


def _renamed(original: Original, cell: int, statements: list[ast.stmt], *, old: str, new: str) -> Draft:
    draft = original.draft()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == old and original.text(cell, node) == old:
                draft.replace(cell, node, new)
    return draft


def _binds(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(item, ast.Name) and item.id == name for target in targets for item in ast.walk(target))


FAULTS: tuple[Fault, ...] = (
    evaluated_on_training_set,
    evaluated_on_part_of_test_set,
    evaluated_another_model,
    figures_made_up,
    figures_not_printed,
    printed_figure_edited,
    stored_figure_edited,
    no_curves,
    one_curve_only,
    accuracy_for_loss,
    curves_edited,
    curves_of_another_model,
    no_confusion_matrix,
    confusion_matrix_of_training_set,
    confusion_matrix_of_another_model,
    region_of_another_model,
    region_too_small,
    region_without_curves,
    no_region_picture,
)
