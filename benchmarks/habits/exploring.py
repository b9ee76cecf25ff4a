"""Habits of looking at things: cells between the answers that nobody asked for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from habits.code import called, code_cell, statements, trainings
from habits.page import Cell, Page
from habits.registry import Step, add_habit

Place = tuple[Cell, dict[str, str]]


def _models(page: Page) -> Iterator[Place]:
    """Behind cells that train, the model's name."""
    for training in trainings(page):
        yield training.cell, {"model": training.model}


def _histories(page: Page) -> Iterator[Place]:
    """Behind cells that train, the history's name."""
    for training in trainings(page):
        if training.history and "metrics" in "".join(cell.code for cell in page.code_cells()):
            yield training.cell, {"history": training.history}


def _trained_on(page: Page) -> Iterator[Place]:
    """Behind cells that train, the names of model, inputs and targets."""
    for training in trainings(page):
        if all(training.data):
            yield training.cell, {"model": training.model, "x": training.data[0], "y": training.data[1]}


def _scored(page: Page) -> Iterator[Place]:
    """Behind cells that evaluate, the names of model and inputs."""
    for cell, _, call in called(page, "evaluate"):
        model = call.func.value  # type: ignore[attr-defined]
        # A data set that stands alone cannot be sliced.
        if isinstance(model, ast.Name) and len(call.args) > 1 and isinstance(call.args[0], ast.Name):
            yield cell, {"model": model.id, "x": call.args[0].id}


def _arrays(page: Page) -> Iterator[Place]:
    """Behind the cells in front of the first training that bind a variable which a training uses."""
    names = {name for training in trainings(page) for name in training.data if name}
    first = next((training.cell for training in trainings(page)), None)
    for cell in page.code_cells():
        if cell is first:
            return
        bound = {
            node.id
            for item in statements(cell)
            if isinstance(item, ast.Assign)
            for target in item.targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for name in sorted(names & bound):
            yield cell, {"x": name}


def _looked_at(page: Page, random: Random, *, places: Callable[[Page], Iterator[Place]], code: str) -> bool:
    found = list(places(page))
    if not found:
        return False
    for cell, names in random.sample(found, min(2, len(found))):
        page.add(code_cell(code.format(**names), cell.section), behind=cell)
    return True


_ROWS = (
    ("shapes", "data", _arrays, "print({x}.shape, {x}.dtype)", "Shapes are printed once more."),
    (
        "frame",
        "data",
        _arrays,
        "import pandas as pd\npd.DataFrame({x}[:200].reshape(len({x}[:200]), -1)).describe()",
        "Data are described by pandas.",
    ),
    ("head", "data", _arrays, "{x}[:3]", "The first rows are shown."),
    (
        "extremes",
        "data",
        _arrays,
        "print({x}.min(), {x}.max(), {x}.mean())",
        "Smallest, largest and mean value are printed.",
    ),
    (
        "histogram",
        "data",
        _arrays,
        "import matplotlib.pyplot as plt\nplt.hist({x}.ravel()[:5000], bins=30)\nplt.title('values')\nplt.show()",
        "A histogram is drawn.",
    ),
    (
        "missing",
        "data",
        _arrays,
        "import numpy as np\nprint(np.isnan({x}).sum(), 'values are missing')",
        "Missing values are counted.",
    ),
    ("summary", "model", _models, "{model}.summary()", "The model is summed up again."),
    (
        "plot_model",
        "model",
        _models,
        (
            "try:\n    from keras.utils import plot_model\n    plot_model({model}, show_shapes=True)\n"
            "except Exception as error:\n    print('no picture:', error)"
        ),
        "The model is plotted where that is possible.",
    ),
    (
        "layers",
        "model",
        _models,
        "for layer in {model}.layers:\n    print(layer.name, [w.shape for w in layer.get_weights()])",
        "Weights' shapes are printed.",
    ),
    ("parameters", "model", _models, "print('parameters:', {model}.count_params())", "Parameters are counted."),
    ("configuration", "model", _models, "{model}.get_config()", "The model's configuration is shown."),
    ("saved", "model", _models, "{model}.save('my_model.keras')", "The model is saved."),
    (
        "saved_and_loaded",
        "model",
        _models,
        "import keras\n{model}.save('best.keras')\nagain = keras.models.load_model('best.keras')\nagain.summary()",
        "The model is saved and loaded again.",
    ),
    (
        "cloned",
        "model",
        _models,
        "import keras\ncopied = keras.models.clone_model({model})\nprint(len(copied.layers))",
        "The model is cloned.",
    ),
    (
        "trial_run",
        "trial",
        _trained_on,
        (
            "import keras\ntrial = keras.models.clone_model({model})\n"
            "trial.compile(loss={model}.loss, optimizer='sgd')\n"
            "trial.fit({x}[:256], {y}[:256], epochs=1, verbose=0)"
        ),
        "A copy of the model is trained for one epoch to try something.",
    ),
    (
        "scored_on_training",
        "trial",
        _trained_on,
        "print('on the training data:', {model}.evaluate({x}, {y}, verbose=0))",
        "The model is scored on its training data too.",
    ),
    (
        "predicted_few",
        "trial",
        _scored,
        "print({model}.predict({x}[:5], verbose=0).round(2))",
        "A few predictions are printed.",
    ),
    ("called", "trial", _scored, "print({model}({x}[:2]))", "The model is called on two rows."),
    (
        "history_keys",
        "history",
        _histories,
        "print(getattr({history}, 'history', {history}).keys())",
        "The history's keys are printed.",
    ),
    (
        "history_table",
        "history",
        _histories,
        "import pandas as pd\npd.DataFrame(getattr({history}, 'history', {history})).tail(3)",
        "The history is shown as a table.",
    ),
    (
        "curves_of_everything",
        "history",
        _histories,
        (
            "import matplotlib.pyplot as plt\n"
            "for key, values in getattr({history}, 'history', {history}).items():\n"
            "    plt.plot(values, label=key)\nplt.legend()\nplt.show()"
        ),
        "All curves of the history are drawn in one figure.",
    ),
    (
        "last_values",
        "history",
        _histories,
        (
            "for key, values in getattr({history}, 'history', {history}).items():\n"
            "    print(f'final {{key}}: {{values[-1]:.3f}}')"
        ),
        "The last values of the history are printed.",
    ),
)
for _name, _family, _places, _code, _text in _ROWS:
    add_habit(
        f"look_at_{_name}",
        partial(_looked_at, places=_places, code=_code),
        family=f"looking at {_family}",
        step=Step.LINES,
        needs_run=True,
        text=_text,
    )
