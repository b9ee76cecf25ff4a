"""The student's page: points, what cost them and why, verdicts, training curves, and the notebook as it ran."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from grader.architecture.layers import TIMES, in_short, kernel_words
from grader.attribution import Attribution, attribute
from grader.calibration import NO_CURVES, Curves
from grader.limits import MAX_FIX_FIRST
from grader.records import (
    ASKS_ABOUT_ANSWER,
    Advice,
    CellRun,
    Environment,
    Evidence,
    GradedSubmission,
    Hint,
    LayerRecord,
    Measurements,
    SectionMatch,
    Verdict,
)
from grader.report.behind import beside
from grader.report.fits import FitBlock, fit_block
from grader.report.labels import LABELS, OUTCOMES
from grader.report.notebook import CellBlock, cell_blocks
from grader.report.page import SubmissionPage
from grader.report.roots import Root, first_to_fix, lost_points, names_of, roots_of
from grader.report.shown import as_shown
from grader.report.templating import environment, points
from grader.report.verified import Verified, verified_pictures
from grader.store import SubmissionFolder

_TITLES = {"tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}
"""The packages that the page names."""


@dataclass(frozen=True)
class SectionBlock:
    """A section with its verdicts and everything shown with them.

    Attributes:
        verdicts: Those that are shown here.
        elsewhere: Causes with a card of their own, and how many of this section's criteria follow from each.
    """

    match: SectionMatch
    verdicts: tuple[Verdict, ...]
    passed: tuple[Verdict, ...]
    elsewhere: tuple[tuple[Root, int], ...]
    earned: float
    pending: float
    points: float
    bonus: bool
    architecture: str
    fits: tuple[FitBlock, ...]
    advice: tuple[Advice, ...]
    hints: tuple[Hint, ...]


@dataclass(frozen=True)
class _Read:
    """What is on disk of a submission."""

    folder: SubmissionFolder
    evidence: Evidence | None
    measurements: Measurements | None
    attribution: Attribution | None
    curves: Curves


def render_feedback(
    graded: GradedSubmission,
    *,
    folder: SubmissionFolder,
    people: Sequence[str] = (),
    handed_in: str = "",
    curves: Curves = NO_CURVES,
) -> str:
    """Renders the page of one submission.

    Args:
        graded: The verdicts.
        folder: Where the evidence is, and where pictures are kept; there need be none.
        people: Whose it is.
        handed_in: When, and when it was due, see `People.handed_in`.
        curves: Of the reference, as far as they may stand behind the student's.

    Returns:
        A self-contained HTML document.
    """
    graded = as_shown(graded)
    read = _read(graded, folder, curves)
    roots = roots_of(graded, evidence=read.evidence, attribution=read.attribution)
    return (
        environment()
        .get_template("feedback.html.j2")
        .render(
            graded=graded,
            people=people,
            handed_in=handed_in,
            date=_date(folder),
            lost=max(graded.points_possible - graded.points_earned - graded.points_pending, 0.0),
            roots=roots,
            names=names_of(graded),
            steps={root.verdicts[0].criterion: root.step for root in roots if not root.is_several and root.step},
            has_blocked=any(one.outcome == "blocked" for one in graded.verdicts) and graded.status != "not_run",
            general_advice=[item for item in graded.advice if item.section not in graded.matching],
            by_hand=[verdict for verdict in graded.verdicts if verdict.cause == "by_hand"],
            questions={one.criterion: graded.questions_about(one) for one in graded.verdicts},
            objections={one.criterion: objection(graded, one) for one in graded.verdicts if lost_points(one)},
            whole_objection=objection_to_all(graded) if graded.status == "not_run" else "",
            says_incomplete=not any(root.cell is not None for root in roots),
            on_stand_in=any(use.stand_in and use.loaded for use in graded.data),
            on_sample=any(use.sample and use.loaded for use in graded.data),
            **_to_fix(graded, roots),
            **_of_run(graded, read, roots),
        )
    )


def _to_fix(graded: GradedSubmission, roots: Sequence[Root]) -> dict[str, object]:
    """What to fix first, and the number of each cause in that list, by the template's names."""
    # A file that could not be run has one thing to fix, and the page says it already.
    fix_first = first_to_fix(roots)[:MAX_FIX_FIRST] if graded.status != "not_run" else []
    numbers = {root.key: number for number, fix in enumerate(fix_first, start=1) for root in fix.roots}
    return {"fix_first": fix_first, "numbers": numbers}


