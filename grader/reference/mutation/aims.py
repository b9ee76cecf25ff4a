"""What a fault breaks, in words of checks: so that its criteria can be found in any rubric of the same reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from grader.architecture.forms import Expected, ModelForm, meets
from grader.judging.parameters import parts_of
from grader.judging.registry import find_check
from grader.records import SectionMatch
from grader.rubric import Criterion, Rubric, Section
from grader.rubric.relations import named_sections

Reach = Literal["place", "quality", "model", "everything"]
"""How far a fault is felt besides its targets: nowhere; in how well the models do that feel it; in all that is asked of
them; everywhere."""

Hits = Callable[[Criterion], bool]


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


def asks(check: str, *names: str) -> Hits:
    """Criteria of a check whose rubric asks for something by all of these parameters.

    Raises:
        UsageError: There is no such check.
        ValueError: It has no such parameter.
    """
    unknown = set(names) - set(find_check(check).params.model_fields)
    if unknown:
        raise ValueError(f"check {check!r} has no parameters {sorted(unknown)}")

    def hits(criterion: Criterion) -> bool:
        if criterion.check != check:
            return False
        given = dict(criterion.params)
        return all(given[name] not in {None, ()} and given[name] is not False for name in names)

    return hits


def any_of(*hits: Hits) -> Hits:
    """Criteria that any of them means."""
    return lambda criterion: any(one(criterion) for one in hits)


def of_quality(criterion: Criterion) -> bool:
    """Criteria by which a model must do as well as the reference."""
    return criterion.spec.quality == "judged"


def not_by_hand(criterion: Criterion) -> bool:
    """Criteria that no person decides."""
    return not criterion.spec.by_hand


def form_asks(kind: str, key: str | None = None, *, size: Mapping[str, Any] = MappingProxyType({})) -> Hits:
    """Architectures whose form names a layer of that kind, with that value where one is given.

    Args:
        kind: Class of the layer.
        key: The value that must be asked for.
        size: The layer's own values: one of other units or filters is not the layer that is meant.
    """

    def is_meant(one: Expected) -> bool:
        sizes = {name for name in ("units", "filters") if name in size and name in one.values}
        return one.kind == kind and all(meets(size[name], one.values[name]) for name in sizes)

    def hits(criterion: Criterion) -> bool:
        expected = (one for form in parts_of(criterion.params, ModelForm) for one in form.expected)
        return any(is_meant(one) and (key is None or key in one.values) for one in expected)

    return hits


def form_counts(kind: str, number: int) -> Hits:
    """Architectures whose form names a layer of that kind, and not so many of them."""

    def is_other(form: ModelForm) -> bool:
        expected = [one for one in form.expected if one.kind == kind]
        fewest = sum(not one.optional for one in expected)
        return bool(expected) and kind not in form.allow and not fewest <= number <= len(expected)

    def hits(criterion: Criterion) -> bool:
        return any(is_other(form) for form in parts_of(criterion.params, ModelForm))

    return hits
