"""Thresholds for figures: which drawing is a map of classes, and which shows a curve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureThresholds:
    """When what is drawn is a map of classes, or shows a curve.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    most_groups: int = 20
    """A picture in more colours than this has no readable classes.

    Unit: colours.
    Source: judgement; matplotlib's largest qualitative map has 20.
    Test: `test_twenty_colours_are_classes`.
    """

    decimals: int = 5
    """Places that agree to so many decimals are one place: float32 inputs are drawn again as float64.

    Unit: decimals.
    Source: float32 keeps seven digits.
    Test: `test_places_agree_to_five_decimals`.
    """

    few_points: int = 200
    """Predictions of fewer points than this are parts of a region.

    Unit: points.
    Source: a grid of 15 by 15 has more.
    Test: `test_predictions_of_few_points_are_put_together`.
    """

    farthest: float = 1e6
    """Places further out are no inputs of a model, and one like the other.

    Unit: the inputs' own units.
    Source: judgement.
    Test: `test_places_beyond_a_million_are_all_one`.
    """

    fewest_joined: float = 0.9
    """Share of a picture's places that must be among a model's recorded inputs for the two to be compared one by one.

    Unit: share of places, in [0, 1].
    Source: judgement.
    Test: `test_nine_in_ten_places_must_be_among_the_inputs`.
    """

    edge: float = 0.01
    """Points that lie outside the rectangle by this share of its side count as on its edge.

    Unit: share of the side.
    Source: judgement.
    Test: `test_points_on_the_edge_may_lie_a_hundredth_outside`.
    """

    stray_share: float = 0.02
    """A line or scatter shows the curves where no more than this share of its points lies off them.

    Unit: share of points, in [0, 1].
    Source: judgement.
    Test: `test_two_in_a_hundred_points_may_lie_off_the_curves`.
    """

    curve_bins: int = 10
    """Along the rectangle's first side, a curve must have a point in most of so many bins.

    Unit: bins.
    Source: judgement.
    Test: `test_a_curve_is_drawn_along_eight_tenths`.
    """

    curve_covered: float = 0.8
    """The share of those bins.

    Unit: share of bins, in [0, 1].
    Source: judgement.
    Test: `test_a_curve_is_drawn_along_eight_tenths`.
    """


THRESHOLDS = FigureThresholds()
