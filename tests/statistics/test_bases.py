"""What the points of a class rest on."""

from __future__ import annotations

from builders import make_grade

from grader.records import Verdict
from grader.statistics.bases import points_by_basis


def verdict(criterion: str, basis: str, **fields: object) -> Verdict:
    base = {"section": "s", "outcome": "failed", "earned": 0.0, "points": 2.0, **fields}
    return Verdict.model_validate({"criterion": criterion, "basis": basis, **base})


def test_points_are_summed_by_what_decided_them() -> None:
    """Lost points too; what waits for a person rests on nothing yet, whatever its basis will be."""
    waits = verdict("b", "verified", outcome="needs_review", cause="borderline", pending=2.0)
    total, by_criterion = points_by_basis(
        [make_grade(verdict("a", "verified"), waits), make_grade(verdict("a", "claimed"), verdict("b", "manual"))]
    )
    assert dict(total.decided) == {"verified": 2.0, "claimed": 2.0, "static": 0.0, "manual": 2.0}
    assert (total.pending, total.points, total.share("manual")) == (2.0, 8.0, 0.25)
    assert by_criterion["b"].pending == 2.0


def test_no_points_have_no_shares() -> None:
    """An empty class, and a criterion of no points."""
    total, _ = points_by_basis([])
    assert (total.points, total.share("verified")) == (0.0, 0.0)
