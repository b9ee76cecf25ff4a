"""How long a batch will still take, as a figure that runs down with the clock and does not jump."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

FIRST_GUESS_SHARE = 0.02
"""Nothing is said before this share of the work is done: a first notebook says little of the others."""

CALM = 0.5
"""A new estimate of the end counts fully once this share of the time so far has gone by since the last one, and before
that in part. Source: batches of 300 with log-normal lengths, tests/cli/test_estimate.py: from one second to the next
the end moves by 9 % of the whole at most, where at 0.05 it moves by 85 %; it is as near to the truth with either."""

LEFT_OF_LONGER = 0.1
"""Of its expected length, for a submission that runs longer than was expected."""


class Estimate:
    """The time that is left, from what submissions took before and what they take now.

    Args:
        waiting: Ids of what will be executed.
        seconds: What some of them took when they were last executed.
        jobs: How many at a time.
        now: The time, in seconds; likewise in the methods.
    """

    def __init__(self, waiting: Iterable[str], seconds: Mapping[str, float], *, jobs: int, now: float) -> None:
        self._waiting = set(waiting)
        self._known = dict(seconds)
        self._count = len(self._waiting)
        self._jobs = max(1, jobs)
        self._began = self._seen = now
        self._running: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._end: float | None = None

    def started(self, name: str, *, now: float) -> None:
        """Notes that one runs."""
        if name in self._waiting:
            self._running.setdefault(name, now)

    def done(self, name: str, *, now: float) -> None:
        """Notes that one has ended."""
        if name in self._waiting:
            self._waiting.remove(name)
            self._took[name] = now - self._running.pop(name, now)

    def left(self, *, now: float) -> float | None:
        """Seconds until all is done; None while too little is known."""
        if not self._waiting:
            return 0.0
        if not self._took or len(self._took) < min(self._jobs, FIRST_GUESS_SHARE * self._count):
            return None
        end = now + self._work(now)
        passed = now - self._began
        if self._end is None:
            self._end = end
        elif passed > 0:
            share = min(1.0, (now - self._seen) / (CALM * passed))
            self._end += share * (end - self._end)
        self._seen = now
        return max(0.0, self._end - now)

    def _work(self, now: float) -> float:
        """Seconds until all is done, if each takes what is expected of it."""
        mean, pace = self._mean(now), self._pace()
        left = []
        for name in self._waiting:
            expected = self._known[name] * pace if name in self._known else mean
            began = self._running.get(name)
            left.append(expected if began is None else max(expected - (now - began), LEFT_OF_LONGER * expected))
        return max(sum(left) / min(self._jobs, len(left)), *left)

    def _mean(self, now: float) -> float:
        """What an unknown one takes: all the time that went into such, by those that have ended.

        So one that runs long counts while it runs, not all at once when it ends.
        """
        spent = [took for name, took in self._took.items() if name not in self._known]
        if not spent:
            return sum(self._took.values()) / len(self._took)
        running = sum(now - began for name, began in self._running.items() if name not in self._known)
        return (sum(spent) + running) / len(spent)

    def _pace(self) -> float:
        """How much longer those of known length take now than before."""
        before = sum(self._known[name] for name in self._took if name in self._known)
        return sum(took for name, took in self._took.items() if name in self._known) / before if before else 1.0
