from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.attribution.removed_apis import removed_api
from grader.records import CellError

PROVOKED = json.loads((Path(__file__).parent / "provoked.json").read_text(encoding="utf-8"))
"""Cells run in plain Python with today's libraries: what each raised, and what is said of it."""


@pytest.mark.parametrize("provoked", PROVOKED["gone"])
def test_a_gone_name_is_told_from_the_message_of_todays_library(provoked):
    """Every old name that was provoked is told, with what to write today where something is known."""
    cell, name, value, said = provoked
    assert removed_api(CellError(name=name, value=value), cell) == said


@pytest.mark.parametrize(("cell", "name", "value"), PROVOKED["others"])
def test_nothing_is_said_of_an_error_that_is_no_gone_name(cell, name, value):
    """Slips, missing files and packages, wrong shapes."""
    assert removed_api(CellError(name=name, value=value), cell) is None


@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("ImportError", "cannot import name 'np_utils' from 'keras.utils' (/x)", "keras.utils.to_categorical"),
        ("ModuleNotFoundError", "No module named 'keras.utils.np_utils'", "keras.utils.to_categorical"),
        ("AttributeError", "module 'keras.utils' has no attribute 'np_utils'", "keras.utils.to_categorical"),
        ("ValueError", "Argument(s) not recognized: {'lr': 0.01}", "learning_rate="),
        ("KeyError", "'acc'", "`accuracy`"),
        ("KeyError", "'val_acc'", "`val_accuracy`"),
        ("AttributeError", "'Sequential' object has no attribute 'predict_classes'", "argmax"),
        ("AttributeError", "'MyModel' object has no attribute 'fit_generator'", "model.fit(generator)"),
        ("TypeError", "TensorFlowTrainer.fit() got an unexpected keyword argument 'nb_epoch'", "epochs="),
        ("ValueError", "The filepath provided must end in `.keras` (Keras model format). Received: a.hdf5", ".keras"),
        ("ValueError", "Cannot convert '784' to a shape.", "shape=(784,)"),
        ("ValueError", "dtype='string' is not a valid dtype for Keras type promotion.", "metrics=['accuracy']"),
        ("ModuleNotFoundError", "No module named 'tensorflow.keras.wrappers.scikit_learn'", "scikeras"),
        ("ModuleNotFoundError", "No module named 'keras.layers.core'", "from keras.layers import"),
        ("ModuleNotFoundError", "No module named 'tensorflow.examples'", "keras.datasets.mnist"),
        ("AttributeError", "module 'tensorflow' has no attribute 'Session'", "tf.compat.v1"),
        ("AttributeError", "'Adam' object has no attribute 'lr'", "optimizer.learning_rate"),
        (
            "AttributeError",
            "module 'keras._tf_keras.keras.backend' has no attribute 'set_session'",
            "`tf.keras.backend",
        ),
        ("AttributeError", "module 'numpy' has no attribute 'float'.\n`np.float` was a deprecated alias", "`float`"),
        ("AttributeError", "`np.Inf` was removed in the NumPy 2.0 release. Use `np.inf` instead.", "`np.inf`"),
        ("AttributeError", "'DataFrame' object has no attribute 'append'", "pd.concat"),
        ("OSError", "'seaborn-whitegrid' is not a valid package style, path of style file, URL", "seaborn-v0_8"),
        ("TypeError", "OneHotEncoder.__init__() got an unexpected keyword argument 'sparse'", "sparse_output="),
        ("SyntaxError", "Missing parentheses in call to 'print'. Did you mean print(...)?", "print(x)"),
        ("NameError", "name 'xrange' is not defined", "Python 2"),
        ("ModuleNotFoundError", "No module named 'distutils'", "Python 3.12"),
    ],
)
def test_what_a_library_dropped_is_told_with_its_successor(name, value, instead):
    """The message of today's library leads to what must be written instead."""
    assert instead in removed_api(CellError(name=name, value=value), "plt.plot(history.history['acc'])")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NameError", "name 'model' is not defined"),
        ("KeyError", "'loss'"),
        ("ValueError", "Shapes (None, 1) and (None, 10) are incompatible"),
        ("AttributeError", "module 'keras.layers' has no attribute 'Desne'"),
        ("AttributeError", "'list' object has no attribute 'append_all'"),
        ("AttributeError", "'tuple' object has no attribute 'append'"),
        ("AttributeError", "'SVC' object has no attribute 'predict_proba'"),
        ("TypeError", "fit() got an unexpected keyword argument 'epoch'"),
        ("ModuleNotFoundError", "No module named 'torch'"),
        ("", ""),
    ],
)
def test_a_students_own_mistake_is_no_old_name(name, value):
    """Misspellings, wrong shapes and missing names are not put down to a library."""
    assert removed_api(CellError(name=name, value=value), "x") is None


