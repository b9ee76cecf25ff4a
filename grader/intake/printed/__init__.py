"""Reads prints of notebooks back into cells: nbconvert's PDF and HTML, and scripts in percent format.

What is read is hostile input for large libraries, so a process in a sandbox reads it (`grader.intake.printed.guest`).
Where a print does not show all of a cell, the cell says so in its metadata, under ``grader``: ``unsure``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grader.cell_code import parse
from grader.errors import SubmissionError
from grader.intake.files import read_bytes
from grader.intake.printed.doubts import unsure_lines

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from grader.execution.sandbox import Sandbox
    from grader.intake.printed.job import PrintedCell

Form = Literal["pdf", "html", "percent"]

FORMS: dict[Form, str] = {
    "pdf": "a PDF",
    "html": "a web page",
    "percent": "a script in percent format",
}

_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_PERCENT = re.compile(rb"^# ?%%", re.MULTILINE)


def form_of(raw: bytes) -> Form | None:
    """Which kind of print a file may be, by its content; None for none."""
    if raw.lstrip(b" \t\r\n").startswith(b"%PDF"):
        return "pdf"
    if _HTML.match(raw):
        return "html"
    # No JSON has a line that begins so: a line's end in a text is written \n there.
    return "percent" if _PERCENT.search(raw) else None


def read_printed(raw: bytes, form: Form, *, sandbox: Sandbox) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Reads a print.

    Args:
        raw: The file.
        form: Of it, see `form_of`.
        sandbox: Where it is read.

    Returns:
        The notebook as JSON has it, and notes on how it was read; None where no cell of a notebook is in the file.

    Raises:
        SubmissionError: It cannot be read within the limits.
        SandboxError: The sandbox does not start.
    """
    # Loaded here: a notebook itself is read where there is no sandbox, too.
    from grader.intake.printed.job import read_in_sandbox  # noqa: PLC0415

    answer = read_in_sandbox(raw, form, sandbox=sandbox)
    if answer.problem is not None:
        raise SubmissionError(
            f"The file is {FORMS[form]} that could not be read ({answer.problem}).",
            fix="Hand in the notebook itself, the file that ends in .ipynb.",
        )
    if not any(cell.kind == "code" for cell in answer.cells):
        return None
    cells = [_cell(cell, form) for cell in answer.cells]
    unsure = [
        f"cell {number}: {cell['metadata']['grader']['unsure']}"
        for number, cell in enumerate(cells, 1)
        if cell["metadata"]
    ]
    notes = [f"The notebook was read from {FORMS[form]}."]
    if unsure:
        notes.append(f"Not sure: {'; '.join(unsure)}.")
    metadata = {"authors": [{"name": name} for name in answer.authors]} if answer.authors else {}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    return document, tuple(notes)


def as_notebook(path: Path, *, sandbox: Sandbox) -> tuple[NotebookNode, tuple[str, ...]]:
    """A print as a notebook with its stored outputs, and notes on how it was read.

    Raises:
        SubmissionError: It is no print of a notebook, or cannot be read.
        SandboxError: The sandbox does not start.
    """
    from nbformat import from_dict  # noqa: PLC0415 - slow to load

    raw = read_bytes(path)
    form = form_of(raw)
    found = None if form is None else read_printed(raw, form, sandbox=sandbox)
    if found is None:
        raise SubmissionError(
            f"{path}: no cell of a notebook was found in this file.",
            expected="The PDF or the web page that nbconvert makes of a notebook, or a script with lines `# %%`.",
            fix="Hand in the notebook itself, the file that ends in .ipynb.",
        )
    document, notes = found
    document["nbformat_minor"] = 5
    for number, cell in enumerate(document["cells"]):
        cell["id"] = f"cell-{number}"
    return from_dict(document), notes


def _cell(cell: PrintedCell, form: Form) -> dict[str, Any]:
    plain: dict[str, Any] = {"cell_type": cell.kind, "metadata": {}, "source": cell.source}
    if cell.kind == "code":
        plain |= {"execution_count": cell.count, "outputs": [_output(kind, text) for kind, text in cell.outputs]}
        if why := _why_unsure(cell, form):
            plain["metadata"] = {"grader": {"unsure": why}}
    return plain


def _output(kind: str, text: str) -> dict[str, Any]:
    if kind == "result":
        data = {"text/plain": text}
        return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}
    return {"output_type": "stream", "name": "stdout", "text": text}


def _why_unsure(cell: PrintedCell, form: Form) -> str:
    """Why a cell's code may not be what was written, as a part of a sentence about the print; empty where it is."""
    lines = unsure_lines(cell.source, cell.doubts)
    if not lines and form == "pdf" and cell.source.strip() and parse(cell.source) is None:
        return f"no Python was read on page {cell.page}"
    return " and ".join(lines[:3])
