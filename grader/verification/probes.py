"""Plans what is measured: which states of which models, on which rows, with which labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.datasets import DataSets
from grader.limits import MAX_CALLS_SHOWN, MAX_STATES
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
from grader.verification.labels import Labels, known_labels, recorded_array
from grader.verification.probe_inputs import ProbeInput
from grader.verification.row_index import RowIndex
from grader.verification.row_matching import Read, Recognised
from grader.verification.tables import Table
from grader.verification.unseen_rows import Unseen, unseen_rows

Array = npt.NDArray[Any]

REGION_SIDE = 200
"""Points along each side of the grid over the rectangle of two-dimensional training data."""

LabelSource = Callable[..., Labels | None]
"""Gives the labels for a model of so many outputs: ``labels(width=10)``."""


@dataclass(frozen=True)
class Probe:
    """Rows on which a state is measured, with their labels.

    Attributes:
        name: As in `Measurement.probe`.
        labels: None where there are none.
        label_rows: Which of those labels belongs to each row of the input, shape ``(rows,)``.
        agreement: Labels whose ``agreement`` says how far those handed in agree with the data set's.
        assumed: Whether the labels are those of the notebook's other trainings, because this one's were not recorded.
    """

    name: str
    input: ProbeInput
    labels: LabelSource | None = None
    label_rows: Array | None = None
    data_set: str | None = None
    agreement: LabelSource | None = None
    assumed: bool = False


@dataclass(frozen=True)
class State:
    """A model with its weights at one moment.

    Attributes:
        weights: Their digest.
        arrays: Their names, in the order of ``get_weights()``.
        fit: The last fit that left them; None where an evaluation used, or a fit began with, other weights.
        initial_of: The fit that began with them, where no fit left them: this measures how good the model was before.
        compiled: How the model was compiled then.
        classification: Whether the student measured classes.
    """

    model: ModelRecord
    weights: str
    arrays: tuple[ArrayRef, ...]
    fit: FitRecord | None
    evaluation: EvaluationRecord | None = None
    initial_of: FitRecord | None = None
    compiled: CompileRecord | None = None

    @property
    def classification(self) -> bool:
        if self.compiled is None:
            return True
        named = (self.compiled.loss or "", *self.compiled.metrics)
        return any(is_accuracy(name) or "crossentropy" in name or "hinge" in name for name in named)


ProbedState = tuple[State, tuple[Probe, ...]]
"""A state with what is measured of it."""


@dataclass
class Plan:
    """What to measure, and what cannot be measured.

    Attributes:
        index: The data sets, with what was recognised already.
        states: Each state with its probes.
        unverified: What cannot be measured, and why.
        known_inputs: Ids of the models whose input is made of a data set's rows, in order.
    """

    index: RowIndex
    states: list[ProbedState] = field(default_factory=list)
    unverified: list[Unverified] = field(default_factory=list)
    known_inputs: dict[str, None] = field(default_factory=dict)


def make_plan(evidence: Evidence, *, data_sets: DataSets, read: Read) -> Plan:
    """Everything that can be measured, the most important first: each model's last state."""
    index = RowIndex(evidence, data_sets=data_sets, read=read)
    plan = Plan(index)
    for number, state in enumerate(_states(evidence, plan.unverified)):
        if number >= MAX_STATES:
            why = f"More than {MAX_STATES} states of models were recorded; this one was left out."
            plan.unverified.append(_unverified(state, why, cause="infrastructure"))
            continue
        try:
            probes = _probes(state, evidence=evidence, index=index, plan=plan)
        except Exception as error:  # noqa: BLE001 - evidence is hostile, and must not cost the next state its figures
            plan.unverified.append(
                _unverified(state, f"Its data could not be prepared ({error}).", cause="infrastructure")
            )
            continue
        if probes:
            plan.states.append((state, probes))
    return plan


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


def _probes(state: State, *, evidence: Evidence, index: RowIndex, plan: Plan) -> tuple[Probe, ...]:
    if len(state.model.input_shapes) > 1 or len(state.model.output_shapes) > 1:
        plan.unverified.append(_unverified(state, "It has several inputs or outputs."))
        return ()
    found, y = rows_of_input(state, evidence=evidence, index=index)
    probes: list[Probe] = []
    label_sources: dict[str, LabelSource] = {}
    assumed = found is not None and y is None and not found.known.has_classes
    if found is not None:
        labelled = _other_labels(found, evidence=evidence, index=index) if assumed else (found, y)
        label_sources[found.known.name] = partial(known_labels, *labelled, read=index.read)
        plan.known_inputs[state.model.id] = None
        of_test = probes_of_test(state, found, labels=label_sources[found.known.name], evidence=evidence, index=index)
        if not of_test:
            why = f"No row of {found.known.name} is known to be left that it was never trained or validated on."
            plan.unverified.append(_unverified(state, why))
        probes += of_test
    if state.fit is not None:
        own = _fit_probes(state, state.fit, label_sources=label_sources, index=index, plan=plan)
        probes += [*own, *(_left_by_loop(state, own[0], evidence=evidence, index=index) if own else ())]
    order = {"test": 0, "train": 1, "validation": 2}
    ordered = sorted(probes, key=lambda probe: order.get(probe.name, 3))
    return tuple(replace(probe, assumed=assumed) for probe in ordered)


def rows_of_input(
    state: State, *, evidence: Evidence, index: RowIndex
) -> tuple[Recognised | None, ArraySummary | None]:
    """The recognised rows that show what the model's input is made of, and their labels: the fit's own first."""
    shown: list[tuple[ArraySummary, ArraySummary | None]] = []
    fit = state.fit or state.initial_of
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
        found = index.recognise(x)
        if found is not None and y is not None:
            return found, y
        first = first or found
    return first, None


