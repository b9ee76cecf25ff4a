"""Findings that figures were not come by honestly: what a student's process claims, held against what was verified.

Each rule is a pure function of the submission. A finding decides nothing; it says what a person should look at, with
the numbers, and keeps the points that hang on it pending. A fit that was repeated outside, bit for bit, clears what
was found of its history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from grader.integrity import claims, initial_weights, leaks, origins
from grader.integrity.findings import Finding
from grader.judging.views import SubmissionView

__all__ = ["Finding", "find_integrity_findings", "fits_to_replay"]

Rule = Callable[[SubmissionView], Iterable[Finding]]

_RULES: tuple[Rule, ...] = (
    claims.unrecorded_cells,
    claims.replay_differs,
    claims.history_not_of_model,
    claims.learned_less_than_claimed,
    claims.accuracy_not_of_model,
    claims.layers_not_of_weights,
    claims.better_than_its_history,
    claims.weights_unmoved,
    claims.evaluation_not_of_model,
    leaks.memorised_test_set,
    leaks.test_set_by_heart,
    leaks.better_than_reference,
    leaks.test_rows_in_training,
    initial_weights.knew_before_training,
    initial_weights.weights_not_of_beginning,
    origins.ready_made_weights,
    origins.weights_of_another_training,
)

_SETTLED_BY_REPLAY: tuple[Rule, ...] = (
    claims.history_not_of_model,
    claims.learned_less_than_claimed,
    claims.accuracy_not_of_model,
    initial_weights.little_of_beginning,
)


def find_integrity_findings(submission: SubmissionView) -> tuple[Finding, ...]:
    """Everything that the rules find in a submission; what a repetition outside cleared is left out."""
    found = [finding for rule in _RULES for finding in _run(rule, submission)]
    cleared = {replay.fit for replay in submission.measurements.replays if replay.outcome == "same"}
    stands = [finding for finding in found if finding.fit is None or finding.fit not in cleared]
    return (*stands, *_run(partial(origins.weights_of_doubted_models, findings=stands), submission))


def fits_to_replay(submission: SubmissionView) -> tuple[str, ...]:
    """The fits whose repetition outside would clear or confirm a finding."""
    findings = [finding for rule in _SETTLED_BY_REPLAY for finding in _run(rule, submission)]
    return tuple(dict.fromkeys(finding.fit for finding in findings if finding.fit is not None))


def _run(rule: Rule, submission: SubmissionView) -> list[Finding]:
    """What a rule finds; one that fails on a record is itself a finding, for records can be forged to that end."""
    try:
        return list(rule(submission))
    except Exception as error:  # noqa: BLE001
        name = getattr(rule, "__name__", "weights_of_doubted_models")
        text = f"Our rule {name} failed on this submission ({type(error).__name__}: {error})."
        return [Finding(rule="rule_failed", text=text)]
