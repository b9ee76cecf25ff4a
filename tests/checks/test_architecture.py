import pytest
from builders import (
    Notebook,
    activation,
    dense,
    dropout,
    layer,
    make_compile,
    make_evidence,
    make_model,
    make_view,
    whole_notebook,
)

from grader.checks.architecture import ArchitectureParams, DropoutRateParams, architecture, dropout_rate
from grader.records import CellError, SectionMatch

RELU_128 = {"layer": "Dense", "units": 128, "activation": "relu"}
SOFTMAX_10 = {"layer": "Dense", "units": 10, "activation": "softmax"}
ONE_HIDDEN = {"inputs": [784], "layers": [RELU_128, SOFTMAX_10]}
LOGISTIC = {"inputs": [2], "layers": [{"layer": "Dense", "units": 1, "activation": "sigmoid"}]}
DROPPED = {"inputs": [784], "layers": [{**RELU_128, "repeat": 3, "followed_by": "Dropout"}, SOFTMAX_10]}
LOGITS = make_compile(loss="sparse_categorical_crossentropy", from_logits=True)
BINARY_LOGITS = make_compile(loss="binary_crossentropy", from_logits=True)


def judged(*layers, form=ONE_HIDDEN, inputs=(784,), compiled=None, one_off=0.5, **fields):
    model = make_model(*layers, inputs=inputs, **fields)
    evidence = make_evidence(models=(model,), compiles=(compiled or make_compile(),))
    return architecture(make_view(evidence), ArchitectureParams(model=form, one_off=one_off))


@pytest.mark.parametrize(
    ("layers", "compiled"),
    [
        ((dense(128, "relu"), dense(10, "softmax")), None),
        ((layer("InputLayer"), layer("Flatten"), dense(128, "relu"), dense(10, "softmax")), None),
        ((layer("Rescaling", scale=1 / 255), layer("Reshape"), dense(128, "relu"), dense(10, "softmax")), None),
        ((layer("Normalization", parameters=3), dense(128, "relu"), dense(10, "softmax")), None),
        ((dense(128), activation("relu"), dense(10), activation("softmax")), None),
        ((dense(128), layer("ReLU"), dense(10), layer("Softmax")), None),
        ((dense(128, "relu"), activation("relu"), dense(10, "softmax")), None),
        ((dense(128, "relu"), dense(10)), LOGITS),
        ((dense(128, "RELU", own_class="MyDense"), dense(10, "softmax")), None),
    ],
)
def test_equivalent_forms_of_one_hidden_layer_pass(layers, compiled):
    """Reshaping, scaling, activation layers and logits change nothing."""
    result = judged(*layers, compiled=compiled)
    assert (result.outcome, result.share) == ("passed", 1.0)


@pytest.mark.parametrize(
    ("layers", "compiled"),
    [((dense(1, "sigmoid"),), None), ((dense(2, "softmax"),), None), ((dense(1),), BINARY_LOGITS)],
)
def test_equivalent_forms_of_a_logistic_regression_pass(layers, compiled):
    """One sigmoid, a softmax of two and a logit are the same model."""
    assert judged(*layers, form=LOGISTIC, inputs=(2,), compiled=compiled).outcome == "passed"


@pytest.mark.parametrize("inputs", [(784,), (28, 28), (28, 28, 1), (None, None)])
def test_the_form_of_the_input_does_not_matter(inputs):
    """Only how many numbers a row has counts, and an unknown shape is not held against anybody."""
    assert judged(layer("Flatten"), dense(128, "relu"), dense(10, "softmax"), inputs=inputs).outcome == "passed"


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ((dense(64, "relu"), dense(10, "softmax")), "Your hidden layer has 64 units; 128 were asked for."),
        (
            (dense(128, "relu", output_shape=(16,)), dense(10, "softmax")),
            "Your hidden layer has 16 units; 128 were asked for.",
        ),
        ((dense(128, "tanh"), dense(10, "softmax")), "Your hidden layer has activation tanh; relu was asked for."),
        ((dense(128), dense(10, "softmax")), "Your hidden layer has no activation; relu was asked for."),
        ((dense(10, "softmax"),), "A Dense layer (128 relu) is missing before the output layer."),
        ((dense(128, "relu"), dense(10)), "Your output layer has no activation; softmax was asked for."),
        (
            (dense(128, "relu"), dense(128, "relu"), dense(10, "softmax")),
            "Your model has a layer more than was asked for: Dense 128 relu after hidden layer 1.",
        ),
        (
            (dense(128, "relu"), layer("BatchNormalization"), dense(10, "softmax")),
            "Your model has a layer more than was asked for: BatchNormalization after the hidden layer.",
        ),
        (
            (dense(128, "relu"), dense(10, "softmax"), activation("softmax")),
            "Your model applies a second activation (softmax) on top of another.",
        ),
    ],
)
def test_one_property_off_is_worth_half(layers, text):
    """A width, an activation, a layer too many or too few."""
    result = judged(*layers)
    assert (result.outcome, result.share, result.feedback) == ("partial", 0.5, text)
    assert result.next_step


