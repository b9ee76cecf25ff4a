"""Rubric, evidence and measurements make verdicts: a pure function, so that a grade is the same whenever it is made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from grader.advice import advise
from grader.calibration import Calibration
from grader.integrity import Finding, find_integrity_findings
from grader.judging.attributed import of_section, of_whole_notebook
from grader.judging.parameters import parts_of
from grader.judging.views import Read, SubmissionView
from grader.machine_paths import without_machine_paths
from grader.marks import seen_digest
from grader.matching import match
from grader.records import (
    Advice,
    CheckResult,
    Evidence,
    ExecutionSummary,
    Flag,
    GradedSubmission,
    Measurements,
    RubricSummary,
    SectionMatch,
    Submission,
    SubmissionSummary,
    Verdict,
)
from grader.rubric import Criterion, DataKind, Rubric, Section
from grader.training.recipes import TrainingRecipe

FindingInSections = tuple[Finding, frozenset[str]]
"""A finding, and the ids of the sections whose figures hang on it."""

POINT_DIGITS = 2
"""Points are rounded to so many digits, so that thirds add up on paper as they do here."""


_TOTALS = {
    "points_earned": ("earned", False),
    "points_pending": ("pending", False),
    "points_possible": ("points", False),
    "bonus_earned": ("earned", True),
    "bonus_pending": ("pending", True),
    "bonus_possible": ("points", True),
}
"""Sums of a grade: the verdicts' field that is added up, and whether of bonus sections."""


def evaluate(rubric: Rubric, *, evidence: Evidence, measurements: Measurements, read: Read) -> GradedSubmission:
    """Grades one submission.

    Args:
        rubric: With the reference's spread, as far as it was measured.
        evidence: What the execution left.
        measurements: What was verified of it.
        read: Reads a stored array.
    """
    problem = None
    try:
        matching = match(rubric, evidence)
    except Exception as error:  # noqa: BLE001 - whatever a hostile record does to us, the tutor gets a grade to look at
        what = without_machine_paths(f"{type(error).__name__}: {error}")
        problem = f"We failed to match the notebook with the rubric ({what})."
        matching = {one.id: SectionMatch(section=one.id, title=one.title, why=problem) for one in rubric.sections}
    judge = _Judge(rubric, evidence=evidence, measurements=measurements, matching=matching, read=read)
    problem = problem or judge.attribution_problem()
    verdicts = judge.verdicts(problem)
    return _graded(
        rubric,
        verdicts,
        submission=SubmissionSummary(
            id=evidence.submission, file_name=evidence.file_name, sha256=evidence.sha256, authors=evidence.authors
        ),
        evidence=evidence,
        matching=matching,
        advice=() if problem else judge.advice(),
        flags=() if problem else judge.flags(verdicts),
    )


def not_run(rubric: Rubric, submission: Submission) -> GradedSubmission:
    """The grade of a file that is no notebook: nothing was run, and every criterion is blocked by that."""
    why = without_machine_paths(submission.problem or "There is nothing in it to run.")
    result = CheckResult(outcome="blocked", feedback=why, next_step="Hand in the notebook itself, as an .ipynb file.")
    verdicts = tuple(
        _verdict(criterion, section, result) for section in rubric.sections for criterion in section.criteria
    )
    evidence = Evidence(submission=submission.id, file_name=submission.file_name, sha256=submission.sha256)
    graded = _graded(
        rubric,
        verdicts,
        submission=SubmissionSummary(
            id=submission.id, file_name=submission.file_name, sha256=submission.sha256, authors=submission.authors
        ),
        evidence=evidence,
        matching={},
        advice=(),
    )
    execution = ExecutionSummary(reason="unreadable", detail=why)
    return graded.model_copy(update={"status": "not_run", "execution": execution})


def with_verdicts(graded: GradedSubmission, verdicts: tuple[Verdict, ...]) -> GradedSubmission:
    """The grade with these verdicts, and the status and sums that follow from them."""
    waiting = any(verdict.outcome == "needs_review" and verdict.cause != "by_hand" for verdict in verdicts)

    def total(field: str, *, bonus: bool) -> float:
        points = (float(getattr(verdict, field)) for verdict in verdicts if verdict.bonus is bonus)
        return round(sum(points), POINT_DIGITS)

    sums = {name: total(field, bonus=bonus) for name, (field, bonus) in _TOTALS.items()}
    return graded.model_copy(update={"status": "needs_review" if waiting else "graded", "verdicts": verdicts, **sums})


def data_kind(evidence: Evidence) -> DataKind:
    """Which data the notebook ran on: the sample, where a data set that it loaded (or could have) is one."""
    uses = [use for use in evidence.data_sets if use.loaded] or list(evidence.data_sets)
    return "sample" if any(use.sample for use in uses) else "full"


