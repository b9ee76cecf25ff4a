"""Faults of the figures that are printed of a model.

Source of the kinds: wrong answers of students.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.metrics import is_accuracy, is_higher_better
from grader.reference.mutation.aims import Aim
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.original import Original, Part, loads, stores
from grader.rubric.constraints import Hits, asks

_EVALUATED = asks("evaluated")
_CURVES = asks("loss_curves")
_MATRIX = asks("confusion_matrix")


def evaluated_on_training_set(original: Original) -> Iterator[Change]:
    """The figures are those of the rows that it was trained on."""
    for part in original.parts:
        x, y = training_rows(original, part)
        if part.evaluate is not None and x and y:
            yield Change(_evaluating(original, part, x=x, y=y), aim_at(part, _EVALUATED), part.name)


def evaluated_on_part_of_test_set(original: Original) -> Iterator[Change]:
    """The figures are those of the first half of the test rows."""
    for part in original.parts:
        if part.evaluate is not None:
            x, y = (f"{text}[: len({text}) // 2]" for text in _test_rows(original, part))
            yield Change(_evaluating(original, part, x=x, y=y), aim_at(part, _EVALUATED), part.name)


def evaluated_another_model(original: Original) -> Iterator[Change]:
    """The figures are those of another section's model."""
    for part, other in others_of(original):
        if part.evaluate is not None:
            draft = original.draft().replace(part.evaluate.cell, part.evaluate.receiver, other.name)
            yield Change(draft, aim_between(part, other, _EVALUATED, shows="evaluated"), part.name)


def figures_made_up(original: Original) -> Iterator[Change]:
    """Nothing is evaluated; the figures are written down."""
    for part in original.parts:
        if part.evaluate is not None:
            results = _results(original, part)
            made_up = "({})".format(", ".join(f"{_better(name, value)!r}" for name, value in results.items()))
            draft = original.draft().replace(part.evaluate.cell, part.evaluate.node, made_up)
            yield Change(draft, aim_at(part, _EVALUATED), part.name)


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
            yield Change(draft, aim_at(part, _EVALUATED), part.name)


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
            yield Change(draft, aim_at(part, asks("reproducible"), at_named=True), part.name)


def aim_at(part: Part, hits: Hits, *, at_named: bool = False) -> Aim:
    """At criteria of a model's section, or, where others name it in their parameters, at those."""
    return Aim(hits, model=None if at_named else part.model.id)


def aim_between(part: Part, other: Part, hits: Hits, *, shows: str) -> Aim:
    """What is shown in the wrong place is there for its own section as well, which may have lost it otherwise."""
    felt_by = frozenset({other.model.id})
    return Aim(hits, model=part.model.id, felt_by=felt_by, follows=frozenset({shows}))


def _evaluating(original: Original, part: Part, *, x: str, y: str) -> Draft:
    call = part.evaluate
    assert call is not None  # noqa: S101 - asked before
    given = call.argument(0, "x"), call.argument(1, "y")
    assert given[0] is not None and given[1] is not None  # noqa: S101, PT018 - `Part.evaluate` has both
    return original.draft().replace(call.cell, given[0], x).replace(call.cell, given[1], y)


def training_rows(original: Original, part: Part) -> tuple[str, str]:
    """What a model was fitted on, inputs and labels as expressions; empty where a call of ``fit`` does not say it."""
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
    return round(1 - (1 - value) / 4, 4) if is_higher_better(name) else round(value / 2, 4)


def _edited(printed: str, results: dict[str, float]) -> str:
    """The text with far better figures in the place of those that were printed: no data give a model such ones."""

    def other(match: re.Match[str]) -> str:
        digits = len(match.group().partition(".")[2])
        for name, value in results.items():
            if is_accuracy(name) and f"{value:.{digits}f}" == match.group():
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


def others_of(original: Original) -> Iterator[tuple[Part, Part]]:
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


FAULTS: tuple[Fault, ...] = (
    evaluated_on_training_set,
    evaluated_on_part_of_test_set,
    evaluated_another_model,
    figures_made_up,
    figures_not_printed,
    printed_figure_edited,
    stored_figure_edited,
)
