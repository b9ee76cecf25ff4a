"""What an environment holds."""

from __future__ import annotations

from pathlib import Path

from grader.environment.facts import distributions


def installed(folder: Path, *, name: str, entry_points: str = "") -> None:
    (folder / f"{name}.dist-info").mkdir()
    (folder / f"{name}.dist-info" / "entry_points.txt").write_text(entry_points)


def test_every_distribution_counts(tmp_path: Path) -> None:
    """Whichever a notebook may import, with its version."""
    installed(tmp_path, name="some-1.0")
    installed(tmp_path, name="other-2.0")
    assert distributions([tmp_path]) == ["other-2.0", "some-1.0"]


def test_grader_and_packages_of_checks_do_not(tmp_path: Path) -> None:
    """A new version of a check executes no notebook."""
    installed(tmp_path, name="grader-0.1.0")
    installed(tmp_path, name="checks_of_a_course-1.0", entry_points="[grader.checks]\nours = course.checks\n")
    assert distributions([tmp_path]) == []
