"""A small reference for the tests of mutations: its notebook, the evidence of its run, and a rubric."""

from __future__ import annotations

import numpy as np
from builders import Notebook, dense, dropout, grid, line, make_axes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.architecture.forms import ModelForm
from grader.judging.registry import registered
from grader.matching import match
from grader.records import Evidence
from grader.reference.mutation.deriving import Derived, derive
from grader.reference.mutation.original import Original
from grader.rubric import Criterion, Rubric, Section

IMPORTS = "import keras\nimport matplotlib.pyplot as plt\nfrom keras import layers"
DATA = "(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()\nx = x.reshape(len(x), -1) / 255"
SMALL = """\
small = keras.Sequential([layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")])
small.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
record = small.fit(x, y, epochs=10, batch_size=128, validation_split=0.1)"""
SHOWN = """\
loss, accuracy = small.evaluate(x_test, y_test)
print("test accuracy:", accuracy)
plt.plot(record.history["loss"])
plt.plot(record.history["val_loss"])
plt.show()"""
MATRIX = "show_matrix(small)"
LARGE = """\
large = keras.Sequential()
for _ in range(2):
    large.add(layers.Dense(128, activation="relu"))
    large.add(layers.Dropout(0.2))
large.add(layers.Dense(10, activation="softmax"))
large.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
record_large = large.fit(x, y, epochs=20, batch_size=128, validation_split=0.1)"""
LARGE_SHOWN = "show_matrix(large)\nprint(large.evaluate(x_test, y_test))"

RELU = dense(128, "relu")
SOFTMAX = dense(10, "softmax")


def reference() -> tuple[NotebookNode, Evidence]:
    """Two sections: a small network with its curves and matrix, a large one with dropout and its matrix."""
    book = Notebook()
    book.code(IMPORTS)
    book.code(DATA)
    book.array("x", np.zeros((4, 784)))
    book.array("y", np.eye(10)[:4])
    book.markdown("## Exercise 1: Small")
    book.code(SMALL)
    small = book.model(RELU, SOFTMAX, names=("small",), config=_config(RELU, SOFTMAX), output_shapes=((10,),))
    book.fit(small)
    book.code(SHOWN, printed="test accuracy: 0.97")
    book.evaluate(small)
    losses = book.fits[0].history
    book.figure(make_axes(line(losses["loss"], store=book.store), line(losses["val_loss"], store=book.store)))
    book.code(MATRIX)
    book.figure(make_axes(grid(np.eye(10), store=book.store)))
    book.markdown("The curves part after five epochs.")
    book.markdown("## Exercise 2: Large")
    book.code(LARGE)
    layers = (RELU, dropout(), RELU, dropout(), SOFTMAX)
    large = book.model(*layers, names=("large",), config=_config(*layers), output_shapes=((10,),))
    book.fit(large, epochs=20)
    book.code(LARGE_SHOWN)
    book.figure(make_axes(grid(np.eye(10), store=book.store)))
    book.evaluate(large)
    evidence = book.evidence()
    cells = [
        new_code_cell(cell.source) if cell.kind == "code" else new_markdown_cell(cell.source) for cell in book.cells
    ]
    return new_notebook(cells=cells), evidence


def original() -> Original:
    """The same as mutations see it."""
    notebook, evidence = reference()
    return Original(notebook, evidence=evidence)


def rubric() -> Rubric:
    """What the two sections ask for."""
    small = ModelForm.model_validate({"layers": [_form("Dense", 128), _form("Dense", 10)]})
    large = ModelForm.model_validate(
        {"layers": [{**_form("Dense", 128), "repeat": 2, "followed_by": "Dropout"}, _form("Dense", 10)]}
    )
    first = (
        _criterion("ex1.architecture", "architecture", model=small),
        _criterion("ex1.trained", "trained", epochs=10, batch_size=128),
        _criterion("ex1.curves", "loss_curves"),
        _criterion("ex1.matrix", "confusion_matrix"),
        _criterion("ex1.discussion", "discussion"),
    )
    second = (
        _criterion("ex2.architecture", "architecture", model=large),
        _criterion("ex2.rate", "dropout_rate", rate=0.2),
        _criterion("ex2.trained", "trained", epochs=20, needs_layer="Dropout"),
        _criterion("ex2.matrix", "confusion_matrix"),
        _criterion("ex2.gap", "gap", compared_to="ex1"),
    )
    sections = (
        Section(id="ex1", title="Exercise 1: Small", model=small, criteria=first),
        Section(id="ex2", title="Exercise 2: Large", model=large, criteria=second),
    )
    return Rubric(assignment="some", title="Some", points={"core": 9}, sections=sections)


def derived(*kinds: str) -> Derived:
    """What comes of it; without kinds, of every one."""
    notebook, evidence = reference()
    asked = rubric()
    return derive(notebook, rubric=asked, evidence=evidence, matching=match(asked, evidence), only=kinds)


def _form(layer: str, units: int) -> dict[str, object]:
    return {"layer": layer, "units": units}


def _criterion(name: str, check: str, **params: object) -> Criterion:
    return Criterion(id=name, points=1, check=check, params=registered()[check].params(**params))


def _config(*rows: object) -> dict[str, object]:
    layers = [{"class_name": row.class_name, "config": dict(row.config)} for row in rows]  # type: ignore[attr-defined]
    return {"config": {"layers": layers}}
