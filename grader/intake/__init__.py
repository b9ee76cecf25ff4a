"""Turns what was handed in into submissions: files, folders, archives, and the exports of learning platforms."""

from grader.cell_code import libraries
from grader.intake.candidates import Attachment, HandedIn, Origin
from grader.intake.folders import collect_submissions, places_of
from grader.intake.lateness import LateRule, late_rule
from grader.intake.notebooks import read_submission
from grader.intake.people import Attempts, Class, counting, people_of
from grader.intake.roster import read_roster

__all__ = [
    "Attachment",
    "Attempts",
    "Class",
    "HandedIn",
    "LateRule",
    "Origin",
    "collect_submissions",
    "counting",
    "late_rule",
    "libraries",
    "people_of",
    "places_of",
    "read_roster",
    "read_submission",
]
