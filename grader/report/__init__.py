"""Pages and tables for people: self-contained, and nothing of a submission is executed or fetched by opening them."""

from grader.report.cohort import write_cohort
from grader.report.feedback import render_feedback

__all__ = ["render_feedback", "write_cohort"]
