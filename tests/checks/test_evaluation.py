"""Evaluations on the whole test set, and whether what is printed is what the model scores."""

from __future__ import annotations

import pytest
from builders import Notebook, dense, images, labels, make_measurement, make_prediction, with_submission

from grader.checks.evaluation import EvaluatedParams, evaluated
from grader.judging.views import SectionView
from grader.records import CheckResult, Measurements, ValidationRecord

LOSS, ACCURACY = 0.0776, 0.9762
BAR = "32/32 ━━━━━━━━━━━━━━━━━━━━ 0s 2ms/step - accuracy: 0.9727 - loss: 0.0878"
BOTH = EvaluatedParams(at_least=2)


def judged(printed: str, *, params: EvaluatedParams | None = None, **evaluation: object) -> CheckResult:
    """A section that fits in one cell, evaluates in the next and prints there."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    book.code("evaluate", printed=printed)
    book.evaluate(model, **evaluation)
    return evaluated(view_of(book, model), params or EvaluatedParams())


def view_of(book: Notebook, model: str, **fields: object) -> SectionView:
    measured = fields.pop("measured", (make_measurement(loss=LOSS, accuracy=ACCURACY),))
    return book.view("ex5", model=model, measured=measured, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "printed",
    [
        "Test Loss: 0.0775642916560173\nTest Accuracy: 0.9761999845504761",
        f"{BAR}\nTest Loss: 0.0776\nTest Accuracy: 0.9762",
        "[0.0775642916560173, 0.9761999845504761]",
        "loss=0.08, acc=97.62%",
        "Verlust: 0,0776   Genauigkeit: 97,62 %",
        "accuracy 97.62 loss 0.0776",
        "97.6% accuracy, 0.0776 loss",
        "{'accuracy': 0.9761999845504761, 'loss': 0.0775642916560173}",
        "          loss  accuracy\none    0.0776    0.9762\ntwo    0.0912    0.9601",
        "one layer: accuracy 0.9601, loss 0.0912\nthis: accuracy 0.9762, loss 0.0776",
        "       loss  accuracy\ntrain  0.05      0.99\ntest   0.08      0.98",
        f"{BAR}\n{BAR}",
        f"{BAR}\ntraining accuracy: 0.9990, training loss: 0.0030",
    ],
)
def test_right_prints_pass_in_any_form(printed: str) -> None:
    """Rounded, per cent, German, a list, a dict, a table, beside other models, or Keras's own bar."""
    result = judged(printed, params=BOTH)
    assert (result.outcome, result.basis) == ("passed", "verified"), result.feedback


@pytest.mark.parametrize(
    "printed",
    [
        "Test accuracy: 0.9900",
        f"{BAR}\nTest accuracy: 0.9900",
        "accuracy: 99 %",
        "Test accuracy: 0.9762, test loss: 0.0012",
    ],
)
def test_a_number_that_the_model_does_not_score_fails(printed: str) -> None:
    """A right bar beside it does not heal it."""
    result = judged(printed)
    assert result.outcome == "failed"
    assert "your model scores" in result.feedback


ACCURACY_OBJECT = {"metrics": [{"class_name": "Accuracy", "config": {"name": "accuracy"}}]}
BINARY = {"metrics": [{"class_name": "BinaryAccuracy", "config": {"name": "accuracy"}}]}


@pytest.mark.parametrize(
    ("config", "reach", "step"),
    [
        (ACCURACY_OBJECT, 1, "Write metrics=['accuracy']"),
        (BINARY, 1, "Write metrics=['accuracy']"),
        ({"metrics": ["accuracy"]}, 255, "reach 255, those that you train on 1."),
        ({"metrics": ["accuracy"]}, 1, "Evaluate this model, as it is after its training"),
    ],
)
def test_what_evaluate_itself_returned_is_explained(config: dict[str, object], reach: int, step: str) -> None:
    """Who prints what evaluate() returned is not told to print what evaluate() returns."""
    book = Notebook()
    book.code("fit; evaluate", printed="Test accuracy: 0.1234")
    model = book.model(dense(10, "softmax"))
    book.compile(model, loss="categorical_crossentropy", config=config)
    book.fit(model, x=images(1000, maximum=1.0))
    book.evaluate(model, x=images(1000, maximum=reach), results={"loss": LOSS, "accuracy": 0.1234})
    result = evaluated(view_of(book, model), EvaluatedParams())
    assert (result.outcome, step in result.next_step) == ("failed", True), result.next_step


