"""Whether other limits could have changed a run that is stored."""

from __future__ import annotations

import dataclasses
import math

from grader.execution.watch import RunLimits
from grader.store import Key


def plain_limits(limits: RunLimits) -> dict[str, float | None]:
    """Every limit of a run by its name."""
    plain = dataclasses.asdict(limits)
    return {**{name: value for name, value in plain.items() if name != "sandbox"}, **plain["sandbox"]}


def limits_matter(stored: Key, limits: dict[str, float | None]) -> bool:
    """Whether a run that is stored could have gone otherwise under other limits.

    Where none was met, higher ones change nothing, and neither do lower ones above what the run used. Of memory,
    processes and disk it is not known how much was used at most, so that each lower limit matters.

    Args:
        stored: The key of the execution.
        limits: Those that are asked for now.
    """
    before, used = stored.get("limits", {}), stored.get("used", {})
    if before == limits:
        return False
    if stored.get("reason") is not None or before.keys() != limits.keys():
        return True
    return any(
        _number(limit) < _number(before[name]) and _number(limit) <= _number(used.get(name))
        for name, limit in limits.items()
    )


def _number(value: float | None) -> float:
    """A limit, or what was used of it; None is no limit, or an unknown use."""
    return math.inf if value is None else value
