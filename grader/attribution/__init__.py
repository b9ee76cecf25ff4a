"""Decides whose failure it is: the student's, the environment's, a limit's or the grading system's.

A run leaves facts in the evidence: what was raised, which packages can be imported, which data was served. What they
mean is worked out here from the evidence alone, each time that a submission is evaluated: other rules need no new run.
"""

from grader.attribution.causes import Cause
from grader.attribution.consequences import attribute
from grader.attribution.full_size import needs_full_size
from grader.attribution.result import Attribution, Work
from grader.attribution.sections import reason_for_section

__all__ = ["Attribution", "Cause", "Work", "attribute", "needs_full_size", "reason_for_section"]
