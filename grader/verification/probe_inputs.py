"""The rows that a model is given when it is probed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.verification.guest.input_transform import InputTransform
from grader.verification.row_matching import KnownRows
from grader.verification.tables import Table

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ProbeInput:
    """Rows that a model is given: those of a data set under an input transform, or an array as it is.

    Attributes:
        known: The data set; None for an array.
        ids: Numbers of its rows, shape ``(rows,)``.
        shift: Whether the images are moved by one pixel first.
        array: The rows themselves, shape ``(rows, ...)``; None for a data set's.
    """

    known: KnownRows | None = None
    transform: InputTransform | None = None
    ids: Array | None = None
    shift: bool = False
    array: Array | None = None

    @property
    def rows(self) -> int:
        counted = self.array if self.ids is None else self.ids
        return 0 if counted is None else len(counted)

    @property
    def left_out(self) -> ProbeInput | None:
        """The rows of the data set's training part that are not among these; None where there are none."""
        if self.known is None or self.ids is None or isinstance(self.known, Table):
            return None
        # Of equal rows the first is the one that was recognised.
        first = self.known.find(self.known.hashes)[: self.known.train_rows]
        ids = np.flatnonzero(~np.isin(first, self.ids))
        has_copies = len(np.unique(self.ids)) < len(self.ids)
        if has_copies and len(ids) != self.known.train_rows - len(self.ids):
            # Some copies of a row are among these and some are not: which, nobody knows.
            return None
        return replace(self, ids=ids) if len(ids) else None
