"""The notebook as a whole: whose the errors are, and stored accuracies that come out again."""

from __future__ import annotations

from typing import Any

import pytest
from builders import Notebook, dense, make_calibration, make_measurement, with_submission

from grader.calibration import Calibration
from grader.checks.notebook import NotebookRunsParams, ReproducibleParams, notebook_runs, reproducible
from grader.records import CellError, CheckResult, Execution

OWN = CellError(name="NameError", value="name 'x' is not defined")
OLD = CellError(name="NameError", value="name 'xrange' is not defined")
INFRASTRUCTURE = [
    CellError(name="ModuleNotFoundError", value="No module named 'torch'"),
    CellError(name="URLError", value="<urlopen error [Errno 101] Network is unreachable>"),
]


def run(*cells: CellError | str | None, **execution: Any) -> CheckResult:
    """A notebook of those cells: an error, another status than ok, or None."""
    book = Notebook()
    for cell in cells:
        if isinstance(cell, str):
            book.code("cell", status=cell)
        else:
            book.code("cell", error=cell)
    view = book.view()
    evidence = view.evidence.model_copy(update={"execution": Execution(**execution)})
    return notebook_runs(with_submission(view, evidence=evidence), NotebookRunsParams())


def test_a_notebook_without_errors_passes() -> None:
    """The plain case."""
    assert run(None, None).outcome == "passed"


def test_an_error_fails_with_its_cell_and_text() -> None:
    """The first is named, the others are counted."""
    result = run(None, OWN, OWN)
    assert (result.outcome, result.cells) == ("failed", (1, 2))
    assert "Cell 2 raised NameError: name 'x' is not defined and 1 more cell" in result.feedback


def test_an_api_that_keras_dropped_is_named() -> None:
    """What to write instead stands in the feedback."""
    assert "Python 3 has it under another name" in run(OLD).feedback


@pytest.mark.parametrize("error", INFRASTRUCTURE)
def test_what_the_environment_lacks_is_not_the_students(error: CellError) -> None:
    """A mistake of the student's beside it is, whether it comes before or after."""
    assert (run(error).outcome, run(error).cause) == ("needs_review", "infrastructure")
    assert run(error, OWN).outcome == "failed"
    assert run(OWN, error).outcome == "failed"


def test_a_dropped_api_follows_from_no_other_failure() -> None:
    """It fails wherever it stands."""
    assert run(INFRASTRUCTURE[0], OLD).outcome == "failed"


@pytest.mark.parametrize("status", ["timeout", "died"])
def test_a_limit_needs_a_person(status: str) -> None:
    """A time limit or the kernel's death needs a person, with the reason in words."""
    result = run(None, status, reason="cell_timeout", cell=1, detail="Cell 2 took more than 60 s.")
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")
    assert "took more than 60 s" in result.feedback
    assert run(OWN, status, reason="cell_timeout", cell=1).outcome == "failed"


SMALL = make_calibration(ex5__test_accuracy=tuple(0.93 + run / 1000 for run in range(9)))
FULL = make_calibration(ex5__test_accuracy=tuple(0.975 + run / 2000 for run in range(9)))
PARAMS = ReproducibleParams(sections=("ex5", "absent"))


def stored(
    text: str,
    fresh: float | None = 0.934,
    *,
    sample: bool = True,
    small: Calibration | None = SMALL,
    full: Calibration | None = FULL,
) -> CheckResult:
    """A section with stored output, and its fresh accuracy."""
    book = Notebook(sample=sample)
    book.code("model.evaluate()", stored_text=text)
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    measured = () if fresh is None else (make_measurement(accuracy=fresh),)
    calibrations = {"calibration": small, "full_calibration": full}
    return reproducible(book.view("ex5", model=model, measured=measured, **calibrations), PARAMS)


BAR = "313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: {} - loss: 0.0878"


@pytest.mark.parametrize(
    "text",
    ["Test accuracy: {}", "Test loss: 0.08\nTest Accuracy: {}99845504761", BAR,
     f"{BAR.format(0.9)}\nTest accuracy: {{}}",
     "422/422 - 2s - 5ms/step - accuracy: 0.5000 - loss: 1.5 - val_accuracy: 0.4\naccuracy {}",
     "Epoch 1/1\n" + BAR.format(0.5) + "\nacc: {}", "other: accuracy 0.5\nthis: accuracy {}"],
)  # fmt: skip
def test_stored_accuracies_are_found_in_any_form(text: str) -> None:
    """A labelled number, else the bar of evaluate; the bars of training claim nothing."""
    for number, outcome in (("0.9771", "passed"), ("0.6000", "failed")):
        result = stored(text.format(number), 0.977, sample=False, small=FULL)
        assert (result.outcome, result.basis) == (outcome, "verified"), result.feedback


@pytest.mark.parametrize(
    "text", ["", "done", "422/422 ━━ 2s 5ms/step - accuracy: 0.5 - val_accuracy: 0.4", "loss: 0.5"]
)
def test_nothing_stored_contradicts_nothing(text: str) -> None:
    """Passed, with a note."""
    result = stored(text)
    assert (result.outcome, "nothing to contradict" in result.feedback) == ("passed", True)


def test_the_interval_for_two_runs_has_two_sides_and_a_border() -> None:
    """On the same data the line is that of the difference of two runs."""
    line, last = (FULL.difference_of_two("ex5.test_accuracy", false_rejection=share) for share in (0.01, 0.0001))
    for side in (-1, 1):
        outcomes = [
            stored(f"accuracy: {0.9 + side * away:.9f}", 0.9, sample=False, small=FULL).outcome
            for away in (line, line + 1e-6, last, last + 1e-6)
        ]
        assert outcomes == ["passed", "needs_review", "needs_review", "failed"]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("accuracy: 0.9762", "passed"),
        ("accuracy: 0.9350", "passed"),
        ("accuracy: 0.9990", "failed"),
        ("accuracy: 0.85", "failed"),
    ],
)
def test_on_the_sample_the_references_runs_on_the_full_data_count(text: str, outcome: str) -> None:
    """The stored number comes from the full data, or else from the same sample."""
    assert stored(text).outcome == outcome


@pytest.mark.parametrize("fields", [{"full": None}, {"small": None}, {"fresh": 0.5}])
def test_what_the_sample_cannot_tell_is_ours(fields: dict[str, Any]) -> None:
    """Without the reference's spread, and for a model that is worse than the reference, as it says itself."""
    result = stored("accuracy: 0.8800", **fields)
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def test_a_bad_model_that_claims_the_best_fails() -> None:
    """Worse than the reference on the sample, and better than it by what is stored."""
    assert stored("accuracy: 0.9990", 0.5).outcome == "failed"


def test_the_same_number_needs_no_spread() -> None:
    """Four equal digits agree."""
    assert stored("accuracy: 0.9340", small=None, full=None).outcome == "passed"


def test_no_fresh_number_needs_review() -> None:
    """A claim that nothing was measured for is neither right nor wrong."""
    result = stored("accuracy: 0.9340", fresh=None)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


def test_what_ran_in_a_cells_place_goes_to_a_tutor() -> None:
    """An input transformer may swallow a cell that would raise."""
    book = Notebook()
    book.code("cell")
    book.code("raise ValueError", rewritten=True)
    result = notebook_runs(book.view(), NotebookRunsParams())
    assert (result.outcome, result.cause, result.cells) == ("needs_review", "unverifiable", (1,))
