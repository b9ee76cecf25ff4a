"""Signs that figures were not come by honestly: what a student's process claims, held against what was verified.

Each rule is a pure function of the evidence and the measurements. A flag decides nothing; it says what a person should
look at, with the numbers, and keeps the points that hang on it pending. A fit that was repeated outside, bit for bit,
clears the doubts about its history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from grader.checks.base import Scope
from grader.records import Evidence, Measurements
from grader.suspicion import beginnings, claims, leaks, origins
from grader.suspicion.signs import Read, Suspicion

__all__ = ["Suspicion", "fits_to_replay", "suspicions"]

_RULES: dict[str, Callable[[Scope], Iterable[Suspicion]]] = {
    "unrecorded_cells": claims.unrecorded_cells,
    "replay_differs": claims.replay_differs,
    "history_not_of_model": lambda scope: claims.history_not_of_model(
        scope.evidence, scope.measurements, read=scope.read
    ),
    "learned_less_than_claimed": lambda scope: claims.learned_less_than_claimed(
        scope.evidence, scope.measurements, read=scope.read
    ),
    "accuracy_not_of_model": lambda scope: claims.accuracy_not_of_model(
        scope.evidence, scope.measurements, read=scope.read
    ),
    "layers_not_of_weights": claims.layers_not_of_weights,
    "better_than_its_history": claims.better_than_its_history,
    "weights_unmoved": lambda scope: claims.weights_unmoved(scope.evidence),
    "evaluation_not_of_model": claims.evaluation_not_of_model,
    "memorised_test_set": leaks.memorised_test_set,
    "test_set_by_heart": leaks.test_set_by_heart,
    "better_than_reference": leaks.better_than_reference,
    "test_rows_in_training": leaks.test_rows_in_training,
    "knew_before_training": beginnings.knew_before_training,
    "weights_not_of_beginning": lambda scope: beginnings.weights_not_of_beginning(
        scope.evidence, scope.measurements, read=scope.read
    ),
    "ready_made_weights": origins.ready_made_weights,
    "weights_of_another_training": origins.weights_of_another_training,
}


def suspicions(scope: Scope) -> tuple[Suspicion, ...]:
    """Every sign in a submission, those that a repetition cleared left out.

    Args:
        scope: The submission, seen from any section.
    """
    found = [sign for name, rule in _RULES.items() for sign in _held(name, partial(rule, scope))]
    cleared = {replay.fit for replay in scope.measurements.replays if replay.outcome == "same"}
    stands = [sign for sign in found if sign.fit is None or sign.fit not in cleared]
    inherited = _held("weights_of_doubted_model", partial(origins.weights_of_doubted_models, scope, stands))
    return (*stands, *inherited)


def fits_to_replay(evidence: Evidence, measurements: Measurements, *, read: Read) -> tuple[str, ...]:
    """The fits whose repetition outside would settle a doubt.

    Args:
        evidence: What the execution left.
        measurements: What was verified of it.
        read: Reads a stored array.
    """
    rules: tuple[Callable[[], Iterable[Suspicion]], ...] = (
        partial(claims.history_not_of_model, evidence, measurements, read=read),
        partial(claims.learned_less_than_claimed, evidence, measurements, read=read),
        partial(claims.accuracy_not_of_model, evidence, measurements, read=read),
        partial(beginnings.little_of_beginning, evidence, measurements, read=read),
    )
    signs = [sign for rule in rules for sign in _held("to replay", rule)]
    return tuple(dict.fromkeys(sign.fit for sign in signs if sign.fit is not None))


def _held(name: str, rule: Callable[[], Iterable[Suspicion]]) -> list[Suspicion]:
    """A rule's signs; one that fails on a record is itself a sign, for records can be forged to that end."""
    try:
        return list(rule())
    except Exception as error:  # noqa: BLE001
        text = f"Our rule {name} failed on this submission ({type(error).__name__}: {error})."
        return [Suspicion(rule="rule_failed", text=text)]
