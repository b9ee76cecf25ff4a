"""Rubric, evidence and measurements make verdicts: a pure function, so that a grade is the same whenever it is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pydantic import TypeAdapter

from grader.advice import advise
from grader.advice.answers import question_answers
from grader.calibration import Calibration, FitRanges
from grader.grade_parts import PartCache
from grader.integrity import Finding, find_integrity_findings
from grader.judging.attributed import of_section, of_whole_notebook
from grader.judging.registry import checks_digest
from grader.judging.views import Read, SubmissionView
from grader.machine_paths import without_machine_paths
from grader.marks import seen_digest
from grader.matching import match
from grader.records import (
    Advice,
    CheckResult,
    DataSetUse,
    Evidence,
    ExecutionSummary,
    Flag,
    GradedSubmission,
    Measurements,
    SectionMatch,
    Submission,
    SubmissionSummary,
    Verdict,
    digest,
)
from grader.rubric import Asked, Criterion, DataKind, Rubric, Section, shown_curves
from grader.verdicts import graded_submission, verdict_of

T = TypeVar("T")

_MATCHING = TypeAdapter(dict[str, SectionMatch])
_RESULT = TypeAdapter(CheckResult)
_FINDINGS = TypeAdapter(tuple[Finding, ...])
_ADVICE = TypeAdapter(tuple[Advice, ...])
_REACHED = TypeAdapter(tuple[int, ...])

FindingInSections = tuple[Finding, frozenset[str]]
"""A finding, and the ids of the sections whose figures hang on it."""


def evaluate(
    rubric: Rubric,
    *,
    evidence: Evidence,
    measurements: Measurements,
    read: Read,
    parts: PartCache | None = None,
    asked: Asked | None = None,
) -> GradedSubmission:
    """Grades one submission.

    Args:
        rubric: With the reference's spread, as far as it was measured.
        evidence: What the execution left.
        measurements: What was verified of it.
        read: Reads a stored array.
        parts: Of an earlier grade of the same evidence; those that hold are taken from it.
        asked: What follows from the rubric alone, where it is at hand.
    """
    parts, asked = parts or PartCache(), asked or Asked(rubric)
    problem = None
    try:
        matching = parts.part(
            "matching", lambda: match(asked.outline, evidence), of=asked.outline_digest, kind=_MATCHING
        )
    except Exception as error:  # noqa: BLE001 - whatever a hostile record does to us, the tutor gets a grade to look at
        what = without_machine_paths(f"{type(error).__name__}: {error}")
        problem = f"We failed to match the notebook with the rubric ({what})."
        matching = {one.id: SectionMatch(section=one.id, title=one.title, why=problem) for one in rubric.sections}
    judge = _Judge(
        rubric,
        asked=asked,
        evidence=evidence,
        measurements=measurements,
        matching=matching,
        read=parts.reading(read),
        parts=parts,
    )
    problem = problem or judge.attribution_problem()
    verdicts = judge.verdicts(problem)
    return graded_submission(
        rubric,
        verdicts,
        submission=SubmissionSummary(id=evidence.submission, file_name=evidence.file_name, sha256=evidence.sha256),
        evidence=evidence,
        matching=matching,
        advice=() if problem else judge.advice(),
        flags=() if problem else judge.flags(verdicts),
    )


def not_run(rubric: Rubric, submission: Submission) -> GradedSubmission:
    """The grade of a file that is no notebook: nothing was run, and every criterion is blocked by that."""
    why = without_machine_paths(submission.problem or "There is nothing in it to run. Hand in the notebook itself.")
    result = CheckResult(outcome="blocked", feedback=why)  # No step: a problem says what to do.
    verdicts = tuple(
        verdict_of(criterion, section, result) for section in rubric.sections for criterion in section.criteria
    )
    evidence = Evidence(submission=submission.id, file_name=submission.file_name, sha256=submission.sha256)
    graded = graded_submission(
        rubric,
        verdicts,
        submission=SubmissionSummary(id=submission.id, file_name=submission.file_name, sha256=submission.sha256),
        evidence=evidence,
        matching={},
        advice=(),
    )
    execution = ExecutionSummary(reason="unreadable", detail=why)
    return graded.model_copy(update={"status": "not_run", "execution": execution})


def attributed(
    result: CheckResult, submission: SubmissionView, *, criterion: Criterion, section: Section, asked: Asked
) -> CheckResult:
    """A check's result with whose failure it is that something is lost.

    Args:
        result: Of the criterion's check.
        submission: That it looked at.
        criterion: Which.
        section: That it is of.
        asked: Of its rubric.
    """
    if section.whole_notebook:
        return of_whole_notebook(result, submission, asks_for_training=asked.outline.asks_for_training)
    return of_section(
        result,
        submission.section(section.id),
        owners=asked.owners,
        about_model=section.model is not None or section.model_of is not None,
        made_by=criterion.spec.made_by,
    )


def data_kind(served: Sequence[DataSetUse]) -> DataKind:
    """Which data a notebook ran on: the sample, where a data set that it loaded (or could have) is one."""
    uses = [use for use in served if use.loaded] or list(served)
    return "sample" if any(use.sample for use in uses) else "full"


def calibration_on(rubric: Rubric, served: Sequence[DataSetUse]) -> Calibration | None:
    """The reference's spread on the data that a notebook ran on; None where it was not measured on just these."""
    calibration = rubric.calibrations.get(data_kind(served))
    if calibration is None:
        return None
    for use in served:
        known = calibration.fingerprints.get(use.name)
        # What hangs on a stand-in is not judged by a spread; what does not, is.
        if known is not None and use.loaded and not use.stand_in and known != use.fingerprint:
            return None
    return calibration


