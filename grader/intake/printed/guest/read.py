"""Reads one print: ``python -m printed.read FORM FILE`` writes a `Print` to stdout as JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from .cells import Print
from .limits import MAX_CELLS


def read(form: str, path: Path) -> Print:
    """Reads a print; one without a cell of a notebook has no cells.

    Args:
        form: ``pdf``, ``html`` or ``percent``.
        path: Of the file.

    Raises:
        ValueError: There is more in it than in any notebook.
    """
    if form == "pdf":
        from .pdf import read_pdf as read_form  # noqa: PLC0415 - a form's library is loaded for it alone
    elif form == "html":
        from .html import read_html as read_form  # noqa: PLC0415
    else:
        from .percent import read_percent as read_form  # noqa: PLC0415
    found = read_form(path)
    if len(found.cells) > MAX_CELLS:
        raise ValueError(f"it has more than {MAX_CELLS} cells")
    return found


def main() -> None:
    """Reads what the command line names; what goes wrong is an answer too."""
    form, path = sys.argv[1:]
    try:
        answer = dataclasses.asdict(read(form, Path(path)))
    except Exception as error:  # noqa: BLE001 - whatever a hostile file does to a library
        answer = {"problem": str(error)[:300] if isinstance(error, ValueError) else type(error).__name__}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
