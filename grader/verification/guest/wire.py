"""Jobs that the guest's programs take, and what they answer: one TypedDict each, shared with the host.

A job is ``job.json`` in the job's folder, and names the array files beside it. An answer is a record on the guest's
channel (see `grader.execution.recorder.channel`), and names the arrays that were sent there.
"""

from __future__ import annotations

from typing import TypedDict

from ...execution.recorder.wire import Json, Kind, Shape

MAX_OUTPUTS = 4096
"""Of a model whose predictions are verified."""


class FeedJob(TypedDict):
    """Rows to predict.

    Attributes:
        rows: A data set's raw rows; rows as the model takes them where there is no ``map``.
        ids: Which of those rows; None for all.
        map: What makes the model's input of them (`RowMap.plain`).
        shift: Whether they are shifted first.
    """

    rows: str
    ids: str | None
    map: Json | None
    shift: bool


class StateJob(TypedDict):
    """A model with one state of its weights.

    Attributes:
        state: Its number in the job.
        seconds: CPU time that it may take.
        config: What Keras rebuilds it from; None where there is only a graph.
        graph: Its inference graph; None where there is only a configuration.
    """

    state: int
    seconds: float
    config: Json | None
    graph: str | None
    weights: list[str]
    feeds: list[FeedJob]


class VerifierJob(TypedDict):
    """The job of the verifier. No labels are in it."""

    states: list[StateJob]


class Started(TypedDict):
    """The verifier starts to work on a state."""

    state: int


class Built(TypedDict):
    """A model was rebuilt; ``penalty`` is that of its regularised weights, None where it is unknown."""

    state: int
    penalty: float | None


class Outputs(TypedDict):
    """Predictions for a feed: names of arrays, shape ``(rows, outputs)``.

    Attributes:
        outputs: None where they could not be sent.
        logits: What the last softmax or sigmoid was given; None where there is none.
    """

    state: int
    feed: int
    outputs: str | None
    logits: str | None


class StateFailed(TypedDict):
    """Why a state was not measured; ``over_time`` where its CPU time was used up."""

    state: int
    over_time: bool
    why: str


class Done(TypedDict):
    """A state was measured on every feed."""

    state: int


class CallbackJob(TypedDict):
    """A callback of a fit (see `CallbackRecord`)."""

    class_name: str
    own: bool
    settings: Json


class FitArguments(TypedDict):
    """Arguments of ``fit`` that are passed on as they are."""

    batch_size: int | None
    epochs: int | None
    initial_epoch: int
    shuffle: bool
    steps_per_epoch: int | None
    validation_freq: int | list[int]
    validation_steps: int | None
    validation_batch_size: int | None


class FitJob(TypedDict):
    """A fit to be repeated (see `FitRecord` and `ReplayState`).

    Attributes:
        config: Of the model.
        compile_config: What ``compile_from_config`` takes.
        input_shape: Of one row.
        weights: Before the fit.
        optimizer: Its variables before the fit; empty where it had taken no step.
        steps: Of the whole fit.
    """

    fit: str
    config: Json
    compile_config: Json
    input_shape: Shape
    weights: list[str]
    optimizer: list[str]
    tensorflow_seed: int
    seed_generators: list[list[int]]
    global_seed_generator: list[int] | None
    x: str
    y: str | None
    validation_x: str | None
    validation_y: str | None
    sample_weight: str | None
    class_weight: dict[str, float] | None
    callbacks: list[CallbackJob]
    steps: int | None
    arguments: FitArguments


class ReplayerJob(TypedDict):
    """The job of the replayer."""

    fits: list[FitJob]


class Repeated(TypedDict):
    """What a repeated fit left: its history, metric name to one value an epoch, and the names of its weights."""

    fit: str
    history: dict[str, list[float]]
    weights: list[str | None]


class FitFailed(TypedDict):
    """Why a fit could not be repeated."""

    fit: str
    why: str


STARTED = Kind("started", Started)
BUILT = Kind("built", Built)
OUTPUTS = Kind("outputs", Outputs)
STATE_FAILED = Kind("failed", StateFailed)
DONE = Kind("done", Done)
REPEATED = Kind("repeated", Repeated)
FIT_FAILED = Kind("failed", FitFailed)
