"""Hints: which change of a student's own call wins back what it cost, said only where a repeated training proved it.

`proposals` derives edits from what lost criteria constrain (`grader.rubric.constraints`), which is what faults of a
reference are derived from, read the other way. `proof` holds the trainings that were repeated with them against the
rubric, and `wording` says what was proved. All of it is a function of records; `grader.verification.trials` repeats the
trainings.
"""

from grader.hints.proof import Proofs
from grader.hints.proposals import Proposal, propose

__all__ = ["Proofs", "Proposal", "propose"]
