"""What the environment lacks: files, data sets, devices, typing, platforms."""

import pytest
from builders import Notebook

from grader.attribution import attribute
from grader.records import CellError, Environment

GONE = CellError(name="FileNotFoundError", value="[Errno 2] No such file or directory: 'points.csv'")


def kind(source, error, *, before=(), after=(), line=None, **given):
    """The kind of the cause of a cell's error, behind and before other cells that ran."""
    traceback = "" if line is None else f"Cell In[9], line {line}\n"
    book = Notebook()
    for one in before:
        book.code(one)
    index = book.code(source, error=error.model_copy(update={"traceback": traceback}))
    for one in after:
        book.code(one)
    environment = Environment(importable=("tensorflow", "keras"), packages={"keras": "3.15.0"})
    return attribute(book.evidence(environment=environment), **given).causes[index].kind


def of(name, value, source="f()", **more):
    return kind(source, CellError(name=name, value=value), **more)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'data/points.csv'"),
        ("FileNotFoundError", "points.csv not found."),
        (
            "FileNotFoundError",
            "[Errno 2] Unable to synchronously open file (unable to open file: name = 'w.h5', errno = 2)",
        ),
        (
            "ValueError",
            "File not found: filepath=best.keras. Please ensure the file is an accessible `.keras` zip file.",
        ),
        ("Exception", "File `'helpers.py'` not found."),
        ("NotFoundError", "Could not find directory data/train"),
        ("NotFoundError", "NewRandomAccessFile failed to Create/Open: x.png : No such file or directory"),
    ],
)
def test_a_file_that_was_not_handed_in_is_the_environments(name, value):
    """In the words of every library."""
    assert of(name, value) == "missing_file"


@pytest.mark.parametrize("write", ["df.to_csv('points.csv')", "%%writefile points.csv\n1,2", "open('points.csv', 'w')"])
def test_a_file_that_the_notebook_writes_itself_is_the_students(write):
    """It reads before it writes, or not what it wrote."""
    assert kind("pd.read_csv('points.csv')", GONE, after=[write]) == "mistake"


def test_a_file_whose_name_is_close_to_one_that_the_notebook_writes_is_the_students():
    """A slip of the pen."""
    assert kind("pd.read_csv('points.csv')", GONE, before=["df.to_csv('pionts.csv')"]) == "mistake"
    assert kind("pd.read_csv('points.csv')", GONE, before=["df.to_csv('scores.csv')"]) == "missing_file"


def test_a_file_that_a_failed_cell_should_have_written_has_the_cause_of_that_cell():
    """The cell before needed a package."""
    book = Notebook()
    missing = CellError(name="ModuleNotFoundError", value="No module named 'torch'")
    book.code("import torch\nmodel.save('m.keras')", error=missing)
    gone = CellError(name="FileNotFoundError", value="[Errno 2] No such file or directory: 'm.keras'")
    book.code("load('m.keras')", error=gone)
    found = attribute(book.evidence())
    assert [(one.kind, one.cell) for one in found.causes.values()] == [
        ("missing_package", None),
        ("missing_package", 0),
    ]


