"""The job that the trainer takes, and what it answers; see `wire`."""

from __future__ import annotations

from typing import TypedDict

from ...execution.recorder.wire import CompileState, Json, Kind, Layer, Shape, Summary
from .wire import FitJob


class TrialJob(TypedDict):
    """A fit to be repeated with edits, which its configurations and arguments hold already.

    Attributes:
        trial: Its number in the job.
        seeds: One a run: that of the initial weights; None for the recorded start.
        validation_split: The share of the rows to split off, in (0, 1); None for the parts as they are given.
    """

    trial: int
    fit: FitJob
    seeds: list[int | None]
    validation_split: float | None


class TrainerJob(TypedDict):
    """The job of the trainer."""

    trials: list[TrialJob]


class Built(TypedDict):
    """Fields of a `ModelRecord` as they are with the edits."""

    config: Json | None
    layers: list[Layer]
    branching: bool
    input_shapes: list[Shape]
    output_shapes: list[Shape]


class Split(TypedDict):
    """The rows of a fit, where they were split otherwise than recorded."""

    x: Summary
    y: Summary
    validation_x: Summary
    validation_y: Summary


class Tried(TypedDict):
    """What one run left: the history, metric name to one value an epoch, and the names of its weights."""

    trial: int
    run: int
    model: Built
    compiled: CompileState
    history: dict[str, list[float]]
    weights: list[str | None]
    split: Split | None


class TrialFailed(TypedDict):
    """Why a fit could not be repeated with its edits."""

    trial: int
    why: str


TRIED = Kind("tried", Tried)
TRIAL_FAILED = Kind("failed", TrialFailed)
