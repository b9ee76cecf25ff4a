"""What of a rubric decides what every criterion looks at: which cells and which model answer which section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from grader.checks.training import CompiledParams
from grader.judging.parameters import parts_of
from grader.judging.registry import Params
from grader.records import digest
from grader.rubric.models import Criterion, DeclaredPoints, Rubric, Section
from grader.training.recipes import TrainingRecipe


class HowTrained(Params):
    """How a criterion asks a model to be compiled and trained, of all its parameters."""

    compiled: tuple[CompiledParams, ...] = ()
    trainings: tuple[TrainingRecipe, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What follows from a rubric alone, worked out once for all submissions, with digests of it."""

    rubric: Rubric

    @cached_property
    def outline(self) -> Rubric:
        """The rubric without points, words to students, limits, and the parameters of its checks.

        Its title stays, and how models are to be compiled and trained: sections are matched by that.
        """
        sections = tuple(_outline_of(section) for section in self.rubric.sections)
        points = DeclaredPoints(core=0)
        return Rubric(assignment=self.rubric.assignment, title=self.rubric.title, points=points, sections=sections)

    @cached_property
    def outline_digest(self) -> str:
        """A digest of the outline."""
        return digest(self.outline.model_dump(mode="json"))

    @cached_property
    def longest_training(self) -> int | None:
        """The most epochs that are asked of one training; None where no number is."""
        asked = [recipe.epochs for one in self.outline.criteria for recipe in parts_of(one.params, TrainingRecipe)]
        return max((epochs for epochs in asked if epochs is not None), default=None)

    @cached_property
    def owners(self) -> frozenset[str]:
        """Ids of the sections that ask for a model of their own."""
        return frozenset(section.id for section in self.rubric.sections if section.model is not None)

    @cached_property
    def view_digest(self) -> str:
        """A digest of all that a check may see of the rubric beside its own parameters and the matching."""
        rubric = self.rubric
        calibrations = {kind: one.model_dump(mode="json") for kind, one in rubric.calibrations.items()}
        sections = [one.model_dump(mode="json", exclude={"criteria"}) for one in rubric.sections]
        training = [self.longest_training, self.outline.asks_for_training]
        return digest([calibrations, sections, sorted(rubric.template_texts), training, rubric.keras])

    @cached_property
    def criteria(self) -> dict[str, str]:
        """For each criterion a digest of its check and parameters."""
        return {one.id: digest([one.check, one.params.model_dump(mode="json")]) for one in self.rubric.criteria}


def _outline_of(section: Section) -> Section:
    criteria = tuple(
        Criterion(
            id=criterion.id,
            points=0,
            check=criterion.check,
            params=HowTrained(
                compiled=tuple(parts_of(criterion.params, CompiledParams)),
                trainings=tuple(_alone(one) for one in parts_of(criterion.params, TrainingRecipe)),
            ),
        )
        for criterion in section.criteria
    )
    return section.model_copy(update={"criteria": criteria})


def _alone(recipe: TrainingRecipe) -> TrainingRecipe:
    """A recipe without what else a check's parameters hold."""
    return TrainingRecipe(**{name: getattr(recipe, name) for name in TrainingRecipe.model_fields})
