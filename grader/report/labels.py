"""Every label and sentence of the pages that is not worked out from a submission: the one catalogue of their English.

Templates take a sentence with ``say("key", name=value)``; what stands in braces is filled in, and escaped.
"""

from __future__ import annotations

from grader.attribution.causes import CauseKind

OUTCOMES = {
    "passed": ("\u2713", "passed"),
    "partial": ("\u25d0", "partly met"),
    "failed": ("\u2717", "not met"),
    "blocked": ("\u2298", "blocked"),
    "needs_review": ("\u22ef", "to be reviewed"),
}
"""Icon and word of each outcome: never colour alone."""

CAUSES = {
    "by_hand": "still to be marked by a tutor",
    "infrastructure": "caused by the grading system, not by you; a tutor will look at it",
    "unverifiable": "could not be verified automatically; a tutor will look at it",
    "borderline": "very close to what is required; a tutor decides",
    "flagged": "a tutor looks at this before it counts",
}

BASES = {
    "verified": "checked independently of what your notebook printed",
    "claimed": "taken from what your notebook reported",
    "static": "read from your notebook and its models",
    "manual": "by a tutor",
}

LAYER_STATES = {
    "same": ("=", "same"),
    "differs": ("\u2260", "differs"),
    "missing": ("\u2212", "missing"),
    "extra": ("+", "one too many"),
    "free": ("\u00b7", "free"),
}
"""Sign and word of each layer beside what was asked for: never colour alone."""

STATUSES = {"graded": "graded", "needs_review": "needs review", "not_run": "not run"}

QUEUE = {
    "flagged": "Integrity finding: what the notebook reported and what was verified disagree",
    "infrastructure": "Caused by the grading system: a limit, a crash or a missing package",
    "unverifiable": "Could not be verified",
    "borderline": "Very close to what is required",
    "by_hand": "Explanations to be read",
}
"""What a tutor attends to, in this order."""

STEPS: dict[CauseKind, str] = {
    "mistake": "Fix cell {cell}, then run the notebook from the top in a fresh kernel.",
    "endless": "Give the loop in cell {cell} a condition that comes true and ends it, or let the cell do less.",
    "training_cut_off": "Train in cell {cell} no longer than the task asks for; if you did not, a tutor sees it.",
    "ends_kernel": "Leave out what ends the kernel in cell {cell}: nothing after it can run.",
    "missing_package": "Nothing, if the task needs this package: a tutor looks. Else leave it out of cell {cell}.",
    "missing_file": "Hand in the file that cell {cell} reads together with the notebook.",
    "typing": "Write down in cell {cell} what you would type.",
    "unsure": "Hand in the notebook itself, the .ipynb file.",
}
"""What a student can do about a cell that failed, by the cause; nothing where a cause is not here."""

LABELS = {
    # causes
    "not_run": "This file could not be run.",
    "cell": "Cell {cell}",
    "cell_failed": "Cell {cell} failed.",
    "did_not_end": "Cell {cell} did not end within its time limit.",
    "section_missing": "{section} is not in your notebook.",
    "section_not_found": "Nothing of {section} was found in your notebook.",
    # the student's page
    "bar": "{earned} of {possible} points earned, {pending} waiting for a tutor, {lost} lost",
    "nothing_lost": "No points were lost.",
    "nothing_lost_so_far": "No points were lost so far.",
    "most": "Most hangs on one thing:",
    "first_error": "First error:",
    "incomplete": "Your notebook did not finish running.",
    "cells_count": "The cells that ran still count.",
    "fix_first": "Fix first",
    "for_bonus": "For the bonus",
    "see": "see {number} above",
    "missing_points": "Where points are missing",
    "to_be_marked": "Still to be marked",
    "marked": "Marked by a tutor.",
    "criterion": "Criterion",
    "why": "Why",
    "follows": "{count} criteria follow from it",
    "not_judged": "{count} criteria could not be judged",
    "not_counted": "Not counted against you; a tutor looks at it.",
    "causes": "One cause, several criteria",
    "blocked": "means that there was nothing to judge: what the criterion speaks of is missing, or another criterion"
    " that it requires is not met. Fix that one, and this one is judged too.",
    "object": "If you disagree",
    "object_how": "Send your tutor the text below with your reason: a click selects it. It names all that is needed to"
    " look it up.",
    "object_page": "Every criterion that is not met has a text under \u201cIf you disagree\u201d, to be copied and sent"
    " to your tutor with your reason. A tutor finds the submission by its id.",
    "your_answer": "Your answer",
    "question": "A question about your answer",
    "notebook": "Your notebook as it ran",
    "judged_here": "Judged here:",
    "notebook_file": "It is also a file beside this page: executed.ipynb.",
    "offline": "This page works offline: it loads nothing from the internet.",
    "beside": "As verified, beside your figure",
    "as_verified": "As verified",
    "own_figure": "Your figure",
    "moved": "The figure of this cell stands beside what was verified:",
    "matrix_table": "Confusion matrix",
    "matrix_axes": "Rows: true class; columns: predicted class",
    "layers": "Layer by layer",
    "asked": "asked for",
    "yours": "yours",
    "state": "compared",
    "advice": "Worth knowing",
    "hint": "Hint, tried out",
    "no_points": "no points",
    "skip": "Skip to the content",
    # the cohort's pages
    "matrix": "Every criterion of every submission",
    "one_comment": "One comment for all of them, on their pages: in grader review under \u201cWho failed alike\u201d of"
    " the criterion, or",
    "no_script": "This page shows its tables with JavaScript, which stands in the page itself and loads nothing."
    " Without it, the same is in gradebook.csv and summary.json.",
}
"""By key; see the module."""
