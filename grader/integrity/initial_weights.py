"""Rules that compare the weights that a training left with those that it began with."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.integrity.findings import Finding, finding_of, place_of
from grader.integrity.origins import KnownStates
from grader.judging.views import Array, SubmissionView
from grader.records import FitRecord, Measurement, Measurements, ModelRecord

FAR_FROM_INITIAL = 0.3
"""Cosine between a kernel before and after. Training keeps much of the initial weights: 0.5 to 0.98 in wide networks. A
softmax regression keeps 0.1 after 20 epochs of MNIST, and one with an L2 penalty or large steps as little. Below this a
replay is asked for, which clears them, and shows where other weights were mixed with the initial ones."""

UNRELATED = 4.0
"""The same in units of 1 / sqrt(values), its standard deviation between unrelated kernels."""

LEAST_VALUES = 1000
"""Values of a kernel: the cosine of fewer says too little."""

HARDLY_MOVED = 0.02
"""How far each kernel moved, over its norm. Whole trainings from fresh weights reach 0.2 and more in some kernel."""

FEWEST_CLASSES = 4
"""Fresh weights may separate two or three classes by chance."""

KNOWN_SHARE = 0.5
"""Share of the way from guessing to no error: fresh weights come nowhere near, and a model beyond it has learned."""


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
        large = [pair for pair in pairs if pair[0].size >= LEAST_VALUES]
        if not large or not _has_learned(
            _measured(fit, fit.weights_after, submission.measurements), submission.evidence.model(fit.model)
        ):
            continue
        cosines = [_cosine(*pair) for pair in large]
        nearest = max(cosines)
        if nearest >= FAR_FROM_INITIAL:
            continue
        finding = finding_of(
            fit,
            rule="unrelated_to_initial_weights",
            text=(
                f"The weights that the training in {place_of(fit)} left have nothing in common with those that it began"
                f" with (cosine {nearest:.2f}): they may have been put in during it."
            ),
            # A replay starts from the optimizer's recorded state, whose moving averages may hold ready-made weights.
            clearable=fit.random_state.get("optimizer") is None,
        )
        spreads = (1 / math.sqrt(before.size) for before, _ in large)
        yield finding, all(cosine < UNRELATED * spread for cosine, spread in zip(cosines, spreads, strict=True))


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
    if fit.weights_before is None or _outputs(model) < FEWEST_CLASSES:
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
    moved = any(_norm(end - begin) > HARDLY_MOVED * _norm(begin) for begin, end in kernels)
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
        return measured.r2 is not None and measured.r2 > KNOWN_SHARE
    guessed = 1 / max(_outputs(model), 2)
    return measured.accuracy > guessed + KNOWN_SHARE * (1 - guessed)


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
