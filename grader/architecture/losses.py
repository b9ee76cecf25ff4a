"""Losses by family, and whether a loss fits the output that it is given."""

from __future__ import annotations

from grader.architecture.layers import PlainLayer
from grader.records import ArraySummary, CompileRecord

CROSS_ENTROPY = "cross_entropy"
"""The word by which a rubric means any loss of this family."""

BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
ONE_HOT = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
SPARSE = frozenset({"sparse_categorical_crossentropy"})
BY_OUTPUT = frozenset({"crossentropy"})
"""Keras's word for whichever cross-entropy fits."""

_SHORT = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "huber_loss": "huber",
    "bce": "binary_crossentropy",
    "cce": "categorical_crossentropy",
    "logcosh": "log_cosh",
    "kld": "kl_divergence",
}
_KNOWN = frozenset(
    BINARY
    | ONE_HOT
    | SPARSE
    | frozenset(_SHORT.values())
    | {
        "hinge",
        "squared_hinge",
        "categorical_hinge",
        "poisson",
        "cosine_similarity",
        "dice",
        "tversky",
        "circle",
        "ctc",
    }
)


def loss_name(name: str | None) -> str | None:
    """Keras's full name of a loss."""
    if name is None:
        return None
    plain = name.strip().casefold().replace("-", "_").replace(" ", "_")
    return _SHORT.get(plain, plain)


def known_losses() -> frozenset[str]:
    """What a rubric may ask for."""
    return frozenset(_KNOWN | {CROSS_ENTROPY})


def is_cross_entropy(name: str | None) -> bool:
    """Whether a loss is of that family."""
    return loss_name(name) in BINARY | ONE_HOT | SPARSE | BY_OUTPUT


def misfit(compiled: CompileRecord, output: PlainLayer, *, labels: ArraySummary | None = None) -> str | None:
    """Why a loss does not fit the output it is given, a sentence; None where it fits, or nobody can tell.

    Args:
        compiled: The loss.
        output: The last layer as it was written.
        labels: What the model was trained towards.

    Source:
        The output and loss rules of NeuraLint (Nikanjam et al., TOSEM 2021).
    """
    loss, units = loss_name(compiled.loss), output.units
    if compiled.own_loss or loss is None or not units:
        return None
    if output.activation == "softmax" and units == 1:
        return "A softmax over one unit is 1 whatever the input; one unit needs a sigmoid."
    if not is_cross_entropy(loss):
        return None
    return _of_activation(compiled, output) or _of_width(loss, output) or _of_labels(loss, labels)


def _of_activation(compiled: CompileRecord, output: PlainLayer) -> str | None:
    loss, activation = loss_name(compiled.loss), output.activation
    if activation in {"softmax", "sigmoid"} and compiled.from_logits:
        return f"The output has a {activation} already, and the loss is told to expect none (from_logits=True)."
    if activation == "linear":
        wanted = "sigmoid" if loss in BINARY or output.units == 1 else "softmax"
        without = (
            f"The output has no activation, and {loss} expects probabilities; it needs a {wanted} or from_logits=True."
        )
        return None if compiled.from_logits else without
    if activation not in {"softmax", "sigmoid"}:
        return f"The output's activation {activation} gives no probabilities, which {loss} expects."
    return None


def _of_width(loss: str, output: PlainLayer) -> str | None:
    units, activation = output.units, output.activation
    if loss in ONE_HOT | SPARSE and units == 1:
        return f"The loss {loss} compares several classes, and the output has one unit; that needs binary_crossentropy."
    if loss in ONE_HOT | SPARSE and activation == "sigmoid":
        return f"The loss {loss} expects probabilities that add up to 1; {units} sigmoids do not, a softmax does."
    # Over two classes both losses are the same function of a softmax.
    if loss in BINARY and activation == "softmax" and units != 2:
        return f"The loss {loss} judges each unit by itself; a softmax of {units} units needs categorical_crossentropy."
    return None


def _of_labels(loss: str, labels: ArraySummary | None) -> str | None:
    if labels is None or not labels.rows:
        return None
    if loss in ONE_HOT and labels.integral and len(labels.shape) == 1:
        return f"The loss {loss} needs one-hot labels, and yours are integers: take sparse_categorical_crossentropy."
    if loss in SPARSE and labels.one_hot:
        return f"The loss {loss} needs integer labels, and yours are one-hot; categorical_crossentropy takes those."
    return None
