"""What commands print for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from stored_class import StoredClass, stored_class

from grader.cli import answers, main
from grader.records import Record

PAGE = Path("docs/json.md").read_text()
WITHOUT = {"review", "marks export"}
"""A page in the browser, and a table."""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its words."""
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        parts = getattr(command, "commands", None)
        yield from ((f"{name} {part}", one) for part, one in parts.items()) if parts else ((name, command),)


def test_every_command_that_prints_a_result_takes_json() -> None:
    """As a flag; and the page of their forms has a row for each."""
    for name, command in commands():
        takes = [one for one in command.params if "--json" in one.opts]
        assert bool(takes) is (name not in WITHOUT), name
        assert all(isinstance(one, click.Option) and one.is_flag for one in takes)
        assert f"`{name.split()[-1]}" in PAGE or f"`{name}`" in PAGE


def test_the_page_names_every_answer() -> None:
    """Those that are parts of others stand in them."""
    whole = [one for one in vars(answers).values() if isinstance(one, type) and issubclass(one, Record)]
    named = [one.__name__ for one in whole if (one.__doc__ or "").startswith("``grader")]
    assert len(named) > 10
    assert all(f"`{name}`" in PAGE for name in named)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> StoredClass:
    return stored_class(tmp_path_factory.mktemp("class"))


def run(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def test_an_answer_is_alone_on_the_standard_output(graded: StoredClass, tmp_path: Path) -> None:
    """And it is the record that the page names."""
    out = graded.output.folder
    for words, form in (
        (("store", "list", out), answers.KeptSubmissions),
        (("store", "prune", out), answers.Pruned),
        (("store", "forget", out, "half"), answers.Forgotten),
        (("marks", "check", out), answers.CheckedMarks),
        (("export", out, "--to", "csv", "-o", tmp_path), answers.Exported),
        (("release", "rubrics/week09.yaml", "-o", tmp_path / "week09.zip"), answers.Released),
        (("validate", "--no-run", "rubrics/week09.yaml"), answers.ReadRubrics),
        (("environment", "show"), answers.ShownEnvironment),
        (("checks",), answers.ListedChecks),
    ):
        form.model_validate(json.loads(run(*words, "--json").stdout))


def test_what_goes_wrong_is_told_beside_it(tmp_path: Path) -> None:
    """So that what is read as JSON is JSON or nothing."""
    failed = run("store", "list", tmp_path / "none", "--json")
    assert (failed.exit_code, failed.stdout) == (2, "")
    assert "no output folder of grader" in failed.stderr


def test_marks_are_the_lines_of_the_file(graded: StoredClass) -> None:
    """Each as it is appended."""
    out = graded.output.folder
    said = run("marks", "comment", out, "all", "Well done", "--as", "Ada", "--json").stdout
    assert json.loads(said)["text"] == "Well done"
    assert graded.marks.path.read_text().endswith(said)
    assert run("marks", "list", out, "--json").stdout.endswith(said)
