"""What a training began with, held against what it left: training leads from the one to the other, step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.integrity.findings import Finding, finding_of, place_of
from grader.integrity.origins import KnownStates
from grader.judging.views import Array, SubmissionView
from grader.records import FitRecord, Measurement, Measurements, ModelRecord

DOUBTED = 0.3
"""Cosine between a kernel before and after. Training leaves much of what it began with: 0.5 to 0.98 in wide networks. A
softmax regression keeps 0.1 after 20 epochs of MNIST, and one with an L2 penalty or large steps as little: below this a
repetition is asked for, which clears them, and shows where weights from elsewhere were mixed with the beginning."""

UNRELATED = 4.0
"""The same in units of 1 / sqrt(values), its spread between kernels that have nothing to do with each other."""

LEAST_VALUES = 1000
"""Of a kernel: the cosine of fewer says too little."""

STOOD_STILL = 0.02
"""Way of every kernel over its length. Whole trainings from fresh weights go 0.2 and more in some kernel."""

FEWEST_CLASSES = 4
"""Two or three classes may be told apart by the chance of fresh weights."""

KNOWN_SHARE = 0.5
"""Of the way from guessing to no error: fresh weights come nowhere near, and a model beyond that has learned."""


def weights_not_of_beginning(submission: SubmissionView) -> Iterator[Finding]:
    """A training that learned something leaves weights that resemble those that it began with."""
    return (finding for finding, is_unrelated in _beginnings(submission) if is_unrelated)


def little_of_beginning(submission: SubmissionView) -> Iterator[Finding]:
    """Trainings that left so little of their beginning that a repetition should tell whether it was they."""
    return (finding for finding, _ in _beginnings(submission))


def _beginnings(submission: SubmissionView) -> Iterator[tuple[Finding, bool]]:
    """The trainings in doubt, and of each whether what it left has nothing at all to do with what it began with."""
    for fit in submission.evidence.fits:
        pairs = _kernels(fit, submission=submission)
        large = [pair for pair in pairs if pair[0].size >= LEAST_VALUES]
        if not large or not _knows(
            _measured(fit, fit.weights_after, submission.measurements), submission.evidence.model(fit.model)
        ):
            continue
        cosines = [_cosine(*pair) for pair in large]
        nearest = max(cosines)
        if nearest >= DOUBTED:
            continue
        finding = finding_of(
            fit,
            rule="weights_not_of_beginning",
            text=(
                f"The weights that the training in {place_of(fit)} left have nothing of those that it began with"
                f" (cosine {nearest:.2f}): they may have been put in on the way."
            ),
            # A repetition is given the optimizer as it was, and with it the weights that its averages may hold.
            repeatable=fit.replay is None or fit.replay.optimizer is None,
        )
        spreads = (1 / math.sqrt(before.size) for before, _ in large)
        yield finding, all(cosine < UNRELATED * spread for cosine, spread in zip(cosines, spreads, strict=True))


def knew_before_training(submission: SubmissionView) -> Iterator[Finding]:
    """A model knows nothing before a training but what earlier recorded trainings taught it or another one."""
    begun: set[str] = set()
    known = KnownStates(submission)
    for fit in sorted(submission.evidence.fits, key=lambda fit: fit.seq):
        model = submission.evidence.model(fit.model)
        is_looked_at = model.object_id not in begun or known.would_show(fit)
        begun.add(model.object_id)
        if is_looked_at and (how := _how_it_knew(submission, fit, known=known)):
            yield finding_of(
                fit,
                rule="knew_before_training",
                text=f"Before its training in {place_of(fit)} the model {how}: it began with weights made elsewhere.",
            )
        else:
            known.learn(fit)


def _how_it_knew(submission: SubmissionView, fit: FitRecord, *, known: KnownStates) -> str:
    """What a model knew before a fit, in words; empty where it knew nothing, or nothing is known of that."""
    model = submission.evidence.model(fit.model)
    if fit.weights_before is None or _outputs(model) < FEWEST_CLASSES:
        return ""
    if known.made(fit.weights_before) or known.made_kernels(fit.weights_before):
        return ""
    before = submission.measurements.find(fit.model, weights=fit.weights_before, probe="test")
    if before is not None:
        is_known = before.accuracy is not None and _knows(before, model)
        return f"scored {before.accuracy:.4f} on the test set" if is_known else ""
    # Where its beginning cannot be rebuilt outside.
    after = _measured(fit, fit.weights_after, submission.measurements)
    kernels = _kernels(fit, submission=submission)
    moved = any(_norm(end - begin) > STOOD_STILL * _norm(begin) for begin, end in kernels)
    return "was what it is now" if kernels and not moved and _knows(after, model) else ""


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


def _knows(measured: Measurement | None, model: ModelRecord) -> bool:
    """Whether a state is nearer to no error than to guessing."""
    if measured is None:
        return False
    if measured.accuracy is None:
        return measured.r2 is not None and measured.r2 > KNOWN_SHARE
    guessed = 1 / max(_outputs(model), 2)
    return measured.accuracy > guessed + KNOWN_SHARE * (1 - guessed)


def _outputs(model: ModelRecord) -> int:
    """Of a model, at least 1."""
    shape = model.output_shapes[-1] if model.output_shapes else ()
    return max((shape[-1] if shape else None) or 1, 1)


def _cosine(one: Array, other: Array) -> float:
    lengths = _norm(one) * _norm(other)
    # Kernels that begin with zeros, or end so, resemble nothing.
    return float(np.sum(one * other)) / lengths if lengths > 0 and math.isfinite(lengths) else 1.0


def _norm(array: Array) -> float:
    return float(np.sqrt(np.sum(np.square(array))))
