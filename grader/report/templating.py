"""The Jinja environment of every page: it escapes everything, and says how outcomes and figures are written."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

import jinja2
from markupsafe import Markup, escape

from grader.report.labels import BASES, CAUSES, LABELS, LAYER_STATES, OUTCOMES, STATUSES

_SENTENCE = re.compile(r".{20,}?[.!?](?=\s+[A-Z]|$)", re.DOTALL)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


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
    made.filters["coded"] = coded
    made.filters["sentence"] = first_sentence
    made.globals.update(
        layer_states=LAYER_STATES,
        cell_links=cell_links,
        outcomes=OUTCOMES,
        causes=CAUSES,
        bases=BASES,
        statuses=STATUSES,
        say=say,
        policy=policy,
    )
    return made


def visible(value: object) -> object:
    """What a template prints, with nothing that a reader cannot see: control characters, and those that turn text.

    A name or a file name is somebody else's text, and these would make it look like another.
    """
    if isinstance(value, str) and not isinstance(value, Markup) and not value.isprintable():
        return _INVISIBLE.sub("\ufffd", value)
    return value


def say(key: str, **values: object) -> Markup:
    """A sentence of the catalogue, filled in; what is filled in is escaped."""
    label = Markup(LABELS[key])  # noqa: S704
    return label.format(**{name: visible(value) for name, value in values.items()}) if values else label


def policy(style: str, script: str = "") -> Markup:
    """The Content-Security-Policy of a page that loads nothing and runs no more than this script, if any.

    Args:
        style: All that stands in its style element.
        script: Likewise in its script element.
    """
    parts = ["default-src 'none'", f"style-src '{_digest(style)}'", "img-src data:"]
    parts += [f"script-src '{_digest(script)}'"] if script else []
    return Markup("; ".join([*parts, "base-uri 'none'", "form-action 'none'"]))  # noqa: S704


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def cell_links(cells: Iterable[int]) -> Markup:
    """Links to cells of the page, which counts them from 1; made here, for every criterion has some."""
    return Markup(", ".join(f'<a href="#cell-{cell + 1}">cell {cell + 1}</a>' for cell in cells))  # noqa: S704


def coded(text: str) -> Markup:
    """A sentence of ours or a tutor's in which what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(visible(text))
    shown = (escape(visible(part)) for part in parts)
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(shown))


def first_sentence(text: str) -> str:
    """A text's first sentence, for a line of a table."""
    found = _SENTENCE.match(text)
    return found.group() if found else text


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
