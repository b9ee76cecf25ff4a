"""Repeats fits outside the student's process, bit for bit, from what was recorded at their start.

With one thread, training is repeatable: the same initial weights, rows and random states give the same history and
weights. If they do, the whole history is verified; if they do not, another training made it. A fit with a student's own
callbacks is repeated without them: most only watch, and then the result is the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from grader.datasets import DataSets
from grader.errors import UnwritableError
from grader.execution.recorder.summary import summarise
from grader.execution.sandbox import Sandbox
from grader.limits import MAX_REPLAY_SECONDS, REPLAY_SLOWDOWN, VERIFIER_START_SECONDS
from grader.machine_paths import without_machine_paths
from grader.records import ArraySummary, CallbackRecord, Evidence, FitRecord, ModelRecord, Replay, ReplayState
from grader.store import ArrayStore, write_atomically
from grader.verification.guest import wire
from grader.verification.guest.input_transform import InputTransform
from grader.verification.guest_job import JOB, GuestAnswer, Run, job_workspace, read_answer, run_guest
from grader.verification.labels import recorded_array, recorded_classes
from grader.verification.row_index import RowIndex
from grader.verification.row_matching import Read, Recognised, first_rows
from grader.verification.verifier_job import foreign_part

Array = npt.NDArray[Any]


class Impossible(Exception):  # noqa: N818 - never leaves this package
    """A fit that cannot be repeated, with the reason in words."""


class _Repeated(GuestAnswer):
    fit: str
    history: dict[str, tuple[JsonValue, ...]]
    weights: tuple[str | None, ...]


class _FitFailed(GuestAnswer):
    fit: str
    why: str


def replay_fits(
    evidence: Evidence,
    fits: Sequence[str],
    *,
    arrays: ArrayStore,
    data_sets: DataSets,
    sandbox: Sandbox,
    core: int | None,
) -> tuple[Replay, ...]:
    """Repeats fits in a sandboxed process.

    Args:
        evidence: What the execution left.
        fits: Ids of the fits.
        arrays: The evidence's arrays.
        data_sets: What the kernel was served.
        sandbox: Where they are repeated.
        core: The processor that is used; None for any.

    Returns:
        One record a fit, in the order asked for.
    """
    wanted = [fit for fit in evidence.fits if fit.id in set(fits)]
    found: dict[str, Replay] = {}
    jobs: list[wire.FitJob] = []
    with job_workspace(sandbox) as place:
        builder = FitJobs(evidence, place / JOB, index=RowIndex(evidence, data_sets=data_sets, read=arrays.get))
        for fit in wanted:
            try:
                jobs.append(builder.fit(fit))
            except Impossible as reason:
                found[fit.id] = Replay(fit=fit.id, outcome="impossible", why=str(reason))
            except UnwritableError:
                raise
            except Exception as error:  # noqa: BLE001 - records are hostile, and the next fit is still repeated
                why = without_machine_paths(f"Its records are incomplete ({error}).")
                found[fit.id] = Replay(fit=fit.id, outcome="impossible", why=why)
        if jobs:
            job: wire.ReplayerJob = {"fits": jobs}
            write_atomically(place / JOB / "job.json", json.dumps(job))
            seconds = min(
                MAX_REPLAY_SECONDS,
                VERIFIER_START_SECONDS + REPLAY_SLOWDOWN * sum(max(15.0, fit.seconds) for fit in wanted),
            )
            run = run_guest("replayer", place, seconds=seconds, sandbox=sandbox, core=core)
            for fit in wanted:
                if fit.id not in found:
                    found[fit.id] = _compared(fit, run, weights=evidence.weights.get(fit.weights_after or "", ()))
    return tuple(found[fit.id] for fit in wanted)


class FitJobs:
    """Puts what fits started with into a job's folder."""

    def __init__(self, evidence: Evidence, folder: Path, *, index: RowIndex) -> None:
        self._evidence = evidence
        self._own = ArrayStore(folder)
        self._index = index
        self._read: Read = index.read

    def fit(self, fit: FitRecord) -> wire.FitJob:
        """The fit's part of the job.

        Raises:
            Impossible: It cannot be repeated.
        """
        model = self._evidence.model(fit.model)
        start = _repeatable(fit, model, weights=self._evidence.weights)
        state, validation, global_seed = start.state, fit.validation, start.state.global_seed_generator
        return {
            "fit": fit.id,
            "config": start.config,
            "compile_config": start.compile_config,
            "input_shape": list(fit.x.shape[1:]),
            "weights": [self._copied(ref) for ref in start.weights],
            "optimizer": [self._copied(ref) for ref in state.optimizer or ()],
            "tensorflow_seed": start.tensorflow_seed,
            "seed_generators": [list(generator) for generator in state.seed_generators],
            "global_seed_generator": None if global_seed is None else list(global_seed),
            "sample_weight": self._copied(state.sample_weight) if state.sample_weight else None,
            "class_weight": state.class_weight,
            "callbacks": [_callback(callback) for callback in fit.callbacks],
            "x": self._rows(fit.x),
            "y": self._targets(fit.y, x=fit.x),
            "validation_x": None if validation is None else self._rows(validation.x),
            "validation_y": None if validation is None else self._targets(validation.y, x=validation.x),
            "steps": fit.steps,
            "arguments": _arguments(fit, state),
        }

    def _copied(self, ref: str) -> str:
        return self._put(self._read(ref))

    def _put(self, array: Array) -> str:
        return f"{self._own.put(array)}.npy"

    def _rows(self, x: ArraySummary) -> str:
        whole = recorded_array(x, read=self._read)
        if whole is not None:
            return self._put(whole)
        found = self._index.recognise(x)
        if found is None or found.ids is None or (found.ids < 0).any():
            raise Impossible("Its rows are of no known data set and too large to be stored whole.")
        rows = exact_rows(found, x, read=self._read)
        if rows is None:
            raise Impossible("Its rows could not be made again to the last bit.")
        return self._put(rows)

    def _targets(self, y: ArraySummary | None, *, x: ArraySummary) -> str | None:
        if y is None:
            return None
        whole = recorded_array(y, read=self._read)
        if whole is not None:
            return self._put(whole)
        if y.content and y.content == x.content:
            return self._rows(x)
        targets = exact_targets(y, read=self._read)
        if targets is None:
            raise Impossible("Its labels could not be made again to the last bit.")
        return self._put(targets)


