"""A worksheet's cells are found where they stand, and all else of the file stays."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.export.worksheet import read_worksheet

CELLS = st.lists(st.lists(st.text('ab,;\t|"\r\n é=', max_size=6), min_size=3, max_size=3), min_size=2, max_size=5)
ODD = 'Name,"Gra""de",Note\r\n"Lee, Ann",,"two\r\nlines"\n\nBo,12,""\r"",3,x'


def sheet(folder: Path, raw: bytes):
    path = folder / "sheet.csv"
    path.write_bytes(raw)
    return read_worksheet(path)


@given(rows=CELLS, quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), separator=st.sampled_from(",;\t|"))
def test_the_cells_are_those_that_the_csv_module_finds(rows, quoting, *, separator, tmp_path_factory):
    """In every separator and way of quoting; the separator is found as well."""
    rows = [["h1", "h2", "h3"], *rows]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator, quoting=quoting).writerows(rows)
    text = buffer.getvalue()
    expected = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    found = sheet(tmp_path_factory.mktemp("sheet"), text.encode())
    assert [[cell.value for cell in row] for row in found.rows] == expected
    assert found.written({}) == text.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_nothing_is_lost_in_any_encoding(encoding, tmp_path):
    """Line ends of three kinds, blank lines, quotes, a byte-order mark."""
    raw = ODD.replace("Bo", "Bö").encode(encoding)
    found = sheet(tmp_path, raw if encoding != "utf-16-be" else b"\xfe\xff" + raw)
    assert found.written({}) == found.path.read_bytes()
    assert found.head == ["Name", 'Gra"de', "Note"]
    assert [len(row) for row in found.rows] == [3, 3, 3, 3]


def test_bytes_that_are_no_text_are_kept(tmp_path):
    """As of an encoding that nobody knows."""
    raw = b"Name,Grade\n\x81\x8d\x98,\n"
    assert sheet(tmp_path, raw).written({(1, 1): "5"}) == b"Name,Grade\n\x81\x8d\x98,5\n"


def test_only_the_cells_that_are_written_change(tmp_path):
    """What stood in quotes stands in quotes, what needs them gets them, and nothing else moves."""
    found = sheet(tmp_path, ODD.encode())
    written = found.written({(1, 1): "1,5", (2, 1): "7", (2, 2): 'a "b"'}).decode()
    assert written == 'Name,"Gra""de",Note\r\n"Lee, Ann","1,5","two\r\nlines"\n\nBo,7,"a ""b"""\r"",3,x'


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"Name,Grade\nAnn,1,2\n", "row 2 has 3 cells, and there are 2 headings"),
        (b'Name,Grade\n"Ann,1\nBo,2\n', "row 2 has 1 cells"),
        (b"PK\x03\x04....", "a workbook of a spreadsheet program"),
        (b"", "there is no table in it"),
    ],
)
def test_what_is_no_whole_table_is_refused(raw, said, tmp_path):
    """With the row, before anything is written."""
    with pytest.raises(UsageError, match=said):
        sheet(tmp_path, raw)
