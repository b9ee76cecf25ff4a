"""``grader preview`` in the terminal, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from inert import what_acts
from rubric_edits import EDITS
from stored_class import StoredClass, edited, stored_class

from grader.cli import main
from grader.records import Preview


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> StoredClass:
    return stored_class(tmp_path_factory.mktemp("class"))


def previewed(graded: StoredClass, tmp_path: Path, *options: str) -> Result:
    """What the command says of other points for one criterion."""
    rubric = edited(tmp_path, EDITS["points"]).path
    command = ["preview", str(rubric), str(graded.output.folder), "--data", "sample", *options]
    return CliRunner().invoke(main, command)


def test_it_says_who_moves_and_by_which_criterion(graded: StoredClass, tmp_path: Path) -> None:
    """In plain text."""
    result = previewed(graded, tmp_path)
    assert result.exit_code == 0, result.output
    assert "6 submissions: " in result.output
    assert "Points possible: 53, and were 50." in result.output
    assert "ex4.accuracy: worth 5, was worth 2" in result.output
    assert "all (Student all): 36 to " in result.output


def test_json_holds_every_move_with_its_reasons(graded: StoredClass, tmp_path: Path) -> None:
    """And nothing else is printed."""
    found = Preview.model_validate(json.loads(previewed(graded, tmp_path, "--json").stdout))
    move = next(move for move in found.moves if move.submission == "all")
    assert "It is worth 5 points, and was worth 2." in move.changes[0].why


def test_a_page_is_written_and_loads_nothing(graded: StoredClass, tmp_path: Path) -> None:
    """Its links lead from where it lies to the submissions' pages."""
    page = graded.output.folder / "preview.html"
    assert previewed(graded, tmp_path, "--page", str(page)).exit_code == 0
    assert what_acts(page.read_text()) == []
    away = tmp_path / "pages" / "preview.html"
    previewed(graded, tmp_path, "--page", str(away))
    for one in (page, away):
        links = (part.partition('"')[0] for part in one.read_text().split('href="')[1:])
        link = next(link for link in links if not link.startswith("#"))
        assert (one.parent / link).resolve().is_file()


def test_lower_limits_cannot_be_told(graded: StoredClass, tmp_path: Path) -> None:
    """The options are those of the grading."""
    result = previewed(graded, tmp_path, "--memory", "1")
    assert "of 5 it cannot be told without a run" in result.output
    assert "all (Student all): it met a limit that is another one now" in result.output


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """In three parts, with exit code 2."""
    rubric = edited(tmp_path).path
    result = CliRunner().invoke(main, ["preview", str(rubric), str(tmp_path / "none")])
    assert (result.exit_code, "there is no such folder" in result.output) == (2, True)
