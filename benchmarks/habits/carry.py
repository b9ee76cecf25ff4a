"""The evidence of a rewritten notebook whose code does what the original's did: carried over, nothing is run."""

from __future__ import annotations

from typing import Any

from grader.records import Evidence
from habits.layout import reprinted
from habits.page import Cell, Page


def carried(page: Page, evidence: Evidence) -> Evidence:
    """What the rewritten notebook's run would have left, but for its times.

    Args:
        page: Rewritten by habits that need no run.
        evidence: Of the original.

    Raises:
        ValueError: A code cell of the original is gone, there twice, or in another order.
    """
    places = [(cell.origin, index) for index, cell in enumerate(page.cells) if cell.origin is not None]
    known = [index for index, cell in enumerate(evidence.cells) if cell.kind == "code"]
    if [origin for origin, _ in places] != known:
        raise ValueError("the code cells are not those of the original, in its order")
    plain = evidence.model_dump(mode="python", exclude={"cells", "weights"})
    moved = _moved(plain, dict(places))
    cells = [_run(index, cell, evidence=evidence) for index, cell in enumerate(page.cells)]
    return Evidence.model_validate({**moved, "cells": cells, "weights": evidence.weights})


def _moved(value: Any, places: dict[int, int]) -> Any:
    """The same with each cell's index as it is now, wherever a record names a cell."""
    if isinstance(value, dict):
        return {key: _index(key, item, places) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_moved(item, places) for item in value)
    return value


def _index(key: str, value: Any, places: dict[int, int]) -> Any:
    if key in {"cell", "first_error_cell"} and isinstance(value, int):
        return places.get(value, value)
    return _moved(value, places)


def _run(index: int, cell: Cell, *, evidence: Evidence) -> dict[str, Any]:
    source = cell.source
    if cell.origin is None:
        status = "ok" if cell.kind == "code" and source.strip() else "no_code"
        return {"index": index, "kind": cell.kind, "source": source, "status": status, "printed": cell.printed}
    run = evidence.cells[cell.origin]
    own = [item["text"] for item in cell.outputs or () if item.get("name") != "stderr"]
    stored = run.stored_text if cell.outputs is None else "\n".join(own)
    changed = {"index": index, "source": source, "printed": cell.printed + reprinted(run.printed, cell)}
    return {**run.model_dump(mode="python"), **changed, "stored_text": stored}