def test_the_next_step_names_the_figures_that_were_asked_for() -> None:
    """An area under a curve is not answered by printing a loss."""
    book = Notebook()
    book.code("fit; evaluate")
    model = book.model(dense(1, "sigmoid"))
    book.fit(model)
    book.evaluate(model)
    params = EvaluatedParams.model_validate({"figures": ["auc"]})
    result = evaluated(view_of(book, model, measured=(make_measurement(auc=0.99),)), params)
    assert result.outcome == "failed"
    assert result.next_step == "Print the test AUC of this model."


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        ("Test accuracy: 1.0", "passed"),
        ("Test accuracy: 0.9", "passed"),
        ("accuracy: 98 %", "passed"),
        ("accuracy: 0.8", "failed"),
        ("error 0.024", "passed"),
        ("test error rate: 2.38 %", "passed"),
        ("error 0.031", "failed"),
        ("976 of 1000 correct", "passed"),
        ("correct: 976/1000", "passed"),
        ("24 out of 1000 test images are wrong", "passed"),
        ("917/1000 correct", "failed"),
        ("917 of 1000 are wrong", "failed"),
    ],
)
def test_the_digits_printed_decide_in_whatever_form(printed: str, outcome: str) -> None:
    """A coarse number is right where it is rounded or cut off; what is wrong is the rest; rows of all are a share."""
    assert judged(printed, params=EvaluatedParams.model_validate({"figures": ["accuracy"]})).outcome == outcome


@pytest.mark.parametrize(("accuracy", "outcome"), [("0.9782", "passed"), ("0.9742", "passed"), ("0.9783", "failed")])
def test_the_tolerance_includes_its_ends(accuracy: str, outcome: str) -> None:
    """0.002 away is within, a digit more is not."""
    assert judged(f"Test accuracy: {accuracy}").outcome == outcome


@pytest.mark.parametrize("printed", ["", "done", "confusion matrix of 1000 images", "1.0"])
def test_nothing_printed_fails(printed: str) -> None:
    """The evaluation alone shows the reader nothing."""
    result = judged(printed)
    assert (result.outcome, "not printed" in result.feedback) == ("failed", True)


def test_the_rubric_says_how_many_figures_are_printed() -> None:
    """One of the two is enough by default."""
    assert judged("Test accuracy: 0.9762").outcome == "passed"
    assert judged("Test accuracy: 0.9762", params=BOTH).outcome == "failed"


def test_a_part_of_the_test_set_is_not_the_whole() -> None:
    """Both row counts are named."""
    result = judged("accuracy: 0.9762", x=images(500))
    assert (result.outcome, result.expected, result.yours) == ("failed", "1,000 rows", "500 rows")


def test_another_models_evaluation_does_not_count() -> None:
    """The section's own model must be evaluated."""
    book = Notebook()
    book.code("fits")
    first, second = book.model(dense(10)), book.model(dense(10))
    book.fit(first)
    book.fit(second)
    book.code("evaluate", printed="accuracy: 0.9762")
    book.evaluate(first)
    result = evaluated(view_of(book, second), EvaluatedParams())
    assert result.outcome == "failed"
    assert "another model" in result.feedback


def test_an_evaluation_before_training_does_not_count() -> None:
    """What an untrained model scores is not asked for."""
    book = Notebook()
    book.code("evaluate", printed="accuracy: 0.1")
    model = book.model(dense(10))
    book.evaluate(model, weights="w0")
    book.fit(model)
    assert evaluated(view_of(book, model), EvaluatedParams()).outcome == "failed"


def test_a_loaded_copy_of_the_model_counts() -> None:
    """Saved and loaded again it is another object with the same weights."""
    book = Notebook()
    book.code("fit")
    model, copy = book.model(dense(10)), book.model(dense(10))
    book.fit(model)
    book.code("evaluate", printed="accuracy: 0.9762")
    book.evaluate(copy, weights="w1")
    assert evaluated(view_of(book, model), EvaluatedParams()).outcome == "passed"


