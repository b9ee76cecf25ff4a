"""The example of ``docs/add-an-lms-format.md`` does what the page says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from grader.intake import platforms

DOCUMENT = Path(__file__).parents[3] / "docs" / "add-an-lms-format.md"


def blocks(language: str) -> list[str]:
    """The document's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def with_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform of the document, added to the list."""
    (code,) = blocks("python")
    path = tmp_path / "campus.py"
    path.write_text(code)
    spec = importlib.util.spec_from_file_location("campus", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(platforms, "PLATFORMS", (*platforms.PLATFORMS, module.PLATFORM))


@pytest.mark.usefixtures("with_example")
def test_the_example_gives_what_the_page_says(collect):
    """Keys, file names and names of people, of an archive and a folder."""
    names, expected = blocks("text")
    (people,) = blocks("csv")
    rows = [re.split(r"\s{2,}", line.strip()) for line in expected.splitlines()]
    assert sorted(collect(*names.splitlines(), csv=people)) == sorted(
        ("" if key == "-" else key, file_name, names) for key, file_name, *names in rows
    )


@pytest.mark.usefixtures("with_example")
@pytest.mark.parametrize(
    "people", ["", "login\nalee2", "\0", "name,number\n,", "login,name,number\nalee2,A", f"login\n{'x' * 200_000}"]
)
def test_a_broken_list_names_nobody(collect, people):
    """The rule that the page states."""
    assert collect("participants.csv", "alee2/hw.ipynb", csv=people) == [("", "hw.ipynb", [])]
