"""Every trained state is asked about the parts of its data that can be known, and what cannot is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from verification import TEST, TRAIN, Array, Recorded, data_set, pictures

from grader.datasets import DataSets, resolve
from grader.records import ArraySummary, CellRun, ValidationRecord
from grader.verification.probes import REGION_SIDE, Plan, Probe, make_plan
from grader.verification.tables import table_of

DIGITS = pictures()
X, Y = DIGITS["x_train"] / 255, DIGITS["y_train"]
X_TEST, Y_TEST = DIGITS["x_test"] / 255, DIGITS["y_test"]
POINTS = np.random.default_rng(0).uniform(-1, 2, (400, 2))
SIDES = (POINTS.sum(axis=1) > 1).astype(float)
WEIGHTS = [np.ones((3, 4), np.float32)]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSets:
    return data_set(tmp_path_factory.mktemp("data"))


def _planned(recorded: Recorded, digits: DataSets) -> Plan:
    return make_plan(recorded.evidence(digits), data_sets=digits, read=recorded.arrays.get)


def _only(made: Plan) -> dict[str, Probe]:
    ((_, probes),) = made.states
    return {probe.name: probe for probe in probes}


def test_a_fit_on_the_data_set_is_asked_about_all_parts(digits: DataSets, tmp_path: Path) -> None:
    """The test part first, so that a death on the way keeps what counts most."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS), x=X[:270], y=Y[:270], held_out=(X[270:], Y[270:]))
    probes = _only(_planned(recorded, digits))
    assert list(probes) == ["test", "train", "validation", "test_shifted"]
    assert [probe.input.rows for probe in probes.values()] == [TEST, 270, 30, TEST]
    assert {probe.data_set for probe in probes.values()} == {"mnist"}


def test_rows_of_the_fit_are_its_own(digits: DataSets, tmp_path: Path) -> None:
    """A random split of the training part is asked about as it was made."""
    recorded = Recorded(tmp_path)
    order = np.random.default_rng(3).permutation(TRAIN)
    kept, held = order[:200], order[200:]
    recorded.fit(recorded.model(WEIGHTS), x=X[kept], y=Y[kept], held_out=(X[held], Y[held]))
    probes = _only(_planned(recorded, digits))
    assert probes["train"].input.ids is not None
    assert probes["train"].input.ids.tolist() == kept.tolist()
    assert probes["validation"].input.ids is not None
    assert probes["validation"].input.ids.tolist() == held.tolist()


def test_a_loop_is_asked_about_what_it_left_of_the_training_part(digits: DataSets, tmp_path: Path) -> None:
    """It shows no validation rows; a fit without any held out none."""
    recorded = Recorded(tmp_path)
    model, digest = recorded.model(WEIGHTS)
    recorded.fit((model, digest), x=X[30:], y=Y[30:], kind="loop")
    recorded.fit((model, recorded.state([WEIGHTS[0] * 2])), x=X[30:], y=Y[30:])
    recorded.fit((model, recorded.state([WEIGHTS[0] * 3])), x=X, y=Y, kind="loop")
    made = {
        state.weights: {probe.name: probe for probe in probes} for state, probes in _planned(recorded, digits).states
    }
    (held,) = [probes["validation"] for probes in made.values() if "validation" in probes]
    assert held is made[digest]["validation"]
    assert held.input.ids is not None
    assert held.input.ids.tolist() == list(range(30))


def test_test_rows_used_for_validation_are_recognised(digits: DataSets, tmp_path: Path) -> None:
    """Validation data may be the test part."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS), x=X, y=Y, held_out=(X_TEST, Y_TEST))
    ids = _only(_planned(recorded, digits))["validation"].input.ids
    assert ids is not None
    assert ids.tolist() == list(range(TRAIN, TRAIN + TEST))


def test_points_are_asked_about_as_they_were_stored(digits: DataSets, tmp_path: Path) -> None:
    """Data of no data set: its own parts, and a grid over the rectangle of them."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS), x=POINTS[:300], y=SIDES[:300], held_out=(POINTS[300:], SIDES[300:]))
    probes = _only(_planned(recorded, digits))
    assert list(probes) == ["train", "validation", "region"]
    region = probes["region"].input.array
    assert region is not None
    assert region.shape == (REGION_SIDE**2, 2)
    np.testing.assert_allclose(region.min(axis=0), POINTS.min(axis=0), rtol=1e-6)
    np.testing.assert_allclose(region.max(axis=0), POINTS.max(axis=0), rtol=1e-6)


