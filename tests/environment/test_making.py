"""An environment on top of the grader's own takes packages that the grader's own does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from pocket_wheel import wheel

from grader.environment import own_environment
from grader.environment.making import ON_TOP, add, make
from grader.errors import MachineError, UsageError


def test_packages_are_added_to_it_alone(tmp_path: Path) -> None:
    """Before, it holds what the grader's own does, and is the same in each key."""
    before, own = make(tmp_path / "course", requirements=None, python=None), own_environment()
    assert (before.packages, before.digest) == (own.packages, own.digest)
    after = add(tmp_path / "course", packages=[str(wheel(tmp_path))], requirements=None)
    assert "pocket_numbers" in after.importable
    assert after.digest != before.digest
    assert importlib.util.find_spec("pocket_numbers") is None


def test_an_environment_is_never_made_over_something(tmp_path: Path) -> None:
    """It may be another that is in use."""
    (tmp_path / "some").touch()
    with pytest.raises(UsageError, match="there is something already"):
        make(tmp_path, requirements=None, python=None)


def test_a_file_without_hashes_leaves_nothing(tmp_path: Path) -> None:
    """Pip says which hash is missing, and the folder is free again."""
    (tmp_path / "names.txt").write_text("pocket-numbers==1.5\n")
    with pytest.raises(MachineError, match="pip failed"):
        make(tmp_path / "course", requirements=tmp_path / "names.txt", python=None)
    assert not (tmp_path / "course").exists()


@pytest.mark.parametrize("packages", [(), ("--index-url=x",)])
def test_only_packages_are_added(packages: tuple[str, ...], tmp_path: Path) -> None:
    """An option is none, and nothing is nothing."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    with pytest.raises(UsageError):
        add(tmp_path, packages=packages, requirements=None)


def test_another_python_needs_a_file(tmp_path: Path) -> None:
    """The grader's own packages are of its own Python."""
    with pytest.raises(UsageError, match="--python without -r"):
        make(tmp_path / "course", requirements=None, python="python3")
    with pytest.raises(UsageError, match="there is no environment"):
        add(tmp_path, packages=["some"], requirements=None)
    assert ON_TOP.endswith(".pth")
