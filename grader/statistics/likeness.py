"""What of a run's evidence is compared with other submissions."""

from __future__ import annotations

import re

from grader.records import Evidence, Likeness, digest
from grader.statistics.fingerprints import fingerprints
from grader.statistics.thresholds import THRESHOLDS

_FIGURE = re.compile(
    r"\b(?:val_)?(?:loss|accuracy|acc|mae|mse|auc)\w*\s*[:=]\s*(\d+\.\d{4,}(?:e[+-]?\d+)?)", re.IGNORECASE
)


def likeness(evidence: Evidence, *, key: str = "") -> Likeness:
    """What of a run may be the same in another submission.

    The weights that trainings end in are not among it, nor their recorded histories: every notebook is run from the
    same seed, so that those of two students who build the same model in the same order are the same. What was handed in
    is another matter: weights in a file, and what the outputs show of trainings on the student's own machine.

    Args:
        evidence: Of the run.
        key: What is to be noted as what it is of.
    """
    codes = [cell.source for cell in evidence.cells if cell.kind == "code"]
    return Likeness(
        key=key,
        code=tuple(sorted(fingerprints(codes))),
        weights=_brought_along(evidence),
        histories=tuple(
            sorted({found for cell in evidence.cells if (found := _history(cell.stored_text)) is not None})
        ),
    )


def _brought_along(evidence: Evidence) -> tuple[str, ...]:
    """Digests of weights that were loaded before anything was trained: none is a checkpoint of this run."""
    first = min((fit.seq for fit in evidence.fits), default=None)
    found = {
        record.weights
        for record in evidence.weights_set
        if record.how in {"load_model", "load_weights"} and (first is None or record.seq < first)
    }
    return tuple(sorted(one for one in found if one is not None))


def _history(stored: str) -> str | None:
    figures = _FIGURE.findall(stored)
    return digest(figures) if len(figures) >= THRESHOLDS.fewest_figures else None
