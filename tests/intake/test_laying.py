"""Files lie where a notebook looks for them, and nothing takes the place of a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.execution.work_folder import WorkFolder
from grader.intake.laying import lay
from grader.records import Cell

POINTS, TABLE = Path("/handed/in/1"), Path("/handed/in/2")


def laid(*sources: str, handed_in: dict[str, Path], everybodys: dict[str, Path] | None = None) -> WorkFolder:
    """What a notebook of these cells finds."""
    cells = [Cell(index=index, kind="code", source=source) for index, source in enumerate(sources)]
    return lay(cells, handed_in, everybodys or {})


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("pd.read_csv('data/points.csv')", "data/points.csv"),
        ("np.loadtxt(r'data\\points.csv')", "data/points.csv"),
        ("open('drive/MyDrive/course/points.csv')", "drive/MyDrive/course/points.csv"),
        ("open('Points.CSV')", "Points.CSV"),
        ("base = './drive/MyDrive/'\nopen(base + 'points.csv')", "drive/MyDrive/points.csv"),
        ("!head -3 ./input/points.csv", "input/points.csv"),
    ],
)
def test_a_path_in_the_work_folder_leads_to_the_file(source, path):
    """Whatever folders the student's own machine had."""
    assert laid(source, handed_in={"points.csv": POINTS}).links[path] == "points.csv"


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("pd.read_csv('/content/drive/MyDrive/course/points.csv')", "/content/drive/MyDrive/course/points.csv"),
        ("BASE = '/kaggle/input/week-9'\nnp.load(BASE + '/points.csv')", "/kaggle/input/week-9/points.csv"),
        ("os.path.join('/content/drive/MyDrive/', 'points.csv')", "/content/drive/MyDrive/points.csv"),
        ("open('../points.csv')", "/home/student/points.csv"),
        ("open('~/points.csv')", "/home/student/points.csv"),
        ("open('/Users/student/points.csv')", "/Users/student/points.csv"),
        ("!cat /content/points.csv", "/content/points.csv"),
    ],
)
def test_a_path_of_another_machine_shows_the_file(source, path):
    """Read-only, outside of the work folder."""
    assert laid(source, handed_in={"data/points.csv": POINTS}).elsewhere[path] == POINTS


@pytest.mark.parametrize("path", ["/etc", "/usr/lib", "/proc", "/home/student/.keras", "https://example.org", "/opt"])
def test_no_other_path_is_touched(path):
    """Not the system's, and not for a file that nobody brought."""
    sources = (f"open('{path}/points.csv')", "open('/content/other.csv')")
    found = laid(*sources, handed_in={"points.csv": POINTS})
    assert (found.links, found.elsewhere) == ({}, {})


def test_the_rubrics_file_counts():
    """Where a student handed in one of the same name."""
    found = laid("open('points.csv')", handed_in={"points.csv": POINTS}, everybodys={"points.csv": TABLE})
    assert (found.files, found.links) == ({"points.csv": TABLE}, {})


@pytest.mark.parametrize(
    ("name", "is_laid"),
    [
        *((name, True) for name in ("my_layers.py", "data/numpy.csv", "numpy/data.csv")),
        *((name, False) for name in ("keras.py", "random.py", "numpy/__init__.py", "json.so")),
        *((name, False) for name in ("sitecustomize.py", "ipython_config.py")),
    ],
)
def test_nothing_takes_the_place_of_a_module(name, is_laid):
    """A module of the student's own is laid."""
    assert (name in laid("1", handed_in={name: POINTS}).files) == is_laid


def test_a_notebook_without_files_finds_none():
    """And its folder is not made."""
    assert laid("open('/content/points.csv')", handed_in={}).write(Path("/nowhere")) is None


def test_the_folder_is_as_described(tmp_path):
    """Copies, and links that lead to them; a link never stands in a file's way."""
    (tmp_path / "1").write_text("x")
    sources = ("open('data/points.csv')", "open('points.csv/points.csv')", "open('a/b/points.csv')")
    found = laid(*sources, handed_in={"points.csv": tmp_path / "1"}).write(tmp_path / "work")
    assert (found / "data/points.csv").read_text() == (found / "a/b/points.csv").read_text() == "x"
    (found / "points.csv").write_text("y")
    assert (tmp_path / "1").read_text() == "x"
