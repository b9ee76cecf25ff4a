import math

import numpy as np
import pytest
from builders import (
    OWN_CALLBACK,
    MemoryStore,
    Notebook,
    data_set,
    dense,
    dropout,
    images,
    labels,
    make_cell,
    make_compile,
    make_evidence,
    make_fit,
    make_model,
    make_prediction,
    make_view,
    summarise,
)

from grader.checks.training import CompiledParams, TrainedParams, compiled, trained
from grader.records import NamedArray, SectionMatch, ValidationRecord

SOFTMAX = (dense(128, "relu"), dense(10, "softmax"))
ANY_CATEGORICAL = ["categorical_crossentropy", "sparse_categorical_crossentropy"]
AS_ASKED = CompiledParams(loss=ANY_CATEGORICAL, optimizer="Adam", metrics="accuracy")
FIT_CROSS_ENTROPY = CompiledParams()
RECIPE = TrainedParams(epochs=10, batch_size=128, validation=0.1, one_off=0.5)


def judged_compile(layers, params=AS_ASKED, *, y=None, **fields):
    record = make_compile(**fields)
    evidence = make_evidence(
        models=(make_model(*layers),), compiles=(record,), fits=(make_fit(compiled=record, y=y or labels(3600)),)
    )
    return compiled(make_view(evidence), params)


def view_of(*fits, layers=SOFTMAX, **fields):
    return make_view(make_evidence(models=(make_model(*layers),), fits=fits), **fields)


def judged(params=RECIPE, **fields):
    return trained(view_of(make_fit(**fields)), params)


@pytest.mark.parametrize(
    ("layers", "fields"),
    [
        (SOFTMAX, {}),
        (SOFTMAX, {"loss": "sparse_categorical_crossentropy", "y": labels(3600, one_hot=False)}),
        ((dense(10),), {"from_logits": True}),
        (SOFTMAX, {"metrics": ("acc",)}),
        (SOFTMAX, {"metrics": ("sparse_categorical_accuracy", "mse")}),
        (SOFTMAX, {"loss": "crossentropy"}),
    ],
)
def test_what_is_compiled_as_asked_passes(layers, fields):
    """In any of its names."""
    assert judged_compile(layers, **fields).outcome == "passed"


@pytest.mark.parametrize(
    ("layers", "fields", "part"),
    [
        (SOFTMAX, {"optimizer": "SGD"}, "The optimizer is SGD; Adam was asked for."),
        (SOFTMAX, {"optimizer": "AdamW"}, "The optimizer is AdamW"),
        (SOFTMAX, {"metrics": ()}, "The metric accuracy is missing (yours: none)."),
        (SOFTMAX, {"loss": "mean_squared_error"}, "The loss is mean_squared_error"),
        (SOFTMAX, {"from_logits": True}, "has a softmax already"),
        ((dense(10),), {}, "has no activation"),
        ((dense(10, "sigmoid"),), {}, "10 sigmoids do not"),
        (SOFTMAX, {"loss": None}, "never compiled"),
    ],
)
def test_what_is_compiled_otherwise_fails_and_says_what(layers, fields, part):
    """Each shortcoming is named with what was asked for."""
    result = judged_compile(layers, **fields)
    assert result.outcome == "failed"
    assert part in result.feedback
    assert result.next_step


@pytest.mark.parametrize(
    ("layers", "fields", "outcome"),
    [
        ((dense(1, "sigmoid"),), {"loss": "binary_crossentropy"}, "passed"),
        ((dense(1, "sigmoid"),), {"loss": "binary_focal_crossentropy"}, "passed"),
        ((dense(1),), {"loss": "binary_crossentropy", "from_logits": True}, "passed"),
        ((dense(2, "softmax"),), {"loss": "binary_crossentropy"}, "passed"),
        ((dense(2, "softmax"),), {"loss": "sparse_categorical_crossentropy", "y": labels(9, one_hot=False)}, "passed"),
        ((dense(1, "sigmoid"),), {"loss": "categorical_crossentropy"}, "failed"),
        ((dense(1, "sigmoid"),), {"loss": "mse"}, "failed"),
        ((dense(1),), {"loss": "binary_crossentropy"}, "failed"),
        ((dense(1, "softmax"),), {"loss": "binary_crossentropy"}, "failed"),
        ((dense(1, "tanh"),), {"loss": "binary_crossentropy"}, "failed"),
        ((dense(10, "softmax"),), {"loss": "binary_crossentropy"}, "failed"),
    ],
)
def test_a_cross_entropy_must_fit_the_output(layers, fields, outcome):
    """The family is asked for, and the output decides which of it."""
    assert judged_compile(layers, FIT_CROSS_ENTROPY, **fields).outcome == outcome


