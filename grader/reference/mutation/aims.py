"""What a fault breaks, in words of checks: so that its criteria can be found in any rubric of the same reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.records import SectionMatch
from grader.rubric import Criterion, Rubric, Section
from grader.rubric.constraints import Hits
from grader.rubric.relations import named_sections

Reach = Literal["place", "quality", "model", "everything"]
"""How far a fault is felt besides its targets: nowhere; in how well the models do that feel it; in all that is asked of
them; everywhere."""


@dataclass(frozen=True)
class Aim:
    """Where a fault strikes.

    Attributes:
        hits: Whether a criterion asks for what is broken.
        model: Its model in the reference's evidence; None where it is not about one.
        cells: The cells whose sections it strikes, where it is not about a model; empty for every section.
        felt_by: Other models that feel it.
        reach: What else may follow for those that feel it.
        breaks: Whether a cell raises an error.
        follows: Checks that may fail as well in the sections that feel it.
    """

    hits: Hits
    model: str | None = None
    cells: frozenset[int] = frozenset()
    felt_by: frozenset[str] = frozenset()
    reach: Reach = "place"
    breaks: bool = False
    follows: frozenset[str] = field(default_factory=frozenset)

    def targets(self, rubric: Rubric, matching: Mapping[str, SectionMatch]) -> tuple[str, ...]:
        """The criteria of which at least one must catch the fault, in the order of the rubric."""
        return tuple(
            criterion.id
            for section in rubric.sections
            if self._strikes(section, matching[section.id])
            for criterion in section.criteria
            if self.hits(criterion)
        )

    def related(self, rubric: Rubric, matching: Mapping[str, SectionMatch]) -> tuple[str, ...]:
        """The criteria that may rightly fail with it, besides the targets."""
        hit = set(self.targets(rubric, matching))
        feeling = {section.id for section in rubric.sections if self._feels(section, matching[section.id])}
        may = {
            criterion.id
            for section in rubric.sections
            for criterion in section.criteria
            if self._may_follow(criterion, section, feeling=feeling)
        }
        grown = True
        while grown:
            more = {one.id for one in rubric.criteria if set(one.requires) & (hit | may)} - may
            grown = bool(more)
            may |= more
        return tuple(criterion.id for criterion in rubric.criteria if criterion.id in may - hit)

    def _strikes(self, section: Section, match: SectionMatch) -> bool:
        if self.model is not None:
            return match.model == self.model
        return not self.cells or self._holds(section, match)

    def _feels(self, section: Section, match: SectionMatch) -> bool:
        is_its_model = match.model is not None and match.model in {self.model, *self.felt_by}
        return is_its_model or self._holds(section, match)

    def _holds(self, section: Section, match: SectionMatch) -> bool:
        return not section.whole_notebook and bool(self.cells & set(match.cells))

    def _may_follow(self, criterion: Criterion, section: Section, *, feeling: set[str]) -> bool:
        if self.reach == "everything" or (self.breaks and criterion.spec.fails_on_error):
            return True
        if section.id not in feeling and not feeling & named_sections(criterion):
            return False
        if criterion.check in self.follows or self.reach == "model":
            return True
        return self.reach == "quality" and criterion.spec.quality != "none"
