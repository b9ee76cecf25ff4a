"""What is known of a value without running anything.

A plain value of Python (a number, a text, a tuple, a list, a dict) stands for itself.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from grader.records import CompileRecord, LayerRecord

Shape = tuple[int | None, ...]
"""Sizes of axes; None for an unknown one."""


@dataclass(frozen=True)
class Unknown:
    """A value that only a run shows.

    Attributes:
        why: A clause for the student, such as ``it is read from a file``; empty where there is nothing to say.
    """

    why: str = ""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Library:
    """A module, class or function of a library, by its dotted path (``keras.layers.Dense``)."""

    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    @property
    def top(self) -> str:
        """The first part of its path."""
        return self.path.partition(".")[0]


@dataclass(frozen=True)
class Made:
    """What calling a library gave, where no more is known of it than the call: an optimizer, a loss, a callback."""

    library: Library
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict, hash=False)
    of_model: Any = field(default=None, hash=False)


@dataclass(frozen=True)
class ArrayOf:
    """An array or tensor.

    Attributes:
        shape: None where even the number of axes is unknown.
        integral: Whether every value is a whole number; None where unknown.
        one_hot: Whether its rows are; None where unknown.
        batched: Rows a batch, for a pipeline of batches; None for an array.
        kind: As in `grader.records.ArraySummary`.
    """

    shape: Shape | None = None
    integral: bool | None = None
    one_hot: bool | None = None
    kind: str = "array"
    batched: int | None = None

    @property
    def rows(self) -> int | None:
        """The length of the first axis."""
        return self.shape[0] if self.shape else None

    @property
    def row_shape(self) -> Shape | None:
        """Sizes of the other axes."""
        return self.shape[1:] if self.shape else None


@dataclass(eq=False)
class LayerOf:
    """A layer: the same object wherever it is used.

    Attributes:
        known: Whether all of its configuration that a rubric can ask for is known.
        is_used: Whether it is in a model, so that its configuration says no more what it computes.
    """

    record: LayerRecord
    known: bool = True
    is_used: bool = False


@dataclass(frozen=True)
class TensorOf:
    """A symbolic tensor: what came in, and the layers that it went through; ``layers`` is None for no simple chain."""

    origin: object
    input_shape: Shape | None
    layers: tuple[LayerOf, ...] | None = ()
    shape: Shape | None = None


@dataclass(eq=False)
class ModelOf:
    """A model that the code builds.

    Attributes:
        layers: None where they cannot be told.
        why: Why not.
        input_shape: Of one row; None where unknown.
        instance: The object of a class of the notebook's own.
    """

    kind: str
    cell: int
    layers: list[LayerOf] | None
    input_shape: Shape | None = None
    why: str = ""
    names: set[str] = field(default_factory=set)
    compiled: CompileRecord | None = None
    compile_unknown: bool = False
    is_loaded: bool = False
    instance: InstanceOf | None = None
    events: int = 0
    id: str = ""
    class_name: str = ""
    outputs: int = 1

    def lose(self, why: str) -> None:
        """From now on, its layers are unknown."""
        self.layers, self.why = None, self.why or why


@dataclass(frozen=True)
class HistoryOf:
    """What ``fit`` returned."""

    fit: str


@dataclass(eq=False)
class Scope:
    """Names of a function or of the notebook, and of what is around it."""

    names: dict[str, Any] = field(default_factory=dict)
    outer: Scope | None = None
    shared: set[str] = field(default_factory=set)

    def find(self, name: str) -> Scope | None:
        """The innermost scope that has the name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.outer
        return None


@dataclass(eq=False)
class FunctionOf:
    """A function of the notebook.

    Attributes:
        bound: The object that it is a method of.
        opaque: Whether calling it may do something else than its body says.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    bound: Any = None
    defaults: dict[str, Any] = field(default_factory=dict)
    opaque: bool = False
    owner: ClassOf | None = None


@dataclass(eq=False)
class ClassOf:
    """A class of the notebook.

    Attributes:
        bases: As far as they are known; of Keras's classes their `Library`.
    """

    name: str
    bases: tuple[Any, ...]
    members: dict[str, Any]

    def find(self, name: str) -> Any:
        """A method, of the class or of one that it is derived from in the notebook; None where there is none."""
        if name in self.members:
            return self.members[name]
        return next((found for base in self.bases if isinstance(base, ClassOf) and (found := base.find(name))), None)

    @property
    def library_base(self) -> Library | None:
        """The library's class that it is derived from."""
        for base in self.bases:
            if isinstance(base, Library):
                return base
            if isinstance(base, ClassOf) and base.library_base is not None:
                return base.library_base
        return None


@dataclass(eq=False)
class InstanceOf:
    """An object of a class of the notebook."""

    kind: ClassOf
    attributes: dict[str, Any] = field(default_factory=dict)
    model: ModelOf | None = None


def is_plain(value: Any) -> bool:
    """Whether a value is a number, a text, a truth value or None."""
    return value is None or isinstance(value, bool | int | float | str)


def is_known(value: Any) -> bool:
    """Whether all of a plain value or container of such is known."""
    if isinstance(value, list | tuple | set):
        return all(map(is_known, value))
    if isinstance(value, dict):
        return all(is_known(key) and is_known(item) for key, item in value.items())
    return is_plain(value) or isinstance(value, range)


def holds_model(value: Any, *, depth: int = 3) -> list[ModelOf]:
    """The models in a value, in its items, or in the attributes of an object of the notebook's."""
    if isinstance(value, ModelOf):
        return [value]
    if isinstance(value, FunctionOf):
        return holds_model(value.bound, depth=depth - 1)
    if isinstance(value, InstanceOf):
        own = [value.model] if value.model is not None else []
        return own + ([] if depth < 1 else holds_model(list(value.attributes.values()), depth=depth - 1))
    if depth > 0 and isinstance(value, list | tuple | set):
        return [model for item in value for model in holds_model(item, depth=depth - 1)]
    if depth > 0 and isinstance(value, dict):
        return holds_model(list(value.values()), depth=depth - 1)
    return []
