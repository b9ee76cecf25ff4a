"""Blackboard: every file says whose it is."""

from __future__ import annotations


def test_blackboard_names_the_file(collect):
    """The user's name, whatever the assignment's has in it; its own note of the attempt is no submission."""
    stem = "Home work_1_alee2_attempt_2026-01-31-23-59-00"
    assert collect(f"{stem}_hw.ipynb", f"{stem}.txt") == [("alee2", "hw.ipynb", [""])]
