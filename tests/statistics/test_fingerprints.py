"""Code comes down to the same fingerprints whatever a copyist changes first."""

from __future__ import annotations

import pytest

from grader.statistics.fingerprints import fingerprints, normalised_tokens, pieces

CODE = """
import numpy as np
from keras import layers

def load(path, rows=10):
    "Reads."
    data = np.load(path)
    return data[:rows]

model = keras.Sequential([layers.Dense(128, activation='relu'), layers.Dense(10)])  # two
history = model.fit(load('a.npz'), epochs=20)
print(f'loss {history.history["loss"][-1]:.3f}')
"""
RENAMED = [
    """# mine
import numpy
import os
from keras import layers as L

def get(where, rows=99):
    x = numpy.load(
        where,
    )
    return x[:rows]
""",
    'net = keras.Sequential([L.Dense(64, activation="tanh"), L.Dense(2),])',
    """%matplotlib inline
h = net.fit(get("b" 'c'), epochs=5); print(f'{h.history["loss"][-1]} is it')""",
]


def test_names_literals_comments_and_layout_are_gone() -> None:
    """A renamed copy, cut into other cells, is the same to the last token."""
    assert normalised_tokens(RENAMED) == normalised_tokens([CODE])
    assert fingerprints(RENAMED) == fingerprints([CODE])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model.fit(x)", "model.evaluate(x)"),
        ("fit(x, epochs=3)", "fit(x, batch_size=3)"),
        ("a = max(b)", "a = min(b)"),
        ("from numpy import mean\nmean(a)", "from numpy import median\nmedian(a)"),
        ("a = b + c", "a = b - c"),
        ("for a in b: pass", "while a in b: pass"),
    ],
)
def test_what_code_does_stays(one: str, other: str) -> None:
    """Names of libraries, arguments and Python's own are no choice of the student's."""
    assert normalised_tokens([one]) != normalised_tokens([other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("class A:\n    def run(self): self.rate = 1", "class B:\n    def go(self): self.speed = 2"),
        ("a.b(x,)", "c.b(y)"),
        ("'text'\nx = 1", "x = 2"),
        ("if a:\n  pass\nx = 1", "if a:\n    x = 1"),
        ("x = '''a\nb'''", "y = 'c'"),
    ],
)
def test_what_says_nothing_goes(one: str, other: str) -> None:
    """Methods and attributes of the student's own, trailing commas, texts that stand alone, `pass`."""
    assert normalised_tokens([one]) == normalised_tokens([other])


@pytest.mark.parametrize("source", ["", "%%bash\nls", "# only", "import numpy as np", "'''text'''"])
def test_cells_without_code_of_their_own_have_none(source: str) -> None:
    """Nor a piece of it."""
    assert normalised_tokens([source]) == []
    assert fingerprints([source]) == frozenset()


@pytest.mark.parametrize(
    "source", ["x = (1", "def f(:\n  x", "if x:\n    y = 1\n  z = 2", "x = 'open", "\x00", "print 5"]
)
def test_a_cell_that_is_no_python_counts_as_far_as_it_can_be_read(source: str) -> None:
    """And never stops a class's page."""
    assert set(normalised_tokens(["a.b(c)", source])) >= {"v", ".", "b"}


def expression(*names: str) -> str:
    return "+".join(f"x.{name}" for name in names)


def test_a_shared_run_of_fifteen_tokens_is_seen() -> None:
    """Between other code: `+ v . p + v . q + v . r + v .`."""
    one, other = expression(*"abcdefg", *"pqr", *"hijk"), expression(*"ABCDEFG", *"pqr", *"HIJK")
    assert fingerprints([one]) & fingerprints([other])


def test_a_shared_run_of_eleven_tokens_is_not_seen() -> None:
    """A name less: `+ v . p + v . q + v .`."""
    one, other = expression(*"abcdefg", *"pq", *"hijk"), expression(*"ABCDEFG", *"pq", *"HIJK")
    assert not pieces([one]) & pieces([other])


def test_fingerprints_are_some_of_the_pieces() -> None:
    """So that what was handed out can be taken away whole."""
    assert fingerprints([CODE]) < pieces([CODE])
    assert not fingerprints([CODE]) - pieces(RENAMED)
