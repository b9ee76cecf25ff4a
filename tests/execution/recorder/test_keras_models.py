"""Which models are recorded, and how their layers are read."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from keras_kernel import Cell, Kernel

pytestmark = pytest.mark.slow

Rows = list[tuple[str, str | int | float | None]]


def short(model: Any) -> Rows:
    """Class and the one setting that tells layers apart."""
    keys = ("units", "filters", "rate", "activation", "target_shape", "pool_size")
    return [
        (row.class_name, next((row.config[key] for key in keys if key in row.config), None)) for row in model.layers
    ]


def built(kernel: Kernel, make: Any, *, shape: tuple[int, ...] = (6,)) -> Cell:
    """A cell that makes a model and asks it for predictions."""
    rows = np.random.default_rng(0).normal(size=(5, *shape)).astype("float32")

    def body(names: dict[str, Any]) -> None:
        names["made"] = make()
        names["given"], names["got"] = rows, names["made"].predict(rows, verbose=0)

    cell = kernel.cell(body)
    assert cell.error is None
    return cell


def frozen_output(cell: Cell, names: dict[str, Any]) -> np.ndarray:
    """What the last exported graph gives for the rows that the model was given."""
    import tensorflow as tf

    ref = list(cell.of("model")[-1].graphs.values())[-1]
    definition = tf.compat.v1.GraphDef.FromString(cell.channel.arrays[ref].tobytes())
    whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    return whole.prune("input_0:0", "output_0:0")(tf.constant(names["given"])).numpy()


@pytest.fixture(scope="module")
def classes(kernel: Kernel) -> ModuleType:
    """Models as students write them; the module imports Keras, and so waits for the recorder."""
    import keras_classes

    return keras_classes


def test_sequential_is_recorded_with_shapes_and_names(kernel: Kernel) -> None:
    """A Sequential has its layers without the input layer, shapes without the batch axis, and its variable's name."""
    from keras import Sequential, layers

    model = built(
        kernel, lambda: Sequential([layers.Input((2, 3)), layers.Flatten(), layers.Dense(4, "relu")]), shape=(2, 3)
    ).one("model")
    assert (model.kind, model.names, model.branching) == ("sequential", ("made",), False)
    assert short(model) == [("Flatten", None), ("Dense", 4)]
    assert (model.input_shapes, model.output_shapes) == (((2, 3),), ((4,),))
    assert model.layers[1].config["activation"] == "relu"
    assert (model.layers[1].input_shape, model.layers[1].parameters) == ((6,), 28)


@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_tensorflow_functions_have_keras_names(kernel: Kernel, activation: str) -> None:
    """``activation=tf.nn.softmax`` is ``softmax``, and the model is rebuilt from its configuration."""
    import keras
    import tensorflow as tf
    from keras import Sequential, layers

    cell = built(kernel, lambda: Sequential([layers.Input((6,)), layers.Dense(3, getattr(tf.nn, activation))]))
    model = cell.one("model")
    assert model.layers[0].config["activation"] == activation
    again = keras.saving.deserialize_keras_object(model.config, safe_mode=True)
    again.set_weights(kernel.names["made"].get_weights())
    assert np.array_equal(again.predict(kernel.names["given"], verbose=0), kernel.names["got"])


def test_functional_follows_the_data(kernel: Kernel) -> None:
    """Nested models are flattened, bare operations are activations, and a chain does not branch."""
    import keras
    from keras import layers

    def make() -> Any:
        inner = keras.Sequential([layers.Input((6,)), layers.Dense(5), layers.Dense(4)])
        inputs = keras.Input((6,))
        return keras.Model(inputs, keras.activations.softmax(keras.ops.relu(inner(inputs))))

    model = built(kernel, make).of("model")[-1]
    assert short(model) == [("Dense", 5), ("Dense", 4), ("Activation", "relu"), ("Activation", "softmax")]
    assert (model.kind, model.branching, model.config is not None) == ("functional", False, True)


def test_branches_are_told(kernel: Kernel) -> None:
    """A model whose layers are added up is no chain."""
    import keras
    from keras import layers

    def make() -> Any:
        inputs = keras.Input((6,))
        return keras.Model(inputs, layers.Add()([layers.Dense(2)(inputs), layers.Dense(2)(inputs)]))

    assert built(kernel, make).one("model").branching


