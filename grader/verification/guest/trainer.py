"""Repeats fits with edits, each from several starts, in a process of its own, and sends what they left.

``python -m inside.verification.guest.trainer JOB_FOLDER``: inside the sandbox the package is called that. `trial_wire`
says what the job and the answers are.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ...execution.recorder import summary
from ...execution.recorder.channel import Channel, descriptor_from_environment
from ...execution.recorder.compiled import compile_state
from ...execution.recorder.configuration import configuration
from ...execution.recorder.layers import layers_of, shape_of
from ...execution.recorder.plain import plain
from .limits import MAX_REASON_CHARACTERS
from .replayer import as_it_was, fitted, loaded, rebuilt
from .trial_wire import TRIAL_FAILED, TRIED, Built, Split, TrainerJob, TrialFailed, TrialJob, Tried

Array = npt.NDArray[Any]


def main(folder: Path) -> None:
    """Makes one trial after the other."""
    channel = Channel(descriptor_from_environment())
    summary.install(channel)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    job: TrainerJob = json.loads((folder / "job.json").read_bytes())
    for trial in job["trials"]:
        try:
            for run, seed in enumerate(trial["seeds"]):
                channel.emit(TRIED, _tried(trial, folder, run=run, seed=seed, channel=channel))
                keras.backend.clear_session(free_memory=False)
        except Exception as error:  # noqa: BLE001 - an edited fit may raise anything, and the next one still runs
            why = f"{type(error).__name__}: {error}"[:MAX_REASON_CHARACTERS]
            channel.emit(TRIAL_FAILED, TrialFailed(trial=trial["trial"], why=why))


def _tried(trial: TrialJob, folder: Path, *, run: int, seed: int | None, channel: Channel) -> Tried:
    fit = trial["fit"]
    rows = {name: loaded(fit[name], folder) for name in ("x", "y", "validation_x", "validation_y")}
    share, split = trial["validation_split"], None
    if share is not None:
        rows, split = _split(rows, share)
    if seed is None:
        model = as_it_was(fit, folder)
    else:
        keras.utils.set_random_seed(seed)
        model = rebuilt(fit)
        model.compile_from_config(fit["compile_config"])
    history = fitted(model, fit, rows=rows, sample_weight=loaded(fit["sample_weight"], folder))
    return Tried(
        trial=trial["trial"],
        run=run,
        model=_built(model),
        compiled=compile_state(model),
        history=history,
        weights=[channel.array(weight) for weight in model.get_weights()],
        split=split,
    )


def _split(rows: dict[str, Array | None], share: float) -> tuple[dict[str, Array | None], Split]:
    """The last rows as validation part, as Keras splits them."""
    x, y = rows["x"], rows["y"]
    if x is None or y is None:
        raise ValueError("there are no rows to split")
    at = math.floor(len(x) * (1.0 - share))
    parts: dict[str, Array | None] = {"x": x[:at], "y": y[:at], "validation_x": x[at:], "validation_y": y[at:]}
    summaries = {name: summary.summarise(np.ascontiguousarray(part)) for name, part in parts.items()}
    return parts, Split(**summaries)  # type: ignore[typeddict-item]


def _built(model: Any) -> Built:
    found = layers_of(model)
    if found is None:
        raise TypeError("the layers of the model cannot be read")
    return Built(
        config=configuration(model),
        layers=plain(found[0]),
        branching=found[1],
        input_shapes=[shape for tensor in model.inputs if (shape := shape_of(tensor)) is not None],
        output_shapes=[shape for tensor in model.outputs if (shape := shape_of(tensor)) is not None],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
