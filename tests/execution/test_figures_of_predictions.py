"""Raw predictions become figures by the state's own loss and labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from verification import Recorded

from grader.records import LayerRecord, Measurement
from grader.verification.feeds import Feed
from grader.verification.labels import Labels
from grader.verification.probes import Probe, State
from grader.verification.verifier_job import Answer
from grader.verification.verify import _measurement

OUTPUTS = np.array([[0.8, 0.2], [0.4, 0.6], [0.9, 0.1]], np.float32)
EXPECTED = -(np.log(0.8) + np.log(0.6) + np.log(0.1)) / 3


def _measured(folder: Path, *, classes: Any = (0, 1, 1), penalty: float | None = 0.0, **fields: Any) -> Measurement:
    recorded = Recorded(folder)
    layers = fields.pop("layers", ())
    state = recorded.model([np.ones(2)], layers=layers)
    fit = recorded.fit(state, x=np.zeros((3, 4)), y=np.zeros(3), **fields)
    known = Labels(np.array(classes))
    probe = Probe("test", Feed(array=np.zeros((3, 4))), labels=partial(_always, known), label_rows=np.arange(3))
    whole = State(recorded.models[0], state[1], arrays=(), fit=fit, compiled=fit.compiled)
    return _measurement(whole, probe, Answer(OUTPUTS), penalty=penalty, arrays=recorded.arrays)


def _always(labels: Labels, *, width: int) -> Labels:
    return labels


def test_the_compiled_loss_is_computed(tmp_path: Path) -> None:
    """With accuracy and confusion, from the raw outputs."""
    found = _measured(tmp_path)
    assert (found.loss_name, found.loss) == ("sparse_categorical_crossentropy", pytest.approx(EXPECTED, rel=1e-6))
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.confusion == ((1, 0), (1, 1))
    assert found.mae is None


def test_penalties_belong_to_the_loss(tmp_path: Path) -> None:
    """As ``evaluate`` has it."""
    assert _measured(tmp_path, penalty=0.5).loss == pytest.approx(EXPECTED + 0.5, rel=1e-6)


@pytest.mark.parametrize("penalty", [None, 0.0])
def test_an_unknown_penalty_leaves_the_loss_unknown(tmp_path: Path, penalty: float | None) -> None:
    """A regulariser is named, and what it costs is not known; the accuracy is."""
    layers = (LayerRecord(class_name="Dense", config={"kernel_regularizer": "L2"}),)
    found = _measured(tmp_path, penalty=penalty, layers=layers)
    assert (found.loss_name, found.loss) == (None, None)
    assert found.accuracy == pytest.approx(2 / 3)


def test_smoothing_is_part_of_the_loss(tmp_path: Path) -> None:
    """As it was compiled; the classes stay what they are."""
    compiled = {"loss": {"config": {"label_smoothing": 0.5}}}
    found = _measured(tmp_path, loss="categorical_crossentropy", compile_config=compiled)
    smooth = np.eye(2)[[0, 1, 1]] * 0.5 + 0.25
    assert found.loss == pytest.approx(-(smooth * np.log(OUTPUTS)).sum(axis=1).mean(), rel=1e-6)
    assert found.accuracy == pytest.approx(2 / 3)


def test_rows_without_a_target_are_left_out(tmp_path: Path) -> None:
    """Other digits than those of the student's task."""
    found = _measured(tmp_path, classes=(0, -1, 1))
    assert found.rows == 2
    assert found.accuracy == 0.5


def test_a_loss_of_the_students_own_has_no_figure(tmp_path: Path) -> None:
    """The accuracy has."""
    found = _measured(tmp_path, loss="my_loss")
    assert (found.loss_name, found.loss, found.accuracy) == (None, None, pytest.approx(2 / 3))
