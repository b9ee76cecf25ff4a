"""Drafts a rubric from a reference notebook: sections from its headings, criteria from what its runs left.

`outline` plans the sections, the `rules` propose criteria (one rule a check), `drafting` leaves out what the reference
itself does not pass, `text` writes the YAML with comments for the tutor.
"""

from grader.reference.draft.draft import DraftRequest, Written, assignment_name, draft_rubric

__all__ = ["DraftRequest", "Written", "assignment_name", "draft_rubric"]
