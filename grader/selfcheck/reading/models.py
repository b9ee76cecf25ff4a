"""What code does with models: builds them, compiles, trains and uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from grader.records import CompileRecord, EvaluationRecord, LayerRecord, PredictionRecord
from grader.selfcheck.partial import partly
from grader.selfcheck.reading.layers import layer_class, made_layer, own_layer, shape_in
from grader.selfcheck.reading.log import A_RUN, last_shape, sequential_layers, summary
from grader.selfcheck.reading.state import Raised, State, first
from grader.selfcheck.reading.values import (
    UNKNOWN,
    ArrayOf,
    ClassOf,
    FunctionOf,
    HistoryOf,
    InstanceOf,
    LayerOf,
    Library,
    Made,
    ModelOf,
    TensorOf,
    Unknown,
    is_plain,
)

_FIT: tuple[str, ...] = (
    "x",
    "y",
    "batch_size",
    "epochs",
    "verbose",
    "callbacks",
    "validation_split",
    "validation_data",
    "shuffle",
)
_FIT += (
    "class_weight",
    "sample_weight",
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
)
_FIT += ("validation_freq",)
_OPTIMIZERS = {
    "adam": "Adam",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adamax": "Adamax",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "ftrl": "Ftrl",
    "lion": "Lion",
}
_ACCURACIES = frozenset({"accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"})
_HARMLESS = frozenset(
    [
        "summary",
        "save",
        "save_weights",
        "get_weights",
        "get_config",
        "to_json",
        "count_params",
        "reset_metrics",
        "reset_states",
        "get_layer",
        "get_metrics_result",
        "export",
        "build_from_config",
        "get_compile_config",
        "evaluate_generator",
        "compute_output_shape",
        "compute_loss",
        "compute_metrics",
        "jit_compile",
    ]
)
_TRAINABLE = frozenset({"trainable_variables", "trainable_weights", "variables", "weights"})
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """Keras's snake_case name of a class."""
    return _SNAKE.sub("_", name).lower()


