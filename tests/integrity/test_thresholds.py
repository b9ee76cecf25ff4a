"""Each threshold of the integrity rules at its boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import (
    MemoryStore,
    dense,
    falling,
    images,
    make_evaluation,
    make_evidence,
    make_fit,
    make_measurement,
    make_model,
    make_view,
    row_hashes,
)

from grader.integrity import claims, initial_weights, leaks, origins
from grader.judging.views import SubmissionView
from grader.records import Measurement, ModelRecord, NamedArray

MODEL = make_model(dense(40, "relu"), dense(10, "softmax"), inputs=(50,), id="m1")
CHANCE = np.random.default_rng(7)


def submission(
    *measured: Measurement, store: MemoryStore | None = None, model: ModelRecord = MODEL, **evidence: Any
) -> SubmissionView:
    made = make_evidence(**{"models": (model,), "fits": (make_fit(),), **evidence})
    return make_view(made, measured=measured, store=store).submission


def count(rule: Any, view: SubmissionView) -> int:
    return len(list(rule(view)))


@pytest.mark.parametrize(("claimed", "found"), [(0.9149, 0), (0.9151, 1)])
def test_a_claimed_accuracy_may_be_half_a_point_too_high(claimed: float, found: int) -> None:
    """Rounding may turn some rows."""
    store = MemoryStore()
    train, test = np.arange(4000.0)[:, None], -np.arange(1.0, 1001.0)[:, None]
    given, held = (images(len(rows), shape=(1,), row_hashes=store.put(row_hashes(rows))) for rows in (train, test))
    arrays = tuple(NamedArray(seq=1, cell=0, name="a", array=array) for array in (given, held))
    parts = {"arrays": arrays, "evaluations": (make_evaluation(accuracy=claimed, x=held),)}
    view = submission(make_measurement(accuracy=0.91), store=store, fits=(make_fit(x=given),), **parts)
    assert count(claims.evaluation_contradicts_model, view) == found


@pytest.mark.parametrize(
    ("claimed", "measured", "found"), [(0.5, 1.49, 0), (0.5, 1.51, 1), (0.1, 0.39, 0), (0.1, 0.41, 1)]
)
def test_last_weights_may_be_three_times_and_three_tenths_worse(claimed: float, measured: float, *, found: int) -> None:
    """Both together: a step that went too far does as much."""
    fit = make_fit(history={"loss": (2.0, claimed)}, epochs=2)
    view = submission(make_measurement("train", rows=3600, loss=measured), fits=(fit,))
    assert count(claims.learned_less_than_claimed, view) == found


@pytest.mark.parametrize(("accuracy", "found"), [(0.645, 0), (0.635, 1)])
def test_validation_on_unknown_rows_may_be_three_tenths_better(accuracy: float, found: int) -> None:
    """They may be easier rows."""
    fit = make_fit(history={"loss": falling(10), "val_accuracy": (*falling(9), 0.94)})
    assert (
        count(claims.accuracy_contradicts_model, submission(make_measurement(accuracy=accuracy), fits=(fit,))) == found
    )


def turned(kernel: np.ndarray, cosine: float) -> np.ndarray:
    """A kernel of the same length with that cosine to the first."""
    flat = kernel.ravel()
    other = CHANCE.normal(size=flat.shape)
    other -= flat * (other @ flat) / (flat @ flat)
    other *= np.linalg.norm(flat) / np.linalg.norm(other)
    return (cosine * flat + np.sqrt(1 - cosine**2) * other).reshape(kernel.shape)


def trained(before: list[np.ndarray], after: list[np.ndarray], *measured: Measurement, **fields: Any) -> SubmissionView:
    store = MemoryStore()
    weights = {name: tuple(map(store.put, state)) for name, state in (("w0", before), ("w1", after))}
    fits = (make_fit(weights_before="w0", weights_after="w1"),)
    return submission(*measured, store=store, fits=fits, weights=weights, **fields)


@pytest.mark.parametrize(("cosine", "asked"), [(0.29, 1), (0.31, 0)])
def test_a_training_is_repeated_that_leaves_less_than_three_tenths(cosine: float, asked: int) -> None:
    """Of the first kernels, as a cosine."""
    kernel = CHANCE.normal(size=(50, 40))
    view = trained([kernel], [turned(kernel, cosine)], make_measurement(accuracy=0.9))
    assert count(initial_weights.far_from_initial_weights, view) == asked


@pytest.mark.parametrize(("spreads", "found"), [(3.9, 1), (4.1, 0)])
def test_kernels_are_unrelated_below_four_standard_deviations(spreads: float, found: int) -> None:
    """Of the cosine between kernels of that size."""
    kernel = CHANCE.normal(size=(50, 40))
    view = trained([kernel], [turned(kernel, spreads / np.sqrt(kernel.size))], make_measurement(accuracy=0.9))
    assert count(initial_weights.unrelated_to_initial_weights, view) == found


@pytest.mark.parametrize(("shape", "found"), [((27, 37), 0), ((25, 40), 1)])
def test_a_kernel_of_a_thousand_values_says_enough(shape: tuple[int, int], found: int) -> None:
    """Of 999 it may be chance."""
    kernel = CHANCE.normal(size=shape)
    view = trained([kernel], [turned(kernel, 0.0)], make_measurement(accuracy=0.9))
    assert count(initial_weights.unrelated_to_initial_weights, view) == found


@pytest.mark.parametrize(("way", "found"), [(0.019, 1), (0.021, 0)])
def test_weights_that_moved_by_a_fiftieth_did_not_stand_still(way: float, found: int) -> None:
    """Of the length of the kernel."""
    kernel = CHANCE.normal(size=(50, 40))
    view = trained([kernel], [kernel * (1 + way)], make_measurement(weights="w1", accuracy=0.9))
    assert count(initial_weights.accurate_before_training, view) == found


@pytest.mark.parametrize(("classes", "accuracy", "found"), [(3, 1.0, 0), (4, 1.0, 1), (10, 0.54, 0), (10, 0.56, 1)])
def test_who_is_halfway_from_guessing_among_four_classes_has_learned(
    classes: int, accuracy: float, *, found: int
) -> None:
    """Fewer classes may be told apart by chance."""
    kernel = CHANCE.normal(size=(50, classes))
    model = make_model(dense(classes, "softmax"), inputs=(50,), id="m1")
    known = make_measurement(weights="w0", accuracy=accuracy)
    view = trained([kernel], [kernel + 1], known, model=model)
    assert count(initial_weights.accurate_before_training, view) == found


@pytest.mark.parametrize(("above", "found"), [(0.049, 0), (0.051, 1)])
def test_a_test_accuracy_may_be_five_points_above_the_validation_accuracy(above: float, found: int) -> None:
    """Beside four standard deviations of the latter."""
    spread = np.sqrt(0.6 * 0.4 / 400)
    validation = make_measurement("validation", rows=400, accuracy=0.6)
    view = submission(validation, make_measurement(accuracy=0.6 + 4 * spread + above))
    assert count(leaks.memorised_test_set, view) == found


@pytest.mark.parametrize(("shared", "found"), [(10, 0), (12, 1)])
def test_one_in_a_hundred_test_rows_may_be_in_a_training(shared: int, found: int) -> None:
    """Data sets hold a few rows twice."""
    store = MemoryStore()
    train, test = np.arange(4000.0)[:, None], -np.arange(1.0, 1001.0)[:, None]
    loaded, held = (images(len(rows), shape=(1,), row_hashes=store.put(row_hashes(rows))) for rows in (train, test))
    arrays = tuple(NamedArray(seq=1, cell=0, name="a", array=array) for array in (loaded, held))
    mixed = np.concatenate([train[shared:], test[:shared]])
    given = images(4000, shape=(1,), row_hashes=store.put(row_hashes(mixed)))
    view = submission(store=store, fits=(make_fit(x=given),), arrays=arrays)
    assert count(leaks.test_rows_in_training, view) == found


@pytest.mark.parametrize(("way", "is_near"), [(0.09, True), (0.11, False)])
def test_weights_a_tenth_of_the_way_from_anothers_are_the_others(way: float, is_near: bool) -> None:
    """Trainings of their own end further apart."""
    store = MemoryStore()
    states = {"w0": np.zeros((1, 2)), "w1": np.array([[1.0, 0.0]]), "w2": np.array([[1.0, way]])}
    weights = {name: (store.put(state),) for name, state in states.items()}
    source, fit = (make_fit(id=f"f{n}", weights_before="w0", weights_after=f"w{n}") for n in (1, 2))
    view = submission(store=store, fits=(source, fit), weights=weights)
    # What it went is a little longer than the way of the first.
    assert origins._has_weights_of(fit, source, submission=view) is is_near


@pytest.mark.parametrize(("beyond", "made"), [(0.9e-6, True), (1.1e-6, False)])
def test_an_average_may_be_a_millionth_outside_of_what_it_is_made_of(beyond: float, made: bool) -> None:
    """Rounding of float32 puts it there."""
    store = MemoryStore()
    states = {"w0": np.zeros((1, 2)), "w1": np.ones((1, 2)), "w2": np.full((1, 2), 1 + beyond)}
    weights = {name: (store.put(state),) for name, state in states.items()}
    fit = make_fit(weights_before="w0", weights_after="w1")
    known = origins.KnownStates(submission(store=store, fits=(fit,), weights=weights))
    known.learn(fit)
    assert known.include("w2") is made
