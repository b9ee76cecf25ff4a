"""Applies edits to what a fit started with: the model's configuration, the compiled one, and the arguments."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from grader.records import Edit, ModelRecord, edited_layers, values_set
from grader.verification.guest import wire

Json = dict[str, Any]


class NotEditableError(Exception):
    """A model that cannot be edited by its configuration, with the reason in words."""


def edited_config(model: ModelRecord, edits: Sequence[Edit], *, row_shape: Sequence[int]) -> Json:
    """The configuration of a model with edits of its layers: a chain of them.

    Args:
        model: As it was recorded, with a configuration.
        edits: Those of other calls are passed over.
        row_shape: Of one row of its input.

    Raises:
        NotEditableError: Its layers are no chain, or some are not in its configuration.
    """
    config: Json = copy.deepcopy(model.config or {})
    own = [edit for edit in edits if edit.call == "model"]
    if not own:
        return config
    if model.branching or model.kind == "subclass":
        raise NotEditableError("Its layers are no simple chain.")
    inputs, by_name = _rows(config)
    names = [layer.name for layer in model.layers]
    if len(set(names)) < len(names) or not set(names) <= set(by_name):
        raise NotEditableError("Not all of its layers are in its configuration.")
    chain = list(_edited([by_name[name] for name in names], own))
    if any(edit.kind == "unfreeze" for edit in own):
        for row in chain:
            row["config"]["trainable"] = True
    first = inputs or _of_keras("InputLayer", {"batch_shape": [None, *row_shape], "name": "input_of_trial"})
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "trial", "trainable": True, "layers": [first, *chain]},
        "registered_name": None,
    }


def edited_compile(config: Json, edits: Iterable[Edit]) -> Json:
    """The compiled configuration with edits of ``compile``."""
    config = copy.deepcopy(config)
    for edit in edits:
        if edit.kind == "loss":
            config["loss"] = edit.value
        elif edit.kind == "metrics":
            config["metrics"] = edit.value
        elif edit.kind == "optimizer":
            given: Any = edit.value
            config["optimizer"] = _of_keras(edit.name, dict(given), module="keras.optimizers")
        elif edit.kind == "learning_rate":
            config["optimizer"]["config"]["learning_rate"] = edit.value
    return config


def edit_arguments(job: wire.FitJob, edits: Iterable[Edit]) -> float | None:
    """Applies edits of ``fit`` to a job, and returns the share to split off for validation; None where it stays."""
    share: float | None = None
    for edit in edits:
        value: Any = edit.value
        if edit.kind == "epochs":
            job["arguments"]["epochs"] = job["arguments"]["initial_epoch"] + int(value)
        elif edit.kind == "batch_size":
            job["arguments"]["batch_size"] = int(value)
        elif edit.kind == "validation_split":
            share = float(value)
        elif edit.kind == "callback":
            job["callbacks"] = [*job["callbacks"], {"class_name": edit.name, "own": False, "settings": dict(value)}]
        elif edit.kind == "class_weight":
            job["class_weight"] = {str(name): float(weight) for name, weight in value.items()}
    job["steps"] = None
    return share


def _edited(rows: list[Json], edits: Sequence[Edit]) -> Iterator[Json]:
    for number, one in enumerate(edited_layers(len(rows), edits)):
        if isinstance(one, Edit):
            given: Any = one.value
            yield _of_keras(one.name, {"name": f"trial_{number}", **given})
        else:
            rows[one]["config"].update(values_set(one, edits))
            yield rows[one]


def _rows(config: Json) -> tuple[Json | None, dict[str, Json]]:
    """The input of a chain, and its layers by name, those of nested models among them; no link to another is left."""
    inputs: Json | None = None
    found: dict[str, Json] = {}
    for row in (config.get("config") or {}).get("layers") or []:
        if row.get("class_name") == "InputLayer":
            inputs = inputs or {key: row[key] for key in ("module", "class_name", "config", "registered_name")}
        elif row.get("class_name") in {"Sequential", "Functional"}:
            found |= _rows(row)[1]
        else:
            kept = {key: row.get(key) for key in ("module", "class_name", "config", "registered_name")}
            found[str(kept["config"]["name"])] = kept
    return inputs, found


def _of_keras(name: str, config: Json, *, module: str = "keras.layers") -> Json:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}
