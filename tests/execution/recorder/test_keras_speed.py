"""A training that is made faster is bit for bit Keras's own, whatever it is made of."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_kernel import Kernel

pytestmark = pytest.mark.slow

ROWS, TESTED = 90, 20


def images() -> Any:
    rng = np.random.default_rng(5)
    return rng.integers(0, 256, (ROWS, 8, 8, 1)).astype("uint8"), rng.integers(0, 4, ROWS)


def table() -> Any:
    x = np.random.default_rng(2).normal(size=(ROWS, 5))
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


def words() -> Any:
    rng = np.random.default_rng(3)
    return rng.integers(0, 20, (ROWS, 6)), rng.integers(0, 2, ROWS)


def of_layers(*made: Any, shape: tuple[int, ...] = (5,)) -> Any:
    import keras

    return keras.Sequential([keras.Input(shape), *made])


def dense() -> Any:
    from keras import layers

    return of_layers(layers.Dense(6, "relu"), layers.Dropout(0.3), layers.Dense(1, "sigmoid"))


def normalised() -> Any:
    from keras import layers

    noisy = layers.GaussianNoise(0.1), layers.Dense(6), layers.BatchNormalization(), layers.LeakyReLU()
    return of_layers(*noisy, layers.LayerNormalization(), layers.Dense(1, "sigmoid"))


def regularised() -> Any:
    from keras import layers

    kept = layers.Dense(6, "tanh", kernel_regularizer="l2", kernel_constraint="max_norm", activity_regularizer="l1")
    return of_layers(kept, layers.AlphaDropout(0.1), layers.Dense(1, "sigmoid"))


def unbuilt() -> Any:
    import keras

    return keras.Sequential([keras.layers.Dense(6, "relu"), keras.layers.Dense(1, "sigmoid")])


def branching() -> Any:
    import keras
    from keras import layers

    given = keras.Input((5,))
    left, right = layers.Dense(4, "relu")(given), layers.Dense(4, "elu")(given)
    return keras.Model(given, layers.Dense(1, "sigmoid")(layers.Add()([left, right])))


def two_inputs() -> Any:
    import keras
    from keras import layers

    given = [keras.Input((5,)), keras.Input((5,))]
    return keras.Model(given, layers.Dense(1, "sigmoid")(layers.Concatenate()(given)))


def subclassed() -> Any:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.last = keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")

        def call(self, x: Any) -> Any:
            return self.last(self.hidden(x))

    return Own()


def convolutional() -> Any:
    from keras import layers

    first = (
        layers.Rescaling(1 / 255),
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.Conv2D(3, 3, padding="same"),
    )
    last = layers.SpatialDropout2D(0.2), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4, "softmax")
    return of_layers(*first, layers.DepthwiseConv2D(3), *last, shape=(8, 8, 1))


def recurrent() -> Any:
    from keras import layers

    first = layers.Embedding(20, 3), layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.2))
    return of_layers(*first, layers.Conv1D(3, 2), layers.GRU(2), layers.Dense(1, "sigmoid"), shape=(6,))


def optimizer(name: str, **settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        import keras

        return getattr(keras.optimizers, name)(**settings)

    return make


def decaying() -> Any:
    import keras

    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.9)


def callbacks(*names: str) -> Callable[[Path], list[Any]]:
    def make(folder: Path) -> list[Any]:
        import keras

        made = {
            "stopping": lambda: keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True),
            "plateau": lambda: keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=1.0),
            "checkpoint": lambda: keras.callbacks.ModelCheckpoint(str(folder / "best.keras"), save_best_only=True),
            "board": lambda: keras.callbacks.TensorBoard(str(folder / "logs"), histogram_freq=1),
            "batches": lambda: keras.callbacks.TensorBoard(str(folder / "logs"), update_freq="batch"),
            "table": lambda: keras.callbacks.CSVLogger(str(folder / "log.csv")),
            "schedule": lambda: keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1)),
            "nan": keras.callbacks.TerminateOnNaN,
            "own": lambda: keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"]),
        }
        return [made[name]() for name in names]

    return make


def pipeline(x: Any, y: Any) -> dict[str, Any]:
    import tensorflow as tf

    held = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).shuffle(99, seed=1).batch(16), "validation_data": held}


def generated(x: Any, y: Any) -> dict[str, Any]:
    batches = ((x[at : at + 16], y[at : at + 16]) for at in itertools.cycle(range(0, 80, 16)))
    return {"x": batches, "steps_per_epoch": 5, "validation_data": (x, y)}


def sequence(x: Any, y: Any) -> dict[str, Any]:
    import keras

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 5

        def __getitem__(self, at: int) -> Any:
            return x[at * 16 : at * 16 + 16], y[at * 16 : at * 16 + 16]

    return {"x": Batches(), "validation_data": (x, y)}


def frames(x: Any, y: Any) -> dict[str, Any]:
    pandas = pytest.importorskip("pandas")
    return {"x": pandas.DataFrame(x), "y": pandas.Series(y), "validation_split": 0.2, "batch_size": 16}


def tensors(x: Any, y: Any) -> dict[str, Any]:
    import tensorflow as tf

    return {"x": tf.constant(x, "float32"), "y": tf.constant(y[:, None]), "validation_split": 0.3, "batch_size": 16}


def arrays(**settings: Any) -> Callable[[Any, Any], dict[str, Any]]:
    return lambda x, y: {"x": x, "y": y, "batch_size": 16, **settings}


SPLIT = arrays(validation_split=0.2)
BINARY, CLASSES = "binary_crossentropy", "sparse_categorical_crossentropy"
CASES: dict[str, dict[str, Any]] = {
    "dense": {},
    "normalised": {"model": normalised, "optimizer": optimizer("RMSprop", centered=True, momentum=0.5)},
    "regularised": {"model": regularised, "optimizer": optimizer("AdamW"), "loss": "mse", "metrics": ["mae"]},
    "unbuilt": {"model": unbuilt, "optimizer": optimizer("Nadam")},
    "branching": {"model": branching, "optimizer": optimizer("Adamax", clipnorm=0.5), "metrics": ["AUC", "Precision"]},
    "two inputs": {"model": two_inputs, "arguments": lambda x, y: arrays(validation_split=0.2)([x, x[::-1]], y)},
    "subclassed": {"model": subclassed, "optimizer": optimizer("SGD", learning_rate=0.1, nesterov=True, momentum=0.8)},
    "convolutional": {"model": convolutional, "data": images, "loss": CLASSES},
    "recurrent": {"model": recurrent, "data": words, "optimizer": optimizer("Adagrad")},
    "schedule": {"optimizer": decaying, "metrics": None},
    "averaged": {"optimizer": optimizer("Adam", use_ema=True, global_clipnorm=1.0, amsgrad=True)},
    "accumulated": {"optimizer": optimizer("Lion", gradient_accumulation_steps=2)},
    "adadelta": {"optimizer": optimizer("Adadelta"), "metrics": ["accuracy", "Recall"]},
    "stopping": {"callbacks": callbacks("stopping", "plateau", "table", "nan"), "epochs": 6},
    "checkpoint": {"callbacks": callbacks("checkpoint", "board", "schedule")},
    "batches": {"callbacks": callbacks("batches", "own")},
    "pipeline": {"arguments": pipeline},
    "generated": {"arguments": generated},
    "sequence": {"arguments": sequence},
    "frames": {"arguments": frames, "columns": (-1, 1)},
    "tensors": {"arguments": tensors, "columns": (-1, 1)},
    "weighted": {"arguments": arrays(class_weight={0: 1.0, 1: 3.0}, validation_split=0.2)},
    "each weighted": {"arguments": arrays(sample_weight=np.linspace(0, 1, ROWS))},
    "in order": {"arguments": lambda x, y: arrays(validation_data=(x[:33], y[:33]), shuffle=False)(x, y)},
    "by turns": {"arguments": arrays(validation_split=0.3, validation_freq=2, validation_batch_size=7), "epochs": 4},
    "some steps": {"arguments": arrays(steps_per_epoch=4, validation_split=0.5, validation_steps=2)},
    "in batches": {"arguments": arrays(shuffle="batch", initial_epoch=1, validation_split=0.1), "epochs": 3},
}  # fmt: skip


def trained(case: dict[str, Any], folder: Path, fewest: tuple[int, int] = (1, 1)) -> dict[str, Any]:
    """All that two fits, an evaluation and a prediction leave, and the random numbers that would come next."""
    import keras
    import tensorflow as tf

    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(11)
    x, y = case.get("data", table)()
    model = case.get("model", dense)()
    metrics = case.get("metrics", ["accuracy"])
    model.compile(case.get("optimizer", lambda: "adam")(), case.get("loss", BINARY), metrics=metrics)
    given, made = case.get("arguments", SPLIT), case.get("callbacks", callbacks())
    settings = {"epochs": case.get("epochs", 2), "verbose": 0}
    histories = []
    for least in fewest:
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
            patch.setattr("grader.execution.recorder.speed.FEWEST_STEPS", least)
            warnings.simplefilter("ignore")
            histories.append(model.fit(**given(x, y), **settings, callbacks=made(folder)).history)
    shown = [x[:TESTED], x[::-1][:TESTED]] if case.get("model") is two_inputs else x[:TESTED]
    variables = [*model.get_weights(), *(variable.numpy() for variable in model.optimizer.variables)]
    logs = [path.read_text() for path in folder.glob("*.csv")]
    return {
        "histories": histories,
        "variables": [(variable.shape, variable.tobytes()) for variable in variables],
        "paths": [variable.path.split("/")[-1] for variable in model.optimizer.variables],
        "evaluation": model.evaluate(shown, y[:TESTED].reshape(case.get("columns", -1)), verbose=0),
        "prediction": model.predict(shown, batch_size=7, verbose=0).tobytes(),
        "logs": logs,
        # numpy's legacy generator is what students use.
        "next": (float(tf.random.uniform(())), float(np.random.rand()), keras.random.uniform(()).numpy().item()),  # noqa: NPY002
    }


@contextlib.contextmanager
def plain_keras() -> Iterator[None]:
    """Keras without the recorder and all that makes it faster."""
    import keras
    from keras.src.backend.tensorflow import trainer
    from keras.src.callbacks.progbar_logger import ProgbarLogger
    from keras.src.trainers.epoch_iterator import EpochIterator

    from grader.execution.recorder import training

    board = keras.callbacks.TensorBoard
    hooked = [(owner, name) for owner, name, _ in training._HOOKS]
    hooked += [(board, "_log_weights"), (board, "on_train_batch_end"), (ProgbarLogger, "_update_progbar")]
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in [*hooked, (EpochIterator, "_enumerate_iterator")]:
            patch.setattr(owner, name, _as_it_was(owner.__dict__[name]))
        together = trainer.potentially_ragged_concat
        patch.setattr(trainer, "potentially_ragged_concat", together.__wrapped__)
        yield


def _as_it_was(method: Any) -> Any:
    while not method.__code__.co_filename.endswith("hooks.py"):
        method = method.__wrapped__
    return method.__wrapped__


@pytest.mark.parametrize("name", CASES)
def test_a_faster_training_is_the_same(kernel: Kernel, tmp_path: Path, name: str) -> None:
    """Histories, weights, the optimizer's state, figures and random numbers, with one step a call and with several."""
    fewest = (1, 10**9) if list(CASES).index(name) % 2 else (10**9, 1)
    with plain_keras():
        alone = trained(CASES[name], tmp_path)
    faster: dict[str, Any] = {}
    cell = kernel.cell(lambda names: faster.update(trained(CASES[name], tmp_path, fewest)))
    assert cell.error is None
    assert [key for key in alone if repr(faster[key]) != repr(alone[key])] == []


