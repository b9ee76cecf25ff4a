"""Repeats trainings outside the student's process with edits of their calls, and measures what came of it.

A trial knows nothing of rubrics: it is a training with other arguments, and evidence like the recorded one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.datasets import DataSets
from grader.errors import UnwritableError
from grader.execution.sandbox import Sandbox
from grader.limits import MAX_REPLAY_SECONDS, MAX_STATES, REPLAY_SLOWDOWN, VERIFIER_START_SECONDS
from grader.machine_paths import without_machine_paths
from grader.records import (
    ArrayRef,
    ArraySummary,
    CallbackRecord,
    CompileRecord,
    Edit,
    Evidence,
    FitRecord,
    LayerRecord,
    Measurement,
    ModelRecord,
    Trial,
    TrialRun,
    ValidationRecord,
    digest,
)
from grader.store import ArrayStore, write_atomically
from grader.verification.edited import NotEditableError, edit_arguments, edited_compile, edited_config
from grader.verification.guest import trial_wire, wire
from grader.verification.guest_job import JOB, GuestAnswer, Run, job_workspace, read_answer, run_guest
from grader.verification.replay import FitJobs, Impossible
from grader.verification.row_index import RowIndex
from grader.verification.verify import verify

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Wanted:
    """A training to be repeated with edits.

    Attributes:
        seeds: One a run: that of the initial weights; None for the recorded ones, which fit where no layer is edited.
    """

    fit: str
    edits: tuple[Edit, ...]
    seeds: tuple[int | None, ...]


class _Built(GuestAnswer):
    config: dict[str, Any] | None
    layers: tuple[LayerRecord, ...]
    branching: bool
    input_shapes: tuple[tuple[int | None, ...], ...]
    output_shapes: tuple[tuple[int | None, ...], ...]


class _Compiled(GuestAnswer):
    loss: str | None
    own_loss: bool
    from_logits: bool
    optimizer: str | None
    learning_rate: float | None
    schedule: str | None
    metrics: tuple[str, ...]
    own_metrics: tuple[str, ...]
    config: dict[str, Any] | None


class _Split(GuestAnswer):
    x: ArraySummary
    y: ArraySummary
    validation_x: ArraySummary
    validation_y: ArraySummary


class _Tried(GuestAnswer):
    trial: int
    run: int
    model: _Built
    compiled: _Compiled
    history: dict[str, tuple[float, ...]]
    weights: tuple[ArrayRef, ...]
    split: _Split | None


class _TrialFailed(GuestAnswer):
    trial: int
    why: str


class _ArraysOfBoth(ArrayStore):
    """Arrays of a trial, which are kept in a folder of their own, and those of the evidence."""

    def __init__(self, folder: Path, evidence: ArrayStore) -> None:
        super().__init__(folder)
        self._evidence = evidence

    def get(self, ref: ArrayRef) -> Array:
        return super().get(ref) if self.has(ref) else self._evidence.get(ref)


def try_edits(
    evidence: Evidence,
    wanted: Sequence[Wanted],
    *,
    arrays: ArrayStore,
    data_sets: DataSets,
    sandbox: Sandbox | None,
    core: int | None,
) -> tuple[Trial, ...]:
    """Repeats fits with edits, from each start that is asked for.

    Args:
        evidence: What the execution left.
        wanted: Which fits, with which edits.
        arrays: The evidence's arrays; none is added.
        data_sets: What the kernel was served.
        sandbox: Where they are repeated and measured; None for a process of one's own, for one's own models.
        core: The processor that is used; None for any.

    Returns:
        One trial for each that is asked for, in that order.
    """
    with tempfile.TemporaryDirectory(prefix="grader-trial-") as scratch:
        both = _ArraysOfBoth(Path(scratch), arrays)
        tried = _train(evidence, wanted, arrays=both, data_sets=data_sets, sandbox=sandbox, core=core)
        copies = [copy for one in tried for copy in one.copies]
        measured: tuple[Measurement, ...] = ()
        if copies:
            asked = _with_copies(evidence, copies)
            found = verify(asked, arrays=both, data_sets=data_sets, sandbox=sandbox, core=core)
            measured = found.measured
            if found.problem is not None:
                return tuple(_failed(one, found.problem) for one in wanted)
    return tuple(one.trial(evidence, measured) for one in tried)


@dataclass(frozen=True)
class _Copy:
    """One run as evidence of its own: a model and a fit under other names than the original's."""

    original: FitRecord
    seed: int | None
    model: ModelRecord
    fit: FitRecord
    weights: tuple[ArrayRef, ...]

    def run(self, evidence: Evidence, measured: Sequence[Measurement]) -> TrialRun:
        """The run under the original's names, without arrays."""
        before, fit = evidence.model(self.original.model), self.original
        names = {"model": before.id, "fit": fit.id, "predictions": None, "inputs": None, "targets": None}
        compiled = None if self.fit.compiled is None else self.fit.compiled.model_copy(update={"model": before.id})
        return TrialRun(
            seed=self.seed,
            model=self.model.model_copy(update={"id": before.id}),
            fit=self.fit.model_copy(update={"id": fit.id, "model": before.id, "compiled": compiled}),
            measured=tuple(one.model_copy(update=names) for one in measured if one.model == self.model.id),
        )


