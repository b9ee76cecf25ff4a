"""The student's page: points, verdicts, training curves, and the notebook as it ran."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from grader.architecture.layers import TIMES, in_short, kernel_words
from grader.attribution import attribute
from grader.errors import StoreError
from grader.limits import MAX_FIX_FIRST, MAX_PAGE_PICTURES_BYTES, MAX_SHOWN_CHARACTERS
from grader.records import (
    Advice,
    ArrayRef,
    CellRun,
    Environment,
    Evidence,
    FitRecord,
    GradedSubmission,
    LayerRecord,
    Measurement,
    Measurements,
    SectionMatch,
    Verdict,
)
from grader.report import plots
from grader.report.page import SubmissionPage
from grader.report.shown import as_shown
from grader.report.templating import data_uri, environment
from grader.store import SubmissionFolder

_PARTS = {"train": "training", "validation": "validation", "test": "test"}
"""The parts of the data that every model is measured on, and what they are called."""

_TITLES = {"tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}
"""The packages that the page names."""


@dataclass(frozen=True)
class FitBlock:
    """A fit as the page shows it: the curves, their numbers, and what was verified of the model it left.

    Attributes:
        measure: What ``scores`` hold besides the loss: the accuracy, or of quantities the mean absolute error.
    """

    title: str
    cell: int | None
    picture: str | None
    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[float, ...]], ...]
    scores: tuple[tuple[str, float | None, float | None], ...]
    measure: Literal["accuracy", "mean absolute error"]
    replay: str


@dataclass(frozen=True)
class SectionBlock:
    """A section with its verdicts and everything shown with them."""

    match: SectionMatch
    verdicts: tuple[Verdict, ...]
    architecture: str
    fits: tuple[FitBlock, ...]
    advice: tuple[Advice, ...]

    @property
    def earned(self) -> float:
        return sum(verdict.earned for verdict in self.verdicts)

    @property
    def pending(self) -> float:
        return sum(verdict.pending for verdict in self.verdicts)

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def bonus(self) -> bool:
        return bool(self.verdicts) and all(verdict.bonus for verdict in self.verdicts)


@dataclass(frozen=True)
class CellBlock:
    """A cell of the notebook as it ran."""

    run: CellRun
    pictures: tuple[str, ...]

    @property
    def printed(self) -> str:
        text = self.run.printed
        return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "\n[...]"


def render_feedback(graded: GradedSubmission, *, folder: SubmissionFolder, people: Sequence[str] = ()) -> str:
    """Renders the page of one submission.

    Args:
        graded: The verdicts.
        folder: Where the evidence is, and where pictures are kept; there need be none.
        people: Whose it is.

    Returns:
        A self-contained HTML document.
    """
    graded = as_shown(graded)
    evidence = folder.read_evidence() if graded.status != "not_run" else None
    measurements = folder.read_measurements() if evidence is not None else None
    return (
        environment()
        .get_template("feedback.html.j2")
        .render(
            graded=graded,
            people=people,
            sections=_sections(graded, evidence=evidence, measurements=measurements, folder=folder),
            # A file that could not be run has one thing to fix, and the page says it already.
            fix_first=_fix_first(graded) if graded.status != "not_run" else [],
            has_blocked=any(verdict.outcome == "blocked" for verdict in graded.verdicts),
            general_advice=[item for item in graded.advice if item.section not in graded.matching],
            by_hand=[verdict for verdict in graded.verdicts if verdict.cause == "by_hand"],
            cells=_cells(evidence, folder=folder) if evidence is not None else (),
            first_error=_first_error(evidence) if evidence is not None else None,
            ran_in=environment_text(evidence.environment) if evidence is not None else "",
            truncated=evidence.truncated if evidence is not None else (),
            tables=sorted({one.data_set for one in measurements.measured if one.of_rows and one.data_set})
            if measurements is not None
            else [],
            on_stand_in=any(use.stand_in and use.loaded for use in graded.data),
            on_sample=any(use.sample and use.loaded for use in graded.data),
        )
    )


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


def _sections(
    graded: GradedSubmission,
    *,
    evidence: Evidence | None,
    measurements: Measurements | None,
    folder: SubmissionFolder,
) -> list[SectionBlock]:
    made = []
    for section, match in graded.matching.items():
        model = _model_text(evidence, match=match)
        fits: tuple[FitBlock, ...] = ()
        if evidence is not None and match.borrowed_from is None:
            wanted = [fit for fit in evidence.fits if fit.id in match.fits]
            fits = tuple(_fit(fit, measurements=measurements, folder=folder) for fit in wanted)
        made.append(
            SectionBlock(
                match=match,
                verdicts=tuple(verdict for verdict in graded.verdicts if verdict.section == section),
                architecture=model,
                fits=fits,
                advice=tuple(item for item in graded.advice if item.section == section),
            )
        )
    return made


def _model_text(evidence: Evidence | None, *, match: SectionMatch) -> str:
    if evidence is None or match.model is None:
        return ""
    return architecture_text(evidence.model(match.model).layers)


def _fit(fit: FitRecord, *, measurements: Measurements | None, folder: SubmissionFolder) -> FitBlock:
    history = {name: values for name, values in fit.history.items() if values}
    picture = None
    if history.get("loss") and len(history["loss"]) > 1:
        onset = overfitting_onset(fit)
        svg = plots.stored(
            folder.evidence_folder / "plots",
            key=[{name: list(values) for name, values in history.items()}, onset],
            draw=lambda: plots.fit_curves(history, onset_epoch=onset),
        )
        picture = data_uri(svg, "image/svg+xml")
    names = tuple(history)
    epochs = max((len(values) for values in history.values()), default=0)
    rows = tuple(
        (epoch + 1, tuple(history[name][epoch] if epoch < len(history[name]) else float("nan") for name in names))
        for epoch in range(epochs)
    )
    batch = f", batch size {fit.batch_size}" if fit.batch_size else ""
    found = _measured(fit, measurements=measurements)
    of_quantities = any(one.mae is not None for one in found) and all(one.accuracy is None for one in found)
    return FitBlock(
        title=f"{fit.epochs_run} epoch{'s' if fit.epochs_run != 1 else ''}{batch}",
        cell=fit.cell,
        picture=picture,
        names=names,
        rows=rows,
        scores=tuple((_PARTS[one.probe], one.loss, one.mae if of_quantities else one.accuracy) for one in found),
        measure="mean absolute error" if of_quantities else "accuracy",
        replay=_replay(fit, measurements=measurements),
    )


def overfitting_onset(fit: FitRecord) -> int | None:
    """The epoch (from 1) of the lowest validation loss, where the loss rose afterwards; else None."""
    losses = np.array(fit.history.get("val_loss", ()), dtype=float)
    if losses.size < 2 or not np.isfinite(losses).any():
        return None
    lowest = int(np.nanargmin(losses)) + 1
    return lowest if lowest < losses.size else None


def _measured(fit: FitRecord, *, measurements: Measurements | None) -> tuple[Measurement, ...]:
    if measurements is None:
        return ()
    found = (measurements.find(fit.model, weights=fit.weights_after, probe=probe) for probe in _PARTS)
    return tuple(one for one in found if one is not None)


def _replay(fit: FitRecord, *, measurements: Measurements | None) -> str:
    found = next((one for one in measurements.replays if one.fit == fit.id), None) if measurements else None
    if found is None:
        return ""
    return {
        "same": "Repeated outside your notebook, this training gave the same losses in every epoch.",
        "differs": "Repeated outside your notebook, this training gave other losses.",
        "impossible": f"This training could not be repeated outside your notebook: {found.why}",
    }[found.outcome]


def _fix_first(graded: GradedSubmission) -> list[tuple[Verdict, str]]:
    """The largest recoverable losses, each with its section's title where another one is called the same.

    First what the run stopped at, then what was tried, then what was never begun. What one step fixes together is named
    once, by its largest; a cell that failed is one such step for every section that lacks something because of it.
    """
    lost = [v for v in graded.verdicts if v.outcome in {"failed", "partial", "blocked"} and v.points > v.earned]
    failing = graded.execution.first_error_cell
    begun = {v.section for v in graded.verdicts if v.earned or v.outcome in {"partial", "needs_review"}}
    begun |= {name for name, match in graded.matching.items() if match.model is not None or match.fits}

    def rank(verdict: Verdict) -> tuple[bool, bool, bool, bool, float]:
        is_stop = (
            failing is not None and failing in verdict.cells and verdict.next_step.startswith("Restart the kernel")
        )
        never_begun = not is_stop and verdict.section not in begun and not _names_cell(verdict)
        return verdict.bonus, not is_stop, never_begun, verdict.outcome == "blocked", verdict.earned - verdict.points

    by_step: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(lost, key=rank):
        section = "" if _names_cell(verdict) else verdict.section
        by_step.setdefault((section, verdict.next_step or verdict.criterion), verdict)
    first = list(by_step.values())[:MAX_FIX_FIRST]
    titles = Counter(verdict.title for verdict in first)
    sections = {name: match.title or name for name, match in graded.matching.items()}
    return [(v, sections.get(v.section, v.section) if titles[v.title] > 1 else "") for v in first]


def _names_cell(verdict: Verdict) -> bool:
    """Whether the next step is to fix one cell, and so the same for all that hangs on it."""
    return re.match(r"(?:Fix|Make) cell \d", verdict.next_step) is not None


def _first_error(evidence: Evidence) -> tuple[CellRun, str] | None:
    """The first cell that raised, and what is known of the cause, as sentences."""
    cell = next((cell for cell in evidence.cells if cell.status == "error"), None)
    if cell is None:
        return None
    try:
        cause = attribute(evidence).causes.get(cell.index)
    except Exception:  # noqa: BLE001 - the page says what was raised, if not why
        cause = None
    return cell, cause.note if cause is not None else ""


def _cells(evidence: Evidence, *, folder: SubmissionFolder) -> list[CellBlock]:
    room = MAX_PAGE_PICTURES_BYTES
    made = []
    for cell in evidence.cells:
        pictures = []
        for figure in evidence.figures:
            if figure.cell == cell.index and figure.png is not None:
                raw = _bytes(figure.png, folder=folder)
                if raw is not None and len(raw) <= room:
                    room -= len(raw)
                    pictures.append(data_uri(raw, "image/png"))
        made.append(CellBlock(run=cell, pictures=tuple(pictures)))
    return made


def _bytes(ref: ArrayRef, *, folder: SubmissionFolder) -> bytes | None:
    try:
        raw = folder.arrays.get(ref)
    except StoreError:
        return None
    data = raw.tobytes() if raw.dtype == np.uint8 else b""
    return data if data.startswith(b"\x89PNG\r\n\x1a\n") else None


PAGE = SubmissionPage("feedback.html", reader="student", render=render_feedback)
