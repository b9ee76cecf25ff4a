"""What a notebook's file says of how it was last run: cells that were not, or out of order, and its printed figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from grader.judging.bands import Within, absolute, relative
from grader.judging.results import cells_named, shown
from grader.metrics import METRICS
from grader.records import SectionMatch, Submission
from grader.rubric import Criterion, Rubric, Section
from grader.text.quantities import quantities

_MOST_NAMED = 8


def run_remarks(path: Path) -> tuple[str, ...]:
    """Sentences on how the notebook was last run, by its file; none where that cannot be told."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
        return tuple(_remarks([cell for cell in cells if isinstance(cell, dict)]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _remarks(cells: list[dict[str, Any]]) -> Iterator[str]:
    code = [(number, cell) for number, cell in enumerate(cells) if cell.get("cell_type") == "code"]
    code = [(number, cell) for number, cell in code if "".join(cell.get("source", "")).strip()]
    counts = [(number, cell.get("execution_count")) for number, cell in code]
    ran = [(number, count) for number, count in counts if isinstance(count, int)]
    if not ran:
        if code:
            yield "No cell was run before the notebook was saved: nothing is stored in it."
        return
    never = [number for number, count in counts if not isinstance(count, int)]
    if never:
        yield f"Not run before the notebook was saved: {cells_named(never, at_most=_MOST_NAMED)}."
    back = [number for (_, before), (number, count) in pairwise(ran) if count < before]
    if back:
        named = cells_named(back, at_most=_MOST_NAMED)
        yield f"Run out of order, so that a fresh run may differ: {named} ran before what stands above."
    failed = [
        number
        for number, cell in code
        if any(isinstance(one, dict) and one.get("output_type") == "error" for one in cell.get("outputs", []))
    ]
    if failed:
        yield f"An error is stored in {cells_named(failed, at_most=_MOST_NAMED)}."


def stored_figures(
    submission: Submission, rubric: Rubric, matching: dict[str, SectionMatch]
) -> Iterator[tuple[str, str]]:
    """For criteria with a band on a figure of the test rows: its id, and how the last printed one lies to the band."""
    for section in rubric.sections:
        for criterion in section.criteria:
            speaking = [section.id, *(one.id for one in rubric.sections if one.model_of == section.id)]
            cells = sorted({cell for name in speaking if name in matching for cell in matching[name].cells})
            text = _figure(submission, rubric, section, criterion=criterion, cells=cells)
            if text is not None:
                yield criterion.id, text


def _figure(
    submission: Submission, rubric: Rubric, section: Section, *, criterion: Criterion, cells: list[int]
) -> str | None:
    metric = getattr(criterion.params, "metric", "accuracy" if criterion.check == "accuracy" else None)
    if metric not in METRICS or getattr(criterion.params, "part", "test") != "test":
        return None
    side = "lower" if METRICS[metric].direction == "higher" else "upper"
    line = getattr(criterion.params, "min" if side == "lower" else "max", None)
    limit = None if line is None else absolute(side, line)  # type: ignore[arg-type]
    within = getattr(criterion.params, "within", None)
    if limit is None and isinstance(within, Within) and criterion.spec.figures is not None:
        name, *_ = criterion.spec.figures(section.id, criterion.params)
        limit = relative(within, side=side, figure=name, calibration=rubric.calibrations.get("full"))  # type: ignore[arg-type]
    printed = list(_printed(submission, metric, cells))
    if limit is None or not printed:
        return None
    near = [value for value in printed if limit.holds(value)]
    value = near[-1] if near else printed[-1]
    how = "which is within" if near else "which is outside of"
    return f"Your stored output prints {shown(value)}, {how} the band ({limit.words}); only a run confirms it."


def _printed(submission: Submission, metric: str, cells: list[int]) -> Iterator[float]:
    for index in cells:
        for item in quantities(submission.cells[index].stored_text):
            if item.is_named(metric):
                is_share = metric == "accuracy" and item.value > 1
                yield item.as_per_cent.value if is_share else item.value
