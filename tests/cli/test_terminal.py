"""How commands print: wrapped, coloured where it can be, in words in any case."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.cli.terminal import console, table, tell

WIDTHS = (40, 80, 120)
COMMANDS = {
    "check": ("check", "submissions/week09/low-accuracy.ipynb", "--rubric", "rubrics/week09.yaml", "--static"),
    "checks": ("checks",),
    "doctor": ("doctor", "--cold"),
    "environment": ("environment", "show"),
    "error": ("store", "list", "a folder that is not there"),
    "help": ("grade", "--help"),
    "all help": ("--help",),
}


def run(*words: str, **variables: str | None) -> Result:
    """A command, in an environment with these variables."""
    return CliRunner().invoke(
        main, list(words), env={"COLUMNS": None, "NO_COLOR": None, "FORCE_COLOR": None} | variables
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(command: str, width: int) -> None:
    """But for a word that is, as a path may be: it is left whole, on a line of its own."""
    for line in run(*COMMANDS[command], COLUMNS=str(width)).output.splitlines():
        assert len(line) <= width or " " not in line.strip(), line


@pytest.mark.parametrize("command", ["check", "checks"])
def test_nothing_is_cut_off_in_forty_columns(command: str) -> None:
    """The words are the same ones, in the same order."""
    narrow, wide = (run(*COMMANDS[command], COLUMNS=width).output.split() for width in ("40", None))
    assert narrow == wide


def test_a_log_is_not_wrapped() -> None:
    """So that a search finds a whole sentence."""
    assert (
        "Nothing was run: how well a model does, what is drawn and printed, and whether"
        in run(*COMMANDS["check"]).output
    )


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1", "TERM": "xterm"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
        ({"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_follows_the_terminal(variables: dict[str, str], coloured: bool) -> None:
    """And says nothing alone: without it the same words are there."""
    told = run(*COMMANDS["check"], **variables).output
    assert bool(re.search(r"\x1b\[(\d+;)*3\d", told)) is coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", told) == run(*COMMANDS["check"]).output


def test_a_paragraph_hangs_under_its_first_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands before it is not wrapped."""
    monkeypatch.setenv("COLUMNS", "20")
    tell(console(), "one two three four five six", lead="- 0/2  ")
    assert capsys.readouterr().out.splitlines() == ["- 0/2  one two three", "       four five six"]


def test_control_characters_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    """A student wrote the file's name."""
    tell(console(), "hw\x1b[2J\x07.ipynb")
    assert capsys.readouterr().out == "hw\\x1b[2J\\x07.ipynb\n"


def test_a_table_too_wide_becomes_paragraphs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value with its column's name; what is empty is left out."""
    wide, narrow = ["name           points", "a-longer-name       2"], ["a-longer-name", "    points 2"]
    for width, told in (("40", wide), ("16", narrow)):
        monkeypatch.setenv("COLUMNS", width)
        table(console(), ("name", "", "points"), [("a-longer-name", "", "2")], numbers=("points",))
        assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == told
