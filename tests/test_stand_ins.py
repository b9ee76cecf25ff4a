"""Stand-ins: a sample's rows repeated to the original's shape, so that no part holds rows of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.datasets import ORIGINALS, DataSets, load, resolve
from grader.stand_ins import at_full_size, full_size_names, stand_in


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache of this machine plays a part."""
    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def small(rows: int = 10, test: int = 4) -> dict[str, np.ndarray]:
    return {
        "x_train": np.arange(rows)[:, None],
        "y_train": np.arange(rows) % 10,
        "x_test": 100 + np.arange(test)[:, None],
        "y_test": np.arange(test),
    }


def test_the_sample_of_mnist_gets_the_originals_shape(tmp_path: Path) -> None:
    """Sixty thousand and ten thousand rows, under a fingerprint of their own."""
    sample = resolve("sample")
    made = at_full_size(sample, folder=tmp_path)
    (file,) = made.files
    assert (made.choice, made.kind, file.name, file.stand_in, file.sample) == (
        "stand-in", "full", "mnist", True, False
    )  # fmt: skip
    content = load(file)
    assert (content["x_train"].shape, content["y_test"].shape) == ((60_000, 28, 28), (10_000,))
    assert file.fingerprint != sample.files[0].fingerprint
    assert (file.train_rows, file.test_rows) == ORIGINALS["mnist"][1:]


def test_a_stand_in_is_made_once_and_always_the_same(tmp_path: Path) -> None:
    """What is there is not written again."""
    (first,) = at_full_size(resolve("sample"), folder=tmp_path).files
    written = first.path.stat().st_mtime_ns
    (second,) = at_full_size(resolve("sample"), folder=tmp_path).files
    assert (second, second.path.stat().st_mtime_ns) == (first, written)


@pytest.mark.parametrize("held_out", [1, 15, 30, 50])
def test_a_validation_part_cut_off_the_end_holds_no_training_row(held_out: int) -> None:
    """Up to the last fifth, but for the row at the cut."""
    rows = stand_in(small(), train_rows=250, test_rows=9)["x_train"][:, 0]
    shared = set(rows[:-held_out]) & set(rows[-held_out:])
    assert len(shared) <= 1
    assert set(rows) == set(range(10))


def test_test_rows_are_copies_of_test_rows_with_their_labels() -> None:
    """And training rows of training rows."""
    made = stand_in(small(), train_rows=25, test_rows=9)
    assert set(made["x_test"][:, 0]) == {100, 101, 102, 103}
    assert (made["x_test"][:, 0] - 100 == made["y_test"]).all()
    assert (made["x_train"][:, 0] == made["y_train"]).all()


@pytest.mark.parametrize(("rows", "wanted"), [(10, 10), (10, 7), (1, 5), (2, 3)])
def test_a_part_of_any_size_is_filled(rows: int, wanted: int) -> None:
    """One that has enough rows stays as it is."""
    made = stand_in(small(rows), train_rows=wanted, test_rows=4)["x_train"][:, 0]
    assert len(made) == max(rows, wanted)
    assert (made[:1] == 0).all()


def test_what_stands_for_a_data_set_is_known_before_it_is_made() -> None:
    """A stand-in by the sample that it is made of."""
    sample = resolve("sample")
    assert full_size_names(sample) == {"mnist": f"stand-in of {sample.files[0].fingerprint}"}


def test_a_data_set_that_is_no_sample_stays(tmp_path: Path) -> None:
    """A file of the tutor's own has no original."""
    own = tmp_path / "own.npz"
    np.savez(own, **small())
    given = resolve(str(own))
    assert at_full_size(given, folder=tmp_path) == DataSets(choice="full", files=given.files)
    assert full_size_names(given) == {"own": given.files[0].fingerprint}