def calibrations_on(rubric: Rubric, served: Sequence[DataSetUse]) -> tuple[Calibration | None, Calibration | None]:
    """The reference's spread on the data that a notebook ran on, see `calibration_on`, and on the full data."""
    here = calibration_on(rubric, served)
    return here, here if data_kind(served) == "full" else rubric.calibrations.get("full")


def view_of(
    rubric: Rubric,
    *,
    asked: Asked,
    evidence: Evidence,
    measurements: Measurements,
    matching: Mapping[str, SectionMatch],
    read: Read,
    spreads: tuple[Calibration | None, Calibration | None],
) -> SubmissionView:
    """What the checks look at.

    Args:
        rubric: That is graded by.
        asked: What follows from it.
        evidence: Of the run.
        measurements: What was verified of it.
        matching: Of the rubric's sections.
        read: Reads a stored array.
        spreads: As of `calibrations_on`.
    """
    calibration, full_calibration = spreads
    return SubmissionView(
        evidence=evidence,
        measurements=measurements,
        matching=matching,
        read=read,
        calibration=calibration,
        full_calibration=full_calibration,
        template_texts=rubric.template_texts,
        longest_training=asked.longest_training,
        keras=rubric.keras,
    )


def curves_on(rubric: Rubric, served: Sequence[DataSetUse]) -> dict[str, tuple[FitRanges, ...]]:
    """The reference's curves that a student's page may show, by section.

    Those on just the data that the notebook ran on; none on stand-ins for data.
    """
    if calibration_on(rubric, served) is None or any(use.loaded and use.stand_in for use in served):
        return {}
    return shown_curves(rubric).get(data_kind(served), {})