def test_labels_that_the_loss_cannot_take_are_a_misfit():
    """One-hot labels under the sparse loss, integers under the other."""
    sparse = judged_compile(SOFTMAX, loss="sparse_categorical_crossentropy", y=labels(100))
    assert "yours are one-hot" in sparse.feedback
    assert "yours are integers" in judged_compile(SOFTMAX, y=labels(100, one_hot=False)).feedback


def test_a_loss_of_the_students_own_goes_to_a_tutor():
    """Nobody can tell what it computes."""
    result = judged_compile(SOFTMAX, loss="mine", own_loss=True)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


def test_a_metric_of_the_students_own_goes_to_a_tutor():
    """It may be called accuracy and count something else; beside Keras's own it does no harm."""
    assert judged_compile(SOFTMAX, metrics=("accuracy",), own_metrics=("accuracy",)).cause == "unverifiable"
    both = judged_compile(SOFTMAX, metrics=("accuracy", "my_accuracy"), own_metrics=("my_accuracy",))
    assert both.outcome == "passed"


def test_a_loop_shows_no_loss():
    """A model trained by GradientTape was never compiled."""
    view = view_of(make_fit(kind="loop", compiled=None))
    assert compiled(view, AS_ASKED).outcome == "needs_review"


def test_no_model_blocks_what_asks_how_it_was_compiled():
    """It is paid for at the architecture."""
    assert compiled(make_view(), AS_ASKED).outcome == "blocked"


def test_the_recipe_asked_for_passes():
    """Epochs, batch size and validation."""
    result = judged()
    assert (result.outcome, result.yours) == ("passed", "10 epochs, batch size 128, 10 % validation")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"epochs": 9}, "The model was trained for 9 epochs; 10 were asked for."),
        ({"epochs": 11}, "The model was trained for 11 epochs; 10 were asked for."),
        ({"batch_size": 32}, "The batch size is 32; 128 was asked for."),
        ({"validation": None}, "No validation set was held out; 10 % was asked for."),
        ({"validation": 0.2}, "20 % of the rows were held out for validation; 10 % was asked for."),
    ],
)
def test_one_part_off_is_worth_half(fields, text):
    """Each with both numbers."""
    result = judged(**fields)
    assert (result.outcome, result.share, result.feedback) == ("partial", 0.5, text)
    assert result.next_step


def test_two_parts_off_are_worth_nothing():
    """And both are said."""
    result = judged(epochs=5, batch_size=32)
    assert result.outcome == "failed"
    assert "5 epochs" in result.feedback
    assert "is 32" in result.feedback


def test_two_fits_of_ten_epochs_are_twenty():
    """What is trained in parts adds up."""
    fits = (make_fit(), make_fit(id="f2", seq=9, weights_before="w1", weights_after="w2"))
    assert trained(view_of(*fits), TrainedParams(epochs=20, batch_size=128, validation=0.1)).outcome == "passed"


@pytest.mark.parametrize(
    ("rows", "outcome"), [(400, "passed"), (320, "passed"), (319, "partial"), (480, "passed"), (481, "partial")]
)
def test_a_validation_set_cut_off_by_hand_counts_by_its_share(rows, outcome):
    """About 10 %: from 8 to 12."""
    part = ValidationRecord(source="data", fraction=rows / 4000, x=images(rows), y=labels(rows))
    result = trained(view_of(make_fit(validation=None).model_copy(update={"validation": part})), RECIPE)
    assert result.outcome == outcome


def test_a_validation_set_that_was_trained_on_holds_nothing_out():
    """The first rows handed over again are no validation."""
    store = MemoryStore()
    x = np.random.default_rng(0).normal(size=(200, 20))
    part = ValidationRecord(source="data", fraction=0.1, x=summarise(x[:20], store=store, hashes=True))
    fit = make_fit(x=summarise(x, store=store, hashes=True)).model_copy(update={"validation": part})
    result = trained(view_of(fit, store=store), RECIPE)
    assert "trained on as well" in result.feedback
    assert result.outcome == "partial"


@pytest.mark.parametrize(("early_stopping", "outcome"), [(None, "needs_review"), (True, "passed"), (False, "partial")])
def test_what_early_stopping_left_out_is_the_rubrics_to_judge(early_stopping, outcome):
    """Without its word a tutor decides."""
    params = TrainedParams(**{**RECIPE.model_dump(), "early_stopping": early_stopping})
    result = judged(params, epochs=7, epochs_requested=10, callbacks=("EarlyStopping",))
    assert result.outcome == outcome
    assert result.cause == ("borderline" if early_stopping is None else None)