def test_an_own_computation_counts() -> None:
    """np.mean of the right predictions, all at once or in batches."""
    for sizes in ((1000,), (400, 600)):
        book = Notebook()
        book.code("fit")
        model = book.model(dense(10))
        book.fit(model)
        book.code("np.mean(...)", printed="test accuracy 0.9762")
        for rows in sizes:
            book.predictions.append(make_prediction(model, x=images(rows), output=labels(rows), seq=9, cell=1))
        assert evaluated(view_of(book, model), EvaluatedParams()).outcome == "passed"


def test_an_evaluation_in_another_sections_cell_counts() -> None:
    """A loop over all models at the end of the notebook is no worse."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10))
    book.fit(model)
    book.code("for m in models: ...", printed="A: accuracy 0.9601\nB: accuracy 0.9762")
    book.evaluate(model)
    assert evaluated(view_of(book, model, cells=[0]), EvaluatedParams()).outcome == "passed"


def test_test_data_as_validation_data_counts() -> None:
    """Every epoch then evaluates on the whole test set."""
    book = Notebook()
    book.code("fit", printed="test accuracy: 0.9762")
    model = book.model(dense(10))
    part = ValidationRecord(source="data", fraction=0.2, x=images(1000), y=labels(1000))
    book.fit(model, validation=None)
    book.fits[-1] = book.fits[-1].model_copy(update={"validation": part})
    assert evaluated(view_of(book, model), EvaluatedParams()).outcome == "passed"


def test_the_training_history_is_no_claim() -> None:
    """An accuracy of the last epoch, printed without saying so, contradicts nothing."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10))
    book.fit(model, history={"accuracy": (0.8, 0.9912)})
    book.code("evaluate", printed=f"Final accuracy: 0.9912\n{BAR}")
    book.evaluate(model)
    assert evaluated(view_of(book, model), EvaluatedParams()).outcome == "passed"


@pytest.mark.parametrize(("problem", "cause"), [(None, "unverifiable"), ("died", "infrastructure")])
def test_without_a_measurement_a_person_looks(problem: str | None, cause: str) -> None:
    """A print that cannot be compared is neither right nor wrong."""
    book = Notebook()
    book.code("fit", printed="accuracy: 0.9762")
    model = book.model(dense(10))
    book.fit(model)
    book.evaluate(model)
    view = view_of(book, model, measured=(), measurements=Measurements(submission="some", problem=problem))
    result = evaluated(view, EvaluatedParams())
    assert (result.outcome, result.cause) == ("needs_review", cause)