def test_a_key_named_acc_is_old_only_in_a_history():
    """A student's own dictionary may have that key."""
    assert removed_api(CellError(name="KeyError", value="'acc'"), "scores['acc']") is None


@pytest.mark.parametrize(
    ("value", "source", "instead"),
    [
        ("Dense.__init__() missing 1 required positional argument: 'units'", "Dense(output_dim=3)", "`units=`"),
        ("Dropout.__init__() missing 1 required positional argument: 'rate'", "Dropout(p=0.2)", "`rate=`"),
    ],
)
def test_a_renamed_first_argument_is_told(value, source, instead):
    """Where the message names only what lacks, the cell tells what was written instead; without it, nothing is said."""
    assert instead in removed_api(CellError(name="TypeError", value=value), source)
    assert removed_api(CellError(name="TypeError", value=value), "Dense()") is None


@pytest.mark.parametrize(
    ("name", "value", "cell"),
    [
        ("AttributeError", "'DataFrame' object has no attribute 'first'", "df.first.plot()"),
        ("AttributeError", "'SVC' object has no attribute 'predict_classes'", "svc.predict_classes(x)"),
        ("AttributeError", "'tuple' object has no attribute 'iteritems'", "t.iteritems()"),
        ("TypeError", "train() got an unexpected keyword argument 'normed'", "train(normed=1)"),
        (
            "TypeError",
            "hist() got an unexpected keyword argument 'normed'",
            "def hist(x):\n    pass\nhist(1, normed=1)",
        ),
        ("TypeError", "Rectangle.set() got an unexpected keyword argument 'normed'", "plt.bar([1], [1], normed=1)"),
        ("AttributeError", "module 'keras.models' has no attribute 'np_utils'", "keras.models.np_utils"),
        ("KeyError", "'lr'", "settings['lr']"),
        ("ValueError", "Unrecognized keyword arguments passed to Dense: {'nb_epoch': 3}", "Dense(3, nb_epoch=3)"),
        ("ModuleNotFoundError", "No module named 'keras.layers.cores'", "from keras.layers.cores import Dense"),
    ],
)
def test_an_old_name_counts_only_where_its_owner_had_it(name, value, cell):
    """The same word of another owner, or a column that is called like an old method, is the student's own."""
    assert removed_api(CellError(name=name, value=value), cell) is None


def test_a_call_of_an_old_method_of_a_data_frame_is_told():
    """Without advice written by hand, a call tells the method from a column."""
    error = CellError(name="AttributeError", value="'DataFrame' object has no attribute 'first'")
    assert removed_api(error, "df.first('3D')") == "`.first` was removed from pandas after version 2.2.3."


def test_imports_of_a_gone_module_are_written_as_they_are_today():
    """Each imported name is looked up where it stands now."""
    error = CellError(name="ModuleNotFoundError", value="No module named 'keras.layers.core'")
    said = removed_api(error, "from keras.layers.core import Dense, Activation")
    assert said.endswith("write `from keras.layers import Dense, Activation`.")


@pytest.mark.parametrize(
    ("value", "traceback"),
    [
        ("Only instances of `keras.Layer` can be added: <tensorflow.python.keras.layers.core.Dense at 0x7>", ""),
        ("module 'x' has no attribute 'Y'", "File .../tensorflow/python/keras/engine/data_adapter.py:1697"),
        ("No module named 'tensorflow.python.keras.utils.np_utils'", ""),
    ],
)
def test_tensorflows_private_copy_of_keras_is_named(value: str, traceback: str) -> None:
    """Whatever it fails on, in the message or deep inside."""
    error = CellError(name="AttributeError", value=value, traceback=traceback)
    assert "from tensorflow import keras" in (removed_api(error, "model.fit(x, y)") or "")
