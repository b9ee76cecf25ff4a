"""What is read of code without running it."""

from __future__ import annotations

import pytest
from notebook_code import COMPILE, DATA, FIT, IMPORTS, MODEL, layers_of, read

DENSE = [("Dense", 128, "relu"), ("Dense", 10, "softmax")]

FORMS = {
    "list": MODEL,
    "added one by one": "m = keras.Sequential()\nm.add(keras.Input((784,)))\n"
    "m.add(layers.Dense(128, activation='relu'))\nm.add(layers.Dense(10, activation='softmax'))",
    "functional": "i = keras.Input((784,))\nh = layers.Dense(128, activation='relu')(i)\n"
    "m = keras.Model(i, layers.Dense(10, activation='softmax')(h))",
    "function": "def build(width, out=10):\n    h = [layers.Dense(width, 'relu')]\n"
    "    return keras.Sequential([*h, layers.Dense(out, 'softmax')])\nm = build(64 * 2)",
    "subclass": "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = layers.Dense(128, 'relu')\n        self.b = layers.Dense(10, 'softmax')\n"
    "    def call(self, x):\n        return self.b(self.a(x))\nm = Net()\nm(keras.Input((784,)))",
    "tensorflow's": "import tensorflow as tf\nfrom tensorflow.keras.layers import Dense as D\n"
    "m = tf.keras.models.Sequential([D(128, activation=tf.nn.relu), D(10, activation='softmax')])",
}


@pytest.mark.parametrize("form", FORMS)
def test_layers_are_read_however_a_model_is_written(form: str):
    """A list, calls of add, a graph, a function, a class of one's own."""
    assert layers_of(FORMS[form]) == DENSE


@pytest.mark.parametrize(
    "loop",
    [
        "for _ in range(3):\n    m.add(layers.Dense(8))",
        "for size in [8] * 3:\n    m.add(layers.Dense(size))",
        "for n, size in enumerate((8, 8, 8)):\n    m.add(layers.Dense(size, name=f'h{n}'))",
        "for one in [layers.Dense(s) for s in (8, 8, 8)]:\n    m.add(one)",
    ],
)
def test_loops_over_known_things_are_unrolled(loop: str):
    """However they count."""
    assert len(layers_of("m = keras.Sequential()", loop)) == 3


def test_a_loop_of_unknown_length_leaves_the_model_open():
    """Only a run shows how many layers there are."""
    log = read(IMPORTS, "m = keras.Sequential()\nfor _ in range(int(input())):\n    m.add(layers.Dense(8))")
    assert log.doubts


def test_arguments_of_compile_and_fit_are_read():
    """With the rows that the data set has and a split leaves."""
    (fit,) = read(IMPORTS, DATA, MODEL, COMPILE, FIT).fits
    assert (fit.epochs_run, fit.batch_size, fit.x.shape, fit.rows_given) == (10, 128, (54000, 784), 60000)
    assert fit.validation.fraction == pytest.approx(0.1)
    assert (fit.compiled.optimizer, fit.compiled.metrics) == ("Adam", ("accuracy",))


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("np.column_stack([np.linspace(0, 1, 7), np.zeros(7)])", (7, 2)),
        ("np.concatenate([np.ones((3, 2)), np.zeros((4, 2))])", (7, 2)),
        ("np.random.default_rng(1).normal(size=(9, 2))[2:]", (7, 2)),
        ("np.random.rand(14).reshape(-1, 2)", (7, 2)),
        ("np.stack([np.arange(7), np.arange(7)], axis=1) * 2.0", (7, 2)),
    ],
)
def test_shapes_of_arrays_follow_from_their_making(code: str, shape: tuple[int, ...]):
    """As numpy would give them."""
    model = "m = keras.Sequential([layers.Dense(1)])\nm.compile('sgd', 'mse')"
    (fit,) = read(IMPORTS, model, f"m.fit({code}, np.zeros(7))").fits
    assert fit.x.shape == shape


def test_a_name_that_nothing_binds_raises():
    """And what stands behind it in the cell does not run."""
    log = read(IMPORTS, "print(no_such_name)\nm = keras.Sequential()")
    assert log.errors == {1: ("NameError", "name 'no_such_name' is not defined")}
    assert not log.models


@pytest.mark.parametrize(
    "before", ["%run other.ipynb", "exec(open('x').read())", "from numpy import *", "globals()['v'] = 1"]
)
def test_a_name_that_may_come_in_unseen_ways_does_not(before: str):
    """A magic, exec and a star may bind anything."""
    assert not read(before, "print(v)").errors


@pytest.mark.parametrize(
    "code",
    ["import torch_helpers\nhelp_me(m)", "m = keras.models.load_model('there.keras')", "m.odd_method()"],
)
def test_what_cannot_be_followed_is_said(code: str):
    """A model that is handed to unknown code, or comes from a file, is not known any more."""
    assert read(IMPORTS, MODEL, code).doubts


def test_a_fit_without_compile_raises():
    """As Keras does."""
    assert read(IMPORTS, DATA, MODEL, FIT).errors[3][0] == "ValueError"


def test_code_that_never_ends_is_left():
    """What nests without end or calls itself is unknown, and reading goes on."""
    log = read(IMPORTS, "def f(n):\n    return f(n + 1)\nf(0)", "x = " + "(" * 60 + "1" + ")" * 60, MODEL)
    assert len(log.models) == 1


@pytest.mark.parametrize(
    "code",
    [
        "s = 'x'\nfor _ in range(200):\n    s = s + s",
        "n = 3\nfor _ in range(200):\n    n = n * n",
        "n = 10\nfor _ in range(200):\n    n = n ** 64",
        "a = [0] * 10_000\nfor _ in range(200):\n    a = a * 10_000",
        "a = list(range(10**12))",
        "a = [1]\nfor _ in range(200):\n    a.extend(a)",
        "s = 'x'.ljust(10**12) + '%1000000000d' % 1 + f'{1:>999999999}'",
        "for _ in range(200):\n    for _ in range(200):\n        for _ in range(200):\n            x = layers.Dense(3)",
    ],
)
def test_no_code_makes_reading_large_or_long(code: str):
    """What grows without end is unknown."""
    assert read(IMPORTS, code) is not None


@pytest.mark.parametrize(
    "before", ["while True:\n    if len(x) > 3:\n        break", "if x:\n    np.load('a.npy')", "np.load('a.npy')"]
)
def test_what_follows_what_may_not_end_in_its_cell_is_not_sure(before: str):
    """A loop that waits, a file that may not be there."""
    assert read(IMPORTS, "x = np.random.rand(3)", f"{before}\n{MODEL}").doubts
    assert not read(IMPORTS, "x = np.random.rand(3)", before, MODEL).doubts
