"""Thresholds: when a name is a misspelling of another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AttributionThresholds:
    """When a name is a misspelling of another.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    misspelt_likeness: float = 0.8
    """A package's name as like as this to a known one is a misspelling of it.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    Test: `test_a_package_that_the_environment_lacks_is_named` and `test_a_misspelt_package_is_the_students`.
    """


THRESHOLDS = AttributionThresholds()
