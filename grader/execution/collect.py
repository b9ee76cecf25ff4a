"""Validates the recorder's frames as records. What is invalid is left out with a note; nothing here raises."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.execution.frames import Frames
from grader.execution.recorder import wire
from grader.limits import MAX_EVENTS, MAX_NOTE_CHARACTERS, MAX_NOTES_PER_CELL, MAX_TRUNCATED
from grader.records import (
    ArrayRef,
    CellRun,
    CompileRecord,
    DataChoice,
    DataSetUse,
    Environment,
    EvaluationRecord,
    Evidence,
    Execution,
    FigureRecord,
    FitRecord,
    ModelRecord,
    NamedArray,
    PredictionRecord,
    Record,
    Submission,
    WeightsSetRecord,
)

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=BaseModel)

_DATA_SET = re.compile(r"[a-z0-9_]{1,40}")


class _Sent(BaseModel):
    """A record that is no part of evidence as it was sent."""

    model_config = ConfigDict(extra="ignore")


class _Start(_Sent):
    left_out: tuple[str, ...] = ()


class _Weights(_Sent):
    digest: str
    arrays: tuple[ArrayRef, ...]


class _Cell(_Sent):
    index: int | None = None
    notes: tuple[str, ...] = ()
    started: float | None = None
    ended: float | None = None
    rewritten: bool = False


class _Lost(_Sent):
    text: str
    cell: int | None = None


class _DataSet(_Sent):
    name: str


@dataclass(frozen=True)
class Recording:
    """What the recorder sent, in the order in which it happened, with the notebook's own cell indices.

    Attributes:
        started: Whether the recorder was in place before the first cell.
        cell_notes: What was done for a cell, by the cell's index.
        cells_seen: Indices of the cells whose start and end were recorded.
        cells_rewritten: Indices of the cells of which something else may have run than what IPython makes of them.
        data_sets: Names of the data sets that were loaded.
        left_out: What the recorder left out with the Keras of the environment, in words.
        truncated: What a cap left out, in words.
    """

    models: tuple[ModelRecord, ...] = ()
    compiles: tuple[CompileRecord, ...] = ()
    fits: tuple[FitRecord, ...] = ()
    weights_set: tuple[WeightsSetRecord, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    predictions: tuple[PredictionRecord, ...] = ()
    figures: tuple[FigureRecord, ...] = ()
    arrays: tuple[NamedArray, ...] = ()
    weights: Mapping[str, tuple[ArrayRef, ...]] = field(default_factory=dict)
    cell_notes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    cells_seen: frozenset[int] = frozenset()
    cells_rewritten: frozenset[int] = frozenset()
    data_sets: frozenset[str] = frozenset()
    started: bool = False
    left_out: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()

    def noted(self, cells: Iterable[CellRun]) -> tuple[CellRun, ...]:
        """Cells with what was recorded of each."""
        return tuple(
            cell.model_copy(
                update={
                    "notes": self.cell_notes.get(cell.index, ()),
                    "recorded": cell.index in self.cells_seen,
                    "rewritten": cell.index in self.cells_rewritten,
                }
            )
            for cell in cells
        )

    def as_evidence(
        self,
        submission: Submission,
        *,
        cells: tuple[CellRun, ...],
        environment: Environment,
        execution: Execution,
        data_choice: DataChoice,
        data_sets: tuple[DataSetUse, ...],
    ) -> Evidence:
        """The evidence of a run of which this was recorded.

        Args:
            submission: What was run.
            cells: As they ran.
            environment: In what.
            execution: How the run ended.
            data_choice: Which data it was offered.
            data_sets: What of them was loaded.
        """
        return Evidence(
            submission=submission.id,
            file_name=submission.file_name,
            sha256=submission.sha256,
            environment=environment,
            data_choice=data_choice,
            data_sets=data_sets,
            execution=execution,
            cells=cells,
            models=self.models,
            compiles=self.compiles,
            fits=self.fits,
            weights_set=self.weights_set,
            evaluations=self.evaluations,
            predictions=self.predictions,
            figures=self.figures,
            arrays=self.arrays,
            weights=dict(self.weights),
            truncated=self.truncated,
        )


def collect(frames: Frames, *, cell_indices: Sequence[int]) -> Recording:
    """Validates everything that a kernel sent.

    Args:
        frames: As `grader.execution.frames.FrameReader` left them.
        cell_indices: The notebook's cell index by the order of execution: records count executed cells.

    Returns:
        What is valid. The name of an array or of a state of weights that never came is removed; an event of an
        unknown model is left out.
    """
    return _Collection(frames, cell_indices).recording()


class _Collection:
    def __init__(self, frames: Frames, cell_indices: Sequence[int]) -> None:
        self.refs = frames.refs
        self.cell_indices = cell_indices
        self.left_out: Counter[str] = Counter()
        self.notes = frames.notes
        self.by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for kind, record in frames.records:
            self.by_kind[kind].append(record)
        self.cells = self._sent(wire.CELL, _Cell)

    def recording(self) -> Recording:
        weights = self._weights()
        models = {model.id: model for model in self._records(wire.MODEL, ModelRecord)}

        def of_known_model(kind: wire.Kind[Any], record_type: type[R]) -> tuple[R, ...]:
            events = [_with_known_weights(event, weights) for event in self._records(kind, record_type)]
            known = [event for event in events if getattr(event, "model", None) in models]
            self.left_out[f"{kind.name}: of a model that is not recorded"] += len(events) - len(known)
            return tuple(known)

        starts = self._sent(wire.START, _Start)
        # The first is from before the student's cells.
        left_out = starts[0].left_out if starts else ()
        found = Recording(
            models=tuple(models.values()),
            compiles=of_known_model(wire.COMPILE, CompileRecord),
            fits=of_known_model(wire.FIT, FitRecord),
            weights_set=of_known_model(wire.WEIGHTS_SET, WeightsSetRecord),
            evaluations=of_known_model(wire.EVALUATION, EvaluationRecord),
            predictions=of_known_model(wire.PREDICTION, PredictionRecord),
            figures=self._records(wire.FIGURE, FigureRecord),
            arrays=self._records(wire.ARRAY_NAMED, NamedArray),
            weights=weights,
            cell_notes=self._cell_notes(),
            cells_seen=self._cells_seen(),
            cells_rewritten=self._cells_rewritten(),
            data_sets=self._data_sets(),
            started=bool(starts),
            left_out=tuple(text[:MAX_NOTE_CHARACTERS] for text in left_out[:MAX_NOTES_PER_CELL]),
        )
        lost = tuple(self._losses())
        unknown = (f"{text} ({count})" for text, count in self.left_out.items() if count)
        return replace(found, truncated=(*self.notes, *lost, *unknown)[:MAX_TRUNCATED])

    def _records(self, kind: wire.Kind[Any], record_type: type[R]) -> tuple[R, ...]:
        valid: list[R] = []
        for content in self.by_kind[kind.name]:
            record = self._validated(kind, self._placed(content), as_type=record_type)
            if record is not None:
                valid.append(_with_known_arrays(record, self.refs))
        if len(valid) > MAX_EVENTS:
            self.left_out[f"{kind.name}: more than {MAX_EVENTS}"] += len(valid) - MAX_EVENTS
        return tuple(sorted(valid[:MAX_EVENTS], key=lambda record: getattr(record, "seq", 0)))

    def _sent(self, kind: wire.Kind[Any], content_type: type[S]) -> list[S]:
        found = (self._validated(kind, content, as_type=content_type) for content in self.by_kind[kind.name])
        return [content for content in found if content is not None]

    def _validated(self, kind: wire.Kind[Any], content: dict[str, Any], *, as_type: type[S]) -> S | None:
        try:
            return as_type.model_validate(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"][:4] if isinstance(part, str))[:80]
            self.left_out[f"{kind.name}: no valid record, {place}: {first['msg'][:80]}"] += 1
        except (ValueError, RecursionError, OverflowError) as error:
            self.left_out[f"{kind.name}: no valid record, {type(error).__name__}"] += 1
        return None

    def _placed(self, content: dict[str, Any]) -> dict[str, Any]:
        """The record with the notebook's cell index in place of the ordinal."""
        placed = dict(content)
        if "cell" in placed:
            placed["cell"] = self._cell_index(placed["cell"])
        if isinstance(placed.get("compiled"), dict):
            placed["compiled"] = self._placed(placed["compiled"])
        return placed

    def _cell_index(self, ordinal: object) -> int | None:
        if isinstance(ordinal, int) and 0 <= ordinal < len(self.cell_indices):
            return self.cell_indices[ordinal]
        return None

    def _weights(self) -> dict[str, tuple[ArrayRef, ...]]:
        states: dict[str, tuple[ArrayRef, ...]] = {}
        for state in self._sent(wire.WEIGHTS, _Weights):
            if all(ref in self.refs for ref in state.arrays):
                states[state.digest] = state.arrays
            else:
                self.left_out["weights: of which an array is missing"] += 1
        return states

    def _cell_notes(self) -> dict[int, tuple[str, ...]]:
        notes: dict[int, dict[str, None]] = defaultdict(dict)
        for cell in self.cells:
            index = self._cell_index(cell.index)
            if index is not None:
                notes[index].update(dict.fromkeys(text[:MAX_NOTE_CHARACTERS] for text in cell.notes))
        return {index: tuple(texts)[:MAX_NOTES_PER_CELL] for index, texts in notes.items() if texts}

    def _cells_seen(self) -> frozenset[int]:
        started: set[int | None] = set()
        ended: set[int | None] = set()
        for cell in self.cells:
            if cell.started is not None:
                started.add(self._cell_index(cell.index))
            if cell.ended is not None:
                ended.add(self._cell_index(cell.index))
        return frozenset(index for index in started & ended if index is not None)

    def _cells_rewritten(self) -> frozenset[int]:
        found = (self._cell_index(cell.index) for cell in self.cells if cell.rewritten)
        return frozenset(index for index in found if index is not None)

    def _losses(self) -> Iterable[str]:
        for loss in self._sent(wire.LOST, _Lost)[:MAX_TRUNCATED]:
            index = self._cell_index(loss.cell)
            place = "" if index is None else f"cell {index + 1}: "
            yield f"{place}{loss.text[:MAX_NOTE_CHARACTERS]}"

    def _data_sets(self) -> frozenset[str]:
        names = (content.name for content in self._sent(wire.DATA_SET, _DataSet))
        return frozenset(name for name in names if _DATA_SET.fullmatch(name))


def _with_known_arrays(record: R, refs: frozenset[str]) -> R:
    """The record without the names of arrays that never came, at any depth."""
    changes: dict[str, Any] = {}
    for name, described in type(record).model_fields.items():
        value = getattr(record, name)
        if isinstance(value, str) and ArrayRef in get_args(described.annotation):
            new: Any = value if value in refs else None
        elif isinstance(value, dict) and ArrayRef in get_args(described.annotation):
            new = {key: ref for key, ref in value.items() if ref in refs}
        elif isinstance(value, Record):
            new = _with_known_arrays(value, refs)
        elif isinstance(value, tuple) and any(isinstance(item, Record) for item in value):
            new = tuple(_with_known_arrays(item, refs) for item in value)
        else:
            continue
        if new is not value:
            changes[name] = new
    return record.model_copy(update=changes) if changes else record


def _with_known_weights(event: R, weights: Mapping[str, object]) -> R:
    names = ("weights", "before", "weights_before", "weights_after")
    unknown = [name for name in names if getattr(event, name, None) is not None and getattr(event, name) not in weights]
    return event.model_copy(update=dict.fromkeys(unknown)) if unknown else event