def environment_text(ran_in: Environment) -> str:
    """What a notebook ran in, in a sentence or two; empty where that is not known."""
    if not ran_in.packages:
        return ""
    named = {name.removesuffix("-cpu"): version for name, version in ran_in.packages.items()}
    versions = [f"{title} {named[name]}" for name, title in _TITLES.items() if name in named]
    whose = "the grader's own environment" if ran_in.is_own else "the course's own environment"
    text = f"It ran with {', '.join([f'Python {ran_in.python}', *versions])}, in {whose}"
    text += f" ({ran_in.digest[:12]})." if ran_in.digest else "."
    return f"{text} Left out with this Keras: {', '.join(ran_in.left_out)}." if ran_in.left_out else text


def _of_run(graded: GradedSubmission, read: _Read, roots: Sequence[Root]) -> dict[str, object]:
    """What the page shows of the run itself, by the template's names."""
    evidence = read.evidence
    cells = cell_blocks(evidence, folder=read.folder) if evidence is not None else []
    texts = {cell.run.index: cell.shown for cell in cells if cell.run.kind == "markdown"}
    first, told = _first_error(read), {root.cell for root in roots}
    verified = _verified(graded, read, cells)
    cards = {one.criterion: root for root in roots if root.is_several for one in root.verdicts}
    return {
        "cells": cells,
        "at_cell": {cell.run.index: _to_look_at(graded, cell.run.index) for cell in cells},
        "verified": verified,
        "moved": {one.own.source: criterion for criterion, one in verified.items() if one.own is not None},
        "answers": {one.criterion: _answer(one, texts) for one in graded.verdicts if one.basis == "manual"},
        "sections": _sections(graded, read, cards=cards, verified=verified),
        "first_error": first if first is not None and first[0].index not in told else None,
        "ran_in": environment_text(evidence.environment) if evidence is not None else "",
        "truncated": evidence.truncated if evidence is not None else (),
        "tables": _tables(read.measurements),
    }


def _to_look_at(graded: GradedSubmission, cell: int) -> list[Verdict]:
    """The verdicts that speak of a cell, but for those that passed and of which no person said anything."""
    return [
        one
        for one in graded.verdicts
        if cell in one.cells and (one.outcome != "passed" or one.comment or one.mark is not None)
    ]


def objection(graded: GradedSubmission, verdict: Verdict) -> str:
    """The text with which a student objects to a verdict: what a tutor needs to look it up."""
    match = graded.matching.get(verdict.section)
    return _objection(
        graded,
        {
            "Criterion": f"{verdict.criterion} ({verdict.title or verdict.criterion})",
            "Section": match.title if match is not None else "",
            "Decided": f"{OUTCOMES[verdict.outcome][1]}, {points(verdict.earned)} of {points(verdict.points)} points",
            "Required": verdict.required,
            "Expected": verdict.expected,
            "Measured": verdict.yours,
            "Said": verdict.feedback,
            "Cells": ", ".join(str(cell + 1) for cell in verdict.cells),
        },
    )


def objection_to_all(graded: GradedSubmission) -> str:
    """The text with which a student objects to that a file could not be run."""
    return _objection(graded, {"Decided": LABELS["not_run"], "Said": graded.execution.detail})


def _objection(graded: GradedSubmission, said: Mapping[str, str]) -> str:
    lines = {
        "Submission": graded.submission.id,
        "File": f"{graded.submission.file_name} (SHA-256 {graded.submission.sha256[:12]})",
        **said,
        "I disagree because": "...",
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value)


def architecture_text(layers: Sequence[LayerRecord]) -> str:
    """One line of a model: ``784 → Dense 128 relu → Dropout 0.2 → Dense 10 softmax``, repeats counted."""
    first = next((layer for layer in layers if layer.input_shape is not None), None)
    head = [_shape(first.input_shape)] if first is not None and first.input_shape is not None else []
    return in_short(head, [_layer_text(layer) for layer in layers if layer.class_name != "InputLayer"])


def _layer_text(layer: LayerRecord) -> str:
    parts = [layer.own_class or layer.class_name]
    for key in ("units", "filters", "kernel_size", "pool_size", "rate", "activation"):
        value = layer.config.get(key)
        if value is None or value == "linear" or isinstance(value, dict):
            continue
        if key == "kernel_size":
            parts += kernel_words(layer.class_name, value)
        else:
            parts.append(TIMES.join(map(str, value)) if isinstance(value, list) else str(value))
    return " ".join(parts)


