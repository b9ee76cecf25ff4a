"""How far tutors agree who marked the same answers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from grader.marks import Decisions, Event
from grader.statistics.points import Floats
from grader.statistics.thresholds import THRESHOLDS

Answer = tuple[str, str]
"""A submission's id and a criterion."""

_SAME = 1e-9
"""Points that differ by less are the same."""


@dataclass(frozen=True)
class MarkedTwice:
    """One answer that two tutors marked.

    Attributes:
        shares: Of the criterion's points, what each of them gave, in [0, 1].
    """

    submission: str
    criterion: str
    tutors: tuple[str, str]
    shares: tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """How far two tutors agree.

    Attributes:
        criterion: Empty for all that both marked.
        answers: How many both marked.
        same: How many of those got the same points of both.
        mean_difference_share: What the two lie apart, on average, as a share of the criterion's points.
        kappa: Agreement beyond chance, at most 1; 0 where it is no better. None where it says nothing.
        weighted_kappa: The same with differences weighted by their square.
        why_not: Why there is no kappa, a sentence; empty where there is.
    """

    tutors: tuple[str, str]
    criterion: str
    answers: int
    same: int
    mean_difference_share: float
    kappa: float | None = None
    weighted_kappa: float | None = None
    why_not: str = ""


def marked_twice(events: Sequence[Event], points: Mapping[Answer, float]) -> tuple[MarkedTwice, ...]:
    """Every answer that two tutors gave points to, each tutor's last decision, undone ones aside.

    A decision is left out that asks for another look, and a pair where the answer had changed in between.

    Args:
        events: Of the tutor's file.
        points: What each criterion of each submission has.
    """
    kept = Decisions(events).events
    given: dict[Answer, dict[str, tuple[float, str]]] = defaultdict(dict)
    for tutor in sorted({event.by for event in kept}):
        own = Decisions([event for event in kept if event.by == tutor or event.kind == "item"])
        for submission in own.submissions():
            for mark in own.of(submission).marks:
                possible = points.get((submission, mark.criterion), 0.0)
                earned = mark.earned(possible)
                if possible > 0 and earned is not None and mark.by == tutor:
                    given[submission, mark.criterion][tutor] = (min(1.0, earned / possible), mark.seen)
    return tuple(
        MarkedTwice(submission, criterion, (one, other), (by[one][0], by[other][0]))
        for (submission, criterion), by in given.items()
        for one, other in combinations(by, 2)
        if by[one][1] == by[other][1] or not by[one][1] or not by[other][1]
    )


def agreements(pairs: Iterable[MarkedTwice]) -> tuple[Agreement, ...]:
    """For each two tutors how far they agree over all that both marked, and then by criterion."""
    by_tutors: dict[tuple[str, str], list[MarkedTwice]] = defaultdict(list)
    for pair in pairs:
        by_tutors[pair.tutors].append(pair)
    found = []
    for tutors, both in sorted(by_tutors.items()):
        criteria = list(dict.fromkeys(pair.criterion for pair in both))
        found.append(agreement(both, tutors=tutors))
        if len(criteria) > 1:
            found += [
                agreement([pair for pair in both if pair.criterion == name], tutors=tutors, criterion=name)
                for name in criteria
            ]
    return tuple(found)


def agreement(pairs: Sequence[MarkedTwice], *, tutors: tuple[str, str], criterion: str = "") -> Agreement:
    """Cohen's kappa over the shares of points that two tutors gave, plain and with quadratic weights.

    Says nothing of fewer than `THRESHOLDS.fewest_for_kappa` answers, and where both gave all answers the same, for then
    chance alone would agree too.

    Source: Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20;
    Cohen (1968), Psychological Bulletin 70, for weights. With quadratic weights it is ``1 - mean((a - b)^2) / (var(a) +
    var(b) + (mean(a) - mean(b))^2)``, with variances over ``n``.

    Args:
        pairs: At least one.
        tutors: Whose.
        criterion: The one that they are of; empty for several.
    """
    first, second = np.array([pair.shares for pair in pairs], dtype=np.float64).T
    differences = np.abs(first - second)
    same = int((differences <= _SAME).sum())
    kappa = weighted = None
    why_not = ""
    by_chance = _agreement_by_chance(first, second)
    if len(pairs) < THRESHOLDS.fewest_for_kappa:
        why_not = f"{len(pairs)} answers are too few for it; {THRESHOLDS.fewest_for_kappa} are needed."
    elif by_chance >= 1 - _SAME:
        why_not = "Both gave every answer the same points, so that chance would agree too."
    else:
        kappa = (same / len(pairs) - by_chance) / (1 - by_chance)
        apart = float(first.var() + second.var() + (first.mean() - second.mean()) ** 2)
        weighted = 1 - float((differences**2).mean()) / apart
    return Agreement(
        tutors=tutors,
        criterion=criterion,
        answers=len(pairs),
        same=same,
        mean_difference_share=float(differences.mean()),
        kappa=kappa,
        weighted_kappa=weighted,
        why_not=why_not,
    )


def _agreement_by_chance(first: Floats, second: Floats) -> float:
    """How often two who give points as often as these would give the same."""
    values = np.unique(np.round(np.concatenate([first, second]), 9))
    shares = [[float((np.abs(given - value) <= _SAME).mean()) for value in values] for given in (first, second)]
    return math.fsum(one * other for one, other in zip(*shares, strict=True))
