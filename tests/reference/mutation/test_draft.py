from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.cell_code import parse
from grader.reference.mutation.draft import Draft


def draft_of(*sources):
    return Draft(new_notebook(cells=[new_code_cell(source) for source in sources]))


def statement(source, at):
    return parse(source).body[at]


def sources(draft):
    return [cell.source for cell in draft.finish().cells]


def test_an_expression_is_replaced_and_nothing_else():
    """Spaces, comments and other lines stay as they were."""
    source = "a = 'ä'; b = f( 1 )  # one\nc = 2"
    assert sources(draft_of(source).replace(0, statement(source, 1).value, "g(2)")) == [
        "a = 'ä'; b = g(2)  # one\nc = 2"
    ]


def test_lines_are_added_at_the_indentation_of_their_statement():
    """Also before the first statement of a loop, and behind one with a comment."""
    source = "for n in x:\n    f(n)  # one\ng()"
    inner = statement(source, 0).body[0]
    assert sources(draft_of(source).before(0, inner, "a()\nb()")) == [
        "for n in x:\n    a()\n    b()\n    f(n)  # one\ng()"
    ]
    assert sources(draft_of(source).after(0, inner, "a()")) == ["for n in x:\n    f(n)  # one\n    a()\ng()"]


def test_a_deleted_statement_leaves_a_body_that_parses():
    """A loop with nothing in it would be no Python."""
    source = "for n in x:\n    f(n)\ng()"
    assert sources(draft_of(source).delete(0, statement(source, 0).body[0])) == ["for n in x:\n    pass\ng()"]
    assert sources(draft_of(source).delete(0, statement(source, 1))) == ["for n in x:\n    f(n)"]


def test_cells_are_dropped_moved_and_added():
    """Indices are those of the original all the while."""
    draft = draft_of("a", "b", "c", "d").drop(1).move(3, before=0).add_behind(0, "e")
    assert sources(draft) == ["d", "a", "e", "c"]


def test_two_drafts_of_different_cells_are_one():
    """Faults in different cells share a run."""
    first = draft_of("a", "b", "c")
    second = draft_of("a", "b", "c").drop(2)
    first.write(0, "z")
    assert sources(first.with_changes_of(second)) == ["z", "b"]


def test_two_drafts_of_one_cell_are_in_conflict():
    """One fault would write over the other."""
    with pytest.raises(ValueError, match="same cells"):
        draft_of("a", "b").write(0, "z").with_changes_of(draft_of("a", "b").drop(0))


def test_the_original_is_left_alone():
    """Many mutants are made of one notebook."""
    notebook = new_notebook(cells=[new_markdown_cell("# A"), new_code_cell("a = 1")])
    changed = Draft(notebook).write(1, "b = 2").store_output(1, "2\n").finish()
    assert notebook.cells[1].source == "a = 1"
    assert notebook.cells[1].outputs == []
    assert changed.cells[1].outputs[0]["text"] == "2\n"
