"""Tables that platforms export: CSV in any of its forms."""

from __future__ import annotations

import csv
import io

_SEPARATORS = ",;\t|"
_FIRST_LINES = 20


def read_table(raw: bytes) -> list[list[str]]:
    """The rows of a table, blank ones left out; empty where it is none.

    Commas, semicolons and tabulators separate; UTF-8, UTF-16 and the encodings of Windows are read.
    """
    text = _text(raw)
    lines = [line for line in text.splitlines() if line.strip()][:_FIRST_LINES]
    separator = max(_SEPARATORS, key=lambda one: sum(line.count(one) for line in lines))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return []
    return [[cell.strip().strip("\ufeff") for cell in row] for row in rows if any(cell.strip() for cell in row)]


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return text.replace("\0", "")
