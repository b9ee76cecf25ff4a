import os

import pytest

from grader.execution.sandbox.process import starved_seconds
from grader.execution.watch import allowed_seconds
from grader.limits import LARGEST_STRETCH


@pytest.mark.parametrize(
    ("starved", "seconds"),
    [(0.0, 60.0), (25.0, 85.0), (-1.0, 60.0), (1000.0, 60.0 * LARGEST_STRETCH)],
)
def test_waiting_for_a_processor_does_not_count(starved, seconds):
    """A busy machine costs a student nothing, and nobody can wait for ever."""
    assert allowed_seconds(60.0, starved=starved) == seconds


def test_the_system_says_how_long_a_process_waited():
    """A process that lives has a time that only grows; one that never was has none."""
    before = starved_seconds(os.getpid())
    assert starved_seconds(os.getpid()) >= before >= 0
    assert starved_seconds(2**22 + 1) == 0
