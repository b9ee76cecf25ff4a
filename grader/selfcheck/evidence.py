"""The evidence that reading the code gives: the records of a run, as far as they are known without one."""

from __future__ import annotations

from collections.abc import Mapping

from grader.records import CellError, CellRun, DataSetUse, Evidence, Measurements, Submission
from grader.selfcheck.partial import partly
from grader.selfcheck.reading.log import A_RUN, UNMEASURED, Log, model_record

_OF_MODELS = ("models", "compiles", "fits", "evaluations", "predictions")
_NEVER = ("figures", "arrays", "weights_set", "weights", "execution")


def evidence_of(submission: Submission, log: Log, *, at_hand: Mapping[str, tuple[int, int]]) -> Evidence:
    """What a run of the notebook would leave, as far as its code shows.

    Args:
        submission: With every cell.
        log: What its code was seen to do.
        at_hand: Data sets of Keras that a run would find, to their training and test rows.
    """
    evidence = Evidence(
        submission=submission.id,
        file_name=submission.file_name,
        sha256=submission.sha256,
        data_choice="full",
        data_sets=_data_sets(log, at_hand),
        cells=tuple(_cell(submission, index, log) for index in range(len(submission.cells))),
        models=tuple(map(model_record, log.models)),
        compiles=tuple(log.compiles),
        fits=tuple(log.fits),
        evaluations=tuple(log.evaluations),
        predictions=tuple(log.predictions),
    )
    unknown = dict.fromkeys(_NEVER, A_RUN)
    if log.doubts:
        cell, why = log.doubts[0]
        unknown |= dict.fromkeys(_OF_MODELS, f"cell {cell + 1}: {why}")
    return partly(evidence, unknown)


def unmeasured(submission_id: str) -> Measurements:
    """Nothing was measured."""
    names = ("known_inputs", "measured", "unverified", "replays", "problem")
    return partly(Measurements(submission=submission_id), dict.fromkeys(names, UNMEASURED))


def _data_sets(log: Log, at_hand: Mapping[str, tuple[int, int]]) -> tuple[DataSetUse, ...]:
    return tuple(
        partly(
            DataSetUse(
                name=name,
                sample=False,
                train_rows=rows[0],
                test_rows=rows[1],
                fingerprint="0" * 64,
                loaded=True,
            ),
            dict.fromkeys(("fingerprint",) if name in log.loaded else ("fingerprint", "loaded"), A_RUN),
        )
        for name, rows in sorted(at_hand.items())
    )


def _cell(submission: Submission, index: int, log: Log) -> CellRun:
    cell = submission.cells[index]
    is_code = cell.kind == "code" and bool(cell.source.strip())
    error = log.errors.get(index)
    run = CellRun(
        index=index,
        kind=cell.kind,
        source=cell.source,
        status="no_code" if not is_code else "ok" if error is None or cell.may_raise else "error",
        stored_text=cell.stored_text,
        unsure=cell.unsure,
        error=None if error is None else CellError(name=error[0], value=error[1]),
    )
    return partly(run, dict.fromkeys(("printed", "seconds"), A_RUN))
