"""What is recorded of ``compile``, ``fit``, ``evaluate`` and ``predict``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_kernel import Cell, Kernel

from grader.execution.recorder.checksum import weights_checksum

pytestmark = pytest.mark.slow

ROWS = 100


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Rows sorted by class, as two curves one after the other."""
    rng = np.random.default_rng(3)
    y = np.repeat([0.0, 1.0], ROWS // 2)
    return rng.normal(size=(ROWS, 2)) + y[:, None], y


def network(*, outputs: int = 1, rate: float = 0.2) -> Any:
    import keras
    from keras import layers

    hidden = [layers.Input((2,)), layers.Dense(4, "relu"), layers.Dropout(rate)]
    return keras.Sequential([*hidden, layers.Dense(outputs, "sigmoid" if outputs == 1 else "softmax")])


@pytest.fixture(scope="module")
def whole(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> Cell:
    """A model that is compiled, fitted twice, evaluated and asked for predictions."""
    x, y = data

    def body(names: dict[str, Any]) -> None:
        model = names["model"] = network()
        model.compile("adam", "binary_crossentropy", metrics=["acc"])
        names["history"] = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0)
        names["more"] = model.fit(x, y, batch_size=10, epochs=2, initial_epoch=1, shuffle=False, verbose=0)
        names["results"] = model.evaluate(x, y, verbose=0)
        names["outputs"] = model.predict(x, batch_size=50, verbose=0)
        names["called"] = model(x[:3])

    cell = kernel.cell(body, number=7)
    assert cell.error is None
    return cell


def test_split_takes_the_last_rows(whole: Cell, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Training and validation part are apart, and sorted labels leave one class in the validation part."""
    fit = whole.of("fit")[0]
    assert (fit.rows_given, fit.x.shape, fit.validation.x.shape) == (100, (80, 2), (20, 2))
    assert (fit.validation.source, fit.validation.fraction) == ("split", 0.2)
    assert (fit.y.class_counts, fit.validation.y.class_counts) == ({"0": 50, "1": 30}, {"1": 20})
    assert np.array_equal(whole.channel.arrays[fit.x.whole], data[0][:80])


def test_fit_is_recorded_in_full(whole: Cell) -> None:
    """Epochs, steps, batch size and history of a fit are those of Keras."""
    fit = whole.of("fit")[0]
    assert (fit.cell, fit.kind, fit.status, fit.shuffle) == (7, "fit", "completed", True)
    assert (fit.epochs_requested, fit.epochs_run, fit.batch_size, fit.steps) == (3, 3, 32, 9)
    names = {"accuracy": "acc", "val_accuracy": "val_acc", "loss": "loss", "val_loss": "val_loss"}
    history = _history(whole)
    assert {name: list(fit.history[name]) for name in names} == {name: history[own] for name, own in names.items()}
    assert (fit.callbacks, fit.own_callbacks, fit.class_weight, fit.sample_weight) == ((), False, False, False)


def _history(whole: Cell) -> dict[str, list[float]]:
    return whole.names["history"].history


def test_fit_leaves_the_kernel_as_it_goes(whole: Cell) -> None:
    """A fit is sent before its first step and after its first epoch, as interrupted."""
    first, second, *_, last = [fit for fit in whole.all("fit") if fit.id == whole.of("fit")[0].id]
    assert (first.status, first.epochs_run, first.x.shape, first.history) == ("interrupted", 0, (80, 2), {})
    assert (second.status, second.epochs_run, len(second.history["loss"])) == ("interrupted", 1, 1)
    assert (last.status, last.epochs_run, last.seq) == ("completed", 3, first.seq)


def test_second_fit_goes_on_from_the_first(whole: Cell) -> None:
    """The second fit starts from the weights that the first one left, with the optimizer's state."""
    first, second = whole.of("fit")
    assert second.weights_before == first.weights_after != first.weights_before
    assert (second.epochs_run, second.initial_epoch, second.batch_size, second.steps) == (1, 1, 10, 10)
    assert (second.validation, second.shuffle, second.model) == (None, False, first.model)
    assert (first.replay.optimizer, len(second.replay.optimizer)) == (None, 10)


def test_weights_are_stored_once(whole: Cell) -> None:
    """Each state is sent once, in the order of ``get_weights``."""
    first, second = whole.of("fit")
    digests = [content["digest"] for kind, content in whole.sent if kind == "weights"]
    assert digests == [first.weights_before, first.weights_after, second.weights_after]
    for mine, kept in zip(whole.names["model"].get_weights(), whole.weights[digests[-1]], strict=True):
        assert np.array_equal(mine, kept)


def test_evaluation_is_recorded_once(whole: Cell) -> None:
    """The student's ``evaluate`` is recorded with its results; Keras's own during the fit is not."""
    evaluation = whole.one("evaluation")
    assert evaluation.results == {"loss": whole.names["results"][0], "accuracy": whole.names["results"][1]}
    assert evaluation.x.shape == (100, 2)
    assert evaluation.weights == whole.of("fit")[1].weights_after


def test_predictions_are_recorded_with_their_outputs(whole: Cell) -> None:
    """``predict`` and a call of the model leave inputs and whole outputs."""
    predicted, called = whole.all("prediction")
    assert called.x.shape == (3, 2)
    assert np.array_equal(whole.channel.arrays[predicted.output.whole], whole.names["outputs"])
    assert np.array_equal(whole.channel.arrays[called.output.whole], whole.names["called"])


def compiled(kernel: Kernel, **arguments: Any) -> Any:
    """The record of a compile with these arguments."""
    return kernel.cell(lambda names: network(outputs=2).compile(**arguments)).one("compile")


@pytest.mark.parametrize(
    ("given", "name", "from_logits"),
    [
        ("bce", "binary_crossentropy", False),
        ("mse", "mean_squared_error", False),
        ("CategoricalCrossentropy", "categorical_crossentropy", False),
        (lambda losses: losses.CategoricalCrossentropy(from_logits=True), "categorical_crossentropy", True),
        (lambda losses: losses.sparse_categorical_crossentropy, "sparse_categorical_crossentropy", False),
        (lambda losses: losses.KLDivergence(), "kl_divergence", False),
        (lambda losses: [losses.MeanAbsoluteError()], "mean_absolute_error", False),
    ],
)
def test_losses_have_one_name(kernel: Kernel, given: Any, *, name: str, from_logits: bool) -> None:
    """However a loss is written, its name is Keras's snake_case one."""
    import keras

    record = compiled(kernel, loss=given(keras.losses) if callable(given) else given)
    assert (record.loss, record.from_logits, record.own_loss) == (name, from_logits, False)


def test_own_loss_is_named(kernel: Kernel) -> None:
    """A loss of the student's goes by its function's name."""

    def categorical_crossentropy(y: Any, p: Any) -> Any:
        return y - p

    record = compiled(kernel, loss=categorical_crossentropy)
    assert (record.loss, record.own_loss) == ("categorical_crossentropy", True)


def test_optimizers_and_metrics_are_named(kernel: Kernel) -> None:
    """Class, learning rate or schedule, and every plain accuracy as ``accuracy``."""
    import keras

    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    record = compiled(kernel, optimizer=keras.optimizers.SGD(rate, momentum=0.9), loss="mse", metrics=["acc", "mae"])
    assert (record.optimizer, record.learning_rate, record.schedule) == ("SGD", None, "ExponentialDecay")
    assert (record.metrics, record.config["optimizer"]["config"]["momentum"]) == (("accuracy", "mae"), 0.9)
    metrics = [keras.metrics.SparseCategoricalAccuracy(), keras.metrics.AUC(name="area")]
    record = compiled(kernel, optimizer=keras.optimizers.Adam(3e-4), loss="mse", metrics=metrics)
    assert (record.optimizer, record.learning_rate, record.metrics) == ("Adam", 0.0003, ("accuracy", "area"))


def fitted(kernel: Kernel, x: Any, y: Any = None, *, model: Any = None, **arguments: Any) -> Cell:
    """A cell that fits a new network to something."""

    def body(names: dict[str, Any]) -> None:
        network_ = names["fitted"] = model or network()
        network_.compile("sgd", "binary_crossentropy")
        network_.fit(x, y, verbose=0, **arguments)

    return kernel.cell(body)


def test_weights_of_validation_rows_are_told(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """They make the history's figures, and a replay does not have them."""
    x, y = data
    parts = [(x, y), (x, y, None), (x, y, np.ones(ROWS))]
    fits = [fitted(kernel, x, y, validation_data=part).one("fit") for part in parts]
    assert [fit.validation.sample_weight for fit in fits] == [False, False, True]
    assert [len(fit.replay_problems) for fit in fits] == [0, 0, 1]
    assert fitted(kernel, x, y, validation_split=0.2, sample_weight=np.ones(ROWS)).one("fit").validation.sample_weight


def test_the_weights_of_each_epoch_leave_a_checksum(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """It is that of the weights that a callback, such as ModelCheckpoint, finds; not of those that a callback sets."""
    import keras

    kept: list[list[np.ndarray]] = []

    def keep_and_change(epoch: int, logs: Any) -> None:
        kept.append(keep.model.get_weights())
        keep.model.weights[-1].assign([epoch + 0.5])

    keep = keras.callbacks.LambdaCallback(on_epoch_end=keep_and_change)
    fit = fitted(kernel, *data, epochs=3, callbacks=[keep]).one("fit")
    sums = [weights_checksum(state) for state in kept]
    assert fit.epoch_weights == tuple(sums)
    assert len(set(sums)) == 3


def test_validation_data_is_a_part_of_its_own(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Rows given as ``validation_data`` are no training rows, and their share is known."""
    x, y = data
    fit = fitted(kernel, x[:90], y[:90], validation_data=(x[90:], y[90:])).one("fit")
    assert (fit.x.rows, fit.rows_given, fit.validation.x.rows) == (90, 90, 10)
    assert (fit.validation.source, fit.validation.fraction) == ("data", 0.1)


def test_model_built_by_its_fit_keeps_its_first_weights(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """A model without input shape is recorded with the weights that it started from."""
    import keras

    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer="ones"), keras.layers.Dense(1, "sigmoid")])
    cell = fitted(kernel, *data, model=model)
    before = cell.weights[cell.one("fit").weights_before]
    assert np.array_equal(before[0], np.ones((2, 3)))
    assert np.any(before[2] != 0)
    assert cell.one("fit").weights_after != cell.one("fit").weights_before
    assert cell.one("model").input_shapes == ((2,),)


def test_eager_fit_keeps_its_first_weights(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """So is one that runs without a graph."""
    import keras

    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer="ones"), keras.layers.Dense(1, "sigmoid")])

    def body(names: dict[str, Any]) -> None:
        model.compile("sgd", "binary_crossentropy", run_eagerly=True)
        model.fit(*data, batch_size=50, verbose=0)

    cell = kernel.cell(body)
    assert np.array_equal(cell.weights[cell.one("fit").weights_before][0], np.ones((2, 3)))
    assert not cell.of("prediction")


def test_weights_and_callbacks_are_told(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Class weights, sample weights, and callbacks by class, a student's own told apart."""
    import keras

    class Mine(keras.callbacks.Callback):
        pass

    stopping = keras.callbacks.EarlyStopping(patience=2)
    fit = fitted(kernel, *data, class_weight={0: 1.0, 1: 2.0}, callbacks=[stopping]).one("fit")
    assert (fit.class_weight, fit.callback_names, fit.own_callbacks) == (True, ("EarlyStopping",), False)
    assert (fit.callbacks[0].settings["patience"], fit.callbacks[0].unknown) == (2, False)
    assert fit.replay.class_weight == {"0": 1.0, "1": 2.0}
    fit = fitted(kernel, *data, sample_weight=np.ones(ROWS), callbacks=[stopping, Mine()]).one("fit")
    assert (fit.sample_weight, fit.callback_names, fit.own_callbacks) == (True, ("EarlyStopping", "Mine"), True)
    decay = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    assert fitted(kernel, *data, callbacks=[decay]).one("fit").own_callbacks


def _unrecorded_fit(model: Any, data: Any) -> None:
    """Fits by the method that the recorder's stands for."""
    import keras

    model.compile("sgd", "binary_crossentropy")
    keras.Model.fit.__wrapped__.__wrapped__(model, data, verbose=0, shuffle=False)


@pytest.mark.parametrize("how", ["slices", "mapped"])
def test_pipelines_are_read_without_being_felt(kernel: Kernel, data: tuple[np.ndarray, np.ndarray], how: str) -> None:
    """Rows of a tf.data pipeline are all there, and its shuffling goes on as if nobody had looked."""
    import tensorflow as tf

    def pipeline() -> Any:
        tf.random.set_seed(5)
        slices = tf.data.Dataset.from_tensor_slices(data).shuffle(ROWS)
        return (slices if how == "slices" else slices.map(lambda x, y: (x * 2, y))).batch(16).prefetch(1)

    unwatched, watched = pipeline(), pipeline()
    kernel.cell(lambda names: _unrecorded_fit(network(), unwatched))
    fit = fitted(kernel, watched, validation_data=pipeline().take(2)).one("fit")
    assert (fit.x.kind, fit.x.shape, fit.batch_size, fit.steps) == ("dataset", (ROWS, 2), 16, 7)
    assert (fit.y.class_counts, fit.validation.x.rows, fit.replay_problems != ()) == (
        {"0": 50, "1": 50},
        32,
        True,
    )
    for mine, theirs in zip(unwatched, watched, strict=True):
        assert np.array_equal(mine[0], theirs[0])


def test_generators_are_seen_on_their_way(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """A generator's rows are noted as it gives them, and it is asked for no more than Keras asks."""
    x, y = data
    given: list[int] = []

    def batches() -> Iterator[Any]:
        for start in range(0, ROWS, 20):
            given.append(start)
            yield x[start : start + 20], y[start : start + 20]

    fit = fitted(kernel, batches(), steps_per_epoch=5).one("fit")
    assert (fit.x.kind, fit.x.shape, fit.batch_size, fit.steps_per_epoch) == ("generator", (ROWS, 2), 20, 5)
    assert (fit.y.class_counts, given) == ({"0": 50, "1": 50}, [0, 20, 40, 60, 80])


def test_sequences_are_seen_on_their_way(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """So are the batches of a `PyDataset`, each once, and those of the validation part."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            rows = slice(20 * index, 20 * index + 20)
            return data[0][rows], data[1][rows]

    fit = fitted(kernel, Batches(), validation_data=Batches(), epochs=2).one("fit")
    assert (fit.x.kind, fit.x.shape, fit.epochs_run, fit.steps) == ("generator", (ROWS, 2), 2, 10)
    assert (fit.batch_size, fit.validation.x.shape, fit.validation.fraction) == (20, (ROWS, 2), 0.5)


def _endless(x: np.ndarray, y: np.ndarray, *, size: int, noise: float = 0.0) -> Iterator[Any]:
    generator = np.random.default_rng(0)
    while True:
        for start in range(0, len(x), size):
            rows = x[start : start + size]
            yield rows + noise * generator.normal(size=rows.shape), y[start : start + size]


@pytest.mark.parametrize(("noise", "rows_kept"), [(0.0, 90), (0.1, 270)])
def test_an_endless_generator_has_the_rows_of_an_epoch(
    kernel: Kernel, data: tuple[np.ndarray, np.ndarray], *, noise: float, rows_kept: int
) -> None:
    """However often it yields them, whether Keras reads ahead, and if they are changed at random each time."""
    x, y = data
    held = _endless(x[90:], y[90:], size=32)
    train = _endless(x[:90], y[:90], size=32, noise=noise)
    cell = fitted(kernel, train, steps_per_epoch=3, epochs=3, validation_data=held, validation_steps=1)
    fit = cell.one("fit")
    assert (fit.batch_size, fit.rows_given, fit.x.rows) == (32, 90, rows_kept)
    assert (fit.validation.x.rows, fit.validation.fraction) == (10, 0.1)
    assert set(fit.y.class_counts) == {"0", "1"}


def test_rows_that_come_after_the_first_epoch_are_kept(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Or test rows could hide behind it; those that Keras reads ahead for no step are none of the training's."""
    fit = fitted(kernel, _endless(*data, size=20), steps_per_epoch=2, epochs=2).one("fit")
    assert (fit.batch_size, fit.rows_given, fit.x.rows) == (20, 40, 80)


def test_a_sequence_has_the_batch_size_of_its_batches(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Its last batch is smaller, and no average of them is a size."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> Any:
            return data[0][28 * index : 28 * index + 28], data[1][28 * index : 28 * index + 28]

    assert fitted(kernel, Batches(), epochs=2).one("fit").batch_size == 28


def test_an_evaluation_on_a_generator_has_the_rows_of_its_steps(
    kernel: Kernel, data: tuple[np.ndarray, np.ndarray]
) -> None:
    """Not those that Keras reads ahead."""
    model = network()
    model.compile(loss="binary_crossentropy")
    cell = kernel.cell(lambda names: model.evaluate(_endless(*data, size=30), steps=4, verbose=0))
    assert cell.one("evaluation").x.rows == ROWS


def test_errors_are_the_students(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """A fit that raises does so as ever, with no frame of the recorder, and is recorded as raised."""
    cell = fitted(kernel, np.zeros((10, 3)), data[1][:10])
    assert isinstance(cell.error, ValueError)
    frames = [frame.filename for frame in inspect.getinnerframes(cell.error.__traceback__)]
    assert not [name for name in frames if "recorder" in Path(name).parts and "test_keras" not in name]
    assert (cell.one("fit").status, cell.one("fit").epochs_run) == ("raised", 0)


def test_interrupted_fit_keeps_its_epochs(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """A fit that is interrupted keeps what it had, and the weights that it left."""
    import keras

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise KeyboardInterrupt

    cell = fitted(kernel, *data, epochs=5, callbacks=[Stop()])
    fit = cell.one("fit")
    assert isinstance(cell.error, KeyboardInterrupt)
    assert (fit.status, fit.epochs_run, fit.epochs_requested) == ("interrupted", 1, 5)
    assert fit.weights_after in cell.weights


def test_a_pipeline_is_read_up_to_so_many_bytes(
    kernel: Kernel, data: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of it is not read without end."""
    import tensorflow as tf

    from grader.execution.recorder import pipelines

    pipeline = tf.data.Dataset.from_tensor_slices(data).map(lambda x, y: (x * 2, y)).batch(16)
    monkeypatch.setattr(pipelines, "MOST_BYTES", 16 * 2 * 8 + 1)
    assert fitted(kernel, pipeline).one("fit").x.rows == 32


def test_what_stands_in_the_way_of_a_replay_is_told(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """A loss, a metric or a training step of the student's own is named, and the compile's configuration left out."""
    import keras_classes
    from keras import Input, layers

    def body(names: dict[str, Any]) -> None:
        inputs = Input((2,))
        model = keras_classes.Stepper(inputs, layers.Dense(1)(inputs))
        model.compile("sgd", lambda y, p: (y - p) ** 2, metrics=[lambda y, p: y - p])
        model.fit(*data, verbose=0)

    fit = kernel.cell(body).one("fit")
    assert fit.compiled.config is None
    assert [text.split()[-1] for text in fit.replay_problems] == ["own"] * 3
    assert [word for word in ("loss", "metric", "train_step") if word in " ".join(fit.replay_problems)] == [
        "loss",
        "metric",
        "train_step",
    ]


def test_models_of_several_inputs_are_recorded(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """The first input and the first target stand for the rest."""
    import keras
    from keras import layers

    def body(names: dict[str, Any]) -> None:
        a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
        outputs = {"p": layers.Dense(1, name="p")(layers.concatenate([a, b])), "q": layers.Dense(1, name="q")(a)}
        model = keras.Model({"a": a, "b": b}, outputs)
        model.compile("sgd", {"p": "mse", "q": "mae"})
        model.fit({"a": data[0], "b": data[0]}, {"p": data[1], "q": data[1]}, verbose=0)

    cell = kernel.cell(body)
    fit = cell.one("fit")
    assert (cell.error, fit.status, fit.x.shape, fit.compiled.loss) == (
        None,
        "completed",
        (ROWS, 2),
        "mean_squared_error+mean_absolute_error",
    )
    assert (cell.one("model").branching, len(cell.one("model").output_shapes)) == (True, 2)
    assert fit.replay_problems == ("its model has several inputs or targets",)


def test_signatures_are_keras_own() -> None:
    """``help(model.fit)`` and introspection see what Keras defines."""
    import keras

    assert list(inspect.signature(keras.Model.fit).parameters)[:5] == ["self", "x", "y", "batch_size", "epochs"]
    assert keras.Model.fit.__qualname__ == "TensorFlowTrainer.fit"
    assert keras.Model.compile.__doc__.startswith("Configures the model")


def test_calls_do_not_flood(kernel: Kernel) -> None:
    """A loop that asks for one row at a time leaves fifty records and a note."""
    model = network()
    cell = kernel.cell(lambda names: [model(np.ones((1, 2))) for _ in range(60)])
    assert len(cell.of("prediction")) == 50
    assert kernel.channel.failures.pop() == "more than 50 calls of models in one cell"


def test_batch_methods_are_recorded(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """``test_on_batch`` is an evaluation, ``predict_on_batch`` a prediction."""
    x, y = data

    def body(names: dict[str, Any]) -> None:
        model = network()
        model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
        names["results"] = model.test_on_batch(x, y)
        model.predict_on_batch(x[:7])

    cell = kernel.cell(body)
    assert cell.one("evaluation").results["accuracy"] == pytest.approx(float(kernel.names["results"][1]))
    assert cell.one("prediction").x.rows == 7


def test_loaded_model_is_told(kernel: Kernel, data: tuple[np.ndarray, np.ndarray], tmp_path: Any) -> None:
    """A model that came from a file is noted, and so are weights that were loaded."""
    import keras

    def body(names: dict[str, Any]) -> None:
        names["saved"] = network()
        names["saved"].compile("sgd", "mse")
        names["saved"].save(tmp_path / "model.keras")
        names["saved"].save_weights(tmp_path / "model.weights.h5")

    saved = kernel.cell(body)
    assert saved.error is None
    cell = kernel.cell(lambda names: names.update(loaded=keras.models.load_model(tmp_path / "model.keras")))
    assert [note.how for note in cell.of("weights_set")] == ["load_model"]
    other = network()
    cell = kernel.cell(lambda names: other.load_weights(tmp_path / "model.weights.h5"))
    assert [note.how for note in cell.of("weights_set")] == ["load_weights"]


def test_rows_that_a_callback_adds_to_a_history_are_no_epochs(
    kernel: Kernel, data: tuple[np.ndarray, np.ndarray]
) -> None:
    """An epoch has one row, whatever a history of the student's own makes of it."""
    import keras

    x, y = data

    class Longer(keras.callbacks.History):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            for _ in range(10):
                super().on_epoch_end(epoch, logs)

    class Forger(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.model.history.on_train_begin()
            for number in range(10):
                self.model.history.on_epoch_end(number, {"loss": 0.01})

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.history.on_epoch_end(epoch, {"loss": 0.01})

    def body(names: dict[str, Any]) -> None:
        model = network()
        model.compile("adam", "binary_crossentropy", metrics=["acc"])
        model.fit(x, y, epochs=2, verbose=0, callbacks=[Longer()])
        model.fit(x, y, epochs=2, verbose=0, callbacks=[Forger()])

    cell = kernel.cell(body)
    assert (cell.error, len(cell.of("fit"))) == (None, 2)
    for fit in cell.of("fit"):
        assert (fit.epochs_run, len(fit.history["loss"]), len(fit.epoch_weights)) == (2, 2, 2)
        assert min(fit.history["loss"]) > 0.1


def test_metrics_of_the_students_own_are_told(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """A class or a function may bear the name of one of Keras's."""
    import keras

    class Accuracy(keras.metrics.Mean):
        pass

    def accuracy(truth: Any, predicted: Any) -> Any:
        return keras.ops.mean(predicted) * 0 + 1

    wrapped = keras.metrics.MeanMetricWrapper(accuracy, name="accuracy")

    def body(names: dict[str, Any]) -> None:
        network().compile("adam", "binary_crossentropy", metrics=["acc", accuracy, Accuracy(name="accuracy")])
        network().compile("adam", "binary_crossentropy", metrics=["acc", keras.metrics.AUC()])
        network().compile("adam", "binary_crossentropy", metrics=[wrapped, keras.metrics.BinaryAccuracy()])

    first, second, third = kernel.cell(body).of("compile")
    assert (len(first.metrics), first.own_metrics, second.own_metrics) == (3, ("accuracy", "accuracy"), ())
    assert (third.metrics, third.own_metrics) == (("accuracy", "accuracy"), ("accuracy",))


def test_a_fit_without_compile_is_a_whole_record(kernel: Kernel, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Keras raises, and nothing of the record is lost by that."""
    before = list(kernel.channel.failures)
    cell = kernel.cell(lambda names: network().fit(*data, verbose=0))
    assert "compile" in str(cell.error)
    assert (cell.one("fit").status, cell.one("fit").epochs_run) == ("raised", 0)
    assert kernel.channel.failures == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"nb_epoch": 5}, "got an unexpected keyword argument 'nb_epoch'"),
        ({"epoch": 10}, "got an unexpected keyword argument 'epoch'"),
        ({"x": None}, "got multiple values for argument 'x'"),
    ],
)
def test_arguments_that_keras_does_not_know_are_refused_by_keras(
    *, kernel: Kernel, data: tuple[np.ndarray, np.ndarray], arguments: dict[str, Any], words: str
) -> None:
    """In its own words, with no frame of the recorder, and nothing of the record is lost by that."""
    before = list(kernel.channel.failures)

    def body(names: dict[str, Any]) -> None:
        model = network()
        model.compile("adam", "binary_crossentropy")
        model.fit(*data, **arguments)

    cell = kernel.cell(body)
    assert (type(cell.error), str(cell.error)) == (TypeError, f"TensorFlowTrainer.fit() {words}")
    frames = [frame.filename for frame in inspect.getinnerframes(cell.error.__traceback__)]
    assert not [name for name in frames if "recorder" in name and "test_keras" not in name]
    assert (cell.of("fit"), kernel.channel.failures) == ([], before)
