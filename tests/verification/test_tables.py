"""Rows of scikit-learn's tables are known however they are split and scaled, and what a model never saw is its test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from verification import Recorded

from grader.verification.tables import TABLES, recognise_by_feature, table_of, tables_named_in

SCALERS = {"plain": None, "standard": StandardScaler(), "unit": MinMaxScaler(), "robust": RobustScaler()}


def _parts(name: str, scaler: str, *, share: float = 0.2) -> tuple[npt.NDArray[np.float64], ...]:
    """A table's rows in any order, cut in two, and scaled by the first part."""
    rows = table_of(name).rows
    order = np.random.default_rng(4).permutation(len(rows))
    cut = int(len(rows) * (1 - share))
    kept, held = rows[order[:cut]], rows[order[cut:]]
    made = SCALERS[scaler]
    if made is not None:
        kept = made.fit_transform(kept)
        held = made.transform(held)
    return order[:cut], kept, order[cut:], held


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("name", ["diabetes", "wine", "breast_cancer"])
def test_rows_are_recognised_in_any_order_and_scaling(name: str, scaler: str, tmp_path: Path) -> None:
    """One by one, with the map that makes the test rows too."""
    recorded, table = Recorded(tmp_path), table_of(name)
    numbers, kept, others, held = _parts(name, scaler)
    found = recognise_by_feature(recorded.summary(kept.astype(np.float32)), table, read=recorded.arrays.get)
    assert found is not None
    assert found.ids is not None
    assert found.ids.tolist() == numbers.tolist()
    np.testing.assert_allclose(found.transform.apply(table.rows[others]), held, rtol=1e-4, atol=1e-5)
    assert table.never_in([found.ids]).tolist() == sorted(others.tolist())


def test_a_few_rows_are_known_by_the_map_of_others(tmp_path: Path) -> None:
    """A validation part of ten rows tells no scale of its own."""
    recorded, table = Recorded(tmp_path), table_of("diabetes")
    _, kept, others, held = _parts("diabetes", "standard")
    found = recognise_by_feature(recorded.summary(kept), table, read=recorded.arrays.get)
    assert found is not None
    few = recorded.summary(held[:10])
    assert recognise_by_feature(few, table, read=recorded.arrays.get) is None
    known = recognise_by_feature(few, table, read=recorded.arrays.get, transforms=[found.transform])
    assert known is not None
    assert known.ids is not None
    assert known.ids.tolist() == others[:10].tolist()


def test_chosen_and_swapped_features_are_recognised(tmp_path: Path) -> None:
    """A student may drop columns of the table and sort the others."""
    recorded, table = Recorded(tmp_path), table_of("diabetes")
    found = recognise_by_feature(recorded.summary(table.rows[:, [8, 2, 3]] * 0.5), table, read=recorded.arrays.get)
    assert found is not None
    assert np.asarray(found.transform.source).tolist() == [8, 2, 3]


@pytest.mark.parametrize("change", ["one value", "noise", "squares"])
def test_other_rows_are_none_of_the_table(change: str, tmp_path: Path) -> None:
    """One row that is not the table's, and nothing is known."""
    recorded, table = Recorded(tmp_path), table_of("diabetes")
    rows = table.rows.copy()
    if change == "one value":
        rows[7, 5] += 1.37
    rows = {"one value": rows, "noise": rows + np.random.default_rng(0).normal(size=rows.shape), "squares": rows**2}[
        change
    ]
    assert recognise_by_feature(recorded.summary(rows), table, read=recorded.arrays.get) is None


def test_equal_rows_of_a_table_count_as_often_as_it_has_them() -> None:
    """Of a row that stands twice in the table, one in the training leaves one for the test."""
    table = table_of("iris")
    firsts, before = table.duplicates
    again = int(np.flatnonzero(before)[0])
    first = int(firsts[again])
    assert again in table.never_in([np.array([first])])
    assert again not in table.never_in([np.array([first, first])])


def test_only_tables_that_a_notebook_names_are_looked_at() -> None:
    """Most notebooks name none, and scikit-learn is not even loaded for them."""
    assert tables_named_in(["from sklearn.datasets import load_diabetes", "X, y = load_wine()"]) == TABLES[:2]
    assert tables_named_in(["(x, y), _ = keras.datasets.mnist.load_data()"]) == ()
