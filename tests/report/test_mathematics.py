"""Mathematics on the page: drawn where it can be read, and else shown as it was typed."""

from __future__ import annotations

import pytest
from inert import what_acts

from grader.limits import MAX_FORMULA_CHARACTERS
from grader.report.mathematics import as_mathml
from grader.report.notebook import markdown

POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("$x_1$", ['<math display="inline">', "<msub><mi>x</mi><mn>1</mn></msub>"]),
        ("by $$x_2 = \\cos(x_1), \\quad (1)$$ with", ['<math display="block">', "<mi>cos</mi>"]),
        ("$$\n\\frac{1}{2}\n$$", ["<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>"]),
        ("\\begin{equation}\na = b\n\\end{equation}", ["<math", "<mi>b</mi>"]),
    ],
)
def test_mathematics_is_drawn(text: str, parts: list[str]) -> None:
    """In a line, and in lines of its own."""
    shown = markdown(text)
    assert [part for part in parts if part not in shown] == []


@pytest.mark.parametrize(
    "tex",
    [
        "\\frac{1",
        "x_1_2",
        "\\unknown{x}",
        "\\def\\a{\\a\\a}\\a",
        "\\newcommand{\\b}{x}\\b",
        "\\href{javascript:x}{y}",
        "{" * 200 + "}" * 200,
        "x" * (MAX_FORMULA_CHARACTERS + 1),
        "\\sqrt" * 390 + "x",
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_typed(tex: str) -> None:
    """Malformed, endless, nested beyond reason, or no mathematics."""
    assert as_mathml(tex) == f"<code>{tex}</code>"


def test_a_formula_holds_no_html_and_no_attribute_that_does_more_than_draw() -> None:
    """Its reader leaves HTML as it is, and knows colours."""
    shown = as_mathml("\\text{<b onclick=x>} \\color{red}{y} \\hspace{100000em}")
    assert what_acts(f"{POLICY}{shown}") == []
    assert "<b" not in shown
    assert "mathcolor" not in shown
    assert "100000" not in shown