def accelerations(kernel: Kernel, **case: Any) -> tuple[str, ...]:
    """What the record of a first fit says made it faster."""
    cell = kernel.cell(lambda names: trained(case, Path("/nowhere")))
    assert cell.error is None
    found: tuple[str, ...] = cell.of("fit")[0].accelerations
    return found


def test_the_record_says_what_made_a_training_faster(kernel: Kernel) -> None:
    """Several steps, variables that are built first, no iterators that nobody reads, and none that is tuned."""
    assert accelerations(kernel) == ("32 steps a call", "built before traced", "no unread iterators", "no autotuning")


def test_a_callback_that_reads_batches_gets_every_one(kernel: Kernel) -> None:
    """It is the student's own: neither are several steps taken in a call, nor is anything built first."""
    assert accelerations(kernel, callbacks=callbacks("own")) == ("no unread iterators", "no autotuning")


def test_code_of_the_students_own_is_traced_as_ever(kernel: Kernel) -> None:
    """A model whose ``call`` could tell how often it is traced is not built first."""
    assert accelerations(kernel, model=subclassed) == ("32 steps a call", "no unread iterators", "no autotuning")


def test_a_bar_is_not_drawn_at_every_step(kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of an epoch, with its figures, is."""
    import keras

    def body(_: Any) -> None:
        model = dense()
        model.compile("adam", BINARY, metrics=["accuracy"])
        keras.Model.fit(model, *table(), epochs=1, batch_size=1)

    assert kernel.cell(body).error is None
    printed = capsys.readouterr().out
    assert f"{ROWS}/{ROWS}" in printed
    assert "accuracy:" in printed
    assert printed.count("/step") < 20


def test_every_acceleration_is_of_the_installed_keras(kernel: Kernel) -> None:
    """After an update of Keras: compare, as the tests above do, and take the new texts into `known`."""
    from grader.execution.recorder import speed, training

    assert speed.left_out() == []
    assert training.missing_methods((owner, name) for owner, name, _ in training._HOOKS) == []


def test_a_method_with_another_text_is_not_known() -> None:
    """Nor is one that is missing, or that no text of can be had."""
    from grader.execution.recorder.known import are_known

    other = type("EpochIterator", (), {"_enumerate_iterator": lambda self: None, "enumerate_epoch": len})
    assert not are_known(other, "_enumerate_iterator")
    assert not are_known(other, "enumerate_epoch")
    assert not are_known(other, "missing")
