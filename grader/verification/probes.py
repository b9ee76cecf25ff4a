"""Decides what is measured: which states of which models, on which rows, with which labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.datasets import DataSets
from grader.limits import MAX_CALLS_SHOWN, MAX_STATES, MAX_UNKNOWN_ARRAYS
from grader.metrics import is_accuracy
from grader.records import (
    ArrayRef,
    ArraySummary,
    CompileRecord,
    EvaluationRecord,
    Evidence,
    FitRecord,
    ModelRecord,
    Unverified,
)
from grader.verification.feeds import Feed
from grader.verification.guest.input_transform import RowMap
from grader.verification.labels import Labels, known_labels, recorded_array
from grader.verification.row_matching import KnownRows, Read, Recognised, recognise
from grader.verification.tables import Table, recognise_in_table, table_of, tables_named_in
from grader.verification.unseen_rows import Unseen, never_seen

Array = npt.NDArray[Any]

REGION_SIDE = 200
"""Points along each side of the grid over the rectangle of two-dimensional training data."""

Task = Callable[..., Labels | None]
"""Gives the labels for a model of so many outputs: ``task(width=10)``."""


@dataclass(frozen=True)
class Probe:
    """One question to one state.

    Attributes:
        labels: None where there are none.
        label_rows: Which of those labels belongs to each row of the feed, shape ``(rows,)``.
        agreement: Labels whose ``agreement`` says how far those handed in agree with the data set's.
        assumed: Whether the labels are those of the notebook's other trainings, and nobody saw this one's.
    """

    name: str
    feed: Feed
    labels: Task | None = None
    label_rows: Array | None = None
    data_set: str | None = None
    agreement: Task | None = None
    assumed: bool = False


@dataclass(frozen=True)
class State:
    """A model with the weights that one moment left.

    Attributes:
        weights: Their digest.
        arrays: Their names, in the order of ``get_weights()``.
        fit: The last fit that left them; None where an evaluation met a state that no fit left, or a fit began with it.
        begun: The fit that began with them, where no fit left them: what the model knew then is measured.
        compiled: How the model was compiled then.
        classification: Whether the student measured classes.
    """

    model: ModelRecord
    weights: str
    arrays: tuple[ArrayRef, ...]
    fit: FitRecord | None
    evaluation: EvaluationRecord | None = None
    begun: FitRecord | None = None
    compiled: CompileRecord | None = None

    @property
    def classification(self) -> bool:
        if self.compiled is None:
            return True
        named = (self.compiled.loss or "", *self.compiled.metrics)
        return any(is_accuracy(name) or "crossentropy" in name or "hinge" in name for name in named)


@dataclass
class Plan:
    """What to ask, and what cannot be asked.

    Attributes:
        book: What was recognised on the way.
        maps: By model id: the input map of its last fit, and a remark on it.
    """

    book: RowIndex
    states: list[tuple[State, tuple[Probe, ...]]] = field(default_factory=list)
    unverified: list[Unverified] = field(default_factory=list)
    maps: dict[str, tuple[Recognised, str]] = field(default_factory=dict)


def plan(evidence: Evidence, *, data_sets: DataSets, read: Read) -> Plan:
    """Everything that can be measured, in the order of its importance: each model's last state first."""
    book = RowIndex(evidence, data_sets=data_sets, read=read)
    made = Plan(book)
    for number, state in enumerate(_states(evidence, made.unverified)):
        if number >= MAX_STATES:
            why = f"More than {MAX_STATES} states of models were recorded; this one was left out."
            made.unverified.append(_unverified(state, why, cause="infrastructure"))
            continue
        try:
            probes = _probes(state, evidence=evidence, book=book, made=made)
        except Exception as error:  # noqa: BLE001 - evidence is hostile, and the next state is none the worse for it
            made.unverified.append(
                _unverified(state, f"Its data could not be prepared ({error}).", cause="infrastructure")
            )
            continue
        if probes:
            made.states.append((state, probes))
    return made


