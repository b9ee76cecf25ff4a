"""Registers models: identity, architecture, weights, and the variables that hold them."""

from __future__ import annotations

import hashlib
import sys
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras.src.saving import saving_api, saving_lib

from .channel import Channel
from .checksum import weights_checksum
from .configuration import configuration
from .graph import Exported, InputSpecs, export
from .layers import described, layers_of, leaves, parameters_of, record_of, shape_of
from .plain import plain
from .reading import read_layers
from .wire import MODEL, WEIGHTS, Json, Layer, Model, Place, Shape, Weights

MOST_UNNAMED = 8
"""So many models of one cell are kept alive until it ends; of more, the oldest is recorded at once."""

MOST_GRAPHS = 40
"""Of one model; of older states the weights alone are kept."""

_LOADERS = {function.__code__ for function in (saving_api.load_model, saving_lib._load_model_from_fileobj)}  # noqa: SLF001

LARGEST_WATCHED_BYTES = 64 * 2**20
"""Larger weights are read where they are trained or used, not after every cell."""


@dataclass
class Known:
    """What is known of one model object.

    Attributes:
        cell: Where it was made.
        id: Of its record; empty before the first one.
        record: The last `ModelRecord` of that id that was sent; None before the first one.
        key: Identifies the architecture in it.
        used: Whether an event names the record, so that another architecture needs a record of its own.
        complete: Whether the model was built when it was recorded.
        specs: What the model was first called with.
        read: A state of the model, and the layers, ``branching`` and ``config`` that were read in it.
        fingerprint: Of the weights whose digest is ``digest``.
        compiled: When and where ``compile`` was called last.
        at_end: Fingerprint and digest of the last weights of which the origin is known.
        is_loaded: Whether the model came from a file.
    """

    object_id: str
    cell: int | None
    id: str = ""
    record: Model | None = None
    key: Any = None
    used: bool = False
    complete: bool = False
    specs: InputSpecs | None = None
    read: tuple[Any, list[Layer], bool, Json | None] | None = None
    fingerprint: Any = None
    digest: str | None = None
    compiled: Place | None = None
    at_end: tuple[Any, str | None] = (None, None)
    is_loaded: bool = False


class ModelRegistry:
    """Records every model once, and again where it changed."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._known: weakref.WeakKeyDictionary[Any, Known] = weakref.WeakKeyDictionary()
        self._waiting: list[Any] = []
        self._objects = 0
        self._records = 0

    def created(self, model: Any) -> None:
        """Keeps a new model alive until the cell ends, so that one that no variable holds is recorded as well."""
        makers = _makers()
        if keras.Sequential.build.__code__ in makers or any(other is model for other in self._waiting):
            return
        self.known(model).is_loaded = bool(_LOADERS & makers)
        self._waiting.append(model)
        if len(self._waiting) > MOST_UNNAMED:
            self._record_if_complete(self._waiting.pop(0))

    def known(self, model: Any) -> Known:
        """What is known of the object."""
        known = self._known.get(model)
        if known is None:
            self._objects += 1
            known = self._known[model] = Known(f"o{self._objects}", self._channel.cell)
        return known

    def all(self) -> Iterator[tuple[Any, Known]]:
        """Every recorded model that still exists, in the order of first sight."""
        return ((model, known) for model, known in list(self._known.items()) if known.id)

    def record(self, model: Any, *, used: bool = True) -> str:
        """The id of the model as it is now; sends its record if that is new or has changed."""
        known = self.known(model)
        key = _architecture(model)
        changed = known.key is not None and key != known.key
        if not known.id or (changed and known.used and known.complete):
            self._records += 1
            known.id, known.record, known.used = f"m{self._records}", None, False
        if changed:
            known.cell = self._channel.cell
        known.used = known.used or used
        known.key, known.complete = key, bool(model.built and model.weights)
        self._send(known, self._describe(model, known))
        return known.id

    def weights(self, model: Any) -> str | None:
        """Sends the model's weights as they are now; their digest, or None where it has none yet."""
        known = self.known(model)
        fingerprint = fingerprint_of(model)
        if fingerprint is None:
            return None
        if fingerprint != known.fingerprint:
            known.digest = self.store([weight.numpy() for weight in model.weights])
            known.fingerprint = fingerprint
        return known.digest

    def store(self, arrays: list[Any]) -> str:
        """Sends a state of weights, and returns its digest."""
        refs = [self._channel.array(array) for array in arrays]
        if None in refs:
            return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
        digest = hashlib.sha256("".join(str(ref) for ref in refs).encode()).hexdigest()
        self._channel.emit(WEIGHTS, Weights(digest=digest, arrays=[str(ref) for ref in refs]))
        return digest

    def keep_state(self, model: Any) -> str | None:
        """Sends the weights that training or loading left, and their graph where there is no configuration.

        Returns:
            Their digest; None where the model has no weights yet.
        """
        self.record(model)
        digest = self.weights(model)
        known = self.known(model)
        record = known.record
        if digest is None or record is None or record["config"] is not None or digest in record["graphs"]:
            return digest
        exported = Exported(problem="it was never called as a whole")
        if known.specs is not None:
            exported = export(model, known.specs)
        self._send(known, self._with_graph(record, exported, digest=digest))
        return digest

    def end_of_cell(self, namespace: Mapping[str, Any]) -> None:
        """Records the models that the cell left, and the variables that hold them."""
        for model in self._waiting:
            if not any(other is not model and _holds(other, model) for other in self._waiting):
                self._record_if_complete(model)
        self._waiting.clear()
        for model, held_by in _names(namespace):
            known = self.known(model)
            self._record_if_complete(model)
            record = known.record
            if record is not None and not set(held_by) <= set(record["names"]):
                record = record.copy()
                record["names"] = list(dict.fromkeys([*record["names"], *held_by]))
                self._send(known, record)

    def _record_if_complete(self, model: Any) -> None:
        known = self.known(model)
        has_layers = getattr(model, "_layers", None) is not None and bool(leaves(model))
        if has_layers and (not known.id or not known.used):
            self.record(model, used=False)

    def _send(self, known: Known, record: Model) -> None:
        if record != known.record:
            known.record = record
            self._channel.emit(MODEL, record)

    def _with_graph(self, record: Model, exported: Exported, *, digest: str) -> Model:
        ref = None if exported.graph is None else self._channel.array(exported.graph)
        changed = record.copy()
        if ref is None:
            changed["not_rebuildable"] = exported.problem or "its graph is too large to be kept"
        else:
            changed["graphs"] = dict([*record["graphs"].items(), (digest, ref)][-MOST_GRAPHS:])
            changed["not_rebuildable"] = None
        return changed

    def _describe(self, model: Any, known: Known) -> Model:
        state = (known.key, bool(model.built), known.specs, [weight.trainable for weight in model.weights])
        if known.read is None or known.read[0] != state:
            known.read = (state, *self._read(model, known))
        _, layers, branching, config = known.read
        inputs, outputs = _shapes(model, known)
        before = known.record
        return {
            "id": known.id,
            "object_id": known.object_id,
            "name": str(model.name),
            "class_name": type(model).__name__,
            "kind": _kind(model),
            "names": [] if before is None else before["names"],
            "cell": known.cell,
            "config": config,
            "graphs": {} if before is None else before["graphs"],
            "not_rebuildable": None if before is None or config is not None else before["not_rebuildable"],
            "input_shapes": inputs,
            "output_shapes": outputs or [shape for layer in layers[-1:] if (shape := layer["output_shape"])],
            "layers": plain(layers),
            "branching": branching,
        }

    def _read(self, model: Any, known: Known) -> tuple[list[Layer], bool, Json | None]:
        config = configuration(model)
        if config is not None and (found := layers_of(model)) is not None:
            return *found, config
        known.specs = known.specs or InputSpecs.of_model(model)
        traced = read_layers(model, known.specs) if known.specs is not None and model.built else None
        return *(traced or layers_of(model) or ([record_of(layer) for layer in leaves(model)], False)), config


