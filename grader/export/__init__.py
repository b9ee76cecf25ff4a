"""Hands back what was graded: points and pages in the form that each learning platform takes.

One module a platform. A platform's own worksheet is edited, never made, and nobody's points go to a row that only looks
like theirs. To add a platform, see `grader.export.platform`.
"""

from grader.export.handing_back import TARGETS, Request, hand_back
from grader.export.outcome import Outcome
from grader.export.rules import Rules

__all__ = ["TARGETS", "Outcome", "Request", "Rules", "hand_back"]
