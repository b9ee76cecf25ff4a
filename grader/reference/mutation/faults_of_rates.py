"""Faults of a comparison of learning rates, where a loop over the rates trains a model for each.

Source of the kinds: wrong answers of students.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.checks.learning_rates import by_rate
from grader.reference.mutation.aims import Aim
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.original import Original, loads, stores
from grader.rubric.constraints import asks

_ASKED = asks("learning_rates")


@dataclass(frozen=True)
class _Comparison:
    """A loop over learning rates that are written out.

    Attributes:
        rates: The list or tuple of them.
        built: The statement of its body that makes the model anew; None where a function does.
        drawn: Those of its body that draw.
    """

    cell: int
    loop: ast.For
    rates: ast.List | ast.Tuple
    built: ast.stmt | None
    drawn: tuple[ast.stmt, ...]

    @property
    def values(self) -> list[float]:
        return [float(item.value) for item in self.rates.elts]  # type: ignore[attr-defined]


def one_learning_rate(original: Original) -> Iterator[Change]:
    """The same rate is tried again and again."""
    return _other_rates(original, lambda rates: [rates[0]] * len(rates))


def two_learning_rates(original: Original) -> Iterator[Change]:
    """Two rates are compared."""
    return _other_rates(original, lambda rates: [rates[0], rates[-1]])


def learning_rates_too_near(original: Original) -> Iterator[Change]:
    """The rates lie close together."""
    return _other_rates(original, lambda rates: [rates[0] * (1 + number / 10) for number in range(len(rates))])


def rates_go_on_with_one_model(original: Original) -> Iterator[Change]:
    """One model is trained with one rate after the other."""
    for found in _comparisons(original):
        if found.built is not None:
            text = original.text(found.cell, found.built)
            draft = original.draft().before(found.cell, found.loop, text).delete(found.cell, found.built)
            yield _change(found, draft)


def rates_not_drawn(original: Original) -> Iterator[Change]:
    """The models are trained, and nothing of it is drawn."""
    for found in _comparisons(original):
        if found.drawn:
            draft = original.draft()
            for statement in found.drawn:
                draft.delete(found.cell, statement)
            yield _change(found, draft)


def rates_in_figures_of_their_own(original: Original) -> Iterator[Change]:
    """Each curve has a figure for itself."""
    for found in _comparisons(original):
        if found.drawn:
            line = "__import__('matplotlib.pyplot').pyplot.figure()"
            yield _change(found, original.draft().before(found.cell, found.drawn[0], line))


def rates_with_curves_of_one(original: Original) -> Iterator[Change]:
    """The curve of the first rate is drawn for each of them."""
    for found in _comparisons(original):
        names = {
            name for node in found.loop.body for name in stores(node) if any(name in loads(d) for d in found.drawn)
        }
        if found.drawn and len(names) == 1:
            (name,) = names
            draft = original.draft().before(found.cell, found.loop, "of_the_first = []")
            lines = f"of_the_first.append({name})\n{name} = of_the_first[0]"
            yield _change(found, draft.before(found.cell, found.drawn[0], lines))


def _other_rates(original: Original, other: Callable[[list[float]], list[float]]) -> Iterator[Change]:
    for found in _comparisons(original):
        # Written as fractions: Keras takes no whole number for a rate.
        text = ", ".join(repr(float(f"{rate:.6g}")) for rate in other(found.values))
        yield _change(found, original.draft().replace(found.cell, found.rates, f"[{text}]"))


def _change(found: _Comparison, draft: Draft) -> Change:
    aim = Aim(_ASKED, cells=frozenset({found.cell}))
    return Change(draft, aim, f"cell {found.cell + 1}")


def _comparisons(original: Original) -> Iterator[_Comparison]:
    for cell in original.trees:
        rated = by_rate([fit for fit in original.evidence.fits if fit.cell == cell])
        for node in original.statements(cell) if len(rated) > 1 else ():
            if isinstance(node, ast.For) and isinstance(node.iter, (ast.List, ast.Tuple)):
                elements = node.iter.elts
                if all(isinstance(item, ast.Constant) and item.value in rated for item in elements):
                    drawn = tuple(one for one in node.body if isinstance(one, ast.Expr) and _draws(one))
                    yield _Comparison(cell, node, node.iter, built=_built(original, cell, node), drawn=drawn)


def _built(original: Original, cell: int, loop: ast.For) -> ast.stmt | None:
    """The statement that makes the model, where it needs nothing that the loop gives."""
    trained = {call.receiver.id for call in original.calls(cell, "fit") if isinstance(call.receiver, ast.Name)}
    given = stores(loop.target).union(*(stores(node) for node in loop.body)) - trained
    made = [node for node in loop.body if isinstance(node, ast.Assign) and stores(node) & trained]
    return made[0] if len(made) == 1 and not loads(made[0]) & given else None


def _draws(node: ast.Expr) -> bool:
    methods = {"plot", "semilogy", "semilogx", "loglog", "scatter", "lineplot"}
    return any(isinstance(item, ast.Attribute) and item.attr in methods for item in ast.walk(node))


FAULTS: tuple[Fault, ...] = (
    one_learning_rate,
    two_learning_rates,
    learning_rates_too_near,
    rates_go_on_with_one_model,
    rates_not_drawn,
    rates_in_figures_of_their_own,
    rates_with_curves_of_one,
)
