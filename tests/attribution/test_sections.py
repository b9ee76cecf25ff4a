"""A section with a mistake of its own before a failure of the infrastructure is decided criterion by criterion."""

import pytest
from builders import Notebook

from grader.attribution import attribute, reason_for_section
from grader.records import CellError, SectionMatch

MISSING = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
MISTAKE = CellError(
    name="AttributeError", value="no attribute 'summry'", traceback="Cell In [3], line 2\n----> 2 model.summry()"
)
BUILDS = "model = keras.Sequential([keras.layers.Dense(1)])\nmodel.summry()"
PLOTS = "x = 1\nplt.plto(x); plt.show()"


def reason(*cells, made_by=None, owner=True):
    """Of a section of these cells, (source, error) each."""
    book = Notebook()
    for source, error in cells:
        book.code(source, error=error)
    match = SectionMatch(section="a", title="A", cells=tuple(range(len(cells))), heading_cell=0)
    return reason_for_section(
        attribute(book.evidence()),
        match,
        matching={"a": match},
        evidence=book.evidence(),
        owners=frozenset({"a"} if owner else ()),
        about_model=True,
        made_by=made_by,
    )


@pytest.mark.parametrize(
    ("cells", "is_pending"),
    [
        ([(BUILDS, MISTAKE), ("import fancy\nmodel.fit(fancy.x)", MISSING)], True),
        ([("x = [\nmodel.fit(x)", CellError(name="SyntaxError", value="")), ("import fancy", MISSING)], False),
        ([("x = lod()\nmodel.fit(x)", CellError(name="NameError", value="")), ("model.fit(x)", MISSING)], False),
        ([(BUILDS, MISTAKE), ("print(model)", None)], False),
        ([("import fancy\nmodel.fit(fancy.x)", MISSING), (BUILDS, MISTAKE)], True),
    ],
)
def test_a_model_is_pending_where_no_mistake_kept_it_from_being_trained(cells, is_pending):
    """What the mistake left undone counts, not what ran before it in the same cell."""
    assert (reason(*cells) is not None) == is_pending


@pytest.mark.parametrize(
    ("made_by", "is_pending"),
    [("draws", False), ("evaluates", True), (None, False)],
)
def test_a_mistake_in_a_figure_is_none_in_what_was_not_evaluated(made_by, is_pending):
    """The figure is the student's to correct; the evaluation needs what is not here."""
    cells = [(PLOTS, MISTAKE), ("import fancy\nmodel.evaluate(fancy.x)", MISSING)]
    assert (reason(*cells, made_by=made_by, owner=False) is not None) == is_pending


def test_a_figure_of_a_section_with_its_own_model_may_be_what_was_not_drawn():
    """Though the cell that should have drawn it builds no model."""
    found = [("model.fit(x)", None), ("import fancy\nplt.plot(x)", MISSING)]
    assert reason(*found, made_by="draws") is not None
    assert reason(*found) is None
