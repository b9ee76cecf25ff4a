"""Caps on a rubric's file and what it names."""

from __future__ import annotations

MAX_RUBRIC_BYTES = 2**20
"""A rubric of three exercises has 10 kB."""

MAX_RUBRIC_VALUES = 50_000
"""Of a rubric, aliases written out: they multiply."""

MAX_RUBRIC_DEPTH = 32
"""Of nested lists and mappings: each takes a frame of Python's stack."""

MAX_VALUE_CHARACTERS = 60
"""Of a wrong value as a message quotes it: a line of a terminal holds it."""

MAX_TEMPLATE_BYTES = 20 * 2**20
"""Of the template that was handed out: larger than any worksheet with its pictures."""