def test_nothing_evaluated_fails_unless_records_were_cut_off() -> None:
    """What our own cap lost is no fault of the student's."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10))
    book.fit(model)
    view = view_of(book, model)
    cut = view.evidence.model_copy(update={"truncated": ("a cap",)})
    assert evaluated(view, EvaluatedParams()).outcome == "failed"
    result = evaluated(with_submission(view, evidence=cut), EvaluatedParams())
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def test_no_model_blocks() -> None:
    """There is nothing to evaluate."""
    book = Notebook()
    book.code("pass")
    assert evaluated(book.view("ex5"), EvaluatedParams()).outcome == "blocked"


@pytest.mark.parametrize("printed", ["test MAE: 45.02", "MAE 0.4502", "r2: 0.31, mae: 0.45"])
def test_a_regressions_figures_are_right_in_either_unit(printed: str) -> None:
    """As ``evaluate`` gives them for scaled targets, or scaled back."""
    book = Notebook()
    book.code("model.evaluate(X_test, y_test)", printed=printed)
    model = book.model(dense(1))
    book.fit(model)
    book.evaluate(model, x=images(89))
    measured = make_measurement(rows=89, mae=0.4502, r2=0.31, target_unit=100.0, of_rows=442)
    params = EvaluatedParams(figures=("mae", "r2"))
    assert evaluated(book.view("ex4", model=model, measured=[measured]), params).outcome == "passed"


def test_fewer_rows_of_an_own_split_are_for_a_tutor() -> None:
    """Rows may have been left out on purpose."""
    book = Notebook()
    book.code("model.evaluate(X_test, y_test)", printed="mae: 44.1")
    model = book.model(dense(1))
    book.fit(model)
    book.evaluate(model, x=images(80))
    measured = make_measurement(rows=89, mae=45.0, of_rows=442)
    result = evaluated(book.view("ex4", model=model, measured=[measured]), EvaluatedParams(figures=("mae",)))
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        ("test MAE: 45.3", "passed"),
        ("Mittlerer absoluter Fehler (Test): 45,28", "passed"),
        ("error on the test rows: 45.28", "passed"),
        ("always the mean: MAE 65.31\ntest error 45.28", "passed"),
        ("test MAE: 45.4", "failed"),
        ("MAE in the test: 4e1", "failed"),
        ("error on the test rows: 45", "failed"),
    ],
)
def test_an_error_is_printed_to_digits_of_its_own_size(printed: str, outcome: str) -> None:
    """One digit behind the point says as much of 45 as three say of an accuracy."""
    book = Notebook()
    book.code("model.fit(X_train, y_train)")
    model = book.model(dense(1), inputs=(10,))
    book.fit(model)
    book.code("model.evaluate(X_test, y_test)", printed=printed)
    book.evaluate(model, x=images(89, shape=(10,)))
    measured = make_measurement(rows=89, mae=45.283, of_rows=442)
    params = EvaluatedParams(figures=("mae",), tolerance=0.01)
    assert evaluated(book.view("ex4", model=model, measured=[measured]), params).outcome == outcome


def test_of_several_figures_the_models_own_is_said() -> None:
    """Another model's accuracy lies within the tolerance, and stands first; what is not printed is not listed."""
    result = judged("one layer: accuracy 0.9766\nthis: accuracy 0.9762")
    assert (result.outcome, result.yours) == ("passed", "accuracy 0.9762")


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        ("accuracy 0.9766", "failed"),
        ("accuracy 0.976", "passed"),
        (f"{BAR}\nTest accuracy: 0.9766", "failed"),
        ("one layer: accuracy 0.9766\nthis: accuracy 0.9762", "passed"),
    ],
)
def test_another_models_figure_is_not_this_ones(printed: str, outcome: str) -> None:
    """It lies within the tolerance, and is the other model's to its last digit; rounded, it may be either's."""
    book = Notebook()
    book.code("fit")
    other, model = book.model(dense(128), dense(10, "softmax")), book.model(dense(10, "softmax"))
    book.fit(other)
    book.fit(model)
    book.code("evaluate", printed=printed)
    book.evaluate(model)
    measured = (
        make_measurement(model=other, weights="w1", accuracy=0.9766, loss=0.09),
        make_measurement(model=model, weights="w2", accuracy=ACCURACY, loss=LOSS),
    )
    assert evaluated(view_of(book, model, measured=measured), EvaluatedParams()).outcome == outcome


@pytest.mark.parametrize(("printed", "outcome"), [("accuracy 0.9762", "needs_review"), ("", "failed")])
def test_what_an_own_loop_prints_without_a_recorded_evaluation_goes_to_a_tutor(printed: str, outcome: str) -> None:
    """It may compute its score in a function that nothing is seen of; who prints nothing has shown none."""
    book = Notebook()
    book.code("loop", printed=printed)
    model = book.model(dense(10, "softmax"))
    book.fit(model, kind="loop")
    assert evaluated(view_of(book, model, measured=()), EvaluatedParams()).outcome == outcome


@pytest.mark.parametrize(("kind", "outcome"), [("fit", "needs_review"), ("figure", "blocked")])
def test_a_training_whose_record_was_lost_is_not_missing(kind: str, outcome: str) -> None:
    """What our record lost may have been this model's training; other records say nothing of it."""
    book = Notebook()
    book.code("fit; evaluate")
    model = book.model(dense(10, "softmax"))
    book.fields["truncated"] = (f"{kind}: no valid record (1)",)
    assert evaluated(view_of(book, model), EvaluatedParams()).outcome == outcome
