"""Pages and tables for people: self-contained, and nothing of a submission is executed or fetched by opening them."""

from grader.report.pages import write_cohort, write_submission

__all__ = ["write_cohort", "write_submission"]
