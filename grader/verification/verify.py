"""Recomputes what decides marks outside the student's process: evidence in, measurements out.

Models are rebuilt in a fresh sandbox, which is given rows and no labels; raw predictions come back, and every figure is
computed here. A model that cannot be rebuilt stays claimed, and the others are none the worse for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.datasets import DataSets
from grader.errors import GraderError
from grader.execution.sandbox import Sandbox
from grader.records import Evidence, InputMap, Measurement, Measurements, ModelRecord, Replay, Unverified
from grader.store import ArrayStore
from grader.verification.initial_weights import beginnings
from grader.verification.labels import Labels
from grader.verification.probes import Plan, Probe, RowIndex, State, plan
from grader.verification.replay import replay_fits
from grader.verification.row_matching import Recognised
from grader.verification.scores import (
    Outputs,
    Targets,
    accuracy_of,
    area_under_roc,
    confusion_of,
    determination,
    loss_of,
    mean_absolute_error,
    mean_squared_error,
)
from grader.verification.tables import Table
from grader.verification.verifier_job import Answer, Answers, Failure, ask


def verify(
    evidence: Evidence,
    *,
    arrays: ArrayStore,
    data_sets: DataSets,
    sandbox: Sandbox,
    core: int | None,
    replay: Sequence[str] = (),
) -> Measurements:
    """Measures every trained state of every model on the data set's parts, or on the fit's own data.

    Args:
        evidence: What the execution left.
        arrays: Its arrays; predictions are added to them.
        data_sets: What the kernel was served.
        sandbox: Where models are rebuilt.
        core: The processor that is used; None for any.
        replay: Ids of the fits that are repeated as well.

    Returns:
        What could be measured; what could not stands in ``unverified``, and a failure of ours in ``problem``.
    """
    begun = time.monotonic()
    made = Plan(RowIndex(evidence, data_sets=data_sets, read=arrays.get))
    answers = Answers()
    replays: tuple[Replay, ...] = ()
    try:
        made = plan(evidence, data_sets=data_sets, read=arrays.get)
        made.states += beginnings(evidence, made)
        if made.states:
            answers = ask(made.states, arrays=arrays, sandbox=sandbox, core=core)
        if replay:
            replays = replay_fits(evidence, replay, arrays=arrays, data_sets=data_sets, sandbox=sandbox, core=core)
    except (GraderError, OSError, MemoryError) as error:
        answers.problem = f"The verifier could not do its work: {error}"
        made.unverified += [
            Unverified(model=state.model.id, fit=_fit_id(state), cause="infrastructure", why=answers.problem)
            for state, _ in made.states
            if state.begun is None
        ]
    measured = _measured(made, answers, arrays=arrays)
    return Measurements(
        submission=evidence.submission,
        inputs={model: _input_map(found, note=note, arrays=arrays) for model, (found, note) in made.maps.items()},
        measured=tuple(measured),
        unverified=(*made.unverified, *_failures(made, answers)),
        replays=replays,
        seconds=time.monotonic() - begun,
        problem=answers.problem,
    )


def _measured(made: Plan, answers: Answers, *, arrays: ArrayStore) -> list[Measurement]:
    measured = []
    for number, (state, probes) in enumerate(made.states):
        try:
            answered = [
                (probe, answers.outputs[number, place])
                for place, probe in enumerate(probes)
                if (number, place) in answers.outputs
            ]
            penalty = answers.penalties.get(number)
            made_for = _without_wrong_labels(answered)
            measured += [
                _measurement(state, probe, answer, penalty=penalty, arrays=arrays) for probe, answer in made_for
            ]
        except Exception as error:  # noqa: BLE001 - evidence is hostile, and the next model is none the worse for it
            answers.failures.setdefault(
                number, Failure(f"Its figures could not be computed ({error}).", is_infrastructure=True)
            )
    return measured


def _without_wrong_labels(answered: list[tuple[Probe, Answer]]) -> list[tuple[Probe, Answer]]:
    """Labels that were only assumed are left out where they explain nothing of what was learnt of the training rows."""
    for probe, answer in answered:
        if probe.assumed and probe.name == "train":
            outputs = Outputs(answer.outputs)
            labels = probe.labels(width=outputs.width) if probe.labels is not None else None
            outputs, targets = _with_targets(probe, labels, outputs, classification=False)
            explained = None if targets is None else determination(outputs, targets)
            if explained is None or explained <= 0:
                return [(replace(one, labels=None), said) for one, said in answered]
    return answered


def _measurement(
    state: State, probe: Probe, answer: Answer, *, penalty: float | None, arrays: ArrayStore
) -> Measurement:
    width = answer.outputs.shape[1]
    from_logits = state.compiled is not None and state.compiled.from_logits
    outputs = Outputs(answer.outputs, logits=answer.logits, from_logits=from_logits)
    compared = probe.agreement(width=width) if probe.agreement is not None else None
    labels = probe.labels(width=width) if probe.labels is not None else None
    outputs, targets = _with_targets(probe, labels, outputs, classification=state.classification)
    known = probe.feed.known
    plain = Measurement(
        model=state.model.id,
        weights=state.weights,
        fit=_fit_id(state),
        probe=probe.name,
        data_set=probe.data_set,
        rows=len(outputs.values),
        predictions=arrays.put(outputs.values),
        inputs=arrays.put(probe.feed.array) if probe.name == "region" and probe.feed.array is not None else None,
        target_unit=labels.unit if labels is not None else None,
        targets=arrays.put(targets.values) if targets is not None and targets.classes is None else None,
        of_rows=len(known.rows) if isinstance(known, Table) else None,
        label_agreement=compared.agreement if compared is not None else None,
    )
    if targets is None:
        return plain
    figures = _figures(state, probe, outputs=outputs, targets=targets, penalty=penalty)
    return plain.model_copy(update=figures)


def _with_targets(
    probe: Probe, labels: Labels | None, outputs: Outputs, *, classification: bool
) -> tuple[Outputs, Targets | None]:
    """The outputs of the rows that have a target, and the targets; all outputs and None where there are none."""
    if labels is None or probe.label_rows is None:
        return outputs, None
    known = labels.known(probe.label_rows)
    targets = labels.targets(probe.label_rows[known], width=outputs.width, classification=classification)
    return (outputs, None) if targets is None else (outputs.take(np.flatnonzero(known)), targets)


def _figures(
    state: State, probe: Probe, *, outputs: Outputs, targets: Targets, penalty: float | None
) -> dict[str, Any]:
    name = state.compiled.loss if state.compiled is not None and not state.compiled.own_loss else None
    smooth = targets.smoothed(_smoothing(state), over=2 if name == "binary_crossentropy" else outputs.width)
    loss = loss_of(name, outputs=outputs, targets=smooth)
    if loss is None or (_is_regularised(state.model) and not penalty):
        # Of a graph, or of a regulariser of the student's own, the penalty is unknown, and so is the loss.
        name = loss = None
    return {
        "loss_name": name,
        "loss": None if loss is None else loss + (penalty or 0.0),
        "accuracy": accuracy_of(outputs, targets),
        **_errors(outputs, targets),
        "auc": area_under_roc(outputs, targets),
        "confusion": confusion_of(outputs, targets) if probe.name == "test" else None,
    }


def _errors(outputs: Outputs, targets: Targets) -> dict[str, float | None]:
    """Those of a regression; nothing for classes."""
    if targets.classes is not None:
        return {}
    return {
        "mae": mean_absolute_error(outputs, targets),
        "mse": mean_squared_error(outputs, targets),
        "r2": determination(outputs, targets),
    }


def _is_regularised(model: ModelRecord) -> bool:
    return any(key.endswith("_regularizer") and value for layer in model.layers for key, value in layer.config.items())


def _smoothing(state: State) -> float:
    """The share of label smoothing that the loss was compiled with, in [0, 1]."""
    config: Any = None if state.fit is None or state.fit.compiled is None else state.fit.compiled.config
    for key in ("loss", "config", "label_smoothing"):
        config = config.get(key) if isinstance(config, dict) else None
    return float(config) if isinstance(config, int | float) and 0 <= config <= 1 else 0.0


def _failures(made: Plan, answers: Answers) -> list[Unverified]:
    return [
        Unverified(
            model=made.states[number][0].model.id,
            fit=_fit_id(made.states[number][0]),
            cause="infrastructure" if failure.is_infrastructure else "unverifiable",
            why=failure.why,
        )
        for number, failure in sorted(answers.failures.items())
        if made.states[number][0].begun is None
    ]


def _input_map(found: Recognised, *, note: str, arrays: ArrayStore) -> InputMap:
    row_map = found.map
    scale, offset = row_map.scale, row_map.offset
    return InputMap(
        data_set=found.known.name,
        shape=row_map.shape,
        scale=None if scale.ndim else float(scale),
        offset=None if offset.ndim else float(offset),
        scale_array=arrays.put(scale) if scale.ndim else None,
        offset_array=arrays.put(offset) if offset.ndim else None,
        exact=row_map.exact,
        source_array=None if row_map.source is None else arrays.put(row_map.source),
        unit_axes=row_map.unit_axes,
        note=note,
    )


def _fit_id(state: State) -> str | None:
    return None if state.fit is None else state.fit.id
