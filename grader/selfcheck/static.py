"""The first step of the self-check: what can be said of a notebook without running any of it.

Code is read into the records that a run would leave, each as far as it is known, and the rubric's own checks decide on
these. A verdict stands where nothing that its check looked at is unknown; what is wrong in the code also stands where
the check says that no run can mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from grader.calibration import Calibration
from grader.datasets import ORIGINALS, SAMPLE
from grader.errors import GraderError
from grader.evaluate import attributed, view_of
from grader.judging.parameters import parts_of
from grader.judging.views import Read, SubmissionView
from grader.matching import match
from grader.records import ArrayRef, CheckResult, DataSetUse, Evidence, FitRecord, SectionMatch, Submission
from grader.rubric import Asked, Criterion, Rubric, Section
from grader.run_data import calibrations_on, data_kind
from grader.selfcheck.evidence import evidence_of, unmeasured
from grader.selfcheck.partial import note, noting, partly, unknown_fields
from grader.selfcheck.reading.log import A_RUN, BENIGN, Log
from grader.selfcheck.reading.read import read_code
from grader.selfcheck.stored import stored_figures
from grader.selfcheck.verdicts import Report, Status, Step, StepVerdict
from grader.training.recipes import TrainingRecipe

CANNOT_KNOW = (
    "Nothing was run: how well a model does, what is drawn and printed, and whether every cell runs stay unknown. "
    "What is said to pass does so once the cells run."
)
_UNSURE = "only a run shows which cells and which model answer this section"
_MOST_VARIANTS = 24
_SAMPLE_ROWS = (4000, 1000)
"""Of the embedded sample of MNIST, see its README."""


def check_static(rubric: Rubric, submission: Submission) -> Report:
    """What the code of a notebook shows of each criterion.

    Args:
        rubric: A tutor's, or a released one.
        submission: The notebook, with its cells.
    """
    names = set(_data_sets(rubric)) & set(ORIGINALS) or {SAMPLE.stem}
    log, report = _read(rubric, submission, {name: ORIGINALS[name][1:] for name in names})
    verdicts = report.verdicts
    if log.counts_rows:
        # On the sample the same numbers cut off other shares of the rows.
        _, other = _read(rubric, submission, dict.fromkeys(names, _SAMPLE_ROWS))
        verdicts = tuple(map(_agreed, verdicts, other.verdicts))
    printed = dict(stored_figures(submission, rubric, report.matching))
    verdicts = tuple(_with_printed(verdict, printed.get(verdict.criterion)) for verdict in verdicts)
    remarks = (*_of_sections(rubric, report.matching), *_remarks(log))
    return report.model_copy(update={"verdicts": verdicts, "remarks": remarks})


def _read(rubric: Rubric, submission: Submission, at_hand: Mapping[str, tuple[int, int]]) -> tuple[Log, Report]:
    log = read_code(submission.cells, at_hand=at_hand)
    evidence = evidence_of(submission, log, at_hand=at_hand)
    return log, judge_partly(rubric, evidence, step="static", read=_unread, cannot_know=CANNOT_KNOW)


def _agreed(one: StepVerdict, other: StepVerdict) -> StepVerdict:
    if (one.status, one.at_most) == (other.status, other.at_most):
        return one
    text = "It hangs on how many rows the data has; only a run settles this."
    return one.model_copy(update={"status": "unknown", "at_most": one.points, "text": text, "next_step": ""})


def judge_partly(rubric: Rubric, evidence: Evidence, *, step: Step, read: Read, cannot_know: str) -> Report:
    """What evidence of which only a part is known shows of each criterion; nothing was measured.

    Args:
        rubric: A tutor's, or a released one.
        evidence: Of a notebook, see `grader.selfcheck.partial`.
        step: That gave it.
        read: Reads a stored array.
        cannot_know: What the step cannot tell, a sentence.
    """
    asked = Asked(rubric)
    view = view_of(
        rubric,
        asked=asked,
        evidence=evidence,
        measurements=unmeasured(evidence.submission),
        matching=_matched(asked, evidence),
        read=read,
        spreads=_spreads(rubric, evidence.data_sets),
    )
    _ = view.attribution  # worked out once, so that no check is told of what it looked at
    judge = _Judge(rubric, asked, view)
    verdicts = tuple(judge.verdict(criterion, section) for section in rubric.sections for criterion in section.criteria)
    return Report(
        step=step,
        assignment=rubric.assignment,
        verdicts=verdicts,
        matching=dict(view.matching.items()),
        cannot_know=cannot_know,
    )


def _spreads(rubric: Rubric, served: Sequence[DataSetUse]) -> tuple[Calibration | None, Calibration | None]:
    """The reference's spread as grading takes it; who reads one is told where it is not known which data this is."""
    with noting() as unknown:
        found = calibrations_on(rubric, served)
    if not unknown:
        return found
    why = dict.fromkeys(("figures", "seconds"), next(iter(unknown)))
    here, full = (rubric.calibrations.get(kind) for kind in (data_kind(served), "full"))
    return here and partly(here, why), full and partly(full, why)


