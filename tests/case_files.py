"""Reads `tests/cases`; its README says what a case is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """A whole notebook and what is expected of it."""

    name: str
    notebook: Path
    expected: dict[str, Any]
    rubric: str = "rubrics/week09.yaml"
    limits: dict[str, Any] = field(default_factory=dict)


def read_cases() -> list[Case]:
    """Every case below `tests/cases`, by name."""
    return [_read(path) for path in sorted(CASES.rglob("expected.yaml"))]


def _read(path: Path) -> Case:
    expected = yaml.safe_load(path.read_text())
    notebook = path.parent / expected.pop("submission", "notebook.ipynb")
    return Case(
        name=path.parent.relative_to(CASES).as_posix().replace("/", "-"),
        notebook=notebook.resolve(),
        rubric=expected.pop("rubric", "rubrics/week09.yaml"),
        limits=expected.pop("limits", {}),
        expected=expected,
    )


def among(value: object, allowed: object) -> bool:
    """Whether a value is the one allowed, or one of those."""
    return value in allowed if isinstance(allowed, list) else value == allowed