@dataclass(frozen=True)
class _Judge:
    rubric: Rubric
    evidence: Evidence
    measurements: Measurements
    matching: Mapping[str, SectionMatch]
    read: Read

    def verdicts(self, problem: str | None) -> tuple[Verdict, ...]:
        """One a criterion, in the order of the rubric."""
        results: dict[str, CheckResult] = {}
        by_id = {
            criterion.id: (criterion, section) for section in self.rubric.sections for criterion in section.criteria
        }
        for name in by_id:
            self._judge(name, by_id, results=results, problem=problem)
        findings = self._findings if problem is None else ()
        judged = (_verdict(*by_id[name], _under_review(results[name], by_id[name][1], findings)) for name in by_id)
        return tuple(verdict.model_copy(update={"seen": self._seen(verdict)}) for verdict in judged)

    def _seen(self, verdict: Verdict) -> str:
        """What a person who marks this sees of the submission."""
        match = self.matching.get(verdict.section)
        here = self.evidence.cells if match is None else [self.evidence.cells[index] for index in match.cells]
        return seen_digest(verdict, answer=[cell.source for cell in here])

    def attribution_problem(self) -> str | None:
        """What to say where we cannot tell whose failure it is; None where we can."""
        try:
            _ = self.submission.attribution.reached
        except Exception as error:  # noqa: BLE001 - as above
            return f"We failed to find whose failure the errors are ({type(error).__name__}: {error})."
        return None

    def flags(self, verdicts: Iterable[Verdict]) -> tuple[Flag, ...]:
        """What the tutor should look at, with the criteria that wait for it."""
        waiting = [verdict for verdict in verdicts if verdict.cause == "flagged"]
        return tuple(
            Flag(
                rule=finding.rule,
                text=finding.text,
                cells=finding.cells,
                criteria=tuple(verdict.criterion for verdict in waiting if verdict.section in sections),
            )
            for finding, sections in self._findings
        )

    @cached_property
    def _findings(self) -> tuple[FindingInSections, ...]:
        """Each integrity finding with the sections whose figures hang on it."""
        evidence = self.evidence
        objects = {model.id: model.object_id for model in evidence.models}
        findings = []
        for finding in find_integrity_findings(self.submission):
            questioned = objects.get(finding.model or "")
            sections = frozenset(
                name
                for name, match in self.matching.items()
                if finding.model is None or (match.model is not None and objects[match.model] == questioned)
            )
            findings.append((finding, sections))
        return tuple(findings)

    def advice(self) -> tuple[Advice, ...]:
        """Remarks without points; none where making them fails, for they decide nothing."""
        try:
            return advise(self.submission, rubric=self.rubric)
        except Exception:  # noqa: BLE001 - as above
            return ()

    def _judge(
        self,
        name: str,
        by_id: Mapping[str, tuple[Criterion, Section]],
        *,
        results: dict[str, CheckResult],
        problem: str | None,
    ) -> None:
        """Judges a criterion after those that it requires; the rubric was checked for rounds."""
        if name in results:
            return
        criterion, section = by_id[name]
        for needed in criterion.requires:
            self._judge(needed, by_id, results=results, problem=problem)
        if problem is not None:
            results[name] = CheckResult(outcome="needs_review", cause="infrastructure", feedback=problem)
            return
        missing = next(
            (needed for needed in criterion.requires if results[needed].outcome in {"failed", "blocked"}), None
        )
        if missing is not None:
            title = by_id[missing][0].title or missing
            result = CheckResult(
                outcome="blocked",
                feedback=f'This needs "{title}", which was not met.',
                next_step=results[missing].next_step,
                cells=results[missing].cells,
            )
        else:
            result = self._attributed(self._run(criterion, section), section)
        results[name] = result

    def _attributed(self, result: CheckResult, section: Section) -> CheckResult:
        """The result with whose failure it is that something is lost."""
        if section.whole_notebook:
            return of_whole_notebook(result, self.submission, asks_for_training=self.rubric.asks_for_training)
        return of_section(
            result,
            self.submission.section(section.id),
            owners=frozenset(one.id for one in self.rubric.sections if one.model is not None),
            about_model=section.model is not None or section.model_of is not None,
        )

    def _run(self, criterion: Criterion, section: Section) -> CheckResult:
        try:
            result = criterion.spec.run(self.submission.section(section.id), criterion.params)
            return _sound(result)
        except Exception as error:  # noqa: BLE001 - one failing check must not cost the others
            what = without_machine_paths(f"{type(error).__name__}: {error}")
            text = f"Our check {criterion.check!r} failed on this ({what}). A tutor will look."
            return CheckResult(outcome="needs_review", cause="infrastructure", feedback=text)

    @cached_property
    def submission(self) -> SubmissionView:
        """What the checks, the integrity rules and the advice look at."""
        return SubmissionView(
            evidence=self.evidence,
            measurements=self.measurements,
            matching=self.matching,
            read=self.read,
            calibration=self._calibration(data_kind(self.evidence)),
            full_calibration=self._calibration("full"),
            template_texts=self.rubric.template_texts,
            longest_training=_longest_training(self.rubric),
            keras=self.rubric.keras,
        )

    def _calibration(self, kind: DataKind) -> Calibration | None:
        """The reference's spread; on the data of this run only where it was measured on just these."""
        calibration = self.rubric.calibrations.get(kind)
        if calibration is None or kind != data_kind(self.evidence):
            return calibration
        for use in self.evidence.data_sets:
            known = calibration.fingerprints.get(use.name)
            # What hangs on a stand-in is not judged by a spread; what does not, is.
            if use.loaded and not use.stand_in and known is not None and known != use.fingerprint:
                return None
        return calibration


