"""What lies beside a notebook is laid beside it, within limits; what is another's is not."""

from __future__ import annotations

import pytest
from whole_class import Export, notebook, write_archive, write_folder

from grader.intake import HandedIn, attachments, collect_submissions

READS = notebook("open('points.csv')")


@pytest.fixture(params=[write_archive, write_folder])
def collect(request, tmp_path):
    """What is found in a hand-in of these files, as an archive and as a folder."""

    def _collect(**files: str) -> list[HandedIn]:
        named = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
        return collect_submissions([request.param(Export(named), tmp_path / "in.zip")], unpack_to=tmp_path / "out")

    return _collect


def names(one: HandedIn) -> list[str]:
    return [attachment.name for attachment in one.attachments]


def test_a_folder_of_ones_own_is_laid_whole(collect):
    """From the notebook's folder where it lies below it, else from the top."""
    found = collect(ann__hw__hw_ipynb=READS, ann__hw__a_csv="1", ann__data__b_csv="2", bo__hw_ipynb=READS)
    assert [names(one) for one in found] == [["a.csv", "data/b.csv"], []]
    assert [attachment.path.read_text() for attachment in found[0].attachments] == ["1", "2"]


def test_in_a_folder_of_many_only_what_is_named(collect):
    """The list of the class lies there as well, and goes to nobody."""
    found = collect(a_ipynb=READS, b_ipynb=notebook(), points_csv="1", roster_csv="2", c_pdf="3")
    assert [(one.file_name, names(one)) for one in found] == [
        ("a.ipynb", ["points.csv"]),
        ("b.ipynb", []),
        ("c.pdf", []),
    ]


@pytest.mark.parametrize("source", ["from layers import Own", "import layers", "x = 'data/'", 'x = "data/points.csv"'])
def test_modules_and_folders_are_named_too(tmp_path, source):
    """By their own words; a module that nobody imports is a script that was handed in."""
    files = {"a.ipynb": notebook(source), "b.ipynb": notebook(), "layers.py": "1", "data/points.csv": "2", "x.csv": "3"}
    one, other, *script = collect_submissions(
        [write_folder(Export(files), tmp_path / "in")], unpack_to=tmp_path / "out"
    )
    assert [found.file_name for found in script] == ([] if "layers" in source else ["layers.py"])
    assert names(one) == (["layers.py"] if "layers" in source else ["data/points.csv"])
    assert names(other) == []


def test_a_single_file_takes_what_it_names(tmp_path):
    """It may lie in a folder of downloads."""
    root = write_folder(Export({"hw.ipynb": READS, "points.csv": "1", "letter.csv": "2"}), tmp_path / "in")
    (one,) = collect_submissions([root / "hw.ipynb"], unpack_to=tmp_path / "out")
    assert names(one) == ["points.csv"]


def test_limits_leave_out_and_say_so(collect, monkeypatch):
    """The smaller files first."""
    monkeypatch.setattr(attachments, "MAX_ATTACHED_BYTES", 8)
    (one,) = collect(hw_ipynb=READS, small_csv="1", large_csv="1" * 9)
    assert names(one) == ["small.csv"]
    assert "large.csv" in one.left_out[0]


def test_links_are_left_out(tmp_path):
    """They lead to what was not handed in."""
    root = write_folder(Export({"hw.ipynb": READS}), tmp_path / "in")
    (root / "points.csv").symlink_to("/etc/hostname")
    (one,) = collect_submissions([root], unpack_to=tmp_path / "out")
    assert (names(one), len(one.left_out)) == ([], 1)
