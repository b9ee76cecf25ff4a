"""The verdicts on one notebook in the terminal."""

from __future__ import annotations

import pytest
from builders import make_grade

from grader.cli.verdict_display import show_verdicts
from grader.records import Verdict


def verdict(name: str, outcome: str, **fields: object) -> Verdict:
    cause = "by_hand" if outcome == "needs_review" else None
    return Verdict(
        criterion=name,
        section="ex4",
        title=f"Title of {name}",
        outcome=outcome,
        cause=cause,
        points=2,
        basis="static",
        **fields,
    )


VERDICTS = (
    verdict("a", "passed", earned=2, feedback="It is right."),
    verdict("b", "needs_review", earned=0, feedback="A tutor reads this."),
    verdict("c", "failed", earned=0, feedback="There is no model.", next_step="Build one.", cells=(2, 3, 4, 5, 6, 7)),
    verdict("d", "blocked", earned=0, feedback="This needs c.", next_step="Build one."),
    verdict("e", "partial", earned=1.5, feedback="Nearly."),
)


def test_what_is_not_met_comes_first_and_how_to_mend_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Signs and headings say it in words; what is met takes a line."""
    show_verdicts(make_grade(*VERDICTS))
    assert capsys.readouterr().out.splitlines()[1:-1] == [
        "Not met: 3 criteria",
        "-   0/2  c  Title of c  (cells 3, 4, 5, 6 and 2 more)",
        "         There is no model.",
        "         Build one.",
        "x   0/2  d  Title of d",
        "         This needs c.",
        "~ 1.5/2  e  Title of e",
        "         Nearly.",
        "",
        "For a tutor to decide: 1 criterion",
        "?   0/2  b  Title of b",
        "         A tutor reads this.",
        "",
        "Met: 1 criterion",
        "+   2/2  a  Title of a",
        "",
    ]