def test_data_that_nobody_holds_is_said_to_be_unverifiable(digits: DataSets, tmp_path: Path) -> None:
    """Too large to be stored whole, and of no known data set."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS), x=np.random.default_rng(0).normal(size=(400, 784)), y=np.zeros(400))
    made = _planned(recorded, digits)
    assert made.states == []
    (unverified,) = made.unverified
    assert unverified.cause == "unverifiable"
    assert "400 rows, is of no known data set" in unverified.why


def test_an_evaluation_shows_the_input_where_the_fit_does_not(digits: DataSets, tmp_path: Path) -> None:
    """Training on turned pictures hides the training rows; the test part is measured all the same."""
    recorded = Recorded(tmp_path)
    state = recorded.model(WEIGHTS)
    noisy = X + np.random.default_rng(0).normal(size=X.shape) / 20
    recorded.fit(state, x=noisy, y=Y)
    recorded.evaluation(state, x=X_TEST, y=Y_TEST)
    made = _planned(recorded, digits)
    assert set(_only(made)) == {"test", "test_shifted"}
    assert [item.model for item in made.unverified] == ["m1"]


def test_each_state_is_asked_once(digits: DataSets, tmp_path: Path) -> None:
    """Two fits that left the same weights are one state, of the last fit; the last state of a model comes first."""
    recorded = Recorded(tmp_path)
    model, early = recorded.model(WEIGHTS)
    late = recorded.state([WEIGHTS[0] * 2])
    for digest in (early, early, late):
        recorded.fit((model, digest), x=POINTS, y=SIDES)
    states = [state for state, _ in _planned(recorded, digits).states]
    assert [(state.weights, state.fit.id if state.fit else None) for state in states] == [(late, "f3"), (early, "f2")]


def test_a_state_that_was_only_evaluated_is_asked_too(digits: DataSets, tmp_path: Path) -> None:
    """Weights that were loaded after the training."""
    recorded = Recorded(tmp_path)
    model, trained = recorded.model(WEIGHTS)
    loaded = recorded.state([WEIGHTS[0] * 3])
    recorded.fit((model, trained), x=X, y=Y)
    recorded.evaluation((model, loaded), x=X_TEST, y=Y_TEST)
    states = _planned(recorded, digits).states
    assert [(state.weights, state.fit is None) for state, _ in states] == [(trained, False), (loaded, True)]
    assert {probe.name for probe in states[1][1]} == {"test", "test_shifted"}


def test_a_model_is_measured_on_input_scaled_as_in_training(digits: DataSets, tmp_path: Path) -> None:
    """Even where the student forgot the scaling in ``evaluate``."""
    recorded = Recorded(tmp_path)
    state = recorded.model(WEIGHTS)
    recorded.fit(state, x=X, y=Y)
    recorded.evaluation(state, x=DIGITS["x_test"], y=Y_TEST)
    ((_, probes),) = _planned(recorded, digits).states
    scales = [float(probe.input.transform.scale) for probe in probes if probe.input.transform is not None]
    assert set(scales) == {1 / 255}
    assert len(scales) == len(probes)


MISSING: dict[str, tuple[dict[str, Any], str]] = {
    "no weights": ({"weights_after": None}, "were not recorded"),
    "weights that never came": ({"weights_after": "ab" * 32}, "were not recorded"),
    "no data": ({"x": ArraySummary(kind="other")}, "could not be read"),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_was_not_recorded_is_said(digits: DataSets, tmp_path: Path, what: str) -> None:
    """A fit with no weights, or with data that nobody could read."""
    fields, why = MISSING[what]
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS), x=X, y=Y)
    recorded.fits[0] = recorded.fits[0].model_copy(update=fields)
    made = _planned(recorded, digits)
    assert made.states == []
    assert why in made.unverified[0].why


def test_several_inputs_are_not_asked(digits: DataSets, tmp_path: Path) -> None:
    """Only models of one input and one output are."""
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS, input_shapes=((2,), (2,))), x=POINTS, y=SIDES)
    made = _planned(recorded, digits)
    assert made.states == []
    assert "several inputs" in made.unverified[0].why


def test_evidence_that_names_what_is_not_there_harms_nothing(digits: DataSets, tmp_path: Path) -> None:
    """A fit of a model that was never recorded, and arrays that are missing."""
    recorded = Recorded(tmp_path)
    state = recorded.model(WEIGHTS)
    recorded.fit(("m9", state[1]), x=POINTS, y=SIDES)
    recorded.fit(state, x=POINTS, y=SIDES)
    broken = recorded.fits[1].x.model_copy(update={"whole": "0" * 64})
    recorded.fits[1] = recorded.fits[1].model_copy(update={"x": broken})
    made = _planned(recorded, digits)
    assert made.states == []
    assert [item.model for item in made.unverified] == ["m1"]


TABLE = table_of("diabetes")
FEATURES = StandardScaler().fit_transform(TABLE.rows)


def _on_table(folder: Path, digits: DataSets, *, progress: Any = TABLE.labels, **fields: Any) -> Plan:
    """A training on the first 300 rows of the table, in a notebook that loads it."""
    recorded = Recorded(folder)
    recorded.fit(recorded.model(WEIGHTS), x=FEATURES[:300], y=progress[:300], loss="mse", metrics=("mae",), **fields)
    cell = CellRun(index=0, kind="code", source="X, y = load_diabetes(return_X_y=True, scaled=False)")
    evidence = recorded.evidence(digits).model_copy(update={"cells": (cell,)})
    return make_plan(evidence, data_sets=digits, read=recorded.arrays.get)


PARTS: dict[str, tuple[dict[str, Any], range]] = {
    "validation": ({"validation": ("data", slice(300, 350))}, range(350, 442)),
    "split": ({"validation": ("split", slice(300, 350))}, range(350, 442)),
    "nothing else": ({}, range(300, 442)),
    "the test rows for validation": ({"validation": ("data", slice(300, 442))}, range(300, 442)),
    "all the others split off": ({"validation": ("split", slice(300, 442))}, range(0)),
}


@pytest.mark.parametrize("what", PARTS)
def test_of_a_table_the_test_part_is_what_was_never_seen(digits: DataSets, tmp_path: Path, what: str) -> None:
    """However the student split it; rows of ``validation_data`` count where nothing else is left."""
    fields, expected = PARTS[what]
    if "validation" in fields:
        source, rows = fields["validation"]
        parts = {"x": FEATURES[rows], "y": TABLE.labels[rows]}
        recorded = Recorded(tmp_path)
        summaries = {name: recorded.summary(part) for name, part in parts.items()}
        fields = {"validation": ValidationRecord(source=source, **summaries)}
    made = _on_table(tmp_path, digits, **fields)
    probes = _only(made)
    ids = probes["test"].input.ids if "test" in probes else np.zeros(0)
    assert ids is not None
    assert ids.tolist() == list(expected)
    assert [item.why.startswith("No row of diabetes") for item in made.unverified] == ([] if expected else [True])


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_tables_targets_are_its_own_in_the_students_units(digits: DataSets, tmp_path: Path, unit: float) -> None:
    """Scaled with the training rows' targets, and known how many of the table's units one of them is."""
    probe = _only(_on_table(tmp_path, digits, progress=(TABLE.labels - 150) / unit))["test"]
    assert probe.labels is not None
    labels = probe.labels(width=1)
    assert labels is not None
    assert labels.unit == pytest.approx(unit)
    assert labels.values is not None
    np.testing.assert_allclose(labels.values[:, 0], (TABLE.labels - 150) / unit, rtol=1e-4)


def test_made_up_targets_of_a_table_are_no_labels(digits: DataSets, tmp_path: Path) -> None:
    """What is not the table's own up to a scale is measured against nothing."""
    probe = _only(_on_table(tmp_path, digits, progress=FEATURES[:, 0] * FEATURES[:, 3]))["test"]
    assert probe.labels is not None
    assert probe.labels(width=1) is None


