"""Records that the recorder sends, one TypedDict each: the recorder builds them, `grader.execution.collect` reads them.

Imports nothing but Python's own modules, so that both sides can share it. Every class here has the fields of the
record of the same meaning in `grader.records`, where the fields are described (a test holds that both are the same).
An array is given by its name, see `channel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, NotRequired, Required, TypedDict, TypeVar

R = TypeVar("R", bound=Mapping[str, object])

Json = dict[str, Any]
"""An object of JSON whose fields are Keras's or the student's."""

Shape = list[int | None]
"""Without the batch axis; None for a length that is not known."""


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A kind of record: the name that its frames carry, and the fields that belong to it."""

    name: str
    fields: type[R]


class Start(TypedDict):
    """Sent last of all that starts the recording: a kernel without it was never recorded in full.

    Attributes:
        left_out: What the recorder leaves out with the Keras of this environment, in words.
    """

    left_out: list[str]


class Cell(TypedDict):
    """What happened to a cell: it started, it ended, or something was done for it.

    Attributes:
        index: Ordinal among the cells that ran, from 0.
        notes: What was done for the cell, in words.
        started: Unix time in seconds.
        ended: Likewise.
        rewritten: Whether something else may have run than what IPython makes of the cell.
    """

    index: int | None
    notes: NotRequired[list[str]]
    started: NotRequired[float]
    ended: NotRequired[float]
    rewritten: NotRequired[bool]


class Lost(TypedDict):
    """What a cap left out, in words."""

    cell: int | None
    text: str


class DataSet(TypedDict):
    """A data set was loaded."""

    name: str


class Weights(TypedDict):
    """A state of weights; ``arrays`` in the order of ``model.get_weights()``."""

    digest: str
    arrays: list[str]


class Place(TypedDict):
    """When and where something happened: the number of the event, and the ordinal of the cell."""

    seq: int
    cell: int | None


class Summary(TypedDict, total=False):
    """An `ArraySummary`."""

    kind: Required[Literal["array", "dataset", "generator", "other"]]
    shape: list[int]
    dtype: str
    minimum: float | None
    maximum: float | None
    integral: bool
    one_hot: bool
    class_counts: dict[str, int] | None
    content: str
    whole: str | None
    head: str | None
    row_hashes: str | None


class NamedArray(Place):
    """A `NamedArray`."""

    name: str
    array: Summary


class Layer(TypedDict):
    """A `LayerRecord`."""

    class_name: str
    name: str
    own_class: str | None
    config: Json
    input_shape: Shape | None
    output_shape: Shape | None
    parameters: int
    trainable: bool


class Model(TypedDict):
    """A `ModelRecord`."""

    id: str
    object_id: str
    name: str
    class_name: str
    kind: Literal["sequential", "functional", "subclass"]
    names: list[str]
    cell: int | None
    config: Json | None
    graphs: dict[str, str]
    not_rebuildable: str | None
    input_shapes: list[Shape]
    output_shapes: list[Shape]
    layers: list[Layer]
    branching: bool


class Loss(TypedDict):
    """The fields of a `CompileRecord` that describe the loss."""

    loss: str | None
    own_loss: bool
    from_logits: bool


class Optimizer(TypedDict):
    """The fields of a `CompileRecord` that describe the optimizer."""

    optimizer: str | None
    learning_rate: float | None
    schedule: str | None


class CompileState(Loss, Optimizer):
    """The fields of a `CompileRecord` that describe a model as it is compiled."""

    metrics: list[str]
    own_metrics: list[str]
    config: Json | None


class Compile(Place, CompileState):
    """A `CompileRecord`."""

    model: str


class Validation(TypedDict):
    """A `ValidationRecord`."""

    source: Literal["split", "data"]
    fraction: float | None
    x: Summary
    y: Summary | None
    sample_weight: bool


class Callback(TypedDict):
    """A `CallbackRecord`."""

    class_name: str
    own: bool
    unknown: bool
    settings: Json


class ReplayState(TypedDict):
    """A `ReplayState`."""

    tensorflow_seed: int | None
    seed_generators: list[list[int]]
    global_seed_generator: list[int] | None
    optimizer: list[str] | None
    class_weight: dict[str, float] | None
    sample_weight: str | None
    validation_freq: int | list[int]
    validation_steps: int | None
    validation_batch_size: int | None


class FitStart(Place):
    """The fields of a `FitRecord` that are known before its first step."""

    id: str
    kind: Literal["fit", "train_on_batch", "loop"]
    compiled: Compile | None
    epochs_requested: int | None
    initial_epoch: int
    steps_per_epoch: int | None
    shuffle: bool
    callbacks: list[Callback]
    class_weight: bool
    sample_weight: bool
    replay: ReplayState | None
    replay_problems: list[str]


class Fit(FitStart):
    """A `FitRecord`; sent again, under the same id, while the training goes on and when it has ended."""

    model: str
    epochs_run: int
    batch_size: int | None
    steps: int | None
    x: Summary
    y: Summary | None
    rows_given: int
    validation: Validation | None
    history: dict[str, list[float]]
    epoch_weights: list[str]
    weights_before: str | None
    weights_after: str | None
    accelerations: list[str]
    status: Literal["completed", "interrupted", "raised"]
    seconds: float


class WeightsSet(Place):
    """A `WeightsSetRecord`."""

    model: str
    how: Literal["load_model", "load_weights", "set_weights", "assigned"]
    before: str | None
    weights: str | None


class Evaluation(Place):
    """An `EvaluationRecord`."""

    model: str
    weights: str | None
    x: Summary
    y: Summary | None
    results: dict[str, float]


class Prediction(Place):
    """A `PredictionRecord`."""

    model: str
    weights: str | None
    x: Summary
    output: Summary


class Line(TypedDict):
    """A `LineRecord`."""

    x: str | None
    y: str | None
    points: int
    color: str
    marker_only: bool


class Scatter(TypedDict):
    """A `ScatterRecord`."""

    offsets: str | None
    values: str | None
    colors: str | None
    points: int


class Grid(TypedDict):
    """A `GridRecord`."""

    kind: Literal["image", "mesh", "contour"]
    values: str | None
    shape: list[int]
    extent: list[float] | None
    x: str | None
    y: str | None


class Text(TypedDict):
    """A `TextRecord`."""

    x: float
    y: float
    text: str


class Axes(TypedDict):
    """An `AxesRecord`."""

    title: str
    x_label: str
    y_label: str
    legend: list[str]
    lines: list[Line]
    scatters: list[Scatter]
    grids: list[Grid]
    texts: list[Text]
    unread: list[str]


class FigureContent(TypedDict):
    """The fields of a `FigureRecord` that say what it shows."""

    title: str
    axes: list[Axes]


class Figure(Place, FigureContent):
    """A `FigureRecord`."""

    png: str | None


START = Kind("start", Start)
CELL = Kind("cell", Cell)
LOST = Kind("lost", Lost)
DATA_SET = Kind("data_set", DataSet)
WEIGHTS = Kind("weights", Weights)
MODEL = Kind("model", Model)
COMPILE = Kind("compile", Compile)
FIT = Kind("fit", Fit)
WEIGHTS_SET = Kind("weights_set", WeightsSet)
EVALUATION = Kind("evaluation", Evaluation)
PREDICTION = Kind("prediction", Prediction)
FIGURE = Kind("figure", Figure)
ARRAY_NAMED = Kind("array_named", NamedArray)
