"""Reads `tests/cases` and compares what came of a case with what is expected; its README says what a case is."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from grader.execution.watch import RunLimits
from grader.records import GradedSubmission, Verdict

CASES = Path(__file__).parent / "cases"
ROOT = CASES.parent.parent
HOSTILE = CASES / "hostile"

LONG_TOO = bool(os.environ.get("GRADER_LONG_CASES"))
"""Whether the tests also run the honest cases that are too long for every run."""

ESCAPED = "ESCAPED"
"""What a hostile notebook prints where it got what it should not get."""


@dataclass(frozen=True)
class Case:
    """A whole notebook and what is expected of it.

    Attributes:
        file_name: The name under which it is handed in; None for the file's own.
        in_suite: Whether the tests run it; the others of the hostile ones are run by `benchmarks/hostile.py`.
    """

    name: str
    notebook: Path
    expected: dict[str, Any]
    rubric: str = "rubrics/week09.yaml"
    limits: dict[str, Any] = field(default_factory=dict)
    file_name: str | None = None
    in_suite: bool = True

    @property
    def is_hostile(self) -> bool:
        return self.notebook.is_relative_to(HOSTILE)

    def handed_in(self, folder: Path) -> Path:
        """The notebook under the name that it is handed in with, copied into the folder where that is another."""
        if self.file_name is None:
            return self.notebook
        return Path(shutil.copy(self.notebook, folder / self.file_name))


def read_cases(folder: Path = CASES) -> list[Case]:
    """Every case below a folder of `tests/cases`, by name."""
    return [_read(path) for path in sorted(folder.rglob("expected.yaml"))]


def _read(path: Path) -> Case:
    expected = yaml.safe_load(path.read_text())
    notebook = (path.parent / expected.pop("submission", "notebook.ipynb")).resolve()
    is_hostile = notebook.is_relative_to(HOSTILE)
    return Case(
        name=path.parent.relative_to(CASES).as_posix().replace("/", "-"),
        notebook=notebook,
        rubric=expected.pop("rubric", "rubrics/week09.yaml"),
        limits=expected.pop("limits", {}),
        file_name=expected.pop("file_name", None),
        in_suite=expected.pop("ci", not is_hostile) or (LONG_TOO and not is_hostile),
        expected=expected,
    )


def with_limits(limits: RunLimits, changes: dict[str, Any]) -> RunLimits:
    """The limits with some of them, or of the sandbox's, replaced."""
    own = {name: value for name, value in changes.items() if hasattr(limits, name)}
    inner = {name: value for name, value in changes.items() if name not in own}
    return dataclasses.replace(limits, **own, sandbox=dataclasses.replace(limits.sandbox, **inner))


def among(value: object, allowed: object) -> bool:
    """Whether a value is the one allowed, or one of those."""
    return value in allowed if isinstance(allowed, list) else value == allowed


def wrong_verdicts(case: Case, graded: GradedSubmission) -> list[str]:
    """The verdicts that are not as expected, in words."""
    verdicts = {verdict.criterion: verdict for verdict in graded.verdicts}
    expected = case.expected.get("verdicts", {})
    found = [text for name, wanted in expected.items() if (text := _wrong(verdicts[name], wanted))]
    if case.expected.get("complete") and set(verdicts) != set(expected):
        found.append(f"other criteria: {sorted(set(verdicts) ^ set(expected))}")
    return found


def wrong_ending(case: Case, graded: GradedSubmission) -> list[str]:
    """What is not as expected of the status and of what ended the run, in words."""
    found = {"status": graded.status, "reason": graded.execution.reason}
    wanted = {"status": case.expected["status"], "reason": case.expected["execution"]["reason"]}
    return [f"{name}: {found[name]}, not {wanted[name]}" for name in found if not among(found[name], wanted[name])]


def wrong_points(case: Case, graded: GradedSubmission) -> list[str]:
    """The sums that are not as expected, in words."""
    found = {
        "earned": graded.points_earned,
        "pending": graded.points_pending,
        "bonus_earned": graded.bonus_earned,
        "bonus_pending": graded.bonus_pending,
    }
    wanted = case.expected.get("points", {})
    wrong = [f"{name}: {found[name]}, not {wanted[name]}" for name in wanted if not among(found[name], wanted[name])]
    gained = points_gained(case, graded)
    return [*wrong, *([f"{gained:g} points more than the honest part is worth"] if gained else [])]


def points_gained(case: Case, graded: GradedSubmission) -> float:
    """Points beyond what the honest part of a hostile notebook is worth."""
    most = case.expected.get("max_earned")
    return 0.0 if most is None else max(0.0, graded.points_earned + graded.bonus_earned - most)


def wrong_prints(case: Case, printed: str) -> list[str]:
    """What the executed notebook should have printed and did not, and what it got that it should not have."""
    missing = [f"not printed: {text}" for text in case.expected.get("prints", []) if text not in printed]
    return [*missing, *(line[:200] for line in printed.splitlines() if line.startswith(ESCAPED))]


def wrong_flags(case: Case, graded: GradedSubmission) -> list[str]:
    """The flags that should have been raised and were not, and those that should not have been."""
    raised, wanted = {flag.rule for flag in graded.flags}, set(case.expected.get("flags", []))
    others = raised - wanted if case.expected.get("no_other_flags") else set[str]()
    missing = [f"not flagged: {rule}" for rule in sorted(wanted - raised)]
    return [*missing, *(f"flagged: {rule}" for rule in sorted(others))]


def wrong_advice(case: Case, graded: GradedSubmission) -> list[str]:
    """The advice that is missing or should not be there, in words."""
    given = [advice.model_dump() for advice in graded.advice]

    def lacks(items: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
        return (item for item in items if not any(item.items() <= advice.items() for advice in given))

    missing = [f"missing advice: {item}" for item in lacks(case.expected.get("advice", []))]
    unwanted = case.expected.get("no_advice", [])
    absent = list(lacks(unwanted))
    return [*missing, *(f"advice: {item}" for item in unwanted if item not in absent)]


def _wrong(verdict: Verdict, expected: Any) -> str:
    wanted = expected if isinstance(expected, dict) else {"outcome": expected}
    points = {"passed": verdict.points}.get(verdict.outcome, 0.0)
    wanted = {"earned": points if verdict.outcome != "partial" else None, **wanted}
    bad = [key for key in wanted if not among(getattr(verdict, key), wanted[key])]
    return f"{verdict.criterion}: {verdict.outcome} {verdict.cause} {verdict.earned}, not {wanted}" if bad else ""
