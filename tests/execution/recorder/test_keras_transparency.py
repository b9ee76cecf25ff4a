"""A watched program computes what it would have computed alone, and its fits can be repeated from their records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from keras_kernel import Cell, Kernel

pytestmark = pytest.mark.slow

ROWS = 320


@pytest.fixture(scope="module", autouse=True)
def few_steps_are_many(kernel: Kernel) -> Iterator[None]:
    """Lets short fits be run as long ones are."""
    from grader.execution.recorder import speed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "FEWEST_STEPS", 100)
        yield


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(ROWS, 5))
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


def network() -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(11)
    return keras.Sequential([layers.Input((5,)), layers.Dropout(0.3), layers.Dense(1, "sigmoid")])


def long_training(data: Any, **arguments: Any) -> tuple[Any, Any]:
    """A fit of so many steps that several are taken a call."""
    model = network()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    arguments = {"epochs": 4, "batch_size": 8, "validation_split": 0.1, "verbose": 0, **arguments}
    return model, model.fit(*data, **arguments)


def same(mine: Any, theirs: Any) -> bool:
    """Whether two models have the same weights, bit for bit."""
    return all(np.array_equal(a, b) for a, b in zip(mine.get_weights(), theirs.get_weights(), strict=True))


@pytest.fixture(scope="module")
def trained(kernel: Kernel, data: Any) -> Cell:
    """A fit that is raised to several steps a call, a second one, and an evaluation."""

    def body(names: dict[str, Any]) -> None:
        names["model"], names["history"] = long_training(data)
        names["steps"] = names["model"].steps_per_execution
        names["results"] = names["model"].evaluate(*data, verbose=0)
        names["second"] = names["model"].fit(*data, batch_size=40, epochs=2, verbose=0)

    cell = kernel.cell(body)
    assert cell.error is None
    return cell


def test_several_steps_a_call_change_nothing(kernel: Kernel, trained: Cell, data: Any) -> None:
    """History, weights and evaluation are those of Keras's own fit, and the setting is as it was."""
    import keras

    from grader.execution.recorder import speed

    alone = network()
    alone.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    fit, evaluate = (getattr(keras.Model, name).__wrapped__.__wrapped__ for name in ("fit", "evaluate"))
    settings = {"batch_size": 8, "validation_split": 0.1, "verbose": 0}

    def body(names: dict[str, Any]) -> None:
        names["alone"] = fit(alone, *data, epochs=4, **settings).history, evaluate(alone, *data, verbose=0)
        fit(alone, *data, batch_size=40, epochs=2, verbose=0)

    kernel.cell(body)
    assert kernel.names["alone"] == (trained.names["history"].history, trained.names["results"])
    assert same(alone, trained.names["model"])
    assert trained.names["steps"] == 1
    assert speed._traced[trained.names["model"]] == speed.STEPS_A_CALL


def replayed(cell: Cell, fit: Any, data: Any) -> tuple[Any, dict[str, Any]]:
    """Repeats a fit as the verifier does: from its record, the data, and nothing else."""
    import keras
    import tensorflow as tf

    from grader.execution.recorder.replay import seed_generators

    state = json.loads(fit.model_dump_json())["replay"]
    config = next(model.config for model in cell.of("model") if model.id == fit.model)
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    model.compile_from_config(fit.compiled.config)
    model.set_weights(cell.weights[fit.weights_before])
    if state["optimizer"] is not None:
        for variable, ref in zip(model.optimizer.variables, state["optimizer"], strict=True):
            variable.assign(cell.channel.arrays[ref])
    for generator, value in zip(seed_generators(model), state["seed_generators"], strict=True):
        generator.state.assign(value)
    tf.random.set_seed(state["tensorflow_seed"])
    x, y = (array[: fit.x.rows] for array in data)
    settings = {"batch_size": fit.batch_size, "epochs": fit.epochs_requested, "shuffle": fit.shuffle}
    history = keras.Model.fit.__wrapped__.__wrapped__(model, x, y, verbose=0, **settings).history
    return model, history


@pytest.mark.parametrize("number", [0, 1])
def test_fits_are_repeated_from_their_records(kernel: Kernel, trained: Cell, *, data: Any, number: int) -> None:
    """With shuffling and dropout, first and second fit come out bit for bit."""
    fit = trained.of("fit")[number]
    again: list[Any] = []
    kernel.cell(lambda names: again.extend(replayed(trained, fit, data)))
    after = trained.weights[fit.weights_after]
    assert all(np.array_equal(a, b) for a, b in zip(again[0].get_weights(), after, strict=True))
    assert tuple(again[1]["loss"]) == fit.history["loss"]
    assert fit.replay_problems == ()


def test_batch_callbacks_see_every_batch(kernel: Kernel, data: Any) -> None:
    """A callback that looks at batches is called for each of them."""
    import keras

    seen: list[int] = []
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    kernel.cell(lambda names: long_training(data, callbacks=[callback]))
    assert seen == [*range(36)] * 4


def test_tensorboard_and_progress_bar_are_as_ever(
    kernel: Kernel, trained: Cell, *, data: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The callback writes its scalars and no histograms, the bar never passes its end, the training is the same."""
    import keras

    board = keras.callbacks.TensorBoard(str(tmp_path), histogram_freq=1)
    cell = kernel.cell(lambda names: long_training(data, callbacks=[board], verbose=1))
    assert cell.one("fit").weights_after == trained.of("fit")[0].weights_after
    shown = capsys.readouterr().out
    assert ("36/36" in shown, "64/36" in shown) == (True, False)
    files = [path for path in tmp_path.rglob("events*") if path.stat().st_size]
    assert {path.parent.name for path in files} == {"train", "validation"}
    assert sum(path.stat().st_size for path in files) < 60_000


def test_random_streams_go_on_as_they_would(kernel: Kernel, data: Any) -> None:
    """Python's, numpy's, Keras's and TensorFlow's numbers after a recorded cell are those after none."""
    import random

    import keras
    import keras_classes
    import tensorflow as tf

    def numbers(fit: Any, predict: Any) -> list[Any]:
        keras.utils.set_random_seed(5)
        model = keras_classes.Noisy()
        model.compile("adam", "mse")
        fit(model, *data, verbose=0)
        predict(model, data[0], verbose=0)
        streams = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - as students draw
        return [*streams, float(tf.random.uniform(())), float(keras.random.uniform(()))]

    watched, alone = keras.Model, [getattr(keras.Model, name).__wrapped__.__wrapped__ for name in ("fit", "predict")]
    found: list[Any] = []
    kernel.cell(lambda names: found.append(numbers(watched.fit, watched.predict)))
    kernel.cell(lambda names: found.append(numbers(*alone)))
    assert found[0] == found[1]


def test_failures_of_the_recorder_are_unfelt(kernel: Kernel, data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the recorder itself breaks, the student's cell goes on, and the harness is told."""
    from grader.execution.recorder import fits

    def broken(*arguments: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(fits, "given_to_fit", broken)
    cell = kernel.cell(lambda names: names.update(history=long_training(data, epochs=1)[1]))
    assert cell.error is None
    assert len(kernel.names["history"].history["loss"]) == 1
    assert "broken" in kernel.channel.failures.pop()