def _callback(callback: CallbackRecord) -> wire.CallbackJob:
    return {"class_name": callback.class_name, "own": callback.own, "settings": callback.settings}


def _arguments(fit: FitRecord, state: ReplayState) -> wire.FitArguments:
    freq = state.validation_freq
    return {
        "batch_size": fit.batch_size,
        "epochs": fit.epochs_requested,
        "initial_epoch": fit.initial_epoch,
        "shuffle": fit.shuffle,
        "steps_per_epoch": fit.steps_per_epoch,
        "validation_freq": freq if isinstance(freq, int) else list(freq),
        "validation_steps": state.validation_steps,
        "validation_batch_size": state.validation_batch_size,
    }


def exact_rows(found: Recognised, summary: ArraySummary, *, read: Read) -> Array | None:
    """The recorded rows again, with the recorded digest; None where they cannot be made.

    A map of bytes is a table of 256 values, and the recorded head holds nearly all of them as the student's own
    arithmetic made them.

    Args:
        found: The rows as a data set's, each known.
        summary: Of the rows.
        read: Reads a stored array.
    """
    head = first_rows(summary, read=read)
    transform = found.transform
    if head is None or found.ids is None or transform.unit_axes or found.known.rows.dtype != np.uint8:
        return None
    if transform.scale.ndim:
        return None
    raw = _gathered(found.known.rows[found.ids], transform)
    features = head.reshape(len(head), -1)
    padded = np.zeros(features.shape[1], bool) if transform.source is None else transform.source < 0
    offset = np.broadcast_to(transform.offset, padded.shape)[~padded][0]
    table = (transform.scale * np.arange(256) + offset).astype(head.dtype)
    table[raw[: len(head), ~padded]] = features[:, ~padded]
    rows = table[raw]
    rows[:, padded] = features[0, padded]
    rows = rows.reshape(summary.shape)
    return rows if _content(rows) == summary.content else None


def exact_targets(summary: ArraySummary, *, read: Read) -> Array | None:
    """The recorded labels again, with the recorded digest; None where they cannot be made."""
    head = first_rows(summary, read=read)
    classes = recorded_classes(summary, read=read)
    if head is None or classes is None or (classes < 0).any():
        return None
    width = summary.shape[1] if len(summary.shape) == 2 else 1
    made = np.eye(width, dtype=head.dtype)[classes] if width > 1 else classes.astype(head.dtype)
    made = made.reshape(summary.shape)
    return made if _content(made) == summary.content else None


