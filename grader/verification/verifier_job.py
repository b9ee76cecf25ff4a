"""Runs the verifier in a fresh sandbox and reads what it says as hostile input.

The job is a folder: ``job.json`` with ``states``, each of ``state`` (a number), ``seconds`` (of CPU), ``config`` or
``graph``, ``weights`` and ``feeds``; beside it arrays under the names that stand there. No labels are among them.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
from grader.execution.sandbox import Sandbox
from grader.limits import (
    MAX_REASON_CHARACTERS,
    MAX_VERIFICATION_SECONDS,
    MAX_VERIFIER_STARTS,
    STATE_CPU_SECONDS,
    STATE_SECONDS,
    VERIFIER_START_SECONDS,
)
from grader.records import ArrayRef
from grader.store import ArrayStore, write_atomically
from grader.verification.guest.limits import MAX_OUTPUTS
from grader.verification.guest_job import JOB, Run, job_workspace, run_guest
from grader.verification.probe_inputs import ProbeInput
from grader.verification.probes import Probe, State

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """A state's outputs on a feed, ``(rows, outputs)``; ``logits`` likewise, where a softmax or sigmoid comes last."""

    outputs: Array
    logits: Array | None = None


@dataclass(frozen=True)
class Failure:
    """Why a state was not measured, or not wholly; `is_infrastructure` where the limit or the fault is ours."""

    why: str
    is_infrastructure: bool


@dataclass
class Answers:
    """What the verifier said.

    Attributes:
        outputs: By the state's position and its probe's.
        penalties: By the state's position: of regularised weights.
        failures: By the state's position.
        problem: What went wrong with the verifier itself, in words; None where nothing did.
    """

    outputs: dict[tuple[int, int], Answer] = field(default_factory=dict)
    penalties: dict[int, float] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    problem: str | None = None


Asked = Sequence[tuple[State, tuple[Probe, ...]]]


def ask(asked: Asked, *, arrays: ArrayStore, sandbox: Sandbox, core: int | None) -> Answers:
    """Rebuilds models in a sandboxed process and has them predict.

    Raises:
        SandboxError: The sandbox does not start.
        OSError: The job cannot be written.
    """
    answers = Answers()
    with job_workspace() as place:
        folder = _JobFolder(place / JOB, arrays)
        jobs: dict[int, dict[str, Any]] = {}
        for number, (state, probes) in enumerate(asked):
            try:
                jobs[number] = {"state": number, **folder.state(state, probes)}
            except StoreError as error:
                answers.failures[number] = Failure(f"Its weights could not be read: {error}", is_infrastructure=True)
            except ValueError as error:
                answers.failures[number] = Failure(str(error), is_infrastructure=False)
        deadline = time.monotonic() + MAX_VERIFICATION_SECONDS
        for start in range(MAX_VERIFIER_STARTS):
            if not jobs or answers.problem is not None:
                break
            folder.write(list(jobs.values()))
            seconds = min(deadline - time.monotonic(), VERIFIER_START_SECONDS + len(jobs) * STATE_SECONDS)
            run = run_guest("verifier", place, seconds=max(1.0, seconds), sandbox=sandbox, core=core)
            _take(run, jobs, asked=asked, answers=answers)
            _blame(run, jobs, answers=answers, is_last=start == MAX_VERIFIER_STARTS - 1)
    return answers


def foreign_part(config: Any) -> str | None:
    """What of a configuration Keras's own classes alone do not make, by name; None where they make it all."""
    if isinstance(config, list):
        return next((found for item in config if (found := foreign_part(item)) is not None), None)
    if not isinstance(config, dict):
        return None
    if "class_name" in config:
        name, module, registered = (config.get(key) for key in ("class_name", "module", "registered_name"))
        own_module = module in {None, "builtins"} or f"{module}.".startswith("keras.")
        if name in {"Lambda", "__lambda__"} or not own_module or registered not in {None, name}:
            return str(name)[:100]
    return foreign_part(list(config.values()))