HELD_OUT: dict[str, tuple[range, range]] = {
    "fit: a part": (range(230, 300), range(300, 442)),
    "fit: of another split": (range(200, 270), range(230, 442)),
    "fit: the whole test part": (range(230, 442), range(230, 442)),
    "evaluation: a part": (range(230, 300), range(300, 442)),
    "evaluation: the whole test part": (range(230, 442), range(230, 442)),
}


@pytest.mark.parametrize("what", HELD_OUT)
def test_a_loops_validation_rows_are_no_test_rows(digits: DataSets, tmp_path: Path, what: str) -> None:
    """A loop names none: what another model validates on, or this one was asked about only while it was trained."""
    held, expected = HELD_OUT[what]
    recorded = Recorded(tmp_path)
    loop, other = recorded.model(WEIGHTS), recorded.model([weight + 1 for weight in WEIGHTS])
    recorded.fit(loop, x=FEATURES[:230], y=TABLE.labels[:230], loss="mse", kind="loop")
    parts = FEATURES[held], TABLE.labels[held]
    if what.startswith("fit"):
        recorded.fit(other, x=FEATURES[:200], y=TABLE.labels[:200], loss="mse", held_out=parts)
    else:
        recorded.evaluation((loop[0], recorded.state([weight / 2 for weight in WEIGHTS])), x=parts[0], y=parts[1])
    cell = CellRun(index=0, kind="code", source="load_diabetes()")
    evidence = recorded.evidence(digits).model_copy(update={"cells": (cell,)})
    made = make_plan(evidence, data_sets=digits, read=recorded.arrays.get)
    probes = {probe.name: probe for state, found in made.states if state.fit is recorded.fits[0] for probe in found}
    assert probes["test"].input.ids is not None
    assert probes["test"].input.ids.tolist() == list(expected)
    assert ("validation" in probes) == (len(expected) < 442 - 230)


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_tables_targets_on_other_rows_are_told_from_its_own(digits: DataSets, tmp_path: Path, unit: float) -> None:
    """Shuffled apart from the features: the model is measured by what the table says of each row."""
    others = TABLE.labels if unit == 1 else TABLE.labels[:300]
    mixed = np.random.default_rng(0).permutation(others) / unit
    probe = _only(_on_table(tmp_path, digits, progress=mixed))["test"]
    assert probe.labels is not None
    labels = probe.labels(width=1)
    assert labels is not None
    assert labels.values is not None
    assert labels.agreement is not None
    assert labels.agreement < 0.1
    np.testing.assert_allclose(labels.values[:, 0], TABLE.labels / unit, rtol=1e-4)


