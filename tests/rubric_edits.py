"""Edits of week 9's rubric, of every kind that a tutor makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Plain = dict[str, Any]


def criterion(plain: Plain, name: str) -> Plain:
    """One criterion of a rubric's YAML."""
    (found,) = [one for section in plain["sections"] for one in section["criteria"] if one["id"] == name]
    return found


def section(plain: Plain, name: str) -> Plain:
    """One section of a rubric's YAML."""
    (found,) = [one for one in plain["sections"] if one["id"] == name]
    return found


def drop(plain: Plain, name: str) -> None:
    """Takes a criterion out, and out of what requires it."""
    for one in plain["sections"]:
        one["criteria"] = [found for found in one["criteria"] if found["id"] != name]
        for found in one["criteria"]:
            found["requires"] = [needed for needed in found.get("requires", ()) if needed != name]


def words(plain: Plain) -> None:
    criterion(plain, "ex4.accuracy")["text"] = {"passed": "Well done: {yours}.", "failed": "Too low: {yours}."}


def another(plain: Plain) -> None:
    new = {"id": "ex6.wider", "points": 2, "check": "trained", "params": {"epochs": 50}}
    section(plain, "ex6")["criteria"].append(new)


def line(plain: Plain) -> None:
    criterion(plain, "ex4.accuracy")["params"] = {"min": 0.88}


def heading(plain: Plain) -> None:
    section(plain, "deep")["title"] = "Something that nobody wrote"
    section(plain, "deep")["also"] = []


def late(plain: Plain) -> None:
    plain["late"] = {"deadline": "2026-01-30T10:00+00:00", "per_cent": 10, "at_most_per_cent": 30}


def bonus(plain: Plain) -> None:
    section(plain, "ex6")["bonus"] = True


def model(plain: Plain) -> None:
    section(plain, "ex4")["model"]["layers"][0]["units"] = 64


EDITS: dict[str, Callable[[Plain], object]] = {
    "points": lambda plain: criterion(plain, "ex4.accuracy").update(points=5),
    "words": words,
    "line": line,
    "epochs": lambda plain: criterion(plain, "ex4.trained")["params"].update(epochs=30),
    "another criterion": another,
    "one criterion less": lambda plain: drop(plain, "ex1.trained"),
    "heading": heading,
    "bonus": bonus,
    "model": model,
    "late": late,
    "for tutors alone": lambda plain: criterion(plain, "ex6.trained").update(visibility="tutor"),
    "requires": lambda plain: criterion(plain, "ex1.trained").update(requires=["deep.trained"]),
}
"""What changes of the rubric's YAML, by name."""
