"""Thresholds: from when on a value is taken for a mistake that an edit may fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HintThresholds:
    """From when on a value is taken for a mistake that an edit may fix.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    rate_far_off: float = 30.0
    """How many times above or below its optimizer's usual one a learning rate must be, to be replaced.

    Unit: ratio.
    Source: judgement; the shipped references train with rates of up to ten times the usual one.
    Test: `test_a_learning_rate_is_replaced_where_it_is_far_off`.
    """


THRESHOLDS = HintThresholds()
