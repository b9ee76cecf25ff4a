"""Plans the measurement of initial weights: how good a model was before a training, on the test part.

Fresh weights are no better than guessing: weights that are better were trained before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from grader.limits import MAX_INITIAL_STATES
from grader.records import Evidence
from grader.verification.labels import known_labels
from grader.verification.probes import Plan, ProbedState, State, probes_of_test, rows_of_input


def initial_states(evidence: Evidence, plan: Plan) -> list[ProbedState]:
    """The state that each fit began with, probed on the test part, unless it is measured anyway.

    Those that cannot be measured are left out and not reported: no figure of the student's depends on them.

    Args:
        evidence: What the execution left.
        plan: What is measured anyway.
    """
    found: list[ProbedState] = []
    for state in _states(evidence, {state.weights for state, _ in plan.states}):
        if len(found) == MAX_INITIAL_STATES:
            break
        try:
            found += _probed(state, evidence=evidence, plan=plan)
        except Exception:  # noqa: BLE001, S112 - evidence is hostile, and must not cost the next state its figures
            continue
    return found


def _states(evidence: Evidence, measured: set[str]) -> Iterator[State]:
    models = {model.id: model for model in evidence.models}
    seen: set[tuple[str, str]] = set()
    for fit in sorted(evidence.fits, key=lambda fit: fit.seq):
        model, digest = models.get(fit.model), fit.weights_before
        if model is None or digest is None or digest in measured or (model.id, digest) in seen:
            continue
        seen.add((model.id, digest))
        if digest in evidence.weights:
            arrays = evidence.weights[digest]
            yield State(model, digest, arrays=arrays, fit=None, initial_of=fit, compiled=fit.compiled)


def _probed(state: State, *, evidence: Evidence, plan: Plan) -> list[ProbedState]:
    model = state.model
    can_be_rebuilt = model.config is not None or state.weights in model.graphs
    if not can_be_rebuilt or len(model.input_shapes) > 1 or len(model.output_shapes) > 1:
        return []
    found, y = rows_of_input(state, evidence=evidence, index=plan.index)
    if found is None:
        return []
    labels = partial(known_labels, found, y, read=plan.index.read)
    probes = probes_of_test(state, found, labels=labels, evidence=evidence, index=plan.index)
    return [(state, tuple(probes[:1]))] if probes else []
