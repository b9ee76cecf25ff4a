"""Why a cell failed, whose failure that is, and the words for it: the table of ``docs/attribution.md`` in code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CauseKind = Literal[
    "missing_package",
    "missing_file",
    "data_set",
    "device",
    "typing",
    "network",
    "platform",
    "keras_version",
    "training_cut_off",
    "stopped",
    "grader",
    "unrecorded",
    "unsure",
    "removed_api",
    "endless",
    "ends_kernel",
    "command_line",
    "mistake",
]

STUDENTS: frozenset[CauseKind] = frozenset({"removed_api", "endless", "ends_kernel", "command_line", "mistake"})
"""The kinds that are the student's own; every other one is the infrastructure's."""

_CLAUSES: dict[CauseKind, str] = {
    "missing_package": "needs the package {detail}, which is not installed where the notebook ran",
    "missing_file": "reads a file that was not handed in: {detail} is not here",
    "data_set": "loads the data set {detail}, which is not at hand where notebooks are graded",
    "device": "needs a GPU or TPU, and there is none where notebooks are graded",
    "typing": "asks for typing, and nobody types here",
    "network": "needs a network, and there is none where notebooks are graded",
    "platform": "uses {detail}, which exists on the platform where the notebook was written, and not here",
    "keras_version": "is written for {detail}",
    "training_cut_off": "was still training when the time limit cut it off",
    "stopped": "{detail}",
    "grader": "was not run to its end because of a failure of the grading system",
    "unrecorded": "was not recorded: {detail}",
    "unsure": "may not be what was written: in the print that was handed in, {detail}",
    "removed_api": "uses what its library no longer has ({detail})",
    "endless": "{detail}",
    "ends_kernel": "ends the kernel",
    "command_line": "reads the arguments of a command line, which a notebook does not have",
    "mistake": "has an error",
}

_NOTES: dict[CauseKind, str] = {
    "missing_package": "The package {detail} is missing where the notebook ran; that is not your fault.",
    "missing_file": "{detail} is not here: the file was not handed in, and that is not counted against you.",
    "data_set": "The data set {detail} is not at hand where notebooks are graded; that is not your fault.",
    "device": "There is no GPU or TPU where notebooks are graded; that is not your fault.",
    "typing": "Nobody types where notebooks are graded; that is not your fault.",
    "network": "There is no network where notebooks are graded.",
    "platform": "{detail} exists on the platform where you wrote the notebook, and not where it is graded.",
    "keras_version": "Your course writes for {detail}; that is not your fault.",
    "unsure": "In the print that was handed in, {detail}. The notebook itself, the .ipynb file, shows all of it.",
    "removed_api": "{detail}",
    "ends_kernel": "This ends the kernel: nothing after it can run. Leave it out.",
    "command_line": "A notebook has no command line: write `parse_args([])`, or set the values in the notebook.",
}


@dataclass(frozen=True)
class Cause:
    """Why a cell did not run to its end.

    Attributes:
        kind: What was lacking, or what was wrong; ``mistake`` for an error of the code that has no other name.
        detail: The package, file, data set or magic; of ``removed_api`` a sentence that says what to
            write today; of ``stopped`` and ``endless`` what the cell did, to be said after its name.
        cell: Index of the cell where it began, for a cell that failed because of an earlier one; None where it is the
            cell's own.
    """

    kind: CauseKind
    detail: str = ""
    cell: int | None = None

    @property
    def is_infrastructure(self) -> bool:
        """Whether the student's notebook may well be right: what it lacks, the environment or a limit took away."""
        return self.kind not in STUDENTS

    @property
    def follows(self) -> bool:
        """Whether it is an earlier cell's failure that this cell failed for."""
        return self.cell is not None

    def clause(self, cell: int) -> str:
        """What happened where it began, as part of a sentence: ``cell 3 needs the package torch, which ...``.

        Args:
            cell: The index of the cell that failed.
        """
        origin = cell if self.cell is None else self.cell
        return f"cell {origin + 1} {_CLAUSES[self.kind].format(detail=self.detail.rstrip('.'))}"

    def sentence(self, cell: int) -> str:
        """The same as a sentence of its own."""
        if self.kind == "unrecorded":
            return self.detail
        return f"{self.clause(cell)[:1].upper()}{self.clause(cell)[1:]}."

    @property
    def note(self) -> str:
        """What the student's page says beside the error; empty where the error says it all."""
        return _NOTES.get(self.kind, "").format(detail=self.detail)
