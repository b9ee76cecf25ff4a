"""Proves hints: repeats trainings with the edits that a rubric's lost criteria ask for, until none is left to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.datasets import DataSets
from grader.hints import Proofs
from grader.limits import MAX_TRIAL_ROUNDS
from grader.records import Evidence, GradedSubmission, Measurements, Trials
from grader.rubric import Rubric
from grader.store import ArrayStore

if TYPE_CHECKING:
    from grader.execution.sandbox import Sandbox


@dataclass(frozen=True)
class Graded:
    """A submission as it was graded, with what was graded by.

    Attributes:
        graded: Without what people decided.
        arrays: Of the evidence.
    """

    rubric: Rubric
    graded: GradedSubmission
    evidence: Evidence
    measurements: Measurements
    arrays: ArrayStore

    def proofs(self, trials: Trials) -> Proofs:
        """What those trainings prove."""
        return Proofs(
            self.rubric,
            self.graded,
            evidence=self.evidence,
            measurements=self.measurements,
            read=self.arrays.get,
            trials=trials,
        )


def prove(
    of: Graded, trials: Trials, *, data_sets: DataSets, sandbox: Sandbox | None, core: int | None
) -> tuple[Trials, bool]:
    """Repeats trainings with edits, as far as it was not done yet.

    Args:
        of: The submission.
        trials: What was repeated before.
        data_sets: What the kernel was served.
        sandbox: Where trainings are repeated; None for a process of one's own, for one's own models.
        core: The processor that is used; None for any.

    Returns:
        All trials, and whether nothing is left to try; something is where our own trial failed.
    """
    for _ in range(MAX_TRIAL_ROUNDS):
        due = of.proofs(trials).due()
        if not due:
            return trials, True
        from grader.verification.trials import Wanted, try_edits  # noqa: PLC0415 - where nothing is due it is not needed

        made = try_edits(
            of.evidence,
            [Wanted(proposal.of.fit.id, proposal.edits, seeds) for proposal, seeds in due],
            arrays=of.arrays,
            data_sets=data_sets,
            sandbox=sandbox,
            core=core,
        )
        kept = tuple(trial for trial in made if not trial.is_infrastructure)
        trials = trials.model_copy(update={"trials": (*trials.trials, *kept)})
        if len(kept) < len(made):
            return trials, False
    return trials, True
