"""Rules that find models that know the test rows, however they learned them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from grader.integrity.findings import Finding, finding_of, is_mislabelled, place_of
from grader.integrity.thresholds import THRESHOLDS
from grader.judging.thresholds import THRESHOLDS as JUDGING
from grader.judging.views import SectionView, SubmissionView
from grader.records import FitRecord, Measurement
from grader.training.rows_of_fits import test_rows_in

_DENSE = frozenset({"Dense", "BatchNormalization", "LayerNormalization", "PReLU"})
"""The layers with weights that a dense network may have. Convolutions may well beat a dense reference."""


def memorised_test_set(submission: SubmissionView) -> Iterator[Finding]:
    """A model is far better on the test rows than on the validation rows, neither of which it should have seen."""
    for fit in submission.evidence.fits:
        test = submission.measurements.find(fit.model, weights=fit.weights_after, probe="test")
        validation = submission.measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if test is None or validation is None or test.accuracy is None or validation.accuracy is None:
            continue
        if submission.on_stand_in(fit.model):
            # Chance is larger there: of each row there are many copies.
            continue
        if validation.data_set is None or is_mislabelled(validation) or _is_one_sided(fit):
            continue
        gap, held = test.accuracy - validation.accuracy, _spread(validation)
        moved = submission.measurements.find(fit.model, weights=fit.weights_after, probe="test_shifted")
        favoured = (
            gap > THRESHOLDS.favoured * math.hypot(held, _spread(test))
            and _harder(moved, test=test) > THRESHOLDS.favoured
        )
        if gap > THRESHOLDS.memorised_margin + 4 * held or favoured:
            text = f"on the test set and {validation.accuracy:.4f} on its validation set"
            if favoured and moved is not None:
                text += f" (and {moved.accuracy:.4f} where the test images are moved by one pixel)"
            yield _knows_test_set("memorised_test_set", fit, test=test, text=text)


def fails_on_shifted_test_set(submission: SubmissionView) -> Iterator[Finding]:
    """A model makes many times as many errors on the test images once they are moved by one pixel."""
    for fit in submission.evidence.fits:
        test = submission.measurements.find(fit.model, weights=fit.weights_after, probe="test")
        moved = submission.measurements.find(fit.model, weights=fit.weights_after, probe="test_shifted")
        if test is None or moved is None or test.accuracy is None or moved.accuracy is None or not test.rows:
            continue
        if submission.on_stand_in(fit.model):
            continue
        most_errors = 1 - test.accuracy + 3 * _spread(test) + 3 / test.rows
        if 1 - moved.accuracy > THRESHOLDS.harder_when_moved * most_errors:
            text = f"on the test set and {moved.accuracy:.4f} where its images are moved by one pixel"
            yield _knows_test_set("fails_on_shifted_test_set", fit, test=test, text=text)


def better_than_reference(submission: SubmissionView) -> Iterator[Finding]:
    """A dense network is far more accurate on the test set than the reference's runs."""
    fits = {fit.id: fit for fit in submission.evidence.fits}
    reported: set[str] = set()
    for section in submission.matching:
        here = submission.section(section)
        test = here.measurement("test")
        runs = (
            () if submission.calibration is None else submission.calibration.figures.get(f"{section}.test_accuracy", ())
        )
        fit = fits.get(test.fit or "") if test is not None else None
        if (
            test is None
            or fit is None
            or fit.id in reported
            or test.accuracy is None
            or len(runs) < JUDGING.fewest_runs
            or submission.on_stand_in(fit.model)
        ):
            continue
        mean = statistics.fmean(runs)
        spread = math.hypot(statistics.stdev(runs), math.sqrt(mean * (1 - mean) / max(test.rows, 1)))
        is_far = (
            test.accuracy > mean + THRESHOLDS.far_above * spread
            and 1 - test.accuracy < THRESHOLDS.fewer_errors * (1 - mean)
        )
        if is_far and _is_dense(here):
            reported.add(fit.id)
            text = f"on the test set; the reference scores {mean:.4f} there"
            yield _knows_test_set("better_than_reference", fit, test=test, text=text)


def test_rows_in_training(submission: SubmissionView) -> Iterator[Finding]:
    """Test rows are among those that a model was trained on."""
    for fit in submission.evidence.fits:
        share = test_rows_in(submission, fit.x)
        if share is not None and share > THRESHOLDS.test_rows_share:
            yield finding_of(
                fit,
                rule="test_rows_in_training",
                text=f"{100 * share:.0f} % of the test rows are among those that {place_of(fit)} trained on.",
            )


def _spread(measured: Measurement) -> float:
    """Standard deviation of an accuracy by the number of its rows."""
    share = measured.accuracy or 0.0
    return math.sqrt(share * (1 - share) / max(measured.rows, 1))


def _harder(moved: Measurement | None, *, test: Measurement) -> float:
    """How many times as many errors the moved test images cause, at least; 0 where that is unknown."""
    if moved is None or moved.accuracy is None or test.accuracy is None:
        return 0.0
    return (1 - moved.accuracy) / (1 - test.accuracy + 1 / max(test.rows, 1))


def _knows_test_set(rule: str, fit: FitRecord, *, test: Measurement, text: str) -> Finding:
    scores = f"The model of {place_of(fit)} scores {test.accuracy:.4f} {text}"
    return finding_of(fit, rule=rule, text=f"{scores}: it may have seen the test set.")


def _is_dense(section: SectionView) -> bool:
    model = section.model
    return model is not None and {layer.class_name for layer in model.layers if layer.parameters} <= _DENSE


def _is_one_sided(fit: FitRecord) -> bool:
    """Whether the validation part lacks a class of the training part."""
    trained = set((fit.y.class_counts if fit.y is not None else None) or ())
    held = fit.validation.y if fit.validation is not None else None
    return bool(trained - set((held.class_counts if held is not None else None) or ()))
