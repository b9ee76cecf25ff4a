"""Which habits a notebook gets: at random, none twice in a family, and each about as often as the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from habits import answers, drawing, exploring, headings, layout, printing, structure  # noqa: F401 - they declare theirs
from habits.page import Page
from habits.registry import HABITS, Habit

FEWEST, MOST = 6, 11
"""How many habits a notebook gets."""


def habits_of(*, static: bool) -> list[Habit]:
    """All habits, or those that need no run."""
    return [habit for habit in HABITS.values() if not (static and habit.needs_run)]


def compose(page: Page, names: Iterable[str], *, seed: str) -> tuple[Page, tuple[str, ...]]:
    """Rewrites a copy of a page; a habit's choices do not hang on which others are there.

    Returns:
        The page, and the habits that had a place in it.
    """
    rewritten, applied = page.copy(), list[str]()
    for habit in sorted((HABITS[name] for name in names), key=lambda habit: habit.step):
        tried = rewritten.copy()
        if habit.apply(tried, Random(f"{seed} {habit.name}")):  # noqa: S311 - no secret hangs on it
            rewritten = tried
            applied.append(habit.name)
    return rewritten, tuple(applied)


def choose(habits: Sequence[Habit], used: Counter[str], *, random: Random) -> list[str]:
    """Habits of different families, those first that were used least."""
    count = random.randint(FEWEST, MOST)
    order = sorted(habits, key=lambda habit: (used[habit.name], random.random()))
    chosen, families = list[str](), set[str]()
    for habit in order:
        if len(chosen) < count and habit.family not in families:
            chosen.append(habit.name)
            families.add(habit.family)
    return chosen


def plan(
    pages: Sequence[Page], count: int, *, habits: Sequence[Habit], seed: int
) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Compositions of which each page gets the same share: the page's place, the habits that apply, and their seed."""
    random = Random(seed)  # noqa: S311 - no secret hangs on it
    used = Counter[str]()
    for number in range(count):
        at, text = number % len(pages), f"{seed}/{number}"
        _, applied = compose(pages[at], choose(habits, used, random=random), seed=text)
        used.update(applied)
        yield at, applied, text
