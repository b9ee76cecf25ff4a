"""The reference as mutations see it: each trained model with the calls that compile, train, evaluate and draw it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grader.cell_code import parse
from grader.cell_names import names_in
from grader.judging.absence import is_training
from grader.records import Evidence, FitRecord, ModelRecord
from grader.reference.mutation.draft import Draft, segment

if TYPE_CHECKING:
    from nbformat import NotebookNode

FLOW = (ast.For, ast.While, ast.If, ast.With, ast.Try)
"""What is run where it stands; functions and classes are not."""


@dataclass(frozen=True)
class Call:
    """A call in a cell.

    Attributes:
        statement: The innermost statement that it stands in.
    """

    cell: int
    statement: ast.stmt
    node: ast.Call

    def keyword(self, name: str) -> ast.expr | None:
        """The value of an argument given by name."""
        return next((item.value for item in self.node.keywords if item.arg == name), None)

    def argument(self, position: int, name: str) -> ast.expr | None:
        """The value of an argument given by place or by name."""
        return self.node.args[position] if len(self.node.args) > position else self.keyword(name)

    @property
    def receiver(self) -> ast.expr:
        """What stands before the dot."""
        assert isinstance(self.node.func, ast.Attribute)  # noqa: S101 - made from method calls alone
        return self.node.func.value


@dataclass(frozen=True)
class Layer:
    """A layer of a model's configuration, the input left out; ``place`` counts from 0."""

    place: int
    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def has_weights(self) -> bool:
        return bool({"units", "filters"} & self.values.keys())

    @property
    def activation(self) -> str | None:
        """By Keras's name."""
        value = self.values.get("activation")
        return str(value.get("config") if isinstance(value, dict) else value) if value is not None else None


