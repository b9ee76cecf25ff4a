import pytest
from builders import activation, dense, dropout, layer, make_compile, make_model

from grader.architecture.comparison import compare
from grader.architecture.forms import ModelForm
from grader.architecture.layers import plain_model
from grader.reference.draft.forms import collapsed, form_of, uniform_rate


def form(*layers, inputs=(784,), **fields):
    record = make_model(*layers, inputs=inputs, **fields)
    return form_of(record, plain_model(record, compiled=make_compile()))


def test_layers_are_named_with_what_an_assignment_asks_for():
    """Width and activation, no initialisers."""
    found, notes = form(dense(128, "relu", use_bias=True), dense(10, "softmax"))
    assert found == {
        "inputs": [784],
        "layers": [
            {"layer": "Dense", "units": 128, "activation": "relu"},
            {"layer": "Dense", "units": 10, "activation": "softmax"},
        ],
    }
    assert notes == ()


def test_an_activation_of_its_own_belongs_to_the_layer_before():
    """The form is that of any style."""
    assert form(dense(8), activation("relu"), dense(1)) == form(dense(8, "relu"), dense(1))


def test_what_repeats_is_written_once():
    """As a tutor would write it."""
    deep = [dense(128, "relu"), dropout(0.2)] * 10
    found, _ = form(*deep, dense(10, "softmax"))
    assert found["layers"][0] == {
        "layer": "Dense",
        "units": 128,
        "activation": "relu",
        "repeat": 10,
        "followed_by": "Dropout",
    }


def test_layers_that_differ_do_not_repeat():
    """Two convolutions of other widths stay two."""
    layers = [{"layer": "Conv2D", "filters": 16}, {"layer": "MaxPooling2D"}, {"layer": "Conv2D", "filters": 32}]
    assert collapsed(layers) == layers


@pytest.mark.parametrize(
    "layers",
    [
        (layer("Conv2D", filters=16, kernel_size=[3, 3], activation="relu"), layer("Flatten"), dense(10, "softmax")),
        (layer("Conv2D", filters=16, kernel_size=[3, 5]), layer("MaxPooling2D", pool_size=[2, 2]), dense(1)),
        (layer("RandomFlip"), layer("BatchNormalization"), dense(4, "leaky_relu"), dropout(0.1), dropout(0.2)),
        (layer("Embedding", input_dim=100, output_dim=8), layer("LSTM", units=8, activation="tanh"), dense(1)),
    ],
)
def test_a_model_meets_its_own_form(layers):
    """Whatever its layers are."""
    record = make_model(*layers, inputs=(28, 28, 1))
    plain = plain_model(record, compiled=make_compile(loss="mean_squared_error"))
    found, _ = form_of(record, plain)
    assert compare(plain, ModelForm.model_validate(found)).count == 0


def test_a_layer_without_a_form_is_told():
    """The tutor names what matters."""
    found, notes = form(layer("Own", own_class="Own", parameters=5), dense(10, "softmax"))
    assert found == {"inputs": [784]}
    assert "Own" in notes[0]


def test_rates_that_differ_stand_in_the_form():
    """One number for all of them would be wrong."""
    record = make_model(dense(8, "relu"), dropout(0.2), dense(8, "relu"), dropout(0.5), dense(1))
    plain = plain_model(record, compiled=None)
    found, _ = form_of(record, plain)
    assert uniform_rate(plain) is None
    assert [one["rate"] for one in found["layers"] if "rate" in one] == [0.2, 0.5]
