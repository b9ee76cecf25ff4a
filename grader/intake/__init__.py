"""What was handed in, whatever it is, as submissions. Each source of them is a module; `notebooks` reads one file."""

from grader.cell_code import libraries
from grader.intake.candidates import HandedIn, Origin
from grader.intake.folders import collect_submissions
from grader.intake.notebooks import read_submission

__all__ = ["HandedIn", "Origin", "collect_submissions", "libraries", "read_submission"]