def _gathered(rows: Array, transform: InputTransform) -> Array:
    flat = rows.reshape(len(rows), -1)
    return flat if transform.source is None else flat[:, np.maximum(transform.source, 0)]


def _content(array: Array) -> str:
    return str(summarise(array)["content"])


@dataclass(frozen=True)
class _Start:
    """What a fit started with, all of it known."""

    config: dict[str, JsonValue]
    compile_config: dict[str, JsonValue]
    weights: tuple[str, ...]
    tensorflow_seed: int
    state: ReplayState


def _repeatable(fit: FitRecord, model: ModelRecord, *, weights: dict[str, tuple[str, ...]]) -> _Start:
    """What was recorded at the fit's start.

    Raises:
        Impossible: Something that a replay needs is missing, or something unknown acts on the training.
    """
    state = fit.replay
    compile_config = None if fit.compiled is None else fit.compiled.config
    if fit.kind != "fit":
        raise Impossible("It was a training loop of the student's own.")
    if fit.replay_problems:
        raise Impossible("An exact replay cannot be had: " + "; ".join(fit.replay_problems) + ".")
    if fit.status != "completed":
        raise Impossible("It was interrupted.")
    if model.config is None or foreign_part(model.config) is not None:
        raise Impossible("Its model cannot be rebuilt from a configuration.")
    if compile_config is None or foreign_part(compile_config) is not None:
        raise Impossible("Its loss, metrics or optimizer are not Keras's own.")
    before = None if fit.weights_before is None else weights.get(fit.weights_before)
    if before is None:
        raise Impossible("The weights that it began with were not recorded.")
    if state is None or state.tensorflow_seed is None:
        raise Impossible("TensorFlow's seed was taken away, so that the order of the rows is not known.")
    if fit.sample_weight and state.sample_weight is None:
        raise Impossible("Its sample weights were not recorded.")
    return _Start(model.config, compile_config, weights=before, tensorflow_seed=state.tensorflow_seed, state=state)


def _compared(fit: FitRecord, run: Run, *, weights: tuple[str, ...]) -> Replay:
    for kind, record in run.frames.records:
        failed = read_answer(record, _FitFailed) if kind == wire.FIT_FAILED.name else None
        if failed is not None and failed.fit == fit.id:
            why = without_machine_paths(f"It could not be repeated: {failed.why}")
            return Replay(fit=fit.id, outcome="impossible", why=why)
        repeated = read_answer(record, _Repeated) if kind == wire.REPEATED.name else None
        if repeated is not None and repeated.fit == fit.id:
            return _without_callbacks(fit, _judged(fit, repeated, weights=weights))
    why = f"The replay ended before it ({run.how_it_ended})."
    return Replay(fit=fit.id, outcome="impossible", why=why, is_infrastructure=True)


def _without_callbacks(fit: FitRecord, replay: Replay) -> Replay:
    """What a replay says of a fit that was repeated without some of its callbacks: only an equal result counts."""
    names = [callback.class_name for callback in fit.callbacks if callback.unknown]
    if replay.outcome != "differs" or not names:
        return replay
    why = f"{' and '.join(names)} may act on the training, and without it came out otherwise."
    return Replay(fit=fit.id, outcome="impossible", why=f"An exact replay cannot be had: the callback {why}")


def _judged(fit: FitRecord, repeated: _Repeated, *, weights: tuple[str, ...]) -> Replay:
    history = repeated.history
    claimed = {name: list(values) for name, values in fit.history.items()}
    if set(history) != set(claimed):
        return Replay(fit=fit.id, outcome="differs", why="The replay's history has other metrics.")
    if any(len(history[name]) != len(values) for name, values in claimed.items()):
        return Replay(fit=fit.id, outcome="differs", why="The replay's history has another number of epochs.")
    pairs = [pair for name, values in claimed.items() for pair in zip(values, history[name], strict=True)]
    apart = max((_difference(one, other) for one, other in pairs), default=0.0)
    if apart == 0 and repeated.weights == weights:
        return Replay(fit=fit.id, outcome="same")
    why = "The history came out the same, the weights did not." if apart == 0 else "The history came out otherwise."
    return Replay(fit=fit.id, outcome="differs", why=why)


def _difference(one: float, other: Any) -> float:
    if not isinstance(other, float | int):
        return math.inf
    if math.isnan(one) and math.isnan(other):
        return 0.0
    apart = abs(one - other)
    return math.inf if math.isnan(apart) else apart