def fingerprint_of(model: Any) -> Any:
    """A checksum of each of the model's weights; None where it has none yet."""
    if not model.weights:
        return None
    return tuple(_fingerprint(np.ascontiguousarray(weight.numpy())) for weight in model.weights)


def checksum_of(model: Any) -> str:
    """The checksum of all the model's weights together."""
    return weights_checksum(weight.numpy() for weight in model.weights)


def weight_bytes(model: Any) -> int:
    """How much memory the weights take."""
    return 4 * parameters_of(model)


def _fingerprint(array: Any) -> tuple[Any, int]:
    return array.shape, zlib.crc32(array.reshape(-1).view(np.uint8)) if array.size else 0


def _architecture(model: Any) -> tuple[Any, ...]:
    return tuple((type(layer).__name__, repr(described(layer))) for layer in leaves(model))


def _kind(model: Any) -> Literal["sequential", "functional", "subclass"]:
    if isinstance(model, keras.Sequential):
        return "sequential"
    return "functional" if isinstance(model, keras.src.models.functional.Functional) else "subclass"


def _shapes(model: Any, known: Known) -> tuple[list[Shape], list[Shape]]:
    try:
        return _shapes_of(model.inputs), _shapes_of(model.outputs)
    except (AttributeError, ValueError):
        return [] if known.specs is None else _shapes_of(known.specs.flat), []


def _shapes_of(tensors: Iterable[Any]) -> list[Shape]:
    return [shape for tensor in tensors if (shape := shape_of(tensor)) is not None]


def _holds(outer: Any, model: Any) -> bool:
    return any(layer is model for layer in outer._flatten_layers(include_self=False))  # noqa: SLF001 - all depths


def _makers() -> set[Any]:
    """The code on the call stack: a Sequential makes a model for itself, ``load_model`` makes those of a file."""
    frame, found = sys._getframe(1), set()  # noqa: SLF001 - the call stack alone says who makes a model
    while frame.f_back is not None:
        frame = frame.f_back
        found.add(frame.f_code)
    return found


def _names(namespace: Mapping[str, Any]) -> list[tuple[Any, list[str]]]:
    """Each model that a variable holds, itself or in a list or dictionary, with the expressions that give it."""
    found: dict[int, tuple[Any, list[str]]] = {}
    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        for expression, item in _held(name, value):
            if isinstance(item, keras.Model):
                found.setdefault(id(item), (item, []))[1].append(expression)
    return list(found.values())


def _held(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if type(value) in {list, tuple} and len(value) <= 100:
        yield from ((f"{name}[{index}]", item) for index, item in enumerate(value))
    elif type(value) is dict and len(value) <= 100:
        yield from ((f"{name}[{key!r}]", item) for key, item in value.items() if isinstance(key, str | int))
    else:
        yield name, value