def _other_labels(found: Recognised, *, evidence: Evidence, index: RowIndex) -> tuple[Recognised, ArraySummary | None]:
    """Rows of the same data set that the notebook's last other training was given, with their labels.

    A loop that computes its loss itself shows rows and no labels.
    """
    for fit in sorted(evidence.fits, key=lambda fit: -fit.seq):
        other = index.recognise(fit.x) if fit.y is not None else None
        if other is not None and other.known is found.known:
            return other, fit.y
    return found, None


def probes_of_test(
    state: State, found: Recognised, *, labels: LabelSource, evidence: Evidence, index: RowIndex
) -> list[Probe]:
    """The test part, or what was never trained on, and the same images moved by a pixel."""
    known = found.known
    ids = known.test_ids
    if isinstance(known, Table):
        ids = _unseen(state, known, evidence=evidence, index=index).test
    probes = []
    for name in ("test", "test_shifted") if known.are_images else ("test",):
        rows = ProbeInput(known, found.transform, ids, shift=name == "test_shifted")
        probes.append(Probe(name, rows, labels=labels, label_rows=ids, data_set=known.name))
    return [probe for probe in probes if probe.input.rows]


def _unseen(state: State, table: Table, *, evidence: Evidence, index: RowIndex) -> Unseen:
    return unseen_rows(table, model=state.model.id, weights=state.weights, evidence=evidence, recognise=index.recognise)


def _left_by_loop(state: State, train: Probe, *, evidence: Evidence, index: RowIndex) -> Iterator[Probe]:
    """The validation part of a loop, which records none: the rows left out; of a table, those that it predicted."""
    if state.fit is None or state.fit.kind == "fit" or train.name != "train":
        return
    rows = train.input
    left = rows.left_out
    if isinstance(rows.known, Table):
        left = replace(rows, ids=_unseen(state, rows.known, evidence=evidence, index=index).held_out)
    if left is not None and left.rows:
        yield replace(train, name="validation", input=left, label_rows=left.ids, agreement=None)


def _fit_probes(
    state: State, fit: FitRecord, *, label_sources: dict[str, LabelSource], index: RowIndex, plan: Plan
) -> list[Probe]:
    """The fit's training and validation parts: row by row as a data set's, else as they were stored."""
    parts: list[tuple[str, ArraySummary, ArraySummary | None]] = [("train", fit.x, fit.y)]
    if fit.validation is not None:
        parts.append(("validation", fit.validation.x, fit.validation.y))
    # A slice beyond the sample's rows leaves a part without any: there is nothing to measure on it.
    parts = [part for part in parts if part[1].rows or not part[1].shape]
    probes: list[Probe] = []
    for name, x, y in parts:
        found = index.recognise(x)
        array = recorded_array(x, read=index.read)
        if found is not None and found.ids is not None:
            probes.append(_known_probe(name, found, y, label_sources=label_sources, read=index.read))
        elif array is not None:
            probes.append(_array_probe(name, array, y, read=index.read))
        else:
            is_unknown = found is None and x.kind == "array" and bool(x.shape)
            why = _unverified(state, _why_not(name, x, found, texts=index.texts))
            plan.unverified.append(why.model_copy(update={"of_unknown_rows": is_unknown}))
    arrays = [probe.input.array for probe in probes if probe.input.array is not None]
    if arrays and probes[0].name == "train" and all(part.ndim == 2 and part.shape[1] == 2 for part in arrays):
        probes.append(Probe("region", ProbeInput(array=_region(np.concatenate(arrays)))))
    return probes


def _why_not(name: str, x: ArraySummary, found: Recognised | None, *, texts: tuple[str, ...]) -> str:
    part = "training" if name == "train" else name
    if not x.shape or x.kind == "other":
        return f"Its {part} data could not be read."
    if found is not None:
        return f"Not all of its {x.rows} {part} rows are rows of {found.known.name}."
    if texts:
        return (
            f"Its {part} data, {x.rows} rows, is too large to be stored whole, and texts of {' and '.join(texts)} that"
            " a notebook has cut and padded cannot be recognised."
        )
    return f"Its {part} data, {x.rows} rows, is of no known data set and too large to be stored whole."


def _known_probe(
    name: str, found: Recognised, y: ArraySummary | None, *, label_sources: dict[str, LabelSource], read: Read
) -> Probe:
    ids = np.zeros(0, np.int64) if found.ids is None else found.ids[found.ids >= 0]
    own = partial(known_labels, found, y, read=read)
    return Probe(
        name,
        ProbeInput(found.known, found.transform, ids),
        labels=label_sources.get(found.known.name, own),
        label_rows=ids,
        data_set=found.known.name,
        agreement=own,
    )


def _array_probe(name: str, x: Array, y: ArraySummary | None, *, read: Read) -> Probe:
    values = recorded_array(y, read=read)
    if values is None or len(values) != len(x):
        return Probe(name, ProbeInput(array=x))
    return Probe(name, ProbeInput(array=x), labels=partial(_given, values), label_rows=np.arange(len(x)))


def _given(values: Array, *, width: int) -> Labels:  # noqa: ARG001 - labels as handed in fit or do not fit
    return Labels(values=values)


def _region(points: Array) -> Array:
    """A grid over the rectangle of the points, shape ``(REGION_SIDE**2, 2)``, the first coordinate running fastest."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    sides = [np.linspace(low[axis], high[axis], REGION_SIDE) for axis in (0, 1)]
    across, up = np.meshgrid(*sides)
    return np.column_stack([across.ravel(), up.ravel()]).astype(np.float32)


def _unverified(state: State, why: str, *, cause: Any = "unverifiable") -> Unverified:
    return Unverified(model=state.model.id, fit=state.fit.id if state.fit else None, cause=cause, why=why)
