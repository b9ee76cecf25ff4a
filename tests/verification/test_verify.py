"""Models are rebuilt in a sandbox of their own, and score there what they score in Keras; none takes another down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from verification import TEST, TRAIN, Recorded, data_set, pictures

from grader.datasets import DataSets
from grader.execution.sandbox import Sandbox, detect, unprotected
from grader.records import Measurement, Measurements
from grader.verification import verifier_job
from grader.verification.verify import verify

pytestmark = pytest.mark.slow

DIGITS = pictures()
X, X_TEST = (DIGITS[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test"))
Y, Y_TEST = DIGITS["y_train"], DIGITS["y_test"]
POINTS = np.random.default_rng(0).uniform(-1, 2, (300, 2))
SIDES = (POINTS.sum(axis=1) > 1).astype(float)
HANGING_CPU_SECONDS = 2


@dataclass
class Bench:
    """Models, what Keras says of them, and what the verifier says."""

    recorded: Recorded
    expected: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    measurements: Measurements = field(default_factory=lambda: Measurements(submission=""))

    def of(self, model: str) -> dict[str, Measurement]:
        """By probe."""
        return {item.probe: item for item in self.measurements.measured if item.model == model}

    def why(self, model: str) -> tuple[str, str]:
        """Cause and reason why a model could not be verified."""
        (found,) = [item for item in self.measurements.unverified if item.model == model]
        return found.cause, found.why


def _keep(bench: Bench, model: Any, *, parts: dict[str, tuple[Any, Any]], loss: Any, **fields: Any) -> None:
    """Keeps what the recorder would keep of a trained model, and what Keras scores on each part.

    Random weights have figures like any others.
    """
    from grader.execution.recorder.configuration import configuration

    # Tracing would take longer than all of these rows.
    model.compile("adam", loss=loss, metrics=fields.get("metrics", ["accuracy"]), run_eagerly=True)
    bench.expected |= {(fields["id"], part): list(model.evaluate(*rows, verbose=0)) for part, rows in parts.items()}
    name = fields.pop("id")
    config = configuration(model)
    graph = None if config is not None else bench.recorded.array(_graph(model, parts["train"][0]))
    state = bench.recorded.model(model.get_weights(), id=name, config=config)
    if graph is not None:
        whole = bench.recorded.models[-1].model_copy(update={"graphs": {state[1]: graph}})
        bench.recorded.models[-1] = whole
    loss_name = fields.pop("loss_name", loss)
    bench.recorded.fit(state, x=parts["train"][0], y=parts["train"][1], loss=loss_name, **fields)


def _graph(model: Any, x: Any) -> Any:
    import keras

    from grader.execution.recorder.graph import InputSpecs, export

    specs = InputSpecs.of_call(model, keras.ops.convert_to_tensor(x[:1]))
    assert specs is not None
    return export(model, specs).graph


def _honest(bench: Bench) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    parts = {"train": (X, Y), "test": (X_TEST, Y_TEST)}
    one_hot = {part: (x, np.eye(10)[y]) for part, (x, y) in parts.items()}
    wide = {part: (x * 2 - 1, np.eye(10)[y]) for part, (x, y) in parts.items()}
    raw = {"train": (DIGITS["x_train"], Y), "test": (DIGITS["x_test"], Y_TEST)}
    odd = {part: (x, y % 2) for part, (x, y) in parts.items()}
    points, heights = {"train": (POINTS, SIDES)}, {"train": (POINTS, POINTS[:, 0] ** 2)}

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.last = layers.Dense(8, activation="relu"), layers.Dense(10, activation="softmax")

        def call(self, inputs: Any) -> Any:
            return self.last(self.hidden(inputs))

    def stack(*parts: Any, inputs: tuple[int, ...] = (784,)) -> Any:
        return keras.Sequential([keras.Input(inputs), *parts])

    _keep(
        bench,
        stack(layers.Dense(10, activation="softmax")),
        id="softmax",
        parts=one_hot,
        loss="categorical_crossentropy",
    )
    from_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    fields: dict[str, Any] = {"loss_name": "sparse_categorical_crossentropy", "from_logits": True}
    _keep(bench, stack(layers.Dense(10)), id="logits", parts=parts, loss=from_logits, **fields)
    inside = (
        layers.Rescaling(1 / 255),
        layers.Flatten(),
        layers.Dense(9, kernel_regularizer="l2"),
        layers.Dropout(0.2),
    )
    scaled = stack(*inside, layers.Dense(10), layers.Softmax(), inputs=(28, 28))
    _keep(bench, scaled, id="scaled inside", parts=raw, loss="sparse_categorical_crossentropy")
    _keep(bench, Own(), id="subclass", parts=wide, loss="categorical_crossentropy")
    _keep(bench, stack(layers.Dense(1, activation="sigmoid")), id="odd", parts=odd, loss="binary_crossentropy")
    _keep(
        bench,
        stack(layers.Dense(1, activation="sigmoid"), inputs=(2,)),
        id="points",
        parts=points,
        loss="binary_crossentropy",
    )
    smooth = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    fields = {"loss_name": "categorical_crossentropy"}
    fields["compile_config"] = {"loss": keras.saving.serialize_keras_object(smooth)}
    _keep(bench, stack(layers.Dense(10, activation="softmax")), id="smooth", parts=one_hot, loss=smooth, **fields)
    line = stack(layers.Dense(1), inputs=(2,))
    _keep(bench, line, id="line", parts=heights, loss="mse", loss_name="mean_squared_error", metrics=["mae"])
    adapted = layers.Normalization()
    adapted.adapt(3 * POINTS + 1)
    line = stack(adapted, layers.Dense(1), inputs=(2,))
    _keep(bench, line, id="adapted", parts=heights, loss="mse", loss_name="mean_squared_error", metrics=["mae"])


def _forged(bench: Bench) -> None:
    """Each with weights of its own, so that it is a state of its own."""
    recorded, honest = bench.recorded, bench.recorded.models[0]
    weights = [recorded.arrays.get(ref) for ref in recorded.weights[str(recorded.fits[0].weights_after)]]

    def add(name: str, *, factor: float, graph: Any = None, **fields: Any) -> None:
        state = recorded.model([weight * np.float32(factor) for weight in weights], id=name, **fields)
        if graph is not None:
            graphs = {state[1]: recorded.array(graph)}
            recorded.models[-1] = recorded.models[-1].model_copy(update={"graphs": graphs})
        recorded.fit(state, x=X, y=np.eye(10)[Y], loss="categorical_crossentropy")

    assert honest.config is not None
    text = honest.model_dump_json(include={"config"})
    add("nan", factor=float("nan"), config=honest.config)
    add("misfit", factor=2, config=_config(text.replace('"units":10', '"units":12')))
    add("huge", factor=3, config=_config(text.replace('"units":10', '"units":1000000000')))
    add("lambda", factor=4, config=_config(text.replace('"Dense"', '"Lambda"')))
    add("no model", factor=5, config={"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}})
    add("hanging", factor=6, graph=_hanging())
    add("reading", factor=7, graph=_reading())
    add("garbage", factor=8, graph=np.arange(99, dtype=np.uint8))
    add("nothing", factor=9)


def _config(text: str) -> Any:
    import json

    return json.loads(text)["config"]


def _serialised(graph: Any) -> Any:
    return np.frombuffer(graph.as_graph_def().SerializeToString(), np.uint8)


def _hanging() -> Any:
    """A graph whose loop never ends."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 784], name="input_0")
        zero = tf.reduce_sum(x) * 0
        forever = tf.while_loop(lambda i: i < 1, lambda i: i + zero, [zero])
        tf.identity(x[:, :10] + forever[0], name="output_0")
    return _serialised(graph)


