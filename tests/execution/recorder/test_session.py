"""One kernel runs everything that is not training: figures, arrays, preamble, data sets, the order of cells."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from recorded_kernel import RecordedRun, run_cells

from grader.records import AxesRecord, FigureRecord, NamedArray

pytestmark = pytest.mark.slow

CELLS = {
    "seeds": """import random, numpy as np, keras, tensorflow as tf, os
print(random.random(), np.random.rand(), float(keras.random.uniform(())))
print([name for name in os.environ if "GRADER" in name or name == "PYTHONPATH"])
print(tf.config.threading.get_intra_op_parallelism_threads())""",
    "pip": "pip install tensorflow",
    "pip missing": "!pip install numpy no-such-package",
    "pip mixed": "!pip install numpy && echo $((40 + 2))",
    "pip bash": "%%bash\npip install numpy\necho $((40 + 2))",
    "pip lines": "lines = !pip install numpy\nprint(len(lines))",
    "conda": "%conda install numpy",
    "shell": "!echo from the shell; exit 3",
    "tensorboard": "%load_ext tensorboard\n%tensorboard --port=5036 --logdir logs",
    "self-check": "%load_ext grader\n%grade ex4 --release week09.zip\nprint('done')",
    "nbconvert": "!jupyter nbconvert --to pdf x.ipynb",
    "colab": "from google.colab import drive",
    "input": "input('name?')",
    "widget": "%matplotlib widget\n%matplotlib inline",
    "window": "import matplotlib\nmatplotlib.use('TkAgg')",
    "plot_model": "keras.utils.plot_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))",
    "mnist": """from tensorflow.keras.datasets.mnist import load_data
from keras.datasets import mnist
(x_train, y_train), (x_test, y_test) = load_data()
again = tf.keras.datasets.mnist.load_data(path='mnist.npz')[0][0]
again[:] = 0
print(x_train.shape, x_train.dtype, x_train.max(), mnist.load_data()[0][0].max(), keras.datasets.mnist is mnist)""",
    "texts": """from keras.src.datasets import imdb, reuters
def raw(n):
    return np.array([list(range(1, 2 + (7 * i) % 11)) for i in range(n)], dtype=object)
np.savez('imdb.npz', x_train=raw(20), y_train=np.arange(20) % 2, x_test=raw(9), y_test=np.arange(9) % 2)
np.savez('reuters.npz', x=raw(30), y=np.arange(30) % 4)
def lists(parts):
    return [part.tolist() for pair in parts for part in pair]
asked = [{}, {'num_words': 8}, {'skip_top': 4, 'oov_char': None}, {'maxlen': 6, 'seed': 3, 'path': 'mine.npz'},
         {'start_char': None, 'index_from': 0}, {'start_char': 9, 'oov_char': 7, 'index_from': 5, 'num_words': 10}]
for module, name, more in ((imdb, 'imdb', []), (reuters, 'reuters', [{'test_split': 0.5}])):
    served = [lists(module.load_data(**options)) for options in asked + more]
    get_file, module.get_file = module.get_file, lambda *_, **__: name + '.npz'
    print(served == [lists(module.load_data(**options)) for options in asked + more], len(served[0][0]))
    module.get_file = get_file""",
    "word index": "keras.datasets.imdb.get_word_index()",
    "absent": "keras.datasets.cifar10.load_data()",
    "get_file": "tf.keras.utils.get_file('weights.h5', origin='https://example.org/weights.h5')",
    "openml": """from sklearn.datasets import fetch_openml, load_iris
data, target = fetch_openml('mnist_784', return_X_y=True, as_frame=False)
print(data.shape, data.dtype, target[:3], load_iris().data.shape)
fetch_openml('titanic')""",
    "arrays": """X = np.arange(12.0).reshape(6, 2)
y = [0, 1, 0, 1, 0, 1]
t = tf.constant([1.0, 2.0])
word, count, table, _hidden = 'text', 5, {'a': [1, 2]}, np.zeros(3)
def f():
    local = np.ones(5)
f()""",
    "arrays changed": "X[0, 0] = 50",
    "arrays kept": "1 + 1",
    "loop": """import matplotlib.pyplot as plt
x = np.linspace(-3, 3, 50)
for i in range(2):
    plt.plot(x, i * x, 'r--', label=f'run {i}')
    plt.plot([0, 1], [1, 2], 'bo')
    plt.title(f'figure {i}')
    plt.xlabel('epoch')
    plt.legend()
    plt.show()""",
    "subplots": """fig, (left, right) = plt.subplots(1, 2)
picture = left.imshow(np.arange(12).reshape(3, 4))
fig.colorbar(picture)
right.scatter(x, x, c=(x > 0).astype(int))
right.scatter(x, -x, color='red')
right.twinx().plot(x, x)
fig.suptitle('two')
plt.savefig('figure.png')
plt.show()""",
    "heatmap": """import seaborn as sns
