"""Writes Gradescope's ``results.json`` of one submission, in the container of `grader.export.autograder`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from grader.export.gradescope_results import results
from grader.export.rules import Rules
from grader.records import GradedSubmission
from grader.store import OutputFolder, write_atomically

_GRADED = frozenset({0, 3})
"""Exit codes of ``grader grade`` after which there are grades."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the results of what was graded; none, and why, where nothing was."""
    parser = argparse.ArgumentParser(prog="grader.export.in_container", description=__doc__)
    parser.add_argument("graded", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--exit-code", type=int, required=True)
    given = parser.parse_args(arguments)
    if given.exit_code not in _GRADED:
        return _say(f"Nothing was graded (exit code {given.exit_code}); the reason stands above.")
    output = OutputFolder(given.graded)
    grades = _grades(output)
    if not grades:
        return _say("No notebook was graded.")
    counting, others = grades[0], grades[1:]
    evidence = output.submission(counting.submission.id).read_evidence()
    tier = evidence.environment.tier if evidence is not None else ""
    rules = Rules()
    made = results(counting, rules=rules, extra={"tier": tier})
    if others:
        names = ", ".join(one.submission.file_name for one in others)
        made["output"] += f"\n{counting.submission.file_name} was graded, and counts among those handed in ({names})."
    write_atomically(given.results / "results.json", json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    return 0


def _grades(output: OutputFolder) -> list[GradedSubmission]:
    """What was graded, the one that counts first: a notebook before what is none, then the one with the most points."""
    people = output.read_people()
    found = (output.submission(name).read_grade() for name in people.submissions)
    grades = [one for one in found if one is not None]
    return sorted(grades, key=lambda one: (one.status == "not_run", -one.points_earned, one.submission.id))


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
