from __future__ import annotations

import pytest

from grader.attribution.removed_apis import removed_api
from grader.records import CellError


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
