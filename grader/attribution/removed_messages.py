"""Messages of today's libraries that tell by themselves what was used, and keys of histories under other names."""

from __future__ import annotations

_METRICS = {"acc": "accuracy", "mean_squared_error": "mse", "mean_absolute_error": "mae"}

HISTORY_KEYS = {
    **{f"{part}{old}": f"{part}{new}" for part in ("", "val_") for old, new in _METRICS.items()},
    "lr": "learning_rate",
}
"""Keys of a history that are called otherwise today."""

_STYLES = (
    "bright|colorblind|dark|dark-palette|darkgrid|deep|muted|notebook|paper|pastel|poster|talk|ticks|white|whitegrid"
)

SENTENCES = (
    (r"Missing parentheses in call to 'print'", "`print x` is Python 2: write `print(x)`."),
    (r"Line magic function `%` not found", "A magic has no space behind its `%`: write `%matplotlib inline`."),
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
    (r"passed as a keyword argument\. Received: add_weight|add_\w+\(\) got multiple values for argument 'shape'",
     "In Keras 3 `add_weight` takes its name by keyword: write `add_weight(shape=..., name=...)`."),
    (r"placeholder\(\) is not compatible with eager|The Session graph is empty",
     "Placeholders and sessions are TensorFlow 1: write the model in Keras."),
    (rf"'seaborn(-({_STYLES}))?' is not a valid package style", "The style is called `seaborn-v0_8` now."),
    (r"'spectral' is not a (valid value|known colormap)", "The colormap `spectral` is called `nipy_spectral` now."),
    (r"keyword grid_b is not recognized", "The argument `b=` of `grid` is gone: write `visible=`."),
    (r"gca\(\) got an unexpected keyword argument 'projection'",
     "`gca` takes no `projection=` any more: write `fig.add_subplot(projection='3d')`."),
    (r"print_\w+\(\) got an unexpected keyword argument '(frameon|quality)'",
     "The arguments `frameon=` and `quality=` of `savefig` are gone: leave them out."),
    (r"\w+plot\(\) takes from 0 to 1 positional arguments", "seaborn takes data by name: write `x=...`, `y=...`."),
    (r"(DataFrame|Series|NDFrame)\.(drop|any|all|sum|mean|dropna|set_index|sort_values|replace)\(\) takes from \d",
     "pandas takes further arguments by name: write `axis=...`."),
    (r"'(M|Q|Y|A|BM|BQ|BA|BY)' is no longer supported for offsets",
     "pandas calls the ends of periods `ME`, `QE` and `YE` now."),
    (r"Invalid frequency: (H|T|S|L|U|N)\b.*Did you mean [a-z]",
     "pandas writes hours, minutes and seconds `h`, `min`, `s`."),
    (r"`interp2d` has been removed", "`interp2d` is gone from SciPy: write `RegularGridInterpolator`."),
    (r"`load_boston` has been removed", "`load_boston` is gone from scikit-learn: write `fetch_california_housing`."),
)  # fmt: skip
"""Messages that tell by themselves what was used."""

PRIVATE_KERAS = (
    "`tensorflow.python.keras` is an old copy of Keras inside TensorFlow, which does not work any more: "
    "write `from tensorflow import keras`, and import from `keras` or `tensorflow.keras`."
)
