"""Canvas: every file says whose it is."""

from __future__ import annotations


def test_canvas_names_the_file(collect):
    """With and without the mark of a late one."""
    found = collect("leeann_LATE_12_345_My_hw-1.ipynb", "ekbo_13_346_hw.ipynb", "ekbo_13_347_report.pdf")
    assert found == [("canvas:13", "hw.ipynb", ["ekbo"]), ("canvas:12", "My_hw-1.ipynb", ["leeann"])]


def test_one_other_name_and_it_is_no_export_of_canvas(collect):
    """Names with two numbers in them are common."""
    found = collect("week_9_10_hw.ipynb", "solution.ipynb")
    assert found == [("", "solution.ipynb", []), ("", "week_9_10_hw.ipynb", [])]
