"""What the code was seen to do with models, as the records that a run would leave, each as far as it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from grader.records import (
    ArraySummary,
    CallbackRecord,
    CompileRecord,
    EvaluationRecord,
    FitRecord,
    LayerRecord,
    ModelRecord,
    PredictionRecord,
    ValidationRecord,
)
from grader.selfcheck.partial import partly
from grader.selfcheck.reading.layers import output_shape, parameters
from grader.selfcheck.reading.values import ArrayOf, LayerOf, Library, Made, ModelOf, Shape, is_plain

A_RUN = "only a run settles this"
ROWS = "only a run shows which rows these are"
INPUT = "the code does not show the shape of the rows that this model takes"
ENDED = "only a run shows when a callback ends the training"
SHORT = "only the full check trains for all epochs"
UNMEASURED = "only the full check measures models"
BENIGN = frozenset({A_RUN, ROWS, INPUT, ENDED, SHORT, UNMEASURED})
"""What is unknown and was taken as it should be: what is wrong all the same stays so, whatever a run shows."""

LAYERS = "the code does not show all layers of this model plainly"

_KEEPS_EPOCHS = frozenset(
    {"ModelCheckpoint", "ReduceLROnPlateau", "LearningRateScheduler", "TensorBoard", "CSVLogger", "History"}
    | {"ProgbarLogger", "BackupAndRestore", "TqdmCallback"}
)
DEFAULT_BATCH = 32
"""Source: keras.Model.fit."""


@dataclass
class Log:
    """Everything that was seen.

    Attributes:
        doubts: Cell and reason, of whatever may build, train or change a model in a way that cannot be followed.
        errors: Cell to the name and text of what it surely raises.
        loaded: Data sets of Keras that the code loads.
        counts_rows: Whether it cuts arrays at numbers of rows that it names, so that their size matters.
    """

    models: list[ModelOf] = field(default_factory=list)
    compiles: list[CompileRecord] = field(default_factory=list)
    fits: list[FitRecord] = field(default_factory=list)
    fitted: dict[str, ModelOf] = field(default_factory=dict)
    evaluations: list[EvaluationRecord] = field(default_factory=list)
    predictions: list[PredictionRecord] = field(default_factory=list)
    doubts: list[tuple[int, str]] = field(default_factory=list)
    errors: dict[int, tuple[str, str]] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    counts_rows: bool = False
    seq: int = 0

    def next(self) -> int:
        """The number of the next event."""
        self.seq += 1
        return self.seq

    def add_model(self, model: ModelOf) -> ModelOf:
        """Notes a model that was built."""
        self.models.append(model)
        model.id = f"m{len(self.models)}"
        return model

    def add_loop(self, model: ModelOf, *, cell: int, kind: str = "loop") -> None:
        """Notes that code of the notebook's own changes a model's weights, once a cell."""
        if any(fit.cell == cell and fit.model == model.id and fit.__dict__["kind"] != "fit" for fit in self.fits):
            return
        known = {"id", "seq", "cell", "model", "kind"}
        record = FitRecord(
            id=f"f{len(self.fits) + 1}",
            seq=self.next(),
            cell=cell,
            model=model.id,
            kind="train_on_batch" if kind == "train_on_batch" else "loop",
            compiled=model.compiled,
            steps=1,
            x=_nothing(),
        )
        why = "only a run shows what a training loop of your own does"
        unknown = {name: why for name in FitRecord.model_fields if name not in known}
        self.fits.append(partly(record, unknown))

    def add_fit(self, model: ModelOf, given: dict[str, Any], *, cell: int) -> str:
        """Notes a call of ``fit``.

        Returns:
            The id of its record.
        """
        record, unknown = _fit(model, given)
        record = record.model_copy(update={"id": f"f{len(self.fits) + 1}", "seq": self.next(), "cell": cell})
        if model.layers is not None and model.input_shape is None and isinstance(given.get("x"), ArrayOf):
            model.input_shape = given["x"].row_shape
        self.fits.append(partly(record, unknown))
        self.fitted[record.id] = model
        return record.id


def model_record(model: ModelOf) -> ModelRecord:
    """What a run would have recorded of a model."""
    layers: list[LayerRecord] = []
    shape, unknown = model.input_shape, {}
    for layer in model.layers or ():
        one = layer.record
        if one.class_name == "InputLayer":
            shape = one.input_shape or shape
            continue
        if shape is None:
            shape = one.input_shape
        after = output_shape(one, shape)
        update = {"input_shape": shape, "output_shape": after, "parameters": parameters(one, shape)}
        layers.append(one.model_copy(update=update))
        shape = after
    first = model.input_shape or next(
        (one.record.input_shape for one in model.layers or () if one.record.input_shape), None
    )
    if model.layers is None or any(not layer.known for layer in model.layers):
        unknown["layers"] = model.why or LAYERS
    if first is None or None in first:
        unknown["input_shapes"] = INPUT
    record = ModelRecord(
        id=model.id,
        object_id=f"o{model.id[1:]}",
        class_name=model.class_name,
        kind=model.kind if model.kind in {"sequential", "functional"} else "subclass",  # type: ignore[arg-type]
        names=tuple(sorted(model.names)),
        cell=model.cell,
        input_shapes=() if first is None or None in first else (first,),
        output_shapes=((None,),) * model.outputs,
        layers=_unshaped(layers) if "input_shapes" in unknown else tuple(layers),
    )
    unknown |= dict.fromkeys(("config", "graphs", "not_rebuildable"), A_RUN)
    return partly(record, unknown)


def summary(value: Any) -> ArraySummary:
    """What a run would have recorded of an array."""
    if not isinstance(value, ArrayOf):
        return _nothing()
    unknown = {name: ROWS for name in ArraySummary.model_fields if name != "kind"}
    shape: tuple[int, ...] = ()
    if value.shape is not None and None not in value.shape:
        shape = tuple(size for size in value.shape if size is not None)
        del unknown["shape"]
    if value.integral is not None:
        del unknown["integral"]
    if value.one_hot is not None:
        del unknown["one_hot"]
    record = ArraySummary(
        kind="dataset" if value.kind == "dataset" else "array",
        shape=shape,
        integral=bool(value.integral),
        one_hot=bool(value.one_hot),
    )
    return partly(record, unknown)


def _nothing() -> ArraySummary:
    return partly(ArraySummary(), dict.fromkeys(ArraySummary.model_fields, ROWS))


def _fit(model: ModelOf, given: dict[str, Any]) -> tuple[FitRecord, dict[str, str]]:
    unknown = dict.fromkeys(("history", "epoch_weights", "weights_before", "weights_after", "replay", "seconds"), A_RUN)
    unknown |= dict.fromkeys(("replay_problems", "accelerations"), A_RUN)
    epochs = _number(given, "epochs", 1, unknown=unknown, into="epochs_requested")
    start = _number(given, "initial_epoch", 0, unknown=unknown, into="initial_epoch")
    batch, x = _batch(given, unknown), given.get("x")
    validation, rows = _validation(given, unknown)
    callbacks, may_end = _callbacks(given.get("callbacks"), unknown)
    per_epoch = given.get("steps_per_epoch")
    if per_epoch is not None and not isinstance(per_epoch, int):
        unknown["steps_per_epoch"] = "the code does not show steps_per_epoch plainly"
    if may_end or "epochs_requested" in unknown or "initial_epoch" in unknown:
        unknown["epochs_run"] = unknown.get("epochs_requested", unknown.get("initial_epoch", ENDED))
    train = (
        summary(x)
        if rows is None or not isinstance(x, ArrayOf) or x.shape is None
        else summary(ArrayOf((rows, *x.shape[1:]), x.integral, x.one_hot, x.kind))
    )
    if not isinstance(x, ArrayOf) or x.rows is None:
        unknown["rows_given"] = ROWS
    if model.compile_unknown:
        unknown["compiled"] = "the code does not show plainly how this model is compiled"
    if given.get("class_weight") is not None and not isinstance(given["class_weight"], dict | Made):
        unknown["class_weight"] = "the code does not show plainly whether classes are weighted"
    run = max(epochs - start, 0)
    known_rows = rows if rows is not None else x.rows if isinstance(x, ArrayOf) else None
    if known_rows is None or batch is None or "batch_size" in unknown:
        unknown["steps"] = ROWS
    elif "epochs_run" in unknown:
        unknown["steps"] = unknown["epochs_run"]
    record = FitRecord(
        id="f0",
        seq=0,
        cell=None,
        model=model.id,
        compiled=model.compiled,
        epochs_requested=epochs,
        epochs_run=run,
        steps=None if known_rows is None or batch is None else run * math.ceil(known_rows / batch),
        initial_epoch=start,
        batch_size=batch,
        steps_per_epoch=per_epoch if isinstance(per_epoch, int) else None,
        x=train,
        y=summary(given["y"]) if given.get("y") is not None else None,
        rows_given=x.rows or 0 if isinstance(x, ArrayOf) else 0,
        validation=validation,
        callbacks=callbacks,
        class_weight=given.get("class_weight") is not None,
        sample_weight=given.get("sample_weight") is not None,
    )
    return record, unknown


def _number(given: dict[str, Any], name: str, default: int, *, unknown: dict[str, str], into: str) -> int:
    value = given.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    unknown[into] = f"the code does not show {name} plainly"
    return default


def _batch(given: dict[str, Any], unknown: dict[str, str]) -> int | None:
    x, size = given.get("x"), given.get("batch_size")
    if isinstance(size, int) and not isinstance(size, bool):
        return size
    if size is None and isinstance(x, ArrayOf):
        return x.batched if x.kind == "dataset" else DEFAULT_BATCH
    unknown["batch_size"] = "the code does not show batch_size plainly"
    return None


def _validation(given: dict[str, Any], unknown: dict[str, str]) -> tuple[ValidationRecord | None, int | None]:
    """The validation part, and the rows that are left for training; None where those are all, or unknown."""
    x = given.get("x")
    rows = x.rows if isinstance(x, ArrayOf) else None
    data, share = given.get("validation_data"), given.get("validation_split", 0.0)
    if data is not None:
        return _validation_data(data, rows, unknown), None
    if not is_plain(share) or isinstance(share, str):
        unknown["validation"] = "the code does not show validation_split plainly"
        return ValidationRecord(source="split", x=_nothing()), None
    if not share:
        return None, None
    share = float(share)
    if rows is None or not isinstance(x, ArrayOf) or x.shape is None:
        return ValidationRecord(source="split", fraction=share, x=_nothing()), None
    kept = math.floor(rows * (1.0 - share))
    held = ArrayOf((rows - kept, *x.shape[1:]), x.integral, x.one_hot)
    return ValidationRecord(source="split", fraction=(rows - kept) / rows if rows else share, x=summary(held)), kept


def _validation_data(data: Any, rows: int | None, unknown: dict[str, str]) -> ValidationRecord | None:
    parts = data if isinstance(data, tuple | list) else ()
    if not parts and not isinstance(data, ArrayOf):
        unknown["validation"] = "the code does not show the validation data plainly"
        return ValidationRecord(source="data", x=_nothing())
    held = parts[0] if parts else data
    record = ValidationRecord(
        source="data", x=summary(held), y=summary(parts[1]) if len(parts) > 1 else None, sample_weight=len(parts) > 2
    )
    held_rows = held.rows if isinstance(held, ArrayOf) else None
    if held_rows is None or not rows:
        return partly(record, {"fraction": ROWS, "x": ROWS})
    return record.model_copy(update={"fraction": held_rows / (held_rows + rows)})


def _callbacks(given: Any, unknown: dict[str, str]) -> tuple[tuple[CallbackRecord, ...], bool]:
    """The callbacks, and whether one may end the training early."""
    if given is None:
        return (), False
    listed = given if isinstance(given, list | tuple) else [given]
    found: list[CallbackRecord] = []
    may_end = False
    for one in listed:
        name = one.library.name if isinstance(one, Made) and one.library.top == "keras" else None
        if name is None:
            unknown["callbacks"] = "the code does not show all callbacks plainly"
            may_end = True
            continue
        settings = {key: value for key, value in one.kwargs.items() if is_plain(value)}
        own = name in {"LambdaCallback", "Callback"} or (name == "LearningRateScheduler")
        found.append(CallbackRecord(class_name=name, own=own, settings=settings))
        may_end = may_end or name not in _KEEPS_EPOCHS
    return tuple(found), may_end


def _unshaped(layers: list[LayerRecord]) -> tuple[LayerRecord, ...]:
    """Layers whose shapes were worked out from an unknown input."""
    return tuple(partly(layer, {"input_shape": INPUT, "parameters": INPUT}) for layer in layers)


def library_loss(library: Library) -> bool:
    """Whether a name is one of Keras's losses or metrics, not a function of the notebook."""
    return library.top in {"keras", "tensorflow"}


def sequential_layers(items: list[Any]) -> list[LayerOf] | None:
    """The layers of a list as ``Sequential`` takes it, nested models flattened; None where one is unknown."""
    found: list[LayerOf] = []
    for item in items:
        if isinstance(item, LayerOf):
            item.is_used = True
            found.append(item)
        elif isinstance(item, ModelOf) and item.layers is not None:
            found += item.layers
        else:
            return None
    return found


def last_shape(model: ModelOf) -> Shape | None:
    """The shape of one row of a model's output; None where it cannot be told."""
    shape = model.input_shape
    for layer in model.layers or ():
        if layer.record.class_name == "InputLayer":
            shape = layer.record.input_shape or shape
            continue
        shape = output_shape(layer.record, shape if shape is not None else layer.record.input_shape)
        if shape is None and layer.record.class_name == "Dense" and isinstance(layer.record.config.get("units"), int):
            shape = (layer.record.config["units"],)  # type: ignore[assignment]
    return shape if model.layers is not None else None
