"""What a training began with, held against what it left: training leads from the one to the other, step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.integrity.findings import Finding, finding_of, place_of
from grader.integrity.origins import KnownStates
from grader.integrity.thresholds import THRESHOLDS
from grader.judging.views import Array, SubmissionView
from grader.records import FitRecord, Measurement, Measurements, ModelRecord


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
        large = [pair for pair in pairs if pair[0].size >= THRESHOLDS.fewest_values]
        if not large or not _knows(
            _measured(fit, fit.weights_after, submission.measurements), submission.evidence.model(fit.model)
        ):
            continue
        cosines = [_cosine(*pair) for pair in large]
        nearest = max(cosines)
        if nearest >= THRESHOLDS.least_cosine:
            continue
        finding = finding_of(
            fit,
            rule="weights_not_of_beginning",
            text=(
                f"The weights that the training in {place_of(fit)} left have nothing of those that it began with"
                f" (cosine {nearest:.2f}): they may have been put in on the way."
            ),
            # A repetition is given the optimizer as it was, and with it the weights that its averages may hold.
            repeatable=fit.random_state.get("optimizer") is None,
        )
        spreads = (1 / math.sqrt(before.size) for before, _ in large)
        yield (
            finding,
            all(cosine < THRESHOLDS.unrelated * spread for cosine, spread in zip(cosines, spreads, strict=True)),
        )


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
    if fit.weights_before is None or _outputs(model) < THRESHOLDS.fewest_classes:
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
    moved = any(_norm(end - begin) > THRESHOLDS.stood_still * _norm(begin) for begin, end in kernels)
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
        return measured.r2 is not None and measured.r2 > THRESHOLDS.known_share
    guessed = 1 / max(_outputs(model), 2)
    return measured.accuracy > guessed + THRESHOLDS.known_share * (1 - guessed)


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
