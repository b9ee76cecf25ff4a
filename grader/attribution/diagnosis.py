"""Finds the cause of an error in its own text and in the statements that raised it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from grader.attribution.causes import Cause
from grader.attribution.devices import DeviceNames
from grader.attribution.endings import READINGS
from grader.attribution.files import WrittenFiles, foreign_path, missing_file
from grader.attribution.packages import missing_package, own_modules
from grader.attribution.removed_apis import removed_api
from grader.records import CellError, CellRun, Evidence

_NETWORK = re.compile(
    r"name resolution|Name or service not known|nodename nor servname|getaddrinfo|gaierror|Failed to resolve"
    r"|Network is unreachable|No route to host|URL fetch failure|urlopen error|Max retries exceeded|NewConnectionError"
    r"|Cannot connect to host|Could not resolve host|connect to '?https?://|Failed to establish a new connection"
)
_FETCHES = re.compile(r"^\s*[!%]?\s*(?:wget|curl|gdown|kaggle|git\s+clone|aria2c|gsutil|aws\s+s3)\b", re.MULTILINE)
_DATA_SET = re.compile(r"'([\w.-]+)' is not at hand")
_MAGIC = re.compile(r"(?:Cell|Line) magic(?: function)? `(%{1,2}\w+)` not found")
_PLATFORM_MAGICS = frozenset(
    {"%%shell", "%shell", "%tensorflow_version", "%%bigquery", "%bigquery", "%%configure", "%data_table", "%%spark"}
    | {"%%sql", "%sql", "%fs", "%%sh_colab", "%%scala", "%%r", "%%R", "%run_notebook", "%cloudml", "%%vpython", "%%mdx"}
)
"""Magics that a platform brings, and no notebook elsewhere has."""

_ONLY_THERE = re.compile(r"^'?((?:COLAB|KAGGLE|GCE|DATALAB)_\w+)'?$")
_COLAB_MODULE = re.compile(r"module 'google[\w.]*' has no attribute '(colab|cloud)'")


class ErrorReader:
    """Reads errors, with what the notebook did before them.

    Args:
        evidence: Of the run.
        keras: The version of Keras that the rubric declares; None for the installed one.
    """

    def __init__(self, evidence: Evidence, *, keras: str | None) -> None:
        self._importable = frozenset(evidence.environment.importable)
        self._own = own_modules(evidence.cells)
        self._other_keras = _lacking_version(keras, evidence.environment.packages.get("keras", ""))
        self._written = WrittenFiles(evidence.cells)
        self._fetched = ""
        self.devices = DeviceNames()

    def note(self, cell: CellRun, ran: Sequence[ast.stmt]) -> None:
        """Notes what a cell did, for the errors of later ones."""
        self.devices.read(ran)
        if _FETCHES.search(cell.source):
            self._fetched += cell.source

    def cause(self, error: CellError, cell: CellRun, failing: Sequence[ast.AST]) -> Cause | None:
        """What an error's own text and statement tell; None where that is nothing.

        Args:
            error: What was raised.
            cell: In which.
            failing: The innermost statements that raised it.
        """
        if error.name == "SystemExit" and _parses_arguments(failing):
            return Cause("command_line")
        if error.name == "SystemExit":
            return Cause("ends_kernel")
        if error.name == "StdinNotImplementedError" or "EOF when reading a line" in error.value or _reads(failing):
            return Cause("typing")
        if found := removed_api(error, cell.source):
            return self._other_keras if self._other_keras and "Python" not in found else Cause("removed_api", found)
        if found := missing_package(error, importable=self._importable, own=self._own):
            return Cause("missing_package", found)
        return _of_limits(error) or self._of_environment(error) or self._of_devices_and_files(error, failing)

    def file_cells(self, error: CellError) -> tuple[int, ...]:
        """The cells that write the file that an error says is missing."""
        path = missing_file(error)
        return () if path is None else self._written.cells_of(path)

    def _of_environment(self, error: CellError) -> Cause | None:
        if found := _DATA_SET.search(error.value):
            return Cause("data_set", found.group(1))
        if _NETWORK.search(f"{error.name}: {error.value}") or self._is_unfetched(error):
            return Cause("network")
        magic = _MAGIC.search(error.value)
        if magic is not None and magic.group(1) in _PLATFORM_MAGICS:
            return Cause("platform", magic.group(1))
        if error.name == "KeyError" and (found := _ONLY_THERE.match(error.value.strip())):
            return Cause("device" if "TPU" in found.group(1) else "platform", found.group(1))
        if error.name == "AttributeError" and (found := _COLAB_MODULE.search(error.value)):
            return Cause("missing_package", f"google.{found.group(1)}")
        return None

    def _of_devices_and_files(self, error: CellError, failing: Sequence[ast.AST]) -> Cause | None:
        if self.devices.is_missing(error, failing):
            return Cause("device")
        if path := foreign_path(error):
            return Cause("platform", path)
        path = missing_file(error)
        if path is None or self._written.cells_of(path) or self._written.is_misspelt(path):
            return None
        return Cause("missing_file", path)

    def _is_unfetched(self, error: CellError) -> bool:
        """Whether a file is missing that a shell command of an earlier cell was to fetch."""
        if error.name not in {"FileNotFoundError", "OSError"} or not self._fetched:
            return False
        names = re.findall(r"[\w-]+(?:\.\w+)?", error.value.rsplit(":", 1)[-1])
        return any(len(name) > 3 and name.split(".")[0] in self._fetched for name in names)


def _parses_arguments(failing: Sequence[ast.AST]) -> bool:
    """Whether what failed reads the arguments of a command line, which in a notebook are the kernel's own."""
    nodes = (node for one in failing for node in ast.walk(one))
    return any(isinstance(node, ast.Attribute) and node.attr == "parse_args" for node in nodes)


def _reads(failing: Sequence[ast.AST]) -> bool:
    """Whether what failed reads what is typed without asking for it."""
    nodes = (node for one in failing for node in ast.walk(one))
    return any(isinstance(node, ast.Attribute) and node.attr == "stdin" for node in nodes)


def _of_limits(error: CellError) -> Cause | None:
    """What is raised in a cell that meets a limit of the sandbox, which the machine at home may not have."""
    if error.name in {"MemoryError", "ResourceExhaustedError"}:
        return Cause("stopped", READINGS["memory"])
    if "[Errno 28]" in error.value or "[Errno 122]" in error.value or "File too large" in error.value:
        return Cause("stopped", READINGS["disk"])
    if "can't start new thread" in error.value or error.name == "BlockingIOError":
        return Cause("stopped", READINGS["processes"])
    return None


def _lacking_version(declared: str | None, installed: str) -> Cause | None:
    """What to say of names that are gone where the assignment is written for a version that is not installed."""
    if declared is None or not installed or f"{installed}.".startswith(f"{declared}."):
        return None
    return Cause("keras_version", f"Keras {declared}, and Keras {installed} is installed where notebooks are graded")
