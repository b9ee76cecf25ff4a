import math

import numpy as np
import pytest
from builders import (
    MemoryStore,
    Notebook,
    activation,
    dense,
    dropout,
    images,
    labels,
    layer,
    make_compile,
    summarise,
    with_submission,
)
from worksheet import Worksheet, printed, rubric

from grader.advice import advise
from grader.records import ValidationRecord

SOFTMAX = (dense(128, "relu"), dense(10, "softmax"))


def given(book):
    """The advice on a notebook, by rule."""
    matching = book.matched() if isinstance(book, Worksheet) else {}
    view = book.view(matching=matching)
    view = with_submission(view, matching=matching or view.matching)
    found = advise(view.submission, rubric=rubric())
    return {item.rule: item for item in found}


def trained(*layers, inputs=(784,), compiled=None, **fields):
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.code("model.fit()")
    model = book.model(*(layers or SOFTMAX), inputs=inputs)
    book.compile(model, **(compiled or {}))
    book.fit(model, **fields)
    return given(book)


def history(**curves):
    return {
        "history": {key: tuple(values) for key, values in curves.items()},
        "epochs": len(next(iter(curves.values()))),
    }


FALLING = (0.9, 0.5, 0.4, 0.3, 0.2, 0.1)


def test_an_honest_training_gets_no_advice():
    """Nothing is said for the sake of saying."""
    assert trained() == {}


def test_a_validation_set_of_one_class_is_told_with_its_rows_and_cell():
    """Shuffle before you split."""
    held = ValidationRecord(source="split", fraction=0.2, x=images(400), y=labels(400, class_counts={"1": 400}))
    both = labels(1600, class_counts={"0": 1000, "1": 600})
    found = trained(y=both, validation=None)
    assert "validation_classes" not in found
    book = Worksheet()
    book.markdown(printed("ex1"))
    model = book.train("ex1", y=both)
    book.fits[-1] = book.fits[-1].model_copy(update={"validation": held})
    advice = given(book)["validation_classes"]
    assert (advice.section, advice.cells) == ("ex1", (2,))
    assert advice.text == (
        "The validation set in cell 3 (400 rows) holds only class 1, so its loss and accuracy do not show how well the"
        " model of exercise 1 does on the others. validation_split takes the last rows, before any shuffling. Shuffle"
        " before you split."
    )
    assert model == "m1"


def test_a_class_that_is_missing_is_named():
    """Of ten, the one without a row."""
    held = ValidationRecord(source="data", x=images(90), y=labels(90, class_counts={str(i): 10 for i in range(9)}))
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.train("ex4")
    book.fits[-1] = book.fits[-1].model_copy(update={"validation": held})
    assert "has no row of class 9, so" in given(book)["validation_classes"].text


@pytest.mark.parametrize(
    ("layers", "compiled", "rule", "part"),
    [
        ((dense(128), dense(10, "softmax")), {}, "linear_hidden", "hidden layer 1 has no activation"),
        ((dense(1, "sigmoid"),), {}, "loss_of_output", "that needs binary_crossentropy"),
        (SOFTMAX, {"from_logits": True}, "loss_of_output", "has a softmax already"),
        ((dense(10),), {}, "loss_of_output", "has no activation"),
        ((dense(1, "softmax"),), {"loss": "binary_crossentropy"}, "loss_of_output", "is 1 whatever the input"),
        ((*SOFTMAX, activation("softmax")), {}, "activation_twice", "softmax twice"),
        ((dropout(0.6), *SOFTMAX), {}, "strong_dropout", "0.6"),
        (SOFTMAX, {"learning_rate": 0.1}, "learning_rate", "is 0.1; 1e-07 to 0.01 is usual"),
        (SOFTMAX, {"learning_rate": 1e-8}, "learning_rate", "training hardly moves"),
    ],
)
def test_mistakes_in_the_configuration(*, layers, compiled, rule, part):
    """Each with what was found."""
    assert part in trained(*layers, compiled=compiled)[rule].text


@pytest.mark.parametrize(
    ("layers", "compiled"),
    [
        ((dropout(0.5), *SOFTMAX), {}),
        (SOFTMAX, {"learning_rate": 0.01}),
        (SOFTMAX, {"learning_rate": 0.009999999776482582}),
        (SOFTMAX, {"learning_rate": 1e-7}),
        (SOFTMAX, {"learning_rate": None}),
        (SOFTMAX, {"learning_rate": math.nan}),
        ((dense(128), layer("BatchNormalization"), activation("relu"), dense(10, "softmax")), {}),
        ((dense(1),), {"loss": "mse"}),
    ],
)
def test_what_is_on_the_line_or_unknown_is_not_told(layers, compiled):
    """The boundaries belong to the good side."""
    assert set(trained(*layers, compiled=compiled)) == set()


