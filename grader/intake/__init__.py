"""Turns what was handed in into submissions: files, folders, archives, and the exports of learning platforms."""

from grader.cell_code import libraries
from grader.intake.candidates import HandedIn, Origin
from grader.intake.folders import collect_submissions
from grader.intake.notebooks import read_submission

__all__ = ["HandedIn", "Origin", "collect_submissions", "libraries", "read_submission"]