def test_wrappers_are_kept(kernel: Kernel) -> None:
    """A wrapper stands in the table with what it wraps in its configuration."""
    import keras
    from keras import layers

    def make() -> Any:
        return keras.Sequential([layers.Input((3, 2)), layers.TimeDistributed(layers.Dense(4)), layers.LSTM(2)])

    model = built(kernel, make, shape=(3, 2)).one("model")
    assert short(model) == [("TimeDistributed", None), ("LSTM", 2)]
    assert model.layers[0].config["layer"] == {
        "class_name": "Dense",
        "units": 4,
        "activation": "linear",
        "use_bias": True,
    }


def test_subclass_is_read_from_its_graph(kernel: Kernel, classes: ModuleType) -> None:
    """The order is the data's, not the attributes'; a layer of a matrix is a Dense; a formula is its activation."""
    cell = built(kernel, classes.Subclass)
    model = cell.one("model")
    expected = [("Dense", 8), ("Activation", "relu"), ("Dropout", 0.3), ("Dense", 1), ("Activation", "sigmoid")]
    assert short(model) == expected
    assert model.layers[0].own_class == "Matrix"
    assert (model.layers[0].parameters, model.layers[0].config["use_bias"]) == (56, True)
    assert (model.kind, model.config, model.branching, model.input_shapes) == ("subclass", None, False, ((6,),))


def test_subclass_is_exported_as_a_graph(kernel: Kernel, classes: ModuleType) -> None:
    """The frozen graph of a state gives what the model gave in it."""
    cell = built(kernel, classes.Subclass)
    model = cell.of("model")[-1]
    assert len(model.graphs) == 1
    assert set(model.graphs) == {cell.one("prediction").weights}
    assert np.allclose(frozen_output(cell, kernel.names), kernel.names["got"], atol=1e-6)