def _shape(shape: Iterable[int | None]) -> str:
    return TIMES.join("?" if size is None else str(size) for size in shape)


def _read(graded: GradedSubmission, folder: SubmissionFolder, curves: Curves) -> _Read:
    evidence = folder.read_evidence() if graded.status != "not_run" else None
    if evidence is None:
        return _Read(folder, None, None, None, curves)
    run = graded.execution
    if run.reason is None and run.first_error_cell is None and not any(cell.error for cell in evidence.cells):
        return _Read(folder, evidence, folder.read_measurements(), None, curves)
    try:
        attribution = attribute(evidence)
    except Exception:  # noqa: BLE001 - the page says what was raised, if not why
        attribution = None
    return _Read(folder, evidence, folder.read_measurements(), attribution, curves)


def _verified(graded: GradedSubmission, read: _Read, cells: Sequence[CellBlock]) -> dict[str, Verified]:
    """What was verified of the pictures that criteria speak of, by criterion."""
    if read.evidence is None:
        return {}
    return verified_pictures(
        graded.verdicts, evidence=read.evidence, measurements=read.measurements, cells=cells, folder=read.folder
    )


def _sections(
    graded: GradedSubmission, read: _Read, *, cards: dict[str, Root], verified: Collection[str]
) -> list[SectionBlock]:
    made = []
    pictures = [one.picture for one in graded.verdicts if one.picture is not None and one.criterion in verified]
    shown = {(one.model, one.weights) for one in pictures if one.kind == "confusion"}
    for section, match in graded.matching.items():
        evidence = read.evidence
        fits: tuple[FitBlock, ...] = ()
        if evidence is not None and match.borrowed_from is None:
            wanted = [fit for fit in evidence.fits if fit.id in match.fits]
            fits = tuple(
                fit_block(
                    fit,
                    evidence=evidence,
                    measurements=read.measurements,
                    folder=read.folder,
                    behind=behind,
                    has_matrix=(fit.model, fit.weights_after) not in shown,
                )
                for fit, behind in beside(wanted, read.curves.get(section, ()))
            )
        verdicts = [verdict for verdict in graded.verdicts if verdict.section == section]
        followed = [cards[one.criterion] for one in verdicts if one.criterion in cards]
        made.append(
            SectionBlock(
                match=match,
                verdicts=tuple(one for one in verdicts if one.outcome != "passed" and one.criterion not in cards),
                passed=tuple(one for one in verdicts if one.outcome == "passed"),
                elsewhere=tuple((root, followed.count(root)) for root in dict.fromkeys(followed)),
                earned=sum(one.earned for one in verdicts),
                pending=sum(one.pending for one in verdicts),
                points=sum(one.points for one in verdicts),
                bonus=bool(verdicts) and all(one.bonus for one in verdicts),
                architecture=_model_text(evidence, match=match),
                fits=fits,
                advice=tuple(
                    item for item in graded.advice if item.section == section and item.rule != ASKS_ABOUT_ANSWER
                ),
                hints=tuple(hint for hint in graded.hints if hint.sections[:1] == (section,)),
            )
        )
    return made


def _model_text(evidence: Evidence | None, *, match: SectionMatch) -> str:
    if evidence is None or match.model is None:
        return ""
    return architecture_text(evidence.model(match.model).layers)


def _first_error(read: _Read) -> tuple[CellRun, str] | None:
    """The first cell that raised, and what is known of the cause, as sentences."""
    cells = () if read.evidence is None else read.evidence.cells
    cell = next((cell for cell in cells if cell.status == "error"), None)
    if cell is None:
        return None
    cause = read.attribution.causes.get(cell.index) if read.attribution is not None else None
    return cell, cause.note if cause is not None else ""


def _answer(verdict: Verdict, texts: dict[int, Markup]) -> Markup:
    """The words that were handed in for a criterion that a tutor marks, as the page shows Markdown."""
    return Markup("").join(texts[cell] for cell in verdict.cells if cell in texts)


def _tables(measurements: Measurements | None) -> list[str]:
    measured = () if measurements is None else measurements.measured
    return sorted({one.data_set for one in measured if one.of_rows and one.data_set})


def _date(folder: SubmissionFolder) -> str:
    """The day on which the notebook ran; empty where it never did."""
    try:
        seconds = folder.evidence_json.stat().st_mtime
    except OSError:
        return ""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%-d %B %Y}"


PAGE = SubmissionPage("feedback.html", reader="student", render=render_feedback)
