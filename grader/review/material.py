"""What stands beside an answer: its cells, the figures and trainings that it speaks of, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from grader.errors import StoreError
from grader.judging.absence import section_name
from grader.records import CellRun, Evidence, FitRecord, GradedSubmission, Measurements, SectionMatch, Verdict
from grader.report.feedback import architecture_text
from grader.report.notebook import capped, source_of
from grader.store import SubmissionFolder

_PARTS = {"train": "training", "validation": "validation", "test": "test"}
_WIDTH, _HEIGHT = 300.0, 110.0


@dataclass(frozen=True)
class CellShown:
    """A cell; ``figures`` are numbers in the evidence's list."""

    run: CellRun
    figures: tuple[int, ...]

    @property
    def shown(self) -> Markup:
        """Its source: code with its colours, Markdown with its form."""
        return source_of(self.run)

    @property
    def printed(self) -> str:
        return capped(self.run.printed)


@dataclass(frozen=True)
class Curve:
    """A line of a picture: its name, and points as an SVG polyline takes them."""

    name: str
    points: str


@dataclass(frozen=True)
class FitShown:
    """A training: its losses drawn and in words, and what was measured of the model that it left.

    Attributes:
        scores: Part of the data, loss, accuracy and mean absolute error, as verified.
        lowest: Where the lowest validation loss is drawn, x and y; None without validation.
    """

    section: str
    title: str
    model: str
    curves: tuple[Curve, ...]
    lowest: tuple[float, float] | None
    top: float
    bottom: float
    epochs: int
    said: str
    scores: tuple[tuple[str, float | None, float | None, float | None], ...]


@dataclass(frozen=True)
class Material:
    """Everything shown with an answer.

    Attributes:
        cells: Those that the verdict names.
        others: The rest of the section, and the figures' cells of the sections that the answer speaks of.
        fits: The trainings that it speaks of.
        questions: What the student is asked about sentences of the answer that the run contradicts.
        problem: Why nothing is shown; empty where something is.
    """

    cells: tuple[CellShown, ...] = ()
    others: tuple[CellShown, ...] = ()
    fits: tuple[FitShown, ...] = ()
    questions: tuple[str, ...] = ()
    problem: str = ""


def material(graded: GradedSubmission, verdict: Verdict, *, folder: SubmissionFolder) -> Material:
    """What stands beside one answer.

    Args:
        graded: The submission's grade.
        verdict: Of the criterion.
        folder: Where the evidence is.
    """
    evidence = folder.read_evidence()
    if evidence is None:
        return Material(problem=graded.execution.detail or "Nothing is stored of this submission's run.")
    measurements = folder.read_measurements()
    sections = spoken_of(graded, verdict)
    own = set(verdict.cells)
    match = graded.matching.get(verdict.section)
    beside = {index for name in sections for index in _figure_cells(graded.matching[name], evidence)}
    rest = (set(match.cells if match is not None else ()) | beside) - own
    wanted = [(fit, name) for name in sections for fit in evidence.fits if fit.id in graded.matching[name].fits]
    return Material(
        cells=tuple(_cells(own, evidence)),
        others=tuple(_cells(rest, evidence)),
        fits=tuple(
            fit_shown(
                fit,
                section=graded.matching[name].title or name,
                evidence=evidence,
                measurements=measurements,
            )
            for fit, name in wanted
        ),
        questions=graded.questions_about(verdict),
    )


def whole_notebook(folder: SubmissionFolder) -> tuple[CellShown, ...]:
    """Every cell that holds something; none where nothing is stored of the run."""
    evidence = folder.read_evidence()
    if evidence is None:
        return ()
    return tuple(_cells((cell.index for cell in evidence.cells if cell.source.strip()), evidence))


def spoken_of(graded: GradedSubmission, verdict: Verdict) -> list[str]:
    """The sections whose trainings an answer speaks of.

    Those that its facts name, its own, or the last one before it that has a training.
    """
    known = graded.matching
    named = [name for name in known if known[name].fits and f"of {section_name(name, known)}:" in verdict.expected]
    own = known.get(verdict.section)
    if own is not None and own.fits:
        named = list(dict.fromkeys([verdict.section, *named]))
    if named or own is None:
        return named
    before = list(known)[: list(known).index(verdict.section)]
    return [name for name in before if known[name].fits][-1:]


