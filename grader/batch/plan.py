"""What a batch has to do: which submissions are executed, in which order, and which take over another one's run."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader import pipeline
from grader.errors import UsageError
from grader.stage_keys import StageKeys
from grader.task import Settings, Task


@dataclass(frozen=True)
class Plan:
    """What is about to be done.

    Attributes:
        executed: The submissions whose notebooks are executed, in the order in which they begin.
        taking_over: Those that take over the run of the same notebook, handed in by somebody else.
        evaluated: Those of which the run is stored, and something that follows from it is not.
        seconds: How long each took when it was last executed, as far as that is known.
        jobs: How many at a time.
    """

    executed: tuple[Task, ...] = ()
    taking_over: tuple[Task, ...] = ()
    evaluated: tuple[Task, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    jobs: int = 1


OnStart = Callable[[Plan], None]
"""Told of what is about to be done, before the first submission begins."""


def make_plan(
    tasks: Sequence[Task],
    settings: Settings,
    *,
    needs: Callable[[Task, Settings], bool],
    anew: frozenset[str],
    jobs: int,
) -> Plan:
    """Plans a batch.

    Args:
        tasks: What was given; ids are unique.
        settings: With what.
        needs: Whether there is something to do for a submission that is executed.
        anew: Ids of those whose keys have just been taken back, to be executed whatever is stored of others.
        jobs: How many at a time.
    """
    executed: list[Task] = []
    taking_over: list[Task] = []
    due: list[Task] = []
    stored: list[Task] = []
    evaluated: list[Task] = []
    for task in tasks:
        if pipeline.needs_execution(task, settings):
            due.append(task)
            continue
        stored.append(task)
        # At once, while what was read of this submission is at hand.
        if needs(task, settings):
            evaluated.append(task)
    runs = {StageKeys(task, settings).run_digest: task for task in stored} if due else {}
    forced: dict[str, Task] = {}
    for task in due:
        known = forced if task.id in anew else runs
        first = known.setdefault(StageKeys(task, settings).run_digest, task)
        if first is task:
            executed.append(task)
        else:
            taking_over.append(replace(task, equal_run=first.folder))
    seconds = _seconds(executed)
    return Plan(
        executed=tuple(_longest_first(executed, seconds)),
        taking_over=tuple(taking_over),
        evaluated=tuple(evaluated),
        seconds=seconds,
        jobs=jobs,
    )


def chosen(again: bool | Iterable[str], tasks: Sequence[Task]) -> frozenset[str]:
    """The ids that a user means.

    Args:
        again: True for all, or ids, or the beginning of one id each.
        tasks: What was given.

    Raises:
        UsageError: One of them is no submission's, or the beginning of several.
    """
    ids = [task.id for task in tasks]
    if isinstance(again, bool):
        return frozenset(ids if again else ())
    return frozenset(one_of(name, ids, option="--again") for name in again)


def one_of(name: str, ids: Sequence[str], *, option: str) -> str:
    """The id that is meant by itself, or by its beginning.

    Raises:
        UsageError: It is none of these ids, or the beginning of several.
    """
    found = [one for one in ids if one == name] or [one for one in ids if one.startswith(name)]
    if len(found) == 1:
        return found[0]
    near = found[:5] or difflib.get_close_matches(name, ids, n=3, cutoff=0.4) or list(ids[:3])
    raise UsageError(
        f"{option} {name}: {'several submissions have ids that begin so' if found else 'no submission has this id'}.",
        expected=f"An id as gradebook.csv lists it, or its beginning, such as {', '.join(near)}."
        if near
        else "An id as gradebook.csv lists it.",
        fix="Write the whole id.",
    )


def _seconds(tasks: Iterable[Task]) -> dict[str, float]:
    """What each took when it was last executed, where it was."""
    graded = ((task.id, task.folder.read_grade()) for task in tasks)
    return {name: one.execution.seconds for name, one in graded if one is not None and one.execution.seconds > 0}


def _longest_first(tasks: Sequence[Task], seconds: Mapping[str, float]) -> list[Task]:
    """So that no processor is idle at the end; one of unknown length counts as the mean of the others."""
    mean = sum(seconds.values()) / len(seconds) if seconds else 0.0
    return sorted(tasks, key=lambda task: -seconds.get(task.id, mean))
