"""What a live kernel shows of each criterion: the checks decide on what it did since grader was loaded."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping

from grader.datasets import DataSets
from grader.environment.facts import packages
from grader.evaluate import evaluate
from grader.execution.collect import Recording
from grader.judging.results import cells_named
from grader.records import CellRun, Environment, Evidence, Execution, SectionMatch, Submission
from grader.rubric import Rubric, Section
from grader.selfcheck.live_cells import Again, LiveRun, Placed, has_code
from grader.selfcheck.verdicts import Report, StepVerdict, report_of
from grader.store import ArrayStore
from grader.verification.verify import verify

CANNOT_KNOW = (
    "This is what the kernel did since grader was loaded, and text as it was last saved. Only a fresh run from top to "
    "bottom shows what grading will find: Restart and run all, or grader check."
)
_MOST_NAMED = 6
_EVENTS = ("compiles", "fits", "weights_set", "evaluations", "predictions", "figures", "arrays")


def live_report(
    rubric: Rubric,
    evidence: Evidence,
    *,
    placed: Placed,
    everything: Evidence,
    arrays: ArrayStore,
    data_sets: DataSets,
) -> Report:
    """Judges the last run of each cell; where a cell has to run again, the verdict is unknown and says so.

    Args:
        rubric: A tutor's, or a released one.
        evidence: Of the last runs.
        placed: The runs by the notebook's cells.
        everything: With what earlier runs of the same cells left.
        arrays: What both refer to.
        data_sets: What models are measured on.
    """
    measurements = verify(evidence, arrays=arrays, data_sets=data_sets, sandbox=None, core=None)
    graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=arrays.get)
    report = report_of(graded, step="live", cannot_know=CANNOT_KNOW)
    again = placed.again(evidence, everything)
    sections = {section.id: section for section in rubric.sections}
    verdicts = tuple(
        _where_fresh(one, _missing(sections[one.section], report.matching, placed=placed, again=again))
        for one in report.verdicts
    )
    return report.model_copy(update={"verdicts": verdicts})


def evidence_of_runs(
    submission: Submission,
    recording: Recording,
    *,
    runs: list[LiveRun],
    placed: Placed,
    data_sets: DataSets,
) -> tuple[Evidence, Evidence]:
    """The evidence of the last run of each cell, and that of all runs, whose events have no cell where they are old."""
    cells = tuple(_cell(submission, index, runs=runs, placed=placed) for index in range(len(submission.cells)))
    first = next((cell.index for cell in cells if cell.status == "error"), None)
    everything = recording.as_evidence(
        submission,
        cells=cells,
        environment=Environment(python=platform.python_version(), packages=packages()),
        execution=Execution(first_error_cell=first),
        data_choice=data_sets.choice,
        data_sets=tuple(file.use(loaded=True) for file in data_sets.files),
    )
    now = {name: tuple(one for one in getattr(everything, name) if one.cell is not None) for name in _EVENTS}
    used = {one.model for name in ("fits", "evaluations", "predictions") for one in now[name]}
    models = tuple(model for model in everything.models if model.cell is not None or model.id in used)
    return everything.model_copy(update={**now, "models": models}), everything


def _cell(submission: Submission, index: int, *, runs: list[LiveRun], placed: Placed) -> CellRun:
    cell = placed.cells[index]
    is_code = cell.kind == "code" and bool(cell.source.strip())
    run = runs[placed.latest[index]] if index in placed.latest and index not in placed.changed else None
    failed = run is not None and run.error is not None and not cell.may_raise
    # A cell that has not run since grader was loaded did, as far as is known: what hangs on it is unknown anyway.
    return CellRun(
        index=index,
        kind=cell.kind,
        source=cell.source,
        status="no_code" if not is_code else "error" if failed else "ok",
        printed="" if run is None else run.printed,
        stored_text=submission.cells[index].stored_text,
        error=None if run is None else run.error,
    )


def _missing(
    section: Section, matching: Mapping[str, SectionMatch], *, placed: Placed, again: Mapping[int, Again]
) -> dict[int, Again]:
    """The cells that have to run before anything can be said of a section."""
    found = matching.get(section.id)
    cells: Iterable[int] = () if found is None else found.cells
    if found is not None and found.borrowed_from is not None and found.borrowed_from in matching:
        cells = {*cells, *matching[found.borrowed_from].cells}
    if section.whole_notebook or not cells:
        cells = (cell.index for cell in placed.cells if has_code(cell))
    return {index: again[index] for index in sorted(cells) if index in again}


def _where_fresh(verdict: StepVerdict, missing: Mapping[int, Again]) -> StepVerdict:
    if not missing or verdict.status == "unknown":
        return verdict
    if verdict.status == "passed" and verdict.cells and not set(verdict.cells) & set(missing):
        return verdict
    text = " ".join(_told(missing))
    return verdict.model_copy(
        update={
            "status": "unknown",
            "at_most": verdict.points,
            "yours": "",
            "text": text,
            "next_step": "",
            "cells": tuple(missing),
        }
    )


def _told(missing: Mapping[int, Again]) -> Iterator[str]:
    for why in dict.fromkeys(one.why for one in missing.values()):
        cells = list(dict.fromkeys(cell for one in missing.values() if one.why == why for cell in one.cells))
        yield f"Run {cells_named(cells, at_most=_MOST_NAMED)} again: {why}."


def of_section(report: Report, section: str) -> Report:
    """The part of a report that is about one section."""
    kept = tuple(one for one in report.verdicts if one.section == section)
    return report.model_copy(update={"verdicts": kept})
