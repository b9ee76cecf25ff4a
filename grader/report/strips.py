"""A strip of figures with the band that they should lie in, as a small picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grader.report.notebook import Picture
from grader.report.templating import data_uri

_WIDTH, _HEIGHT, _ROOM = 240, 28, 6
"""Of the picture, in pixels, and the room to its left and right."""


def strip(values: Sequence[float], *, lower: float | None, upper: float | None, alt: str) -> Picture | None:
    """Draws one tick a figure over the band.

    Args:
        values: The figures; those that are not finite are left out.
        lower: The band's end; None where it is open, or not the same for all.
        upper: Likewise.
        alt: What it shows, in words.

    Returns:
        None where there is no figure to draw.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    ends = [end for end in (lower, upper) if end is not None and math.isfinite(end)]
    low, high = min(*finite, *ends, finite[0]), max(*finite, *ends, finite[0])
    scale = (_WIDTH - 2 * _ROOM) / ((high - low) or 1.0)

    def at(value: float) -> int:
        return round(_ROOM + (value - low) * scale)

    left = at(lower) if lower is not None else 0 if ends else _WIDTH
    right = at(upper) if upper is not None and math.isfinite(upper) else _WIDTH
    band = f'<rect x="{left}" width="{max(right - left, 1)}" height="{_HEIGHT}" fill="#cfe3d6"/>' if ends else ""
    ticks = "".join(f"M{place} 5V{_HEIGHT - 5}" for place in sorted({at(value) for value in finite}))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'{band}<path d="{ticks}" stroke="#1d5bb8" stroke-width="1.5"/></svg>'
    )
    return Picture(data_uri(svg.encode(), "image/svg+xml"), alt)
