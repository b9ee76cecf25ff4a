from __future__ import annotations

from typing import Any

import pytest

from grader.execution import collect as collecting
from grader.execution.collect import Recording, collect
from grader.execution.frames import Frames
from grader.limits import MAX_NOTE_CHARACTERS

A, B, LOST = "a" * 64, "b" * 64, "c" * 64
MODEL = ("model", {"id": "m1", "object_id": "o1", "kind": "sequential", "cell": 0})
SUMMARY = {"kind": "array", "shape": [3, 2], "dtype": "float32", "whole": A}


def event(kind: str, **content: Any) -> tuple[str, dict[str, Any]]:
    return kind, {"seq": 1, "cell": 0, "model": "m1", **content}


def fit(**content: Any) -> tuple[str, dict[str, Any]]:
    return event("fit", **{"id": "f1", "x": SUMMARY, **content})


def collected(*records: tuple[str, dict[str, Any]], cells: tuple[int, ...] = (2, 5, 9)) -> Recording:
    return collect(Frames(records=records, refs=frozenset({A, B})), cell_indices=cells)


def test_cells_are_named_by_the_notebook() -> None:
    """Ordinals of execution become indices, also in what stands inside a record."""
    compiled = {"seq": 1, "cell": 1, "model": "m1"}
    found = collected(MODEL, fit(cell=2, compiled=compiled))
    assert found.models[0].cell == 2
    assert found.fits[0].cell == 9
    assert found.fits[0].compiled is not None
    assert found.fits[0].compiled.cell == 5


@pytest.mark.parametrize("ordinal", [None, -1, 3, 10**9, "0", 1.5, [], True])
def test_a_cell_that_was_never_executed_is_none(ordinal: object) -> None:
    """Only a number of an executed cell names one."""
    (found,) = collected(("figure", {"seq": 1, "cell": ordinal})).figures
    assert found.cell == (5 if ordinal is True else None)


def test_arrays_that_never_came_are_taken_out() -> None:
    """A name that cannot be read is none, at whatever depth it stands."""
    lines = [{"x": A, "y": LOST, "points": 3}]
    figure = ("figure", {"seq": 1, "cell": 0, "axes": [{"lines": lines}], "png": LOST})
    found = collected(MODEL, fit(x={**SUMMARY, "whole": LOST}, validation={"source": "data", "x": SUMMARY}), figure)
    assert found.fits[0].x.whole is None
    assert found.fits[0].validation is not None
    assert found.fits[0].validation.x.whole == A
    axes = found.figures[0].axes[0]
    assert (axes.lines[0].x, axes.lines[0].y, found.figures[0].png) == (A, None, None)


def test_graphs_that_never_came_are_taken_out() -> None:
    """A state whose graph is missing has none."""
    (found,) = collected(("model", {**MODEL[1], "graphs": {"w1": A, "w2": LOST}})).models
    assert found.graphs == {"w1": A}


def test_configurations_are_left_as_they_are() -> None:
    """What merely looks like an array's name is no reference."""
    found = collected(("model", {**MODEL[1], "config": {"whole": LOST, "x": LOST}}))
    assert found.models[0].config == {"whole": LOST, "x": LOST}


def test_weights_need_every_array() -> None:
    """A state with a missing part is none, and no event names it."""
    states = [("weights", {"digest": "w1", "arrays": [A, B]}), ("weights", {"digest": "w2", "arrays": [A, LOST]})]
    found = collected(MODEL, *states, fit(weights_before="w1", weights_after="w2"))
    assert found.weights == {"w1": (A, B)}
    assert (found.fits[0].weights_before, found.fits[0].weights_after) == ("w1", None)
    assert any("weights: of which an array is missing" in text for text in found.truncated)


