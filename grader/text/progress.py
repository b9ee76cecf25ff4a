"""Trainings as Keras's progress display shows them: what stored outputs hold of a run on another machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

History = Mapping[str, tuple[float, ...]]

_EPOCH = re.compile(r"^\s*Epoch (\d{1,5})(?:/\d+)?\s*$", re.IGNORECASE)
_FIGURE = re.compile(r"\b(\w+): ([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?=\s|$)", re.IGNORECASE)


def shown_histories(text: str) -> tuple[History, ...]:
    """The trainings that a text shows from the first epoch to the last, each metric to its values by epoch.

    One of which epochs are cut out is left out, and so is a metric that not every epoch shows.
    """
    return tuple(found for epochs in _trainings(text) if (found := _history(epochs)))


def _trainings(text: str) -> Iterator[list[dict[str, float]]]:
    """For each training the figures of each epoch, the last that were drawn."""
    epochs: list[dict[str, float]] = []
    for line in text.splitlines():
        begun = _EPOCH.match(line)
        if begun is None:
            if epochs:
                epochs[-1] |= {name: float(value) for name, value in _FIGURE.findall(line)}
            continue
        number = int(begun.group(1))
        if number == 1 and epochs:
            yield epochs
            epochs = []
        if number == len(epochs) + 1:
            epochs.append({})
        elif epochs:
            epochs.append({})
            epochs[0] = {}
    if epochs:
        yield epochs


def _history(epochs: list[dict[str, float]]) -> History:
    names = [name for name in epochs[0] if all(name in epoch for epoch in epochs)]
    return {name: tuple(epoch[name] for epoch in epochs) for name in names}
