"""Only what Keras's own classes make is rebuilt, and what comes back is checked before it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from verification import Recorded

from grader.execution.frames import Frames
from grader.execution.sandbox import Ending
from grader.verification.feeds import Feed
from grader.verification.guest_job import Run
from grader.verification.probes import Probe, State
from grader.verification.verifier_job import Answers, _drop_unfinished, _read_answers, foreign_part


def _config(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"module": "keras", "class_name": "Sequential", "config": {"layers": list(layers)}, "registered_name": None}


DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, "activation": "relu"}}
CONFIGS: dict[str, tuple[dict[str, Any], str | None]] = {
    "Keras's own": (_config(DENSE), None),
    "named as itself": (_config({**DENSE, "registered_name": "Dense"}), None),
    "a function of Keras's": (
        _config(
            {**DENSE, "config": {"activation": {"module": "builtins", "class_name": "function", "config": "relu"}}}
        ),
        None,
    ),
    "a Lambda": (_config(DENSE, {"module": "keras.layers", "class_name": "Lambda", "config": {}}), "Lambda"),
    "code": (_config({"class_name": "__lambda__", "config": {"value": "x"}}), "__lambda__"),
    "another module": (_config({"module": "os", "class_name": "system", "config": {}}), "system"),
    "a look-alike": (_config({"module": "keras_evil.layers", "class_name": "Dense", "config": {}}), "Dense"),
    "a registered class": (_config({**DENSE, "registered_name": "my>Dense"}), "Dense"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_foreign_parts_of_a_configuration_are_found(name: str) -> None:
    """Nested as deep as may be, and named."""
    config, expected = CONFIGS[name]
    assert foreign_part(config) == expected


ROWS = 4
PENDING = 2


class Said:
    """A run of the verifier that said these things about two states with one probe each."""

    def __init__(self, folder: Path, *records: tuple[str, dict[str, Any]], arrays: tuple[Any, ...] = ()) -> None:
        recorded = Recorded(folder)
        refs = frozenset(recorded.array(array) for array in arrays)
        _, digest = recorded.model([])
        state, probe = (
            State(recorded.models[0], digest, arrays=(), fit=None),
            Probe("test", Feed(array=np.zeros((ROWS, 2)))),
        )
        ending = Ending(returncode=1, signal=None, reason="kernel_died", cpu_seconds=1.0)
        self.run = Run(Frames(records, refs), recorded.arrays, ending, "Boom")
        self.jobs: dict[int, dict[str, Any]] = {number: {} for number in range(PENDING)}
        self.answers = Answers()
        _read_answers(self.run, self.jobs, asked=[(state, (probe,))] * PENDING, answers=self.answers)

    def blame(self, *, is_last: bool = False) -> Answers:
        """What is said of the states that are left over."""
        _drop_unfinished(self.run, self.jobs, answers=self.answers, is_last=is_last)
        return self.answers


def _name(array: Any, folder: Path) -> str:
    return Recorded(folder).array(array)


GOOD = np.ones((ROWS, 3), np.float32)


def test_outputs_are_read_answersn(tmp_path: Path) -> None:
    """With logits of the same shape."""
    ref = _name(GOOD, tmp_path)
    said = Said(tmp_path, ("outputs", {"state": 1, "feed": 0, "outputs": ref, "logits": ref}), arrays=(GOOD,))
    answer = said.answers.outputs[1, 0]
    np.testing.assert_array_equal(answer.outputs, GOOD)
    assert answer.logits is not None


WRONG = {
    "too few rows": GOOD[:2],
    "float64": GOOD.astype(np.float64),
    "three axes": GOOD[None],
    "too wide": np.zeros((ROWS, 5000), np.float32),
}


@pytest.mark.parametrize("array", WRONG.values(), ids=WRONG)
def test_outputs_of_another_form_are_not(tmp_path: Path, array: Any) -> None:
    """They cannot be the answer to what was asked."""
    record = {"state": 0, "feed": 0, "outputs": _name(array, tmp_path), "logits": None}
    assert Said(tmp_path, ("outputs", record), arrays=(array,)).answers.outputs == {}


@pytest.mark.parametrize(
    "record",
    [
        {"state": 0, "feed": 0, "outputs": "0" * 64},
        {"state": 0, "feed": 9, "outputs": None},
        {"state": 0, "feed": "0"},
        {"state": 99, "feed": 0},
        {"state": None},
        {},
    ],
)
def test_forged_records_are_ignored(tmp_path: Path, record: dict[str, Any]) -> None:
    """Arrays that never came, probes and states that were never asked."""
    said = Said(tmp_path, *((kind, record) for kind in ("started", "built", "outputs", "nonsense")))
    assert said.answers == Answers()


def test_the_state_in_which_the_verifier_ended_is_left_out(tmp_path: Path) -> None:
    """And the other is tried again."""
    said = Said(tmp_path, ("started", {"state": 0}))
    answers = said.blame()
    assert list(answers.failures) == [0]
    assert "return code 1: Boom" in answers.failures[0].why
    assert answers.failures[0].is_infrastructure
    assert list(said.jobs) == [1]
    assert answers.problem is None


def test_a_verifier_that_never_began_is_our_problem(tmp_path: Path) -> None:
    """Every state is left over, and nothing is tried again."""
    said = Said(tmp_path)
    answers = said.blame()
    assert set(answers.failures) == {0, 1}
    assert answers.problem is not None
    assert said.jobs == {}


def test_after_the_last_start_all_are_left_out(tmp_path: Path) -> None:
    """What was never reached is said to be our problem too."""
    answers = Said(tmp_path, ("started", {"state": 0})).blame(is_last=True)
    assert set(answers.failures) == {0, 1}
    assert answers.problem is not None


def test_what_is_dealt_with_is_not_tried_again(tmp_path: Path) -> None:
    """Done or failed, each with its reason."""
    over_time = {"state": 1, "over_time": True, "why": ""}
    said = Said(
        tmp_path, ("started", {"state": 0}), ("done", {"state": 0}), ("started", {"state": 1}), ("failed", over_time)
    )
    assert said.jobs == {}
    assert "of computing" in said.blame().failures[1].why
