from types import SimpleNamespace

import pytest
from worksheet import rubric

from grader.matching.headings import headings_of, label_of
from grader.matching.likeness import likeness, titles_of


def found(source, kind="markdown"):
    return [(h.text, h.kind) for h in headings_of([SimpleNamespace(index=0, kind=kind, source=source)])]


def like(text, section):
    (heading,) = headings_of([SimpleNamespace(index=0, kind="markdown", source=f"# {text}")])
    return likeness(heading, titles_of(rubric().sections)[section])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("## Title\ntext", [("Title", "heading")]),
        ("Title\n===", [("Title", "heading")]),
        ("##Title", [("Title", "heading")]),
        ("<h2 id='a'>Ti<b>tle</b></h2>", [("Ti tle", "heading")]),
        ("**Title**", [("Title", "bold")]),
        ("Exercise 4: deep\nmore", [("Exercise 4: deep", "plain")]),
        ("# A `b` [c](d)", [("A  b   c", "heading")]),
        ("```python\n# Title\n```", []),
        ("~~~\n# Title", []),
        ("    # Title", []),
        ("text with **bold** in it", []),
        ("- # Title in a list", []),
    ],
)
def test_what_is_a_heading_in_markdown(source, expected):
    """ATX, underlined, HTML and bold ones are; what stands in fences, indented code or lists is none."""
    assert [(" ".join(text.split()), kind) for text, kind in found(source)] == [
        (" ".join(text.split()), kind) for text, kind in expected
    ]


def test_comments_in_code_are_candidates():
    """Decoration is left out, and so are comments behind code and indented ones."""
    assert found("# ---- Exercise 4 ----\nx = 1  # two\n  # three", kind="code") == [("Exercise 4", "comment")]


@pytest.mark.parametrize(
    ("text", "word", "number"),
    [
        ("Exercise 4 (CORE): Going Deep", "exercise", 4),
        ("EX. 4", "ex", 4),
        ("ex4", "ex", 4),
        ("Exercise IV - deep", "exercise", 4),
        ("Exercise four", "exercise", 4),
        ("4) Going deep", "", 4),
        ("Übung 4", "übung", 4),
        ("练习 4\uff1a深度", "练习", 4),
        ("\U0001f525 **Exercise 4**", "exercise", 4),
        ("Going Deep", "", None),
        ("2 neurons", "", None),
        ("Exercise (EXTRA): More", "exercise", None),
    ],
)
def test_a_heading_is_taken_apart(text, word, number):
    """Its word and number are found in any form, case and language."""
    label = label_of(text)
    assert (label.word, label.number) == (word, number)


@pytest.mark.parametrize(
    ("text", "section", "other"),
    [
        ("Exercise 4 (CORE): Going Deep", "deep", "ex4"),
        ("Exercise 4: baseline", "ex4", "deep"),
        ("Part 1: Synthetic data", "data", "ex1"),
        ("Exercise 3: When to stop", "stop", "ex3"),
        ("Regularisation techniques", "dropout", "deep"),
        ("Regularization Technique", "dropout", "deep"),
    ],
)
def test_likeness_prefers_the_right_section(text, section, other):
    """Title and number together tell what each alone does not."""
    assert like(text, section) > like(text, other)


@pytest.mark.parametrize("text", ["Part 2: MNIST", "Completing the Worksheet", "Conclusion", "Imports", "Exercise 9"])
def test_some_headings_are_like_none(text):
    """A number of another kind, or other words, match nothing."""
    assert {like(text, name) for name in titles_of(rubric().sections)} == {0.0}


@pytest.mark.parametrize(
    "text", ["{core} Exercise 4: Dropout", "[Core] Exercise 4", "(a) Exercise 4", "\u2705 (done) Exercise 4"]
)
def test_a_tag_may_stand_before_the_label(text):
    """The number is the exercise's all the same."""
    assert (label_of(text).word, label_of(text).number) == ("exercise", 4)
