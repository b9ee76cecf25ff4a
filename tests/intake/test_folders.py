from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake import HandedIn
from grader.intake import collect_submissions as collect


@pytest.fixture
def tree(tmp_path):
    """Makes empty files of the given names, and returns their root."""

    def _tree(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return tmp_path

    return _tree


def collect_submissions(paths: Iterable[Path]) -> list[HandedIn]:
    return collect(paths, unpack_to=Path("nothing is unpacked here"))


def found(*paths: Path) -> list[str]:
    return [handed_in.path.name for handed_in in collect_submissions(paths)]


def test_notebooks_are_found_at_any_depth(tree):
    """A folder is searched to its bottom, in a settled order."""
    root = tree("b.ipynb", "a.IPYNB", "x/y/c.ipynb")
    assert found(root) == ["a.IPYNB", "b.ipynb", "c.ipynb"]


def test_what_is_not_handed_in_is_passed_over(tree):
    """Checkpoints, hidden files, other files and this grader's own output are no submissions."""
    root = tree(
        "a.ipynb", ".ipynb_checkpoints/a-checkpoint.ipynb", "._a.ipynb", "__MACOSX/a.ipynb", "data.csv", "README.md",
        "out/submissions/a/executed.ipynb", "out/submissions/a/grade.json", "out/submissions/a/feedback.html",
    )  # fmt: skip
    assert found(root) == ["a.ipynb"]


def test_what_was_handed_in_instead_is_in_the_list(tree):
    """A PDF where others gave a notebook is a submission; an export beside its notebook is not."""
    root = tree("a.ipynb", "a.html", "b.pdf", "c.ipynb.txt", "dan/report.docx", "eve/e.ipynb", "eve/model.py")
    assert found(root) == ["a.ipynb", "b.pdf", "c.ipynb.txt", "report.docx", "e.ipynb"]


def test_a_folder_named_like_a_notebook_is_in_the_list(tree):
    """A folder x.ipynb is a result of its own, and not searched."""
    assert found(tree("a.ipynb", "x.ipynb/y.ipynb")) == ["a.ipynb", "x.ipynb"]


def test_files_are_taken_as_given(tree):
    """A file that the user names is taken whatever its name, once, in the order given."""
    root = tree("b.ipynb", "a.ipynb", "notes.txt")
    assert found(root / "notes.txt", root / "b.ipynb", root / "b.ipynb", root) == ["notes.txt", "b.ipynb", "a.ipynb"]


def test_patterns_are_expanded(tree):
    """A pattern that the shell left alone is understood."""
    root = tree("a1.ipynb", "a2.ipynb", "b.ipynb")
    assert found(root / "a*.ipynb") == ["a1.ipynb", "a2.ipynb"]


def test_a_name_with_brackets_is_a_name(tree):
    """A file whose name looks like a pattern is taken as it is."""
    assert found(tree("hw[1].ipynb") / "hw[1].ipynb") == ["hw[1].ipynb"]


def test_ids_are_unique(tree):
    """A slug and eight digits, always; equal names in several folders get ids of their own."""
    root = tree("ann/hw.ipynb", "bo/hw.ipynb", "cy/Other Work.ipynb")
    ids = [handed_in.id for handed_in in collect_submissions([root])]
    assert len(set(ids)) == 3
    assert [re.fullmatch(r"(.+)-[0-9a-f]{8}", name)[1] for name in ids] == ["hw", "hw", "other-work"]


def test_a_link_counts_where_the_user_names_it(tree):
    """A link that is given is followed; one that lies in a folder stays a link, which is no notebook."""
    root = tree("x/real.ipynb")
    (root / "link.ipynb").symlink_to(root / "x/real.ipynb")
    assert found(root / "link.ipynb") == ["real.ipynb"]
    assert [handed_in.path.is_symlink() for handed_in in collect_submissions([root])] == [True, False]


@pytest.mark.parametrize("name", ["missing.ipynb", "missing", "*.none", "empty"])
def test_nothing_to_grade_is_bad_usage(tree, name):
    """A path that is missing or holds no notebook is told before anything starts."""
    root = tree("a.ipynb", "empty/notes.txt")
    with pytest.raises(UsageError) as raised:
        collect_submissions([root / name])
    assert raised.value.fix


def test_a_relative_path_is_found(tree, monkeypatch):
    """Paths are read from where the user is."""
    monkeypatch.chdir(tree("a.ipynb"))
    assert found(Path("a.ipynb")) == found(Path()) == found(Path("*.ipynb")) == ["a.ipynb"]
    assert os.fspath(collect_submissions([Path("a.ipynb")])[0].path) == "a.ipynb"
