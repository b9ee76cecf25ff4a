"""What a time limit cut off: a training of the length that the task asks for, or an endless loop of the student's."""

from __future__ import annotations

from grader.records import Evidence, FitRecord

TIME_REASONS = frozenset({"cell_timeout", "notebook_timeout"})
"""Ends of a run that a time limit brought about."""


def training_cut_off(evidence: Evidence, *, longest_training: int | None) -> FitRecord | None:
    """The training that a time limit cut off, where it was of the length that the task asks for.

    Args:
        evidence: Of the run.
        longest_training: The most epochs that the rubric asks of one training; a fit of no more than these is honest
            work. None where it asks for no number: then none is.
    """
    if evidence.execution.reason not in TIME_REASONS or longest_training is None:
        return None
    cells = {cell.index for cell in evidence.cells if cell.status in {"timeout", "died"}}
    for fit in evidence.fits:
        # Short fits in an endless loop are the student's loop, not an honest training.
        alone = sum(other.cell == fit.cell and other.model == fit.model for other in evidence.fits) == 1
        honest = fit.epochs_requested is not None and fit.epochs_requested <= longest_training
        if fit.cell in cells and fit.status == "interrupted" and alone and honest:
            return fit
    return None