def picture(folder: SubmissionFolder, number: int) -> bytes | None:
    """A figure of the run as PNG; None where there is none."""
    evidence = folder.read_evidence()
    if evidence is None or not 0 <= number < len(evidence.figures):
        return None
    ref = evidence.figures[number].png
    try:
        raw = None if ref is None else folder.arrays.get(ref)
    except StoreError:
        return None
    data = raw.tobytes() if raw is not None and raw.dtype == np.uint8 else b""
    return data if data.startswith(b"\x89PNG\r\n\x1a\n") else None


def fit_shown(fit: FitRecord, *, section: str, evidence: Evidence, measurements: Measurements | None) -> FitShown:
    """A training as the page draws it.

    Args:
        fit: Of the evidence.
        section: The title of the section that it answers.
        evidence: Of the run.
        measurements: What was verified.
    """
    history = {name: fit.history.get(name, ()) for name in ("loss", "val_loss")}
    finite = [value for values in history.values() for value in values if math.isfinite(value)]
    top, bottom = max(finite, default=1.0), min(finite, default=0.0)
    held = history["val_loss"]
    lowest = min(range(len(held)), key=lambda at: held[at] if math.isfinite(held[at]) else math.inf, default=None)
    return FitShown(
        section=section,
        title=f"{fit.epochs_run} epoch{'s' if fit.epochs_run != 1 else ''}"
        + (f", batch size {fit.batch_size}" if fit.batch_size else "")
        + (f", cell {fit.cell + 1}" if fit.cell is not None else ""),
        model=architecture_text(evidence.model(fit.model).layers),
        curves=tuple(
            Curve(name, _points(values, top=top, bottom=bottom)) for name, values in history.items() if len(values) > 1
        ),
        lowest=None if lowest is None or len(held) < 2 else _point(lowest, held, top=top, bottom=bottom),
        top=top,
        bottom=bottom,
        epochs=max(len(values) for values in history.values()),
        said=" ".join(_in_words(history, lowest=lowest)),
        scores=tuple(_scores(fit, measurements)),
    )


def _scores(
    fit: FitRecord, measurements: Measurements | None
) -> Iterable[tuple[str, float | None, float | None, float | None]]:
    for probe, word in _PARTS.items():
        found = measurements and measurements.find(fit.model, weights=fit.weights_after, probe=probe)
        if found:
            yield word, found.loss, found.accuracy, found.mae


def _in_words(history: Mapping[str, Sequence[float]], *, lowest: int | None) -> Iterable[str]:
    for name, word in (("loss", "Training"), ("val_loss", "Validation")):
        values = history[name]
        if values:
            yield f"{word} loss goes from {values[0]:.4g} to {values[-1]:.4g} in {len(values)} epochs."
    if lowest is not None:
        yield f"Validation loss is lowest in epoch {lowest + 1}: {history['val_loss'][lowest]:.4g}."


def _points(values: Sequence[float], *, top: float, bottom: float) -> str:
    at = (_point(index, values, top=top, bottom=bottom) for index in range(len(values)))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in at)


def _point(index: int, values: Sequence[float], *, top: float, bottom: float) -> tuple[float, float]:
    """Where a value is drawn; one that is no number at the top."""
    value = values[index] if math.isfinite(values[index]) else top
    share = (top - value) / (top - bottom) if top > bottom else 0.5
    return round(_WIDTH * index / max(1, len(values) - 1), 1), round(_HEIGHT * share, 1)


def _figure_cells(match: SectionMatch, evidence: Evidence) -> set[int]:
    drawn = {figure.cell for figure in evidence.figures if figure.png is not None}
    return set(match.cells) & drawn


def _cells(indices: Iterable[int], evidence: Evidence) -> Iterable[CellShown]:
    for index in sorted(indices):
        if 0 <= index < len(evidence.cells):
            figures = [at for at, one in enumerate(evidence.figures) if one.cell == index and one.png is not None]
            yield CellShown(evidence.cells[index], tuple(figures))
