"""What the recorder sends has the fields that the harness reads, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from grader import records
from grader.execution import collect, execute
from grader.execution.recorder import wire

READ_AS: dict[wire.Kind[Any], type[BaseModel]] = {
    wire.START: collect._Start,
    wire.CELL: collect._Cell,
    wire.LOST: collect._Lost,
    wire.DATA_SET: collect._DataSet,
    wire.WEIGHTS: collect._Weights,
    wire.MODEL: records.ModelRecord,
    wire.COMPILE: records.CompileRecord,
    wire.FIT: records.FitRecord,
    wire.WEIGHTS_SET: records.WeightsSetRecord,
    wire.EVALUATION: records.EvaluationRecord,
    wire.PREDICTION: records.PredictionRecord,
    wire.FIGURE: records.FigureRecord,
    wire.ARRAY_NAMED: records.NamedArray,
}
PARTS: dict[Any, type[BaseModel]] = {
    wire.Summary: records.ArraySummary,
    wire.Layer: records.LayerRecord,
    wire.Validation: records.ValidationRecord,
    wire.Callback: records.CallbackRecord,
    wire.ReplayState: records.ReplayState,
    wire.Axes: records.AxesRecord,
    wire.Line: records.LineRecord,
    wire.Scatter: records.ScatterRecord,
    wire.Grid: records.GridRecord,
    wire.Text: records.TextRecord,
}
SENT = {**{kind.fields: read for kind, read in READ_AS.items()}, **PARTS}


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: sent.__name__)
def test_the_fields_that_are_sent_are_those_that_are_read(sent: Any) -> None:
    """The collector adds none of its own: it replaces a cell's ordinal by its index."""
    assert set(sent.__annotations__) == set(SENT[sent].model_fields)


def test_every_kind_has_a_reader() -> None:
    """A kind that nothing reads would be sent in vain."""
    assert {kind for kind in vars(wire).values() if isinstance(kind, wire.Kind)} == set(READ_AS)


def test_what_is_sent_needs_no_other_module_of_the_recorder() -> None:
    """The harness imports it, and has no Keras."""
    source = (execute.RECORDER / "wire.py").read_text()
    assert "from ." not in source