def test_a_handful_of_a_tables_rows_is_known_by_the_scale_of_others(digits: DataSets, tmp_path: Path) -> None:
    """Also where it was trained on before those."""
    recorded = Recorded(tmp_path)
    few, many = recorded.model(WEIGHTS), recorded.model([weight + 1 for weight in WEIGHTS])
    recorded.fit(few, x=FEATURES[:16], y=TABLE.labels[:16], loss="mse")
    recorded.fit(many, x=FEATURES[:300], y=TABLE.labels[:300], loss="mse")
    cell = CellRun(index=0, kind="code", source="load_diabetes()")
    evidence = recorded.evidence(digits).model_copy(update={"cells": (cell,)})
    made = make_plan(evidence, data_sets=digits, read=recorded.arrays.get)
    probes = {probe.name: probe for state, found in made.states if state.fit is recorded.fits[0] for probe in found}
    assert probes["test"].input.rows == 442 - 16


def _served(folder: Path) -> tuple[DataSets, Array, Array]:
    """A regression served like Keras's own, with its inputs and targets, training rows first."""
    random = np.random.default_rng(3)
    rows = np.column_stack([random.normal(6, 1, (150, 11)), random.gamma(2, 3, 150), random.integers(0, 25, 150)])
    prices = (3 * rows[:, 1] - rows[:, 0] + random.normal(0, 1, 150)).round(1)
    parts = {"x_train": rows[:120], "y_train": prices[:120], "x_test": rows[120:], "y_test": prices[120:]}
    folder.mkdir(exist_ok=True)
    np.savez(folder / "boston_housing.npz", **parts)
    return resolve(str(folder)), rows, prices


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("order", ["as served", "shuffled"])
def test_a_served_regression_is_measured_whatever_scales_its_features(tmp_path: Path, order: str, dtype: str) -> None:
    """Standardised by the notebook itself: the test part is the data set's, with its own targets."""
    served, rows, prices = _served(tmp_path / "data")
    scaled = ((rows - rows[:120].mean(axis=0)) / rows[:120].std(axis=0)).astype(dtype)
    ids = np.arange(120) if order == "as served" else np.random.default_rng(1).permutation(120)
    recorded = Recorded(tmp_path)
    recorded.fit(recorded.model(WEIGHTS), x=scaled[ids], y=prices[ids], loss="mse", metrics=())
    made = make_plan(recorded.evidence(served), data_sets=served, read=recorded.arrays.get)
    probes = _only(made)
    assert probes["train"].input.ids is not None
    assert probes["train"].input.ids.tolist() == ids.tolist()
    assert probes["test"].input.rows == 30
    assert probes["test"].labels is not None
    labels = probes["test"].labels(width=1)
    assert labels is not None
    assert labels.unit == pytest.approx(1.0)


def test_each_fold_is_measured_on_its_own_rows(tmp_path: Path) -> None:
    """The scale of one fold's rows is that of the others."""
    served, rows, prices = _served(tmp_path / "data")
    scaled = (rows - rows[:120].mean(axis=0)) / rows[:120].std(axis=0)
    recorded, folds = Recorded(tmp_path), np.array_split(np.arange(120), 4)
    for number, held in enumerate(folds):
        kept = np.setdiff1d(np.arange(120), held)
        model = recorded.model([weight + number for weight in WEIGHTS])
        recorded.fit(model, x=scaled[kept], y=prices[kept], loss="mse", held_out=(scaled[held], prices[held]))
    made = make_plan(recorded.evidence(served), data_sets=served, read=recorded.arrays.get)
    assert len(made.states) == 4
    for (_, probes), held in zip(made.states, folds, strict=True):
        (part,) = [probe for probe in probes if probe.name == "validation"]
        assert part.input.ids is not None
        assert part.input.ids.tolist() == held.tolist()