def test_a_data_set_that_is_not_at_hand_is_named():
    """The words of our own loader."""
    value = "URL fetch failure: 'fashion_mnist' is not at hand; notebooks are graded without a network"
    assert of("ConnectionError", value) == "data_set"


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ("set_growth(gpus[0])", "IndexError", "list index out of range"),
        ("assert gpus", "AssertionError", ""),
        ("assert len(gpus) > 0, 'change the runtime'", "AssertionError", "change the runtime"),
        ("if not gpus:\n    raise SystemError('no accelerator')", "SystemError", "no accelerator"),
        ("d = tf.test.gpu_device_name()\nif d == '':\n    raise SystemError('x')", "SystemError", "x"),
        ("setup()", "IndexError", "list index out of range"),
        ("check_output(['nvidia-smi'])", "FileNotFoundError", "[Errno 2] No such file or directory: 'nvidia-smi'"),
        ("tpu()", "ValueError", "Please provide a TPU Name to connect to."),
        ("try:\n    f()\nexcept ValueError:\n    raise Exception('no TPU runtime')", "Exception", "no TPU runtime"),
        ("os.environ['COLAB_TPU_ADDR']", "KeyError", "'COLAB_TPU_ADDR'"),
        ("f()", "InvalidArgumentError", "Could not satisfy device specification '/device:GPU:0'"),
    ],
)
def test_a_device_that_is_not_there_is_the_environments(source, name, value):
    """By its own words, or by a name that holds a look at the devices."""
    looks = (
        "gpus = tf.config.list_physical_devices('GPU')\ndef setup():\n    return tf.config.list_logical_devices()[0]"
    )
    line = source.count("\n") + 1
    assert of(name, value, source, before=[looks], line=line) == "device"


@pytest.mark.parametrize(
    ("source", "name", "value", "line"),
    [
        ("gpu[0]", "NameError", "name 'gpu' is not defined", 1),
        ("x = [][0]", "IndexError", "list index out of range", 1),
        ("if gpus:\n    pass\nmodel.fit(x[0])", "IndexError", "list index out of range", 3),
        ("with strategy.scope():\n    model.fit(bad)", "ValueError", "shapes do not fit", 2),
    ],
)
def test_a_mistake_beside_a_look_at_the_devices_is_the_students(*, source, name, value, line):
    """Only the statement that failed counts, and what is made where there is a device is none."""
    looks = "gpus = tf.config.list_physical_devices('GPU')\nstrategy = Mirrored() if gpus else Default()"
    assert of(name, value, source, before=[looks], line=line) == "mistake"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StdinNotImplementedError", "raw_input was called, but this frontend does not support input requests."),
        ("EOFError", "EOF when reading a line"),
    ],
)
def test_typing_is_the_environments(name, value):
    """Nobody types here."""
    assert of(name, value) == "typing"
    assert of("ValueError", "invalid literal for int()", "n = int(sys.stdin.readline())") == "typing"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("UsageError", "Cell magic `%%shell` not found.", "platform"),
        ("UsageError", "Line magic function `%tensorflow_version` not found.", "platform"),
        ("UsageError", "Line magic function `%tmie` not found.", "mistake"),
        ("PermissionError", "[Errno 13] Permission denied: '/content/models'", "platform"),
        ("OSError", "[Errno 30] Read-only file system: '/kaggle/working'", "platform"),
        ("KeyError", "'KAGGLE_USERNAME'", "platform"),
        ("KeyError", "'loss'", "mistake"),
        ("AttributeError", "module 'google' has no attribute 'colab'", "missing_package"),
    ],
)
def test_what_only_a_platform_has_is_the_environments(name, value, expected):
    """A misspelt magic is the student's."""
    assert of(name, value) == expected


@pytest.mark.parametrize(("keras", "expected"), [(None, "removed_api"), ("3", "removed_api"), ("2", "keras_version")])
def test_a_removed_api_is_the_environments_where_the_rubric_declares_another_keras(keras, expected):
    """Python 2 stays the student's."""
    assert of("TypeError", "fit() got an unexpected keyword argument 'nb_epoch'", keras=keras) == expected
    assert of("NameError", "name 'xrange' is not defined", keras=keras) == "removed_api"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MemoryError", ""),
        ("OSError", "[Errno 28] No space left on device"),
        ("RuntimeError", "can't start new thread"),
    ],
)
def test_what_is_raised_at_a_limit_has_two_readings(name, value):
    """As where the limit ended the kernel."""
    assert of(name, value) == "stopped"


def test_an_argument_that_keras_does_not_know_is_the_students():
    """With no old name that it could stand for."""
    assert of("TypeError", "TensorFlowTrainer.fit() got an unexpected keyword argument 'epoch'") == "mistake"
