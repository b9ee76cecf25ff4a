"""A notebook's figures on a page: smaller, and the same to the eye."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from grader.report.pictures import SHOWN_WIDTH_PIXELS, for_page


def drawn(width: int, *, mode: str = "RGBA") -> bytes:
    """A figure with a curve and some text, on a transparent ground."""
    figure = Image.new(mode, (width, 400))
    pen = ImageDraw.Draw(figure)
    for at in range(0, width - 8, 8):
        pen.line((at, 200 + 150 * np.sin(at / 50), at + 8, 200 + 150 * np.sin((at + 8) / 50)), fill=(at % 255, 80, 200))
    pen.text((40, 30), "loss of ten layers", fill=(0, 0, 0))
    written = io.BytesIO()
    figure.save(written, "PNG", compress_level=1)
    return written.getvalue()


def read(png: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"), dtype=int)


def test_a_figure_gets_smaller_and_looks_the_same() -> None:
    """On white, as the page shows it; no pixel is off by more than an eye sees."""
    png = drawn(700)
    shown = for_page(png)
    assert len(shown) < len(png)
    assert np.abs(read(shown) - read(png)).mean() < 0.5
    assert tuple(read(shown)[0, 0]) == (255, 255, 255)


def test_a_wide_figure_is_no_wider_than_it_is_shown() -> None:
    """On a screen that draws two pixels for one."""
    assert read(for_page(drawn(2400))).shape == (149, SHOWN_WIDTH_PIXELS, 3)


def test_what_is_no_figure_stays_as_it_is() -> None:
    """Cut off, a bomb, or no PNG at all."""
    bomb = bytearray(drawn(700))
    bomb[16:24] = (10**5).to_bytes(4, "big") * 2
    for broken in (drawn(700)[:300], bytes(bomb), b"\x89PNG\r\n\x1a\n", b"GIF89a"):
        assert for_page(broken) == broken
