import pytest
from builders import Notebook, dense
from worksheet import SECTIONS, Worksheet

from grader.reference.draft.outline import outline


def titles(book):
    return [one.title for one in outline(book.evidence())]


def trained(book, *layers, heading=None):
    if heading is not None:
        book.markdown(heading)
    book.code("model.fit(x, y)")
    book.fit(book.model(*(layers or (dense(10, "softmax"),))))
    return book


def test_headings_open_sections_in_their_order():
    """Each with its model, where one is trained below it."""
    planned = outline(Worksheet().write().evidence())
    assert len(planned) == len(SECTIONS)
    owners = [name for name, one in zip(SECTIONS, planned, strict=True) if one.model is not None]
    assert owners == ["ex1", "ex3", "ex4", "ex6", "deep", "dropout"]


def test_ids_are_short_and_differ():
    """Exercise 3 comes twice in this worksheet."""
    ids = [one.id for one in outline(Worksheet().write().evidence())]
    assert ids[:4] == ["part1", "ex1", "ex2", "ex3"]
    assert len(set(ids)) == len(ids)


def test_an_extra_exercise_is_a_bonus():
    """Its heading says so."""
    planned = outline(Worksheet().write().evidence())
    assert [one.id for one in planned if one.bonus] == [planned[-1].id]


def test_the_title_of_the_notebook_is_no_section():
    """Everything would be in it."""
    book = Notebook()
    book.markdown("# Digits")
    trained(book, heading="## Exercise 1: Build")
    assert titles(book) == ["Exercise 1: Build"]


def test_sub_headings_of_one_model_are_one_section():
    """Build, train and evaluate are parts of one task."""
    book = Notebook()
    book.markdown("# Digits")
    for name in ("Dense network", "Wider network"):
        book.markdown(f"## {name}")
        book.markdown("### Build")
        book.code("model = ...")
        trained(book, dense(len(name), "relu"), dense(10, "softmax"), heading="### Train")
    assert titles(book) == ["Dense network", "Wider network"]


def test_numbered_sub_headings_stay_sections():
    """A part with exercises is no task itself."""
    book = Notebook()
    book.markdown("# Digits\n")
    book.markdown("## Part 1")
    trained(book, heading="### Exercise 1: Build")
    book.markdown("### Exercise 2: Look")
    book.markdown("## Part 2")
    assert titles(book) == ["Part 1", "Exercise 1: Build", "Exercise 2: Look", "Part 2"]


def test_lines_that_begin_like_exercises_are_headings():
    """Where they are several."""
    book = Notebook()
    trained(book, heading="Exercise 1: Build a network.")
    trained(book, dense(5, "relu"), dense(10, "softmax"), heading="Exercise 2: Build another.")
    assert [one.id for one in outline(book.evidence())] == ["ex1", "ex2"]


def test_without_headings_each_kind_of_model_is_a_section():
    """Of models with the same layers the last one counts, as when submissions are matched."""
    book = Notebook()
    for units in (4, 4, 8):
        trained(book, dense(units, "relu"), dense(10, "softmax"))
    first, second = outline(book.evidence())
    assert (first.model.id, first.alike, second.model.id) == ("m2", 1, "m3")
    assert not first.is_headed
    assert any("no heading" in note for note in first.notes)


def test_a_second_model_below_a_heading_is_a_section_of_its_own():
    """A section owns one model."""
    book = trained(Notebook(), dense(4, "relu"), dense(10, "softmax"), heading="## Networks")
    trained(book, dense(8, "relu"), dense(10, "softmax"))
    first, second = outline(book.evidence())
    assert (first.title, first.model.id, second.model.id) == ("Networks", "m1", "m2")
    assert first.id != second.id


@pytest.mark.parametrize("text", ["数字识别", "!!!", "42", "Übung 3: Tiefe Netze"])
def test_any_heading_makes_an_id(text):
    """Headings come in every script."""
    (planned,) = outline(trained(Notebook(), heading=f"## {text}").evidence())
    assert planned.section.id == planned.id
