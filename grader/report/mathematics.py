r"""TeX in a student's text as MathML, which every browser draws without a script, a style or a request.

latex2mathml reads it. What it makes is hostile: it leaves HTML in ``\text{...}`` as it is, and knows links and styles.
So its tree is written anew, of elements and attributes that only draw, and everything else of it is escaped.
"""

from __future__ import annotations

import re
from contextlib import suppress
from html import unescape
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from grader.limits import MAX_FORMULA_CHARACTERS, MAX_FORMULA_DEPTH
from grader.report.templating import visible

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DEFINES = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|[egx]?def|let|DeclareMathOperator|(?:re)?newenvironment|href|url|style|class"
    r"|cssId|unicode|require|includegraphics|rule)(?![A-Za-z])"
)
"""Definitions, which may grow without end, and what is no mathematics."""

_ELEMENTS = frozenset(
    {
        *("math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover"),
        *("munderover", "mmultiscripts", "mprescripts", "none", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"),
        *("mstyle", "mpadded", "mphantom", "menclose"),
    }
)
_CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
_WORDS = frozenset(
    {
        *("display", "stretchy", "fence", "form", "separator", "movablelimits", "largeop", "symmetric", "accent"),
        *("accentunder", "displaystyle", "scriptlevel", "mathvariant", "columnalign", "notation"),
    }
)
_LENGTHS = frozenset(
    {"width", "lspace", "rspace", "minsize", "maxsize", "linethickness", "rowspacing", "columnspacing"}
)
_WORD = re.compile(r"[A-Za-z0-9 -]{1,40}")
_LENGTH = re.compile(r"-?\d{0,2}(?:\.\d{1,4})?(?:em|ex|px|pt|mu)?")


def as_mathml(tex: str, *, is_block: bool = False) -> Markup:
    """A formula as MathML; as code where it is too long or cannot be read whole.

    Args:
        tex: Between its delimiters.
        is_block: Whether it stands in a line of its own.
    """
    if len(tex) <= MAX_FORMULA_CHARACTERS and _DEFINES.search(tex) is None:
        with suppress(Exception):  # whatever a formula does to its reader, its text is shown
            return _written(_read(tex, is_block=is_block), depth=0)
    return Markup("<code>{}</code>").format(visible(tex.strip()))


def _read(tex: str, *, is_block: bool) -> Element:
    from latex2mathml.converter import Converter  # noqa: PLC0415 - kept pages need none of it

    return Converter(display="block" if is_block else "inline").convert_to_element(tex)


def _written(element: Element, *, depth: int) -> Markup:
    """An element with all in it.

    Raises:
        ValueError: It holds what cannot be drawn.
    """
    text = unescape(element.text or "")
    is_whole = len(element) == _CHILDREN.get(element.tag, len(element))
    is_read = is_whole and not (text.startswith("\\") and len(text) > 1)
    if element.tag not in _ELEMENTS or depth > MAX_FORMULA_DEPTH or not is_read:
        raise ValueError(f"{element.tag} {text[:20]!r}")
    kept = {
        name: value
        for name, value in element.attrib.items()
        if (name in _WORDS and _WORD.fullmatch(value)) or (name in _LENGTHS and _LENGTH.fullmatch(value))
    }
    attributes = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in kept.items())
    inside = Markup("").join(_written(child, depth=depth + 1) for child in element)
    tag = Markup(element.tag)  # noqa: S704 - one of ours
    return Markup("<{}{}>{}{}</{}>").format(tag, attributes, escape(visible(text)), inside, tag)
