"""What a cell's code is for, as far as it matters where the cell did not run: models, or only preparations."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from grader.attribution.flow import Functions
from grader.cell_names import names_from_outside, names_in, root_name

_TRAINING = frozenset(
    {"fit", "fit_generator", "train_on_batch", "partial_fit", "apply_gradients", "apply", "minimize", "GradientTape"}
)
_BUILDING = frozenset({"Sequential", "Model", "compile", "Dense", "Conv2D", "load_model", "clone_model", "from_config"})
_DRAWING = frozenset(
    {"plot", "plot_surface", "scatter", "imshow", "matshow", "contour", "contourf", "pcolor", "pcolormesh", "heatmap"}
    | {"bar", "barh", "hist", "show", "subplots", "figure", "savefig", "lineplot", "from_predictions"}
    | {"from_estimator", "ConfusionMatrixDisplay", "plot_confusion_matrix", "plot_decision_regions"}
)
_EVALUATING = frozenset(
    {"evaluate", "predict", "predict_classes", "predict_on_batch", "test_on_batch", "predict_proba", "score"}
    | {"accuracy_score", "classification_report", "confusion_matrix", "mean_squared_error", "mean_absolute_error"}
)
_HARMLESS = frozenset({"print", "display", "len", "str"})


def calls(tree: ast.AST, functions: Functions) -> frozenset[str]:
    """The names of all functions and methods that code calls, through the notebook's own functions too."""
    used = functions.reached_from(names_from_outside(tree))
    return frozenset().union(_called([tree]), _called(functions.bodies[name] for name in used))


def trains(called: frozenset[str]) -> bool:
    """Whether what is called trains a model."""
    return not called.isdisjoint(_TRAINING)


def builds(called: frozenset[str]) -> bool:
    """Whether what is called makes, compiles or trains a model."""
    return trains(called) or not called.isdisjoint(_BUILDING)


def draws(called: frozenset[str]) -> bool:
    """Whether what is called draws a figure."""
    return not called.isdisjoint(_DRAWING)


def evaluates(called: frozenset[str]) -> bool:
    """Whether what is called measures a model, or asks it for predictions."""
    return not called.isdisjoint(_EVALUATING)


def only_prepares(tree: ast.AST) -> bool:
    """Whether code does no more than to import, and to call what it imported, as Colab's first cells do."""
    known = names_in(tree).imported | _HARMLESS
    nodes = list(ast.walk(tree))
    roots = (root_name(node.func, through=ast.Attribute) for node in nodes if isinstance(node, ast.Call))
    defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in nodes)
    return not defines and all(root in known for root in roots)


def _called(trees: Iterable[ast.AST]) -> frozenset[str]:
    functions = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = (one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in functions)
    return frozenset(names)
