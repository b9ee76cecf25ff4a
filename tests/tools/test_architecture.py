"""The page on the architecture is what the import contracts and the packages themselves say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def architecture() -> ModuleType:
    """The tool, which is no package."""
    spec = importlib.util.spec_from_file_location("architecture", ROOT / "tools" / "architecture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(architecture: ModuleType) -> None:
    """Run `python tools/architecture.py` where this fails."""
    assert (ROOT / architecture.PAGE).read_text(encoding="utf-8") == architecture.page()
    assert (ROOT / architecture.PICTURE).read_text(encoding="utf-8") == architecture.picture()


def test_every_package_says_what_it_is_for(architecture: ModuleType) -> None:
    """A paragraph of the page is the package's own docstring."""
    shown = [name for row in architecture.layers() for name in row if not name.startswith("__")]
    assert [name for name in shown if len(architecture.paragraph(name)) < 40] == []


def test_every_package_has_its_place(architecture: ModuleType) -> None:
    """No package of the house is missing from the list."""
    shown = {name for row in architecture.layers() for name in row}
    there = {path.stem for path in (ROOT / "grader").glob("*.py")} | {
        path.parent.name for path in (ROOT / "grader").glob("*/__init__.py")
    }
    assert there - {"__init__"} == shown


def test_what_people_look_for_is_where_the_page_says(architecture: ModuleType) -> None:
    """A file that moved, or a name that changed, is noticed."""
    gone = [what for what, path, name in architecture.WHERE if name not in (ROOT / path).read_text(encoding="utf-8")]
    assert gone == []
