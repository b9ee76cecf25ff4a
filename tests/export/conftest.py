"""Classes that were graded, in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from graded_class import grade_class

from grader.store import OutputFolder


@pytest.fixture
def graded(tmp_path: Path) -> Callable[..., OutputFolder]:
    """Makes the output folder of a class, see `grade_class`."""
    return partial(grade_class, tmp_path)
