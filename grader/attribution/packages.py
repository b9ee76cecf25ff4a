"""Tells a package that the students' environment lacks from a name that the student misspelt."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable

from grader.attribution.thresholds import THRESHOLDS
from grader.cell_code import HasSource
from grader.records import CellError

KNOWN = frozenset(
    """
    PIL absl albumentations altair ann_visualizer apache_beam arviz astropy autokeras bokeh boto3 bs4 cartopy catboost
    category_encoders celluloid chainer colorama comet_ml cupy cv2 cvxpy dash dask datasets deap dill duckdb
    efficientnet eli5 emcee emoji evaluate fastai flax folium gdown gensim geopandas google.cloud google.colab gradio
    graphviz gym gymnasium h5py hdbscan huggingface_hub hvplot hyperopt imageio imblearn imgaug innvestigate ipycanvas
    ipympl ipyvolume ipywidgets jax jaxlib joblib jupyterthemes kaggle kagglehub keras_applications keras_core keras_cv
    keras_hub keras_nlp keras_preprocessing keras_tuner keras_vis kerastuner langchain librosa lightgbm lightning lime
    livelossplot lxml matplotlib missingno mlflow mlxtend mne moviepy mpld3 mxnet natsort neptune netCDF4 networkx
    nltk numba numexpr numpyro onnx onnxruntime openai opendatasets openpyxl optax optuna paddle pandas_profiling
    papermill patsy pingouin plotly plotnine pmdarima polars prettytable progressbar prophet pyarrow pydicom pydot
    pydotplus pygad pylab_sdk pymc pymc3 pymoo pyod pyspark pytorch_lightning pywt qiskit ray rdkit rich sacrebleu
    scikeras scikitplot sentence_transformers sentencepiece shap simpy skimage sklearnex sktime skopt snntorch
    soundfile spacy splitfolders sqlalchemy stable_baselines3 statsmodels streamlit sweetviz sympy tabulate tables
    tensorboardX tensorflow_addons tensorflow_datasets tensorflow_decision_forests tensorflow_docs tensorflow_hub
    tensorflow_io tensorflow_model_optimization tensorflow_probability tensorflow_text termcolor textblob tf2onnx
    tf_explain tf_keras tf_keras_vis tflearn theano timm tokenizers torch torchaudio torchinfo torchmetrics
    torchsummary torchtext torchvision tqdm transformers tslearn ucimlrepo umap unidecode visualkeras wandb watermark
    wget wordcloud xarray xgboost xlrd yellowbrick ydata_profiling yfinance zarr
    """.split()  # noqa: SIM905 - 200 names in quotes would hide one another
)
"""Importable names that students of machine learning use; none of them is a misspelling of another."""

_PYTHON_2 = frozenset({"urllib2", "urlparse", "cPickle", "StringIO", "ConfigParser", "Tkinter", "Queue", "HTMLParser"})

_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_WANTED = (
    re.compile(r"Missing optional dependency '([\w.-]+)'"),
    re.compile(r"`Import ([\w.-]+)` failed"),
    re.compile(r"(?:pip|conda) install ([A-Za-z][\w.-]*)"),
    re.compile(r"^(lib[\w.+-]+\.so[\d.]*): cannot open shared object"),
    re.compile(r"^[`'\"]?([A-Za-z][\w.-]*)[`'\"]? (?:is not installed|must be installed|not found, please install)"),
    re.compile(r"\brequires? (?:the )?[`'\"]?([A-Za-z][\w-]*)[`'\"]?(?: package\b|, which is not installed|\.$|$)"),
    re.compile(r"^Could not import ([A-Za-z]\w*)"),
)
_NOT_INSTALLED = re.compile(r"(?:ImportError|ModuleNotFoundError|\w*NotInstalledError)$")
"""Libraries have errors of their own for it: TensorFlow's `TBNotInstalledError` is none of import."""
_GRAPHVIZ = re.compile(r'"dot" not found in path|failed to call GraphViz|executables are on your system', re.IGNORECASE)
_OWN_FILE = re.compile(
    r"%%writefile\s+(?:-a\s+)?(?:\./)?(\w+)\.py|open\(\s*[\"'](?:\./)?(\w+)\.py[\"']\s*,\s*[\"'][wax]"
)


def own_modules(cells: Iterable[HasSource]) -> frozenset[str]:
    """The modules that a notebook writes itself."""
    found = (name for cell in cells if cell.kind == "code" for name in _OWN_FILE.findall(cell.source))
    return frozenset(name for pair in found for name in pair if name)


def missing_package(error: CellError, *, importable: frozenset[str], own: frozenset[str]) -> str | None:
    """The package that the environment lacks, where that is why a cell failed.

    A name that nobody can tell counts as missing: only a slip of the pen, a module of Python 2, a part of a package
    that is there, and a file that the notebook writes itself are the student's.

    Args:
        error: What was raised.
        importable: Importable top-level names of the students' environment.
        own: Modules that the notebook writes.
    """
    if _GRAPHVIZ.search(error.value):
        return "graphviz"
    if _NOT_INSTALLED.match(error.name) is None:
        return None
    found = _NO_MODULE.search(error.value)
    if found is None:
        return next((match.group(1) for form in _WANTED if (match := form.search(error.value))), None)
    full = found.group(1)
    name = full if full in KNOWN else full.split(".")[0]
    is_theirs = name in importable or name in own or name in _PYTHON_2
    is_known = name in KNOWN or name in sys.stdlib_module_names
    return None if is_theirs or (not is_known and _is_misspelt(name, importable)) else name


def _is_misspelt(name: str, importable: frozenset[str]) -> bool:
    known = {known.lower() for known in KNOWN | importable | sys.stdlib_module_names}
    return bool(difflib.get_close_matches(name.lower(), known, n=1, cutoff=THRESHOLDS.misspelt_likeness))