@dataclass(frozen=True)
class Part:
    """A trained model of the reference.

    Attributes:
        name: The variable that holds it where it is trained.
        fit: The call of ``fit``; None for a loop, or where a function calls it.
        training: The statement of its cell that trains it.
        compiled: The call of ``compile``, where it stands in a cell and not in a function.
        evaluate: The call of ``evaluate`` on rows that were not trained on.
        history: The expression of the history's dictionary (``record.history``).
    """

    model: ModelRecord
    fits: tuple[FitRecord, ...]
    cell: int
    name: str
    training: ast.stmt
    fit: Call | None = None
    compiled: Call | None = None
    evaluate: Call | None = None
    history: str | None = None

    @property
    def last(self) -> FitRecord:
        return self.fits[-1]

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Of a chain; empty where the model cannot be built again from its own layers."""
        config = self.model.config or {}
        inner: Any = config.get("config")
        rows = inner.get("layers") if isinstance(inner, dict) else None
        if self.model.kind == "subclass" or self.model.branching or not isinstance(rows, list):
            return ()
        kept = [row for row in rows if isinstance(row, dict) and row.get("class_name") != "InputLayer"]
        return tuple(
            Layer(place, str(row["class_name"]), dict(row.get("config") or {})) for place, row in enumerate(kept)
        )

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """Its layers with a width, but for the last."""
        return tuple(layer for layer in self.layers if layer.has_weights)[:-1]

    @property
    def output(self) -> Layer | None:
        """Its last layer with a width."""
        return next((layer for layer in reversed(self.layers) if layer.has_weights), None)

    @property
    def is_one_hot(self) -> bool:
        return self.last.y is not None and self.last.y.one_hot

    @property
    def has_softmax(self) -> bool:
        return self.output is not None and self.output == self.layers[-1] and self.output.activation == "softmax"


class Original:
    """The reference's notebook with what its run showed."""

    def __init__(self, notebook: NotebookNode, *, evidence: Evidence) -> None:
        self.notebook = notebook
        self.evidence = evidence
        self.sources = {index: cell.source for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
        trees = {index: parse(source) for index, source in self.sources.items()}
        self.trees = {index: tree for index, tree in trees.items() if tree is not None}

    def draft(self) -> Draft:
        """A copy to be changed."""
        return Draft(self.notebook)

    def text(self, cell: int, node: ast.AST) -> str:
        """The source of a node."""
        return segment(self.sources[cell], node)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Each trained model, in the order of training."""
        models = {model.id: model for model in self.evidence.models}
        fits: dict[str, list[FitRecord]] = {}
        for fit in sorted(self.evidence.fits, key=lambda fit: fit.seq):
            if is_training(fit) and fit.cell in self.trees and fit.model in models:
                fits.setdefault(fit.model, []).append(fit)
        found = [self._part(models[name], tuple(own)) for name, own in fits.items()]
        return tuple(part for part in found if part is not None)

    def statements(self, cell: int) -> Iterator[ast.stmt]:
        """The statements of a cell that run where they stand, the inner ones of loops and branches too."""
        yield from _flow(self.trees[cell].body)

    def calls(self, cell: int, method: str) -> Iterator[Call]:
        """The calls of a method in a cell, outside of functions."""
        for statement in self.statements(cell):
            for node in ast.walk(_head(statement)):
                is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                if is_method and node.func.attr == method:  # type: ignore[attr-defined]
                    yield Call(cell, statement, node)  # type: ignore[arg-type]

    def binding_cell(self, name: str, *, before: int | None = None) -> int | None:
        """The last cell in which an array of that name was bound anew, up to a cell."""
        cells = [item.cell for item in self.evidence.arrays if item.name == name and item.cell in self.trees]
        known = [cell for cell in cells if cell is not None and (before is None or cell <= before)]
        return known[-1] if known else None

    def loaded_data(self) -> tuple[tuple[str, str, str, str], int] | None:
        """The names that ``load_data()`` of a Keras data set is unpacked to, and the cell."""
        for cell in self.trees:
            for call in self.calls(cell, "load_data"):
                names = [node.id for node in _targets(call.statement)]
                if len(names) == 4:
                    return (names[0], names[1], names[2], names[3]), cell
        return None

    def drawing(self, part: Part, *, square: bool) -> tuple[int, list[ast.stmt]] | None:
        """The cell and the statements that draw a model's curves, or its confusion matrix.

        Args:
            part: The model.
            square: The matrix: statements that speak of the model, in a cell that shows a square of numbers; else
                those that speak of its history, in a cell that shows lines.
        """
        word = part.name if square else (part.history or "").partition(".")[0]
        for figure in self.evidence.figures:
            lines = any(axes.lines for axes in figure.axes)
            grids = any(
                len(grid.shape) == 2 and grid.shape[0] == grid.shape[1] > 1
                for axes in figure.axes
                for grid in axes.grids
            )
            shows = grids if square else lines
            if not shows or figure.cell is None or figure.cell not in self.trees or figure.cell < part.cell or not word:
                continue
            top = self.trees[figure.cell].body
            start = top.index(part.training) + 1 if figure.cell == part.cell and part.training in top else 0
            drawing = self._speaking(figure.cell, top[start:], word=word)
            if drawing:
                return figure.cell, drawing
        return None

    def _speaking(self, cell: int, body: list[ast.stmt], *, word: str) -> list[ast.stmt]:
        """The statements that draw something of a name, and those that prepare it and nothing else."""
        later = set().union(*(loads(tree) for at, tree in self.trees.items() if at > cell), set())
        words, found, draws = {word}, list[ast.stmt](), False
        for node in body:
            if not words & loads(node):
                continue
            if isinstance(node, ast.Assign) and not stores(node) & later and not _trains(node):
                words |= stores(node)
                found.append(node)
            elif isinstance(node, (ast.Expr, *FLOW)) and not _prints(node):
                found.append(node)
                draws = True
        return found if draws else []

    def _part(self, model: ModelRecord, fits: tuple[FitRecord, ...]) -> Part | None:
        cell = fits[-1].cell
        assert cell is not None  # noqa: S101 - chosen so
        own = [call for call in self.calls(cell, "fit") if _is_name(call.receiver, model.names)]
        if not own:
            every = list(self.calls(cell, "fit"))
            own = every if len(every) == 1 and isinstance(every[0].receiver, ast.Name) else []
        fit = own[-1] if own and all(one.kind == "fit" for one in fits) else None
        name = fit.receiver.id if fit is not None else None  # type: ignore[attr-defined]
        body = self.trees[cell].body
        training = None
        if fit is not None:
            training = next(node for node in body if fit.statement in ast.walk(node))
        else:
            for word in model.names:
                training = _training(body, word) or training
                name = word if training is not None and name is None else name
        if training is None or name is None:
            return None
        return Part(
            model=model,
            fits=fits,
            cell=cell,
            name=name,
            training=training,
            fit=fit,
            compiled=self._compile(model, name=name, cell=cell, training=training),
            evaluate=self._evaluate(model, name=name, fits=fits),
            history=_history(fit),
        )

    def _compile(self, model: ModelRecord, *, name: str, cell: int, training: ast.stmt) -> Call | None:
        cells = {item.cell for item in self.evidence.compiles if item.model == model.id and item.cell in self.trees}
        found = [
            call
            for here in sorted(one for one in cells if one is not None and one <= cell)
            for call in self.calls(here, "compile")
            if _is_name(call.receiver, (name,)) and (here < cell or call.statement.lineno <= training.lineno)
        ]
        return found[-1] if found else None

    def _evaluate(self, model: ModelRecord, *, name: str, fits: tuple[FitRecord, ...]) -> Call | None:
        trained = {fit.x.content for fit in fits if fit.x.content}
        cells = [
            item.cell
            for item in self.evidence.evaluations
            if item.model == model.id and item.cell in self.trees and item.x.content not in trained
        ]
        for cell in cells:
            for call in self.calls(cell, "evaluate") if cell is not None else ():
                if _is_name(call.receiver, (name,)) and call.argument(1, "y") is not None:
                    return call
        return None


def loads(node: ast.AST) -> set[str]:
    """The names that a piece of code reads, the insides of functions included."""
    return set(names_in(node).read)


def stores(node: ast.AST) -> set[str]:
    """The names that a piece of code assigns or imports; of a function or class its own name alone."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    found = names_in(node)
    return set(found.assigned | found.imported)


def _flow(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, FLOW):
            for name in ("body", "orelse", "finalbody"):
                yield from _flow(getattr(statement, name, ()))


def _head(statement: ast.stmt) -> ast.AST:
    """A statement without those inside it."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return ast.Pass()
    if isinstance(statement, (ast.For, ast.While, ast.If)):
        return statement.iter if isinstance(statement, ast.For) else statement.test
    if isinstance(statement, (ast.With, ast.Try)):
        return ast.Pass()
    return statement


def _targets(statement: ast.stmt) -> list[ast.Name]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def _is_name(node: ast.expr, names: Iterable[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in set(names)


def _prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _called(node.value) == "print"


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _trains(node: ast.AST) -> bool:
    methods = {"fit", "evaluate", "compile"}
    return any(isinstance(item, ast.Attribute) and item.attr in methods for item in ast.walk(node))


def _training(body: list[ast.stmt], word: str) -> ast.stmt | None:
    """The last statement that calls something with a model, or a function that speaks of it; best a loop."""
    words = {word} | {
        node.name for node in body if isinstance(node, ast.FunctionDef) and word in loads(node) - stores_inside(node)
    }
    calling = [
        node
        for node in body
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) and words & loads(node) and _calls_something(node)
    ]
    loops = [node for node in calling if isinstance(node, (ast.For, ast.While))]
    return (loops or calling or [None])[-1]


def stores_inside(function: ast.FunctionDef) -> set[str]:
    """A function's own names."""
    given = function.args
    own = {item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    return own.union(*(stores(node) for node in function.body))


def _calls_something(node: ast.AST) -> bool:
    return any(isinstance(item, ast.Call) and _called(item) != "print" for item in ast.walk(node))


def _history(fit: Call | None) -> str | None:
    """``record.history`` for ``record = model.fit(...)``, and ``record`` where the dictionary alone was kept."""
    if fit is None or not isinstance(fit.statement, ast.Assign) or len(fit.statement.targets) != 1:
        return None
    target, value = fit.statement.targets[0], fit.statement.value
    if not isinstance(target, ast.Name):
        return None
    if value is fit.node:
        return f"{target.id}.history"
    is_dictionary = isinstance(value, ast.Attribute) and value.attr == "history" and value.value is fit.node
    return target.id if is_dictionary else None
