"""Plain arrays by content."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader.errors import BrokenError, StoreError
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


@pytest.mark.parametrize("change", [lambda raw: raw[:-5], lambda raw: raw[:-1] + b"\x07", lambda _: b""])
def test_a_broken_array_is_noticed_and_made_whole(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    """Cut off or changed: what it holds is compared with its name, and storing it again mends it."""
    store = ArrayStore(tmp_path)
    name = store.put(np.arange(3))
    path = tmp_path / f"{name}.npy"
    path.write_bytes(change(path.read_bytes()))
    assert store.broken([name]) == {name}
    with pytest.raises(BrokenError, match="not a stored array"):
        store.get(name)
    assert store.met_broken
    store.put(np.arange(3))
    assert (store.broken([name]), store.get(name).tolist()) == (frozenset(), [0, 1, 2])


def test_an_array_that_is_cut_off_or_lost_is_noticed_unread(tmp_path: Path) -> None:
    """By the sizes that were noted when it was stored."""
    store = ArrayStore(tmp_path)
    sizes = store.sizes([store.put(np.arange(3)), "of nothing that is here"])
    assert len(sizes) == 1
    assert store.have_sizes(sizes)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert not store.have_sizes(sizes)
    path.unlink()
    assert not store.have_sizes(sizes)


def test_a_broken_array_is_taken_over_anew(tmp_path: Path) -> None:
    """What a power cut left of it does not stand for the whole one."""
    source, store = ArrayStore(tmp_path / "source"), ArrayStore(tmp_path / "own")
    ref = source.put(np.arange(3))
    store.put(np.arange(4))
    (store.folder / f"{ref}.npy").write_bytes(b"")
    store.take([ref], source)
    assert store.broken([ref]) == frozenset()


def test_what_nothing_refers_to_is_removed(tmp_path: Path) -> None:
    """And nothing else."""
    store = ArrayStore(tmp_path)
    kept, other = store.put(np.arange(3)), store.put(np.arange(4))
    size = (tmp_path / f"{other}.npy").stat().st_size
    assert store.keep_only({kept}) == size
    assert store.names() == {kept}