def _reading() -> Any:
    """A graph that looks for a file."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 784], name="input_0")
        length = tf.strings.length(tf.io.read_file("/etc/passwd"))
        tf.identity(x[:, :10] + tf.cast(length, tf.float32), name="output_0")
    return _serialised(graph)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return detect().sandbox or unprotected()


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSets:
    return data_set(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, keras_here: None, *, digits: DataSets, sandbox: Sandbox) -> Bench:
    """All models through one job of the verifier."""
    bench = Bench(Recorded(tmp_path_factory.mktemp("evidence")))
    _honest(bench)
    _forged(bench)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier_job, "STATE_CPU_SECONDS", HANGING_CPU_SECONDS)
        bench.measurements = verify(
            bench.recorded.evidence(digits),
            arrays=bench.recorded.arrays,
            data_sets=digits,
            sandbox=sandbox,
            core=None,
        )
    return bench


HONEST = ("softmax", "smooth", "logits", "scaled inside", "subclass", "odd", "points", "line", "adapted")


@pytest.mark.parametrize("model", HONEST)
def test_figures_are_keras_own(bench: Bench, model: str) -> None:
    """Loss and metric of every part are what ``evaluate`` gave, though no label was near the model."""
    measured = bench.of(model)
    for (name, part), (loss, metric) in bench.expected.items():
        if name == model:
            found = measured[part]
            assert found.loss == pytest.approx(loss, rel=1e-4)
            assert (found.accuracy if found.mae is None else found.mae) == pytest.approx(metric, abs=1e-5)


def test_a_test_part_has_its_confusion_matrix(bench: Bench) -> None:
    """Ten by ten, every test row in it, the diagonal as large as the accuracy."""
    found = bench.of("softmax")["test"]
    counts = np.array(found.confusion)
    assert counts.shape == (10, 10)
    assert counts.sum() == TEST
    assert np.trace(counts) / TEST == pytest.approx(found.accuracy)


def test_raw_predictions_are_kept(bench: Bench) -> None:
    """For every measurement, a row for each of its rows."""
    for found in bench.measurements.measured:
        assert found.predictions is not None
        assert len(bench.recorded.arrays.get(found.predictions)) == found.rows


def test_shifted_pictures_are_other_rows(bench: Bench) -> None:
    """As many as the test part, with other answers."""
    test, shifted = (bench.of("softmax")[probe] for probe in ("test", "test_shifted"))
    assert shifted.rows == test.rows == TEST
    assert shifted.predictions != test.predictions


def test_models_of_recognised_rows_are_named(bench: Bench) -> None:
    """Whatever their input is scaled by; not those of rows that are of no data set."""
    known = bench.measurements.known_inputs
    assert {"softmax", "subclass", "scaled inside"} <= set(known)
    assert "points" not in known


def test_labels_that_were_handed_in_are_compared(bench: Bench) -> None:
    """All agree, also where the task is odd or even."""
    assert [bench.of(model)["train"].label_agreement for model in ("softmax", "odd")] == [1.0, 1.0]


def test_the_region_has_its_points(bench: Bench) -> None:
    """A prediction for each."""
    region = bench.of("points")["region"]
    assert region.inputs is not None
    assert bench.recorded.arrays.get(region.inputs).shape == (region.rows, 2)


def test_a_model_of_nan_is_never_right(bench: Bench) -> None:
    """Its figures are known: none of its answers is one."""
    train = bench.of("nan")["train"]
    assert train.rows == TRAIN
    assert train.accuracy == 0.0
    assert train.loss is not None
    assert math.isnan(train.loss)


REASONS = {
    "misfit": ("unverifiable", "rebuilt"),
    "huge": ("unverifiable", "rebuilt"),
    "lambda": ("unverifiable", "Lambda"),
    "no model": ("unverifiable", "not of a model"),
    "hanging": ("infrastructure", "of computing"),
    "reading": ("unverifiable", "ReadFile"),
    "garbage": ("unverifiable", "rebuilt"),
    "nothing": ("unverifiable", "Neither a configuration nor a graph"),
}


@pytest.mark.parametrize("model", REASONS)
def test_what_cannot_be_rebuilt_is_said_with_its_reason(bench: Bench, model: str) -> None:
    """And has no figures."""
    cause, reason = REASONS[model]
    assert bench.of(model) == {}
    said = bench.why(model)
    assert said[0] == cause
    assert reason in said[1]


def test_the_verifier_itself_had_no_problem(bench: Bench) -> None:
    """A model that hangs is its own problem, and those after it are dealt with."""
    assert bench.measurements.problem is None


def test_a_sandbox_that_does_not_start_is_our_problem(tmp_path: Path, digits: DataSets) -> None:
    """Every state stays claimed for a reason of ours."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model([np.ones((2, 1))], config={}), x=POINTS, y=SIDES)
    evidence, broken = recorded.evidence(digits), Sandbox(tier="1", bubblewrap="/nowhere/bwrap")
    found = verify(evidence, arrays=recorded.arrays, data_sets=digits, sandbox=broken, core=None)
    assert found.problem is not None
    assert [item.cause for item in found.unverified] == ["infrastructure"]
