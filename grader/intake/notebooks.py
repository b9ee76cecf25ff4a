"""Reads one file as a submission: a notebook of any format and language, or the reason why it is none.

Nothing is validated that need not be: a notebook that Jupyter would refuse is graded if its cells can be read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cell_code import is_python_2
from grader.errors import SubmissionError
from grader.intake.candidates import Origin
from grader.intake.files import parse_json, read_bytes
from grader.intake.naming import NEAR_THE_TOP, author_of_file, authors_of_cells, authors_of_metadata, slug
from grader.intake.printed import form_of, read_printed
from grader.limits import MAX_CELLS
from grader.printed_text import result_text, shown, well_formed
from grader.records import Author, Cell, Submission

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from grader.execution.sandbox import SandboxChoice

_KINDS = {
    "code": "code",
    "markdown": "markdown",
    "html": "markdown",
    "heading": "markdown",
    "text": "markdown",
    "raw": "raw",
}
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml", "image/gif", "png", "jpeg", "svg")
_LANGUAGES = {
    "ir": "R",
    "r": "R",
    "julia": "Julia",
    "octave": "Octave",
    "matlab": "MATLAB",
    "bash": "Bash",
    "sos": "SoS",
}
_OTHER_FILE = "Hand in the notebook of this assignment."


def read_submission(
    path: Path,
    *,
    submission_id: str | None = None,
    origin: Origin | None = None,
    sandbox: SandboxChoice | None = None,
) -> tuple[Submission, NotebookNode | None]:
    """Reads what was handed in.

    Args:
        path: The file; a link is not followed.
        submission_id: Its id; None for the slug of its name.
        origin: What the archive or export that it lay in tells of it.
        sandbox: Where a print of a notebook is read; None for the best one of this machine.

    Returns:
        The submission, and the same as a valid nbformat 4 notebook for Python 3 with no outputs and no metadata but
        its kernel's. Where the file is no notebook, `Submission.problem` says why and what to do, and there is no
        notebook.
    """
    file_name = path.name if origin is None else origin.file_name
    stem = _stem(file_name)
    raw = b""
    try:
        raw = _bytes(path, origin)
        submission, cells = _read(raw, stem, sandbox=sandbox)
    except SubmissionError as error:
        submission, cells = {"authors": (author_of_file(stem),), "problem": str(error)}, None
    except (RecursionError, MemoryError):
        problem = f"The notebook is built in a way that cannot be read. {_OTHER_FILE}"
        submission, cells = {"authors": (author_of_file(stem),), "problem": problem}, None
    record = Submission(
        id=submission_id or slug(stem),
        file_name=well_formed(file_name),
        sha256=hashlib.sha256(raw).hexdigest(),
        **submission,
    )
    return record, None if cells is None else _as_notebook(record, cells)


def named_authors(path: Path) -> tuple[Author, ...]:
    """Whom a notebook itself names, in its metadata or in a cell near its top; nobody where it cannot be read."""
    try:
        document, _ = parse_json(read_bytes(path))
        given = _cells_of(document, [])[:NEAR_THE_TOP]
        cells = tuple(_cell(index, cell, is_print=False) for index, cell in enumerate(given))
        return authors_of_metadata(document.get("metadata")) or authors_of_cells(cells)
    except (SubmissionError, RecursionError, MemoryError):
        return ()


def _bytes(path: Path, origin: Origin | None) -> bytes:
    if origin is not None and origin.problem is not None:
        raise SubmissionError(origin.problem)
    return read_bytes(path)


def _stem(name: str) -> str:
    return re.sub(r"\.ipynb(\.(txt|json|html|download))?$", "", name, flags=re.IGNORECASE) or name


def _read(raw: bytes, stem: str, *, sandbox: SandboxChoice | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    form = form_of(raw)
    printed = None if form is None else read_printed(raw, form, sandbox=_chosen(sandbox).resolve())
    if printed is None:
        document, note = parse_json(raw)
        notes = [note] if note else []
    else:
        document, notes = printed[0], list(printed[1])
    given = _cells_of(document, notes)
    # What a notebook says of itself there is nothing to go by.
    cells = tuple(_cell(index, cell, is_print=printed is not None) for index, cell in enumerate(given))
    if not any(cell.source.strip() for cell in cells):
        raise SubmissionError("The notebook is empty: no cell holds any text.", fix=_OTHER_FILE)
    metadata = document.get("metadata")
    notes += _repairs(document, given)
    notes += _language_notes(metadata if isinstance(metadata, dict) else {}, cells)
    found: dict[str, Any] = {"cells": cells, "notes": tuple(notes)}
    if authors := authors_of_metadata(metadata):
        found |= {"authors": authors, "authors_from": "metadata"}
    elif authors := authors_of_cells(cells):
        found |= {"authors": authors, "authors_from": "names cell"}
    else:
        found |= {"authors": (author_of_file(stem),), "authors_from": "file name"}
    return found, given


def _chosen(sandbox: SandboxChoice | None) -> SandboxChoice:
    # Loaded here: only prints are read in a sandbox, and some systems have none.
    from grader.execution.sandbox import SandboxChoice  # noqa: PLC0415

    return sandbox or SandboxChoice()


def _cells_of(document: object, notes: list[str]) -> list[dict[str, Any]]:
    """The cells of any format, as they stand."""
    if not isinstance(document, dict):
        raise SubmissionError("The file is JSON, but no notebook.", fix=_OTHER_FILE)
    cells, sheets = document.get("cells"), document.get("worksheets")
    if not isinstance(cells, list) and isinstance(sheets, list):
        notes.append(f"The notebook is of format {_format(document)}; it was read as format 4.")
        parts = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for part in parts if isinstance(part, list) for cell in part]
    if not isinstance(cells, list):
        raise SubmissionError("The file is JSON, but no notebook: it has no cells.", fix=_OTHER_FILE)
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"The notebook has {len(cells)} cells; at most {MAX_CELLS} are read.", fix=_OTHER_FILE)
    if any(not isinstance(cell, dict) for cell in cells):
        notes.append("Some cells hold no text or code in a form that can be read; they were taken as empty.")
    return [cell if isinstance(cell, dict) else {"cell_type": "raw"} for cell in cells]


def _format(document: dict[str, Any]) -> str:
    major, minor = document.get("nbformat"), document.get("nbformat_minor", 0)
    return f"{major}.{minor}" if isinstance(major, int) and isinstance(minor, int) else "unknown"


def _cell(index: int, cell: dict[str, Any], *, is_print: bool) -> Cell:
    kind = _kind(cell)
    source = _source(cell)
    if cell.get("cell_type") == "heading":
        level = cell.get("level")
        source = f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {source}"
    stored = shown(_stored_text(cell.get("outputs"))) if kind == "code" else ""
    plain = {"index": index, "kind": kind, "source": source, "stored_text": stored, "may_raise": _may_raise(cell)}
    if is_print:
        plain["unsure"] = cell["metadata"].get("grader", {}).get("unsure", "")
    return Cell.model_validate(plain)


def _may_raise(cell: dict[str, Any]) -> bool:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and "raises-exception" in tags


def _kind(cell: dict[str, Any]) -> str:
    kind = cell.get("cell_type")
    if isinstance(kind, str) and kind in _KINDS:
        return _KINDS[kind]
    return "code" if kind is None and ("outputs" in cell or "execution_count" in cell) else "raw"


def _source(cell: dict[str, Any]) -> str:
    given = next((cell[key] for key in ("source", "input", "code", "text") if cell.get(key) is not None), "")
    return well_formed(_text(given).replace("\r\n", "\n").replace("\r", "\n"))


def _text(given: object) -> str:
    """Text that is a string or a list of lines; where no line of a list has its end, the ends are put in."""
    if isinstance(given, str):
        return given
    if not isinstance(given, list):
        return str(given) if isinstance(given, int | float) else ""
    lines = [line for line in given if isinstance(line, str)]
    broken = len(lines) > 1 and not any(line.endswith(("\n", "\r")) for line in lines)
    return ("\n" if broken else "").join(lines)


def _stored_text(outputs: object) -> str:
    """What the stored outputs print: stdout and results, without stderr, pictures and errors."""
    text = ""
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        kind = str(output.get("output_type"))
        if kind == "stream":
            if (output.get("name") or output.get("stream")) != "stderr":
                text += _joined(output.get("text"))
        elif kind in {"execute_result", "display_data", "pyout"}:
            data = output["data"] if isinstance(output.get("data"), dict) else output
            plain, html = _joined(data.get("text/plain", data.get("text"))), _joined(data.get("text/html"))
            result = "" if any(name in data for name in _PICTURES) else result_text(plain, html)
            if result:
                text += ("\n" if text and not text.endswith("\n") else "") + result.rstrip("\n") + "\n"
    return text


def _joined(given: object) -> str:
    # Chunks of a stream break lines anywhere, so no line ends are put in.
    return "".join(part for part in given if isinstance(part, str)) if isinstance(given, list) else _text(given)


def _repairs(document: dict[str, Any], cells: list[dict[str, Any]]) -> Iterator[str]:
    """What the file's format has wrong, and what was done about it."""
    ids = [cell.get("id") for cell in cells]
    given = [name for name in ids if name is not None]
    if any(not isinstance(name, str) or not _CELL_ID.fullmatch(name) for name in given):
        yield "Some cell ids are not as they should be; they were replaced."
    elif len(set(given)) < len(given):
        yield "Some cells share an id; the later ones got a new one."
    minor = document.get("nbformat_minor")
    if document.get("nbformat") == 4 and isinstance(minor, int) and minor >= 5 and None in ids:
        yield "Some cells have no id; they got one."
    kinds = (cell.get("cell_type") for cell in cells)
    unknown = {str(kind)[:40] for kind in kinds if not isinstance(kind, str) or kind not in _KINDS}
    if unknown:
        yield f"Some cells are of an unknown kind ({', '.join(sorted(map(well_formed, unknown)))})."
    if any(isinstance(cell.get("source"), list) and _text(cell["source"]) != _joined(cell["source"]) for cell in cells):
        yield "Some cells came without ends of lines; they were put in."