sns.heatmap(np.arange(9).reshape(3, 3), annot=True, xticklabels=list('abc'))
plt.ylabel('True')""",
    "contour": """xx, yy = np.meshgrid(np.linspace(-3, 3, 30), np.linspace(-1, 2, 20))
zz = (yy > np.cos(xx)).astype(int)
plt.contourf(xx, yy, zz, alpha=0.3)
plt.contour(xx, yy, zz, levels=[0.5])
zz[:] = 7""",
    "mesh": "plt.pcolormesh(xx, yy, xx + yy); plt.show()",
    "pcolor": "plt.pcolor(xx, yy, xx + yy > 0); plt.show()",
    "bars": """plt.hist([1, 1, 2, 3], bins=3)
plt.figure()
plt.bar(['a', 'b'], [1, 2])
plt.annotate('peak', xy=(1, 2))
plt.text(0.5, 0.5, 'middle', transform=plt.gca().transAxes)""",
    "confusion": """from sklearn.metrics import ConfusionMatrixDisplay
ConfusionMatrixDisplay(np.array([[5, 1], [2, 7]])).plot()""",
    "pandas": "import pandas as pd\nframe = pd.DataFrame({'loss': [3, 2], 'val_loss': [3, 2.5]}); frame.plot()",
    "kept": "kept = plt.figure(); plt.plot([1, 2]); plt.close(kept)",
    "displayed": "kept",
    "saved": """from matplotlib.figure import Figure
own = Figure(); own.add_subplot().plot([1, 2]); own.savefig('own.pdf')""",
    "progress": """for i in range(70):
    plt.figure(figsize=(1, 1)); plt.plot([i, i]); plt.title(f'step {i}'); plt.show()""",
    "clean": "print(plt.get_fignums())",
    "nested": "get_ipython().run_cell('inner = np.ones(4)', store_history=True)\nplt.plot([1, 2]); plt.show()",
    "error": "partly = np.ones(2)\n1 / 0",
    "recursion": "def down(n):\n    return down(n + 1)\ndown(0)",
    "recursion without files": """import sys
def through(n):
    exec('through(n + 1)')
try:
    through(0)
except RecursionError:
    print(get_ipython().InteractiveTB.text(*sys.exc_info(), tb_offset=0))
    raise""",
    "syntax": "for",
    "last": "last = np.ones(7)",
    "formatter": "get_ipython().input_transformers_cleanup.append(lambda lines: lines)",
    "formatted": "%who\nlines = !echo one",
    "formatted magic": "pip install numpy",
    "swallower": """def swallow(lines):
    return ['pass\\n'] if 'swallowed' in ''.join(lines) else lines
get_ipython().input_transformers_post.append(swallow)""",
    "swallowed": "1 / 0  # swallowed",
    "not swallowed": "1 + 1",
    "hider": """get_ipython().input_transformers_post.clear()
manager = get_ipython().input_transformer_manager
manager.transform_cell = lambda cell: 'pass\\n'""",
    "hidden": "1 / 0",
}
INDEX = {name: index for index, name in enumerate(CELLS)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    return run_cells(list(CELLS.values()), tmp_path_factory.mktemp("session"))


def printed(run: RecordedRun, cell: str) -> str:
    return run.printed[INDEX[cell]]


def notes(run: RecordedRun, cell: str) -> str:
    return " ".join(run.recording.cell_notes.get(INDEX[cell], ()))


def figure(run: RecordedRun, cell: str) -> FigureRecord:
    (found,) = run.figures(INDEX[cell])
    return found


def axes(run: RecordedRun, cell: str) -> AxesRecord:
    return figure(run, cell).axes[0]


def arrays(run: RecordedRun, cell: str) -> dict[str, NamedArray]:
    return {array.name: array for array in run.recording.arrays if array.cell == INDEX[cell]}


def test_the_kernel_starts_recorded_seeded_and_without_a_trace(run: RecordedRun) -> None:
    """Seed 7 in every generator, one thread, none of our variables."""
    drawn, names, threads = printed(run, "seeds").splitlines()
    assert drawn.split()[:2] == ["0.32383276483316237", "0.07630828937395717"]
    assert (names, threads) == ("[]", "1")
    assert run.recording.started
    assert run.frames.notes == ()


@pytest.mark.parametrize("cell", ["pip", "pip missing", "pip mixed", "pip bash", "conda"])
def test_installers_answer_from_what_is_installed(run: RecordedRun, cell: str) -> None:
    """With %, ! or automagic, in a shell or a script."""
    assert "Requirement already satisfied" in printed(run, cell)


def test_a_students_own_check_does_nothing_in_grading(run: RecordedRun) -> None:
    """A notebook that is handed in with it runs as it would without."""
    assert printed(run, "self-check").strip() == "done"


def test_what_is_not_installed_is_noted(run: RecordedRun) -> None:
    """The record says which package the environment lacks."""
    assert "no-such-package is not in the environment" in notes(run, "pip missing")
    assert notes(run, "pip") == ""


@pytest.mark.parametrize(
    ("cell", "text"), [("pip mixed", "42"), ("pip bash", "42"), ("pip lines", "1"), ("shell", "from the shell")]
)
def test_other_commands_run(run: RecordedRun, cell: str, text: str) -> None:
    """What stands beside an installer is executed."""
    assert text in printed(run, cell).splitlines()


@pytest.mark.parametrize("cell", ["tensorboard", "nbconvert", "colab", "widget", "window"])
def test_what_is_left_out_is_noted(run: RecordedRun, cell: str) -> None:
    """Servers, exports, windows and Colab leave a note."""
    assert notes(run, cell)


def test_nothing_customary_raises(run: RecordedRun) -> None:
    """Only Colab's package and a question to the user end as errors, at once."""
    errors = {name for name in list(CELLS)[: INDEX["mnist"]] if "Error: " in printed(run, name)}
    assert errors == {"colab", "input"}
    assert "pydot" in printed(run, "plot_model")


