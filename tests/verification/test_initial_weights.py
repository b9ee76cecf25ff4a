"""What a model's first fit began with is asked about the test part, and about nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from verification import Recorded, data_set, pictures

from grader.datasets import DataSets
from grader.limits import MAX_INITIAL_STATES
from grader.verification.initial_weights import initial_states
from grader.verification.probes import make_plan

DIGITS = pictures()
X, Y = DIGITS["x_train"] / 255, DIGITS["y_train"]
CONFIG: dict[str, Any] = {"class_name": "Sequential"}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSets:
    return data_set(tmp_path_factory.mktemp("data"))


def asked(recorded: Recorded, digits: DataSets) -> list[tuple[str, list[str]]]:
    """Digest and probes of each."""
    evidence = recorded.evidence(digits)
    made = make_plan(evidence, data_sets=digits, read=recorded.arrays.get)
    return [(state.weights, [probe.name for probe in probes]) for state, probes in initial_states(evidence, made)]


def weights(number: int) -> list[np.ndarray]:
    return [np.full((784, 10), number, np.float32)]


def test_a_fit_is_asked_what_it_began_with(digits: DataSets, tmp_path: Path) -> None:
    """But where that is what another one left, and so is measured."""
    recorded = Recorded(tmp_path)
    before = recorded.state(weights(0))
    model, after = recorded.model(weights(1), config=CONFIG)
    recorded.fit((model, after), x=X, y=Y, weights_before=before)
    recorded.fit((model, recorded.state(weights(2))), x=X, y=Y, weights_before=after)
    brought = recorded.state(weights(3))
    recorded.fit((model, recorded.state(weights(4))), x=X, y=Y, weights_before=brought)
    assert asked(recorded, digits) == [(before, ["test"]), (brought, ["test"])]


def test_what_is_measured_anyway_is_not_asked_twice(digits: DataSets, tmp_path: Path) -> None:
    """Another model's training left it, say."""
    recorded = Recorded(tmp_path)
    first, second = recorded.model(weights(1), config=CONFIG), recorded.model(weights(2), config=CONFIG)
    recorded.fit(first, x=X, y=Y)
    recorded.fit(second, x=X, y=Y, weights_before=first[1])
    assert asked(recorded, digits) == []


def test_what_cannot_be_rebuilt_or_recognised_is_left_alone(digits: DataSets, tmp_path: Path) -> None:
    """And nothing is said of it."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(weights(1)), x=X, y=Y, weights_before=recorded.state(weights(0)))
    strange = recorded.model(weights(2), config=CONFIG)
    recorded.fit(strange, x=np.random.default_rng(0).normal(size=(50, 784)), weights_before=recorded.state(weights(3)))
    assert asked(recorded, digits) == []


def test_a_search_is_cut_off(digits: DataSets, tmp_path: Path) -> None:
    """It has more models than any answer."""
    recorded = Recorded(tmp_path)
    for number in range(MAX_INITIAL_STATES + 3):
        model = recorded.model(weights(2 * number), config=CONFIG)
        recorded.fit(model, x=X, y=Y, weights_before=recorded.state(weights(2 * number + 1)))
    assert len(asked(recorded, digits)) == MAX_INITIAL_STATES
