"""Runs the verifier in a fresh sandbox and reads its answers as hostile input.

`grader.verification.guest.wire` says what the job and the answers are.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
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
from grader.verification.guest import wire
from grader.verification.guest.limits import MAX_OUTPUTS
from grader.verification.guest_job import JOB, GuestAnswer, Run, job_workspace, read_answer, run_guest
from grader.verification.probe_inputs import ProbeInput
from grader.verification.probes import Probe, State

if TYPE_CHECKING:
    from grader.execution.sandbox import Sandbox

Array = npt.NDArray[Any]


class _OfState(GuestAnswer):
    state: int


class _Built(_OfState):
    penalty: float | None


class _Outputs(_OfState):
    feed: int
    outputs: str | None
    logits: str | None


class _StateFailed(_OfState):
    over_time: bool
    why: str


@dataclass(frozen=True)
class Answer:
    """A state's outputs on a feed, ``(rows, outputs)``; ``logits`` likewise, where a softmax or sigmoid comes last."""

    outputs: Array
    logits: Array | None = None


@dataclass(frozen=True)
class Failure:
    """Why a state was not measured completely; `is_infrastructure` where a limit or the grading system is why."""

    why: str
    is_infrastructure: bool


@dataclass
class Answers:
    """What the verifier answered.

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


def ask(asked: Asked, *, arrays: ArrayStore, sandbox: Sandbox | None, core: int | None) -> Answers:
    """Rebuilds models in a sandboxed process and has them predict.

    Raises:
        SandboxError: The sandbox does not start.
        OSError: The job cannot be written.
    """
    answers = Answers()
    with job_workspace(sandbox) as place:
        folder = _JobFolder(place / JOB, arrays)
        jobs: dict[int, wire.StateJob] = {}
        for number, (state, probes) in enumerate(asked):
            try:
                jobs[number] = folder.state(number, state, probes=probes)
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
            _read_answers(run, jobs, asked=asked, answers=answers)
            _drop_unfinished(run, jobs, answers=answers, is_last=start == MAX_VERIFIER_STARTS - 1)
    return answers


def foreign_part(config: Any) -> str | None:
    """The first class in a configuration that is not Keras's own, by name; None where all are."""
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

    def state(self, number: int, state: State, *, probes: tuple[Probe, ...]) -> wire.StateJob:
        """Puts what a state needs into the folder, and returns its part of the job.

        Raises:
            ValueError: There is nothing to rebuild it from, in words for the tutor.
            StoreError: One of its arrays is missing.
        """
        model = state.model
        foreign = None if model.config is None else foreign_part(model.config)
        config = model.config if foreign is None else None
        graph = model.graphs.get(state.weights)
        if config is None and graph is None:
            raise ValueError(_why_not_rebuilt(state, foreign))
        return {
            "state": number,
            "seconds": STATE_CPU_SECONDS,
            "config": config,
            "graph": None if graph is None else self._copied(graph),
            "weights": [self._copied(ref) for ref in state.arrays],
            "feeds": [self._feed(probe.input) for probe in probes],
        }

    def write(self, states: list[wire.StateJob]) -> None:
        """Writes the job of these states."""
        job: wire.VerifierJob = {"states": states}
        write_atomically(self.path / "job.json", json.dumps(job))

    def _copied(self, ref: ArrayRef) -> str:
        return self._put(self._arrays.get(ref))

    def _put(self, array: Array) -> str:
        return f"{self._own.put(array)}.npy"

    def _feed(self, feed: ProbeInput) -> wire.FeedJob:
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


def _read_answers(run: Run, jobs: dict[int, wire.StateJob], *, asked: Asked, answers: Answers) -> None:
    """Notes what was answered of each state, and drops the states that are done."""
    for kind, record in run.frames.records:
        answer = read_answer(record, _OfState)
        if answer is None or (number := answer.state) not in jobs:
            continue
        if kind == wire.BUILT.name and (built := read_answer(record, _Built)) is not None:
            if built.penalty is not None and math.isfinite(built.penalty):
                answers.penalties[number] = built.penalty
        elif kind == wire.OUTPUTS.name and (outputs := read_answer(record, _Outputs)) is not None:
            _note_outputs(run, outputs, asked=asked, answers=answers)
        elif kind == wire.STATE_FAILED.name:
            answers.failures[number] = _failure(read_answer(record, _StateFailed))
            del jobs[number]
        elif kind == wire.DONE.name:
            del jobs[number]


def _note_outputs(run: Run, answer: _Outputs, *, asked: Asked, answers: Answers) -> None:
    probes = asked[answer.state][1]
    if not 0 <= answer.feed < len(probes):
        return
    outputs = _matrix(run, answer.outputs, rows=probes[answer.feed].input.rows)
    if outputs is None:
        return
    logits = _matrix(run, answer.logits, rows=len(outputs))
    fits = logits is not None and logits.shape == outputs.shape
    answers.outputs[answer.state, answer.feed] = Answer(outputs, logits if fits else None)


def _matrix(run: Run, ref: str | None, *, rows: int) -> Array | None:
    if ref is None or ref not in run.frames.refs:
        return None
    array = run.store.get(ref)
    fits = array.dtype == np.float32 and array.ndim == 2 and array.shape[0] == rows
    return array if fits and array.shape[1] <= MAX_OUTPUTS else None


def _failure(answer: _StateFailed | None) -> Failure:
    if answer is not None and answer.over_time:
        return Failure(f"It took more than {STATE_CPU_SECONDS} s of computing to verify.", is_infrastructure=True)
    why = None if answer is None else answer.why[:MAX_REASON_CHARACTERS]
    return Failure(f"It could not be rebuilt or did not predict: {why}", is_infrastructure=False)


def _drop_unfinished(run: Run, jobs: dict[int, wire.StateJob], *, answers: Answers, is_last: bool) -> None:
    """Of the states left over, drops the one that the verifier ended in, and all where it is not started again."""
    started = [
        answer.state
        for kind, record in run.frames.records
        if kind == wire.STARTED.name and (answer := read_answer(record, _OfState)) is not None
    ]
    unfinished = [number for number in started if number in jobs]
    how = run.how_it_ended
    if unfinished:
        answers.failures[unfinished[-1]] = Failure(
            f"The verifier ended while it worked on it ({how}).", is_infrastructure=True
        )
        del jobs[unfinished[-1]]
    if jobs and (is_last or not started):
        answers.problem = f"The verifier ended before its work was done ({how})."
        answers.failures.update({number: Failure(answers.problem, is_infrastructure=True) for number in jobs})
        jobs.clear()
