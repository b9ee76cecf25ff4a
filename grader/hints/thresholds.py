"""From when on a value is taken for a mistake that an edit may mend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of `grader.hints`.

    Attributes:
        rate_far_off: How many times above or below its optimizer's usual one a learning rate must be to be replaced.
            The references train with rates of up to ten times the usual one. Source: the rates of the shipped
            references; held by ``tests/hints/test_proposals.py``.
    """

    rate_far_off: float = 30.0


THRESHOLDS = Thresholds()
