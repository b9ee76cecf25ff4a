"""Which habits a notebook gets: at random, none twice in a family, and each about as often as the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from habits import answers, drawing, exploring, headings, layout, printing, structure  # noqa: F401 - they declare theirs
from habits.page import Page
from habits.registry import HABITS, Habit

FEW, MANY = (7, 12), (17, 23)
"""How many habits a notebook is given: some where many notebooks are cheap, many where each costs a run."""

OFTEN_ENOUGH = 3
"""How often each habit should be used by a rubric's notebooks."""


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


def choose(habits: Sequence[Habit], *, count: int) -> list[str]:
    """The first habits of different families."""
    chosen, families = list[str](), set[str]()
    for habit in habits:
        if len(chosen) < count and habit.family not in families:
            chosen.append(habit.name)
            families.add(habit.family)
    return chosen


def plan(
    pages: Sequence[Page], count: int, *, habits: Sequence[Habit], seed: int
) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Compositions: the place of the page that is rewritten, the habits that apply, and their seed.

    Habits that were used least come first, and of those the ones that have a place in few pages; the pages take turns
    once each habit was used `OFTEN_ENOUGH`.
    """
    random = Random(seed)  # noqa: S311 - no secret hangs on it
    fewest, most = MANY if any(habit.needs_run for habit in habits) else FEW
    fitting = [[habit for habit in habits if compose(page, [habit.name], seed=str(seed))[1]] for page in pages]
    places = Counter(habit.name for own in fitting for habit in own)
    used = Counter[str]()
    for number in range(count):
        rare = [sum(used[habit.name] < OFTEN_ENOUGH for habit in own if places[habit.name] == 1) for own in fitting]
        turn = number % len(pages)
        at, text = (rare.index(max(rare)) if number % 2 and max(rare) else turn), f"{seed}/{number}"
        order = sorted(fitting[at], key=lambda habit: (used[habit.name], places[habit.name], random.random()))
        chosen = choose(order, count=random.randint(fewest, most))
        _, applied = compose(pages[at], chosen, seed=text)
        used.update(applied)
        yield at, applied, text
