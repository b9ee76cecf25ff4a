"""Files that a notebook reads: which are missing, and whether the notebook itself should have written them."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath, PureWindowsPath

from grader.attribution.thresholds import THRESHOLDS
from grader.cell_code import parse
from grader.records import CellError, CellRun

_MISSING = (
    re.compile(r"No such file or directory:? b?['\"]([^'\"]+)['\"]"),
    re.compile(r"(?:Unable to|unable to) (?:synchronously )?open file.*name = ['\"]([^'\"]+)['\"], errno = 2"),
    re.compile(r"File not found: filepath=(\S+?)\.(?:\s|$)"),
    re.compile(r"File [`'\"]+([^`'\"]+)[`'\"]+ not found"),
    re.compile(r"(?:No such file|Could not find directory|Unable to find file|No file or directory found at):? ?(\S+)"),
    re.compile(r"^(\S+\.\w{1,6}) not found\.?$"),
    re.compile(r"(?:^|; |open: )(\S+) ?[:;] No such file or directory"),
)
_UNWRITABLE = re.compile(r"(?:Permission denied|Read-only file system): ['\"](/[^'\"]+)['\"]")
_OF_PLATFORMS = re.compile(r"^/(?:content|kaggle|gdrive|drive|mnt|dbfs|home/jovyan)\b|^[A-Za-z]:[\\/]")
_WRITES = frozenset(
    {"save", "save_weights", "savez", "savez_compressed", "savetxt", "savefig", "imsave", "imwrite", "to_csv"}
    | {"to_json", "to_pickle", "to_excel", "to_hdf", "to_parquet", "dump", "write", "export", "ModelCheckpoint"}
    | {"CSVLogger", "urlretrieve", "makedirs", "mkdir", "write_text", "write_bytes", "save_model", "tofile", "open"}
)
_FILE_MAGIC = re.compile(r"^%%(?:writefile|file)\s+(?:-a\s+)?(\S+)")


def missing_file(error: CellError) -> str | None:
    """The file or folder that a cell wanted and that is not there; None for any other error.

    Args:
        error: What was raised.
    """
    if error.name in {"NameError", "SyntaxError", "KeyError", "ModuleNotFoundError", "ImportError"}:
        return None
    for form in _MISSING:
        found = form.search(error.value)
        if found is not None and found.group(1).strip("'\"`"):
            return found.group(1).strip("'\"`")
    return None


def foreign_path(error: CellError) -> str | None:
    """The path of another machine that a cell could not write to; None for any other error."""
    found = _UNWRITABLE.search(error.value)
    return found.group(1) if found is not None and _OF_PLATFORMS.match(found.group(1)) else None


class WrittenFiles:
    """The files that a notebook writes itself.

    Args:
        cells: Of the notebook.
    """

    def __init__(self, cells: Sequence[CellRun]) -> None:
        self._by_cell = {cell.index: frozenset(_written(cell)) for cell in cells if cell.kind == "code"}

    def cells_of(self, path: str) -> tuple[int, ...]:
        """The cells that write a file of that name, in order."""
        wanted = base_name(path)
        return tuple(cell for cell, names in self._by_cell.items() if wanted in names)

    def is_misspelt(self, path: str) -> bool:
        """Whether a name is as good as that of a file that the notebook writes."""
        wanted = base_name(path)
        known = [name for names in self._by_cell.values() for name in names if _ending(name) == _ending(wanted)]
        return bool(difflib.get_close_matches(wanted, known, n=1, cutoff=THRESHOLDS.misspelt_file))


def base_name(path: str) -> str:
    """The last part of a path, of Windows or not."""
    return PureWindowsPath(path).name or PurePosixPath(path).name


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix


def _written(cell: CellRun) -> Iterator[str]:
    magic = _FILE_MAGIC.match(cell.source)
    if magic is not None:
        yield base_name(magic.group(1))
    tree = parse(cell.source)
    if tree is None:
        return
    texts = {
        name.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for name in node.targets
        if isinstance(name, ast.Name) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _writes(node):
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                for part in ast.walk(argument):
                    text = texts.get(part.id) if isinstance(part, ast.Name) else getattr(part, "value", None)
                    if isinstance(text, str) and base_name(text):
                        yield base_name(text)


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name != "open":
        return name in _WRITES
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and str(mode.value)[:1] in {"w", "a", "x"} for mode in given)
