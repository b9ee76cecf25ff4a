"""Thresholds: when a name is a misspelling of another, and when a cell that was stopped never ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AttributionThresholds:
    """When a name is a misspelling of another, and when a cell that was stopped never ends.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    misspelt_likeness: float = 0.8
    """A package's name as like as this to a known one is a misspelling of it.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    Test: `test_a_package_that_the_environment_lacks_is_named` and `test_a_misspelt_package_is_the_students`.
    """

    misspelt_file: float = 0.8
    """A file's name as like as this to one that the notebook writes itself is a misspelling of it.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    Test: `test_a_file_whose_name_is_close_to_one_that_the_notebook_writes_is_the_students`.
    """

    endless_factor: float = 20.0
    """A cell that took this many times the reference's whole notebook, or asked for this many times the epochs of the
    longest training that the rubric asks for, is without end.

    Unit: times.
    Source: judgement; an honest notebook of a beginner takes up to some five times the reference's time.
    Test: `test_a_cell_that_took_twenty_times_the_references_time_is_endless`.
    """


THRESHOLDS = AttributionThresholds()
