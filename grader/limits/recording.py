"""Caps on what the recorder sends."""

from __future__ import annotations

MAX_EVIDENCE_BYTES = 2 * 2**30
"""Of all frames together: the recorder's own caps on arrays and records add up to less."""

MAX_RECORDS = 100_000
"""Of one run: some 500 a cell in a notebook of 200 cells."""

MAX_RECORDS_BYTES = 256 * 2**20
"""Of them together, as JSON: the recorder's own cap."""

MAX_BROKEN_FRAMES = 1000
"""After so many nothing that follows is worth reading: somebody else writes to the pipe."""

MAX_JSON_DEPTH = 60
"""Of nested JSON. A model in a model in a model has some 30."""

MAX_JSON_TEXT_CHARACTERS = 100_000
"""Of one text in a record: the code of a long cell fits."""

MAX_WHOLE_NUMBER = 2**53
"""Larger ones are not exact in every reader of JSON."""

MAX_KIND_CHARACTERS = 40
"""Of the name of a record's kind: longer ones are none of the recorder's."""

MAX_ARRAY_HEADER_CHARACTERS = 2000
"""Of an array's header: one of plain numbers has 118."""

MAX_EVENTS = 20_000
"""Of one kind: more than any notebook's, fewer than would choke a page."""

MAX_NOTES_PER_CELL = 20
"""Of the recorder, on what it left out of one cell."""

MAX_NOTE_CHARACTERS = 500
"""Of such a note: a sentence or two."""

MAX_TRUNCATED = 60
"""Such notes on a whole run."""
