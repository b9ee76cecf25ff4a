"""What intake makes of a file: a submission, or the reason why it is none."""

from __future__ import annotations

from typing import Literal

from grader.records.base import Record, Sha256


class Author(Record):
    """One of the people who handed the notebook in."""

    name: str
    student_id: str | None = None


class Cell(Record):
    """One cell as it was handed in.

    Attributes:
        index: Position in the notebook, from 0, every kind of cell counted.
        source: The text of the cell.
        stored_text: What the stored outputs print, as plain text (empty where there are none).
        unsure: What a print that the cell was read from does not show of it, a part of a sentence; empty where it shows
            all, and for a notebook.
        may_raise: Whether it is tagged ``raises-exception``: its error is meant, as Jupyter's own tools take it.
    """

    index: int
    kind: Literal["code", "markdown", "raw"]
    source: str
    stored_text: str = ""
    unsure: str = ""
    may_raise: bool = False


class Submission(Record):
    """One student's or group's notebook.

    Attributes:
        id: The file's stem as a slug, and eight hexadecimal digits, see `grader.intake.ids`.
        file_name: The file's name as handed in, without its folder.
        sha256: Of the file's bytes.
        authors: From the notebook's metadata, a names cell, or the file's name.
        authors_from: Where the authors were found.
        cells: Every cell, in order; empty where ``problem`` is set.
        problem: Why the file cannot be graded (it is no notebook), in words for the tutor; None for a notebook.
        notes: What intake fixed (format 3, a byte-order mark, duplicate cell ids), for the record.
    """

    id: str
    file_name: str
    sha256: Sha256
    authors: tuple[Author, ...] = ()
    authors_from: Literal["metadata", "names cell", "file name"] = "file name"
    cells: tuple[Cell, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()
