from __future__ import annotations

import sys
from pathlib import Path

from grader.execution.sandbox.interpreter import PARTS, _chain, interpreter_of, own_interpreter


def test_only_parts_of_a_prefix_are_shown() -> None:
    """An environment may lie in the folder of a project, beside submissions."""
    for path in own_interpreter().shown:
        assert path not in {sys.prefix, sys.base_prefix, "/", str(Path.home())}
        assert Path(path).name in PARTS or Path(path) == Path(sys.executable).resolve()


def test_every_module_in_use_is_shown() -> None:
    """The standard library and the packages are found inside where they are found outside."""
    shown = (*own_interpreter().shown, "/usr")
    origins = [Path(module.__file__) for name, module in sys.modules.items() if name in {"json", "pytest", "encodings"}]
    assert all(any(origin.is_relative_to(folder) for folder in shown) for origin in origins)


def test_links_on_the_way_to_the_executable_are_kept(tmp_path: Path) -> None:
    """Each hop that is not shown anyhow is made again inside."""
    real = tmp_path / "real" / "bin" / "python"
    real.parent.mkdir(parents=True)
    real.touch()
    hop, first = tmp_path / "hop", tmp_path / "venv" / "bin" / "python"
    hop.symlink_to("real/bin/python")
    first.parent.mkdir(parents=True)
    first.symlink_to(hop)
    links, last = _chain(first, shown=[str(tmp_path / "venv" / "bin")])
    assert links == [(str(hop), "real/bin/python")]
    assert last == real


def test_packages_outside_of_a_prefix_are_shown(tmp_path: Path) -> None:
    """An environment may take its packages from another one; what is shown anyhow is not shown twice."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/usr/bin/env")
    folders = [str(tmp_path / "other"), str(tmp_path / "venv" / "bin" / "more")]
    found = interpreter_of(
        str(tmp_path / "venv/bin/python"), prefixes=(str(tmp_path / "venv"), "/usr"), folders=folders
    )
    assert found.shown == (str(tmp_path / "venv" / "bin"), str(tmp_path / "other"))
