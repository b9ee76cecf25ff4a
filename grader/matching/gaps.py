"""The cells of sections that have no heading: from what happened in them, and from the order of the sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.matching.claims import Claim
from grader.records import Evidence
from grader.rubric import Section


class Gaps:
    """Finds cells for sections without a heading.

    Args:
        sections: In the order of the rubric.
        cells: Of the sections that have a heading.
        claims: Section to its model, for sections that own one.
    """

    def __init__(
        self,
        sections: Sequence[Section],
        cells: Mapping[str, tuple[int, ...]],
        *,
        claims: Mapping[str, Claim],
        evidence: Evidence,
    ) -> None:
        self.sections = sections
        self.headed = cells
        self.claims = claims
        self.evidence = evidence
        self.starts = {name: own[0] for name, own in cells.items() if own}
        for name, claim in claims.items():
            made = [cell for cell in (claim.candidate.record.cell, claim.candidate.first_cell) if cell is not None]
            if name not in self.starts and made:
                self.starts[name] = min(made)

    def cells_of(self, section: Section) -> tuple[int, ...]:
        """The cells of a section without a heading; none where nothing of it was found."""
        owner = section.model_of or section.id
        if owner in self.claims:
            return self._around_model(section, self.claims[owner])
        if section.model is not None or section.model_of is not None:
            return ()
        return self._between(section)

    def _around_model(self, section: Section, claim: Claim) -> tuple[int, ...]:
        """From where the model was made (or, for a section that only speaks of it, last trained) to the next section."""
        fitted = [fit.cell for fit in self._first_fits(claim) if fit is not None]
        start = self.starts.get(section.id)
        if section.model_of is not None:
            start = max(fitted, default=claim.candidate.first_cell)
        if start is None:
            return ()
        end = min((cell for cell in self.starts.values() if cell > start), default=len(self.evidence.cells))
        others = {cell for own in self.headed.values() for cell in own}
        loose = {cell for cell in self._events(claim.candidate.id) if cell not in others and cell >= start}
        return tuple(sorted({*range(start, end), *loose}))

    def _first_fits(self, claim: Claim) -> list[int | None]:
        return []

    def _between(self, section: Section) -> tuple[int, ...]:
        names = [one.id for one in self.sections]
        at = names.index(section.id)
        before = next((name for name in reversed(names[:at]) if name in self.starts), None)
        first = 0 if before is None else self._last_event(before) + 1
        return tuple(range(first, first))

    def _last_event(self, name: str) -> int:
        return 0

    def _events(self, model: str) -> set[int]:
        return set()
