"""Which modules a result hangs on."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.store import PACKAGE, code_digest
from grader.store.code import code_of


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of that name."""
    folder = tmp_path / "grader"
    texts = {
        "__init__.py": "",
        "work.py": "from typing import TYPE_CHECKING\nfrom grader.parts import (\n    Wheel,  # round\n)\n"
        "if TYPE_CHECKING:\n    from grader.words import Word\n\n\ndef late():\n    import grader.late\n",
        "parts/__init__.py": "from grader.parts.axle import Axle\nfrom .wheel import Rim as Wheel\n",
        "parts/axle.py": "import os\n",
        "parts/wheel.py": "from .. import errors\n",
        "errors.py": "",
        "late.py": "",
        "words.py": "",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def names(package: Path, *roots: str) -> set[str]:
    return {path.relative_to(package).as_posix() for path in code_of(*roots, package=package)}


def test_a_name_counts_as_of_the_module_that_makes_it(package: Path) -> None:
    """Not as of all that its package hands on; imports for type checkers alone do not count, late ones do."""
    assert names(package, "work") == {"work.py", "parts/wheel.py", "errors.py", "late.py"}


def test_every_file_of_a_package_counts(package: Path) -> None:
    """Templates too."""
    (package / "parts" / "page.html").write_text("")
    assert "parts/page.html" in names(package, "parts")


def test_a_root_that_is_not_there_is_our_mistake(package: Path) -> None:
    """A stage whose modules were renamed must not go on with a digest over nothing."""
    with pytest.raises(FileNotFoundError, match="gone"):
        code_digest("gone", package=package)


def test_a_digest_follows_the_text(package: Path) -> None:
    """A comment in a module that is imported changes it; one in a module that is not does not."""
    before = code_digest("work", package=package)
    (package / "words.py").write_text("# other")
    assert code_digest("work", package=package) == before
    (package / "errors.py").write_text("# other")
    assert code_digest("work", package=package) != before


def test_the_guest_and_the_recorder_count_for_what_they_make() -> None:
    """They are started by name inside the sandbox, so no import of the harness leads to all of them."""
    assert PACKAGE / "execution" / "recorder" / "hooks.py" in code_of("execution", "intake")
    assert PACKAGE / "verification" / "guest" / "input_transform.py" in code_of("verification.guest.verifier")
