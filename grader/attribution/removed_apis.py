"""What today's libraries no longer have, and what to write instead: half of the errors of notebooks found in public.

Keyed by the message that the libraries give today; each was provoked with Keras 3.15, TensorFlow 2.21, numpy 2.4,
pandas 2, scikit-learn 1.8, seaborn 0.13 and matplotlib 3.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.records import CellError

_KERAS = {
    "np_utils": "`keras.utils.to_categorical`",
    "vis_utils": "`keras.utils.plot_model`",
    "generic_utils": "`keras.utils`",
    "layer_utils": "`keras.utils`",
    "multi_gpu_model": "`tf.distribute.MirroredStrategy`",
    "wrappers": "`scikeras.wrappers` (the package scikeras)",
    "scikit_learn": "`scikeras.wrappers` (the package scikeras)",
    "engine": "`keras.layers` and `keras.models`",
    "topology": "`keras.layers` and `keras.models`",
    "objectives": "`keras.losses`",
    "core": "`from keras.layers import ...`",
    "convolutional": "`from keras.layers import ...`",
    "normalization": "`from keras.layers import BatchNormalization`",
    "advanced_activations": "`from keras.layers import LeakyReLU` (or PReLU, ELU)",
    "recurrent": "`from keras.layers import LSTM` (or GRU, SimpleRNN)",
    "embeddings": "`from keras.layers import Embedding`",
    "pooling": "`from keras.layers import MaxPooling2D`",
    "merge": "`from keras.layers import concatenate` (or add, multiply)",
    "Merge": "`keras.layers.concatenate` (or add, multiply)",
    "noise": "`from keras.layers import ...`",
    "local": "`from keras.layers import ...`",
    "experimental": "leave `experimental` out",
    "preprocessing": "`keras.layers` (Rescaling, RandomFlip, TextVectorization)",
    "ImageDataGenerator": "`keras.utils.image_dataset_from_directory` with augmentation layers",
    "text": "`keras.layers.TextVectorization`",
    "Tokenizer": "`keras.layers.TextVectorization`",
    "CuDNNLSTM": "`keras.layers.LSTM`",
    "CuDNNGRU": "`keras.layers.GRU`",
    "ThresholdedReLU": "`keras.layers.ReLU(threshold=...)`",
    "adam_v2": "`keras.optimizers.Adam`",
    "adam_v1": "`keras.optimizers.Adam`",
    "gradient_descent_v2": "`keras.optimizers.SGD`",
    "rmsprop_v2": "`keras.optimizers.RMSprop`",
    "adam": "`keras.optimizers.Adam`",
    "sgd": "`keras.optimizers.SGD`",
    "rmsprop": "`keras.optimizers.RMSprop`",
    "adagrad": "`keras.optimizers.Adagrad`",
    "adadelta": "`keras.optimizers.Adadelta`",
    "legacy": "leave `legacy` out",
    "normal": "`keras.initializers.RandomNormal`",
    "uniform": "`keras.initializers.RandomUniform`",
    "WeightRegularizer": "`keras.regularizers.L1L2`",
    "tensorflow_backend": "`tensorflow` itself",
    "set_session": "leave it out, there are no sessions",
    "get_session": "leave it out, there are no sessions",
    "set_image_dim_ordering": "`keras.config.set_image_data_format`",
    "image_dim_ordering": "`keras.config.image_data_format()`",
    "get_value": "`float(x)` or `x.numpy()`",
    "set_value": "`x.assign(value)`",
    "learning_phase": "pass `training=` to the call",
    "function": "`keras.Model(inputs, outputs)`",
}
"""Names that were modules, functions or classes of Keras."""

_TENSORFLOW_1 = {
    "Session", "InteractiveSession", "ConfigProto", "GPUOptions", "placeholder", "get_variable",
    "variable_scope", "global_variables_initializer", "initialize_all_variables", "set_random_seed",
    "get_default_graph", "reset_default_graph", "layers", "AdamOptimizer", "GradientDescentOptimizer",
    "RMSPropOptimizer", "MomentumOptimizer", "log", "random_normal", "random_uniform", "truncated_normal",
    "to_float", "to_int32", "assign", "app", "flags", "logging",
}  # fmt: skip

_OBJECTS = {
    "predict_classes": "`model.predict(x).argmax(axis=-1)`, or `(model.predict(x) > 0.5)` for one output",
    "predict_proba": "`model.predict(x)`",
    "fit_generator": "`model.fit(generator)`",
    "evaluate_generator": "`model.evaluate(generator)`",
    "predict_generator": "`model.predict(generator)`",
    "lr": "`optimizer.learning_rate`",
    "output_shape": "`layer.output.shape`",
    "input_shape": "`layer.input.shape`",
    "get_output_at": "`layer.output`",
    "get_input_at": "`layer.input`",
    "iteritems": "`.items()`",
    "has_key": "`key in d`",
    "append": "`pd.concat([a, b])`",
    "ix": "`.loc` or `.iloc`",
    "as_matrix": "`.to_numpy()`",
    "get_feature_names": "`get_feature_names_out()`",
}
"""Attributes of objects: models, optimizers, layers, dicts, data frames."""

_ARGUMENTS = {
    "lr": "`learning_rate=`",
    "nb_epoch": "`epochs=`",
    "samples_per_epoch": "`steps_per_epoch=`",
    "nb_val_samples": "`validation_steps=`",
    "workers": "leave it out",
    "use_multiprocessing": "leave it out",
    "max_queue_size": "leave it out",
    "period": "`save_freq=`",
    "write_grads": "leave it out",
    "batch_input_shape": "`keras.Input(batch_shape=...)` as the first layer",
    "batch_size": "`keras.Input(batch_size=...)` as the first layer",
    "input_length": "leave it out",
    "init": "`kernel_initializer=`",
    "output_dim": "`units=`",
    "nb_filter": "`filters=`",
    "nb_row": "`kernel_size=`",
    "nb_col": "`kernel_size=`",
    "subsample": "`strides=`",
    "border_mode": "`padding=`",
    "dim_ordering": "`data_format=`",
    "W_regularizer": "`kernel_regularizer=`",
    "b_regularizer": "`bias_regularizer=`",
    "W_constraint": "`kernel_constraint=`",
    "input": "`inputs=`",
    "output": "`outputs=`",
    "sparse": "`sparse_output=`",
    "squared": "`sklearn.metrics.root_mean_squared_error`",
    "normed": "`density=`",
}
"""Arguments of functions and layers."""

_NUMPY = {
    "float": "`float`", "int": "`int`", "object": "`object`", "str": "`str`", "complex": "`complex`", "long": "`int`",
    "product": "`np.prod`", "cumproduct": "`np.cumprod`", "sometrue": "`np.any`", "alltrue": "`np.all`",
    "in1d": "`np.isin`", "trapz": "`np.trapezoid`", "row_stack": "`np.vstack`", "asscalar": "`x.item()`",
}  # fmt: skip

_OTHERS = {
    "sklearn": {
        "cross_validation": "`sklearn.model_selection`",
        "grid_search": "`sklearn.model_selection`",
        "joblib": "`import joblib`",
        "six": "`import six`",
        "Imputer": "`sklearn.impute.SimpleImputer`",
        "load_boston": "`fetch_california_housing`",
        "fetch_mldata": "`fetch_openml`",
        "plot_confusion_matrix": "`ConfusionMatrixDisplay.from_estimator`",
        "plot_roc_curve": "`RocCurveDisplay.from_estimator`",
    },
    "scipy": {
        "imread": "`matplotlib.pyplot.imread`",
        "imresize": "`PIL.Image.resize`",
        "imsave": "`matplotlib.pyplot.imsave`",
        "toimage": "`PIL.Image.fromarray`",
        "interp": "`numpy.interp`",
    },
    "matplotlib": {"get_cmap": "`matplotlib.colormaps[name]`"},
    "seaborn": {"factorplot": "`sns.catplot`", "tsplot": "`sns.lineplot`"},
    "time": {"clock": "`time.perf_counter()`"},
    "collections": {name: f"`collections.abc.{name}`" for name in ("Iterable", "Mapping", "Callable", "Sequence")},
}

_PYTHON_2 = {
    "urllib2", "urlparse", "cPickle", "StringIO", "ConfigParser", "Tkinter", "Queue", "HTMLParser",
    "__builtin__", "xrange", "raw_input", "unicode", "basestring", "unichr", "long", "reduce",
}  # fmt: skip

_SENTENCES = (
    (r"Missing parentheses in call to 'print'", "`print x` is Python 2: write `print(x)`."),
    (r"Cannot convert '\d+' to a shape", "A shape is a tuple: write `shape=(784,)`, with a comma."),
    (r"must end in `\.keras`", "Keras 3 saves models as `.keras`: end the file's name so."),
    (r"must end in `\.weights\.h5`", "Keras 3 saves weights as `.weights.h5`: end the file's name so."),
    (r"Invalid filepath extension for saving", "Keras 3 saves models as files: end the name in `.keras`."),
    (r"Keras 3 only supports V3", "Keras 3 loads `.keras` and `.h5` files, no folders: save the model as `.keras`."),
    (r"`keras\.optimizers\.legacy` is not supported", "Keras 3 has no `optimizers.legacy`: leave `legacy` out."),
    (r"Expected `metrics` argument to be a list", "Metrics are a list in Keras 3: write `metrics=['accuracy']`."),
    (r"dtype='string' is not a valid dtype for Keras type promotion",
     "Names of metrics are no loss weights, the third argument of Keras 3's `compile`: write `metrics=['accuracy']`."),
    (r"A KerasTensor cannot be used as input to a TensorFlow function",
     "TensorFlow functions no longer take Keras's symbolic tensors: use `keras.ops` or a layer."),
    (r"'seaborn(-[\w-]+)?' is not a valid package style", "The style is called `seaborn-v0_8` now."),
    (r"\w+plot\(\) takes from 0 to 1 positional arguments", "seaborn takes data by name: write `x=...`, `y=...`."),
    (r"`load_boston` has been removed", "`load_boston` is gone from scikit-learn: write `fetch_california_housing`."),
)  # fmt: skip

_NUMPY_2 = re.compile(r"`(np\.\w+)` was removed in the NumPy 2\.0 release\. (?:Use (`[^`]+`) instead)?")
_FORMS = (
    re.compile(r"No module named '(?P<owner>[\w.]+)\.(?P<name>\w+)'"),
    re.compile(r"No module named '(?P<name>\w+)'(?P<owner>)"),
    re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<owner>[\w.]+)'"),
    re.compile(r"module '(?P<owner>[\w.]+)' has no attribute '(?P<name>\w+)'"),
    re.compile(r"name '(?P<name>\w+)' is not defined(?P<owner>)"),
)
_ATTRIBUTE = re.compile(r"^'(?P<owner>\w+)' object has no attribute '(?P<name>\w+)'")
_ARGUMENT = re.compile(
    r"unexpected keyword argument '(\w+)'|Unrecognized keyword arguments passed to \w+: \{'(\w+)'"
    r"|Argument\(s\) not recognized: \{'(\w+)'"
)
_UNITS_OR_RATE = re.compile(r"missing 1 required positional argument: '(units|rate|filters)'")
_OLD_NAMES = {"units": "output_dim", "rate": "p", "filters": "nb_filter"}


def removed_api(error: CellError, source: str) -> str | None:
    """What a cell used that its library dropped, and what to write instead; None for any other error.

    Args:
        error: What was raised.
        source: The cell.
    """
    message = error.value if error.name not in {"NameError", "SyntaxError"} else f"{error.name}: {error.value}"
    return next(iter(_findings(error, message, source)), None)


def _findings(error: CellError, message: str, source: str) -> Iterator[str]:
    yield from (text for pattern, text in _SENTENCES if re.search(pattern, message))
    if found := _NUMPY_2.search(message):
        yield f"`{found.group(1)}` is gone from numpy 2: write {found.group(2) or 'its new name'}."
    yield from _gone_names(message)
    if found := _ATTRIBUTE.search(message):
        yield from _gone_attribute(found.group("owner"), found.group("name"))
    if found := _ARGUMENT.search(message):
        name = next(group for group in found.groups() if group)
        if name in _ARGUMENTS:
            yield f"The argument `{name}=` is gone: {_advice(_ARGUMENTS[name])}."
    if found := _UNITS_OR_RATE.search(message):
        new = found.group(1)
        if re.search(rf"\b{_OLD_NAMES[new]}\s*=", source):
            yield f"The argument `{_OLD_NAMES[new]}=` is gone: write `{new}=`."
    if error.name == "KeyError" and message in {"'acc'", "'val_acc'"} and re.search("hist", source, re.IGNORECASE):
        name = message.strip("'")
        yield f"The history's key `{name}` is called `{name.replace('acc', 'accuracy')}` now."


def _gone_names(message: str) -> Iterator[str]:
    for form in _FORMS:
        found = form.search(message)
        if found is None:
            continue
        owner, name = found.group("owner"), found.group("name")
        root = owner.split(".")[0]
        if "keras" in owner and name in _KERAS:
            yield f"`{_public(owner)}.{name}` is gone from Keras 3: {_advice(_KERAS[name])}."
        elif root == "tensorflow" and name in {"contrib", "examples"}:
            yield f"`tensorflow.{name}` is gone from TensorFlow 2: for MNIST write `keras.datasets.mnist.load_data()`."
        elif root == "tensorflow" and name in _TENSORFLOW_1:
            yield f"`tf.{name}` is TensorFlow 1: write the model in Keras, or `tf.compat.v1.{name}`."
        elif root == "numpy" and name in _NUMPY:
            yield f"`np.{name}` is gone from numpy: {_advice(_NUMPY[name])}."
        elif name in _OTHERS.get(root, {}):
            yield f"`{owner}.{name}` is gone: {_advice(_OTHERS[root][name])}."
        elif not owner and name in _PYTHON_2:
            yield f"`{name}` is Python 2; Python 3 has it under another name or not at all."
        elif not owner and name in {"imp", "distutils", "asyncore", "asynchat"}:
            yield f"`{name}` is gone from Python 3.12."


def _gone_attribute(owner: str, name: str) -> Iterator[str]:
    is_of_library = {
        **dict.fromkeys(("append", "ix", "as_matrix"), owner in {"DataFrame", "Series"}),
        "iteritems": owner in {"dict", "DataFrame", "Series"},
        "predict_proba": owner in {"Sequential", "Functional", "Model"},
    }.get(name, owner[0].isupper() or owner == "dict")
    if is_of_library and name in _OBJECTS:
        yield f"`.{name}` is gone: {_advice(_OBJECTS[name])}."


def _advice(instead: str) -> str:
    return f"write {instead}" if instead.startswith("`") else instead


def _public(module: str) -> str:
    return module.replace("keras._tf_keras.", "tf.").replace("keras.src.", "keras.")