class RowIndex:
    """The data sets that may be behind recorded rows, each read when it is first asked for."""

    def __init__(self, evidence: Evidence, *, data_sets: DataSets, read: Read) -> None:
        loaded = {use.name for use in evidence.data_sets if use.loaded}
        self._files = sorted(data_sets.files, key=lambda file: file.name not in loaded)
        self._tables = tables_named_in(cell.source for cell in evidence.cells)
        self._maps: dict[str, list[RowMap]] = {}
        self._known: dict[str, KnownRows] = {}
        self._seen: dict[str, Recognised | None] = {}
        self._strangers = 0
        self._largest_first = sorted((fit.x for fit in evidence.fits), key=lambda x: -x.rows) if self._tables else []
        self.read = read

    def recognise(self, summary: ArraySummary | None) -> Recognised | None:
        """The rows as a data set's, or None."""
        # A handful of rows tells no scale of its own, and is known by that of others.
        first, self._largest_first = self._largest_first, []
        for known in first:
            self.recognise(known)
        if summary is None or not summary.rows:
            return None
        key = summary.model_dump_json()
        if key not in self._seen:
            self._seen[key] = self._search(summary) if self._strangers < MAX_UNKNOWN_ARRAYS else None
            self._strangers += self._seen[key] is None
        return self._seen[key]

    def _search(self, summary: ArraySummary) -> Recognised | None:
        for name in self._tables:
            maps = self._maps.setdefault(name, [])
            in_table = recognise_in_table(summary, table_of(name), read=self.read, maps=maps)
            if in_table is not None:
                maps += [] if any(in_table.map is known for known in maps) else [in_table.map]
                return in_table
        partial_match: Recognised | None = None
        for file in self._files:
            if file.name not in self._known:
                self._known[file.name] = KnownRows.of_file(file)
            found = recognise(summary, self._known[file.name], read=self.read)
            if found is not None and found.ids is not None:
                return found
            partial_match = partial_match or found
        return partial_match


def _states(evidence: Evidence, unverified: list[Unverified]) -> list[State]:
    """Each state once, with the last fit that left it; each model's last state first, then the others in order."""
    models = {model.id: model for model in evidence.models}
    states: dict[tuple[str, str], State] = {}
    for fit in sorted(evidence.fits, key=lambda fit: fit.seq):
        model, digest = models.get(fit.model), fit.weights_after
        if model is None:
            continue
        if digest is None or digest not in evidence.weights:
            why = "The weights that this training left were not recorded."
            unverified.append(Unverified(model=model.id, fit=fit.id, why=why))
            continue
        states.pop((model.id, digest), None)
        arrays = evidence.weights[digest]
        states[model.id, digest] = State(model, digest, arrays=arrays, fit=fit, compiled=fit.compiled)
    last = {model_id: (model_id, digest) for model_id, digest in states}
    for item in evidence.evaluations:
        model, digest = models.get(item.model), item.weights
        if model is not None and digest in evidence.weights and digest is not None:
            compiled = [one for one in evidence.compiles if one.model == model.id and one.seq < item.seq]
            state = State(model, digest, arrays=evidence.weights[digest], fit=None, evaluation=item)
            states.setdefault((model.id, digest), replace(state, compiled=compiled[-1] if compiled else None))
    return sorted(states.values(), key=lambda state: last.get(state.model.id) != (state.model.id, state.weights))


def _probes(state: State, *, evidence: Evidence, book: RowIndex, made: Plan) -> tuple[Probe, ...]:
    if len(state.model.input_shapes) > 1 or len(state.model.output_shapes) > 1:
        made.unverified.append(_unverified(state, "It has several inputs or outputs."))
        return ()
    found, y = rows_of_input(state, evidence=evidence, book=book)
    probes: list[Probe] = []
    tasks: dict[str, Task] = {}
    assumed = found is not None and y is None and not found.known.has_classes
    if found is not None:
        told = _other_labels(found, evidence=evidence, book=book) if assumed else (found, y)
        tasks[found.known.name] = partial(known_labels, *told, read=book.read)
        if state.model.id not in made.maps or state.fit is not None:
            made.maps[state.model.id] = (found, _remark(state, found, evidence=evidence, book=book))
        asked = probes_of_test(state, found, labels=tasks[found.known.name], evidence=evidence, book=book)
        if not asked:
            why = f"No row of {found.known.name} is known to be left that it was never trained or validated on."
            made.unverified.append(_unverified(state, why))
        probes += asked
    if state.fit is not None:
        own = _fit_probes(state, state.fit, tasks=tasks, book=book, made=made)
        probes += [*own, *(_left_by_loop(state, own[0], evidence=evidence, book=book) if own else ())]
    order = {"test": 0, "train": 1, "validation": 2}
    ordered = sorted(probes, key=lambda probe: order.get(probe.name, 3))
    return tuple(replace(probe, assumed=assumed) for probe in ordered)


