"""The cause of a cell's error, where it is not simply a mistake of the student's, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CauseKind = Literal["missing_package", "network", "removed_api"]


@dataclass(frozen=True)
class Cause:
    """Why a cell raised an error.

    Attributes:
        kind: ``missing_package``: the environment lacks it; ``network``: there is none; ``removed_api``: today's
            libraries lack what an older one had.
        detail: The package; nothing; a sentence that says what to write today.
        follows: Whether it is an earlier cell's error, for which this cell lacks a name.
    """

    kind: CauseKind
    detail: str = ""
    follows: bool = False

    @property
    def is_infrastructure(self) -> bool:
        """Whether the student's notebook would have run where it was written; an old API is the student's to update."""
        return self.kind != "removed_api"

    def clause(self, cell: int) -> str:
        """What the infrastructure lacked, as part of a sentence: ``cell 3 needs the package torch, which ...``.

        Args:
            cell: The index of the cell.
        """
        lacks = {
            "missing_package": f"needs the package {self.detail}, which is not installed where notebooks are graded",
            "network": "needs a network, and there is none where notebooks are graded",
            "removed_api": f"uses what its library no longer has ({self.detail.rstrip('.')})",
        }[self.kind]
        return f"cell {cell + 1} {'follows from a cell that ' if self.follows else ''}{lacks}"

    @property
    def note(self) -> str:
        """What the student's page says beside the error."""
        return {
            "missing_package": f"The package {self.detail} is missing where notebooks are graded;"
            " that is not your fault.",
            "network": "There is no network where notebooks are graded.",
            "removed_api": self.detail,
        }[self.kind]
