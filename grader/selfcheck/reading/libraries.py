"""What calls of libraries and of Python's own functions give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.attribution.removed_table import removed_name
from grader.selfcheck.reading.arrays import array_call, attribute, loaded, method_call
from grader.selfcheck.reading.layers import activation_of, made_layer
from grader.selfcheck.reading.models import Models
from grader.selfcheck.reading.numpy_arrays import combined
from grader.selfcheck.reading.state import MAX_ITEMS, Method, first, within_bounds
from grader.selfcheck.reading.values import (
    UNKNOWN,
    ArrayOf,
    FunctionOf,
    HistoryOf,
    InstanceOf,
    LayerOf,
    Library,
    Made,
    ModelOf,
    TensorOf,
    Unknown,
    holds_model,
    is_known,
)

_CONSTANTS = {
    "numpy.pi": math.pi,
    "math.pi": math.pi,
    "numpy.e": math.e,
    "math.e": math.e,
    "numpy.inf": math.inf,
    "math.inf": math.inf,
    "numpy.newaxis": None,
    "tensorflow.newaxis": None,
}
_FOLDED: dict[str, Callable[..., Any]] = {
    "len": len,
    "list": list,
    "tuple": tuple,
    "set": set,
    "dict": dict,
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "abs": abs,
    "round": round,
    "sum": sum,
    "min": min,
    "max": max,
    "sorted": sorted,
    "any": any,
    "all": all,
    "range": range,
    "divmod": divmod,
}
_ON_ITEMS: dict[str, Callable[..., Any]] = {"zip": zip, "enumerate": enumerate, "reversed": reversed}
_LOOKS_ON = frozenset(
    {
        "print",
        "len",
        "str",
        "repr",
        "type",
        "id",
        "isinstance",
        "display",
        "hasattr",
        "callable",
        "format",
        "dir",
        "vars",
    }
)
"""Functions that change nothing of what they are given."""

_LOOKS_ON_MODELS = frozenset({"plot_model", "model_to_dot", "clear_session", "count_params", "print_summary"})
_READS: tuple[str, ...] = (
    "open",
    "input",
    "pandas.read_",
    "numpy.load",
    "numpy.genfromtxt",
    "matplotlib.pyplot.imread",
    "PIL.Image.open",
)
_READS += (
    "os.chdir",
    "os.listdir",
    "urllib.",
    "requests.",
    "google.colab",
    "tensorflow_datasets.",
    "zipfile.",
    "gdown.",
)
_READS += ("keras.utils.get_file", "sklearn.datasets.fetch_", "subprocess.")
_OTHER_KERAS = ("tensorflow.python.keras", "tf_keras", "tensorflow.compat.v1.keras")
_HAS_GONE = frozenset({"keras", "tensorflow", "numpy", "pandas", "sklearn", "scipy", "matplotlib"})
_GONE_ARGUMENTS = frozenset({"lr", "decay"})
_RUNS_CODE = frozenset({"exec", "eval", "globals", "locals", "compile", "__import__", "get_ipython"})
_LOADERS = frozenset({"load_model", "model_from_json", "model_from_config", "from_config"})


class Libraries(Models):
    """The part of the reading that knows of libraries."""

    def member(self, library: Library, name: str) -> Any:
        """A name in a module or class of a library."""
        path = canonical(f"{library.path}.{name}")
        self.may_be_gone(library.path, name)
        return _CONSTANTS.get(path, Library(path)) if path in _CONSTANTS else Library(path)

    def may_be_gone(self, module: str, name: str) -> None:
        """Where a name is gone from its library, the rest of the cell may not run; another Keras is not followed."""
        if module.startswith(_OTHER_KERAS):
            self.lose_sight("it uses a Keras that is not Keras 3")
        elif module.partition(".")[0] in _HAS_GONE and removed_name(module, name) is not None:
            self.doubt = self.doubt or f"{module}.{name} is gone from the library"

    def call_library(  # noqa: PLR0911 - one branch a function
        self, library: Library, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """A call of a library's function or class."""
        path, name = library.path, library.name
        if library.top == "builtins":
            return self._builtin(name, args, kwargs)
        if path.startswith(_READS):
            return self._reads(path)
        if library.top == "keras":
            return self._keras(library, args, kwargs)
        if path.startswith(("tensorflow.nn.", "tensorflow.math.")):
            return self._operation(library, args)
        if library.top == "tqdm" and args:
            return args[0]
        if name in {"deepcopy", "clone_model"}:
            return self._copied(args)
        self.given_away([*args, *kwargs.values()], f"what {path} does to a model is not followed")
        given = array_call(library, args, kwargs)
        if isinstance(given, Unknown):
            return Made(library, tuple(args), dict(kwargs)) if library.top in {"sklearn", "numpy", "keras"} else UNKNOWN
        return given

    def method_of_made(self, made: Made, name: str, args: Sequence[Any], *, kwargs: Mapping[str, Any]) -> Any:
        """A method of what a library made: an optimizer, a scaler, a random generator."""
        path = made.library.path
        values = [*args, *kwargs.values()]
        if path.startswith("numpy.random"):
            return array_call(Library(f"numpy.random.{name}"), args, kwargs)
        if path.startswith("sklearn.") and name in {"fit_transform", "transform"}:
            x = first(args, kwargs, "X")
            is_scaler = path.endswith("Scaler") and isinstance(x, ArrayOf)
            return ArrayOf(x.shape) if is_scaler else ArrayOf()
        if path.startswith("sklearn.") and name == "fit":
            return made
        if made.of_model is not None and "optimizer" in path:
            self.log.add_loop(made.of_model, cell=self.cell)
            return UNKNOWN
        if not path.startswith("keras.optimizers"):
            self.given_away(values, f"what {path}.{name}() does to a model is not followed")
        return UNKNOWN

    def attribute_of_made(self, made: Made, name: str) -> Any:
        """A property of what a library made."""
        if made.library.path.startswith("sklearn.table."):
            parts = {"data": made.args[0], "target": made.args[1]}
            return parts.get(name, UNKNOWN)
        if made.of_model is not None and made.library.name != "optimizer":
            return UNKNOWN
        return Method(made, name)

    def _builtin(  # noqa: C901, PLR0911, PLR0912 - one branch a function
        self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        if name in {"open", "input"}:
            return self._reads(name)
        if name in _RUNS_CODE:
            self.any_name = True
            if name != "get_ipython":
                self.lose_sight(f"{name}() may do anything")
            return UNKNOWN
        if name == "len" and len(args) == 1 and isinstance(args[0], ArrayOf):
            return UNKNOWN if args[0].rows is None else args[0].rows
        if name == "type" and len(args) == 1 and isinstance(args[0], LayerOf) and args[0].record.own_class is None:
            return Library(f"keras.layers.{args[0].record.class_name}")
        if name in _LOOKS_ON:
            return len(args[0]) if name == "len" and isinstance(args[0], list | tuple | dict | str | range) else UNKNOWN
        if name in _ON_ITEMS or name in {"list", "tuple", "dict", "len"}:
            return self._on_items(name, args, kwargs)
        if name in {"super", "object"}:
            return UNKNOWN
        if name == "map" and len(args) == 2 and isinstance(args[1], list | tuple | range):
            return [self.call(args[0], [item], {}) for item in list(args[1])[:64]]
        if name == "getattr" and len(args) > 1 and isinstance(args[1], str):
            return self.attribute(args[0], args[1])
        is_large = any(isinstance(one, range) and len(one) > MAX_ITEMS for one in args)
        if name in _FOLDED and all(map(is_known, args)) and is_known(dict(kwargs)) and not is_large:
            try:
                return within_bounds(_FOLDED[name](*args, **kwargs))
            except Exception:  # noqa: BLE001 - what it raises, a run shows
                return UNKNOWN
        if name in {"float", "int", "round", "abs", "sum", "min", "max"}:
            return UNKNOWN
        self.given_away([*args, *kwargs.values()], f"what {name}() does to a model is not followed")
        return UNKNOWN

    def _on_items(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        whole = all(isinstance(one, list | tuple | range | dict | str | zip | enumerate) for one in args[:1])
        if name == "zip":
            whole = bool(args) and all(isinstance(one, list | tuple | range | dict) for one in args)
        if not whole or (name == "enumerate" and not is_known(list(args[1:]))):
            self.given_away(
                [one for one in args if not isinstance(one, list | tuple)], "a model is hidden in an iterator"
            )
            return UNKNOWN
        if any(hasattr(one, "__len__") and len(one) > MAX_ITEMS for one in args):
            return UNKNOWN
        try:
            made = (_ON_ITEMS.get(name) or _FOLDED[name])(*args, **kwargs)
        except Exception:  # noqa: BLE001 - what it raises, a run shows
            return UNKNOWN
        return list(made) if name in _ON_ITEMS else made

    def attribute(self, owner: Any, name: str) -> Any:  # noqa: PLR0911 - one branch a kind
        """A property of any value."""
        if isinstance(owner, Library):
            return owner.name if name == "__name__" else self.member(owner, name)
        if isinstance(owner, ModelOf):
            found = self.attribute_of_model(owner, name)
            return Method(owner, name) if found is None else found
        if isinstance(owner, InstanceOf):
            return self.attribute_of_instance(owner, name)
        if isinstance(owner, ArrayOf):
            found = attribute(owner, name)
            return (
                Method(owner, name) if isinstance(found, Unknown) and name not in {"shape", "size", "ndim"} else found
            )
        if isinstance(owner, Made):
            return self.attribute_of_made(owner, name)
        if isinstance(owner, HistoryOf):
            return UNKNOWN if name != "model" else self.log.fitted[owner.fit]
        if isinstance(owner, LayerOf) and name not in {"set_weights", "get_weights"}:
            return owner.record.config[name] if name in owner.record.config else Method(owner, name)
        return Method(owner, name)

    def attribute_of_instance(self, instance: InstanceOf, name: str) -> Any:
        """A property of an object of a class of the notebook's."""
        if name in instance.attributes:
            return instance.attributes[name]
        found = instance.kind.find(name)
        if isinstance(found, FunctionOf):
            return FunctionOf(found.node, found.scope, instance, found.defaults, found.opaque, found.owner)
        if found is not None:
            return found
        if instance.model is not None:
            given = self.attribute_of_model(instance.model, name)
            return Method(instance.model, name) if given is None else given
        return Method(instance, name)

    def _keras(  # noqa: C901, PLR0911, PLR0912 - one branch a function
        self, library: Library, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        name, path = library.name, library.path
        if name == "Sequential":
            return self.sequential(args, kwargs)
        if name in {"Model", "Functional"}:
            return self.functional(args, kwargs)
        if name == "Input":
            return self.input_tensor(args, kwargs)
        if path.startswith("keras.optimizers.") and _GONE_ARGUMENTS & set(kwargs):
            self.doubt = self.doubt or "the optimizer has an argument that is gone"
        if path.startswith("keras.datasets."):
            data_set = path.split(".")[2]
            if data_set not in self.at_hand:
                return self._reads(path)
            self.log.loaded.add(data_set)
            return loaded(data_set, self.at_hand[data_set]) if name == "load_data" else UNKNOWN
        if name == "from_config" and args and isinstance(args[0], Made) and isinstance(args[0].of_model, LayerOf):
            of = args[0].of_model
            return LayerOf(of.record.model_copy(), known=of.known)
        if name == "load_model" and args and isinstance(args[0], str) and args[0] in self.saved:
            return self._copied([self.saved[args[0]]])
        if path.startswith("keras.applications.") or name in _LOADERS:
            self.lose_sight("a model that is loaded is not known")
            return UNKNOWN
        if name == "clone_model":
            return self._copied(args)
        if path == "keras.activations.get" and args and isinstance(args[0], str):
            return Library(f"keras.activations.{args[0]}")
        made = self.keras_object(library, args, kwargs)
        if made is not None:
            return made
        if path.startswith(("keras.activations.", "keras.ops.", "keras.backend.")) and args:
            return self._operation(library, args)
        if path.startswith("keras.layers."):
            return self._operation(library, args)
        if name not in _LOOKS_ON_MODELS and not path.startswith("keras.callbacks"):
            self.given_away([*args, *kwargs.values()], f"what {path} does to a model is not followed")
        found = array_call(library, args, kwargs)
        return Made(library, tuple(args), dict(kwargs)) if isinstance(found, Unknown) else found

    def _operation(self, library: Library, args: Sequence[Any]) -> Any:
        """A function of Keras or TensorFlow on a symbolic tensor, or on an array."""
        x = args[0] if args else UNKNOWN
        if isinstance(x, TensorOf):
            name = activation_of(library)
            known = {"relu", "sigmoid", "softmax", "tanh", "elu", "selu", "gelu", "silu", "softplus"}
            if name in known and x.layers is not None:
                return self.layer_on(made_layer("Activation", [name], {}), x)
            return TensorOf(x.origin, x.input_shape, None)
        if isinstance(x, list | tuple) and any(isinstance(part, TensorOf) for part in x):
            part = next(part for part in x if isinstance(part, TensorOf))
            return TensorOf(part.origin, part.input_shape, None)
        self.given_away(args, f"what {library.path} does to a model is not followed")
        return array_call(library, args, {})

    def _copied(self, args: Sequence[Any]) -> Any:
        of = args[0] if args else UNKNOWN
        if not isinstance(of, ModelOf):
            return UNKNOWN if holds_model(of) else of
        self.acts()
        copy = ModelOf(of.kind, self.cell, None if of.layers is None else list(of.layers), of.input_shape, of.why)
        copy.class_name, copy.compiled, copy.is_loaded = of.class_name, of.compiled, True
        return self.log.add_model(copy)

    def _reads(self, path: str) -> Any:
        """What lies outside of the notebook may be missing where it is graded: the rest of the cell may not run."""
        self.is_lacking = True
        self.lasting_doubt = f"it follows {path}(), which needs something that may not be there"
        self.doubt = self.doubt or self.lasting_doubt
        return UNKNOWN

    def operate(self, left: Any, right: Any, sign: str, *, compares: bool = False) -> Any:
        """An operator on arrays or symbolic tensors."""
        if isinstance(left, TensorOf) or isinstance(right, TensorOf):
            tensor = left if isinstance(left, TensorOf) else right
            name = {"/": "TrueDivide", "*": "Multiply", "-": "Subtract", "+": "Add"}.get(sign)
            is_scalar = isinstance(right if tensor is left else left, int | float)
            if name is not None and is_scalar and isinstance(tensor, TensorOf):
                return self.layer_on(made_layer(name, [], {}), tensor)
            return TensorOf(tensor.origin, tensor.input_shape, None)
        if isinstance(left, ArrayOf) or isinstance(right, ArrayOf):
            return combined(left, right, compares=compares)
        return UNKNOWN

    def array_method(self, array: ArrayOf, name: str, args: Sequence[Any], *, kwargs: Mapping[str, Any]) -> Any:
        """A method of an array."""
        self.given_away([*args, *kwargs.values()], f"what .{name}() does to a model is not followed")
        return method_call(array, name, args, kwargs=kwargs)


def canonical(path: str) -> str:
    """A dotted path under the shortest name that it is known by: TensorFlow's Keras is Keras."""
    for prefix in ("tensorflow.keras", "keras.api", "keras.src"):
        if path == prefix or path.startswith(prefix + "."):
            path = "keras" + path[len(prefix) :]
    if path.startswith("tensorflow.compat.v1."):
        path = "tensorflow." + path.removeprefix("tensorflow.compat.v1.")
    for old, new in (("keras.models.Sequential", "keras.Sequential"), ("keras.models.Model", "keras.Model")):
        path = new if path == old else path
    return path
