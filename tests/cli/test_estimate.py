"""How long a batch will still take."""

from __future__ import annotations

import heapq
import itertools
import random

import pytest

from grader.cli.estimate import Estimate


def told(seed: int, *, known: bool, jobs: int = 2, count: int = 300) -> list[float]:
    """When a batch of log-normal lengths was said to end, each second, as a share of when it did."""
    draw = random.Random(seed)  # noqa: S311 - lengths, no secrets
    lengths = [draw.lognormvariate(1.5, 1) for _ in range(count)]
    before = {str(number): length * draw.uniform(1.2, 1.8) for number, length in enumerate(lengths)} if known else {}
    estimate = Estimate(map(str, range(count)), before, jobs=jobs, now=0)
    running: list[tuple[float, int]] = []
    ends, now, following = [], 0.0, iter(range(count))
    for number in (next(following) for _ in range(jobs)):
        estimate.started(str(number), now=0)
        heapq.heappush(running, (lengths[number], number))
    while running:
        now += 1
        while running and running[0][0] <= now:
            last, number = heapq.heappop(running)
            estimate.done(str(number), now=last)
            if (after := next(following, None)) is not None:
                estimate.started(str(after), now=last)
                heapq.heappush(running, (last + lengths[after], after))
        left = estimate.left(now=now)
        if left is not None and running:
            ends.append(now + left)
    return [end / last for end in ends]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_end_does_not_jump(seed: int, known: bool) -> None:
    """From one second to the next it moves by a tenth of the whole at most, also where lengths differ by a hundred."""
    ends = told(seed, known=known)
    assert max(abs(after - before) for before, after in itertools.pairwise(ends)) < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_lengths_of_before_tell_the_end(seed: int) -> None:
    """On another machine too: what has ended says how much longer or shorter all take."""
    ends = told(seed, known=True)
    assert max(abs(end - 1) for end in ends[len(ends) // 4 :]) < 0.1


def test_nothing_is_said_too_soon() -> None:
    """One that ended says little of 300; and nothing is left at the end."""
    estimate = Estimate(("a", "b", "c"), {}, jobs=2, now=0)
    estimate.started("a", now=0)
    assert estimate.left(now=1) is None
    for name in "abc":
        estimate.done(name, now=2)
    assert estimate.left(now=2) == 0
