"""The Jinja environment of every page: it escapes everything, and says how outcomes and figures are written."""

from __future__ import annotations

import base64
import math
import re
from functools import cache
from typing import Literal

import jinja2
from markupsafe import Markup

OUTCOMES = {
    "passed": ("\u2713", "passed"),
    "partial": ("\u25d0", "partly met"),
    "failed": ("\u2717", "not met"),
    "blocked": ("\u2298", "blocked"),
    "needs_review": ("\u22ef", "to be reviewed"),
}
"""Icon and word of each outcome: never colour alone."""

CAUSES = {
    "by_hand": "still to be marked by a tutor",
    "infrastructure": "caused by the grading system, not by you; a tutor will look at it",
    "unverifiable": "could not be verified automatically; a tutor will look at it",
    "borderline": "very close to what is required; a tutor decides",
    "flagged": "a tutor looks at this before it counts",
}

BASES = {
    "verified": "checked independently of what your notebook printed",
    "claimed": "taken from what your notebook reported",
    "static": "read from your notebook and its models",
    "manual": "by a tutor",
}

_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

STATUSES = {"graded": "graded", "needs_review": "needs review", "not_run": "not run"}


@cache
def environment() -> jinja2.Environment:
    """The one environment; everything that a template prints is escaped."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("grader.report"),
        autoescape=True,
        finalize=visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["points"] = points
    made.filters["figure"] = figure
    made.filters["percent"] = percent
    made.filters["data_uri"] = data_uri
    made.globals.update(outcomes=OUTCOMES, causes=CAUSES, bases=BASES, statuses=STATUSES)
    return made


def visible(value: object) -> object:
    """What a template prints, with nothing that a reader cannot see: control characters, and those that turn text.

    A name or a file name is somebody else's text, and these would make it look like another.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return _INVISIBLE.sub("\ufffd", value)
    return value


def points(value: float) -> str:
    """Points with no needless zeros: ``1.5``, ``2``."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if math.isfinite(value) else "-"


def figure(value: float | None) -> str:
    """A measured figure with four significant digits, or a dash."""
    return "\u2013" if value is None else f"{value:.4g}"


def percent(value: float | None) -> str:
    """A share in [0, 1] as per cent with two decimals, or a dash."""
    return "\u2013" if value is None else f"{100 * value:.2f} %"


def data_uri(raw: bytes, kind: Literal["image/png", "image/svg+xml"]) -> Markup:
    """Bytes as an address that needs no request; base64 has nothing in it to escape."""
    return Markup(f"data:{kind};base64,{base64.b64encode(raw).decode()}")  # noqa: S704
