import ast

import pytest
from builders import data_set

from grader.attribution.sample_size import RowCounts, SizeTracker, merged


@pytest.mark.parametrize(
    ("number", "parts", "beyond"),
    [
        (3999, {"train"}, False),
        (4000, {"train"}, True),
        (60000, {"train"}, True),
        (60001, {"train"}, False),
        (1000, {"test"}, True),
        (70000, {"pair"}, True),
    ],
)
def test_a_number_is_beyond_where_the_original_has_that_row_and_the_sample_has_not(number, parts, beyond):
    """For the training part, the test part, or either."""
    assert RowCounts.of([data_set()]).is_beyond(number, frozenset(parts)) is beyond


def test_without_a_sample_nothing_is_followed():
    """The full data set has every row."""
    assert RowCounts.of([data_set(sample=False)]) is None


def read(source):
    tracker = SizeTracker(RowCounts.of([data_set()]))
    return merged([tracker.read(statement) for statement in ast.parse(source).body])


@pytest.mark.parametrize(
    ("use", "reached", "empty"),
    [("x[:50000]", 50000, None), ("x[50000:]", 50000, 50000), ("x[:3000]", None, None), ("z[50000:]", None, None)],
)
def test_a_slice_beyond_the_sample_is_short_or_empty(use, reached, empty):
    """Of rows of the data set alone."""
    found = read(f"(x, y), _ = mnist.load_data()\nprint({use})")
    assert (found.reached, found.empty) == (reached, empty)


def test_loops_in_loops_are_read_in_no_time():
    """A body is read twice, but not in each of eighteen loops inside one another."""
    source = "".join(f"{' ' * depth}for i{depth} in range(3):\n" for depth in range(18)) + " " * 18 + "pass"
    assert read(source).reached is None
