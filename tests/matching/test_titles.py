"""What looks like a section's heading and is none, and headings that are hard to see."""

from __future__ import annotations

import pytest
from builders import make_cell
from worksheet import SECTIONS, Worksheet, rubric, title

from grader.matching import match
from grader.matching.headings import headings_of
from grader.matching.likeness import likeness, titles_of, translated_words
from grader.rubric.asked import Asked

GERMAN = {"data": "Teil 1: Die Daten", "mnist": "Die Bilder"}


def german(section: str) -> str:
    """A heading whose words share nothing with the task's."""
    label = title(section).partition(":")[0]
    number = "".join(part for part in label if part.isdigit())
    return f"#### {GERMAN.get(section, f'Aufgabe {number}: Ein Netz' if number else title(section))}"


def test_the_title_of_the_notebook_is_no_sections_heading() -> None:
    """Not even where a section's title is nearly the same and its own heading is written in other words."""
    named = rubric().model_copy(update={"title": "Week 9: Building a baseline"})
    book = Worksheet()
    book.markdown("# Week 9 - Building a baseline")
    book.write(heading=lambda name: "#### Exercise 1: Zum Anfang" if name == "ex1" else f"#### {title(name)}")
    assert match(named, book.evidence())["ex1"].heading == "Exercise 1: Zum Anfang"


def test_of_equal_titles_that_with_the_model_below_counts_and_not_the_number() -> None:
    """Who counts the worksheet's headings through writes exercise 4's number above exercise 3's network."""
    numbers = {name: number for number, name in enumerate(SECTIONS, 1)}

    def counted(section: str) -> str:
        return f"## {numbers[section]}. {title(section).partition(': ')[2] or title(section)}"

    matching = Worksheet().write(heading=counted).matched()
    assert {name: matching[name].heading.partition(".")[0] for name in ("ex1", "ex3", "ex4")} == {
        "ex1": str(numbers["ex1"]),
        "ex3": str(numbers["ex3"]),
        "ex4": str(numbers["ex4"]),
    }


def test_a_remark_of_the_students_own_is_not_another_sections() -> None:
    """``(done)`` says nothing, ``(EXTRA)`` where the task has ``(CORE)`` does."""
    titles = titles_of(rubric().sections)["ex4"]
    own = title("ex4").replace("(CORE)", "{}")
    done, extra = (
        headings_of([make_cell(f"# {own.format(tag)}", kind="markdown")])[0] for tag in ("(done)", "(EXTRA)")
    )
    assert likeness(done, titles) == 1.0 > likeness(extra, titles)


def test_an_answer_that_is_typed_as_a_heading_opens_no_section() -> None:
    """Though the next section's model is trained below it, and that one's heading cannot be read."""
    book = Worksheet().write(("data", "ex1", "ex2", "ex3", "mnist", "ex4", "ex5"))
    book.markdown("#### The digits that share most of their strokes are mistaken for each other, as expected.")
    book.write(("ex6",), heading=lambda _: "%%%")
    assert not book.matched()["ex6"].heading.startswith("The digits")


def test_a_linked_heading_without_its_space_is_one() -> None:
    """As a table of contents makes them; JupyterLab shows it as a heading."""
    (found,) = headings_of([make_cell("##[1. A first network](#contents)", kind="markdown")])
    assert (found.text, found.level, found.is_real) == ("1. A first network", 2, True)


def test_the_last_word_of_another_language_is_told_by_its_number() -> None:
    """Where ``Aufgabe 1`` to ``Aufgabe 8`` are exercises, ``Teil 1`` is the one part."""
    titles = titles_of(rubric().sections)
    cells = Worksheet().write(heading=german).evidence().cells
    assert translated_words(headings_of(cells), titles)["teil"] == "part"
    alone = Worksheet().write(("data", "mnist"), heading=german).evidence().cells
    assert "teil" not in translated_words(headings_of(alone), titles)


@pytest.mark.parametrize("owner", ["data", "mnist"])
def test_what_stands_above_the_next_heading_belongs_to_a_section_without_one(owner: str) -> None:
    """Its cells are those before the next section, and the part of that one's first cell above its heading."""
    after = SECTIONS[SECTIONS.index(owner) + 1]
    book = Worksheet().write(SECTIONS[: SECTIONS.index(owner)])
    book.answer(owner)
    book.markdown(f"The scaler sees the training rows alone.\n\n#### {title(after)}")
    book.answer(after)
    matching = book.matched()
    assert matching[after].heading_cell in matching[owner].cells


def test_what_matching_reads_of_a_rubric_is_in_its_outline() -> None:
    """Grades are matched by the outline: by its title, and by how models are compiled and trained."""
    book = Worksheet().write()
    assert match(Asked(rubric()).outline, book.evidence()) == match(rubric(), book.evidence())
    asked = [one.params for one in Asked(rubric()).outline.section("ex4").criteria]
    assert any(params.compiled for params in asked)
    assert any(params.trainings for params in asked)
    assert Asked(rubric()).outline.title == rubric().title
