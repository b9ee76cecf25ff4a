"""Which models there are: their identity, architecture, weights, and the names that hold them."""

from __future__ import annotations

import hashlib
import sys
import weakref
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras.src.saving import saving_api, saving_lib

from .channel import Channel
from .configuration import configuration
from .graph import Exported, InputSpecs, export
from .layers import Row, described, leaves, parameters_of, row_of, shape_of, table
from .plain import plain
from .reading import read_layers

MOST_UNNAMED = 8
"""So many models of one cell are held on to until it ends; a loop that makes more has its oldest recorded at once."""

MOST_GRAPHS = 40
"""Of one model: the oldest states beyond have their weights alone."""

_LOADERS = {function.__code__ for function in (saving_api.load_model, saving_lib._load_model_from_fileobj)}  # noqa: SLF001

LARGEST_WATCHED_BYTES = 64 * 2**20
"""Weights above this are looked at where they are trained or used, not after every cell."""


@dataclass
class Known:
    """What is known of one model object.

    Attributes:
        cell: Where it was made.
        record: The last `ModelRecord` that was sent.
        key: Of the architecture in it.
        used: Whether an event names the record, so that another architecture needs another one.
        complete: Whether the model was built when it was recorded.
        specs: What the model was first called with.
        read: The state of which ``rows``, ``branching`` and ``config`` were read, and these.
        fingerprint: Of the weights whose digest is ``digest``.
        compiled: The `CompileRecord` of the last ``compile``.
        at_end: Fingerprint and digest when the weights were last accounted for.
        is_loaded: Whether the model came from a file.
    """

    object_id: str
    cell: int | None
    record: dict[str, Any] = field(default_factory=dict)
    key: Any = None
    used: bool = False
    complete: bool = False
    specs: InputSpecs | None = None
    read: tuple[Any, list[Row], bool, dict[str, Any] | None] | None = None
    fingerprint: Any = None
    digest: str | None = None
    compiled: dict[str, Any] | None = None
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
        """Holds on to a new model until the cell ends, so that one without a name is recorded all the same."""
        makers = _makers()
        if keras.Sequential.build.__code__ in makers or any(other is model for other in self._waiting):
            return
        self.known(model).is_loaded = bool(_LOADERS & makers)
        self._waiting.append(model)
        if len(self._waiting) > MOST_UNNAMED:
            self._record_if_whole(self._waiting.pop(0))

    def known(self, model: Any) -> Known:
        """What is known of the object."""
        known = self._known.get(model)
        if known is None:
            self._objects += 1
            known = self._known[model] = Known(f"o{self._objects}", self._channel.cell)
        return known

    def all(self) -> Iterator[tuple[Any, Known]]:
        """Every recorded model that still exists, in the order of first sight."""
        return ((model, known) for model, known in list(self._known.items()) if known.record)

    def record(self, model: Any, *, used: bool = True) -> str:
        """The id of the model as it is now; sends its record where that is new or changed."""
        known = self.known(model)
        key = _architecture(model)
        changed = known.key is not None and key != known.key
        if not known.record or (changed and known.used and known.complete):
            self._records += 1
            known.record, known.used = {"id": f"m{self._records}"}, False
        if changed:
            known.cell = self._channel.cell
        known.used = known.used or used
        known.key, known.complete = key, bool(model.built and model.weights)
        self._send(known, self._describe(model, known))
        return str(known.record["id"])

    def weights(self, model: Any) -> str | None:
        """The digest of the model's weights as they are now, which are sent; None where it has none yet."""
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
        self._channel.emit("weights", {"digest": digest, "arrays": refs})
        return digest

    def keep_state(self, model: Any) -> str | None:
        """The digest of a state that training or loading left, with a graph of it where there is no configuration."""
        self.record(model)
        digest = self.weights(model)
        known = self.known(model)
        graphs = known.record["graphs"]
        if digest is None or known.record["config"] is not None or digest in graphs:
            return digest
        exported = Exported(problem="it was never called as a whole")
        if known.specs is not None:
            exported = export(model, known.specs)
        self._send(known, {**known.record, **self._graph_fields(exported, digest=digest, graphs=graphs)})
        return digest

    def end_of_cell(self, namespace: Mapping[str, Any]) -> None:
        """Records what models the cell left, and the names that hold them."""
        for model in self._waiting:
            if not any(other is not model and _holds(other, model) for other in self._waiting):
                self._record_if_whole(model)
        self._waiting.clear()
        for model, held_by in _names(namespace):
            known = self.known(model)
            self._record_if_whole(model)
            if known.record and not set(held_by) <= set(known.record["names"]):
                every = dict.fromkeys([*known.record["names"], *held_by])
                self._send(known, {**known.record, "names": list(every)})

    def _record_if_whole(self, model: Any) -> None:
        known = self.known(model)
        is_whole = getattr(model, "_layers", None) is not None and bool(leaves(model))
        if is_whole and (not known.record or not known.used):
            self.record(model, used=False)

    def _send(self, known: Known, record: dict[str, Any]) -> None:
        if record != known.record:
            known.record = record
            self._channel.emit("model", record)

    def _graph_fields(self, exported: Exported, *, digest: str, graphs: dict[str, str]) -> dict[str, Any]:
        ref = None if exported.graph is None else self._channel.array(exported.graph)
        if ref is None:
            return {"not_rebuildable": exported.problem or "its graph is too large to be kept"}
        latest = dict([*graphs.items(), (digest, ref)][-MOST_GRAPHS:])
        return {"graph": ref, "graphs": latest, "not_rebuildable": None}

    def _describe(self, model: Any, known: Known) -> dict[str, Any]:
        state = (known.key, bool(model.built), known.specs, [weight.trainable for weight in model.weights])
        if known.read is None or known.read[0] != state:
            known.read = (state, *self._read(model, known))
        _, rows, branching, config = known.read
        inputs, outputs = _shapes(model, known)
        before = known.record
        return {
            "id": before["id"],
            "object_id": known.object_id,
            "name": str(model.name),
            "class_name": type(model).__name__,
            "kind": _kind(model),
            "names": before.get("names", []),
            "cell": known.cell,
            "config": config,
            "graph": before.get("graph"),
            "graphs": before.get("graphs", {}),
            "not_rebuildable": before.get("not_rebuildable") if config is None else None,
            "input_shapes": inputs,
            "output_shapes": outputs or [row["output_shape"] for row in rows[-1:] if row["output_shape"]],
            "layers": plain(rows),
            "branching": branching,
            "parameters": parameters_of(model),
        }

    def _read(self, model: Any, known: Known) -> tuple[list[Row], bool, dict[str, Any] | None]:
        config = configuration(model)
        if config is not None and (found := table(model)) is not None:
            return *found, config
        known.specs = known.specs or InputSpecs.of_model(model)
        traced = read_layers(model, known.specs) if known.specs is not None and model.built else None
        return *(traced or table(model) or ([row_of(layer) for layer in leaves(model)], False)), config


