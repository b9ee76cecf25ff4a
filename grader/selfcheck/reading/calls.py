"""What calls give: of functions, methods and classes, of libraries and of the notebook's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader.selfcheck.reading.libraries import Libraries
from grader.selfcheck.reading.numpy_arrays import pipeline_of
from grader.selfcheck.reading.state import MAX_ITEMS, Method
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
    Unknown,
    holds_model,
)

TRAINING_WORDS = frozenset({"epochs", "validation_split", "validation_data", "batch_size", "callbacks", "optimizer"})
_MUTATES = frozenset(
    {"append", "extend", "insert", "remove", "clear", "update", "setdefault", "pop", "sort", "reverse"}
)


_FOLLOWED: Mapping[type, frozenset[str]] = {
    str: frozenset({"lower", "upper", "strip", "split", "startswith", "endswith", "title", "capitalize"}),
    list: frozenset({"append", "extend", "insert", "pop", "remove", "clear", "index", "count", "copy", "reverse"}),
    dict: frozenset({"items", "keys", "values", "get", "update", "pop", "setdefault", "copy", "clear"}),
    tuple: frozenset({"index", "count"}),
}
"""Methods whose result is known where their arguments are, and never large where these are not."""


class Calls(Libraries):
    """The part of the reading that calls."""

    def call(  # noqa: C901, PLR0911 - one branch a kind
        self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """What a call gives."""
        self.step()
        if isinstance(function, Method):
            return self.call_method(function.of, function.name, args, kwargs=kwargs)
        if isinstance(function, FunctionOf):
            return self.call_function(function, args, kwargs)
        if isinstance(function, Library):
            return self.call_library(function, args, kwargs)
        if isinstance(function, ClassOf):
            return self.make(function, args, kwargs)
        if isinstance(function, LayerOf):
            return self.layer_on(function, args[0] if args else kwargs.get("inputs", UNKNOWN))
        if isinstance(function, ModelOf):
            return self.call_model(function, args, kwargs)
        if isinstance(function, InstanceOf):
            if function.model is not None:
                return self.call_model(function.model, args, kwargs)
            own = function.kind.find("__call__")
            if isinstance(own, FunctionOf):
                return self.call_function(FunctionOf(own.node, own.scope, function, own.defaults), args, kwargs)
        if not isinstance(function, Made):
            self.given_away([*args, *kwargs.values()], "what a function does to a model is not followed")
        return UNKNOWN

    def call_method(  # noqa: PLR0911 - one branch a kind
        self, owner: Any, name: str, args: Sequence[Any], *, kwargs: Mapping[str, Any]
    ) -> Any:
        """What a call of a method gives."""
        if isinstance(owner, ModelOf):
            return self.method_of_model(owner, name, args, kwargs=kwargs)
        if isinstance(owner, ArrayOf):
            return self.array_method(owner, name, args, kwargs=kwargs)
        if isinstance(owner, Made):
            return self.method_of_made(owner, name, args, kwargs=kwargs)
        if isinstance(owner, dict | list | str | tuple):
            return self._method_of_plain(owner, name, args, kwargs=kwargs)
        if isinstance(owner, LayerOf) and name == "get_config":
            return Made(Library("keras.layers.config"), of_model=owner)
        if isinstance(owner, LayerOf | HistoryOf):
            return ArrayOf() if name == "call" else UNKNOWN
        values = [*args, *kwargs.values()]
        is_training = name in {"fit", "compile", "train_on_batch"} and (
            not isinstance(owner, Unknown) or owner.why or bool(TRAINING_WORDS & set(kwargs))
        )
        if is_training or (name == "add" and any(isinstance(value, LayerOf) for value in values)):
            self.lose_sight(f"which model .{name}() is called on is not known")
        if name == "apply_gradients":
            self.lose_sight("which model is trained by apply_gradients is not known")
        self.given_away(values, f"what .{name}() does to a model is not followed")
        if name == "from_tensor_slices":
            return pipeline_of(args[0] if args and isinstance(args[0], list | tuple) else args)
        return UNKNOWN

    def _method_of_plain(self, owner: Any, name: str, args: Sequence[Any], *, kwargs: Mapping[str, Any]) -> Any:
        if name in _MUTATES and self.doubt:
            if holds_model([owner, *args]):
                self.lose_sight(self.doubt)
            if isinstance(owner, list):
                owner[:] = [UNKNOWN] * max(len(owner), 1)
            return UNKNOWN
        if name not in _FOLLOWED.get(type(owner), frozenset()):
            return UNKNOWN
        try:
            result: Any = getattr(owner, name)(*args, **kwargs)
        except Exception:  # noqa: BLE001 - what it raises, a run shows
            return UNKNOWN
        if len(owner) > MAX_ITEMS:
            self.lose_sight("a list grows beyond what is followed")
            owner.clear()
        return list(result) if isinstance(owner, dict) and name in {"items", "keys", "values"} else result

    def make(self, kind: ClassOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """An object of a class of the notebook."""
        base = kind.library_base
        if any(isinstance(one, Unknown) for one in kind.bases):
            self.given_away([*args, *kwargs.values()], "what a class is derived from is not known")
            return UNKNOWN
        if base is not None and base.top == "keras" and base.name not in {"Model", "Sequential"}:
            return self.own_layer(kind) if base.path.startswith("keras.layers") else Made(Library("own.object"))
        instance = InstanceOf(kind)
        if base is not None and base.top == "keras":
            instance.model = self.instance_model(instance)
            if base.name == "Sequential" or kind.find("fit") or kind.find("train_step"):
                instance.model.lose("its class changes how it is built or trained")
                self.lose_sight("a class of your own changes how its model is built or trained")
        start = kind.find("__init__")
        if isinstance(start, FunctionOf):
            self.call_function(
                FunctionOf(start.node, start.scope, instance, start.defaults, False, start.owner), args, kwargs
            )
        return instance if instance.model is None else instance.model