def test_one_property_off_is_worth_nothing_where_the_rubric_says_no_share():
    """Half is the rubric's decision."""
    assert judged(dense(64, "relu"), dense(10, "softmax"), one_off=None).outcome == "failed"


def test_a_kernels_size_is_told_as_it_is_asked_for():
    """Keras keeps both sides of it, a rubric one."""
    form = {"layers": [{"layer": "Conv2D", "filters": 8, "kernel_size": 3}, SOFTMAX_10]}
    rows = (layer("Conv2D", filters=8, kernel_size=[5, 5], activation="relu"), dense(10, "softmax"))
    result = judged(*rows, form=form, inputs=(28, 28, 1))
    assert result.feedback == "Your Conv2D layer has kernel size 5\u00d75; 3 was asked for."
    assert result.expected == "Conv2D 8 of 3\u00d73 \u2192 Dense 10 softmax"
    assert result.yours == "784 \u2192 Conv2D 8 of 5\u00d75 relu \u2192 Dense 10 softmax"


@pytest.mark.parametrize(
    "layers",
    [
        (dense(64, "tanh"), dense(10, "softmax")),
        (dense(64, "relu"), dense(10, "sigmoid")),
        (dense(64, "relu"), dense(64, "relu"), dense(10, "softmax")),
        (layer("Conv2D", filters=8, activation="relu", parameters=9), dense(10, "softmax")),
    ],
)
def test_two_properties_off_are_worth_nothing(layers):
    """The boundary of the half is exactly one."""
    assert judged(*layers).outcome == "failed"


def test_more_than_is_told_is_not_left_out_of_what_to_do():
    """Three layers are named, and that there are others."""
    form = {"layers": [{"layer": "Dense", "units": 8}, {"layer": "Dropout", "rate": 0.2}] * 4 + [SOFTMAX_10]}
    result = judged(*[dense(8)] * 4, dense(10, "softmax"), form=form)
    assert result.next_step.count("Add a Dropout layer") == 3
    assert result.next_step.endswith("Then compare the other layers with what was asked for.")


def test_another_input_is_one_property():
    """The right layers on other data are half right."""
    result = judged(dense(128, "relu"), dense(10, "softmax"), inputs=(100,))
    assert (result.outcome, result.feedback) == ("partial", "Your model takes 100 numbers a row; 784 were asked for.")


def test_images_that_are_not_flattened_are_one_property():
    """A Dense layer on an image works on its lines."""
    first = dense(128, "relu", input_shape=(28, 28))
    assert judged(first, dense(10, "softmax"), inputs=(28, 28)).share == 0.5


def test_a_dropout_left_out_is_one_property_and_all_left_out_are_many():
    """Dropout is asked for behind each hidden layer, also the last."""
    hidden = [dense(128, "relu"), dropout()] * 3
    assert judged(*hidden, dense(10, "softmax"), form=DROPPED).outcome == "passed"
    assert judged(*hidden[:-1], dense(10, "softmax"), form=DROPPED).share == 0.5
    assert judged(*[dense(128, "relu")] * 3, dense(10, "softmax"), form=DROPPED).outcome == "failed"


def test_dropout_may_stand_between_a_layer_and_its_activation():
    """Dense, Dropout, ReLU computes what Dense, ReLU, Dropout does."""
    layers = [dense(128), dropout(), activation("relu")] * 3
    assert judged(*layers, dense(10, "softmax"), form=DROPPED).outcome == "passed"


