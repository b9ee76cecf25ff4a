"""Thresholds: how differences of two models are weighed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ArchitectureThresholds:
    """How differences of two models are weighed.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    other_input: int = 3
    """What a wrong width of the input adds to a distance: such a model was made for other data.

    Unit: differences.
    Source: judgement.
    Test: `test_a_sub_heading_goes_on_with_its_section`.
    """


THRESHOLDS = ArchitectureThresholds()
