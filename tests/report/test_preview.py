"""The page and the text of a preview."""

from __future__ import annotations

import pytest
from inert import what_acts

from grader.records import CriterionChange, CriterionState, Crossing, Move, Preview, RubricSummary, Totals, Untold
from grader.report.preview import preview_text, render_preview

EVIL = '<script>alert(1)</script><img src="http://example.org/x" onerror=alert(2)>'


def totals(earned: float, pending: float = 0.0) -> Totals:
    return Totals(
        earned=earned, pending=pending, possible=50.0, bonus_earned=1.0, bonus_pending=0.0, bonus_possible=2.0
    )


def move(name: str, difference: float = -2.0, **fields: object) -> Move:
    state = CriterionState(outcome="passed", earned=2.0, pending=0.0, points=2.0)
    failed = CriterionState(outcome="failed", earned=0.0, pending=0.0, points=2.0)
    change = CriterionChange(
        criterion="ex4.accuracy", before=state, after=failed, why=f"0.91; 0.95 was required {EVIL}"
    )
    values = {"before": totals(40), "after": totals(40 + difference), "difference": difference, "changes": (change,)}
    return Move.model_validate({"submission": name, **values, **fields})


def found(*moves: Move, **fields: object) -> Preview:
    rubric = RubricSummary(assignment="w", title="Week", file_name="w.yaml", sha256="0" * 64)
    means = {"mean_before": 40.0, "mean_after": 39.0}
    return Preview.model_validate(
        {"rubric": rubric, "submissions": len(moves), "same": 0, "reworded": 0, **means, "moves": moves, **fields}
    )


def test_nothing_of_a_student_is_markup() -> None:
    """Names, feedback and what a notebook printed appear escaped."""
    page = render_preview(
        found(move("ada", students=(EVIL,), late=EVIL), untold=(Untold(submission="b", why=(EVIL,)),))
    )
    assert what_acts(page) == []


def test_the_ten_largest_have_their_reasons() -> None:
    """The others stand in the table, and in the JSON."""
    many = found(*(move(f"s{number:02}") for number in range(12)))
    page, text = render_preview(many), preview_text(many)
    assert (page.count("<article"), text.count("0.95 was required"), "Largest moves" in text) == (10, 10, True)
    assert "s11" in page.split("Everybody who would move")[1]


def test_a_move_is_told_in_a_line() -> None:
    """By how much, from what to what, and by which criterion."""
    one = move("ada", students=("Student A01",), counts=False)
    text = preview_text(found(one))
    assert "  -2  ada (Student A01), which does not count: 41 to 39 of 50" in text
    assert "      ex4.accuracy: passed (2 of 2) \u2192 not met (0 of 2). 0.91; 0.95 was required" in text


@pytest.mark.parametrize(("is_reached", "said"), [(True, "  reached: ada"), (False, "  no longer reached: ada")])
def test_a_line_lists_who_crosses_it(*, is_reached: bool, said: str) -> None:
    """Where nobody does, that is said."""
    crossing = Crossing(line="pass", at=40.0, is_reached=is_reached)
    text = preview_text(found(move("ada", crossings=(crossing,)), lines={"pass": 40.0, "good": 45.0}))
    assert said in text.split("Line 'pass' (40 points)")[1].split("Line 'good'")[0]
    assert "Nobody crosses it." in text.split("Line 'good' (45 points)")[1]


def test_without_lines_it_says_how_to_name_them() -> None:
    """On both."""
    assert "The rubric names no lines" in preview_text(found(move("ada")))
    assert "The rubric names no lines" in render_preview(found(move("ada")))