def _language_notes(metadata: dict[str, Any], cells: tuple[Cell, ...]) -> Iterator[str]:
    """What the notebook says it needs, where that is not the Python 3 that it gets."""
    kernel, language = (_strings(metadata.get(key)) for key in ("kernelspec", "language_info"))
    name = kernel.get("name", "")
    says = language.get("name") or kernel.get("language") or re.split(r"[-_\d.]", name)[0]
    version = language.get("version", "")
    other = _LANGUAGES.get(says.lower(), says if language or "language" in kernel else "")
    if other and "python" not in says.lower():
        yield f"The notebook is written in {other}, not in Python; only Python 3 can be run."
    elif version.startswith("2") or name.startswith("python2"):
        yield "The notebook was made with Python 2; it was run with Python 3."
    elif name and name != "python3":
        yield f"The notebook asks for the kernel {name!r}; it was run with Python 3."
    old = [cell.index + 1 for cell in cells if cell.kind == "code" and is_python_2(cell.source)]
    if old:
        numbers = ", ".join(map(str, old[:10])) + (", ..." if len(old) > 10 else "")
        yield f"Cells written in Python 2, which Python 3 cannot run: {numbers}."


def _strings(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    return {key: well_formed(value)[:100] for key, value in given.items() if isinstance(value, str)}


def _as_notebook(submission: Submission, given: list[dict[str, Any]]) -> NotebookNode:
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell  # noqa: PLC0415 - slow to load

    make = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}
    notebook = new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    taken: set[str] = set()
    for cell, raw in zip(submission.cells, given, strict=True):
        name = raw.get("id")
        if not isinstance(name, str) or not _CELL_ID.fullmatch(name) or name in taken:
            name = next(wanted for wanted in _new_ids(cell.index) if wanted not in taken)
        taken.add(name)
        # Metadata stay behind: tags would tell the runner to skip a cell.
        node = make[cell.kind](cell.source, id=name)
        attachments = _attachments(raw.get("attachments"))
        if cell.kind != "code" and attachments:
            node["attachments"] = attachments
        notebook.cells.append(node)
    return notebook


def _new_ids(index: int) -> Iterator[str]:
    yield f"cell-{index}"
    number = 2
    while True:
        yield f"cell-{index}-{number}"
        number += 1


def _attachments(given: object) -> dict[str, dict[str, str]]:
    """Pictures of a Markdown cell, as far as they are what nbformat says: name to media type to base64."""
    if not isinstance(given, dict):
        return {}
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in given.items():
        pictures = bundle.items() if isinstance(bundle, dict) else ()
        plain = {
            well_formed(kind): well_formed(_joined(data)) for kind, data in pictures if isinstance(data, str | list)
        }
        if plain:
            kept[well_formed(name)] = plain
    return kept
