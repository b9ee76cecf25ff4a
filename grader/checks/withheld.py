"""What a released rubric says of a criterion whose band is kept back."""

from __future__ import annotations

from grader.judging.registry import Params, check
from grader.judging.results import needs_review
from grader.judging.views import SectionView
from grader.records import CheckResult


class NotReleasedParams(Params):
    """Parameters of `not_released`."""


@check("not_released", params=NotReleasedParams, by_hand=True)
def not_released(_section: SectionView, _params: NotReleasedParams) -> CheckResult:
    """Stands for a criterion of which students are not given the band; only grading decides it."""
    return needs_review("by_hand", "What this must reach is not released; the grading decides it.", {})
