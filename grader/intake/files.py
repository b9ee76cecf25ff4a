"""Reads a handed-in file, and says what it is if it is no notebook."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError
from grader.limits import MAX_FILE_BYTES

# These are read by the tutor in the list and by the student on the page.
_ITSELF = "Hand in the notebook itself, the file that ends in .ipynb."
_AGAIN = "Save the notebook and hand it in again."

_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x89HDF", "an HDF5 file, such as a saved model"),
    (b"\x93NUMPY", "a numpy array"),
    (b"bplist", "a link saved by a browser"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file it points to"),
)


def read_bytes(path: Path) -> bytes:
    """The content of a plain file, which no link, pipe or device stands in for.

    Raises:
        SubmissionError: It is no plain file, cannot be read, is empty or too large.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind):
            raise SubmissionError(f"It is {_kind_name(kind)}, not a file.", fix=_ITSELF)
        with os.fdopen(os.open(path, flags), "rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SubmissionError(
            f"The file cannot be read ({reason}).", fix="Check that it exists and who may read it."
        ) from error
    if len(raw) > MAX_FILE_BYTES:
        raise SubmissionError(
            f"The file has more than {MAX_FILE_BYTES // 2**20} MB.",
            fix="Clear the notebook's outputs and hand it in again.",
        )
    if not raw.strip(b"\0 \t\r\n"):
        raise SubmissionError("The file is empty.", fix=_AGAIN)
    return raw


def decode(raw: bytes) -> tuple[str, str | None]:
    """Text of a file that should be JSON, and a note on its encoding where that is not plain UTF-8."""
    encoding = json.detect_encoding(raw)
    try:
        text = raw.decode(encoding, errors="surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "The file is not UTF-8; it was read as Windows-1252."
    if encoding == "utf-8":
        return text, None
    if encoding == "utf-8-sig":
        return text, "The file begins with a byte-order mark."
    return text.removeprefix("\ufeff"), f"The file is in {encoding.upper()}, not UTF-8."


def parse_json(raw: bytes) -> tuple[Any, str | None]:
    """What a file's JSON says, NaN and infinities as None, and a note on its encoding.

    Raises:
        SubmissionError: It is no JSON; says what it is instead.
    """
    named = next((name for magic, name in _MAGIC if raw.lstrip(b" \t\r\n").startswith(magic)), None)
    if named is not None:
        raise SubmissionError(f"The file is {named}, not a notebook.", fix=_ITSELF)
    text, note = decode(raw)
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_int=_integer), note
    except (RecursionError, MemoryError):
        raise SubmissionError("The file's JSON is nested deeper than any notebook's.", fix=_AGAIN) from None
    except ValueError as error:
        raise _no_json(text, error) from None


def _integer(digits: str) -> int | float:
    # Python refuses to convert thousands of digits; no field of a notebook needs them.
    return int(digits) if len(digits) < 20 else float(digits)


def _no_json(text: str, error: ValueError) -> SubmissionError:
    start = text.lstrip()[:2000].lower()
    if start.startswith(("<!doctype html", "<html")):
        return SubmissionError("The file is a web page (HTML), not a notebook.", fix=_ITSELF)
    if start.startswith("<"):
        return SubmissionError("The file is XML, not a notebook.", fix=_ITSELF)
    if not start.startswith("{"):
        named = "Python code" if _is_python(text) else "no notebook, and no JSON at all"
        return SubmissionError(f"The file is {named}.", fix=_ITSELF)
    if "\n<<<<<<<" in text:
        return SubmissionError("The file holds the marks of an unresolved merge (<<<<<<<).", fix=_AGAIN)
    position = error.pos if isinstance(error, json.JSONDecodeError) else 0
    cut_off = position >= len(text.rstrip()) - 1 or str(error).startswith("Unterminated string")
    if cut_off:
        return SubmissionError(f"The notebook breaks off after {len(text)} characters.", fix=_AGAIN)
    return SubmissionError(f"The notebook's JSON is broken ({error}).", fix=_AGAIN)


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text[:200_000])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Import | ast.ImportFrom | ast.Call) for node in ast.walk(tree))


def _kind_name(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a link" if stat.S_ISLNK(mode) else "a pipe, socket or device"


def notebook_digest(path: Path) -> str:
    """The SHA-256 of what was handed in; of what cannot be read, one over the reason."""
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except SubmissionError as error:
        return hashlib.sha256(str(error).encode(errors="replace")).hexdigest()
