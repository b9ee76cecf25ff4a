"""Served data sets honour the arguments of their loaders, or say that they cannot."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.execution.recorder.served import ServedDataSets, _loader

ROWS = np.arange(50)


@pytest.fixture
def served(tmp_path: Path) -> ServedDataSets:
    """With a table of fifty rows as Keras splits it by default, and small images."""
    order = np.arange(50)
    np.random.RandomState(113).shuffle(order)
    x = ROWS[order][:, None]
    np.savez(tmp_path / "boston_housing.npz", x_train=x[:40], y_train=x[:40, 0], x_test=x[40:], y_test=x[40:, 0])
    labels = np.arange(30)[:, None]
    np.savez(tmp_path / "cifar100.npz", x_train=labels, y_train=labels, x_test=labels, y_test=labels)
    return ServedDataSets(tmp_path, SimpleNamespace(emit=lambda *_: None))


def splits(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Any:
    """Keras's own way, on the rows in their order."""
    indices = np.arange(len(ROWS))
    np.random.RandomState(seed).shuffle(indices)
    cut = int(len(ROWS) * (1 - test_split))
    return (ROWS[indices][:cut], None), (ROWS[indices][cut:], None)


def test_the_defaults_serve_the_file_as_it_is(served: ServedDataSets) -> None:
    """Named or not, and wherever Keras keeps its own."""
    load = _loader(splits, served=served, name="boston_housing")
    for (x_train, _), (x_test, _) in (load(), load("mine.npz"), load(test_split=0.2, seed=113)):
        assert (len(x_train), len(x_test)) == (40, 10)


def test_a_table_has_its_rows_in_keras_order(served: ServedDataSets) -> None:
    """So that Keras's own loader splits it as it is asked."""
    with np.load(served.table("boston_housing")) as file:
        assert file["x"][:, 0].tolist() == file["y"].tolist() == ROWS.tolist()


def test_another_split_is_keras_own(served: ServedDataSets) -> None:
    """The loader itself is asked, with what was asked for."""
    load = _loader(splits, served=served, name="boston_housing")
    assert [len(part[0]) for part in load(test_split=0.5)] == [25, 25]
    assert load(seed=1)[0][0].tolist() == splits(seed=1)[0][0].tolist()


@pytest.mark.parametrize("options", [{"label_mode": "coarse"}, {"label_mode": "fine"}, {}])
def test_labels_that_the_file_lacks_are_not_at_hand(served: ServedDataSets, options: dict[str, str]) -> None:
    """It holds one kind of them."""
    load = _loader(labelled, served=served, name="cifar100")
    if options.get("label_mode") != "coarse":
        assert len(load(**options)[0][0]) == 30
    else:
        with pytest.raises(ConnectionError, match="cifar100 with coarse labels"):
            load(**options)


def labelled(label_mode: str = "fine") -> Any:
    """Keras's own loader, as far as it refuses."""
    raise ValueError(f"label_mode={label_mode}")


def test_what_keras_refuses_it_refuses_itself(served: ServedDataSets) -> None:
    """The same error in the same words."""
    load = _loader(labelled, served=served, name="cifar100")
    with pytest.raises(ValueError, match="label_mode=other"):
        load(label_mode="other")
    with pytest.raises(TypeError, match=r"labelled\(\) got an unexpected keyword argument 'labels'"):
        load(labels="fine")
    assert inspect.signature(load) == inspect.signature(labelled)
