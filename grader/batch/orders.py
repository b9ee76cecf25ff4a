"""Jobs on their way to places that may be lost with what they have: which goes where, and which is to blame."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from grader.batch.jobs import Job
from grader.errors import UnwritableError
from grader.limits import LOST_WORKERS

_BLAMED = (
    "Each of the {} workers that this submission was given to ended before it was done, the last one while nothing else"
    " ran."
)


@dataclass(eq=False, kw_only=True)
class Order:
    """A job on its way.

    Attributes:
        outcome: Why it failed, empty where it did not.
        place: What has it now; empty while it waits.
        sent: How it is known there.
        lost: How many places were lost while they had it.
    """

    job: Job
    outcome: Future[str] = field(default_factory=Future)
    place: str = ""
    sent: Any = None
    lost: int = 0


class Orders:
    """The orders of a batch, in the order in which they were given.

    One that was lost with its place is given to another. One that was lost repeatedly is tried once more after all
    others, while nothing else runs: then nothing else can have been the cause.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._places: set[str] = set()
        self._waiting: deque[Order] = deque()
        self._suspects: deque[Order] = deque()
        self._running: list[Order] = []
        self._ended = ""

    def add(self, order: Order) -> None:
        """Queues one."""
        with self._changed:
            if self._ended:
                order.outcome.set_result(self._ended)
            else:
                self._waiting.append(order)
                self._changed.notify_all()

    def open(self, place: str) -> None:
        """Lets a place ask for orders."""
        with self._changed:
            self._places.add(place)

    def close(self, place: str) -> list[Order]:
        """Notes that a place is lost, and with it the orders that it had."""
        with self._changed:
            self._places.discard(place)
            lost = [order for order in self._running if order.place == place]
            for order in lost:
                order.lost += 1
            self._changed.notify_all()
        return lost

    def next(self, place: str) -> Order | None:
        """Waits for an order for a place; None where it is lost, or all is at its end."""
        with self._changed:
            while place in self._places and not self._ended:
                order = self._first()
                if order is not None:
                    order.place = place
                    self._running.append(order)
                    return order
                self._changed.wait()
        return None

    def is_at(self, place: str) -> bool:
        """Whether what a place was given can still come to something."""
        with self._changed:
            return place in self._places and not self._ended

    def settle(self, order: Order, why: str | UnwritableError | None) -> None:
        """Takes an order back from its place.

        Args:
            order: Which.
            why: It failed, empty where it did not; None where the place did not get that far.
        """
        with self._changed:
            self._running.remove(order)
            order.place, order.sent = "", None
            self._changed.notify_all()
            if why is None and not self._ended:
                if order.lost < LOST_WORKERS:
                    self._waiting.appendleft(order)
                    return
                if order.lost == LOST_WORKERS:
                    self._suspects.append(order)
                    return
                why = _BLAMED.format(order.lost)
        if isinstance(why, UnwritableError):
            order.outcome.set_exception(why)
        else:
            order.outcome.set_result(self._ended if why is None else why)

    def end(self, why: str) -> list[Order]:
        """Gives nothing more to any place.

        Args:
            why: What is said of the orders that are not done.

        Returns:
            Those that places have now.
        """
        with self._changed:
            self._ended = self._ended or why
            left = [*self._waiting, *self._suspects]
            self._waiting.clear()
            self._suspects.clear()
            running = list(self._running)
            self._changed.notify_all()
        for order in left:
            order.outcome.set_result(why)
        return running

    def _first(self) -> Order | None:
        if any(order.lost == LOST_WORKERS for order in self._running):
            return None
        if self._waiting:
            return self._waiting.popleft()
        return self._suspects.popleft() if self._suspects and not self._running else None
