"""Notebooks for the self-check's tests, given by the code of their cells."""

from __future__ import annotations

import json
from pathlib import Path

from grader.architecture.forms import ModelForm
from grader.judging.registry import registered
from grader.records import Cell, Submission
from grader.rubric import Criterion, Rubric, Section
from grader.selfcheck.reading.log import Log
from grader.selfcheck.reading.read import read_code
from grader.selfcheck.static import check_static
from grader.selfcheck.verdicts import StepVerdict

IMPORTS = "import keras\nimport numpy as np\nfrom keras import layers"
DATA = "(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()\nx = x.reshape(-1, 784) / 255"
MODEL = 'm = keras.Sequential([keras.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")])'
COMPILE = 'm.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])'
FIT = "m.fit(x, y, epochs=10, batch_size=128, validation_split=0.1)"


def submission(*cells: str) -> Submission:
    """A notebook of these cells; one that begins with ``#`` and a blank is a heading."""
    return Submission(
        id="mine",
        file_name="mine.ipynb",
        sha256="0" * 64,
        cells=tuple(
            Cell(index=index, kind="markdown" if source.startswith("# ") else "code", source=source)
            for index, source in enumerate(cells)
        ),
    )


def read(*cells: str) -> Log:
    """What reading these cells gives."""
    return read_code(submission(*cells).cells)


def layers_of(*cells: str) -> list[tuple[object, ...]]:
    """Class, units and activation of each layer of the last model."""
    model = read(IMPORTS, *cells).models[-1]
    assert model.layers is not None, model.why
    records = [layer.record for layer in model.layers if layer.record.class_name != "InputLayer"]
    return [(one.class_name, one.config.get("units"), one.config.get("activation")) for one in records]


def rubric() -> Rubric:
    """One exercise on a dense network, and the notebook as a whole."""
    form = ModelForm.model_validate(
        {
            "inputs": [784],
            "layers": [
                {"layer": "Dense", "units": 128, "activation": "relu"},
                {"layer": "Dense", "units": 10, "activation": "softmax"},
            ],
        }
    )
    criteria = (
        _criterion("ex1.architecture", "architecture", model=form, one_off=0.5),
        _criterion("ex1.compiled", "compiled", optimizer="Adam", metrics="accuracy"),
        _criterion("ex1.trained", "trained", epochs=10, batch_size=128, validation=0.1, data_set="mnist"),
        _criterion("ex1.accuracy", "accuracy", min=0.9),
        _criterion("ex1.discussion", "discussion"),
    )
    whole = Section(
        id="notebook", title="The whole", whole_notebook=True, criteria=(_criterion("notebook.runs", "notebook_runs"),)
    )
    section = Section(id="ex1", title="Exercise 1: A network", model=form, criteria=criteria)
    return Rubric(assignment="some", title="Some", points={"core": 12}, sections=(whole, section))


def verdicts(*cells: str) -> dict[str, StepVerdict]:
    """What the static step says of each criterion of `rubric`."""
    report = check_static(rubric(), submission("# Exercise 1: A network", *cells))
    return {one.criterion: one for one in report.verdicts}


def write_notebook(path: Path, *cells: str) -> Path:
    """The same as a file, run in order."""
    made = []
    for number, source in enumerate(cells):
        kind = "markdown" if source.startswith("# ") else "code"
        more = {} if kind == "markdown" else {"outputs": [], "execution_count": number + 1}
        made.append({"cell_type": kind, "metadata": {}, "source": source, **more})
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


def _criterion(name: str, check: str, **params: object) -> Criterion:
    return Criterion(id=name, points=2, check=check, params=registered()[check].params(**params))
