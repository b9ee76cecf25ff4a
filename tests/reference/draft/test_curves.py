import math

import numpy as np
import pytest

from grader.reference.draft.curves import bounds, curve_of

X = np.random.default_rng(0).uniform(-3, 3, 200)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.cos(X), "cos(x)"),
        (1 + np.cos(X), "1 + cos(x)"),
        (-np.sin(X), "-sin(x)"),
        (0.5 - 2 * X**2, "0.5 - 2 * x**2"),
        (3 * X, "3 * x"),
    ],
)
def test_a_simple_curve_is_found(values, expected):
    """Exact points lie on one."""
    assert curve_of(np.column_stack([X, values])) == expected


def test_scattered_points_lie_on_no_curve():
    """Nothing is fitted to a cloud."""
    noise = np.random.default_rng(1).normal(size=X.shape)
    assert curve_of(np.column_stack([X, noise])) is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-math.pi + 0.001, math.pi - 0.003, ("-pi", "pi")),
        (-0.999, 1.998, (-1, 2)),
        (0.0, 2 * math.pi, (0, "2*pi")),
        (0.123, 0.871, (0.123, 0.871)),
    ],
)
def test_the_ends_of_an_interval_are_plain(low, high, expected):
    """A task says -pi, a sample of points only nearly."""
    assert bounds(np.linspace(low, high, 50)) == pytest.approx(expected) if not isinstance(expected[1], str) else True
    assert bounds(np.linspace(low, high, 50)) == expected
