"""Holds trainings that were repeated with edits against the rubric: what passes in every run is proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from grader.evaluate import view_of
from grader.hints.proposals import Proposal, is_decided_by_training, is_lost, propose
from grader.hints.wording import Proved, released_text, tutors_text
from grader.judging.views import Read, SubmissionView
from grader.records import (
    CheckResult,
    Evidence,
    FitRecord,
    GradedSubmission,
    Hint,
    HintLevel,
    Measurements,
    ModelRecord,
    Trial,
    TrialRun,
    Trials,
)
from grader.rubric import Asked, Criterion, Rubric
from grader.rubric.relations import named_sections
from grader.run_data import calibrations_on

R = TypeVar("R", ModelRecord, FitRecord)

FRESH_SEEDS = (101, 102)
"""Of initial weights, where the recorded ones fit no more."""

Due = tuple[Proposal, tuple[int | None, ...]]
"""A proposal that no training was repeated with yet, and the starts from which it should be."""


class Proofs:
    """What a submission's repeated trainings prove under a rubric.

    Args:
        rubric: With the reference's spread.
        graded: The grade that was given without hints.
        evidence: Of the run.
        measurements: Of the run.
        read: Reads a stored array.
        trials: The trainings that were repeated so far.
    """

    def __init__(
        self,
        rubric: Rubric,
        graded: GradedSubmission,
        *,
        evidence: Evidence,
        measurements: Measurements,
        read: Read,
        trials: Trials,
    ) -> None:
        self._rubric, self._graded, self._trials = rubric, graded, trials
        self._verdicts = {verdict.criterion: verdict for verdict in graded.verdicts}
        self._view = view_of(
            rubric,
            asked=Asked(rubric),
            evidence=evidence,
            measurements=measurements,
            matching=graded.matching,
            read=read,
            spreads=calibrations_on(rubric, evidence.data_sets),
        )

    def due(self) -> tuple[Due, ...]:
        """What has to be tried next; each model's next proposal, where no earlier one is proved."""
        found = []
        for proposals in self._proposals:
            for proposal in proposals:
                trial = self._trials.find(proposal.of.fit.id, proposal.edits)
                if trial is None:
                    found.append((proposal, self._seeds(proposal)))
                if trial is None or self.results(proposal, trial) is not None:
                    break
        return tuple(found)

    def hints(self, level: HintLevel) -> tuple[Hint, ...]:
        """What is proved, in the order of the rubric.

        Args:
            level: How much of it a student is told.
        """
        found = []
        for proposals in self._proposals:
            for proposal in proposals:
                trial = self._trials.find(proposal.of.fit.id, proposal.edits)
                results = None if trial is None else self.results(proposal, trial)
                if trial is not None and results is not None:
                    found.append(self._hint(proposal, trial, results, level=level))
                    break
        return tuple(found)

    def results(self, proposal: Proposal, trial: Trial) -> tuple[Mapping[str, CheckResult], ...] | None:
        """What the criteria of a trial come to, run by run; None where it proves nothing."""
        runs = tuple(self._of_run(run) for run in trial.runs)
        return runs if runs and all(self._is_proved(proposal, results) for results in runs) else None

    @cached_property
    def _proposals(self) -> tuple[tuple[Proposal, ...], ...]:
        # Where a model's figures contradict each other a person looks first.
        flagged = {name for flag in self._graded.flags for name in flag.criteria}
        found = propose(self._rubric, self._view, self._verdicts)
        return tuple(one for one in found if flagged.isdisjoint(criterion.id for criterion in one[0].of.criteria))

    def _seeds(self, proposal: Proposal) -> tuple[int | None, ...]:
        """From which initial weights a training is repeated: the recorded ones where they still fit, else others.

        A new run of the notebook begins with the recorded ones as well. Of others it cannot be known, so that two must
        do; but where nobody asks how well the model does, how it ends decides nothing, and one shows all.
        """
        if not any(edit.call == "model" for edit in proposal.edits):
            return (None,)
        return FRESH_SEEDS if self._is_judged(proposal) else FRESH_SEEDS[:1]

    def _is_judged(self, proposal: Proposal) -> bool:
        own = {section.id for section in proposal.of.sections}
        return any(
            criterion.spec.quality != "none" and (section.id in own or own & named_sections(criterion))
            for section in self._rubric.sections
            for criterion in section.criteria
        )

    def _is_proved(self, proposal: Proposal, results: Mapping[str, CheckResult]) -> bool:
        """Whether all that must be passed is, and nothing that a training decides is worse than it was."""
        wanted = {criterion.id for criterion in proposal.criteria}
        return (
            all(
                result.outcome == "passed" if name in wanted else result.share >= self._share(name) - 1e-9
                for name, result in results.items()
            )
            and wanted <= results.keys()
        )

    def _share(self, criterion: str) -> float:
        verdict = self._verdicts.get(criterion)
        if verdict is None or verdict.outcome not in {"passed", "partial"} or not verdict.points:
            return 0.0
        return verdict.earned / verdict.points if verdict.mark is None else 0.0

    def _of_run(self, run: TrialRun) -> dict[str, CheckResult]:
        """What the checks that a training decides say of the submission with it in the recorded one's place."""
        evidence, measurements = self._view.evidence, self._view.measurements
        view = replace(
            self._view,
            evidence=evidence.model_copy(
                update={
                    "models": _with(evidence.models, run.model),
                    "fits": _with(evidence.fits, run.fit),
                    "weights": {**evidence.weights, str(run.fit.weights_after): ()},
                }
            ),
            measurements=measurements.model_copy(update={"measured": (*measurements.measured, *run.measured)}),
        )
        found = {
            criterion.id: _result(criterion, view, section=section.id)
            for section in self._rubric.sections
            if section.id in view.matching
            for criterion in section.criteria
            if is_decided_by_training(criterion)
        }
        return {name: _NOTHING if self._is_blocked(name, found) else result for name, result in found.items()}

    def _is_blocked(self, criterion: str, results: Mapping[str, CheckResult]) -> bool:
        """Whether something that a criterion requires is still lost."""
        requires = {one.id: one.requires for one in self._rubric.criteria}
        lost = {"failed", "blocked"}
        return any(
            results[name].outcome in lost or self._is_blocked(name, results)
            if name in results
            else name in self._verdicts and self._verdicts[name].outcome in lost
            for name in requires[criterion]
        )

    def _hint(
        self, proposal: Proposal, trial: Trial, results: tuple[Mapping[str, CheckResult], ...], *, level: HintLevel
    ) -> Hint:
        lost = [one for one in self._rubric.criteria if is_lost(self._verdicts.get(one.id))]
        fixed = tuple(one for one in lost if all(run.get(one.id, _NOTHING).outcome == "passed" for run in results))
        proved = Proved(proposal, fixed, results)
        return Hint(
            model=proposal.of.model.id,
            fit=proposal.of.fit.id,
            sections=tuple(section.id for section in proposal.of.sections),
            criteria=tuple(one.id for one in fixed),
            edits=proposal.edits,
            cells=_cells(proposal),
            text=tutors_text(proved),
            released=released_text(proved, level),
            runs=len(trial.runs),
        )


_NOTHING = CheckResult(outcome="blocked")


def _result(criterion: Criterion, view: SubmissionView, *, section: str) -> CheckResult:
    try:
        return criterion.spec.run(view.section(section), criterion.params)
    except Exception:  # noqa: BLE001 - records are hostile, and what cannot be judged is not proved
        return _NOTHING


def _with(records: tuple[R, ...], other: R) -> tuple[R, ...]:
    return tuple(other if record.id == other.id else record for record in records)


def _cells(proposal: Proposal) -> tuple[int, ...]:
    model, fit = proposal.of.model, proposal.of.fit
    compiled = fit.compiled.cell if fit.compiled is not None else None
    places = {"model": model.cell, "compile": compiled, "fit": fit.cell}
    cells = [places[edit.call] for edit in proposal.edits]
    return tuple(dict.fromkeys(cell for cell in cells if cell is not None))
