"""Caps on what a page holds."""

from __future__ import annotations

MAX_LOST_MESSAGES = 5
"""Kinds of notes on what was cut off that a cohort's page names, the most frequent."""

MAX_FIX_FIRST = 3
"""Steps that a page says to take first: a reader takes a few at a time."""

MAX_SHOWN_CHARACTERS = 4000
"""Of a cell's code or output on a page: some 80 lines."""

MAX_FORMED_CHARACTERS = 20_000
"""Of a Markdown cell that gets its form: ten pages. A longer one is shown as it was typed, for the time that forming it
takes can grow faster than its length."""

MAX_COLOURED_CHARACTERS = 200_000
"""Of a code cell that gets its colours, likewise."""

MAX_FORMULA_CHARACTERS = 2000
"""Of a formula that is drawn: a derivation of some twenty lines. A longer one is shown as it was typed."""

MAX_FORMULA_DEPTH = 40
"""Of elements in each other in a formula: deeper than anybody writes, far less than a browser takes."""

MAX_FORM_BYTES = 2**20
"""Of what a browser sends to the review: a comment, and the names of a group of answers."""

MAX_FORM_FIELDS = 5000
"""Of such a form: every answer of a large class in one group."""

MAX_PAGE_PICTURES_BYTES = 12 * 2**20
"""Of all pictures on one page: browsers and mail programs still open it."""

MAX_PICTURE_PIXELS = 2 * 10**7
"""Of a figure that is made smaller for a page: 80 MB in memory. A larger one is shown as it is."""

MAX_SHOWN_MESSAGE_CHARACTERS = 160
"""Of a feedback in a table of the cohort: a line or two."""

MAX_QUEUE_LISTED = 20
"""Submissions that a cohort's page names by cause; the others are a link away, in its table."""