def test_ranges_choices_and_allowed_layers_are_the_rubrics():
    """A form leaves open what its author leaves open."""
    free = {"layer": "Dense", "units": {"min": 8, "max": 64}, "activation": {"one_of": ["relu", "elu"]}}
    form = {"layers": [{**free, "repeat": {"min": 1, "max": 3}}, SOFTMAX_10], "allow": ["Dropout"]}
    assert judged(dense(8, "elu"), dropout(), dense(64, "relu"), dense(10, "softmax"), form=form).outcome == "passed"
    assert judged(dense(65, "relu"), dense(10, "softmax"), form=form).outcome == "partial"
    assert judged(dense(10, "softmax"), form=form).outcome == "partial"


@pytest.mark.parametrize(
    "compiled",
    [make_compile(loss="mine", own_loss=True), make_compile(loss=None), make_compile(loss=None, own_loss=True)],
)
def test_a_linear_output_under_a_loss_that_cannot_be_seen_goes_to_a_tutor(compiled):
    """The student's own loss may well take logits."""
    result = judged(dense(128, "relu"), dense(10), compiled=compiled)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


ALLOWED = {**ONE_HIDDEN, "allow": ["Lambda"]}


@pytest.mark.parametrize(
    ("layers", "form", "text"),
    [
        ((), ONE_HIDDEN, "The layers of your model could not be read"),
        ((layer("Thing", own_class="Thing", parameters=5), dense(10, "softmax")), ONE_HIDDEN, "inside we cannot see"),
        ((dense(128), layer("Lambda"), dense(10, "softmax")), ONE_HIDDEN, "it has a layer whose inside we cannot see"),
        ((dense(64, "relu"), layer("Lambda"), dense(10, "softmax")), ALLOWED, "Some layers could not be read"),
    ],
)
def test_layers_that_cannot_be_read_go_to_a_tutor(layers, form, text):
    """What is unknown is never called wrong."""
    result = judged(*layers, form=form)
    assert (result.outcome, text in result.feedback) == ("needs_review", True)


def test_layers_that_were_read_are_not_said_to_be_unread():
    """A layer of one's own that Keras's class tells is read."""
    result = judged(dense(64, "relu", own_class="MyDense"), dense(10, "softmax"))
    assert (result.outcome, "read" in result.feedback) == ("partial", False)


def test_a_section_without_a_model_fails_and_says_why():
    """The cell that raised is named, with what to do."""
    book = Notebook()
    book.code("model = Sequential()", error=CellError(name="NameError", value="name 'Sequential' is not defined"))
    result = architecture(book.view(), ArchitectureParams(model=ONE_HIDDEN))
    assert result.outcome == "failed"
    assert "because cell 1 raised NameError: name 'Sequential' is not defined" in result.feedback
    assert result.next_step.startswith("Fix cell 1")


def test_a_notebook_for_another_library_is_told_so():
    """No Keras model was found; the notebook uses PyTorch."""
    book = Notebook()
    book.code("import torch")
    result = architecture(book.view(), ArchitectureParams(model=ONE_HIDDEN))
    assert result.feedback == "No Keras model was found; the notebook uses PyTorch."


def test_a_section_that_was_not_found_says_so():
    """Nothing is guessed."""
    book = Notebook()
    book.code("x = 1")
    book.model(dense(1))
    view = make_view(book.evidence(), section=SectionMatch(section="ex6", title="Exercise 6: More"))
    assert "was not found" in architecture(view, ArchitectureParams(model=ONE_HIDDEN)).feedback


def test_the_evidence_being_cut_off_is_our_doing():
    """A model that a cap may have swallowed is not called missing."""
    evidence = make_evidence(truncated=("records after 64 MB",))
    section = whole_notebook(evidence)
    result = architecture(make_view(evidence, section=section), ArchitectureParams(model=ONE_HIDDEN))
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def table(result):
    return [(pair.asked, pair.yours, pair.state) for pair in result.layers]


def test_a_model_that_differs_stands_beside_what_was_asked_for():
    """Layer by layer; what is as it was asked for is not marked."""
    layers = (dense(64, "relu"), dropout(0.2), dense(10, "softmax"))
    assert table(judged(*layers)) == [
        ("784 inputs", "784 inputs", "same"),
        ("Dense 128 relu", "Dense 64 relu", "differs"),
        ("", "Dropout 0.2", "extra"),
        ("Dense 10 softmax", "Dense 10 softmax", "same"),
    ]


