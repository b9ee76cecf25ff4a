from __future__ import annotations

import ast

from builders import Notebook, dense
from mutated import original
from nbformat.v4 import new_code_cell, new_notebook

from grader.reference.mutation.original import Original


def seen(source, **fit):
    """The parts of a notebook of one cell, in which one model of the name `net` is trained."""
    book = Notebook()
    book.code(source)
    book.fit(book.model(dense(1), names=("net",)), **fit)
    return Original(new_notebook(cells=[new_code_cell(source)]), evidence=book.evidence()).parts


def test_each_trained_model_has_its_calls():
    """By the cells of the evidence and the names that held the model."""
    small, large = original().parts
    assert (small.name, small.cell, small.history) == ("small", 3, "record.history")
    assert (large.name, large.cell) == ("large", 8)
    assert small.compiled is not None
    assert small.evaluate is not None
    assert small.evaluate.cell == 4
    assert ast.unparse(large.fit.keyword("epochs")) == "20"


def test_a_history_kept_as_a_dictionary_is_one():
    """`.history` is not asked for twice."""
    (part,) = seen("losses = net.fit(x, y).history")
    assert part.history == "losses"


def test_a_model_trained_by_a_function_has_no_fit():
    """The statement that hands it over is where it is trained."""
    (part,) = seen("def train(m):\n    m.fit(x, y)\n\ntrain(net)")
    assert part.fit is None
    assert ast.unparse(part.training) == "train(net)"


def test_a_model_trained_out_of_sight_is_no_part():
    """Nothing in the cell names it."""
    assert seen("main()") == ()


def test_the_layers_with_a_width_are_hidden_or_the_output():
    """Dropout is neither."""
    _, large = original().parts
    assert [layer.place for layer in large.hidden] == [0, 2]
    assert large.output is not None
    assert large.output.activation == "softmax"


def test_curves_and_matrices_are_found_by_what_their_cells_show():
    """Prints of the history are no drawing."""
    book = original()
    small, large = book.parts
    cell, statements = book.drawing(small, square=False)
    assert (cell, [ast.unparse(node)[:8] for node in statements]) == (4, ["plt.plot", "plt.plot"])
    assert book.drawing(small, square=True)[0] == 5
    assert book.drawing(large, square=True)[0] == 9
    assert book.drawing(large, square=False) is None


def test_a_model_trained_by_a_loop_is_trained_where_the_loop_stands():
    """Also where the loop calls a function that speaks of the model."""
    source = "@tf.function\ndef step(a):\n    net(a)\n\nfor epoch in range(40):\n    step(x)\nprint(net)"
    (part,) = seen(source, kind="loop")
    assert isinstance(part.training, ast.For)
