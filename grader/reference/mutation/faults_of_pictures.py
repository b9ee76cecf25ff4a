"""Faults of what is drawn of a model: curves, confusion matrices and regions.

Source of the kinds: wrong answers of students.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.records import PredictionRecord
from grader.reference.mutation.aims import Aim
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.faults_of_results import aim_at, aim_between, others_of, training_rows
from grader.reference.mutation.original import Original, Part, loads
from grader.rubric.constraints import asks

_CURVES = asks("loss_curves")
_MATRIX = asks("confusion_matrix")


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
            if _hide_elsewhere(draft, original, part, cell=cell):
                yield Change(draft, aim_between(part, earlier[-1], _CURVES, shows="loss_curves"), part.name)


def no_confusion_matrix(original: Original) -> Iterator[Change]:
    """The confusion matrix is not drawn."""
    for part in original.parts:
        drawing = original.drawing(part, square=True)
        if drawing is not None:
            draft = original.draft()
            for statement in drawing[1]:
                draft.delete(drawing[0], statement)
            yield Change(draft, aim_at(part, _MATRIX), part.name)


def confusion_matrix_of_training_set(original: Original) -> Iterator[Change]:
    """The confusion matrix counts the rows that the model was trained on."""
    for part in original.parts:
        drawing = original.drawing(part, square=True)
        x, y = training_rows(original, part)
        if drawing is not None and x and y:
            code = matrix_code(part, x=x, y=y)
            yield Change(replaced(original, drawing, code), aim_at(part, _MATRIX), part.name)


def confusion_matrix_of_another_model(original: Original) -> Iterator[Change]:
    """The confusion matrix is another section's model's."""
    for part, other in others_of(original):
        drawing = original.drawing(part, square=True)
        if drawing is not None:
            draft = _renamed(original, *drawing, old=part.name, new=other.name)
            yield Change(draft, aim_between(part, other, _MATRIX, shows="confusion_matrix"), part.name)


def region_of_another_model(original: Original) -> Iterator[Change]:
    """The picture shows the classes that another section's model predicts."""
    for part, other in others_of(original):
        for cell, statements, _ in _regions(original, part):
            draft = _renamed(original, cell, statements, old=part.name, new=other.name)
            yield Change(draft, aim_between(part, other, asks("region_figure"), shows="region_figure"), part.name)


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
                yield Change(draft, aim_at(part, asks("region_figure", "curves")), part.name)


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


def _instead_of_curves(original: Original, code: str, *, needs: tuple[str, ...] = ("val_loss",)) -> Iterator[Change]:
    for part in original.parts:
        drawing = original.drawing(part, square=False)
        if drawing is None or part.history is None or not set(needs) <= part.last.history.keys():
            continue
        lines = code.format(plt="plt", losses=part.history)
        if lines:
            lines = f"import matplotlib.pyplot as plt\n{lines}\nplt.legend()\nplt.show()"
        draft = replaced(original, drawing, lines)
        if _hide_elsewhere(draft, original, part, cell=drawing[0]):
            yield Change(draft, aim_at(part, _CURVES), part.name)


def _hide_elsewhere(draft: Draft, original: Original, part: Part, *, cell: int) -> bool:
    """Has other cells that draw the same history draw another one, so that it is nowhere; False where there is none."""
    word = (part.history or "").partition(".")[0]
    drawn = {figure.cell for figure in original.evidence.figures if any(axes.lines for axes in figure.axes)}
    again = [at for at, tree in original.trees.items() if at != cell and at in drawn and word in loads(tree)]
    others = [one for one in original.parts if one.history is not None and word != one.history.partition(".")[0]]
    for at in again:
        made = [one.history for one in others if one.cell < at]
        if not made:
            return False
        _rename(draft, original, (at, original.trees[at].body), old=word, new=(made[-1] or "").partition(".")[0])
    return True


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
    _rename(draft, original, (cell, statements), old=old, new=new)
    return draft


def _rename(draft: Draft, original: Original, place: tuple[int, Sequence[ast.stmt]], *, old: str, new: str) -> None:
    cell, statements = place
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == old and original.text(cell, node) == old:
                draft.replace(cell, node, new)


def _binds(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(item, ast.Name) and item.id == name for target in targets for item in ast.walk(target))


FAULTS: tuple[Fault, ...] = (
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
