"""Records what Keras does: every model that is compiled, trained, evaluated and asked for predictions.

Each method is wrapped once, on the class that defines it, before the first cell. Records leave the kernel at once;
values, errors, signatures, output and random numbers are for the student as they would be without the recorder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer
from keras.src.layers.layer import Layer
from keras.src.optimizers.base_optimizer import BaseOptimizer
from keras.src.trainers.trainer import Trainer
from keras.src.utils import traceback_utils as keras_traceback
from tensorflow.python.eager.polymorphic_function.polymorphic_function import Function
from tensorflow.python.util import traceback_utils as tensorflow_traceback

from . import iterators, speed
from .channel import Channel, interrupts_wait
from .compiled import compile_state, results_by_name
from .data import Given, Part, given_to
from .fits import FitWatch, Status
from .graph import InputSpecs, inlined, is_reading, observe_call
from .hooks import Call, Handler, Nesting, hide_frames, hook, quietly
from .loops import Loops, SetBy, is_recording_gradients
from .models import ModelRegistry
from .replay import whole_number
from .summary import summarise
from .wire import COMPILE, EVALUATION, PREDICTION, Compile, Evaluation, Place, Prediction, Summary

MOST_CALLS_PER_CELL = 50
"""Of single batches outside of training (``model(x)``, ``test_on_batch``, ...), as in a loop over rows."""

MOST_SETS_PER_CELL = 50
"""Of ``set_weights`` and ``load_weights``: a loop that averages weights after every step would send every state."""

_HOOKS: tuple[tuple[type, str, str], ...] = (
    (TensorFlowTrainer, "__init__", "created"),
    (Trainer, "compile", "compile"),
    (TensorFlowTrainer, "fit", "fit"),
    (TensorFlowTrainer, "evaluate", "evaluate"),
    (TensorFlowTrainer, "predict", "predict"),
    (TensorFlowTrainer, "train_on_batch", "train_on_batch"),
    (TensorFlowTrainer, "test_on_batch", "test_on_batch"),
    (TensorFlowTrainer, "predict_on_batch", "predict_on_batch"),
    (keras.callbacks.CallbackList, "on_epoch_end", "epoch_ending"),
    (keras.callbacks.History, "on_epoch_end", "row_written"),
    (keras.Model, "load_weights", "load_weights"),
    (Layer, "set_weights", "set_weights"),
    (Layer, "__call__", "layer_called"),
    (BaseOptimizer, "apply", "apply"),
    (keras.losses.Loss, "__call__", "loss_called"),
    (Function, "__call__", "function_called"),
)

_current: list[KerasRecorder] = []


def install(channel: Channel) -> list[str]:
    """Starts to record Keras. Its methods are wrapped once in a process; the latest channel is used.

    Returns:
        What is left out with this Keras, in words: methods that it lacks, and what makes no training faster.
    """
    is_first = not _current
    _current[:] = [KerasRecorder(channel)]
    if is_first:
        hide_frames(keras_traceback, tensorflow_traceback)
        speed.install()
        for owner, name, handler in _HOOKS:
            if name in vars(owner):
                hook(owner, name, _to_current(handler))
    missing = missing_methods((owner, name) for owner, name, _ in _HOOKS)
    for method in missing:
        channel.lost(f"calls of {method}, which this Keras does not have")
    return [*(f"records of {method}" for method in missing), *speed.left_out()]


def missing_methods(methods: Iterable[tuple[type, str]]) -> list[str]:
    """Those of the methods that their class does not define itself, as ``Class.method``: they cannot be wrapped."""
    return [f"{owner.__name__}.{name}" for owner, name in methods if name not in vars(owner)]


def begin_cell() -> None:
    """A cell starts."""
    for recorder in _current:
        recorder.begin_cell()


def end_of_cell(namespace: Mapping[str, Any]) -> None:
    """A cell has ended and left these variables."""
    for recorder in _current:
        recorder.end_of_cell(namespace)


def _to_current(handler: str) -> Handler:
    def handle(call: Call) -> Any:
        return getattr(_current[0], handler)(call)

    return handle


class KerasRecorder:
    """Records what happens to models. Each handler calls the original method exactly once.

    Args:
        channel: Where records go.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._registry = ModelRegistry(channel)
        self._loops = Loops(channel, self._registry)
        self._nesting = Nesting()
        self._in_model = Nesting()
        self._fits: list[FitWatch] = []
        self._calls = 0
        self._sets = 0

    def begin_cell(self) -> None:
        """A cell starts."""
        self._calls = self._sets = 0

    def end_of_cell(self, namespace: Mapping[str, Any]) -> None:
        """Records what the cell left: models, the variables that hold them, loops that trained them."""
        with quietly(self._channel, "record the models of a cell"):
            self._registry.end_of_cell(namespace)
        with quietly(self._channel, "record the training loops of a cell"):
            self._loops.end_of_cell()

    def created(self, call: Call) -> Any:
        result = call.run()
        with quietly(self._channel, "note a new model"):
            self._registry.created(call.item)
        return result

    def compile(self, call: Call) -> Any:
        result = call.run()
        with quietly(self._channel, "record a compile"):
            self._registry.known(call.item).compiled = self._place()
            self._channel.emit(COMPILE, self._compiled(call.item))
        return result

    def fit(self, call: Call) -> Any:
        model = call.item
        if any(other is model for other in self._nesting.models):
            return call.run()
        fit = None
        with quietly(self._channel, "record the start of a fit"):
            arguments = call.arguments()
            self._loops.close(model)
            self._loops.used(model)
            number = self._loops.next_number()
            fit = FitWatch(self._channel, self._registry, model=model, arguments=arguments, number=number)
            fit.begin(self._compiled(model) if model.compiled else None)
            call.replace("x", fit.given.replacement)
            call.replace("validation_data", fit.given.validation_replacement)
        if fit is None:
            with self._nesting.inside(model):
                return call.run()
        return self._watched_fit(call, fit)

    def _watched_fit(self, call: Call, fit: FitWatch) -> Any:
        status: Status = "raised"
        steps = None
        with quietly(self._channel, "choose the steps of a call"):
            steps = fit.steps_a_call(call.arguments())
        self._fits.append(fit)
        try:
            with self._nesting.inside(fit.model):
                with quietly(self._channel, "prepare a fit"):
                    fit.prepare(call.arguments(), steps_a_call=steps)
                with speed.taking(fit.model, steps):
                    result = call.run()
            status = "completed"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        finally:
            self._fits.remove(fit)
            with interrupts_wait(), quietly(self._channel, "record the end of a fit"):
                fit.end(status)
                self._loops.trained(fit.model)
        return result

    def epoch_ending(self, call: Call) -> Any:
        fits = [fit for fit in self._fits if fit.model is call.item.model]
        with quietly(self._channel, "look at the weights of an epoch"):
            for fit in fits:
                fit.epoch_ending()
        try:
            return call.run()
        finally:
            with quietly(self._channel, "record an epoch"):
                for fit in fits:
                    fit.epoch_ended()

    def row_written(self, call: Call) -> Any:
        result = call.run()
        with quietly(self._channel, "record an epoch"):
            logs = call.arguments()["logs"] or {}
            for fit in self._fits:
                if fit.model is call.item.model:
                    fit.row_written(logs)
        return result

    def evaluate(self, call: Call) -> Any:
        if self._nesting:
            iterators.keep(getattr(call.item, "_eval_epoch_iterator", None))
            return call.run()
        given, steps = self._given(call, "x", "y"), None
        with quietly(self._channel, "choose the steps of a call"):
            self._loops.used(call.item)
            steps = speed.steps_of_evaluation(call.item, arguments=call.arguments())
        with self._nesting.inside(call.item), speed.taking(call.item, steps):
            results = call.run()
        if given is not None:
            with quietly(self._channel, "record an evaluation"):
                given.read(self._channel, most_batches=call.arguments()["steps"])
                self._evaluated(call.item, given.training, results=results)
        return results

    def predict(self, call: Call) -> Any:
        if self._nesting:
            with speed.taking(call.item, speed.steps_of_prediction(call.item), is_prediction=True):
                return call.run()
        given = self._given(call, "x")
        with self._nesting.inside(call.item):
            output = call.run()
        if given is not None:
            with quietly(self._channel, "record a prediction"):
                given.read(self._channel, most_batches=call.arguments()["steps"])
                self._predicted(call.item, given.training.x, output=output)
        return output

    def _given(self, call: Call, *names: str) -> Given | None:
        """The data of a call, by the names of its arguments; a generator is replaced by one whose rows are seen."""
        with quietly(self._channel, "record what a model is given"):
            arguments = call.arguments()
            steps = whole_number(arguments["steps"])
            given = given_to(*(arguments[name] for name in names), steps=steps)
            call.replace("x", given.replacement)
            return given
        return None

    def test_on_batch(self, call: Call) -> Any:
        if self._nesting:
            return call.run()
        with self._nesting.inside(call.item):
            results = call.run()
        if self._may_record_call():
            with quietly(self._channel, "record an evaluation"):
                arguments = call.arguments()
                self._evaluated(call.item, given_to(arguments["x"], arguments["y"]).training, results=results)
        return results

    def predict_on_batch(self, call: Call) -> Any:
        if self._nesting:
            return call.run()
        with self._nesting.inside(call.item):
            output = call.run()
        if self._may_record_call():
            with quietly(self._channel, "record a prediction"):
                x = given_to(call.arguments()["x"]).training.x
                self._predicted(call.item, x, output=output)
        return output

    def train_on_batch(self, call: Call) -> Any:
        if self._nesting:
            return call.run()
        with quietly(self._channel, "record a step of training"):
            arguments = call.arguments()
            self._loops.train_on_batch(call.item, arguments["x"], arguments["y"])
        with self._nesting.inside(call.item):
            return call.run()

    def load_weights(self, call: Call) -> Any:
        return self._setting_weights(call, how="load_weights")

    def set_weights(self, call: Call) -> Any:
        return self._setting_weights(call, how="set_weights") if isinstance(call.item, keras.Model) else call.run()

    def layer_called(self, call: Call) -> Any:
        if is_reading():
            return observe_call(call)
        if self._in_model or not isinstance(call.item, keras.Model):
            return call.run()
        was_built = bool(getattr(call.item, "built", False))
        with self._in_model.inside(call.item):
            outputs = call.run()
        with quietly(self._channel, "record a call of a model"):
            if not _is_symbolic(call.first()):
                self._model_called(call, outputs, was_built=was_built)
        return outputs

    def apply(self, call: Call) -> Any:
        if not self._nesting:
            with quietly(self._channel, "watch an optimizer"):
                self._loops.applying(call.item)
        return call.run()

    def loss_called(self, call: Call) -> Any:
        if not self._nesting and is_recording_gradients():
            with quietly(self._channel, "watch a loss"):
                self._loops.loss_computed(call.item, call.first())
        return call.run()

    def function_called(self, call: Call) -> Any:
        if is_reading():
            return inlined(call)
        if self._nesting or not tf.executing_eagerly():
            return call.run()
        return self._loops.function_called(call)

    def _model_called(self, call: Call, outputs: Any, *, was_built: bool) -> None:
        model, inputs = call.item, call.first()
        known = self._registry.known(model)
        if known.specs is None:
            known.specs = InputSpecs.of_call(model, inputs)
        if self._nesting:
            for fit in self._fits:
                if fit.model is model:
                    fit.called()
        elif is_recording_gradients():
            self._loops.called(model, inputs, was_built=was_built)
        elif tf.executing_eagerly() and not _is_training(call) and self._may_record_call():
            self._predicted(model, given_to(inputs).training.x, output=outputs, by_call=True)

    def _setting_weights(self, call: Call, *, how: SetBy) -> Any:
        model = call.item
        self._sets += 1
        if self._nesting or self._sets > MOST_SETS_PER_CELL:
            return call.run()
        before = None
        with quietly(self._channel, "record weights that are set"):
            self._loops.close(model)
            before = self._registry.weights(model)
        with self._nesting.inside(model):
            result = call.run()
        self._loops.weights_set(model, how=how, before=before)
        return result

    def _compiled(self, model: Any) -> Compile:
        place = self._registry.known(model).compiled or self._place()
        return {**place, "model": self._registry.record(model), **compile_state(model)}

    def _evaluated(self, model: Any, part: Part, *, results: Any) -> None:
        identifier = self._registry.record(model)
        self._channel.emit(
            EVALUATION,
            Evaluation(
                **self._place(),
                model=identifier,
                weights=self._registry.keep_state(model),
                x=part.x,
                y=part.y,
                results=results_by_name(model, results),
            ),
        )

    def _predicted(self, model: Any, x: Summary, *, output: Any, by_call: bool = False) -> None:
        identifier = self._registry.record(model)
        self._channel.emit(
            PREDICTION,
            Prediction(
                **self._place(),
                model=identifier,
                weights=self._registry.weights(model) if by_call else self._registry.keep_state(model),
                x=x,
                output=summarise(next(iter(keras.tree.flatten(output)), None)),
            ),
        )

    def _place(self) -> Place:
        return {"seq": self._channel.next_seq(), "cell": self._channel.cell}

    def _may_record_call(self) -> bool:
        self._calls += 1
        if self._calls == MOST_CALLS_PER_CELL + 1:
            self._channel.lost(f"more than {MOST_CALLS_PER_CELL} calls of models in one cell")
        return self._calls <= MOST_CALLS_PER_CELL


def _is_training(call: Call) -> bool:
    return bool(call.kwargs.get("training")) or any(argument is True for argument in call.args[1:])


def _is_symbolic(inputs: Any) -> bool:
    return any(isinstance(item, keras.KerasTensor) for item in keras.tree.flatten(inputs))
