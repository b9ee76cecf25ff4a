"""Plain arrays by content."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from grader.errors import StoreError
from grader.store import ArrayStore


def test_an_equal_array_is_stored_once(tmp_path: Path) -> None:
    """Arrays are named by their content."""
    store = ArrayStore(tmp_path)
    first, second = store.put(np.arange(3)), store.put(np.arange(3))
    assert first == second
    assert len(list(tmp_path.iterdir())) == 1
    assert store.get(first).tolist() == [0, 1, 2]


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    """Nothing of a submission is ever unpickled."""
    (tmp_path / f"{'a' * 64}.npy").write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(StoreError, match="not a stored array"):
        ArrayStore(tmp_path).get("a" * 64)
