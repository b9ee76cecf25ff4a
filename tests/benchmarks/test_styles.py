"""Habits rewrite the honest samples into valid notebooks, the same ones whenever asked, and words stay with a tutor."""

from __future__ import annotations

import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from builders import make_cell, make_evidence, make_fit  # noqa: E402
from habits.carry import carried  # noqa: E402
from habits.choosing import compose, habits_of, plan  # noqa: E402
from habits.judging import differences, sample_paths  # noqa: E402
from habits.page import Page, paragraphs_of, read_page  # noqa: E402
from habits.registry import HABITS  # noqa: E402

from grader.cell_code import parse  # noqa: E402
from grader.evaluate import evaluate  # noqa: E402
from grader.matching import match  # noqa: E402
from grader.records import Evidence, GradedSubmission, Measurements  # noqa: E402
from grader.rubric import load_rubric  # noqa: E402

PATHS = {f"{week}-{path.stem}": path for week in ("week09", "week10", "week11") for path in sample_paths(ROOT, week)}
ONE_A_WEEK = (
    pytest.param("week09-full-marks-sequential", marks=pytest.mark.slow),
    pytest.param("week10-full-marks-generator", marks=pytest.mark.slow),
    "week11-full-marks-scaled-targets",
)
"""The long worksheets take as long as a kernel."""
HELD = frozenset(
    {
        "heading touches",
        "answer language",
        "answer lists",
        "answer label",
        "questions",
        "front",
        "back",
        "comments",
        "empty cells",
        "stored outputs",
        "metadata",
        "printed figures",
    }
)
"""Families none of whose habits costs an answer in words."""


@lru_cache
def page_of(name: str) -> Page:
    """A sample as it would be if none of its cells did anything."""
    notebook = nbformat.read(PATHS[name], 4)
    cells = [make_cell(cell.source, index=number, kind=cell.cell_type) for number, cell in enumerate(notebook.cells)]
    evidence = make_evidence(cells=tuple(cells), fits=())
    rubric = load_rubric(ROOT / "rubrics" / f"{name.partition('-')[0]}.yaml")
    worksheet = nbformat.read(ROOT / "reference" / name.partition("-")[0] / "reference.ipynb", 4)
    questions = frozenset(paragraphs_of(worksheet))
    return read_page(notebook, rubric=rubric, matching=match(rubric, evidence), evidence=evidence, questions=questions)


def graded(page: Page, evidence: Evidence) -> GradedSubmission:
    """What it earns without a run: the words alone."""
    measurements = Measurements(submission=evidence.submission)
    return evaluate(page.rubric, evidence=evidence, measurements=measurements, read=lambda _: None)


def test_there_are_enough_habits() -> None:
    """At least sixty, and forty notebooks are enough for each of a family to be used three times."""
    assert len(HABITS) >= 60
    assert max(Counter(habit.family for habit in HABITS.values()).values()) * 3 <= 40


@pytest.mark.parametrize("name", ONE_A_WEEK)
def test_each_habit_leaves_a_valid_notebook_whose_code_can_be_parsed(name: str) -> None:
    """The file is one that Jupyter opens; a cell that is meant to fail fails when it runs."""
    page = page_of(name)
    for habit in HABITS:
        rewritten, _ = compose(page, [habit], seed="1")
        nbformat.validate(rewritten.notebook())
        broken = [cell.code for cell in rewritten.code_cells() if cell.code.strip() and parse(cell.code) is None]
        assert not broken, habit


@pytest.mark.parametrize("name", ONE_A_WEEK)
def test_a_habit_without_a_run_keeps_the_code_cells_in_their_order(name: str) -> None:
    """Else the original's evidence would not be its own."""
    page = page_of(name)
    for habit in habits_of(static=True):
        rewritten, _ = compose(page, [habit.name], seed="1")
        evidence = carried(rewritten, page.evidence)
        assert [cell.source for cell in evidence.cells] == [cell.source for cell in rewritten.cells], habit.name


def test_a_seed_makes_the_same_notebooks_again() -> None:
    """So that what was found can be looked at again."""
    pages = [page_of(name) for name in PATHS if name.startswith("week11")]
    first, again, other = (list(plan(pages, 2, habits=habits_of(static=False), seed=seed)) for seed in (3, 3, 4))
    assert first == again != other
    one, two = (compose(pages[0], first[0][1], seed="3/0")[0] for _ in range(2))
    assert one.notebook() == two.notebook()


def test_habits_of_one_family_exclude_each_other() -> None:
    """No notebook has two styles of headings; each habit is used about as often as the others."""
    pages = [page_of(name) for name in PATHS if name.startswith("week10")]
    for _, names, _ in plan(pages, 6, habits=habits_of(static=False), seed=1):
        families = [HABITS[name].family for name in names]
        assert len(families) == len(set(families))


def test_dropping_a_habit_leaves_the_choices_of_the_others() -> None:
    """Else what is minimised would be another notebook."""
    page = page_of("week10-reference")
    both, _ = compose(page, ["heading_mixed_levels", "comment_parts"], seed="1")
    one, _ = compose(page, ["heading_mixed_levels"], seed="1")
    assert [heading.text for heading in both.headings()] == [heading.text for heading in one.headings()]


def test_events_move_with_their_cells() -> None:
    """A fit of the third cell is one of the fourth behind a new page of titles."""
    page = page_of("week11-reference")
    rewritten, applied = compose(page, ["title_page"], seed="1")
    assert applied == ("title_page",)
    evidence = page.evidence.model_copy(update={"fits": (make_fit(cell=3),)})
    assert [fit.cell for fit in carried(rewritten, evidence).fits] == [4]


def test_a_page_without_habits_is_the_sample() -> None:
    """Nothing is rewritten where no habit is asked for."""
    for name, path in PATHS.items():
        page = page_of(name)
        notebook = nbformat.read(path, 4)
        assert [cell.source for cell in page.notebook().cells] == [cell.source for cell in notebook.cells]


@pytest.mark.parametrize("name", ONE_A_WEEK)
def test_answers_in_words_are_found_in_other_styles(name: str) -> None:
    """What a tutor reads in a sample is read in its rewritten forms too."""
    page = page_of(name)
    before = graded(page, page.evidence)
    words = {verdict.criterion for verdict in before.verdicts if verdict.cause == "by_hand"}
    assert words
    for habit in [habit for habit in habits_of(static=True) if habit.family in HELD]:
        rewritten, _ = compose(page, [habit.name], seed="1")
        after = graded(page, carried(rewritten, page.evidence))
        moved = {line.partition(":")[0] for line in differences(before, after)}
        assert not moved & words, habit.name
