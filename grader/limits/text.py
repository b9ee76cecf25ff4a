"""Caps on a text or a cell, before anything reads it."""

from __future__ import annotations

MAX_PRINTED_CHARACTERS = 200_000
"""What is kept of one cell's text: a tenth from its beginning, the rest from its end, where results stand. A training
of 1,000 epochs prints some 100,000."""

MAX_REDRAWN_CHARACTERS = 20 * MAX_PRINTED_CHARACTERS
"""What is read of a cell's text to follow its carriage returns and backspaces: a progress bar redraws its line some 20
times."""

MAX_PARSED_CHARACTERS = 200_000
"""Longer cells are no code that a person wrote, and are not parsed."""

MAX_HEADING_CELL_CHARACTERS = 20_000
"""How far a cell is read for headings: one of a person's stands near its top, and the Markdown parser is slow."""

MAX_HEADINGS = 400
"""Of one notebook: aligning them costs headings times sections."""

MAX_HEADING_CHARACTERS = 200
"""Of one heading: comparing letters costs their square."""

MAX_EXPRESSION_CHARACTERS = 200
"""Of a rubric's expression in x: longer ones are a mistake."""

MAX_ERROR_CHARACTERS = 160
"""Of an error's message as feedback quotes it: two lines of a page."""

MAX_CLASSES = 1000
"""Whole numbers below this are read as classes, others as quantities: a confusion matrix takes memory by their square,
and ImageNet, the largest in courses, has 1,000."""