def rows_of_input(state: State, *, evidence: Evidence, book: RowIndex) -> tuple[Recognised | None, ArraySummary | None]:
    """The recognised rows that show what the model's input is made of, and their labels: the fit's own first."""
    shown: list[tuple[ArraySummary, ArraySummary | None]] = []
    fit = state.fit or state.begun
    if fit is not None:
        shown.append((fit.x, fit.y))
        if fit.validation is not None:
            shown.append((fit.validation.x, fit.validation.y))
    if state.evaluation is not None:
        shown.append((state.evaluation.x, state.evaluation.y))
    shown += [(item.x, item.y) for item in evidence.evaluations if item.model == state.model.id]
    shown += [(item.x, None) for item in evidence.predictions if item.model == state.model.id]
    first: Recognised | None = None
    for x, y in shown[:MAX_CALLS_SHOWN]:
        found = book.recognise(x)
        if found is not None and y is not None:
            return found, y
        first = first or found
    return first, None


def _other_labels(found: Recognised, *, evidence: Evidence, book: RowIndex) -> tuple[Recognised, ArraySummary | None]:
    """Rows of the same data set that the notebook's last other training was given, with their labels.

    A loop whose loss is written out shows rows and no labels.
    """
    for fit in sorted(evidence.fits, key=lambda fit: -fit.seq):
        other = book.recognise(fit.x) if fit.y is not None else None
        if other is not None and other.known is found.known:
            return other, fit.y
    return found, None


def probes_of_test(state: State, found: Recognised, *, labels: Task, evidence: Evidence, book: RowIndex) -> list[Probe]:
    """The test part, or what was never trained on, and the same images moved by a pixel."""
    known = found.known
    ids = known.test_ids
    if isinstance(known, Table):
        ids = _unseen(state, known, evidence=evidence, book=book).test
    probes = []
    for name in ("test", "test_shifted") if known.are_images else ("test",):
        feed = Feed(known, found.map, ids, shift=name == "test_shifted")
        probes.append(Probe(name, feed, labels=labels, label_rows=ids, data_set=known.name))
    return [probe for probe in probes if probe.feed.rows]


def _unseen(state: State, table: Table, *, evidence: Evidence, book: RowIndex) -> Unseen:
    return never_seen(table, model=state.model.id, weights=state.weights, evidence=evidence, recognise=book.recognise)


def _left_by_loop(state: State, train: Probe, *, evidence: Evidence, book: RowIndex) -> Iterator[Probe]:
    """The validation part of a loop, which shows none: rows that it left; of a table, those that it was asked about."""
    if state.fit is None or state.fit.kind == "fit" or train.name != "train":
        return
    feed = train.feed
    left = feed.left_out
    if isinstance(feed.known, Table):
        left = replace(feed, ids=_unseen(state, feed.known, evidence=evidence, book=book).held_out)
    if left is not None and left.rows:
        yield replace(train, name="validation", feed=left, label_rows=left.ids, agreement=None)


