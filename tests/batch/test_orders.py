"""Which place gets which job, and which job is to blame."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from batch.test_processes import job

from grader.batch.orders import Order, Orders
from grader.errors import UnwritableError
from grader.limits import LOST_WORKERS


def orders_of(count: int, folder: Path) -> tuple[Orders, list[Order]]:
    """As many as that, and two places."""
    orders, given = Orders(), [Order(job=job("some", folder, number=number)) for number in range(count)]
    for order in given:
        orders.add(order)
    for place in ("a", "b"):
        orders.open(place)
    return orders, given


def lose(orders: Orders, place: str) -> Order:
    """A place that is lost with what it has; opened again."""
    order = orders.next(place)
    assert order is not None
    assert orders.close(place) == [order]
    orders.settle(order, None)
    orders.open(place)
    return order


def test_places_get_orders_as_they_were_given(tmp_path: Path) -> None:
    """The longest first, as the batch has sorted them."""
    orders, given = orders_of(2, tmp_path)
    assert [orders.next("a"), orders.next("b")] == given
    orders.settle(given[0], "")
    orders.settle(given[1], "too long")
    assert [order.outcome.result() for order in given] == ["", "too long"]


def test_what_is_lost_with_its_place_is_next_for_another(tmp_path: Path) -> None:
    """Only what the place had, and nobody is blamed."""
    orders, given = orders_of(3, tmp_path)
    assert orders.next("a") is given[0]
    assert lose(orders, "b") is given[1]
    assert orders.is_at("a")
    assert orders.next("b") is given[1]
    assert [order.lost for order in given] == [0, 1, 0]


def test_a_lost_place_gets_nothing_more(tmp_path: Path) -> None:
    """Whoever waits there goes home."""
    orders, (one, _) = orders_of(2, tmp_path)
    assert orders.next("a") is one
    orders.close("a")
    assert not orders.is_at("a")
    assert orders.next("a") is None


def test_a_suspect_waits_until_nothing_else_runs_and_is_then_alone(tmp_path: Path) -> None:
    """Nothing else can then have been what ended the worker, and nothing else pays for it."""
    orders, (suspect, other) = orders_of(2, tmp_path)
    for _ in range(LOST_WORKERS):
        assert lose(orders, "a") is suspect
    assert orders.next("a") is other
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(orders.next, "b")
        orders.settle(other, "")
        assert waiting.result() is suspect
        late = Order(job=other.job)
        orders.add(late)
        waiting = threads.submit(orders.next, "a")
        orders.settle(suspect, "")
        assert waiting.result() is late
    assert suspect.outcome.result() == ""


def test_who_ends_a_worker_alone_too_is_blamed(tmp_path: Path) -> None:
    """With how many workers it cost."""
    orders, (one,) = orders_of(1, tmp_path)
    for _ in range(LOST_WORKERS + 1):
        assert lose(orders, "a") is one
    assert one.outcome.result().startswith(f"Each of the {LOST_WORKERS + 1} workers")


def test_at_the_end_all_that_is_not_done_is_told_why(tmp_path: Path) -> None:
    """What runs comes back first."""
    orders, given = orders_of(2, tmp_path)
    assert orders.next("a") is given[0]
    assert orders.end("Interrupted.") == [given[0]]
    assert orders.next("b") is None
    orders.settle(given[0], None)
    orders.add(Order(job=given[0].job))
    assert [order.outcome.result() for order in given] == ["Interrupted."] * 2


def test_what_cannot_be_kept_ends_the_batch(tmp_path: Path) -> None:
    """As with any executor."""
    orders, (one,) = orders_of(1, tmp_path)
    orders.next("a")
    orders.settle(one, UnwritableError("full"))
    with pytest.raises(UnwritableError):
        one.outcome.result()
