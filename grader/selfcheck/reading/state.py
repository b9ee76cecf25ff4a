"""Where the reading of a notebook stands, and what every part of it needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from grader.selfcheck.reading.log import Log
from grader.selfcheck.reading.values import UNKNOWN, FunctionOf, ModelOf, Scope, holds_model

MAX_STEPS = 60_000
"""Statements and expressions that are followed in one notebook; what comes after is unknown. About a second."""

MAX_DEPTH = 24
"""Calls inside calls that are followed."""

MAX_ITEMS = 10_000
"""Of a text or a list that is followed; a larger one is unknown."""

MAX_BITS = 1024
"""Of a whole number that is followed."""

_MODEL_WORDS = frozenset({"fit", "compile", "Sequential", "Model", "GradientTape", "train_on_batch", "apply_gradients"})


class Raised(Exception):  # noqa: N818 - it stands for what the notebook raises
    """The notebook surely raises this here."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name, self.text = name, text


class OutOfSteps(Exception):  # noqa: N818 - as above
    """The notebook does more than is followed."""


@dataclass(frozen=True)
class Method:
    """A method of something, not called yet."""

    of: Any
    name: str


class State:
    """What is known so far.

    Attributes:
        cell: That is being read.
        notebook: The names of the notebook itself.
        doubt: Why it is not sure that what is read now runs at all; empty where it is.
        lasting_doubt: Why what follows in this cell may not run, whatever it is part of.
        named: Every name that some statement read so far may bind.
        at_hand: Data sets of Keras that are sure to be there, to their training and test rows.
        is_lacking: Whether something was read that may not be there, so that what follows may not run.
        saved: Models that were saved, by the path.
        any_name: Whether names may have come in ways that cannot be followed.
    """

    def __init__(self, at_hand: Mapping[str, tuple[int, int]]) -> None:
        self.at_hand = at_hand
        self.log = Log()
        self.cell = 0
        self.notebook = Scope({"__name__": "__main__"})
        self.doubt = self.lasting_doubt = ""
        self.named: set[str] = set()
        self.any_name = False
        self.is_lacking = False
        self.saved: dict[str, ModelOf] = {}
        self.depth = 0
        self._steps = 0

    def step(self) -> None:
        """Counts one step.

        Raises:
            OutOfSteps: There were too many.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise OutOfSteps

    @contextmanager
    def doubting(self, why: str) -> Iterator[None]:
        """What is read inside may run, or run several times, or not at all."""
        before = self.doubt
        self.doubt = before or why
        try:
            yield
        finally:
            self.doubt = before or self.lasting_doubt

    def lose_sight(self, why: str, *models: ModelOf) -> None:
        """Something happens to models that cannot be followed."""
        self.log.doubts.append((self.cell, why))
        for model in models:
            model.lose(why)

    def acts(self) -> None:
        """Something is done to a model: where it is not sure to happen, nothing is sure from here on."""
        if self.doubt:
            self.lose_sight(self.doubt)

    def given_away(self, values: Sequence[Any], why: str) -> None:
        """Values that are handed to code which is not read: it may do anything with a model among them."""
        models = [model for value in values for model in holds_model(value)]
        trains = any(isinstance(value, FunctionOf) and works_on_models(value.node) for value in values)
        if models or trains:
            self.lose_sight(why, *models)

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""
        raise NotImplementedError

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What a call gives."""
        raise NotImplementedError

    def call_function(self, function: FunctionOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What a function of the notebook gives."""
        raise NotImplementedError


def within_bounds(value: Any) -> Any:
    """The value; unknown where it is larger than what is followed, so that no code makes reading slow."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return UNKNOWN
    is_long = isinstance(value, str | list | tuple | dict | set) and len(value) > MAX_ITEMS
    return UNKNOWN if is_long else value


def works_on_models(node: ast.AST) -> bool:
    """Whether code names what builds or trains a model."""
    return any(
        (isinstance(part, ast.Attribute) and part.attr in _MODEL_WORDS)
        or (isinstance(part, ast.Name) and part.id in _MODEL_WORDS)
        for part in ast.walk(node)
    )


def first(args: Sequence[Any], kwargs: Mapping[str, Any], name: str, *, at: int = 0) -> Any:
    """An argument by its place or its name; unknown where it is not given."""
    return kwargs.get(name, args[at] if len(args) > at else UNKNOWN)
