"""What models knew before their training: the weights that fits began with, each with one question.

Fresh weights know nothing of a test set; those that do were brought along.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from grader.limits import MAX_INITIAL_STATES
from grader.records import Evidence
from grader.verification.labels import known_labels
from grader.verification.probes import Plan, Probe, State, probes_of_test, rows_of_input

Asked = tuple[State, tuple[Probe, ...]]


def beginnings(evidence: Evidence, made: Plan) -> list[Asked]:
    """What each fit began with and the test part, where that is no state that is measured anyway.

    Nothing is said of those that cannot be measured: it is no figure of the student's.

    Args:
        evidence: What the execution left.
        made: What is measured anyway.
    """
    found: list[Asked] = []
    for state in _states(evidence, {state.weights for state, _ in made.states}):
        if len(found) == MAX_INITIAL_STATES:
            break
        try:
            found += _question(state, evidence=evidence, made=made)
        except Exception:  # noqa: BLE001, S112 - evidence is hostile, and the next state is none the worse for it
            continue
    return found


def _states(evidence: Evidence, measured: set[str]) -> Iterator[State]:
    models = {model.id: model for model in evidence.models}
    begun: set[tuple[str, str]] = set()
    for fit in sorted(evidence.fits, key=lambda fit: fit.seq):
        model, digest = models.get(fit.model), fit.weights_before
        if model is None or digest is None or digest in measured or (model.id, digest) in begun:
            continue
        begun.add((model.id, digest))
        if digest in evidence.weights:
            arrays = evidence.weights[digest]
            yield State(model, digest, arrays=arrays, fit=None, begun=fit, compiled=fit.compiled)


def _question(state: State, *, evidence: Evidence, made: Plan) -> list[Asked]:
    model = state.model
    can_be_rebuilt = model.config is not None or state.weights in model.graphs
    if not can_be_rebuilt or len(model.input_shapes) > 1 or len(model.output_shapes) > 1:
        return []
    found, y = rows_of_input(state, evidence=evidence, book=made.book)
    if found is None:
        return []
    labels = partial(known_labels, found, y, read=made.book.read)
    probes = probes_of_test(state, found, labels=labels, evidence=evidence, book=made.book)
    return [(state, tuple(probes[:1]))] if probes else []
