"""Which sections a failure of the infrastructure reaches: where what they lack would have been made."""

from __future__ import annotations

from collections.abc import Mapping

from grader.attribution.result import Attribution, Work
from grader.records import Evidence, SectionMatch


def reason_for_section(
    attribution: Attribution,
    match: SectionMatch,
    *,
    matching: Mapping[str, SectionMatch],
    evidence: Evidence,
    owners: frozenset[str],
    about_model: bool,
    made_by: Work | None = None,
) -> str | None:
    """Why what a section lacks is not there, where that is the infrastructure's failure; None where it is not.

    Args:
        attribution: Of the run.
        match: The section's cells and model.
        matching: Every section's.
        evidence: Of the run.
        owners: Ids of the sections that ask for a model of their own.
        about_model: Whether this section asks for a model, or speaks of another's.
        made_by: The work that would have made what is lacking; None where it is the model itself, or anything.
    """
    if not match.cells:
        return _of_section_not_found(attribution, matching, owners=owners, about_model=about_model)
    written = {cell.index for cell in evidence.cells if cell.kind == "code" and cell.source.strip()}
    own = written.intersection(match.cells)
    if not own:
        # A heading, and nothing tried below it.
        return None
    fits = {fit.cell for fit in evidence.fits if fit.id in match.fits and fit.cell is not None}
    cells, makers = own | fits, attribution.builds | attribution.made(made_by)
    if match.section in owners:
        cells = {cell for cell in cells if cell in makers or cell in fits}
    if made_by is not None:
        # A mistake counts where it kept from running what would have made it.
        cells -= {cell for cell in attribution.own_errors if cell not in makers}
    return attribution.reason(cells)


def _of_section_not_found(
    attribution: Attribution,
    matching: Mapping[str, SectionMatch],
    *,
    owners: frozenset[str],
    about_model: bool,
) -> str | None:
    """Whether it may have been in a cell that failed, and that no section that was found has a use for."""
    failed = [cell for cell in sorted(attribution.causes) if attribution.is_infrastructure(cell)]
    if not about_model:
        return attribution.reason(cell for cell in failed if cell in attribution.makes)
    training = [cell for cell in failed if cell in attribution.trains]
    for section in owners:
        match = matching.get(section)
        if match is not None and match.heading_cell is not None and not match.fits:
            used = next((cell for cell in training if cell in match.cells), None)
            training = [cell for cell in training if cell != used]
    return attribution.reason(training)
