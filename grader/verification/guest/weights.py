"""Sets the weights of a rebuilt model, and the constants that its layers compute from them once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def give_weights(model: Any, weights: Sequence[Any]) -> None:
    """Sets the weights of a model.

    A layer that was adapted to data (`Normalization`) works with constants made of its weights, which ``set_weights``
    leaves as they were.

    Raises:
        ValueError: They are not as many, or not of the shapes, that the model has.
    """
    model.set_weights(weights)
    for layer in _layers_of(model):
        finalize = getattr(layer, "finalize_state", None)
        if callable(finalize):
            finalize()


def _layers_of(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers_of(layer)