def test_a_data_set_is_served_in_every_import_style_as_fresh_arrays(run: RecordedRun) -> None:
    """Writing into one copy leaves the next as it was."""
    assert printed(run, "mnist").splitlines() == ["(80, 28, 28) uint8 255 255 True"]
    assert run.recording.data_sets == {"mnist", "imdb", "reuters"}


def test_texts_are_served_as_keras_own_loader_makes_them(run: RecordedRun) -> None:
    """Whatever it is asked for, of a file in its own form."""
    assert printed(run, "texts").splitlines() == ["True 20", "True 24"]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("absent", "cifar10"),
        ("word index", "imdb_word_index.json"),
        ("get_file", "weights.h5"),
        ("openml", "titanic"),
    ],
)
def test_what_is_not_at_hand_fails_at_once_and_says_so(run: RecordedRun, cell: str, name: str) -> None:
    """No network is waited for."""
    assert f"ConnectionError: URL fetch failure: '{name}' is not at hand" in printed(run, cell)


def test_openml_gives_the_served_digits(run: RecordedRun) -> None:
    """MNIST by scikit-learn is the same MNIST; its own small sets still load."""
    assert printed(run, "openml").startswith("(100, 784) int64 ['0' '1' '2'] (150, 4)")


def test_arrays_are_noted_where_they_were_bound_or_changed(run: RecordedRun) -> None:
    """Arrays, lists of numbers and tensors of the top level; nothing else, and nothing twice."""
    assert {name: array.array.shape for name, array in arrays(run, "arrays").items()} == {
        "X": (6, 2),
        "y": (6,),
        "t": (2,),
    }
    assert arrays(run, "arrays changed")["X"].array.maximum == 50
    assert arrays(run, "arrays kept") == {}


def test_a_figure_in_a_loop_is_captured_each_time_as_it_was(run: RecordedRun) -> None:
    """Title, legend, lines with their values, and the picture that was shown."""
    first, second = run.figures(INDEX["loop"])
    assert [found.axes[0].title for found in (first, second)] == ["figure 0", "figure 1"]
    (line, points) = second.axes[0].lines
    assert (line.color, line.marker_only, points.marker_only) == ("#ff0000", False, True)
    assert np.allclose(run.store.get(line.y or ""), np.linspace(-3, 3, 50))
    assert (second.axes[0].x_label, second.axes[0].legend) == ("epoch", ("run 1",))
    assert run.store.get(first.png or "")[:4].tobytes() == b"\x89PNG"
    assert run.shown[INDEX["loop"]].count("image/png") == 2


def test_subplots_and_twins_are_axes_and_colour_bars_are_not(run: RecordedRun) -> None:
    """A figure that is saved and then shown is one figure."""
    found = figure(run, "subplots")
    assert (found.title, len(found.axes)) == ("two", 3)
    left, right, _ = found.axes
    assert run.store.get(left.grids[0].values or "").tolist() == np.arange(12).reshape(3, 4).tolist()
    by_value, by_colour = right.scatters
    assert set(run.store.get(by_value.values or "")) == {0, 1}
    assert run.store.get(by_colour.colors or "").tolist() == [[1, 0, 0, 1]]


def test_a_heatmap_is_a_mesh_with_its_annotations(run: RecordedRun) -> None:
    """Values, and each cell's text at its place."""
    found = axes(run, "heatmap")
    assert run.store.get(found.grids[0].values or "").tolist() == np.arange(9).reshape(3, 3).tolist()
    assert found.y_label == "True"
    assert [(text.text, text.x, text.y) for text in found.texts][4] == ("4", 1.5, 1.5)


