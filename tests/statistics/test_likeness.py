"""What of a run is compared with other submissions."""

from __future__ import annotations

import pytest
from builders import make_cell, make_evidence, make_fit

from grader.records import WeightsSetRecord
from grader.statistics.likeness import likeness

LOG = "Epoch {n}/4\n63/63 - 1s - accuracy: 0.81{n}2 - loss: 0.61{n}5\n"


def stored(*texts: str) -> tuple[str, ...]:
    """Digests of the histories that cells with these outputs show."""
    return likeness(make_evidence(cells=tuple(make_cell("fit()", stored_text=text) for text in texts))).histories


def test_a_history_has_eight_figures() -> None:
    """Four epochs with loss and accuracy; three say nothing."""
    log = "".join(LOG.format(n=number) for number in range(4))
    assert len(stored(log)) == 1
    assert stored(log[: log.index("Epoch 3")]) == ()


def test_only_the_figures_count() -> None:
    """Seconds and bars differ from machine to machine; another figure is another history."""
    log = "".join(LOG.format(n=number) for number in range(4))
    assert stored(log) == stored(log.replace("1s", "7s 12ms/step"))
    assert stored(log) != stored(log.replace("0.6125", "0.6126"))


def test_figures_of_two_decimals_are_no_history() -> None:
    """They come out twice by chance."""
    assert stored("loss: 0.61 accuracy: 0.81\n" * 20) == ()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"seq": 1}, ("w9",)),
        ({"seq": 8}, ()),
        ({"seq": 1, "how": "set_weights"}, ()),
        ({"seq": 1, "weights": None}, ()),
    ],
)
def test_weights_are_brought_along_before_anything_is_trained(
    fields: dict[str, object], expected: tuple[str, ...]
) -> None:
    """What is loaded later may be a checkpoint of this run, which another notebook's is honestly like."""
    record = WeightsSetRecord.model_validate(
        {"cell": 0, "model": "m1", "how": "load_weights", "weights": "w9", **fields}
    )
    evidence = make_evidence(fits=(make_fit("m1", seq=5, weights_after="w1"),), weights_set=(record,))
    assert likeness(evidence).weights == expected


def test_trained_weights_are_not_compared() -> None:
    """Everything is run from one seed: honest students who build the same model get the same weights."""
    found = likeness(make_evidence(fits=(make_fit("m1", weights_after="w1"),)))
    assert (found.weights, found.histories) == ((), ())
