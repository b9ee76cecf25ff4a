"""Recognises recorded rows across all data sets of a run, and remembers what it found."""

from __future__ import annotations

from grader.datasets import DataSets
from grader.limits import MAX_UNKNOWN_ARRAYS
from grader.records import ArraySummary, Evidence
from grader.verification.guest.input_transform import InputTransform
from grader.verification.row_matching import KnownRows, Read, Recognised, recognise
from grader.verification.tables import recognise_by_feature, table_of, tables_named_in


class RowIndex:
    """Finds the data set behind recorded rows; a data set is read when first needed, and each array searched once.

    Attributes:
        texts: Names of the data sets of texts that the notebook loaded: their rows are not recognised, because a
            notebook numbers, cuts and pads them as it likes.
    """

    def __init__(self, evidence: Evidence, *, data_sets: DataSets, read: Read) -> None:
        loaded = {use.name for use in evidence.data_sets if use.loaded}
        plain = [file for file in data_sets.files if not file.are_texts]
        self._files = sorted(plain, key=lambda file: file.name not in loaded)
        self.texts = tuple(file.name for file in data_sets.files if file.are_texts and file.name in loaded)
        self._tables = tables_named_in(cell.source for cell in evidence.cells)
        self._transforms: dict[str, list[InputTransform]] = {}
        self._known: dict[str, KnownRows] = {}
        self._seen: dict[str, Recognised | None] = {}
        self._unrecognised = 0
        self._largest_first = sorted((fit.x for fit in evidence.fits), key=lambda x: -x.rows)
        self.read = read

    def recognise(self, summary: ArraySummary | None) -> Recognised | None:
        """The rows as a data set's, or None."""
        # A few rows do not show their own scaling, and are recognised by that of others: the largest come first.
        first, self._largest_first = self._largest_first, []
        for known in first:
            self.recognise(known)
        if summary is None or not summary.rows:
            return None
        key = summary.model_dump_json()
        if key not in self._seen:
            self._seen[key] = self._search(summary) if self._unrecognised < MAX_UNKNOWN_ARRAYS else None
            self._unrecognised += self._seen[key] is None
        return self._seen[key]

    def _search(self, summary: ArraySummary) -> Recognised | None:
        for name in self._tables:
            in_table = self._by_feature(summary, table_of(name))
            if in_table is not None:
                return in_table
        partial_match: Recognised | None = None
        for file in self._files:
            if file.name not in self._known:
                self._known[file.name] = KnownRows.of_file(file)
            known = self._known[file.name]
            found = recognise(summary, known, read=self.read)
            if (found is None or found.ids is None) and known.are_features:
                found = self._by_feature(summary, known) or found
            if found is not None and found.ids is not None:
                return found
            partial_match = partial_match or found
        return partial_match

    def _by_feature(self, summary: ArraySummary, known: KnownRows) -> Recognised | None:
        """Rows of a table or of a data set of features; how they were scaled is remembered for fewer rows."""
        transforms = self._transforms.setdefault(known.name, [])
        found = recognise_by_feature(summary, known, read=self.read, transforms=transforms)
        if found is not None and not any(found.transform is one for one in transforms):
            transforms.append(found.transform)
        return found
