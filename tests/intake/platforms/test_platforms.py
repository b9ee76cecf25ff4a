"""What an export says stands above what is said inside it; a folder that is no export is left as it is."""

from __future__ import annotations

import json

from grader.intake import Class, collect_submissions, people_of
from grader.records import People

NOTEBOOK = json.dumps({"cells": [{"cell_type": "markdown", "source": "Names: Ann Lee, Bo Ek"}]})


def test_whom_the_platform_knows_counts_before_whom_the_notebook_names(export):
    """Nobody hands in as somebody else, and a partner is not lost."""
    (one,) = export({"Bo Ek_5_assignsubmission_file_/hw.ipynb": NOTEBOOK})
    people = people_of([one], People(), roots=[], about=Class())
    assert people.names(one.id) == ("Bo Ek",)
    assert [author.name for author in people.submissions[one.id].named] == ["Ann Lee", "Bo Ek"]


def test_a_plain_folder_has_no_origins(tmp_path):
    """Nobody owns its files."""
    for name in ("ann/hw.ipynb", "bo/report.pdf", "submission_11/x.ipynb", "week_9_10_hw.ipynb", "solution.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    found = collect_submissions([tmp_path], unpack_to=tmp_path / "out")
    assert [one.file_name for one in found] == [
        "solution.ipynb",
        "week_9_10_hw.ipynb",
        "hw.ipynb",
        "report.pdf",
        "x.ipynb",
    ]
    assert all(one.origin is None and one.owner is None for one in found)


def test_a_folder_named_like_a_notebook_hides_nothing_beside_it(tmp_path):
    """A PDF beside it was handed in instead of a notebook."""
    (tmp_path / "ann/x.ipynb").mkdir(parents=True)
    (tmp_path / "ann/report.pdf").write_text("{}")
    found = collect_submissions([tmp_path], unpack_to=tmp_path)
    assert [one.file_name for one in found] == ["x.ipynb", "report.pdf"]
