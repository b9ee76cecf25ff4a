"""Integrity findings: where what a student's process claims contradicts what was verified.

Each rule is a pure function of the submission. A finding decides nothing: it says what a person should look at, with
the numbers, and keeps the points that depend on it pending. A fit that a replay repeated bit for bit is cleared of the
findings about its history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from grader.integrity import claims, initial_weights, leaks, origins
from grader.integrity.findings import Finding
from grader.judging.views import SubmissionView

__all__ = ["RULES", "Finding", "find_integrity_findings", "fits_to_replay"]

Rule = Callable[[SubmissionView], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    claims.unrecorded_cells,
    claims.replay_differs,
    claims.history_contradicts_model,
    claims.learned_less_than_claimed,
    claims.accuracy_contradicts_model,
    claims.layers_contradict_weights,
    claims.better_than_its_history,
    claims.weights_unchanged,
    claims.evaluation_contradicts_model,
    leaks.memorised_test_set,
    leaks.fails_on_shifted_test_set,
    leaks.better_than_reference,
    leaks.test_rows_in_training,
    initial_weights.accurate_before_training,
    initial_weights.unrelated_to_initial_weights,
    origins.ready_made_weights,
    origins.weights_of_another_training,
)

_SETTLED_BY_REPLAY: tuple[Rule, ...] = (
    claims.history_contradicts_model,
    claims.learned_less_than_claimed,
    claims.accuracy_contradicts_model,
    initial_weights.far_from_initial_weights,
)


def find_integrity_findings(submission: SubmissionView) -> tuple[Finding, ...]:
    """Everything that the rules find in a submission, without what a replay cleared."""
    found = [finding for rule in RULES for finding in _run(rule, submission)]
    cleared = {replay.fit for replay in submission.measurements.replays if replay.outcome == "same"}
    kept = [finding for finding in found if finding.fit is None or finding.fit not in cleared]
    return (*kept, *_run(partial(origins.weights_of_flagged_models, findings=kept), submission))


def fits_to_replay(submission: SubmissionView) -> tuple[str, ...]:
    """Ids of the fits whose replay would clear or confirm a finding."""
    findings = [finding for rule in _SETTLED_BY_REPLAY for finding in _run(rule, submission)]
    return tuple(dict.fromkeys(finding.fit for finding in findings if finding.fit is not None))


def _run(rule: Rule, submission: SubmissionView) -> list[Finding]:
    """What a rule finds; that a rule fails is itself a finding, because records can be forged to make it fail."""
    try:
        return list(rule(submission))
    except Exception as error:  # noqa: BLE001
        name = getattr(rule, "__name__", "weights_of_flagged_models")
        text = f"Our rule {name} failed on this submission ({type(error).__name__}: {error})."
        return [Finding(rule="rule_failed", text=text)]