def test_exports_are_unheard(kernel: Kernel, classes: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A state is exported without a word of what the student's ``call`` prints."""
    built(kernel, classes.Subclass)
    capsys.readouterr()

    def body(names: dict[str, Any]) -> None:
        names["made"].set_weights([2 * weight for weight in names["made"].get_weights()])
        names["made"].predict(names["given"], verbose=0)

    assert len(kernel.cell(body).of("model")[-1].graphs) == 2
    assert not capsys.readouterr().out


def test_decorated_call_is_read(kernel: Kernel, classes: ModuleType) -> None:
    """``@tf.function`` on ``call`` hides no layer."""
    model = built(kernel, classes.Decorated).of("model")[-1]
    assert short(model) == [("Dense", 3), ("Dense", 2), ("Activation", "softmax")]


def test_layers_off_the_path_are_left_out(kernel: Kernel, classes: ModuleType) -> None:
    """A layer whose output is thrown away is no part of the data's way, and a layer called twice stands twice."""
    model = built(kernel, classes.Unused).of("model")[-1]
    assert ("Dense", 5) not in short(model)
    assert short(model).count(("Dense", 4)) == 2
    assert model.branching


def test_python_code_cannot_be_exported(kernel: Kernel, classes: ModuleType) -> None:
    """A model that runs Python for each batch says so, and has no graph."""
    model = built(kernel, classes.Python).of("model")[-1]
    assert "Python code" in model.not_rebuildable
    assert (model.config, model.graphs) == (None, {})


def test_own_training_step_needs_no_graph(kernel: Kernel, classes: ModuleType) -> None:
    """A functional model of the student's class computes what Keras's own does."""
    import keras
    from keras import layers

    def make() -> Any:
        inputs = keras.Input((6,))
        return classes.Stepper(inputs, layers.Dense(2)(inputs))

    model = built(kernel, make).one("model")
    again = keras.saving.deserialize_keras_object(model.config, safe_mode=True)
    again.set_weights(kernel.names["made"].get_weights())
    assert np.array_equal(again.predict(kernel.names["given"], verbose=0), kernel.names["got"])
    assert (model.class_name, model.kind) == ("Stepper", "functional")


def test_lambdas_and_own_activations_are_exported(kernel: Kernel) -> None:
    """What is the student's own function goes by its graph, and is named by what it computes."""
    import keras
    import tensorflow as tf
    from keras import layers

    def softmax(x: Any) -> Any:
        return tf.nn.relu(x)

    def make() -> Any:
        return keras.Sequential(
            [layers.Input((6,)), layers.Lambda(lambda x: 2 * tf.nn.tanh(x)), layers.Dense(3, activation=softmax)]
        )

    cell = built(kernel, make)
    model = cell.of("model")[-1]
    assert model.config is None
    assert short(model) == [("Activation", "tanh"), ("Dense", 3)]
    assert model.layers[1].config["activation"] == "relu"
    assert np.allclose(frozen_output(cell, kernel.names), kernel.names["got"], atol=1e-6)


def test_convolutions_by_hand_are_read(kernel: Kernel, classes: ModuleType) -> None:
    """A student's layer of a convolution, a bias, an activation and a pooling is told by its graph."""
    import keras
    from keras import layers

    def make() -> Any:
        return keras.Sequential([layers.Input((8, 8, 1)), classes.Block(), layers.GlobalAveragePooling2D()])

    model = built(kernel, make, shape=(8, 8, 1)).of("model")[-1]
    assert short(model) == [
        ("Conv2D", 4),
        ("Activation", "relu"),
        ("MaxPooling2D", [2, 2]),
        ("GlobalAveragePooling2D", None),
    ]
    assert (model.layers[0].parameters, model.layers[0].config["kernel_size"]) == (40, [3, 3])


def test_models_are_recorded_without_being_used(kernel: Kernel) -> None:
    """A model that is made and never compiled is recorded at the end of its cell; its parts are not."""
    import keras
    from keras import layers

    def body(names: dict[str, Any]) -> None:
        keras.Sequential([layers.Input((3,)), layers.Dense(2)], name="nameless")
        part = keras.Sequential([layers.Dense(2)], name="part")
        names["many"] = {"a": keras.Sequential([layers.Input((3,)), part], name="whole")}

    models = {model.name: model for model in kernel.cell(body).of("model")}
    assert set(models) == {"nameless", "whole"}
    assert models["whole"].names == ("many['a']",)


def test_one_name_for_many_models_loses_none(kernel: Kernel) -> None:
    """Each compiled model has its own record, whatever its variable holds later."""
    import keras
    from keras import layers

    def body(names: dict[str, Any]) -> None:
        for units in (1, 2, 3):
            names["model"] = keras.Sequential([layers.Input((2,)), layers.Dense(units)])
            names["model"].compile("sgd", "mse")
        del names["model"]

    cell = kernel.cell(body)
    assert [short(model) for model in cell.of("model")] == [[("Dense", 1)], [("Dense", 2)], [("Dense", 3)]]
    assert len({model.object_id for model in cell.of("model")}) == 3


def test_changed_architecture_is_a_second_record(kernel: Kernel) -> None:
    """A layer added after a fit makes another model of the same object."""
    import keras
    from keras import layers

    def body(names: dict[str, Any]) -> None:
        model = keras.Sequential([layers.Input((2,)), layers.Dense(3)])
        model.compile("sgd", "mse")
        model.fit(np.zeros((4, 2)), np.zeros((4, 3)), verbose=0)
        model.add(layers.Dense(1))
        model.compile("sgd", "mse")

    first, second = kernel.cell(body).of("model")
    assert first.object_id == second.object_id
    assert (short(first), short(second)) == ([("Dense", 3)], [("Dense", 3), ("Dense", 1)])


def test_feature_extractor_shares_the_trained_weights(kernel: Kernel) -> None:
    """A model made of a trained one's layers is a model of its own."""
    import keras
    from keras import layers

    def body(names: dict[str, Any]) -> None:
        names["base"] = keras.Sequential([layers.Input((2,)), layers.Dense(3), layers.Dense(1)])
        names["base"].compile("sgd", "mse")
        names["features"] = keras.Model(names["base"].inputs, names["base"].layers[0].output)
        names["base"].fit(np.ones((4, 2)), np.zeros((4, 1)), verbose=0)
        names["features"].predict(np.ones((4, 2)), verbose=0)

    cell = kernel.cell(body)
    models = {model.names: model for model in cell.of("model")}
    assert short(models["features",]) == [("Dense", 3)]
    assert cell.one("prediction").model == models["features",].id
    assert not cell.of("weights_set")
