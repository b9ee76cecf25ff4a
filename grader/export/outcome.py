"""What an export made: files, and what the person who hands back is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.export.results import ClassResults, Result
from grader.export.rules import Divided, Rules, number


@dataclass(frozen=True)
class Outcome:
    """An export before it is written.

    Attributes:
        files: Name in the export's folder to content.
        lines: What is told.
        left: Students with a grade who could not be handed back because it is not known who they are there.
    """

    files: Mapping[str, bytes]
    lines: tuple[str, ...]
    left: tuple[str, ...] = ()


def listed(title: str, items: Iterable[str]) -> list[str]:
    """A heading with the number of its items, and an item a line; nothing where there are none."""
    shown = list(items)
    return [f"{title}: {len(shown)}", *(f"  {item}" for item in shown)] if shown else []


def lines_of_rules(found: ClassResults, divided: Divided, rules: Rules) -> list[str]:
    """What the rules for pending points and bonus points did."""
    lines = listed(
        "Held back, points and page (--pending hold)", (f"{one.label}: {rules.waiting(one)}" for one in divided.held)
    )
    lines += listed(
        "Handed back with what is pending counted as 0 (--pending zero)",
        (f"{one.label}: {rules.waiting(one)}" for one in divided.as_zero),
    )
    lines += listed(
        "Late: so much is taken off",
        (
            f"{one.label}: {number(one.graded.late.points)}"
            for one in divided.given
            if one.graded.late is not None and one.graded.late.points
        ),
    )
    with_bonus = [one for one in divided.given if one.graded.bonus_earned]
    if with_bonus and rules.bonus == "add":
        lines.append(f"Bonus points are part of the grades of {len(with_bonus)} (--bonus leave: not).")
    elif with_bonus:
        lines += listed(
            "Bonus points that are not part of the grades (--bonus leave)",
            (f"{one.label}: {number(one.graded.bonus_earned)}" for one in with_bonus),
        )
    lines += listed("Excused, left as they are", (student.label for student in found.excused))
    lines += listed("Of another assignment, left as they are", found.of_others)
    return lines


def lines_of_people(found: ClassResults, left: Sequence[tuple[Result, Sequence[str]]]) -> list[str]:
    """Whoever could not be handed back, with what was tried, and who handed in nothing.

    Args:
        found: The class.
        left: Students and groups who are not known on the platform, each with what was tried.
    """
    lines = listed(
        "NOT handed back, for it is not known who they are there",
        (f"{one.label} ({one.submission}): {' '.join(tried)}" for one, tried in left),
    )
    lines += listed(
        "NOT handed back, for nobody is known who handed it in",
        (f"{name} ({one.file_name}): {' '.join(one.tried)}" for name, one in found.nobodys),
    )
    lines += listed("Handed in nothing, left as they are", (student.label for student in found.without_submission))
    return lines
