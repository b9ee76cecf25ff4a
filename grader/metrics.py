"""One table of metrics: what each is called, which way is better, its unit, and how it is computed.

A new metric is one row of `METRICS`, and a field of `Measurement` where it follows from no other. All that measures,
judges, reads printed numbers or drafts a rubric takes what it needs to know of a metric from here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from grader.limits import MAX_CLASSES
from grader.records.evidence import CompileRecord
from grader.records.measurements import Measurement

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Outputs:
    """What a model answered on some rows.

    Attributes:
        values: Raw outputs, shape ``(rows, outputs)``.
        logits: What the last softmax or sigmoid was given, shape ``(rows, outputs)``; None where the last step is
            neither. Keras computes every cross-entropy from these, whatever ``from_logits`` says.
        from_logits: Of the compiled loss: where there is no last softmax or sigmoid, the outputs are logits.
    """

    values: Array
    logits: Array | None = None
    from_logits: bool = False

    @property
    def width(self) -> int:
        return int(self.values.shape[1])

    @property
    def cross_entropy_logits(self) -> Array | None:
        """The logits that a cross-entropy starts from; None where it takes the outputs for probabilities."""
        if self.logits is not None:
            return self.logits
        return self.values if self.from_logits else None

    def take(self, rows: Array) -> Outputs:
        """The same for some of the rows, by position."""
        logits = None if self.logits is None else self.logits[rows]
        return Outputs(self.values[rows], logits=logits, from_logits=self.from_logits)


@dataclass(frozen=True)
class Targets:
    """What the outputs should have been.

    Attributes:
        values: As the losses take them, shape ``(rows, outputs)``.
        classes: Shape ``(rows,)``, from 0; None for quantities.
        threshold: Between the two values of a single output; classes above it are 1.
    """

    values: Array
    classes: Array | None = None
    threshold: float = 0.5

    @classmethod
    def of_classes(cls, classes: Array, *, width: int) -> Targets:
        """Targets for whole-number classes, shape ``(rows,)``, and a model of ``width`` outputs."""
        classes = classes.astype(np.int64)
        if width == 1:
            return cls(classes[:, None].astype(np.float32), classes=classes)
        values = (classes[:, None] == np.arange(width)).astype(np.float32)
        return cls(values, classes=classes)

    @classmethod
    def of_array(cls, given: Array, *, width: int, classification: bool) -> Targets | None:
        """Targets as handed to ``fit``, for a model of ``width`` outputs; None where the two do not fit.

        Args:
            given: Shape ``(rows,)``, ``(rows, 1)`` or ``(rows, outputs)``.
            width: Outputs of the model.
            classification: Whether whole numbers are classes.
        """
        flat = given.reshape(len(given), -1)
        if flat.shape[1] not in {1, width} or not np.isfinite(flat).all():
            return None
        if flat.shape[1] > 1:
            classes = flat.argmax(axis=1) if classification else None
            return cls(flat.astype(np.float32), classes=classes)
        column = flat[:, 0]
        if not classification:
            return cls(flat.astype(np.float32)) if width == 1 else None
        if width == 1:
            threshold = 0.0 if (column < 0).any() and (column > 0).any() else 0.5
            return cls(flat.astype(np.float32), classes=(column > threshold).astype(np.int64), threshold=threshold)
        return cls.of_classes(column, width=width) if is_classes(column) else None

    def smoothed(self, share: float, *, over: int) -> Targets:
        """The same with a share of each target spread over so many classes, as ``label_smoothing`` does."""
        values = self.values * (1 - share) + share / over
        return Targets(values, classes=self.classes, threshold=self.threshold)

    def take(self, rows: Array) -> Targets:
        """The same for some of the rows, by position."""
        classes = None if self.classes is None else self.classes[rows]
        return Targets(self.values[rows], classes=classes, threshold=self.threshold)


def is_classes(column: Array) -> bool:
    """Whether every value is a whole number that can be a class."""
    if not column.size:
        return False
    if column.dtype.kind not in "biu" and not (np.isfinite(column).all() and (column == np.round(column)).all()):
        return False
    return bool(column.min() >= 0 and column.max() < MAX_CLASSES)


def mean_absolute_error(outputs: Outputs, targets: Targets) -> float | None:
    """The mean absolute difference; None where targets and outputs do not fit."""
    if targets.values.shape != outputs.values.shape or not outputs.values.size:
        return None
    return float(np.mean(np.abs(outputs.values.astype(np.float64) - targets.values)))


def mean_squared_error(outputs: Outputs, targets: Targets) -> float | None:
    """The mean squared difference; None where targets and outputs do not fit."""
    if targets.values.shape != outputs.values.shape or not outputs.values.size:
        return None
    return float(np.mean(np.square(outputs.values.astype(np.float64) - targets.values)))


def determination(outputs: Outputs, targets: Targets) -> float | None:
    """One less the squared error over the targets' variance, the mean over the outputs; None for targets all equal."""
    if targets.values.shape != outputs.values.shape or not outputs.values.size:
        return None
    wanted = targets.values.astype(np.float64)
    spread = np.square(wanted - wanted.mean(axis=0)).sum(axis=0)
    if not (spread > 0).all():
        return None
    left = np.square(outputs.values.astype(np.float64) - wanted).sum(axis=0)
    return float(np.mean(1 - left / spread))


