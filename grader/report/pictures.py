"""Pictures as pages show them: a notebook's own figures, no wider than they are shown, of at most 256 colours.

`executed.ipynb` keeps what the notebook drew. What a page shows of it differs by less than an eye sees.
"""

from __future__ import annotations

import io
from contextlib import suppress

from grader.limits import MAX_PICTURE_PIXELS

SHOWN_WIDTH_PIXELS = 896
"""The style sheet shows a figure at most 28rem wide, 448 pixels of a page; a fine screen draws two for one."""

_COLOURS = 256


def for_page(png: bytes) -> bytes:
    """A figure for a page; as it was where it cannot be read, is too large to be, or gets no smaller.

    Args:
        png: Of a student's process, so only Pillow's reader of PNG looks at it, after its size.
    """
    with suppress(Exception):  # whatever a picture does to its reader, it is shown as it is
        made = _smaller(png)
        return made if len(made) < len(png) else png
    return png


def _smaller(png: bytes) -> bytes:
    """A figure on white, of so many colours.

    Raises:
        ValueError: It has too many pixels.
    """
    from PIL import Image  # noqa: PLC0415 - kept pages need none of it

    with Image.open(io.BytesIO(png), formats=("PNG",)) as read:
        if read.width * read.height > MAX_PICTURE_PIXELS:
            raise ValueError(f"{read.width} x {read.height} pixels")
        figure = Image.alpha_composite(Image.new("RGBA", read.size, "white"), read.convert("RGBA")).convert("RGB")
    if figure.width > SHOWN_WIDTH_PIXELS:
        height = max(1, round(figure.height * SHOWN_WIDTH_PIXELS / figure.width))
        figure = figure.resize((SHOWN_WIDTH_PIXELS, height), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    # Of the methods the one that keeps white white, and on average every level to a tenth of 255.
    few = figure.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(written, "PNG", optimize=True)
    return written.getvalue()
