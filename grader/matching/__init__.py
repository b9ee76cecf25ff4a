"""Matches a rubric's sections with a notebook: which cells and which model answer which.

Sections are given their headings all at once, at the least total cost, and what lies between two headings belongs to
the first; then models are given to the sections in the same way. Each reason to doubt a heading or a model is a term of
`grader.matching.costs`, on one scale; `docs/matching.md` lists them. A notebook without headings is matched by its
models alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grader.checks.training import CompiledParams
from grader.errors import UsageError
from grader.judging.parameters import parts_of
from grader.matching.candidates import Distances, Places, candidates
from grader.matching.explanations import explain
from grader.matching.extents import Extent, extents
from grader.matching.headings import HasSource, Heading, headings_of
from grader.matching.likeness import likeness, titles_of, without_title
from grader.matching.section_cells import SectionCells
from grader.matching.section_headings import assign_headings, nearness_of
from grader.matching.section_models import assign_models
from grader.matching.thresholds import THRESHOLDS
from grader.records import Evidence, SectionMatch
from grader.rubric import Rubric, load_rubric
from grader.training.recipes import TrainingRecipe

__all__ = ["best_rubric", "match"]


def match(rubric: Rubric, evidence: Evidence) -> dict[str, SectionMatch]:
    """Matches every section of a rubric with a notebook that was run.

    Returns:
        Section to its cells, its model, the fits of it that count, and why; in the order of the rubric.
    """
    models = candidates(evidence)
    distances = Distances(
        {section.id: section.model for section in rubric.sections if section.model is not None},
        {
            section.id: recipe
            for section in rubric.sections
            for criterion in section.criteria
            for recipe in parts_of(criterion.params, TrainingRecipe)
        },
        {
            section.id: asked
            for section in rubric.sections
            for criterion in section.criteria
            for asked in parts_of(criterion.params, CompiledParams)
        },
    )
    titles = titles_of(rubric.sections)
    headings = without_title(headings_of(evidence.cells), rubric.title, titles=titles)
    nearness = nearness_of(headings, models, distances=distances)
    section_headings = assign_headings(headings, titles, nearness=nearness)
    headed = extents(
        headings,
        {name: given.heading for name, given in section_headings.items()},
        titles=titles,
        cell_count=len(evidence.cells),
    )
    cells = {name: extent.cells for name, extent in headed.items()}
    section_models = assign_models(models, _places(rubric, headed, evidence=evidence), distances=distances)
    section_cells = SectionCells(
        sections=rubric.sections,
        headed=cells,
        section_models=section_models,
        evidence=evidence,
        shared=frozenset(extent.heading.cell for extent in headed.values() if not extent.heading.opens_cell),
    )
    matching = _matching(rubric, section_cells, headed)
    return {
        section.id: matching[section.id].model_copy(
            update={
                "why": explain(
                    section,
                    matching[section.id],
                    extent=headed.get(section.id),
                    heading=section_headings.get(section.id),
                    section_models=section_models,
                    matching=matching,
                    evidence=evidence,
                )
            }
        )
        for section in rubric.sections
    }


def best_rubric(cells: Iterable[HasSource], *, folder: Path) -> tuple[Path, str]:
    """The rubric in a folder whose headings fit a notebook best, and why, a phrase.

    Args:
        cells: Of the notebook.
        folder: Where rubrics lie, one a ``.yaml`` file; those with mistakes are passed over.

    Raises:
        UsageError: None lies there, none fits, or two fit alike.
    """
    headings = headings_of(cells)
    scores: list[tuple[float, str, Path]] = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            rubric = load_rubric(path, with_calibration=False)
        except UsageError:
            continue
        scores.append((*_fit(headings, rubric), path))
    if not scores:
        raise UsageError(f"{folder}: there is no rubric in it.", fix="Name the rubric with --rubric.")
    scores.sort(key=lambda item: item[0], reverse=True)
    score, why, path = scores[0]
    if score <= 0:
        raise UsageError(
            f"none of the {len(scores)} rubrics in {folder} has headings like this notebook's.",
            fix="Name the rubric with --rubric.",
        )
    alike = [other.name for value, _, other in scores if value * THRESHOLDS.clearly_best > score]
    if len(alike) > 1:
        raise UsageError(
            f"this notebook's headings fit several rubrics in {folder} alike: {', '.join(alike)}.",
            fix="Name the rubric with --rubric.",
        )
    return path, why


def _fit(headings: Sequence[Heading], rubric: Rubric) -> tuple[float, str]:
    """How well a notebook's headings and a rubric's sections fit each other, in [0, 1], and how many do, a phrase.

    Both sides count: a rubric of five sections easily finds each of them among fifteen headings.
    """
    titles = titles_of(rubric.sections)
    headings = without_title(headings, rubric.title, titles=titles)
    given = assign_headings(headings, titles, nearness=lambda _heading, _section: None)
    found = {name: one.heading for name, one in given.items()}
    total = sum(likeness(heading, titles[name]) for name, heading in found.items())
    # Most comments in code are not headings; those that matched a section are.
    real = sum(heading.kind != "comment" for heading in headings)
    there = real + sum(heading.kind == "comment" for heading in found.values())
    why = f"{len(found)} of its {len(titles)} sections have a heading like this notebook's"
    return 2 * total / max(len(titles) + there, 1), why


def _places(rubric: Rubric, headed: Mapping[str, Extent], *, evidence: Evidence) -> Places:
    cells = {name: extent.cells for name, extent in headed.items()}
    used = [(item.model, item.cell) for item in evidence.evaluations]
    used += [(item.model, item.cell) for item in evidence.predictions]
    return Places(
        order=[section.id for section in rubric.sections if not section.whole_notebook],
        cells={name: frozenset(own) for name, own in cells.items()},
        core={name: frozenset(extent.core) for name, extent in headed.items()},
        used={name: frozenset(model for model, cell in used if cell in own) for name, own in cells.items()},
        compared=frozenset(
            cell for section in rubric.sections if section.compares_trainings for cell in cells.get(section.id, ())
        ),
        borrowed={section.id: section.model_of for section in rubric.sections if section.model_of is not None},
    )


def _matching(rubric: Rubric, section_cells: SectionCells, headed: Mapping[str, Extent]) -> dict[str, SectionMatch]:
    matching: dict[str, SectionMatch] = {}
    for section in rubric.sections:
        owner = section.model_of or section.id
        given = section_cells.section_models.get(owner)
        extent = headed.get(section.id)
        matching[section.id] = SectionMatch(
            section=section.id,
            title=section.title,
            # A comment starts a section as a heading does, but no task is written under it.
            heading_cell=None if extent is None or extent.heading.kind == "comment" else extent.heading.cell,
            heading="" if extent is None else extent.heading.text,
            cells=section_cells.cells_of(section),
            model=None if given is None else given.candidate.id,
            fits=tuple(fit.id for fit in section_cells.fits_of(section)),
            borrowed_from=section.model_of,
            about_model=section.model is not None or section.model_of is not None,
        )
    return matching