def test_a_contour_keeps_the_values_it_was_drawn_from(run: RecordedRun) -> None:
    """As they were then, though the array was overwritten since."""
    filled, line = axes(run, "contour").grids
    assert (filled.kind, line.kind) == ("contour", "contour")
    assert (filled.shape, filled.extent) == ((20, 30), (-3, 3, -1, 2))
    assert set(np.unique(run.store.get(filled.values or ""))) == {0, 1}
    assert run.store.get(filled.x or "").shape == (30,)


def test_meshes_and_annotations_have_their_values(run: RecordedRun) -> None:
    """Corners of a mesh, texts in data coordinates."""
    for name in ("mesh", "pcolor"):
        (mesh,) = axes(run, name).grids
        assert (mesh.kind, mesh.shape, run.store.get(mesh.x or "").shape) == ("mesh", (20, 30), (31,))
    _, bars = (found.axes[0] for found in run.figures(INDEX["bars"]))
    assert [text.text for text in bars.texts] == ["peak", "middle"]


def test_figures_of_other_libraries_are_figures(run: RecordedRun) -> None:
    """scikit-learn's confusion matrix and pandas's plot."""
    matrix = axes(run, "confusion")
    assert run.store.get(matrix.grids[0].values or "").tolist() == [[5, 1], [2, 7]]
    assert [text.text for text in matrix.texts] == ["5", "1", "2", "7"]
    assert axes(run, "pandas").legend == ("loss", "val_loss")


@pytest.mark.parametrize("cell", ["kept", "displayed", "saved"])
def test_figures_that_pyplot_does_not_show_are_seen(run: RecordedRun, cell: str) -> None:
    """Closed unseen, displayed by name, or saved without pyplot: once each."""
    assert axes(run, cell).lines[0].points == 2
    assert figure(run, cell).png is not None


def test_a_loop_of_figures_keeps_its_last(run: RecordedRun) -> None:
    """Past the cap, the last figure of the cell stands for the rest."""
    titles = [found.axes[0].title for found in run.figures(INDEX["progress"])]
    assert (len(titles), titles[0], titles[-1]) == (61, "step 0", "step 69")
    assert any(f"cell {INDEX['progress'] + 1}: figures" in text for text in run.recording.truncated)


def test_looking_at_figures_leaves_nothing_open(run: RecordedRun) -> None:
    """pyplot is as it would be without us."""
    assert printed(run, "clean") == "[]\n"


def test_cells_are_counted_whatever_happens_in_them(run: RecordedRun) -> None:
    """A cell within a cell, an error and a syntax error count once each."""
    assert set(arrays(run, "nested")) == {"inner"}
    assert len(run.figures(INDEX["nested"])) == 1
    assert set(arrays(run, "error")) == {"partly"}
    assert arrays(run, "last")["last"].array.shape == (7,)


@pytest.mark.parametrize("cell", ["recursion", "recursion without files"])
def test_an_infinite_recursion_is_an_error(run: RecordedRun, cell: str) -> None:
    """It has its name."""
    assert "RecursionError: maximum recursion depth exceeded" in printed(run, cell)


def test_a_deep_traceback_shows_the_cells_line_and_no_frames_in_the_middle(run: RecordedRun) -> None:
    """Of a thousand, a hundred are left."""
    shown = re.sub(r"\x1b\[[\d;]*m", "", printed(run, "recursion without files"))
    assert ", line 7\n" in shown
    assert len(shown) < 30_000


def test_what_ran_in_a_cells_place_is_noted(run: RecordedRun) -> None:
    """A transformer that leaves the cells as they are is nobody's harm."""
    assert run.recording.cells_rewritten == {INDEX["swallowed"], INDEX["hidden"]}


def test_the_run_left_nothing_else_out(run: RecordedRun) -> None:
    """Every record was valid."""
    assert len(run.recording.truncated) == 1


def test_the_recorder_folder_alone_is_enough(run: RecordedRun) -> None:
    """It was copied out of the package before it ran, and imports nothing of it."""
    sources = Path(__file__).parents[3] / "grader" / "execution" / "recorder"
    assert not [path for path in sources.glob("*.py") if "from grader" in path.read_text()]


def test_what_a_cell_asks_for_is_answered_in_order(tmp_path: Path) -> None:
    """As if it were typed, until no answer is left; a password is not shown."""
    cells = ["name = input('Name: ')", "import getpass\nkey = getpass.getpass('Key: ')", "print(name, key)", "input()"]
    run = run_cells(cells, tmp_path, inputs=("Ada", "secret"))
    assert run.printed[:3] == ("Name: Ada\n", "Key: \n", "Ada secret\n")
    assert "StdinNotImplementedError" in run.printed[3]
