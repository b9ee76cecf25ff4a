"""Views of a graded submission: the whole of it, and the part that answers one section of the rubric.

Checks judge a `SectionView`; integrity rules and advice look at a `SubmissionView`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy.typing as npt

from grader.attribution import Attribution, attribute
from grader.calibration import Calibration
from grader.records import (
    ArrayRef,
    CellRun,
    DataSetUse,
    EvaluationRecord,
    Evidence,
    FigureRecord,
    FitRecord,
    Measurement,
    Measurements,
    ModelRecord,
    PredictionRecord,
    SectionMatch,
)

Array = npt.NDArray[Any]

Read = Callable[[ArrayRef], Array]
"""Reads a stored array.

Raises `StoreError` where it cannot be read, and `LookupError` where it was never kept.
"""

Event = TypeVar("Event", EvaluationRecord, FigureRecord, FitRecord, PredictionRecord)


@dataclass(frozen=True)
class SubmissionView:
    """A submission: what its execution left, what was verified of it, and which of its parts answer which section.

    Attributes:
        matching: Every section's match, by section id.
        read: Reads a stored array.
        calibration: The reference's spread on this data, or None where it was never measured.
        full_calibration: The reference's spread on the full data (equal to ``calibration`` on the full data).
        template_texts: The texts of the handed-out notebook, one a cell: they are no answers.
        longest_training: The most epochs that the rubric asks of one training; None where it asks for no number.
        keras: The version of Keras that the rubric declares; None for the installed one.
    """

    evidence: Evidence
    measurements: Measurements
    matching: Mapping[str, SectionMatch]
    read: Read
    calibration: Calibration | None = None
    full_calibration: Calibration | None = None
    template_texts: frozenset[str] = field(default_factory=frozenset)
    longest_training: int | None = None
    keras: str | None = None

    def section(self, section_id: str) -> SectionView:
        """The part that answers a section.

        Raises:
            KeyError: The rubric has no such section.
        """
        return SectionView(self, self.matching[section_id])

    @cached_property
    def attribution(self) -> Attribution:
        """Whose failure it is, cell by cell, that the notebook did not do what it should."""
        return attribute(
            self.evidence,
            longest_training=self.longest_training,
            reference_seconds=None if self.calibration is None else self.calibration.longest_seconds,
            keras=self.keras,
        )

    def on_stand_in(self, model: str | None) -> bool:
        """Whether a model was trained on a stand-in's repeated rows, as far as is known: how well it does says nothing.

        Args:
            model: Its id; None for a model that is not there.
        """
        repeated = {use.name for use in self.evidence.data_sets if use.stand_in and use.loaded}
        if not repeated or model is None:
            return False
        known = {one.data_set for one in self.measurements.measured if one.model == model and one.data_set is not None}
        # Arrays that are small enough to be stored whole are the notebook's own where no data set's rows are in them.
        fits = (fit for fit in self.evidence.fits if fit.model == model)
        return bool(known & repeated) if known else any(fit.x.whole is None for fit in fits)

    @property
    def data_set(self) -> DataSetUse | None:
        """The data set that the notebook loaded: the one in use where only one was, else the first loaded."""
        return next((use for use in self.evidence.data_sets if use.loaded), None)


@dataclass(frozen=True)
class SectionView:
    """The part of a submission that answers one section; everything of the submission can be read through it.

    Attributes:
        submission: The whole of it.
        match: Which cells, model and fits answer the section.
    """

    submission: SubmissionView
    match: SectionMatch

    @property
    def evidence(self) -> Evidence:
        """What the execution left."""
        return self.submission.evidence

    @property
    def measurements(self) -> Measurements:
        """What was verified of it."""
        return self.submission.measurements

    @property
    def matching(self) -> Mapping[str, SectionMatch]:
        """Every section's match, by section id."""
        return self.submission.matching

    @property
    def read(self) -> Read:
        """Reads a stored array."""
        return self.submission.read

    @property
    def calibration(self) -> Calibration | None:
        """The reference's spread on this data, or None where it was never measured."""
        return self.submission.calibration

    @property
    def attribution(self) -> Attribution:
        """Whose failure it is, cell by cell, that the notebook did not do what it should."""
        return self.submission.attribution

    def of(self, section_id: str) -> SectionView:
        """The part that answers another section.

        Raises:
            KeyError: The rubric has no such section.
        """
        return self.submission.section(section_id)

    @property
    def on_stand_in(self) -> bool:
        """Whether the section's model was trained on a stand-in's repeated rows: how well it does says nothing."""
        return self.submission.on_stand_in(self.match.model)

    @property
    def cells(self) -> tuple[CellRun, ...]:
        """The cells of the section, in order."""
        wanted = set(self.match.cells)
        return tuple(cell for cell in self.evidence.cells if cell.index in wanted)

    @property
    def model(self) -> ModelRecord | None:
        """The model that the section owns or speaks of."""
        return None if self.match.model is None else self.evidence.model(self.match.model)

    @property
    def fits(self) -> tuple[FitRecord, ...]:
        """The fits of that model that count for the section, in order."""
        wanted = set(self.match.fits)
        return tuple(fit for fit in self.evidence.fits if fit.id in wanted)

    @property
    def weights(self) -> str | None:
        """The state in which training left the model: the key in `Evidence.weights`."""
        return self._last_fit.weights_after if self._last_fit is not None else None

    @property
    def _last_fit(self) -> FitRecord | None:
        return next((fit for fit in reversed(self.fits) if fit.weights_after is not None), None)

    def measurement(self, probe: str) -> Measurement | None:
        """The section's trained model on a probe (``train``, ``test``, ``region``, ...)."""
        if self._last_fit is None:
            return None
        return self.measurements.find(self._last_fit.model, weights=self.weights, probe=probe)

    def here(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Those of the events that happened in the section's cells."""
        wanted = set(self.match.cells)
        return tuple(event for event in events if event.cell in wanted)

    @property
    def data_set(self) -> DataSetUse | None:
        """The data set that the notebook loaded: the one in use where only one was, else the first loaded."""
        return self.submission.data_set
