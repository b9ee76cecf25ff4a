"""What of a rubric decides what every criterion looks at: which cells and which model answer which section."""

from __future__ import annotations

from grader.judging.parameters import parts_of
from grader.judging.registry import Params
from grader.rubric.models import Criterion, DeclaredPoints, Rubric, Section
from grader.training.recipes import TrainingRecipe


class Trainings(Params):
    """The trainings that a criterion asks for, of all its parameters."""

    trainings: tuple[TrainingRecipe, ...] = ()


def outline(rubric: Rubric) -> Rubric:
    """A rubric without its points, its words to students and its limits, and without the parameters of its checks.

    The trainings that are asked for stay: sections are matched by them.
    """
    sections = tuple(_outline_of(section) for section in rubric.sections)
    points = DeclaredPoints(core=0)
    return Rubric(assignment=rubric.assignment, title="", points=points, sections=sections)


def _outline_of(section: Section) -> Section:
    criteria = tuple(
        Criterion(
            id=criterion.id,
            points=0,
            check=criterion.check,
            params=Trainings(trainings=tuple(_alone(one) for one in parts_of(criterion.params, TrainingRecipe))),
        )
        for criterion in section.criteria
    )
    return section.model_copy(update={"criteria": criteria})


def _alone(recipe: TrainingRecipe) -> TrainingRecipe:
    """A recipe without what else a check's parameters hold."""
    return TrainingRecipe(**{name: getattr(recipe, name) for name in TrainingRecipe.model_fields})
