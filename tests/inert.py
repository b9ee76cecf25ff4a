"""What of a page would act, or be fetched, when it is opened, and which cells of a table would compute."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from html.parser import HTMLParser

_ACTING = frozenset(
    {
        *("script", "iframe", "object", "embed", "form", "base", "link", "svg", "applet", "frame", "audio", "video"),
        # MathML draws formulas; these of its elements act, or hold what is not MathML.
        *("maction", "semantics", "annotation", "annotation-xml", "mglyph", "malignmark"),
    }
)
_ADDRESSES = frozenset({"href", "src", "action", "data", "srcset", "poster", "background", "formaction", "xlink:href"})
_OWN_ADDRESS = re.compile(
    r"#[\w.=&%+-]*|data:image/(?:png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]*|submissions/[a-z0-9-]+/feedback\.html(#[\w.-]*)?"
    r"|gradebook\.csv|summary\.json|matrix\.html|index\.html|\.\./\.\./index\.html"
)
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def what_acts(page: str) -> list[str]:
    """Everything in a page that is more than text, pictures and links within it; empty where nothing is.

    A script whose digest the page's policy names is the page's own; beside one, data are harmless.
    """
    parser = _Parser(frozenset(re.findall(r"'(sha256-[^']+)'", page)), has_script="script-src" in page)
    parser.feed(page)
    parser.close()
    policy = "Content-Security-Policy" in page and "default-src 'none'" in page
    hidden = [f"invisible {character!r}" for character in sorted(set(_INVISIBLE.findall(page)))]
    return [*parser.found, *hidden, *([] if policy else ["no Content-Security-Policy"])]


def cells_that_compute(rows: Iterable[list[str]]) -> list[str]:
    """The cells of a table that a spreadsheet would take for a formula, also where it splits at semicolons."""
    parts = (part.strip(" ") for row in rows for cell in row for part in cell.split(";"))
    return [part for part in parts if part.startswith(_FORMULA) and not _is_number(part)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Parser(HTMLParser):
    def __init__(self, digests: frozenset[str], *, has_script: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_style = False
        self._in_script = False
        self._digests = digests
        self._has_script = has_script

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        is_data = ("type", "application/json") in attrs
        self._in_script = tag == "script" and self._has_script and not is_data
        if tag in _ACTING and not (tag == "script" and self._has_script):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "srcdoc":
                self.found.append(f"{tag} {name}={value}")
            if name in _ADDRESSES and not _OWN_ADDRESS.fullmatch(value or ""):
                self.found.append(f"{tag} {name}={(value or '')[:80]}")
            if tag == "meta" and name == "http-equiv" and (value or "").lower() == "refresh":
                self.found.append("meta refresh")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_style and re.search(r"@import|url\(|expression\(", data, re.IGNORECASE):
            self.found.append(f"style: {data[:80]}")
        if self._in_script and self._digests.isdisjoint({_digest(data)}):
            self.found.append(f"script: {data[:80]}")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
