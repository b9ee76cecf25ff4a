"""A platform's own table, edited in place: what is not written to stays as it is, byte for byte.

The csv module says what stands in a cell, but not where the cell stands in the file, so cells are found here. A test
holds that both find the same.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from grader.errors import UsageError

_SEPARATORS = ",;\t|"
_MARK = "\ufeff"


class Cell(NamedTuple):
    """Where a cell stands in the text, quotes included, and what stands in it."""

    start: int
    end: int
    value: str
    quoted: bool


@dataclass(frozen=True)
class Worksheet:
    """A table with the place of every cell.

    Attributes:
        text: The whole file; a byte-order mark is its first character.
        rows: Every line with something on it; the first holds the headings.
    """

    path: Path
    encoding: str
    separator: str
    text: str
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def head(self) -> list[str]:
        """The headings, without blanks around them."""
        return self.values(0)

    def values(self, row: int) -> list[str]:
        """What stands in the cells of a row, without blanks around it."""
        return [_plain(cell) for cell in self.rows[row]]

    def value(self, row: int, column: int) -> str:
        """What stands in one cell, without blanks around it."""
        return _plain(self.rows[row][column])

    def written(self, edits: Mapping[tuple[int, int], str]) -> bytes:
        """The file with other texts in some cells.

        A cell that stood in quotes stands in quotes again; another one only where its new text needs them.

        Args:
            edits: The new texts, by row and column.
        """
        parts, at = [], 0
        for (row, column), text in sorted(edits.items()):
            cell = self.rows[row][column]
            parts += [self.text[at : cell.start], self._as_cell(text, quoted=cell.quoted)]
            at = cell.end
        parts.append(self.text[at:])
        return "".join(parts).encode(self.encoding, errors="replace")

    def _as_cell(self, text: str, *, quoted: bool) -> str:
        if quoted or any(sign in text for sign in (self.separator, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


def _plain(cell: Cell) -> str:
    return cell.value.strip().strip(_MARK).strip()


def read_worksheet(path: Path) -> Worksheet:
    """Reads a table in any encoding and with any separator that platforms use.

    Raises:
        UsageError: It cannot be read, or its rows are not of one length.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: it cannot be read ({error.strerror or error}).",
            expected="The worksheet as the platform exported it.",
            fix="Check --worksheet.",
        ) from error
    encoding = _encoding(raw)
    text = raw.decode(encoding)
    tables = [(separator, _rows(text, separator)) for separator in _SEPARATORS]
    fitting = [(separator, rows) for separator, rows in tables if _is_even(rows)]
    separator, rows = max(fitting, key=lambda one: len(one[1][0]), default=(",", ()))
    if not rows or len(rows[0]) < 2:
        raise UsageError(
            f"{path}: {_what_is_wrong(raw, tables)}",
            expected="A table of text as the platform exported it, separated by commas, tabulators or semicolons, with "
            "as many cells in each row as there are headings.",
            fix="Download it again, and do not save it in a spreadsheet program first.",
        )
    return Worksheet(path, encoding, separator, text, rows)


def _encoding(raw: bytes) -> str:
    """An encoding in which nothing of the file is lost."""
    if raw.startswith(codecs.BOM_UTF16_LE) or raw[1:2] == b"\0":
        likely = ["utf-16-le"]
    elif raw.startswith(codecs.BOM_UTF16_BE):
        likely = ["utf-16-be"]
    else:
        likely = ["utf-8", "cp1252"]
    for encoding in likely:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _is_even(rows: tuple[tuple[Cell, ...], ...]) -> bool:
    return bool(rows) and len({len(row) for row in rows}) == 1


def _what_is_wrong(raw: bytes, tables: list[tuple[str, tuple[tuple[Cell, ...], ...]]]) -> str:
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "this is a workbook of a spreadsheet program, no table of text."
    _, rows = max(tables, key=lambda one: len(one[1][0]) if one[1] else 0)
    if not rows or len(rows[0]) < 2:
        return "there is no table in it."
    number, row = next((number, row) for number, row in enumerate(rows, start=1) if len(row) != len(rows[0]))
    return f"row {number} has {len(row)} cells, and there are {len(rows[0])} headings."


def _rows(text: str, separator: str) -> tuple[tuple[Cell, ...], ...]:
    """The rows that have something on them, each with its cells."""
    rows: list[tuple[Cell, ...]] = []
    at = 1 if text.startswith(_MARK) else 0
    while at < len(text):
        row: list[Cell] = []
        while True:
            cell = _cell(text, at, separator)
            row.append(cell)
            at = cell.end
            if text[at : at + 1] != separator:
                break
            at += 1
        at += 2 if text.startswith("\r\n", at) else 1
        if len(row) > 1 or row[0].value.strip():
            rows.append(tuple(row))
    return tuple(rows)


def _cell(text: str, start: int, separator: str) -> Cell:
    """The cell that begins here; it ends before a separator or the line's end outside of quotes."""
    ends = f"{separator}\r\n"
    quoted = text.startswith('"', start)
    at, value = start, []
    if quoted:
        at += 1
        while at < len(text):
            if not text.startswith('"', at):
                closing = text.find('"', at)
                closing = len(text) if closing < 0 else closing
                value.append(text[at:closing])
                at = closing
            elif text.startswith('""', at):
                value.append('"')
                at += 2
            else:
                at += 1
                break
    rest = at
    while at < len(text) and text[at] not in ends:
        at += 1
    return Cell(start, at, "".join(value) + text[rest:at], quoted)