def fingerprint_of(model: Any) -> Any:
    """A cheap mark of the weights' values; None where the model has no weights yet."""
    if not model.weights:
        return None
    return tuple(_mark(np.ascontiguousarray(weight.numpy())) for weight in model.weights)


def mark_of(model: Any) -> str:
    """A short mark of the weights' values: the CRC-32 over the bytes of all arrays, in hexadecimal."""
    crc = 0
    for weight in model.weights:
        crc = zlib.crc32(weight.numpy().tobytes(), crc)
    return f"{crc:08x}"


def weight_bytes(model: Any) -> int:
    """How much memory the weights take."""
    return 4 * parameters_of(model)


def _mark(array: Any) -> tuple[Any, int]:
    return array.shape, zlib.crc32(array.reshape(-1).view(np.uint8)) if array.size else 0


def _architecture(model: Any) -> tuple[Any, ...]:
    return tuple((type(layer).__name__, repr(described(layer))) for layer in leaves(model))


def _kind(model: Any) -> str:
    if isinstance(model, keras.Sequential):
        return "sequential"
    return "functional" if isinstance(model, keras.src.models.functional.Functional) else "subclass"


def _shapes(model: Any, known: Known) -> tuple[list[Any], list[Any]]:
    try:
        return [shape_of(tensor) for tensor in model.inputs], [shape_of(tensor) for tensor in model.outputs]
    except (AttributeError, ValueError):
        return [] if known.specs is None else [shape_of(spec) for spec in known.specs.flat], []


def _holds(outer: Any, model: Any) -> bool:
    return any(layer is model for layer in outer._flatten_layers(include_self=False))  # noqa: SLF001 - all depths


def _makers() -> set[Any]:
    """The code that makes a model now: a Sequential makes one for itself, ``load_model`` makes those of a file."""
    frame, found = sys._getframe(1), set()  # noqa: SLF001 - the stack says whose it is, and nothing else does
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
