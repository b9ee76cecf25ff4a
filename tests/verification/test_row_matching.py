"""Recorded rows are recognised as a data set's own, whatever was done to them and to their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from verification import TEST, TRAIN, Array, Recorded, data_set, pictures

from grader.records import ArraySummary
from grader.verification.row_matching import KnownRows, Recognised, recognise

IMAGES = pictures()["x_train"]
ORDER = np.random.default_rng(1).permutation(TRAIN)
SOME = ORDER[: TRAIN * 4 // 5]


def _standardised(images: Array) -> Array:
    flat, every = images.reshape(len(images), -1).astype(np.float64), IMAGES.reshape(TRAIN, -1).astype(np.float64)
    spread = every.std(axis=0)
    return (flat - every.mean(axis=0)) / np.where(spread == 0, 1, spread)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownRows:
    return KnownRows.of_file(data_set(tmp_path_factory.mktemp("data")).files[0])


def _recognised(known: KnownRows, array: Array, folder: Path) -> Recognised | None:
    recorded = Recorded(folder)
    # Small arrays are stored whole; here each is treated as one that was too large for that.
    summary = recorded.summary(array)
    head = recorded.array(array[:64])
    return recognise(summary.model_copy(update={"whole": None, "head": head}), known, read=recorded.arrays.get)


FORMS: dict[str, tuple[Callable[[Array], Array], Array]] = {
    "as loaded": (lambda u: u, np.arange(TRAIN)),
    "first rows": (lambda u: u / 255, np.arange(200)),
    "last rows": (lambda u: (u / 255).reshape(-1, 784), np.arange(250, TRAIN)),
    "test part": (lambda u: u / 127.5 - 1, np.arange(TRAIN, TRAIN + TEST)),
    "both parts": (lambda u: (u / 255).astype(np.float32), np.arange(TRAIN + TEST)),
    "shuffled": (lambda u: (u / 255).astype(np.float32), ORDER),
    "shuffled and cut": (lambda u: (u / 255).astype(np.float16), SOME),
    "shuffled, padded, three channels": (
        lambda u: np.stack([np.pad(u / 255, ((0, 0), (2, 2), (2, 2)))] * 3, -1),
        ORDER,
    ),
    "shuffled and inverted": (lambda u: 1 - u / 255, ORDER),
    "each feature standardised": (_standardised, np.arange(TRAIN)),
    "shuffled, each feature standardised": (_standardised, ORDER),
    "each twice": (lambda u: u / 255, np.repeat(ORDER[:80], 2)),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_recognised(known: KnownRows, tmp_path: Path, form: str) -> None:
    """Every row has the number of the row that it was made of."""
    prepare, ids = FORMS[form]
    found = _recognised(known, prepare(known.rows[ids]), tmp_path)
    assert found is not None
    assert found.ids is not None
    sure = found.ids >= 0
    assert sure.mean() > 0.97
    np.testing.assert_array_equal(found.ids[sure], ids[sure])


def test_map_is_known_where_some_rows_are_not(known: KnownRows, tmp_path: Path) -> None:
    """Rows that were turned and added spoil the list of rows, but not the map."""
    turned = np.concatenate([IMAGES, np.roll(IMAGES, 2, axis=2)]) / 255
    found = _recognised(known, turned, tmp_path)
    assert found is not None
    assert found.ids is None
    assert float(found.transform.scale) == 1 / 255


STRANGE: dict[str, Array] = {
    "points": np.random.default_rng(0).normal(size=(500, 2)),
    "noise": np.random.default_rng(0).normal(size=(100, 784)),
    "noisy pictures": IMAGES / 255 + np.random.default_rng(0).normal(size=IMAGES.shape) / 10,
    "not finite": IMAGES * np.nan,
    "blank": np.zeros((80, 784)),
    "one number": np.array([3.0]),
    "complex": IMAGES * 1j,
}


@pytest.mark.parametrize("array", STRANGE.values(), ids=STRANGE)
def test_other_rows_are_not(known: KnownRows, tmp_path: Path, array: Array) -> None:
    """What is none of the data set's has no map."""
    assert _recognised(known, array, tmp_path) is None


FORGED = (
    ArraySummary(),
    ArraySummary(shape=(300, 784), head="0" * 64),
    ArraySummary(shape=(10**12, 28, 28)),
    ArraySummary(kind="generator"),
)


@pytest.mark.parametrize("summary", FORGED)
def test_summaries_that_lie_are_not_recognised(known: KnownRows, tmp_path: Path, summary: ArraySummary) -> None:
    """Arrays that are missing, shapes that are none: nothing is recognised, and nothing raises."""
    assert recognise(summary, known, read=Recorded(tmp_path).arrays.get) is None


def test_hashes_of_another_number_of_rows_count_for_nothing(known: KnownRows, tmp_path: Path) -> None:
    """The shape says more rows than there are hashes: the map stands, the rows are unknown."""
    recorded = Recorded(tmp_path)
    summary = recorded.summary(IMAGES / 255).model_copy(update={"shape": (TRAIN + 5, 28, 28)})
    found = recognise(summary, known, read=recorded.arrays.get)
    assert found is not None
    assert found.ids is None
