"""matplotlib's SVG in fewer bytes: a page holds a dozen drawings, of which half would be repeated styles and names."""

from __future__ import annotations

import re

_NOTHING = re.compile(
    r"<\?xml[^>]*>|<!DOCTYPE[^>]*>|<metadata>.*?</metadata>|<path [^>]*opacity: 0\"/>| transform=\"rotate\(-0 [^\"]*\"",
    re.DOTALL,
)
_PLACES = re.compile(r" (?:d|x|y|width|height|transform)=\"[^\"]*\"")
_DECIMALS = re.compile(r"\d+\.\d{3,}")
_GROUP = re.compile(r"<g id=\"[^\"]*\"")
_PLAIN_GROUP = re.compile(r"<g>((?:(?!</?g[ >]).)*)</g>", re.DOTALL)
_STYLE = re.compile(r" style=\"([^\"]*)\"")


def small(svg: str) -> str:
    """The same drawing: places with four digits, each style once, no names and groups that nothing speaks of.

    Args:
        svg: As matplotlib writes it, without scripts.
    """
    svg = re.sub(r"\s*\n\s*", " ", _NOTHING.sub("", svg)).strip()
    svg = _PLACES.sub(lambda place: _DECIMALS.sub(lambda found: f"{float(found.group()):.4g}", place.group()), svg)
    svg = _GROUP.sub("<g", svg)
    svg = re.sub(r">\s+<", "><", svg)
    before = ""
    while before != svg:
        before, svg = svg, _PLAIN_GROUP.sub(r"\1", svg)
    names = {style: f"s{number}" for number, style in enumerate(dict.fromkeys(_STYLE.findall(svg)))}
    svg = _STYLE.sub(lambda found: f' class="{names[found.group(1)]}"', svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    return svg.replace("</style>", f"{rules}</style>".replace(": ", ":").replace("; ", ";"), 1)
