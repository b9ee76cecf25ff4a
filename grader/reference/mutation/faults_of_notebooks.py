"""Faults of the data that a notebook makes or prepares, and of the notebook as a whole.

Source of the kinds: DeepCrime's operators of training data, notebooks of students that do not run from top to bottom.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise

from grader.matching.headings import headings_of
from grader.reference.mutation.aims import Aim, Reach
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.original import Original, Part, loads, stores
from grader.rubric.constraints import TRAINED, Hits, asks, not_by_hand

_OF_DATA = frozenset({"array_shapes", "curves", "prepared_data"})


def off_the_curve(original: Original) -> Iterator[Change]:
    """Every point lies a tenth beside where it should."""
    return _own_data(original, "{x} = {x} + 0.1", hits=asks("curves"))


def outside_the_interval(original: Original) -> Iterator[Change]:
    """The points reach twice as far."""
    return _own_data(original, "{x} = 2 * {x}", hits=asks("curves"))


def labels_swapped(original: Original) -> Iterator[Change]:
    """Each class bears the label of the other."""
    return _own_data(original, "{y} = {y}.max() - {y}", hits=asks("curves"))


def one_class_only(original: Original) -> Iterator[Change]:
    """One class is missing."""
    return _own_data(original, "{x}, {y} = {x}[{y} == 0], {y}[{y} == 0]", hits=asks("curves"))


def too_few_points(original: Original) -> Iterator[Change]:
    """There are a hundred points."""
    return _own_data(original, "{x}, {y} = {x}[:100], {y}[:100]", hits=asks("array_shapes"))


def wrong_shapes(original: Original) -> Iterator[Change]:
    """The points lie in the columns, not in the rows."""
    return _own_data(original, "{x} = {x}.T", hits=asks("array_shapes"), reach="everything")


def unscaled_input(original: Original) -> Iterator[Change]:
    """The inputs are as large as they came."""
    return _prepared(original, "{x} = {x} * 255", hits=asks("prepared_data", "scaled"), test=True)


def rows_left_out(original: Original) -> Iterator[Change]:
    """Most of the training part is thrown away."""
    code = "{x}, {y} = {x}[:500], {y}[:500]"
    return _prepared(original, code, hits=asks("prepared_data"), test=False, follows=frozenset({"trained"}))


def image_with_wrong_label(original: Original) -> Iterator[Change]:
    """An image is shown with the label of another."""
    return _image(original, 'plt.title(f"Label: {{(int({y}[0]) + 1) % 10}}")\nplt.imshow({x}[0])')


def image_not_of_the_data(original: Original) -> Iterator[Change]:
    """The image is noise."""
    return _image(original, 'plt.title(f"Label: {{{y}[0]}}")\nplt.imshow(__import__("numpy").random.rand(28, 28))')


def no_image(original: Original) -> Iterator[Change]:
    """No image is shown."""
    return _image(original, "")


def cell_raises(original: Original) -> Iterator[Change]:
    """The last code cell ends in an error."""
    last = max(original.trees, default=None)
    if last is not None and original.trees[last].body:
        draft = original.draft().after(last, original.trees[last].body[-1], "print(no_such_name)")
        yield Change(draft, Aim(asks("notebook_runs")))


def cell_deleted(original: Original) -> Iterator[Change]:
    """The cell that trains a model is gone, and those behind it speak of what it made."""
    for part in original.parts:
        draft = original.draft().drop(part.cell)
        yield Change(draft, Aim(TRAINED, model=part.model.id, reach="model", breaks=True), part.name)


def imports_deleted(original: Original) -> Iterator[Change]:
    """The first cell, with what every other one needs, is gone."""
    first = min(original.trees, default=None)
    if first is not None and any(isinstance(node, ast.Import) for node in original.trees[first].body):
        yield Change(original.draft().drop(first), Aim(asks("notebook_runs"), reach="everything"))


def cells_out_of_order(original: Original) -> Iterator[Change]:
    """A model is evaluated in a cell above that which trains it."""
    for part in original.parts:
        if part.evaluate is not None and part.evaluate.cell > part.cell:
            draft = original.draft().move(part.evaluate.cell, before=part.cell)
            if any(part.name in stores(node) for node in original.trees[part.cell].body):
                felt = frozenset({part.model.id})
                aim = Aim(asks("notebook_runs"), felt_by=felt, breaks=True, follows=frozenset({"evaluated"}))
            else:
                # The model is there already, as it was before its training.
                aim = Aim(asks("evaluated"), model=part.model.id)
            yield Change(draft, aim, part.name)


def section_deleted(original: Original) -> Iterator[Change]:
    """A section that nothing behind it needs is not there: from its heading to the next."""
    headings = [heading.cell for heading in headings_of(original.evidence.cells) if heading.is_real]
    for start, end in pairwise([*headings, len(original.notebook.cells)]):
        own = [cell for cell in range(start, end) if cell in original.trees]
        made = set().union(*(stores(node) for cell in own for node in original.trees[cell].body)) if own else set()
        needed = any(made & loads(original.trees[cell]) for cell in original.trees if cell >= end)
        models = frozenset(part.model.id for part in original.parts if part.cell in own)
        if own and not needed:
            aim = Aim(
                not_by_hand,
                cells=frozenset(range(start, end)),
                felt_by=models,
                reach="model",
            )
            yield Change(original.draft().drop(*range(start, end)), aim, f"cell {start + 1}")


def answer_deleted(original: Original) -> Iterator[Change]:
    """What a section explains in words is gone."""
    headings = {heading.cell for heading in headings_of(original.evidence.cells) if heading.is_real}
    ends = [*sorted(headings), len(original.notebook.cells)]
    for start, end in pairwise(ends):
        words = [
            index
            for index in range(start + 1, end)
            if original.notebook.cells[index].cell_type == "markdown" and index not in headings
        ]
        if words:
            aim = Aim(asks("discussion"), cells=frozenset(words))
            yield Change(original.draft().drop(*words), aim, f"cell {words[0] + 1}")


def _own_data(original: Original, code: str, *, hits: Hits, reach: Reach = "quality") -> Iterator[Change]:
    """Changes to arrays that the notebook made itself, where they are ready for the first model that uses them."""
    return _data(original, code, hits=hits, reach=reach, usable=lambda part: len(part.last.x.shape) == 2)


def _prepared(
    original: Original, code: str, *, hits: Hits, test: bool, follows: frozenset[str] = frozenset()
) -> Iterator[Change]:
    """Changes to the arrays of a data set, where they are ready for the first model that uses them."""
    loaded = original.loaded_data()
    if loaded is None:
        return
    names = set(loaded[0])

    def usable(part: Part) -> bool:
        return bool(names & set(_names(part)))

    yield from _data(original, code, hits=hits, reach="quality", usable=usable, test=test, follows=follows)


def _data(
    original: Original,
    code: str,
    *,
    hits: Hits,
    reach: Reach,
    usable: Callable[[Part], bool],
    test: bool = False,
    follows: frozenset[str] = frozenset(),
) -> Iterator[Change]:
    seen: set[tuple[str, str]] = set()
    for part in original.parts:
        names = _names(part)
        if len(names) != 2 or names in seen or not usable(part):
            continue
        seen.add(names)
        bound = [original.binding_cell(name, before=part.cell) for name in names]
        cell = max((one for one in bound if one is not None), default=None)
        if cell is None or not original.trees[cell].body:
            continue
        lines = [code.format(x=names[0], y=names[1])]
        tested = _names_of_test(part) if test else ()
        if tested:
            lines.append(code.format(x=tested[0], y=tested[1]))
        draft = original.draft().after(cell, original.trees[cell].body[-1], "\n".join(lines))
        users = frozenset(other.model.id for other in original.parts if {*_names(other)} & {*names})
        aim = Aim(hits, cells=frozenset({cell}), felt_by=users, reach=reach, follows=_OF_DATA | follows)
        yield Change(draft, aim, names[0])


def _names(part: Part) -> tuple[str, ...]:
    given = (part.fit.argument(0, "x"), part.fit.argument(1, "y")) if part.fit is not None else ()
    return tuple(node.id for node in given if isinstance(node, ast.Name))


def _names_of_test(part: Part) -> tuple[str, ...]:
    given = (part.evaluate.argument(0, "x"), part.evaluate.argument(1, "y")) if part.evaluate is not None else ()
    names = tuple(node.id for node in given if isinstance(node, ast.Name))
    return names if len(names) == 2 else ()


def _image(original: Original, code: str) -> Iterator[Change]:
    """Other code in the place of a picture of the data set, before any model is trained."""
    loaded = original.loaded_data()
    first = min((part.cell for part in original.parts if part.cell > (loaded[1] if loaded else 0)), default=None)
    if loaded is None or first is None:
        return
    (x, y, _, _), at = loaded
    for figure in original.evidence.figures:
        grids = any(axes.grids for axes in figure.axes)
        if grids and figure.cell is not None and at <= figure.cell < first and figure.cell in original.trees:
            drawing = [node for node in original.trees[figure.cell].body if isinstance(node, ast.Expr)]
            draft = original.draft()
            if not drawing:
                continue
            lines = f"import matplotlib.pyplot as plt\n{code.format(x=x, y=y)}\nplt.show()" if code else ""
            for number, statement in enumerate(drawing):
                if number or not lines:
                    draft.delete(figure.cell, statement)
                else:
                    draft.replace(figure.cell, statement, lines)
            yield Change(draft, Aim(asks("image_figure"), cells=frozenset({figure.cell})), f"cell {figure.cell + 1}")


FAULTS: tuple[Fault, ...] = (
    off_the_curve,
    outside_the_interval,
    labels_swapped,
    one_class_only,
    too_few_points,
    wrong_shapes,
    unscaled_input,
    rows_left_out,
    image_with_wrong_label,
    image_not_of_the_data,
    no_image,
    cell_raises,
    cell_deleted,
    imports_deleted,
    cells_out_of_order,
    section_deleted,
    answer_deleted,
)