def area_under_roc(outputs: Outputs, targets: Targets) -> float | None:
    """The share of pairs of a row of class 1 and one of class 0 that are ranked right, equal ones by half.

    Of the single output, or of the second of two; None for more classes, for one class alone, and where an output is
    not finite.
    """
    if targets.classes is None or outputs.width > 2 or not np.isfinite(outputs.values).all():
        return None
    positive = targets.classes == 1
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return None
    _, place, counts = np.unique(outputs.values[:, -1], return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def predicted_classes(outputs: Outputs, *, threshold: float = 0.5) -> Array:
    """The class of each row, shape ``(rows,)``; -1 where an output is not finite.

    The largest of several outputs; for a single one, whether it lies above the threshold (logits: above 0).
    """
    if outputs.width > 1:
        classes = outputs.values.argmax(axis=1)
    else:
        are_logits = outputs.logits is None and outputs.from_logits
        classes = (outputs.values[:, 0] > (0.0 if are_logits else threshold)).astype(np.int64)
    return np.where(np.isfinite(outputs.values).all(axis=1), classes, -1)


def accuracy_of(outputs: Outputs, targets: Targets) -> float | None:
    """The share of rows whose class is right, in [0, 1]; None for quantities and for no rows."""
    if targets.classes is None or not len(targets.classes):
        return None
    return float(np.mean(predicted_classes(outputs, threshold=targets.threshold) == targets.classes))


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is known of a metric.

    Attributes:
        name: In rubrics, calibrations and `Measurement`.
        words: As a sentence names it (``MAE``).
        title: In full, in lower case (``mean absolute error``).
        direction: Which values are better.
        unit_power: Of the targets' unit: 0 for what is the same in whatever unit, 1, 2; None where that hangs on the
            compiled loss.
        printed: How students name it beside a number that they print, in several languages; a regular expression
            without case.
        aliases: What else Keras, scikit-learn and histories call it.
        compute: From outputs and targets of the same rows; None where it is not computed of these alone.
        of_quantities: Whether it is computed of targets that are no classes only.
        follows: From a measurement's other figures; None for what is measured itself.
        asked_for: How a section speaks of it for whom a criterion on it is drafted; a regular expression without case,
            None where the section need not.
    """

    name: str
    words: str
    title: str
    direction: Literal["higher", "lower"]
    unit_power: int | None
    printed: str
    aliases: frozenset[str] = frozenset()
    compute: Callable[[Outputs, Targets], float | None] | None = None
    of_quantities: bool = False
    follows: Callable[[Measurement], float | None] | None = None
    asked_for: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """All that it is called."""
        return self.aliases | {self.name}

    @property
    def is_stored(self) -> bool:
        """Whether a measurement has a field for it."""
        return self.follows is None

    def measure(self, outputs: Outputs, targets: Targets) -> float | None:
        """Its value for a model's outputs on some rows; None where it has none."""
        if self.compute is None or (self.of_quantities and targets.classes is not None):
            return None
        return self.compute(outputs, targets)

    def of(self, measured: Measurement) -> float | None:
        """Its value in a measurement, errors in the units of the targets as they were handed in; None where unknown."""
        if self.follows is not None:
            return self.follows(measured)
        value: float | None = getattr(measured, self.name)
        return measured.loss if value is None and measured.loss_name in self.names else value

    def in_units(self, measured: Measurement) -> float | None:
        """`of`, but errors in the data set's own units, however the student scaled the targets."""
        value = self.of(measured)
        if value is None or measured.target_unit is None or not self.unit_power:
            return value
        return value * measured.target_unit**self.unit_power


def _root_mean_squared(measured: Measurement) -> float | None:
    squared = METRICS["mse"].of(measured)
    return None if squared is None or squared < 0 else math.sqrt(squared)


_TABLE = (
    Metric(
        name="loss",
        words="loss",
        title="loss",
        direction="lower",
        unit_power=None,
        printed=r"loss|verlust|fehler|kosten|\bcost|crossentropy|cross-entropy|\bperte|p[eé]rdida|perdita|потер|损失",
    ),
    Metric(
        name="accuracy",
        words="accuracy",
        title="accuracy",
        direction="higher",
        unit_power=0,
        printed=r"acc(?!ording)|genauigkeit|trefferquote|trefferrate|korrekt|richtig|correct|exactitud|precisión"
        r"|accuratezza|nauwkeurigheid|точность|准确率|正确率|正解率",
        aliases=frozenset({"acc"}),
        compute=accuracy_of,
    ),
    Metric(
        name="mae",
        words="MAE",
        title="mean absolute error",
        direction="lower",
        unit_power=1,
        printed=r"\bmae\b|mean[ _]abs|absolut\w*[ _](?:error|fehler|abweichung)|erreur absolue|errore? absoluto",
        aliases=frozenset({"mean_absolute_error"}),
        compute=mean_absolute_error,
        of_quantities=True,
    ),
    Metric(
        name="mse",
        words="MSE",
        title="mean squared error",
        direction="lower",
        unit_power=2,
        printed=r"\bmse\b|mean[ _]squared|quadratischer",
        aliases=frozenset({"mean_squared_error"}),
        compute=mean_squared_error,
        of_quantities=True,
    ),
    Metric(
        name="rmse",
        words="RMSE",
        title="root mean squared error",
        direction="lower",
        unit_power=1,
        printed=r"\brmse\b|root[ _]mean",
        aliases=frozenset({"root_mean_squared_error"}),
        follows=_root_mean_squared,
    ),
    Metric(
        name="r2",
        words="R²",
        title="coefficient of determination",
        direction="higher",
        unit_power=0,
        printed=r"\br2\b|r²|\br\^2|r[ -]squared|r2_score|determination|bestimmtheitsma",
        aliases=frozenset({"r2_score"}),
        compute=determination,
        of_quantities=True,
        asked_for=r"\br2|R²|r\^2|R2Score|determination",
    ),
    Metric(
        name="auc",
        words="AUC",
        title="area under the ROC curve",
        direction="higher",
        unit_power=0,
        printed=r"\bauc\b|area under|roc\b",
        compute=area_under_roc,
        asked_for=r"\b(?:AUC|roc_auc_score|area under)\b",
    ),
)
METRICS = {metric.name: metric for metric in _TABLE}
"""Every metric by its name, in the order in which they are listed."""

ERRORS = tuple(metric.name for metric in _TABLE if metric.direction == "lower")
SCORES = tuple(metric.name for metric in _TABLE if metric.direction == "higher" and metric.name != "accuracy")

if TYPE_CHECKING:
    MetricName = str
    ErrorName = str
    ScoreName = str
else:
    # The values of a parameter in a rubric, made of the table: editors complete them, and others are refused.
    MetricName = Literal[tuple(METRICS)]
    ErrorName = Literal[ERRORS]
    ScoreName = Literal[SCORES]


def known_name(called: str) -> str:
    """The name in the table of what a history or a result calls so (``mean_absolute_error_1``), or that as it is."""
    plain = re.sub(r"_\d+$", "", called.casefold())
    return next((metric.name for metric in _TABLE if plain in metric.names), plain)


def counts_right_answers(compiled: CompileRecord | None) -> bool:
    """Whether the accuracy that was compiled is the share of right answers, as far as that is known.

    ``Accuracy()`` compares probabilities with labels, and ``BinaryAccuracy()`` counts each output of a one-hot row.
    """
    metrics = (compiled.config or {}).get("metrics") if compiled is not None else None
    names = [item.get("class_name") for item in metrics if isinstance(item, dict)] if isinstance(metrics, list) else []
    of_classes = compiled is not None and "categorical" in str(compiled.loss)
    return "Accuracy" not in names and not ("BinaryAccuracy" in names and of_classes)


def is_accuracy(called: str) -> bool:
    """Whether a metric called so, in lower case, is an accuracy: Keras has several, and students' names begin alike."""
    return "acc" in called


def accuracy_name(history: Iterable[str]) -> str | None:
    """What a history calls the accuracy of training; None where it has none."""
    return next((name for name in history if is_accuracy(name) and not name.startswith("val_")), None)


def is_higher_better(called: str) -> bool:
    """Whether a metric called so is better the higher it is; losses and whatever is unknown are not."""
    metric = METRICS.get(known_name(called))
    return is_accuracy(called) or (metric is not None and metric.direction == "higher")
