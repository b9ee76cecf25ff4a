"""Expressions in rubrics: arithmetic, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from grader.figures.expressions import Bound, Expression, evaluate_expression, number


def test_an_expression_is_evaluated_for_every_place() -> None:
    """``x`` is an array, numbers and functions work on it."""
    x = np.linspace(-1, 1, 5)
    assert evaluate_expression("1 + cos(x) - x**2 / 2", x) == pytest.approx(1 + np.cos(x) - x**2 / 2)


def test_a_constant_has_the_shape_of_its_places() -> None:
    """A curve may be a level line."""
    assert evaluate_expression("2", np.zeros(3)).tolist() == [2, 2, 2]


@pytest.mark.parametrize(("bound", "value"), [(2, 2.0), ("-pi", -math.pi), ("2*pi/4", math.pi / 2), ("1e3", 1000.0)])
def test_a_bound_is_a_number_or_an_expression(bound: float | str, value: float) -> None:
    """Rubrics write pi by its name."""
    assert number(bound) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "x.real", "cos", "y", "cos(x, x)", "cos()", "lambda: 1", "[1]", "1 if x else 2", "x = 1", "",
     "'a'", "True", "cos(x=1)", "x" * 300, "9**9**9**9**9 if 1 else 0", "x @ x"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """No attribute, name, keyword or statement gets through."""
    with pytest.raises(ValidationError):
        TypeAdapter(Expression).validate_python(text)


@pytest.mark.parametrize("bound", ["x", "1/0", "nan", math.nan, math.inf])
def test_a_bound_is_finite(bound: float | str) -> None:
    """An interval ends somewhere."""
    with pytest.raises(ValidationError):
        TypeAdapter(Bound).validate_python(bound)