@pytest.mark.parametrize(
    ("curves", "rule", "part"),
    [
        ({"loss": (0.5, math.nan)}, "loss_value", "became not a number in epoch 2"),
        ({"loss": (0.5, math.inf)}, "loss_value", "became infinite in epoch 2"),
        ({"loss": (0.5, -0.1)}, "loss_value", "was negative (-0.1000) in epoch 2"),
        ({"loss": (1000.0, 0.5)}, "loss_value", "was 1,000 in epoch 1"),
        (
            {"loss": FALLING, "val_loss": (0.9, 0.5, 0.4, 0.5, 0.6, 0.7)},
            "overfitting",
            "in epoch 3 (0.4000) and rose to 0.7000 by epoch 6, while the training loss fell from 0.4000 to 0.1000",
        ),
        ({"loss": (0.7,) * 5, "accuracy": (0.1, 0.1, 0.105, 0.1, 0.109)}, "no_progress", "from 0.1000 to 0.1090"),
        ({"loss": FALLING, "accuracy": (0.5, 0.6, 0.55, 0.7, 0.66, 0.8)}, "oscillation", "in 2 of 6 epochs"),
    ],
)
def test_mistakes_in_the_history(curves, rule, part):
    """Each with its epochs and numbers."""
    assert part in trained(**history(**curves))[rule].text


@pytest.mark.parametrize(
    "curves",
    [
        {"loss": FALLING, "val_loss": (0.9, 0.5, 0.4, 0.42, 0.43, 0.44)},
        {"loss": FALLING, "val_loss": (math.nan,) * 6},
        {"loss": (0.7,) * 5, "accuracy": (0.5, 0.5, 0.5, 0.5, 0.51)},
        {"loss": (0.01,) * 5, "accuracy": (0.995,) * 5},
        {"loss": FALLING, "accuracy": (0.7,) * 6},
        {"loss": FALLING, "accuracy": (0.5, 0.6, 0.571, 0.7, 0.671, 0.8)},
        {"loss": (0.7,) * 4, "accuracy": (0.5,) * 4},
        {"loss": (999.9, 0.5)},
    ],
)
def test_histories_on_the_line_are_not_told(curves):
    """A tremble is no rise, a right model has nothing to gain, a few epochs show nothing."""
    assert trained(**history(**curves)) == {}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"maximum": 255.0, "integral": True}, True),
        ({"maximum": 6.1}, True),
        ({"minimum": -50.0}, True),
        ({"maximum": 6.0}, False),
        ({"minimum": -math.pi, "maximum": math.pi}, False),
        ({"minimum": None, "maximum": None}, False),
    ],
)
def test_inputs_far_from_zero_are_told(fields, told):
    """Standardised features and coordinates are not."""
    assert ("unscaled_input" in trained(x=images(3600, **fields))) is told


def test_a_model_that_scales_its_input_itself_is_not_told():
    """Rescaling is as good as dividing."""
    assert trained(layer("Rescaling"), *SOFTMAX, x=images(3600, maximum=255.0)) == {}


def leaking(*, in_validation):
    store = MemoryStore()
    rows = np.random.default_rng(0).uniform(size=(5000, 20))
    book = Notebook()
    book.store = store
    book.code("load()")
    book.array("x_train", rows[:4000], whole=False, hashes=True)
    book.array("x_test", rows[4000:], whole=False, hashes=True)
    test, train = (summarise(part, store=store, whole=False, hashes=True) for part in (rows[4000:], rows[:4000]))
    model = book.model(dense(10, "softmax"), inputs=(20,))
    book.fit(model, x=train if in_validation else summarise(rows, store=store, whole=False, hashes=True))
    held = ValidationRecord(source="data", x=test)
    book.fits[-1] = book.fits[-1].model_copy(update={"validation": held if in_validation else None})
    return advise(whole_scope(book), rubric=rubric())


def whole_scope(book):
    from grader.matching import match

    view = book.view()
    return with_submission(view, matching=match(rubric(), book.evidence())).submission


@pytest.mark.parametrize(("in_validation", "part"), [(True, "are used for validation"), (False, "are trained on")])
def test_test_rows_in_fit_or_its_validation_are_told(in_validation, part):
    """Told by the rows themselves."""
    (advice,) = [item for item in leaking(in_validation=in_validation) if item.rule == "test_in_training"]
    assert f"100 % of the test rows {part}" in advice.text


def test_the_same_remark_is_made_once():
    """Two fits of one training are one training; two of two sections are two."""
    book = Worksheet()
    for name in ("ex4", "ex6"):
        book.markdown(printed(name))
        model = book.train(name, compiled=make_compile(learning_rate=0.5))
        book.fit(model, compiled=make_compile(learning_rate=0.5))
    found = advise(whole_scope(book), rubric=rubric())
    assert [(item.rule, item.section) for item in found] == [("learning_rate", "ex4"), ("learning_rate", "ex6")]


def test_a_training_of_no_section_gets_its_advice_too():
    """An experiment of the student's own, before the first exercise."""
    book = Worksheet()
    book.markdown("# My experiments")
    book.code("fit()")
    book.fit(book.model(dense(3)), compiled=make_compile(learning_rate=0.5, loss="mse"))
    book.write(("ex4",))
    (advice,) = advise(whole_scope(book), rubric=rubric())
    assert (advice.section, advice.cells) == (None, (1,))