@pytest.mark.parametrize(("steps", "outcome"), [(None, "passed"), (29, "passed"), (15, "passed"), (1, "partial")])
def test_an_epoch_takes_its_rows(steps, outcome):
    """Ten epochs of one step each are no ten epochs; one that is a few rows short is."""
    result = judged(steps_per_epoch=steps)
    assert result.outcome == outcome
    assert ("1 step of 128 rows" in result.feedback) == (outcome == "partial")


def test_a_training_that_moved_no_weight_is_none():
    """A learning rate of 0, or one that float32 does not notice."""
    result = judged(weights_before="w1", weights_after="w1")
    assert (result.outcome, "no weight" in result.feedback) == ("failed", True)
    assert judged(weights_before="w0", weights_after="w1").outcome == "passed"


def test_a_training_that_our_time_limit_cut_off_is_our_doing():
    """The right number of epochs was asked for."""
    result = judged(epochs=7, epochs_requested=10, status="interrupted")
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def test_a_training_of_too_many_epochs_that_was_cut_off_is_the_students():
    """It asked for more than the task."""
    assert judged(epochs=7, epochs_requested=1000, status="interrupted").outcome == "partial"


def test_what_a_loop_does_not_show_goes_to_a_tutor():
    """Unknown is not off."""
    result = judged(kind="loop", epochs_requested=None, epochs_run=0, validation=None)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


@pytest.mark.parametrize(
    ("beside", "outcome"),
    [
        *(("array", "passed"), ("call", "passed"), ("behind", "passed")),
        *(("nothing", "needs_review"), ("unused", "needs_review"), ("twice", "partial")),
    ],
)
def test_a_loop_holds_out_what_is_seen_to_be_held_out(beside, outcome):
    """An array in its cell that completes its rows, or what it was asked about; what it leaves may be anything."""
    store, rows = MemoryStore(), np.random.default_rng(0).random((4000, 784))
    cut = 3200 if beside == "twice" else 3600
    parts = {"x_train": rows[:cut], "x_val": rows[cut:]}
    kept = {name: summarise(part, store=store, whole=False, hashes=True) for name, part in parts.items()}
    fit = make_fit(kind="loop", epochs_requested=None, validation=None, x=kept["x_train"])
    arrays = [NamedArray(seq=1, cell=0, name="x_val", array=kept["x_val"])] if beside not in {"call", "nothing"} else []
    calls = [make_prediction(x=kept["x_val"], output=images(400, shape=(10,)))] if beside == "call" else []
    evidence = make_evidence(models=(make_model(*SOFTMAX),), fits=(fit,), arrays=arrays, predictions=calls)
    loop = {"unused": "step(x_train)", "behind": "step(x_train, data)"}.get(beside, "step(x_train, x_val)")
    cells = (make_cell(loop), make_cell("data = tf.data.Dataset.from_tensors(x_val)", index=1))
    view = make_view(evidence.model_copy(update={"cells": cells}), store=store)
    assert trained(view, RECIPE).outcome == outcome


def test_a_loop_on_all_rows_holds_none_out():
    """Whatever it is validated on."""
    kept = {"kind": "loop", "epochs_requested": None, "validation": None, "x": images(4000)}
    assert judged(**kept).outcome == "partial"


def test_a_loop_without_validation_claims_none():
    """Rows of another data set that it does not use are not held out."""
    result = judged(TrainedParams(), kind="loop", epochs_requested=None, validation=None, x=images(2000, shape=(2,)))
    assert (result.outcome, result.yours) == ("passed", "10 epochs, batch size 128")


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("array", "Set batch_size=128 in fit."),
        ("generator", "Make batches of 128 rows in your generator."),
        ("dataset", "Make batches of 128 rows, as with .batch(128)."),
    ],
)
def test_the_step_to_another_batch_size_is_one_that_keras_takes(kind, step):
    """It refuses ``batch_size`` with a generator or a pipeline."""
    assert judged(batch_size=64, x=images(3600, kind=kind)).next_step == step


def test_an_unknown_batch_size_goes_to_a_tutor():
    """A pipeline batches by itself."""
    assert judged(batch_size=None).outcome == "needs_review"


