"""Rules that compare the weights that a training left with those that it began with."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.integrity.findings import Finding, finding_of, place_of
from grader.integrity.origins import KnownStates
from grader.integrity.thresholds import THRESHOLDS
from grader.judging.views import Array, SubmissionView
from grader.records import FitRecord, Measurement, Measurements, ModelRecord


def unrelated_to_initial_weights(submission: SubmissionView) -> Iterator[Finding]:
    """A training that learned something left weights with nothing in common with those that it began with."""
    return (finding for finding, is_unrelated in _far_from_initial(submission) if is_unrelated)


def far_from_initial_weights(submission: SubmissionView) -> Iterator[Finding]:
    """A training left so little of its initial weights that a replay should decide whether it made what it left."""
    return (finding for finding, _ in _far_from_initial(submission))


def _far_from_initial(submission: SubmissionView) -> Iterator[tuple[Finding, bool]]:
    """A finding for each training that ended far from its initial weights, and whether the two are unrelated."""
    for fit in submission.evidence.fits:
        pairs = _kernels(fit, submission=submission)
        large = [pair for pair in pairs if pair[0].size >= THRESHOLDS.fewest_values]
        if not large or not _has_learned(
            _measured(fit, fit.weights_after, submission.measurements), submission.evidence.model(fit.model)
        ):
            continue
        cosines = [_cosine(*pair) for pair in large]
        nearest = max(cosines)
        if nearest >= THRESHOLDS.least_cosine:
            continue
        finding = finding_of(
            fit,
            rule="unrelated_to_initial_weights",
            text=(
                f"The weights that the training in {place_of(fit)} left have nothing in common with those that it began"
                f" with (cosine {nearest:.2f}): they may have been put in during it."
            ),
            # A replay starts from the optimizer's recorded state, whose moving averages may hold ready-made weights.
            clearable=fit.replay is None or fit.replay.optimizer is None,
        )
        spreads = (1 / math.sqrt(before.size) for before, _ in large)
        yield (
            finding,
            all(cosine < THRESHOLDS.unrelated * spread for cosine, spread in zip(cosines, spreads, strict=True)),
        )


def accurate_before_training(submission: SubmissionView) -> Iterator[Finding]:
    """A model was accurate before a training, and no earlier recorded training explains that."""
    seen: set[str] = set()
    known = KnownStates(submission)
    for fit in sorted(submission.evidence.fits, key=lambda fit: fit.seq):
        model = submission.evidence.model(fit.model)
        is_examined = model.object_id not in seen or known.covers(fit)
        seen.add(model.object_id)
        if is_examined and (how := _earlier_accuracy(submission, fit, known=known)):
            yield finding_of(
                fit,
                rule="accurate_before_training",
                text=f"Before its training in {place_of(fit)} the model {how}: it began with weights made elsewhere.",
            )
        else:
            known.learn(fit)


def _earlier_accuracy(submission: SubmissionView, fit: FitRecord, *, known: KnownStates) -> str:
    """How accurate a model was before a fit, as a clause; empty where it was not, or where that is unknown."""
    model = submission.evidence.model(fit.model)
    if fit.weights_before is None or _outputs(model) < THRESHOLDS.fewest_classes:
        return ""
    if known.include(fit.weights_before) or known.include_kernels(fit.weights_before):
        return ""
    before = submission.measurements.find(fit.model, weights=fit.weights_before, probe="test")
    if before is not None:
        is_accurate = before.accuracy is not None and _has_learned(before, model)
        return f"scored {before.accuracy:.4f} on the test set" if is_accurate else ""
    # Its initial state cannot be rebuilt outside.
    after = _measured(fit, fit.weights_after, submission.measurements)
    kernels = _kernels(fit, submission=submission)
    moved = any(_norm(end - begin) > THRESHOLDS.stood_still * _norm(begin) for begin, end in kernels)
    return "was what it is now" if kernels and not moved and _has_learned(after, model) else ""


def _kernels(fit: FitRecord, *, submission: SubmissionView) -> list[tuple[Array, Array]]:
    """The arrays of more than one axis before and after a fit; none where one of the states is not known."""
    before, after = (
        submission.evidence.weights.get(state or "", ()) for state in (fit.weights_before, fit.weights_after)
    )
    if len(before) != len(after):
        return []
    pairs = [
        (submission.read(one).astype(np.float64), submission.read(other).astype(np.float64))
        for one, other in zip(before, after, strict=True)
    ]
    return [(one, other) for one, other in pairs if one.ndim > 1 and one.shape == other.shape]


def _measured(fit: FitRecord, weights: str | None, measurements: Measurements) -> Measurement | None:
    found = (measurements.find(fit.model, weights=weights, probe=probe) for probe in ("test", "validation", "train"))
    return next((item for item in found if item is not None), None)


def _has_learned(measured: Measurement | None, model: ModelRecord) -> bool:
    """Whether a state is nearer to no error than to guessing; False where it was not measured."""
    if measured is None:
        return False
    if measured.accuracy is None:
        return measured.r2 is not None and measured.r2 > THRESHOLDS.known_share
    guessed = 1 / max(_outputs(model), 2)
    return measured.accuracy > guessed + THRESHOLDS.known_share * (1 - guessed)


def _outputs(model: ModelRecord) -> int:
    """The number of outputs of a model, at least 1."""
    shape = model.output_shapes[-1] if model.output_shapes else ()
    return max((shape[-1] if shape else None) or 1, 1)


def _cosine(one: Array, other: Array) -> float:
    lengths = _norm(one) * _norm(other)
    # A kernel of zeros resembles nothing.
    return float(np.sum(one * other)) / lengths if lengths > 0 and math.isfinite(lengths) else 1.0


def _norm(array: Array) -> float:
    return float(np.sqrt(np.sum(np.square(array))))