class SureMatching(dict[str, SectionMatch]):
    """Every section's match; whoever looks at one that is not sure is told so."""

    def __init__(self, found: Mapping[str, SectionMatch], unsure: frozenset[str], why: str = _UNSURE) -> None:
        super().__init__(found)
        self._unsure = unsure
        self._why = why

    def __getitem__(self, name: str) -> SectionMatch:
        if name in self._unsure:
            note(self._why)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping."""
        return self[name] if name in self else default  # noqa: SIM401 - so that it is told

    def items(self) -> Any:
        """As of any mapping; who goes through all of them has looked at all."""
        self._tell()
        return super().items()

    def values(self) -> Any:
        """Likewise."""
        self._tell()
        return super().values()

    def _tell(self) -> None:
        if self._unsure:
            note(self._why)


class _Judge:
    """Judges each criterion once, after those that it requires."""

    def __init__(self, rubric: Rubric, asked: Asked, view: SubmissionView) -> None:
        self._rubric, self._asked, self._view = rubric, asked, view
        self._done: dict[str, StepVerdict] = {}
        self._by_id = {
            criterion.id: (criterion, section) for section in rubric.sections for criterion in section.criteria
        }

    def verdict(self, criterion: Criterion, section: Section) -> StepVerdict:
        """What the code shows of one criterion."""
        if criterion.id not in self._done:
            needed = [self.verdict(*self._by_id[name]) for name in criterion.requires]
            self._done[criterion.id] = self._judged(criterion, section, needed)
        return self._done[criterion.id]

    def _judged(self, criterion: Criterion, section: Section, needed: list[StepVerdict]) -> StepVerdict:
        lost = next((one for one in needed if one.status == "failed" and not one.at_most), None)
        if lost is not None:
            text = f'This needs "{lost.title or lost.criterion}", which is not met.'
            return _verdict(criterion, section, "failed", text=text, next_step=lost.next_step, cells=lost.cells)
        with noting() as heard:
            try:
                result = self._result(criterion, section)
            except Exception as error:  # noqa: BLE001 - a check that a half-known record breaks says nothing
                return _verdict(criterion, section, "unknown", text=f"Only a run shows this ({type(error).__name__}).")
        if any(one.status != "passed" for one in needed):
            note_of = "It hangs on a criterion that is not decided yet."
            if result.outcome == "passed":
                return _verdict(criterion, section, "unknown", text=note_of, cells=result.cells)
        return _decided(criterion, section, result=result, heard=tuple(heard))

    def _result(self, criterion: Criterion, section: Section) -> CheckResult:
        result = criterion.spec.run(self._view.section(section.id), criterion.params)
        return attributed(result, self._view, criterion=criterion, section=section, asked=self._asked)


def _decided(criterion: Criterion, section: Section, *, result: CheckResult, heard: tuple[str, ...]) -> StepVerdict:
    found = _settled(criterion, section, result=result, heard=heard)
    is_known = all(why in BENIGN for why in heard)
    return found.model_copy(update={"yours": result.yours}) if is_known and criterion.spec.settled_by_code else found


def _settled(criterion: Criterion, section: Section, *, result: CheckResult, heard: tuple[str, ...]) -> StepVerdict:
    if result.cause == "by_hand":
        return _verdict(criterion, section, "unknown", text=result.feedback, cells=result.cells)
    if result.outcome == "passed" and not heard:
        return _verdict(criterion, section, "passed", text=result.feedback, cells=result.cells)
    blocking = [why for why in heard if why not in BENIGN]
    is_lost = result.outcome in {"failed", "partial", "blocked"}
    if is_lost and not blocking and (not heard or criterion.spec.settled_by_code):
        share = result.share if result.outcome == "partial" else 0.0
        return _verdict(
            criterion,
            section,
            "failed",
            text=result.feedback,
            next_step=result.next_step,
            cells=result.cells,
            share=share,
        )
    why = blocking[0] if blocking else heard[0] if heard else "a person looks at this"
    text = f"{why[:1].upper()}{why[1:]}."
    if result.outcome == "passed" and not blocking and criterion.spec.settled_by_code:
        text = f"As far as the code shows, this is as asked for; {why}."
    return _verdict(criterion, section, "unknown", text=text, cells=result.cells)


def _verdict(
    criterion: Criterion,
    section: Section,
    status: Status,
    *,
    text: str,
    next_step: str = "",
    cells: tuple[int, ...] = (),
    share: float = 0.0,
) -> StepVerdict:
    kept = {"passed": 1.0, "unknown": 1.0, "failed": share}[status]
    return StepVerdict(
        criterion=criterion.id,
        section=section.id,
        title=criterion.title,
        points=criterion.points,
        bonus=section.bonus,
        status=status,
        at_most=round(criterion.points * kept, 2),
        text=text,
        next_step=next_step,
        cells=cells,
    )


def _data_sets(rubric: Rubric) -> Iterator[str]:
    """The data sets that the rubric names: these are at hand wherever it is graded."""
    for criterion in rubric.criteria:
        name = getattr(criterion.params, "data_set", None)
        if isinstance(name, str):
            yield name


def _with_printed(verdict: StepVerdict, text: str | None) -> StepVerdict:
    return verdict if text is None or verdict.status != "unknown" else verdict.model_copy(update={"text": text})


def _matched(asked: Asked, evidence: Evidence) -> SureMatching:
    """The matching, with the sections that would be matched otherwise if what is unknown were otherwise."""
    outline = asked.outline
    try:
        found = match(outline, evidence)
    except (ArithmeticError, LookupError, TypeError, ValueError, GraderError):
        names = [section.id for section in outline.sections]
        nothing = {name: SectionMatch(section=name) for name in names}
        return SureMatching(nothing, frozenset(names))
    if "models" in unknown_fields(evidence):
        without = match(outline, evidence.model_copy(update=dict.fromkeys(("models", "fits", "compiles"), ())))
        about = {name for name, one in found.items() if one.about_model}
        moved = {name for name in found if _place(found[name]) != _place(without[name])}
        return SureMatching(found, frozenset(about | moved), unknown_fields(evidence)["models"])
    unsure: set[str] = set()
    for other in _variants(evidence, outline):
        then = match(outline, other)
        unsure |= {name for name in found if _answer(found[name]) != _answer(then[name])}
    return SureMatching(found, frozenset(unsure))


def _place(one: SectionMatch) -> tuple[object, ...]:
    return one.heading_cell, one.cells


def _answer(one: SectionMatch) -> tuple[object, ...]:
    return one.heading_cell, one.cells, one.model, one.fits


def _variants(evidence: Evidence, outline: Rubric) -> Iterator[Evidence]:
    """The same evidence with the trainings of unknown length much shorter, or longer, or as a section asks for."""
    epochs = sorted(set(_asked_epochs(outline)))
    for at, fit in enumerate(evidence.fits):
        unknown: set[str] = set(unknown_fields(fit))
        if at >= _MOST_VARIANTS or not unknown & {"steps", "epochs_run"}:
            continue
        changes: list[dict[str, object]] = [{"steps": 1, "batch_size": 1}, {"steps": 10**9, "batch_size": 1}]
        if "epochs_run" in unknown:
            changes += [{"epochs_run": number} for number in epochs]
        for change in changes:
            fits: list[FitRecord] = list(evidence.fits)
            fits[at] = fit.model_copy(update=change)
            yield evidence.model_copy(update={"fits": tuple(fits)})


def _asked_epochs(outline: Rubric) -> Iterator[int]:
    for criterion in outline.criteria:
        for recipe in parts_of(criterion.params, TrainingRecipe):
            if recipe.epochs is not None:
                yield recipe.epochs


def _unread(_ref: ArrayRef) -> NoReturn:
    note(A_RUN)
    raise LookupError("nothing was stored")


def _of_sections(rubric: Rubric, matching: Mapping[str, SectionMatch]) -> Iterator[str]:
    """Which sections have a heading in the notebook, and which do not."""
    sections = [section for section in rubric.sections if not section.whole_notebook]
    without = [f'"{one.title}"' for one in sections if one.id not in matching or not matching[one.id].heading]
    yield f"{len(sections) - len(without)} of {len(sections)} sections were found by their headings."
    if without:
        yield f"No heading was found for {', '.join(without)}."


def _remarks(log: Log) -> Iterator[str]:
    for cell, (name, text) in sorted(log.errors.items()):
        yield f"Cell {cell + 1} raises {name}: {text.rstrip(chr(46))}."
    seen: set[str] = set()
    for cell, why in log.doubts:
        if why not in seen:
            seen.add(why)
            yield f"Cell {cell + 1} cannot be followed without running it: {why}."
