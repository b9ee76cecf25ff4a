"""What is recorded of training without ``fit``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras_kernel import Cell, Kernel

pytestmark = pytest.mark.slow

ROWS, BATCH = 96, 16


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, 3)).astype("float32")
    return x, (x.sum(axis=1, keepdims=True) > 0).astype("float32")


def network(*, is_built: bool = True) -> Any:
    import keras

    shape = [keras.layers.Input((3,))] if is_built else []
    return keras.Sequential([*shape, keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")])


def train(model: Any, data: Any, *, epochs: int, decorated: bool = False, shuffled: bool = True) -> Any:
    """A training loop as tutorials write it; returns its step."""
    import keras
    import tensorflow as tf

    optimizer, loss = keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy()

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    step = tf.function(step) if decorated else step
    batches = tf.data.Dataset.from_tensor_slices(data)
    for _ in range(epochs):
        for x, y in (batches.shuffle(ROWS) if shuffled else batches).batch(BATCH):
            step(x, y)
    return step


@pytest.mark.parametrize("decorated", [False, True])
@pytest.mark.parametrize("is_built", [False, True])
def test_loop_is_a_fit(kernel: Kernel, data: Any, *, decorated: bool, is_built: bool) -> None:
    """Steps, epochs, batch size and rows of a loop are counted, and its loss and optimizer are seen."""
    cell = kernel.cell(lambda names: train(network(is_built=is_built), data, epochs=3, decorated=decorated))
    assert cell.error is None
    fit = cell.one("fit")
    assert (fit.kind, fit.epochs_run, fit.batch_size, fit.steps) == ("loop", 3, BATCH, 18)
    assert (fit.x.shape, fit.y.shape, fit.rows_given, fit.epochs_requested) == ((ROWS, 3), (ROWS, 1), ROWS, None)
    assert fit.y.class_counts == {str(c): int((data[1] == c).sum()) for c in (0, 1)}
    assert (fit.compiled.loss, fit.compiled.optimizer, fit.compiled.learning_rate) == (
        "binary_crossentropy",
        "Adam",
        0.02,
    )
    assert fit.weights_after in cell.weights
    assert fit.weights_after != fit.weights_before
    assert np.any(cell.weights[fit.weights_before][0])
    assert not cell.of("prediction")


def test_first_weights_of_a_loop_are_kept(kernel: Kernel, data: Any) -> None:
    """The state before the first step is recorded where the model existed before the loop."""

    def body(names: dict[str, Any]) -> None:
        names["loop"] = network()
        names["first"] = names["loop"].get_weights()
        names["step"] = train(names["loop"], data, epochs=1, decorated=True)

    cell = kernel.cell(body)
    for mine, kept in zip(kernel.names["first"], cell.weights[cell.one("fit").weights_before], strict=True):
        assert np.array_equal(mine, kept)
    assert cell.one("model").names == ("loop",)


def test_later_cells_are_loops_of_their_own(kernel: Kernel, data: Any) -> None:
    """A step that was traced in an earlier cell is seen when it is called again."""
    kernel.cell(lambda names: names.update(later=train(network(), data, epochs=1, decorated=True)))
    fit = kernel.cell(lambda names: [names["later"](*data) for _ in range(4)]).one("fit")
    assert (fit.kind, fit.steps, fit.epochs_run, fit.batch_size) == ("loop", 4, 4, ROWS)


def test_rows_in_order_are_the_data(kernel: Kernel, data: Any) -> None:
    """Small rows of a loop are kept whole, each once, with their targets beside them."""
    cell = kernel.cell(lambda names: train(network(), data, epochs=2, shuffled=False))
    fit = cell.one("fit")
    assert np.array_equal(cell.channel.arrays[fit.x.whole], data[0])
    assert np.array_equal(cell.channel.arrays[fit.y.whole], data[1])


def test_train_on_batch_is_a_fit(kernel: Kernel, data: Any) -> None:
    """Epochs of ``train_on_batch`` are rows seen over rows there are."""

    def body(names: dict[str, Any]) -> None:
        model = network()
        model.compile("sgd", "mse", metrics=["mae"])
        for _ in range(5):
            for start in range(0, ROWS, 32):
                model.train_on_batch(data[0][start : start + 32], data[1][start : start + 32])

    fit = kernel.cell(body).one("fit")
    assert (fit.kind, fit.epochs_run, fit.batch_size, fit.steps) == ("train_on_batch", 5, 32, 15)
    assert (fit.x.shape, fit.compiled.loss, fit.compiled.optimizer) == ((ROWS, 3), "mean_squared_error", "SGD")


def test_training_by_hand_is_a_loop(kernel: Kernel, data: Any) -> None:
    """Weights that are moved along a gradient without any optimizer were trained all the same."""
    import tensorflow as tf

    def body(names: dict[str, Any]) -> None:
        model = network()
        for _ in range(3):
            with tf.GradientTape() as tape:
                value = tf.reduce_mean((model(data[0]) - data[1]) ** 2)
            for weight, gradient in zip(
                model.trainable_weights, tape.gradient(value, model.trainable_weights), strict=True
            ):
                weight.assign(weight - 0.1 * gradient)

    fit = kernel.cell(body).one("fit")
    assert (fit.kind, fit.steps, fit.epochs_run, fit.x.shape) == ("loop", 3, 3, (ROWS, 3))


def test_loop_before_a_fit_is_apart_from_it(kernel: Kernel, data: Any) -> None:
    """In one cell, a loop ends where a fit begins."""

    def body(names: dict[str, Any]) -> None:
        model = network()
        train(model, data, epochs=1)
        model.compile("sgd", "mse")
        model.fit(*data, epochs=2, verbose=0)

    loop, fit = kernel.cell(body).of("fit")
    assert (loop.kind, fit.kind, fit.epochs_run) == ("loop", "fit", 2)
    assert fit.weights_before == loop.weights_after


def test_gradients_without_training_are_no_fit(kernel: Kernel, data: Any) -> None:
    """A gradient that moves no weight (of an image, say) is no training."""
    import tensorflow as tf

    def body(names: dict[str, Any]) -> None:
        x, model = tf.constant(data[0]), network()
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = model(x)
        tape.gradient(value, x)

    assert not kernel.cell(body).of("fit")


def notes(kernel: Kernel, body: Any) -> Cell:
    kernel.cell(lambda names: names.update(kept=network(), twin=network()))
    return kernel.cell(body)


@pytest.mark.parametrize(
    ("how", "body"),
    [
        ("set_weights", lambda names: names["kept"].set_weights(names["twin"].get_weights())),
        ("assigned", lambda names: names["kept"].layers[0].kernel.assign(np.ones((3, 4)))),
    ],
)
def test_weights_from_elsewhere_are_noted(kernel: Kernel, how: str, body: Any) -> None:
    """Weights that change without training leave a note with both states."""
    (note,) = notes(kernel, body).of("weights_set")
    assert (note.how, note.cell) == (how, kernel.channel.cell)
    assert note.weights != note.before


def test_a_loop_that_sets_weights_at_every_step_is_not_kept_whole(kernel: Kernel) -> None:
    """The first states are, and what the cell left."""

    def body(names: dict[str, Any]) -> None:
        for _ in range(120):
            names["kept"].set_weights([0.9 * array for array in names["kept"].get_weights()])

    events = notes(kernel, body).of("weights_set")
    assert [event.how for event in events] == ["set_weights"] * 50 + ["assigned"]


def test_weights_that_stay_leave_no_note(kernel: Kernel) -> None:
    """Setting weights to what they are changes nothing."""
    cell = notes(kernel, lambda names: names["kept"].set_weights(names["kept"].get_weights()))
    assert not cell.of("weights_set")
    assert not cell.of("fit")
