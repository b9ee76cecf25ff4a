"""What people decide: events in the tutor's file, and what follows from them for a grade.

The file is append-only and stands beside the output folder, where nothing that may be deleted lies. The last event
counts, and those before it are the history.
"""

from grader.marks.apply import apply_marks, unmarked
from grader.marks.effective import NO_MARKS, Decisions, Mark, MarksOfSubmission
from grader.marks.events import Event, EventKind
from grader.marks.file import MarksFile, marks_path
from grader.marks.seen import seen_digest

__all__ = [
    "NO_MARKS",
    "Decisions",
    "Event",
    "EventKind",
    "Mark",
    "MarksFile",
    "MarksOfSubmission",
    "apply_marks",
    "marks_path",
    "seen_digest",
    "unmarked",
]