@dataclass(frozen=True)
class _Judge:
    rubric: Rubric
    asked: Asked
    evidence: Evidence
    measurements: Measurements
    matching: Mapping[str, SectionMatch]
    read: Read
    parts: PartCache

    def verdicts(self, problem: str | None) -> tuple[Verdict, ...]:
        """One a criterion, in the order of the rubric."""
        results: dict[str, CheckResult] = {}
        by_id = {
            criterion.id: (criterion, section) for section in self.rubric.sections for criterion in section.criteria
        }
        for name in by_id:
            self._judge(name, by_id, results=results, problem=problem)
        findings = self._findings if problem is None else ()
        judged = (verdict_of(*by_id[name], _under_review(results[name], by_id[name][1], findings)) for name in by_id)
        return tuple(verdict.model_copy(update={"seen": self._seen(verdict)}) for verdict in judged)

    def _seen(self, verdict: Verdict) -> str:
        """What a person who marks this sees of the submission."""
        match = self.matching.get(verdict.section)
        here = self.evidence.cells if match is None else [self.evidence.cells[index] for index in match.cells]
        return seen_digest(verdict, answer=[cell.source for cell in here])

    def attribution_problem(self) -> str | None:
        """What to say where we cannot tell whose failure it is; None where we can."""
        try:
            self._part("reached", lambda: tuple(self.submission.attribution.reached), kind=_REACHED)
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
        for finding in self._part("findings", lambda: find_integrity_findings(self.submission), kind=_FINDINGS):
            questioned = objects.get(finding.model or "")
            sections = frozenset(
                name
                for name, match in self.matching.items()
                if finding.model is None or (match.model is not None and objects[match.model] == questioned)
            )
            findings.append((finding, sections))
        return tuple(findings)

    def advice(self) -> tuple[Advice, ...]:
        """Remarks without points, and questions about answers; none where making them fails: they decide nothing."""
        outline = self.asked.outline
        compared = [one.compares_trainings for one in outline.sections]
        read = [(one.id, self.asked.criteria[one.id]) for one in self.rubric.criteria if one.spec.by_hand]
        asked = [read, [one.id for one in self.rubric.sections]]
        return (
            *self._remarks("advice", lambda: advise(self.submission, rubric=outline), of=compared),
            *self._remarks("questions", lambda: question_answers(self.submission, rubric=self.rubric), of=asked),
        )

    def _remarks(self, name: str, make: Callable[[], tuple[Advice, ...]], *, of: object) -> tuple[Advice, ...]:
        try:
            return self._part(name, make, of=of, kind=_ADVICE)
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
            result = self._result(criterion, section)
        results[name] = result

    def _result(self, criterion: Criterion, section: Section) -> CheckResult:
        """What the check says, and whose failure it is that something is lost."""
        spec = criterion.spec
        code = None if spec.package is None else checks_digest([spec])
        of = [self.asked.criteria[criterion.id], section.id, code]
        try:
            return self._part(
                f"result of {criterion.id}",
                lambda: self._attributed(
                    _sound(spec.run(self.submission.section(section.id), criterion.params)),
                    criterion,
                    section=section,
                ),
                of=of,
                kind=_RESULT,
            )
        except Exception as error:  # noqa: BLE001 - one failing check must not cost the others
            what = without_machine_paths(f"{type(error).__name__}: {error}")
            text = f"Our check {criterion.check!r} failed on this ({what}). A tutor will look."
            failed = CheckResult(outcome="needs_review", cause="infrastructure", feedback=text)
            return self._attributed(failed, criterion, section=section)

    def _attributed(self, result: CheckResult, criterion: Criterion, *, section: Section) -> CheckResult:
        return attributed(result, self.submission, criterion=criterion, section=section, asked=self.asked)

    def _part(self, name: str, make: Callable[[], T], *, kind: TypeAdapter[T], of: object = None) -> T:
        """A part of the grade that depends on the submission's view, and on what else is said."""
        return self.parts.part(name, make, of=digest([self._view_key, of]), kind=kind)

    @cached_property
    def _view_key(self) -> str:
        """A digest of what every check sees beside the evidence and the measurements."""
        return digest([self.asked.view_digest, _MATCHING.dump_python(dict(self.matching), mode="json")])

    @cached_property
    def submission(self) -> SubmissionView:
        """What the checks, the integrity rules and the advice look at."""
        return view_of(
            self.rubric,
            asked=self.asked,
            evidence=self.evidence,
            measurements=self.measurements,
            matching=self.matching,
            read=self.read,
            spreads=calibrations_on(self.rubric, self.evidence.data_sets),
        )


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