def test_a_missing_layer_has_no_counterpart():
    """Where it should stand."""
    form = {"layers": [RELU_128, {"layer": "Dropout", "rate": 0.2}, SOFTMAX_10]}
    assert table(judged(dense(128, "relu"), dense(10, "softmax"), form=form)) == [
        ("Dense 128 relu", "Dense 128 relu", "same"),
        ("Dropout 0.2", "", "missing"),
        ("Dense 10 softmax", "Dense 10 softmax", "same"),
    ]


def test_a_layer_that_is_left_open_is_free():
    """Allowed anywhere, or left out of what may be left out."""
    some = {"layer": "Dense", "units": {"min": 16, "max": 64}, "repeat": {"min": 0, "max": 3}}
    form = {"inputs": [784], "layers": [some, SOFTMAX_10], "allow": ["Dropout"]}
    layers = (dropout(0.1), dense(32, "relu"), dropout(0.2), dense(5, "softmax"), dropout(0.3))
    assert table(judged(*layers, form=form))[1:] == [
        ("", "Dropout 0.1", "free"),
        ("Dense 16 to 64", "Dense 32 relu", "same"),
        ("", "Dropout 0.2", "free"),
        ("Dense 10 softmax", "Dense 5 softmax", "differs"),
        ("", "Dropout 0.3", "free"),
    ]


def test_a_value_without_a_place_of_its_own_is_named():
    """On both sides."""
    form = {"layers": [{"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"}]}
    convolution = layer("Conv2D", filters=8, kernel_size=[3, 3], padding="valid", activation="relu")
    (pair,) = judged(convolution, form=form, inputs=(28, 28, 1)).layers
    assert (pair.asked, pair.yours) == (
        "Conv2D 8 of 3\u00d73, padding same",
        "Conv2D 8 of 3\u00d73 relu, padding valid",
    )


def test_equal_layers_in_a_row_are_counted():
    """Ten lines of the same say no more than one."""
    form = {"layers": [{**RELU_128, "repeat": 10}, SOFTMAX_10]}
    result = judged(*(dense(128, "relu") for _ in range(9)), dense(10, "softmax"), form=form)
    assert [(pair.state, pair.times) for pair in result.layers] == [("same", 9), ("missing", 1), ("same", 1)]


def test_layers_stand_beside_each_other_only_where_something_differs_for_sure():
    """Not of a right model, of any layers, or of a layer that nobody can read."""
    assert judged(dense(128, "relu"), dense(10, "softmax")).layers == ()
    assert judged(dense(5), form={"inputs": [784], "layers": []}, inputs=(3,)).layers == ()
    assert judged(layer("Mine", own_class="Mine", parameters=5), dense(10, "softmax")).layers == ()


def rated(*rates):
    model = make_model(*(dropout(rate) for rate in rates), dense(10, "softmax"))
    return dropout_rate(make_view(make_evidence(models=(model,))), DropoutRateParams(rate=0.2))


@pytest.mark.parametrize(
    ("rates", "outcome"),
    [
        ((0.2, 0.2), "passed"),
        ((0.2000005,), "passed"),
        ((0.20001,), "failed"),
        ((0.2, 0.5), "failed"),
        ((float("nan"),), "failed"),
        ((None,), "failed"),
        ((), "blocked"),
    ],
)
def test_every_rate_must_be_the_one_asked_for(rates, outcome):
    """To float32's rounding; without any Dropout there is nothing to judge."""
    assert rated(*rates).outcome == outcome


def test_other_rates_are_told():
    """Both numbers, and how many layers."""
    assert rated(0.2, 0.5, 0.5).feedback == "2 of your 3 Dropout layers have another rate (0.5); 0.2 was asked for."


def test_each_rate_stands_beside_the_one_asked_for():
    """Equal ones once."""
    found = [(pair.asked, pair.yours, pair.state, pair.times) for pair in rated(0.2, 0.5, 0.5).layers]
    assert found == [("Dropout 0.2", "Dropout 0.2", "same", 1), ("Dropout 0.2", "Dropout 0.5", "differs", 2)]
    assert rated(0.2).layers == ()


def test_the_rate_of_no_model_is_blocked():
    """It is paid for at the architecture."""
    assert dropout_rate(make_view(), DropoutRateParams(rate=0.2)).outcome == "blocked"