def _fit_probes(state: State, fit: FitRecord, *, tasks: dict[str, Task], book: RowIndex, made: Plan) -> list[Probe]:
    """The fit's training and validation parts: row by row as a data set's, else as they were stored."""
    parts: list[tuple[str, ArraySummary, ArraySummary | None]] = [("train", fit.x, fit.y)]
    if fit.validation is not None:
        parts.append(("validation", fit.validation.x, fit.validation.y))
    # A slice beyond the sample's rows leaves a part without any: there is nothing to measure on it.
    parts = [part for part in parts if part[1].rows or not part[1].shape]
    probes: list[Probe] = []
    for name, x, y in parts:
        found = book.recognise(x)
        array = recorded_array(x, read=book.read)
        if found is not None and found.ids is not None:
            probes.append(_known_probe(name, found, y, tasks=tasks, read=book.read))
        elif array is not None:
            probes.append(_array_probe(name, array, y, read=book.read))
        else:
            is_unknown = found is None and x.kind == "array" and bool(x.shape)
            why = _unverified(state, _why_not(name, x, found))
            made.unverified.append(why.model_copy(update={"of_unknown_rows": is_unknown}))
    arrays = [probe.feed.array for probe in probes if probe.feed.array is not None]
    if arrays and probes[0].name == "train" and all(part.ndim == 2 and part.shape[1] == 2 for part in arrays):
        probes.append(Probe("region", Feed(array=_region(np.concatenate(arrays)))))
    return probes


def _why_not(name: str, x: ArraySummary, found: Recognised | None) -> str:
    part = "training" if name == "train" else name
    if not x.shape or x.kind == "other":
        return f"Its {part} data could not be read."
    if found is not None:
        return f"Not all of its {x.rows} {part} rows are rows of {found.known.name}."
    return f"Its {part} data, {x.rows} rows, is of no known data set and too large to be stored whole."


def _known_probe(name: str, found: Recognised, y: ArraySummary | None, *, tasks: dict[str, Task], read: Read) -> Probe:
    ids = np.zeros(0, np.int64) if found.ids is None else found.ids[found.ids >= 0]
    own = partial(known_labels, found, y, read=read)
    return Probe(
        name,
        Feed(found.known, found.map, ids),
        labels=tasks.get(found.known.name, own),
        label_rows=ids,
        data_set=found.known.name,
        agreement=own,
    )


def _array_probe(name: str, x: Array, y: ArraySummary | None, *, read: Read) -> Probe:
    values = recorded_array(y, read=read)
    if values is None or len(values) != len(x):
        return Probe(name, Feed(array=x))
    return Probe(name, Feed(array=x), labels=partial(_given, values), label_rows=np.arange(len(x)))


def _given(values: Array, *, width: int) -> Labels:  # noqa: ARG001 - labels as handed in fit or do not fit
    return Labels(values=values)


def _region(points: Array) -> Array:
    """A grid over the rectangle of the points, shape ``(REGION_SIDE**2, 2)``, the first coordinate running fastest."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    sides = [np.linspace(low[axis], high[axis], REGION_SIDE) for axis in (0, 1)]
    across, up = np.meshgrid(*sides)
    return np.column_stack([across.ravel(), up.ravel()]).astype(np.float32)


def _remark(state: State, found: Recognised, *, evidence: Evidence, book: RowIndex) -> str:
    """Says where the rows of an evaluation were made otherwise than those of the fit: a scaling was forgotten."""
    for item in _evaluations_of(state, evidence):
        other = book.recognise(item.x)
        if other is not None and other.known is found.known and not _same(found.map, other.map):
            where = "" if item.cell is None else f" in cell {item.cell}"
            return (
                f"The rows given to evaluate{where} are {_form(other.map)}, "
                f"those that the model was trained on {_form(found.map)}."
            )
    return ""


def _evaluations_of(state: State, evidence: Evidence) -> Iterable[EvaluationRecord]:
    return (item for item in evidence.evaluations if item.model == state.model.id and item.weights == state.weights)


def _same(one: RowMap, other: RowMap) -> bool:
    if (one.scale.shape, one.offset.shape, one.unit_axes) != (other.scale.shape, other.offset.shape, other.unit_axes):
        return False
    near = partial(np.allclose, rtol=1e-3, atol=1e-3 * max(1e-9, float(np.abs(one.scale).max())))
    return bool(near(one.scale, other.scale) and near(one.offset, other.offset))


def _form(row_map: RowMap) -> str:
    if row_map.scale.ndim:
        return "scaled feature by feature"
    return f"the data set's values x {float(row_map.scale):.4g} + {float(np.median(row_map.offset)):.4g}"


def _unverified(state: State, why: str, *, cause: Any = "unverifiable") -> Unverified:
    return Unverified(model=state.model.id, fit=state.fit.id if state.fit else None, cause=cause, why=why)
