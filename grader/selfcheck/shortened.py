"""An IPython extension for the quick step: every training ends after a few epochs, and looks as if it had not.

It is loaded before the recorder, so that what is recorded is the training that the notebook asked for.
"""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any

EPOCHS = 2
"""Enough that each metric has a value and loss curves have a line."""


def load_ipython_extension(_shell: Any) -> None:
    """Shortens ``fit`` for this kernel."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    importlib.import_module("tensorflow")
    trainer = importlib.import_module("keras.src.backend.tensorflow.trainer").TensorFlowTrainer
    decorated = importlib.import_module("keras.src.utils.traceback_utils").filter_traceback
    trainer.fit = decorated(_shortened(getattr(trainer.fit, "__wrapped__", trainer.fit)))


def _shortened(fit: Any) -> Any:
    @functools.wraps(fit)
    def run(  # noqa: PLR0917 - as Keras has them
        self: Any, x: Any = None, y: Any = None, batch_size: Any = None, epochs: Any = 1, *rest: Any, **more: Any
    ) -> Any:
        start = more.get("initial_epoch", 0)
        few = min(epochs, start + EPOCHS) if isinstance(epochs, int) and isinstance(start, int) else epochs
        history = fit(self, x, y, batch_size, few, *rest, **more)
        if few is not epochs and few != epochs:
            _stretch(history, epochs - start)
        return history

    return run


def _stretch(history: Any, length: int) -> None:
    """Code that draws as many epochs as it asked for finds as many: the last value again and again."""
    for values in history.history.values():
        values.extend([values[-1]] * (length - len(values)) if values else [])
    last = history.epoch[-1] if history.epoch else 0
    history.epoch += list(range(last + 1, last + 1 + length - len(history.epoch)))
