"""Repeats fits from their recorded start in a sandboxed process of its own, and sends what they left.

``python -m inside.verification.guest.replayer JOB_FOLDER``: inside the sandbox the package is called that. `wire` says
what the job and the answers are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ...execution.recorder.channel import Channel, descriptor_from_environment
from ...execution.recorder.compiled import by_metric
from ...execution.recorder.replay import seed_generators
from ...execution.recorder.speed import steps_of_fit, taking
from .limits import MAX_REASON_CHARACTERS
from .weights import give_weights
from .wire import FIT_FAILED, REPEATED, CallbackJob, FitFailed, FitJob, Repeated, ReplayerJob

Array = npt.NDArray[Any]

STEERING = {
    "EarlyStopping": keras.callbacks.EarlyStopping,
    "ReduceLROnPlateau": keras.callbacks.ReduceLROnPlateau,
}
"""Callbacks that change what a fit does; it is repeated without the others, which only watch it."""


def main(folder: Path) -> None:
    """Repeats one fit after the other."""
    channel = Channel(descriptor_from_environment())
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    job: ReplayerJob = json.loads((folder / "job.json").read_bytes())
    for fit in job["fits"]:
        try:
            history, weights = _repeated(fit, folder)
        except Exception as error:  # noqa: BLE001 - a student's fit may raise anything, and the next one still runs
            why = f"{type(error).__name__}: {error}"[:MAX_REASON_CHARACTERS]
            channel.emit(FIT_FAILED, FitFailed(fit=fit["fit"], why=why))
        else:
            refs = [channel.array(weight) for weight in weights]
            channel.emit(REPEATED, Repeated(fit=fit["fit"], history=history, weights=refs))
        keras.backend.clear_session(free_memory=False)


def loaded(name: str | None, folder: Path) -> Array | None:
    """An array of a job; None where there is none."""
    return None if name is None else np.load(folder / name, allow_pickle=False)


def _repeated(fit: FitJob, folder: Path) -> tuple[dict[str, list[float]], list[Array]]:
    """The history by metric and the weights afterwards."""
    model = as_it_was(fit, folder)
    rows = {name: loaded(fit[name], folder) for name in ("x", "y", "validation_x", "validation_y")}
    history = fitted(model, fit, rows=rows, sample_weight=loaded(fit["sample_weight"], folder))
    return history, model.get_weights()


def fitted(
    model: Any, fit: FitJob, *, rows: dict[str, Array | None], sample_weight: Array | None
) -> dict[str, list[float]]:
    """Fits a model to rows by a job's arguments, and returns the history by metric."""
    held_out = None if rows["validation_x"] is None else (rows["validation_x"], rows["validation_y"])
    arguments = {
        "x": rows["x"],
        "y": rows["y"],
        "validation_data": held_out,
        "sample_weight": sample_weight,
        "class_weight": {int(key): value for key, value in (fit["class_weight"] or {}).items()} or None,
        "callbacks": _callbacks(fit["callbacks"]),
        **fit["arguments"],
    }
    # The function that is traced for several steps is the one that the kernel ran.
    rows_a_step = fit["arguments"]["batch_size"]
    steps_a_call = steps_of_fit(model, steps=fit["steps"], rows_a_step=rows_a_step, arguments=arguments)
    with taking(model, steps_a_call):
        history = model.fit(**arguments, verbose=0).history
    return {name: [float(value) for value in values] for name, values in by_metric(history).items()}


def rebuilt(fit: FitJob) -> Any:
    """The model by its configuration, with initial weights of its own and not compiled."""
    model = keras.saving.deserialize_keras_object(fit["config"], safe_mode=True)
    if not isinstance(model, keras.Model):
        raise TypeError("the configuration is not of a model")
    if not model.built:
        model.build((None, *fit["input_shape"]))
    return model


def as_it_was(fit: FitJob, folder: Path) -> Any:
    """The model before the fit: weights, compiled state, optimizer and every random generator."""
    weights, optimizer = ([loaded(name, folder) for name in fit[part]] for part in ("weights", "optimizer"))
    model = rebuilt(fit)
    give_weights(model, weights)
    model.compile_from_config(fit["compile_config"])
    model.optimizer.build(model.trainable_variables)
    if optimizer:
        for variable, value in zip(model.optimizer.variables, optimizer, strict=True):
            variable.assign(value)
    for generator, seed in zip(seed_generators(model), fit["seed_generators"], strict=True):
        generator.state.assign(seed)
    if fit["global_seed_generator"] is not None:
        keras.src.random.seed_generator.global_seed_generator().state.assign(fit["global_seed_generator"])
    tf.random.set_seed(fit["tensorflow_seed"])
    return model


def _callbacks(callbacks: list[CallbackJob]) -> list[Any]:
    made = []
    for callback in callbacks:
        steering = None if callback["own"] else STEERING.get(callback["class_name"])
        if steering is not None:
            made.append(steering(**callback["settings"]))
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]))