@pytest.mark.parametrize(("check", "rules"), [("learning_rates", []), ("discussion", ["learning_rate"])])
def test_a_rate_that_is_tried_because_the_task_asks_for_it_is_no_mistake(check, rules):
    """What too large a rate does is what such a section shows."""
    asked = rubric()
    (section,) = [one for one in asked.sections if one.id == "stop"]
    criterion = section.criteria[0].model_copy(update={"check": check})
    other = section.model_copy(update={"criteria": (criterion,)})
    asked = asked.model_copy(update={"sections": tuple(other if one is section else one for one in asked.sections)})
    book = Worksheet().write(("ex4", "stop"))
    book.code("fit()")
    book.fit(book.model(dense(3)), compiled=make_compile(learning_rate=0.5, loss="mse"))
    found = advise(book.view(matching=book.matched()).submission, rubric=asked)
    assert [item.rule for item in found] == rules


@pytest.mark.parametrize(
    ("between", "is_told"),
    [
        ((), True),
        ((dropout(0.2),), True),
        ((layer("Lambda"),), False),
        ((layer("Own", own_class="Own"),), False),
        ((layer("LayerNormalization"),), False),
        ((layer("Concatenate"),), False),
    ],
)
def test_linear_layers_are_in_a_row_where_nothing_else_stands_between(*, between, is_told):
    """A Lambda may be an activation; a model with branches has no row."""
    assert ("linear_hidden" in trained(dense(64), *between, dense(10, "softmax"))) is is_told


@pytest.mark.parametrize(
    ("layers", "is_told"),
    [
        ((dense(10, "softmax"), activation("softmax")), True),
        ((dense(10, "softmax"), dense(10, "softmax")), False),
    ],
)
def test_an_output_goes_through_a_softmax_twice_where_nothing_is_computed_between(*, layers, is_told):
    """A hidden layer with a softmax is another thing."""
    assert ("activation_twice" in trained(*layers)) is is_told


@pytest.mark.parametrize(
    ("optimizer", "rate", "is_told"),
    [("Adam", 0.05, True), ("SGD", 0.05, False), ("SGD", 0.2, True), ("Adadelta", 1.0, False)],
)
def test_a_rate_is_unusual_for_its_optimizer(*, optimizer, rate, is_told):
    """Who does not scale the steps takes larger ones."""
    found = trained(compiled={"optimizer": optimizer, "learning_rate": rate})
    assert ("learning_rate" in found) is is_told


@pytest.mark.parametrize("kind", ["Embedding", "Lambda"])
def test_inputs_of_layers_that_need_no_scaling_are_not_told(kind):
    """Numbers of words are whole and large; a Lambda may divide."""
    assert "unscaled_input" not in trained(layer(kind), *SOFTMAX, x=images(3600, maximum=255.0))


NOISE = (0.9, 0.5, 0.40, 0.43, 0.41, 0.44, 0.42, 0.41, 0.43, 0.60)


@pytest.mark.parametrize(
    ("held", "is_told"),
    [
        (NOISE, False),
        ((0.9, 0.5, 0.2, 0.40, 0.41, 0.39, 0.40, 0.41, 0.40, 0.39), False),
        ((0.9, 0.5, 0.4, 0.39, 0.38, 0.37, 0.36, 0.35, 0.5, 0.51), False),
        ((0.9, 0.5, 0.4, 0.42, 0.45, 0.44, 0.5, 0.52, 0.51, 0.6), True),
    ],
)
def test_one_epoch_of_noise_is_no_overfitting(*, held, is_told):
    """Neither at the end nor at the lowest; a rise over epochs is."""
    loss = tuple(1 / (1 + epoch) for epoch in range(10))
    assert ("overfitting" in trained(**history(loss=loss, val_loss=held))) is is_told


def test_one_swing_is_chance():
    """Of five epochs it is a fifth."""
    assert trained(**history(loss=FALLING[:5], accuracy=(0.5, 0.6, 0.55, 0.7, 0.8))) == {}


FLAT = history(loss=(0.7,) * 5, accuracy=(0.1, 0.1, 0.105, 0.1, 0.109))


@pytest.mark.parametrize("again", [True, False])
def test_a_model_that_learned_before_has_not_hardly_learned(*, again):
    """A second fit goes on where the first one ended."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    model = book.model(*SOFTMAX)
    book.code("model.fit()")
    book.compile(model)
    if again:
        book.fit(model)
        book.markdown("# My experiments")
        book.code("model.fit()")
    book.fit(model, **FLAT)
    assert ("no_progress" in given(book)) is not again


def test_a_model_that_is_better_than_guessing_has_learned():
    """In the first epoch, of which the history holds the mean."""
    assert "no_progress" not in trained(**history(loss=(0.7,) * 5, accuracy=(0.5,) * 5))