@pytest.mark.parametrize(("metrics", "outcome"), [(("accuracy",), "passed"), ((), "failed"), (None, "needs_review")])
def test_a_loop_has_the_metrics_that_its_model_was_compiled_with(metrics, outcome):
    """One on a model that was never compiled may count them itself."""
    calls = () if metrics is None else (make_compile(seq=1, metrics=metrics),)
    fit = make_fit(kind="loop", compiled=make_compile(seq=2, metrics=()))
    evidence = make_evidence(models=(make_model(*SOFTMAX),), compiles=calls, fits=(fit,))
    assert compiled(make_view(evidence), AS_ASKED).outcome == outcome


def test_another_sections_own_recipe_may_be_right_as_well():
    """As asked for, or as this student's own exercise 1."""
    own = make_fit("m2", id="f2", epochs=30, batch_size=32, validation=0.2)
    other = SectionMatch(section="ex1", title="Exercise 1: Logistic", model="m2", fits=("f2",))
    view = make_view(
        make_evidence(
            models=(make_model(*SOFTMAX), make_model(dense(1), id="m2", object_id="o2")),
            fits=(make_fit(epochs=30, batch_size=32, validation=0.2), own),
        ),
        matching={"ex1": other},
    )
    assert trained(view, RECIPE).outcome == "failed"
    assert trained(view, TrainedParams(**{**RECIPE.model_dump(), "or_as": "ex1"})).outcome == "passed"


def test_another_sections_recipe_stands_for_its_numbers_alone():
    """A callback that is asked for is asked for all the same."""
    asked = {**RECIPE.model_dump(), "or_as": "ex1", "callback": "EarlyStopping"}
    other = SectionMatch(section="ex1", title="Exercise 1: Logistic", model="m1", fits=("f1",))
    view = view_of(make_fit(epochs=30, batch_size=32), matching={"ex1": other})
    assert trained(view, TrainedParams(**asked)).outcome == "failed"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"class_weight": True}, "passed"),
        ({"sample_weight": True}, "passed"),
        ({}, "partial"),
        ({"x": images(3600, kind="dataset")}, "needs_review"),
        ({"compiled": make_compile(own_loss=True)}, "needs_review"),
    ],
)
def test_classes_are_weighted_by_arguments_of_fit(fields, outcome):
    """Weights that come with the rows or in the loss cannot be seen."""
    params = TrainedParams(epochs=10, weighted=True, one_off=0.5)
    result = judged(params, **fields)
    assert result.outcome == outcome
    assert ("no weights" in result.yours) is (outcome != "passed")


def test_a_model_without_the_layer_that_it_needs_fails():
    """A training without dropout is no training of dropout."""
    params = TrainedParams(epochs=10, needs_layer="Dropout")
    assert trained(view_of(make_fit()), params).feedback == "The model that was trained here has no Dropout layer."
    assert trained(view_of(make_fit(), layers=(dropout(), dense(1))), params).outcome == "passed"


def leaking(share):
    """A notebook whose model was trained on this share of the test rows besides the training rows."""
    book = Notebook()
    rows = np.random.default_rng(1).normal(size=(5000, 20))
    book.code("load()")
    book.array("x_train", rows[:4000], whole=False, hashes=True)
    book.array("x_test", rows[4000:], whole=False, hashes=True)
    book.code("fit()")
    model = book.model(dense(10, "softmax"), inputs=(20,))
    used = rows[: 4000 + round(share * 1000)]
    book.fit(model, x=summarise(used, store=book.store, whole=False, hashes=True), rows_given=len(used))
    return book.view(model=model)


@pytest.mark.parametrize(("share", "outcome"), [(0.0, "passed"), (0.05, "passed"), (0.06, "failed"), (1.0, "failed")])
def test_test_rows_in_the_training_are_no_right_training(share, outcome):
    """A few rows that the data set holds twice are no leak."""
    assert trained(leaking(share), TrainedParams(epochs=10)).outcome == outcome


def test_too_few_rows_of_the_data_set_are_not_its_training_part():
    """A tenth of the images is not the data; a part cut off by hand is well within."""
    params = TrainedParams(data_set="mnist")
    assert judged(params, rows=2000).outcome == "passed"
    assert "1,999 rows" in judged(params, rows=1999).feedback
    book = Notebook()
    book.fields["data_sets"] = ()
    model = book.model(*SOFTMAX)
    book.fit(model)
    assert trained(book.view(model=model), params).outcome == "passed"


def on_arrays(x, *, data):
    book = Notebook()
    book.code("make()")
    book.array("X", data, hashes=True)
    book.code("fit()")
    model = book.model(dense(1, "sigmoid"), inputs=(2,))
    book.fit(model, x=summarise(x, store=book.store, hashes=True), validation=None, rows_given=len(x))
    made = SectionMatch(section="data", title="Part 1: Data", cells=(0,))
    return trained(book.view("ex1", model=model, matching={"data": made}), TrainedParams(data_of="data"))