class Models(State):
    """The part of the reading that knows of models."""

    def sequential(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ModelOf:
        """``Sequential([...])``."""
        self.acts()
        given = first(args, kwargs, "layers")
        model = ModelOf("sequential", self.cell, [], class_name="Sequential")
        if isinstance(given, list | tuple):
            layers = sequential_layers([self._as_input(item) for item in given])
            if layers is None:
                model.lose("the code does not show all layers of this model plainly")
            else:
                model.layers = layers
        elif (args or "layers" in kwargs) and given is not None:
            model.lose("the code does not show all layers of this model plainly")
        return self.log.add_model(model)

    def functional(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ModelOf:
        """``Model(inputs, outputs)``."""
        self.acts()
        inputs = _alone(kwargs.get("inputs", first(args, kwargs, "inputs")))
        outputs = kwargs.get("outputs", first(args, kwargs, "outputs", at=1))
        out = _alone(outputs)
        model = ModelOf("functional", self.cell, None, class_name="Functional", why="its layers are no simple chain")
        is_chain = isinstance(inputs, TensorOf) and isinstance(out, TensorOf) and inputs.origin is out.origin
        if is_chain and out.layers is not None and inputs.layers == ():
            model.layers, model.input_shape, model.why = list(out.layers), inputs.input_shape, ""
        return self.log.add_model(model)

    def instance_model(self, instance: InstanceOf) -> ModelOf:
        """The model that an object of a class derived from ``keras.Model`` is."""
        self.acts()
        model = ModelOf("subclass", self.cell, None, instance=instance, class_name=instance.kind.name)
        return self.log.add_model(model)

    def call_model(self, model: ModelOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """``model(x)``."""
        x = first(args, kwargs, "inputs")
        self._trace(model)
        if isinstance(x, TensorOf):
            if x.layers is None or model.layers is None:
                return TensorOf(x.origin, x.input_shape, None)
            return TensorOf(x.origin, x.input_shape, (*x.layers, *model.layers), last_shape(model))
        return self.predict(model, x)

    def predict(self, model: ModelOf, x: Any) -> ArrayOf:
        """``model.predict(x)``, or a call outside of a training."""
        shape = last_shape(model)
        rows = x.rows if isinstance(x, ArrayOf) else None
        out = ArrayOf((rows, *shape) if shape is not None else None)
        record = PredictionRecord(
            seq=self.log.next(), cell=self.cell, model=model.id, x=summary(x), output=summary(out)
        )
        self.log.predictions.append(partly(record, {"weights": A_RUN}))
        return out

    def method_of_model(  # noqa: C901, PLR0911 - one branch a method
        self, model: ModelOf, name: str, args: Sequence[Any], *, kwargs: Mapping[str, Any]
    ) -> Any:
        """A method of a model."""
        if name == "fit":
            return self._fit(model, args, kwargs)
        if name == "compile":
            return self._compile(model, args, kwargs)
        if name in {"predict", "predict_on_batch", "predict_step"}:
            return self.predict(model, first(args, kwargs, "x"))
        if name in {"evaluate", "test_on_batch"}:
            return self._evaluate(model, args, kwargs)
        if name == "add":
            return self._add(model, first(args, kwargs, "layer"))
        if name == "pop" and model.layers and not self.doubt:
            return model.layers.pop()
        if name == "build":
            return self._build(model, first(args, kwargs, "input_shape"))
        if name in {"train_on_batch", "train_step", "fit_generator"}:
            self.acts()
            self.log.add_loop(model, cell=self.cell, kind="train_on_batch" if name == "train_on_batch" else "loop")
            return UNKNOWN
        if name in {"load_weights", "set_weights"}:
            self.acts()
            return None
        if name == "save" and args and isinstance(args[0], str) and not self.doubt:
            self.saved[args[0]] = model
        if name in _HARMLESS:
            return UNKNOWN
        if name in {"call", "__call__"}:
            return self.call_model(model, args, kwargs)
        self.lose_sight(f"what .{name}() does to a model is not followed", model)
        return UNKNOWN

    def attribute_of_model(self, model: ModelOf, name: str) -> Any:
        """A property of a model; None where it is a method."""
        if name in _TRAINABLE:
            # Who asks for them may change them, as a training loop does.
            self.log.add_loop(model, cell=self.cell)
            return UNKNOWN
        if name == "layers":
            self._trace(model)
            return list(model.layers) if model.layers is not None else UNKNOWN
        if name == "input_shape" and model.input_shape is not None:
            return (None, *model.input_shape)
        if name in {"input", "inputs", "output", "outputs", "input_shape", "output_shape", "name", "metrics_names"}:
            return UNKNOWN
        if name in {"history", "optimizer", "loss", "metrics", "stop_training", "trainable", "built"}:
            return Made(Library(f"keras.model.{name}"), of_model=model)
        return None

    def layer_on(self, layer: LayerOf, x: Any) -> Any:
        """``layer(x)``."""
        if not isinstance(x, TensorOf):
            parts = x if isinstance(x, list | tuple) else ()
            tensors = [part for part in parts if isinstance(part, TensorOf)]
            if tensors:
                return TensorOf(tensors[0].origin, tensors[0].input_shape, None)
            return ArrayOf() if isinstance(x, ArrayOf) else UNKNOWN
        layer.is_used = True
        return TensorOf(x.origin, x.input_shape, None if x.layers is None else (*x.layers, layer))

    def input_tensor(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> TensorOf:
        """``Input(shape)``."""
        shape = shape_in(first(args, kwargs, "shape"))
        if "batch_shape" in kwargs:
            batch = shape_in(kwargs["batch_shape"])
            shape = None if batch is None else batch[1:]
        return TensorOf(object(), shape, (), shape)

    def keras_object(self, library: Library, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What a class of Keras other than a model makes; None where it is none."""
        name = layer_class(library)
        if name == "InputLayer":
            return LayerOf(
                LayerRecord(class_name="InputLayer", input_shape=self.input_tensor(args, kwargs).input_shape)
            )
        if name is not None:
            return made_layer(name, args, kwargs)
        return None

    def own_layer(self, kind: ClassOf) -> LayerOf:
        """An object of a class of the notebook's that is derived from a Keras layer."""
        return own_layer(kind)

    def _as_input(self, item: Any) -> Any:
        if isinstance(item, TensorOf) and item.layers == ():
            return LayerOf(LayerRecord(class_name="InputLayer", input_shape=item.input_shape))
        return item

    def _add(self, model: ModelOf, layer: Any) -> None:
        self.acts()
        found = sequential_layers([self._as_input(layer)])
        if model.layers is None or found is None:
            model.lose("the code does not show all layers of this model plainly")
        else:
            model.layers += found

    def _build(self, model: ModelOf, shape: Any) -> None:
        given = shape_in(shape)
        if given is not None and len(given) > 1 and model.input_shape is None:
            model.input_shape = given[1:]

    def _compile(self, model: ModelOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.acts()
        given = dict(zip(("optimizer", "loss", "loss_weights", "metrics"), args, strict=False)) | dict(kwargs)
        unknown: dict[str, str] = {}
        optimizer, rate = _optimizer(given.get("optimizer", "rmsprop"), unknown)
        loss, own, logits = _loss(given.get("loss"), unknown)
        metrics, own_metrics = _metrics(given.get("metrics"), unknown)
        if given.get("weighted_metrics") is not None:
            unknown["metrics"] = "the code does not show all metrics plainly"
        record = CompileRecord(
            seq=self.log.next(),
            cell=self.cell,
            model=model.id,
            loss=loss,
            own_loss=own,
            from_logits=logits,
            optimizer=optimizer,
            learning_rate=rate,
            metrics=metrics,
            own_metrics=own_metrics,
        )
        model.compiled = partly(record, unknown | {"config": A_RUN, "schedule": A_RUN})
        self.log.compiles.append(model.compiled)

    def _fit(self, model: ModelOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> HistoryOf:
        self.acts()
        given = dict(zip(_FIT, args, strict=False)) | dict(kwargs)
        unknown = sorted(set(kwargs) - set(_FIT))
        if unknown and not self.doubt:
            raise Raised("TypeError", f"fit() got an unexpected keyword argument '{unknown[0]}'")
        if model.compiled is None and not model.is_loaded and not self.doubt:
            raise Raised("ValueError", "You must call `compile()` before calling `fit()`.")
        if self.is_lacking and not isinstance(given.get("x"), ArrayOf):
            self.lose_sight("what it is trained on may not be there")
        self._trace(model)
        return HistoryOf(self.log.add_fit(model, given, cell=self.cell))

    def _evaluate(self, model: ModelOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        x, y = first(args, kwargs, "x"), first(args, kwargs, "y", at=1)
        record = EvaluationRecord(
            seq=self.log.next(),
            cell=self.cell,
            model=model.id,
            x=summary(x),
            y=None if isinstance(y, Unknown) else summary(y),
        )
        self.log.evaluations.append(partly(record, {"weights": A_RUN, "results": A_RUN}))
        number = 1 + (len(model.compiled.__dict__["metrics"]) if model.compiled is not None else 1)
        return [UNKNOWN] * number

    def _trace(self, model: ModelOf) -> None:
        """Follows ``call`` of a class of the notebook's own, to see its layers."""
        if model.instance is None or model.layers is not None or model.why:
            return
        call = model.instance.kind.find("call")
        if not isinstance(call, FunctionOf):
            model.lose("what this model computes is not written in its class")
            return
        bound = FunctionOf(call.node, call.scope, model.instance, call.defaults, call.opaque, call.owner)
        tensor = TensorOf(object(), None)
        before = len(self.log.predictions)
        given = self.call_function(bound, [tensor], {})
        del self.log.predictions[before:]
        if isinstance(given, TensorOf) and given.layers is not None and given.origin is tensor.origin:
            model.layers = list(given.layers)
        else:
            model.lose("the code does not show plainly what this model computes")


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


def _optimizer(given: Any, unknown: dict[str, str]) -> tuple[str | None, float | None]:
    if isinstance(given, str) and given.casefold() in _OPTIMIZERS:
        return _OPTIMIZERS[given.casefold()], None
    if isinstance(given, Library) and given.top == "keras":
        return given.name, None
    if isinstance(given, Made) and given.library.top == "keras" and "optimizers" in given.library.path:
        rate = given.kwargs.get("learning_rate", given.args[0] if given.args else None)
        if given.library.name not in {"get", "deserialize"}:
            return given.library.name, float(rate) if isinstance(rate, int | float) else None
    unknown["optimizer"] = unknown["learning_rate"] = "the code does not show the optimizer plainly"
    return None, None


def _loss(given: Any, unknown: dict[str, str]) -> tuple[str | None, bool, bool]:
    if given is None:
        return None, False, False
    if isinstance(given, str):
        name = given.casefold() if given.casefold() == given else snake(given)
        if name not in {"crossentropy", "ce"}:
            return _LONG.get(name, name), False, False
    if isinstance(given, Library) and given.top == "keras":
        return snake(given.name), False, False
    if isinstance(given, Made) and given.library.top == "keras" and "losses" in given.library.path:
        logits = given.kwargs.get("from_logits", given.args[0] if given.args else False)
        if isinstance(logits, bool):
            return snake(given.library.name), False, logits
    if isinstance(given, FunctionOf):
        unknown["loss"] = "the loss is your own function"
        return getattr(given.node, "name", "<lambda>"), True, False
    for name in ("loss", "own_loss", "from_logits"):
        unknown[name] = "the code does not show the loss plainly"
    return "unknown", False, False


_LONG = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "bce": "binary_crossentropy"}
_LONG |= {
    "msle": "mean_squared_logarithmic_error",
    "mape": "mean_absolute_percentage_error",
    "cce": "categorical_crossentropy",
}


def _metrics(given: Any, unknown: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if given is None:
        return (), ()
    listed = given if isinstance(given, list | tuple) else [given]
    found: list[str] = []
    for one in listed:
        if isinstance(one, str):
            found.append("accuracy" if one.casefold() in _ACCURACIES else one)
        elif isinstance(one, Made | Library):
            library = one.library if isinstance(one, Made) else one
            name = snake(library.name)
            label = one.kwargs.get("name") if isinstance(one, Made) else None
            if library.top != "keras" or not (label is None or is_plain(label)):
                unknown["metrics"] = "the code does not show all metrics plainly"
            found.append("accuracy" if name in _ACCURACIES else str(label or name))
        else:
            unknown["metrics"] = unknown["own_metrics"] = "the code does not show all metrics plainly"
    return tuple(found), ()
