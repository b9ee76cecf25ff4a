"""A drawing in fewer bytes is the same drawing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from grader.report import plots
from grader.report.svg import small

DRAWING = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "x"><svg><metadata>by</metadata><defs>
<style type="text/css">*{a: b}</style></defs><g id="axes_1"><g id="patch_1">
<path d="M 0.123456 12.3456789" style="fill: none; opacity: 0"/></g>
<g id="line_1" clip-path="url(#p)"><path d="M 0.123456 12.3456789" style="fill: none"/></g>
<g id="text_1"><text x="1" y="2" style="fill: none" transform="rotate(-0 1.0 2.0)">0.050</text></g></g></svg>"""


def test_styles_stand_once_and_places_have_four_digits() -> None:
    """What is written stays as it is: ticks of one axis have as many digits as each other."""
    assert small(DRAWING) == (
        '<svg><defs><style type="text/css">*{a: b}.s0{fill:none}</style></defs><g><g clip-path="url(#p)">'
        '<path d="M 0.1235 12.35" class="s0"/></g><text x="1" y="2" class="s0">0.050</text></g></svg>'
    )


def test_curves_are_read_as_a_drawing() -> None:
    """With every label, and whatever is spoken of in it."""
    history = {"loss": [0.9, 0.5, 0.05], "val_loss": [0.8, 0.6, 0.7]}
    svg = plots.curves("loss", history, mark=(2, True), behind={"loss": ([0.1, 0.1, 0.1], [0.2, 0.2, 0.2])}).decode()
    drawing = ET.fromstring(svg)  # noqa: S314 - our own
    texts = {"".join(one.itertext()) for one in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"training", "training, reference's runs", "validation", "rises after 2", "Epoch", "Loss"} <= texts
    assert set(re.findall(r"(?:href=\"#|url\(#)(\w+)", svg)) <= set(re.findall(r" id=\"(\w+)\"", svg))
    assert len(svg) < 8000
