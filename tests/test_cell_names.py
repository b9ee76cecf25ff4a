from __future__ import annotations

import ast

import pytest

from grader.cell_names import names_from_outside, names_in, names_set_globally, root_name


def names(source, **options):
    found = names_in(ast.parse(source), **options)
    kinds = {kind: set(getattr(found, kind)) for kind in found.__dataclass_fields__}
    return {kind: value for kind, value in kinds.items() if value}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = x + 1", {"read": {"x"}, "assigned": {"y"}}),
        ("x += 1", {"assigned": {"x"}}),
        ("for i in xs:\n    pass", {"read": {"xs"}, "assigned": {"i"}}),
        ("with f as g:\n    (n := g)", {"read": {"f", "g"}, "assigned": {"g", "n"}}),
        ("del x", {"deleted": {"x"}}),
        ("x[0] = 1", {"read": {"x"}, "changed": {"x"}}),
        ("x.shape = 1", {"read": {"x"}, "changed": {"x"}}),
        ("m.fit(x)", {"read": {"m", "x"}, "called_on": {"m"}}),
        ("m.layers[0].call()", {"read": {"m"}, "called_on": {"m"}}),
        ("try:\n    pass\nexcept E as e:\n    pass", {"read": {"E"}, "assigned": {"e"}}),
        ("match x:\n    case [a, *b]:\n        pass", {"read": {"x"}, "assigned": {"a", "b"}}),
        ("import a.b, c.d as e\nfrom f import g as h, i", {"imported": {"a", "e", "h", "i"}}),
        ("class A(B):\n    pass", {"read": {"B"}, "defined": {"A"}}),
    ],
)
def test_names_are_sorted_by_what_the_code_does_with_them(source, expected):
    """Each name stands under its use, and under each of several."""
    assert names(source) == expected


@pytest.mark.parametrize("source", ["def f(a):\n    b = c", "async def f(a):\n    b = c", "class f:\n    b = c"])
def test_the_inside_of_a_function_counts_only_where_it_is_asked_for(source):
    """Without it, a function is a name that is bound."""
    assert names(source) == {"read": {"c"}, "assigned": {"b"}, "defined": {"f"}}
    assert names(source, inside_functions=False) == {"defined": {"f"}}


def test_what_is_bound_is_assigned_defined_or_imported():
    """A deleted name, or one of which an item is set, is not."""
    tree = ast.parse("import a\nb = 1\ndef c(): pass\ndel d\ne[0] = 1")
    assert names_in(tree).bound == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("source", "anything", "attributes_alone"),
    [("x", "x", "x"), ("x.a.b", "x", "x"), ("x[0].a(1).b", "x", None), ("(x + y).a", None, None), ("3", None, None)],
)
def test_an_expression_begins_with_a_name(source, anything, attributes_alone):
    """Through attributes, and where it is asked for through items and calls."""
    node = ast.parse(source, mode="eval").body
    assert root_name(node, through=(ast.Attribute, ast.Subscript, ast.Call)) == anything
    assert root_name(node, through=ast.Attribute) == attributes_alone


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("y = x", {"x"}),
        ("[i for i in xs]", {"xs"}),
        ("lambda a: a + b", {"b"}),
        ("def f(a, *c, k=d):\n    e = a\n    return e + g", {"d", "g"}),
        ("def f():\n    global n\n    n = n + 1", {"n"}),
        ("class A:\n    def f(self):\n        return self.x + y", {"y"}),
    ],
)
def test_what_code_takes_from_around_it_is_not_its_own(source, taken):
    """Parameters, local names and the variables of comprehensions are left out."""
    assert names_from_outside(ast.parse(source)) == taken


def test_code_that_nests_deeper_than_python_recurses_is_survived():
    """Its names are those that it reads."""
    node = ast.Name(id="x", ctx=ast.Load())
    for _ in range(5000):
        node = ast.UnaryOp(op=ast.USub(), operand=node)
    assert names_from_outside(node) == {"x"}


def test_a_function_sets_what_it_declares_global():
    """Only where it binds it."""
    assert names_set_globally(ast.parse("def f():\n    global a, b\n    a = 1")) == {"a"}