def test_an_event_of_an_unknown_model_is_left_out() -> None:
    """Nothing names a model that cannot be looked up."""
    found = collected(fit(), event("compile"), event("evaluation", x=SUMMARY))
    assert (found.fits, found.compiles, found.evaluations) == ((), (), ())
    assert len(found.truncated) == 3


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "f2"},
        {"x": "no summary"},
        {"seq": "first"},
        {"unknown": 1},
        {"history": {"loss": ["a"]}},
        {"status": "won"},
        {"weights_after": 5},
        {"compiled": [1]},
        {"x": {"whole": "../../etc/passwd"}},
        {"callbacks": ["EarlyStopping"]},
        {"replay": ["seed"]},
        {"replay": {"seed_generators": "12"}},
        {"replay": {"seed_generators": [["a"]]}},
        {"replay": {"optimizer": ["../../etc/passwd"]}},
        {"replay": {"class_weight": {"0": []}}},
        {"replay": {"unknown": 1}},
        {"replay_problems": [[]]},
    ],
)
def test_what_is_no_record_is_left_out_and_the_rest_kept(bad: dict[str, Any]) -> None:
    """One forged record costs that record, with a note that says where."""
    broken = {"fit": {**fit()[1], **bad}} if bad != {"id": "f2"} else {"fit": bad}
    found = collected(MODEL, ("fit", broken["fit"]), fit(id="f3"))
    assert [record.id for record in found.fits] == ["f3"]
    assert any(text.startswith("fit: no valid record") for text in found.truncated)


def test_numbers_that_are_none_are_kept_in_histories() -> None:
    """A loss that became NaN is evidence."""
    (found,) = collected(MODEL, fit(history={"loss": [1.0, float("nan"), float("inf")]})).fits
    assert found.history["loss"][0] == 1
    assert found.history["loss"][1] != found.history["loss"][1]


def test_events_stand_in_the_order_in_which_they_happened() -> None:
    """``seq`` orders, not the arrival."""
    figures = [("figure", {"seq": seq, "cell": 0}) for seq in (3, 1, 2)]
    assert [figure.seq for figure in collected(*figures).figures] == [1, 2, 3]


def test_notes_belong_to_their_cells_and_losses_to_the_run() -> None:
    """Each note once, by the cell's index; what a cap cut off is named with its cell."""
    cell = ("cell", {"index": 1, "notes": ["pip was answered"], "started": 5.0})
    found = collected(cell, cell, ("cell", {"index": None, "notes": ["x"]}), ("lost", {"cell": 1, "text": "figures"}))
    assert found.cell_notes == {5: ("pip was answered",)}
    assert found.truncated == ("cell 6: figures",)


def test_loaded_data_sets_are_named() -> None:
    """Names that are none are left out."""
    names = [("data_set", {"name": name}) for name in ("mnist", 5, "../x", None, "cifar10")]
    found = collected(*names, ("start", {}))
    assert (found.data_sets, found.started) == ({"mnist", "cifar10"}, True)
    assert not collected(*names).started


def test_too_many_events_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page can be made of what is left."""
    monkeypatch.setattr(collecting, "MAX_EVENTS", 5)
    found = collected(*(("figure", {"seq": seq, "cell": 0}) for seq in range(9)))
    assert len(found.figures) == 5
    assert found.truncated == ("figure: more than 5 (4)",)


@pytest.mark.parametrize(
    "kind", ["model", "fit", "figure", "weights", "cell", "start", "lost", "data_set", "\x00", "?"]
)
@pytest.mark.parametrize(
    "content", [{}, {"id": None}, {"cell": {}}, {"axes": 5}, {"notes": 7}, {"compiled": {"compiled": {}}}]
)
def test_nothing_raises(kind: str, content: dict[str, Any]) -> None:
    """Whatever a kernel sends ends as a note."""
    collected((kind, content))


def test_what_the_recorder_leaves_out_is_said_before_the_first_cell() -> None:
    """A later start, which only the student's code can send, says nothing."""
    found = collected(("start", {"left_out": ["fewer progress bars"]}), ("start", {"left_out": ["everything"]}))
    assert found.left_out == ("fewer progress bars",)
    assert collected(("start", {"left_out": ["x" * 9999] * 999})).left_out[0] == "x" * MAX_NOTE_CHARACTERS
