"""What is known of a model's training: the run that was graded, and the one that the stored outputs show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.judging.subject import measured_states
from grader.judging.views import SectionView
from grader.metrics import METRICS, is_accuracy
from grader.records import EvaluationRecord, FitRecord, Measurement
from grader.text.progress import History, shown_histories
from grader.text.quantities import Quantity, bar_results, quantities
from grader.text.statements import Metric, Part

_KEYS: Mapping[Part, str] = {"training": "", "validation": "val_"}
_PROBES: Mapping[Part, str] = {"training": "train", "validation": "validation", "test": "test"}

_LAST_EPOCHS = 3
"""The end of a training, as a reader of its curve has it."""


@dataclass(frozen=True)
class Runs:
    """The trainings of one model, and of all others of the notebook, by curve.

    Attributes:
        graded: Metric to values by epoch, over all fits that count.
        stored: The same from the outputs that were handed in; None where these show none.
        others: Of the other models, graded and stored.
        is_of_all_rows: Whether the graded run had the rows that the student's own run had, as far as is known.
    """

    section: SectionView
    graded: History
    stored: History | None
    others: tuple[History, ...]
    is_of_all_rows: bool

    @property
    def own(self) -> tuple[History, ...]:
        """The runs that have to contradict a statement: where only a sample was at hand, the stored one among them."""
        if self.stored is None:
            return (self.graded,) if self.is_of_all_rows else ()
        return (self.graded, self.stored)

    def figures(self, part: Part, metric: Metric, *, is_last: bool = False) -> list[float]:
        """What a part of the data scored in the graded run: at the end of each epoch, and when it was measured.

        Args:
            part: Of the data.
            metric: Of the score.
            is_last: Of the last epochs alone.
        """
        found = list(curve(self.graded, part, metric)[-_LAST_EPOCHS if is_last else 0 :])
        states = measured_states(self.section, _PROBES[part])
        found += [value for one in states if (value := METRICS[metric].of(one)) is not None]
        if part == "test":
            found += list(_evaluated(self._evaluations, metric))
        return found

    def stored_figures(self, part: Part, metric: Metric, *, is_last: bool = False) -> list[float]:
        """The same of the outputs that were handed in."""
        if part != "test":
            return list(curve(self.stored or {}, part, metric)[-_LAST_EPOCHS if is_last else 0 :])
        evaluated = {one.cell for one in self._evaluations}
        cells = [one for one in self.section.evidence.cells if one.index in evaluated or one in self.section.cells]
        return [
            number.value
            for cell in cells
            for number in (*quantities(cell.stored_text), *bar_results(cell.stored_text))
            if number.is_named(metric)
        ]

    def figures_of_others(self, part: Part, metric: Metric) -> list[float]:
        """What the other models of the notebook scored."""
        found = [value for history in self.others for value in curve(history, part, metric)]
        own = {one.model for one in measured_states(self.section, _PROBES[part])}
        measured: Iterable[Measurement] = self.section.measurements.measured
        others = [one for one in measured if one.probe == _PROBES[part] and one.model not in own]
        found += [value for one in others if (value := METRICS[metric].of(one)) is not None]
        return [*found, *(_evaluated(self.section.evidence.evaluations, metric) if part == "test" else ())]

    def printed(self) -> Iterator[Quantity]:
        """Every number that any run printed outside of progress bars."""
        for cell in self.section.evidence.cells:
            yield from quantities(cell.stored_text)
            yield from quantities(cell.printed)

    @property
    def _evaluations(self) -> list[EvaluationRecord]:
        model = self.section.match.model
        return [one for one in self.section.evidence.evaluations if one.model == model]


def curve(history: History, part: Part, metric: Metric) -> tuple[float, ...]:
    """One curve of a training; empty where it has none."""
    return history.get(f"{_KEYS[part]}{metric}", ()) if part in _KEYS else ()


def runs_of(section: SectionView) -> Runs | None:
    """The runs of a section's model; None where it has no training of its own that left a history."""
    evidence = section.evidence
    graded = _joined([_named(fit.history) for fit in section.fits])
    if section.match.model is None or not graded.get("loss") or any(fit.kind != "fit" for fit in section.fits):
        return None
    own = {fit.id for fit in section.fits}
    rest = [fit for fit in evidence.fits if fit.id not in own]
    cells = {fit.cell for fit in section.fits}
    stored = {cell.index: [_named(one) for one in shown_histories(cell.stored_text)] for cell in evidence.cells}
    shown = [one for index in sorted(stored) if index in cells for one in stored[index]]
    others = [_named(fit.history) for fit in rest]
    others += [one for index, found in stored.items() if index not in cells for one in found]
    if len(shown) > len(section.fits):
        others, shown = others + shown, []
    return Runs(
        section,
        graded,
        _joined(shown) or None if len(shown) == len(section.fits) else None,
        tuple(others),
        is_of_all_rows=_had_all_rows(section, section.fits),
    )


def _had_all_rows(section: SectionView, fits: Sequence[FitRecord]) -> bool:
    """Whether no data set that was loaded is a sample or a stand-in."""
    return bool(fits) and not any(use.loaded and (use.sample or use.stand_in) for use in section.evidence.data_sets)


def _named(history: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, ...]]:
    """A history with its accuracies called so, whatever Keras calls them."""
    found: dict[str, tuple[float, ...]] = {}
    for name, values in history.items():
        held, plain = ("val_", name[4:]) if name.startswith("val_") else ("", name)
        if plain == "loss" or is_accuracy(plain):
            found.setdefault(f"{held}{'loss' if plain == 'loss' else 'accuracy'}", tuple(values))
    return found


def _joined(histories: Sequence[History]) -> History:
    """One history of several trainings that followed each other; of curves that all of them have."""
    names = [name for name in (histories[0] if histories else {}) if all(name in one for one in histories)]
    return {name: tuple(value for one in histories for value in one[name]) for name in names}


def _evaluated(evaluations: Iterable[EvaluationRecord], metric: Metric) -> Iterator[float]:
    for one in evaluations:
        named = {name for name in one.results if name == metric or (metric == "accuracy" and is_accuracy(name))}
        yield from (one.results[name] for name in sorted(named))