@dataclass(frozen=True)
class _Outcome:
    wanted: Wanted
    model: str
    copies: tuple[_Copy, ...] = ()
    why: str = ""
    is_infrastructure: bool = False

    def trial(self, evidence: Evidence, measured: Sequence[Measurement]) -> Trial:
        return Trial(
            model=self.model,
            fit=self.wanted.fit,
            edits=self.wanted.edits,
            runs=tuple(copy.run(evidence, measured) for copy in self.copies),
            why=without_machine_paths(self.why),
            is_infrastructure=self.is_infrastructure,
        )


def _failed(wanted: Wanted, why: str) -> Trial:
    return Trial(model="", fit=wanted.fit, edits=wanted.edits, why=without_machine_paths(why), is_infrastructure=True)


def _train(
    evidence: Evidence,
    wanted: Sequence[Wanted],
    *,
    arrays: ArrayStore,
    data_sets: DataSets,
    sandbox: Sandbox | None,
    core: int | None,
) -> list[_Outcome]:
    fits = {fit.id: fit for fit in evidence.fits}
    jobs: list[trial_wire.TrialJob] = []
    impossible: dict[int, str] = {}
    with job_workspace(sandbox) as place:
        index = RowIndex(evidence, data_sets=data_sets, read=arrays.get)
        builder = FitJobs(evidence, place / JOB, index=index)
        for number, one in enumerate(wanted):
            try:
                fit = fits[one.fit]
                job = _job(builder, fit, one, model=evidence.model(fit.model), folder=place / JOB)
                jobs.append({**job, "trial": number})
            except (Impossible, NotEditableError) as reason:
                impossible[number] = str(reason)
            except UnwritableError:
                raise
            except Exception as error:  # noqa: BLE001 - records are hostile, and the next fit is still repeated
                impossible[number] = f"Its records are incomplete ({error})."
        run = None
        if jobs:
            whole: trial_wire.TrainerJob = {"trials": jobs}
            write_atomically(place / JOB / "job.json", json.dumps(whole))
            run = run_guest("trainer", place, seconds=_seconds(fits, wanted), sandbox=sandbox, core=core)
        return [
            _Outcome(one, model=fits[one.fit].model, why=impossible[number])
            if number in impossible or run is None
            else _read(one, number, run, fit=fits[one.fit], evidence=evidence, arrays=arrays)
            for number, one in enumerate(wanted)
        ]


def _seconds(fits: dict[str, FitRecord], wanted: Sequence[Wanted]) -> float:
    expected = 0.0
    for one in wanted:
        fit, factor = fits[one.fit], 1.0
        for edit in one.edits:
            value: Any = edit.value
            if edit.kind == "epochs" and fit.epochs_run:
                factor *= max(1.0, value / fit.epochs_run)
            elif edit.kind == "batch_size" and fit.batch_size:
                factor *= max(1.0, fit.batch_size / value)
        expected += len(one.seeds) * max(15.0, factor * fit.seconds)
    return min(MAX_REPLAY_SECONDS, VERIFIER_START_SECONDS + REPLAY_SLOWDOWN * expected)


def _job(builder: FitJobs, fit: FitRecord, wanted: Wanted, *, model: ModelRecord, folder: Path) -> trial_wire.TrialJob:
    acting = [callback.class_name for callback in fit.callbacks if callback.unknown]
    if acting:
        raise Impossible(f"The callback {acting[0]} may act on the training, and is not repeated.")
    job = builder.fit(fit)
    job["config"] = edited_config(model, wanted.edits, row_shape=[int(size) for size in fit.x.shape[1:]])
    job["compile_config"] = edited_compile(dict(job["compile_config"]), wanted.edits)
    share = edit_arguments(job, wanted.edits)
    if share is not None and fit.validation is not None and fit.validation.source == "split":
        _join(job, folder)
    if share is not None and job["sample_weight"] is not None:
        raise Impossible("Its rows have weights of their own, and would be split otherwise.")
    return {"trial": 0, "fit": job, "seeds": list(wanted.seeds), "validation_split": share}


def _join(job: wire.FitJob, folder: Path) -> None:
    """Puts the rows of a fit together again that were split by ``validation_split``."""
    own = ArrayStore(folder)
    for part, held in (("x", "validation_x"), ("y", "validation_y")):
        names = job[part], job[held]  # type: ignore[literal-required]
        if None not in names:
            both = np.concatenate([np.load(folder / str(name), allow_pickle=False) for name in names])
            job[part] = f"{own.put(both)}.npy"  # type: ignore[literal-required]


