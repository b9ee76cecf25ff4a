"""Recomputes what decides marks outside the student's process: evidence in, measurements out.

Models are rebuilt in a fresh sandbox, which is given rows and no labels; raw predictions come back, and every figure is
computed here. The figures of a model that cannot be rebuilt stay claimed; those of the others are not affected.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.datasets import DataSets
from grader.errors import GraderError
from grader.machine_paths import without_machine_paths
from grader.metrics import METRICS, Outputs, Targets, determination
from grader.records import Evidence, Measurement, Measurements, ModelRecord, Unverified
from grader.store import ArrayStore
from grader.verification.initial_weights import initial_states
from grader.verification.labels import Labels
from grader.verification.probes import Plan, Probe, State, make_plan
from grader.verification.row_index import RowIndex
from grader.verification.scores import confusion_of, loss_of
from grader.verification.tables import Table
from grader.verification.verifier_job import Answer, Answers, Failure, ask

if TYPE_CHECKING:
    from grader.execution.sandbox import Sandbox


def verify(
    evidence: Evidence,
    *,
    arrays: ArrayStore,
    data_sets: DataSets,
    sandbox: Sandbox | None,
    core: int | None,
) -> Measurements:
    """Measures every trained state of every model on the data set's parts, or on the fit's own data.

    Args:
        evidence: What the execution left.
        arrays: Its arrays; predictions are added to them.
        data_sets: What the kernel was served.
        sandbox: Where models are rebuilt; None for a process of one's own, for one's own models.
        core: The processor that is used; None for any.

    Returns:
        What could be measured; what could not is in ``unverified``, a failure of the verifier itself in ``problem``.
    """
    plan = Plan(RowIndex(evidence, data_sets=data_sets, read=arrays.get))
    answers = Answers()
    try:
        plan = make_plan(evidence, data_sets=data_sets, read=arrays.get)
        plan.states += initial_states(evidence, plan)
        if plan.states:
            answers = ask(plan.states, arrays=arrays, sandbox=sandbox, core=core)
    except (GraderError, OSError, MemoryError) as error:
        answers.problem = f"The verifier could not do its work: {error}"
        plan.unverified += [
            Unverified(model=state.model.id, fit=_fit_id(state), cause="infrastructure", why=answers.problem)
            for state, _ in plan.states
            if state.initial_of is None
        ]
    measured = _measured(plan, answers, arrays=arrays)
    return Measurements(
        submission=evidence.submission,
        known_inputs=tuple(plan.known_inputs),
        measured=tuple(measured),
        unverified=tuple(map(_without_machine_paths, (*plan.unverified, *_failures(plan, answers)))),
        problem=None if answers.problem is None else without_machine_paths(answers.problem),
    )


def _measured(plan: Plan, answers: Answers, *, arrays: ArrayStore) -> list[Measurement]:
    measured = []
    for number, (state, probes) in enumerate(plan.states):
        try:
            answered = [
                (probe, answers.outputs[number, place])
                for place, probe in enumerate(probes)
                if (number, place) in answers.outputs
            ]
            penalty = answers.penalties.get(number)
            kept = _without_wrong_labels(answered)
            measured += [_measurement(state, probe, answer, penalty=penalty, arrays=arrays) for probe, answer in kept]
        except Exception as error:  # noqa: BLE001 - evidence is hostile, and must not cost the next model its figures
            answers.failures.setdefault(
                number, Failure(f"Its figures could not be computed ({error}).", is_infrastructure=True)
            )
    return measured


def _without_wrong_labels(answered: list[tuple[Probe, Answer]]) -> list[tuple[Probe, Answer]]:
    """Without labels that were only assumed, where the outputs on the training rows do not fit them."""
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
    known = probe.input.known
    plain = Measurement(
        model=state.model.id,
        weights=state.weights,
        fit=_fit_id(state),
        probe=probe.name,
        data_set=probe.data_set,
        rows=len(outputs.values),
        predictions=arrays.put(outputs.values),
        inputs=arrays.put(probe.input.array) if probe.name == "region" and probe.input.array is not None else None,
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
        **{metric.name: metric.measure(outputs, targets) for metric in METRICS.values() if metric.is_stored},
        "loss_name": name,
        "loss": None if loss is None else loss + (penalty or 0.0),
        "confusion": confusion_of(outputs, targets) if probe.name == "test" else None,
    }


def _is_regularised(model: ModelRecord) -> bool:
    return any(key.endswith("_regularizer") and value for layer in model.layers for key, value in layer.config.items())


def _smoothing(state: State) -> float:
    """The share of label smoothing that the loss was compiled with, in [0, 1]."""
    config: Any = None if state.fit is None or state.fit.compiled is None else state.fit.compiled.config
    for key in ("loss", "config", "label_smoothing"):
        config = config.get(key) if isinstance(config, dict) else None
    return float(config) if isinstance(config, int | float) and 0 <= config <= 1 else 0.0


def _failures(plan: Plan, answers: Answers) -> list[Unverified]:
    return [
        Unverified(
            model=plan.states[number][0].model.id,
            fit=_fit_id(plan.states[number][0]),
            cause="infrastructure" if failure.is_infrastructure else "unverifiable",
            why=failure.why,
        )
        for number, failure in sorted(answers.failures.items())
        if plan.states[number][0].initial_of is None
    ]


def _without_machine_paths(unverified: Unverified) -> Unverified:
    return unverified.model_copy(update={"why": without_machine_paths(unverified.why)})


def _fit_id(state: State) -> str | None:
    return None if state.fit is None else state.fit.id