def test_the_arrays_of_another_section_are_recognised():
    """By their rows, or by their number where they were scaled; other data is not them."""
    data = np.random.default_rng(2).uniform(-3, 3, size=(100, 2))
    assert on_arrays(data[:60], data=data).outcome == "passed"
    assert on_arrays(data / 3, data=data).outcome == "passed"
    assert on_arrays(np.ones((10, 2)), data=data).outcome == "failed"
    assert on_arrays(np.ones((101, 2)), data=data).outcome == "failed"


def test_without_a_model_the_training_is_blocked():
    """It is paid for at the architecture."""
    assert trained(make_view(), RECIPE).outcome == "blocked"


def test_a_model_that_was_never_fitted_fails():
    """The model is there, the training is not."""
    result = trained(view_of(), RECIPE)
    assert (result.outcome, result.feedback) == (
        "failed",
        "A model was built in this section, but it was never trained.",
    )


def test_another_sections_model_fitted_again_fails():
    """And the feedback names that section."""
    book = Notebook()
    book.code("fit()")
    model = book.model(dense(1, "sigmoid"))
    book.fit(model)
    owner = SectionMatch(section="ex1", title="Exercise 1 (CORE): Logistic", model=model, fits=("f1",))
    own = SectionMatch(section="ex3", title="Exercise 3: More", cells=(0,))
    result = trained(make_view(book.evidence(), section=own, matching={"ex1": owner}), RECIPE)
    assert result.outcome == "failed"
    assert result.feedback == "No new model was trained here; the model of exercise 1 was fitted again."


def test_a_history_that_is_not_a_number_is_still_a_training():
    """How well it went is another criterion's."""
    assert judged(history={"loss": (math.nan,) * 10}).outcome == "passed"


def test_what_is_wrong_in_a_rubric_is_refused():
    """Losses and layers are known by name."""
    with pytest.raises(ValueError, match="Did you mean 'categorical_crossentropy'"):
        CompiledParams(loss="categorical_crossentropi")
    with pytest.raises(ValueError, match="Did you mean 'Dropout'"):
        TrainedParams(needs_layer="DropOut")


STOPPED = TrainedParams(callback="EarlyStopping", one_off=0.5)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"callbacks": ("EarlyStopping",)}, "passed"),
        ({"callbacks": ("CSVLogger", "EarlyStopping")}, "passed"),
        ({"callbacks": ("CSVLogger",)}, "partial"),
        ({}, "partial"),
        ({"callbacks": OWN_CALLBACK}, "needs_review"),
    ],
)
def test_a_callback_that_is_asked_for_is_given_to_fit(fields, outcome):
    """The student's own one may do the same, which a tutor sees."""
    assert judged(STOPPED, **fields).outcome == outcome


@pytest.mark.parametrize(("kind", "outcome"), [("loop", "passed"), ("fit", "failed"), ("train_on_batch", "failed")])
def test_a_loop_of_ones_own_is_no_fit(kind, outcome):
    """Gradients and steps, as the task says."""
    assert judged(TrainedParams(epochs=10, own_loop=True), kind=kind).outcome == outcome


@pytest.mark.parametrize(("rows", "outcome"), [(50, "passed"), (49, "failed"), (4, "failed")])
def test_a_handful_of_another_sections_rows_is_not_its_data(rows, outcome):
    """Half of them is enough, for who sets a test part aside."""
    data = np.random.default_rng(2).uniform(-3, 3, size=(100, 2))
    assert on_arrays(data[:rows], data=data).outcome == outcome


@pytest.mark.parametrize(
    ("loaded", "shape", "part"),
    [
        (False, (784,), "did not load mnist"),
        (True, (2,), "rows of 2 numbers, which are not those of mnist"),
        (True, (784,), ""),
    ],
)
def test_a_training_on_no_row_of_the_data_set_says_so(*, loaded, shape, part):
    """It was not loaded, or its rows are longer."""
    arrays = (NamedArray(seq=1, cell=0, name="x", array=images(4000, shape=(28, 28))),)
    fit = make_fit(rows=3500, x=images(3150, shape=shape))
    evidence = make_evidence(
        models=(make_model(*SOFTMAX),), fits=(fit,), arrays=arrays, data_sets=(data_set(loaded=loaded),)
    )
    result = trained(make_view(evidence), TrainedParams(data_set="mnist"))
    assert (result.outcome, part in result.feedback) == ("failed" if part else "passed", True)