def _read(wanted: Wanted, number: int, run: Run, *, fit: FitRecord, evidence: Evidence, arrays: ArrayStore) -> _Outcome:
    copies: dict[int, _Copy] = {}
    for kind, record in run.frames.records:
        failed = read_answer(record, _TrialFailed) if kind == trial_wire.TRIAL_FAILED.name else None
        if failed is not None and failed.trial == number:
            return _Outcome(wanted, model=fit.model, why=f"It could not be repeated: {failed.why}")
        tried = read_answer(record, _Tried) if kind == trial_wire.TRIED.name else None
        if tried is not None and tried.trial == number and 0 <= tried.run < len(wanted.seeds):
            refs = [*tried.weights, *(_refs(tried.split) if tried.split is not None else ())]
            arrays.take([ref for ref in refs if ref in run.frames.refs], run.store)
            copies[tried.run] = _copy(tried, wanted, fit=fit, evidence=evidence)
    if len(copies) < len(wanted.seeds):
        why = f"The trial ended before it ({run.how_it_ended})."
        return _Outcome(wanted, model=fit.model, why=why, is_infrastructure=True)
    return _Outcome(wanted, model=fit.model, copies=tuple(copies[place] for place in sorted(copies)))


def _refs(split: _Split) -> Iterator[ArrayRef]:
    for part in (split.x, split.y, split.validation_x, split.validation_y):
        yield from (ref for ref in (part.whole, part.head, part.row_hashes) if ref is not None)


def _copy(tried: _Tried, wanted: Wanted, *, fit: FitRecord, evidence: Evidence) -> _Copy:
    before = evidence.model(fit.model)
    name = f"{before.id}-trial-{tried.trial}-{tried.run}"
    built: dict[str, Any] = {key: getattr(tried.model, key) for key in _Built.model_fields}
    model = before.model_copy(update={**built, "id": name, "object_id": name, "graphs": {}, "not_rebuildable": None})
    state = digest([name, *tried.weights])
    was = fit.compiled
    compiled = CompileRecord(
        seq=fit.seq if was is None else was.seq,
        cell=fit.cell if was is None else was.cell,
        model=name,
        **tried.compiled.model_dump(),
    )
    update: dict[str, Any] = {
        "id": _name(fit.id, name),
        "model": name,
        "compiled": compiled,
        "history": tried.history,
        "epochs_run": len(tried.history.get("loss", ())),
        "weights_before": None,
        "weights_after": state,
        "epoch_weights": (),
        "steps": None,
        "replay": None,
        **_arguments(fit, wanted.edits),
    }
    if tried.split is not None:
        update |= _as_split(tried.split)
    return _Copy(
        original=fit,
        seed=wanted.seeds[tried.run],
        model=model,
        fit=fit.model_copy(update=update),
        weights=tried.weights,
    )


def _arguments(fit: FitRecord, edits: Sequence[Edit]) -> dict[str, Any]:
    update: dict[str, Any] = {}
    for edit in edits:
        value: Any = edit.value
        if edit.kind == "epochs":
            update["epochs_requested"] = fit.initial_epoch + int(value)
        elif edit.kind == "batch_size":
            update["batch_size"] = int(value)
        elif edit.kind == "class_weight":
            update["class_weight"] = True
        elif edit.kind == "callback":
            update["callbacks"] = (*fit.callbacks, CallbackRecord(class_name=edit.name, settings=dict(value)))
    return update


def _as_split(split: _Split) -> dict[str, Any]:
    rows = split.x.rows + split.validation_x.rows
    held = ValidationRecord(
        source="split", fraction=split.validation_x.rows / rows, x=split.validation_x, y=split.validation_y
    )
    return {"x": split.x, "y": split.y, "validation": held, "rows_given": rows}


def _name(fit: str, model: str) -> str:
    return f"{fit}-of-{model}"


def _with_copies(evidence: Evidence, copies: Sequence[_Copy]) -> Evidence:
    """Evidence of the copies alone, beside the other trainings: what they saw of a table is still known."""
    copies = copies[:MAX_STATES]
    replaced: dict[str, list[_Copy]] = {}
    for copy in copies:
        replaced.setdefault(copy.original.model, []).append(copy)

    def of_copies(events: Any) -> tuple[Any, ...]:
        return tuple(
            event.model_copy(
                update={
                    "model": copy.model.id,
                    "weights": copy.fit.weights_after if event.weights == copy.original.weights_after else None,
                }
            )
            for event in events
            for copy in replaced.get(event.model, ())
        )

    return evidence.model_copy(
        update={
            "models": tuple(copy.model for copy in copies),
            "fits": (
                *(fit for fit in evidence.fits if fit.model not in replaced),
                *(copy.fit for copy in copies),
            ),
            "weights": {str(copy.fit.weights_after): copy.weights for copy in copies},
            "evaluations": of_copies(evidence.evaluations),
            "predictions": of_copies(evidence.predictions),
        }
    )