def _longest_training(rubric: Rubric) -> int | None:
    asked = [recipe.epochs for criterion in rubric.criteria for recipe in parts_of(criterion.params, TrainingRecipe)]
    return max((epochs for epochs in asked if epochs is not None), default=None)


def _under_review(result: CheckResult, section: Section, findings: Iterable[FindingInSections]) -> CheckResult:
    """What hangs on a questioned figure is neither won nor lost."""
    here = [finding for finding, sections in findings if section.id in sections]
    is_questioned = result.basis in {"verified", "claimed"} or any(finding.of_layers for finding in here)
    if result.outcome not in {"passed", "partial"} or not here or not is_questioned:
        return result
    text = "A tutor looks at this before it counts: the figures of this part do not agree with each other."
    return result.model_copy(update={"outcome": "needs_review", "cause": "flagged", "share": 0.0, "feedback": text})


def _sound(result: CheckResult) -> CheckResult:
    """A result whose parts agree with each other.

    Raises:
        ValueError: They cannot be made to.
    """
    if result.outcome == "passed":
        return result.model_copy(update={"share": 1.0, "cause": None})
    if result.outcome == "partial":
        if not (math.isfinite(result.share) and 0 < result.share < 1):
            raise ValueError(f"a share of {result.share}")
        return result.model_copy(update={"cause": None})
    cause = (result.cause or "infrastructure") if result.outcome == "needs_review" else None
    return result.model_copy(update={"share": 0.0, "cause": cause})


def _verdict(criterion: Criterion, section: Section, result: CheckResult) -> Verdict:
    words = criterion.text
    own = {"passed": words.passed, "partial": words.partial, "failed": words.failed}.get(result.outcome)
    to_do = result.outcome in {"partial", "failed", "blocked"}
    earned = round(criterion.points * result.share, POINT_DIGITS)
    return Verdict(
        criterion=criterion.id,
        section=section.id,
        title=criterion.title,
        outcome=result.outcome,
        cause=result.cause,
        earned=earned,
        pending=criterion.points if result.outcome == "needs_review" else 0.0,
        points=criterion.points,
        bonus=section.bonus,
        visibility=criterion.visibility,
        basis=result.basis,
        required=result.required,
        expected=result.expected,
        yours=result.yours,
        feedback=_filled(own, result) or result.feedback,
        next_step=(_filled(words.next_step, result) if to_do else None) or result.next_step,
        cells=result.cells,
        judged=result.judged,
    )


def _filled(text: str | None, result: CheckResult) -> str | None:
    if text is None:
        return None
    return text.replace("{yours}", result.yours).replace("{expected}", result.expected)


def _graded(
    rubric: Rubric,
    verdicts: tuple[Verdict, ...],
    *,
    submission: SubmissionSummary,
    evidence: Evidence,
    matching: Mapping[str, SectionMatch],
    advice: tuple[Advice, ...],
    flags: tuple[Flag, ...] = (),
) -> GradedSubmission:
    run = evidence.execution
    graded = GradedSubmission(
        submission=submission,
        rubric=RubricSummary(
            assignment=rubric.assignment,
            title=rubric.title,
            file_name=rubric.path.name,
            sha256=rubric.sha256,
            check_packages={package.name: package.version for package in rubric.check_packages},
        ),
        status="graded",
        execution=ExecutionSummary(
            reason=run.reason,
            detail=run.detail,
            first_error_cell=run.first_error_cell,
            seconds=run.seconds,
            overhead_seconds=run.overhead_seconds,
        ),
        data=evidence.data_sets,
        data_choice=evidence.data_choice,
        points_earned=0.0,
        points_pending=0.0,
        points_possible=0.0,
        bonus_earned=0.0,
        bonus_pending=0.0,
        bonus_possible=0.0,
        matching=dict(matching),
        flags=flags,
        advice=advice,
    )
    return with_verdicts(graded, verdicts)