class _JobFolder:
    """Where a job is put together."""

    def __init__(self, path: Path, arrays: ArrayStore) -> None:
        self.path = path
        self._arrays = arrays
        self._own = ArrayStore(path)

    def state(self, state: State, probes: tuple[Probe, ...]) -> dict[str, Any]:
        """Puts what a state needs into the folder, and gives its part of the job.

        Raises:
            ValueError: There is nothing that it could be rebuilt from, in words for the tutor.
            StoreError: One of its arrays is missing.
        """
        model = state.model
        foreign = None if model.config is None else foreign_part(model.config)
        config = model.config if foreign is None else None
        graph = model.graphs.get(state.weights)
        if config is None and graph is None:
            raise ValueError(_why_not_rebuilt(state, foreign))
        return {
            "seconds": STATE_CPU_SECONDS,
            "config": config,
            "graph": None if graph is None else self._copied(graph),
            "weights": [self._copied(ref) for ref in state.arrays],
            "feeds": [self._feed(probe.input) for probe in probes],
        }

    def write(self, states: list[dict[str, Any]]) -> None:
        """Writes the job of these states."""
        write_atomically(self.path / "job.json", json.dumps({"states": states}))

    def _copied(self, ref: ArrayRef) -> str:
        return self._put(self._arrays.get(ref))

    def _put(self, array: Array) -> str:
        return f"{self._own.put(array)}.npy"

    def _feed(self, feed: ProbeInput) -> dict[str, Any]:
        if feed.known is None or feed.transform is None or feed.ids is None:
            rows = np.zeros((0, 1), np.float32) if feed.array is None else feed.array
            return {"rows": self._put(rows), "ids": None, "map": None, "shift": False}
        name = f"{feed.known.name}.npy"
        if not (self.path / name).exists():
            np.save(self.path / name, feed.known.rows, allow_pickle=False)
        ids = self._put(feed.ids.astype(np.int64))
        return {"rows": name, "ids": ids, "map": feed.transform.plain(), "shift": feed.shift}


def _why_not_rebuilt(state: State, foreign: str | None) -> str:
    if state.model.not_rebuildable:
        return f"It could not be exported from the kernel: {state.model.not_rebuildable[:MAX_REASON_CHARACTERS]}"
    if foreign is not None:
        return f"Its configuration names {foreign}, which is not Keras's own, and there is no graph of it."
    return "Neither a configuration nor a graph of it was recorded."


def _take(run: Run, jobs: dict[int, dict[str, Any]], *, asked: Asked, answers: Answers) -> None:
    """Notes what was said of each state, and drops the states that are dealt with."""
    for kind, record in run.frames.records:
        number = record.get("state")
        if not isinstance(number, int) or number not in jobs:
            continue
        if kind == "built":
            penalty = record.get("penalty")
            if isinstance(penalty, float) and math.isfinite(penalty):
                answers.penalties[number] = penalty
        elif kind == "outputs":
            _take_outputs(run, record, asked=asked, answers=answers)
        elif kind == "failed":
            answers.failures[number] = _failure(record)
            del jobs[number]
        elif kind == "done":
            del jobs[number]


def _take_outputs(run: Run, record: Mapping[str, Any], *, asked: Asked, answers: Answers) -> None:
    number, feed = record["state"], record.get("feed")
    probes = asked[number][1]
    if not isinstance(feed, int) or not 0 <= feed < len(probes):
        return
    outputs = _matrix(run, record.get("outputs"), rows=probes[feed].input.rows)
    if outputs is None:
        return
    logits = _matrix(run, record.get("logits"), rows=len(outputs))
    fits = logits is not None and logits.shape == outputs.shape
    answers.outputs[number, feed] = Answer(outputs, logits if fits else None)


def _matrix(run: Run, ref: Any, *, rows: int) -> Array | None:
    if not isinstance(ref, str) or ref not in run.frames.refs:
        return None
    array = run.store.get(ref)
    fits = array.dtype == np.float32 and array.ndim == 2 and array.shape[0] == rows
    return array if fits and array.shape[1] <= MAX_OUTPUTS else None


def _failure(record: Mapping[str, Any]) -> Failure:
    if record.get("over_time"):
        return Failure(f"It took more than {STATE_CPU_SECONDS} s of computing to verify.", is_infrastructure=True)
    return Failure(
        f"It could not be rebuilt or did not predict: {str(record.get('why'))[:MAX_REASON_CHARACTERS]}",
        is_infrastructure=False,
    )


def _blame(run: Run, jobs: dict[int, dict[str, Any]], *, answers: Answers, is_last: bool) -> None:
    """Of the states left over, drops the one that the verifier ended in, and all where it is not started again."""
    kinds = {kind for kind, _ in run.frames.records}
    begun = [record["state"] for kind, record in run.frames.records if kind == "begun" and record.get("state") in jobs]
    how = run.how_it_ended
    if begun:
        answers.failures[begun[-1]] = Failure(
            f"The verifier ended while it worked on it ({how}).", is_infrastructure=True
        )
        del jobs[begun[-1]]
    if jobs and (is_last or "begun" not in kinds):
        answers.problem = f"The verifier ended before its work was done ({how})."
        answers.failures.update({number: Failure(answers.problem, is_infrastructure=True) for number in jobs})
        jobs.clear()
