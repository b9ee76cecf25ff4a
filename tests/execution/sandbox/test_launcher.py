from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grader.execution.sandbox import launcher


def test_a_submission_is_copied_with_its_links_and_without_pipes(tmp_path: Path) -> None:
    """A link may point anywhere: inside, there is nothing to find."""
    source, target = tmp_path / "in", tmp_path / "work"
    (source / "data").mkdir(parents=True)
    target.mkdir()
    (source / "data" / "rows.csv").write_text("1,2\n")
    (source / "link").symlink_to("/etc/shadow")
    os.mkfifo(source / "pipe")
    launcher._copy(str(source), str(target))
    assert (target / "data" / "rows.csv").read_text() == "1,2\n"
    assert (target / "link").readlink() == Path("/etc/shadow")
    assert not (target / "pipe").exists()


def test_descendants_are_found_through_their_parents() -> None:
    """A grandchild too."""
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE) as child:
        found: set[int] = set()
        while len(found) < 1:
            found = launcher.descendants_of(child.pid)
        assert child.pid in launcher.descendants_of(os.getpid())
        assert found <= launcher.descendants_of(os.getpid())
        assert child.stdin is not None
        child.stdin.close()


def test_the_launcher_imports_nothing_of_ours() -> None:
    """It runs inside, where nothing of ours is."""
    text = Path(launcher.__file__).read_text()
    assert "grader." not in text
    assert "import grader" not in text
