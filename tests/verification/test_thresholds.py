"""Thresholds of the verification at their boundaries, where no test of a module holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from verification import Recorded

from grader.verification.guest.input_transform import InputTransform
from grader.verification.tables import _by_transform, _Line, _lines, recognise_by_feature, table_of

TABLE = table_of("diabetes")


@pytest.mark.parametrize(("rows", "is_known"), [(19, False), (20, True)])
def test_twenty_different_rows_tell_a_table(rows: int, is_known: bool, tmp_path: Path) -> None:
    """Fewer are like some part of it by chance."""
    recorded = Recorded(tmp_path)
    found = recognise_by_feature(recorded.summary(TABLE.rows[:rows]), TABLE, read=recorded.arrays.get)
    assert (found is not None) is is_known


@pytest.mark.parametrize(("cut", "is_known"), [(39, True), (40, False)])
def test_a_part_has_one_of_the_forty_lowest_values_of_a_feature(cut: int, is_known: bool) -> None:
    """And of the highest ones: the line through both is tried."""
    source = int(np.argmax([len(values) for values in TABLE.values]))
    part = TABLE.values[source][cut:] * 0.5
    assert any(line.is_identity or abs(line.scale - 0.5) < 1e-9 for line in _lines(part, source, TABLE)) is is_known


def test_a_feature_that_was_left_as_it_is_has_a_scale_of_1() -> None:
    """Up to a millionth, and an offset of 0 likewise."""
    assert [_Line(0, 1 + off, 0.0).is_identity for off in (0.9e-6, 1.1e-6)] == [True, False]
    assert [_Line(0, 1.0, off).is_identity for off in (0.9e-6, 1.1e-6)] == [True, False]


@pytest.mark.parametrize(("roundings", "is_row"), [(15.5, True), (16.5, False)])
def test_a_value_may_be_sixteen_roundings_off(roundings: float, is_row: bool) -> None:
    """Of the largest value of its feature."""
    width = TABLE.rows.shape[1]
    transform = InputTransform(
        (width,), scale=np.ones(width), offset=np.zeros(width), source=np.arange(width), dtype="float64"
    )
    rows = TABLE.rows[:30].copy()
    rows[0, 0] += roundings * float(np.finfo(np.float32).eps) * np.abs(TABLE.rows).max()
    assert (_by_transform(rows, TABLE, transform) is not None) is is_row
