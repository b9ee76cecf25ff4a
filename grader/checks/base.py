"""What a check is, what it sees, and where it is registered by name.

A check is a pure function ``(scope, params) -> CheckResult``. It reads evidence and measurements, never Keras, a clock
or a file. It is registered by `check`; its docstring's first line is what ``grader checks`` lists, so it is a statement
of what must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from grader.calibration import Calibration
from grader.records import (
    ArrayRef,
    CellRun,
    CheckResult,
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


class Params(BaseModel):
    """The parameters of a check, as the rubric gives them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


@dataclass(frozen=True)
class Scope:
    """Everything that a check may look at: the whole submission, seen from one section.

    Attributes:
        section: The section that the criterion belongs to.
        matching: Every section's match, by section id.
        read: Reads a stored array.
        calibration: The reference's spread on this data, or None where it was never measured.
        full_calibration: The reference's spread on the full data (equal to ``calibration`` on the full data).
    """

    evidence: Evidence
    measurements: Measurements
    matching: Mapping[str, SectionMatch]
    section: SectionMatch
    read: Callable[[ArrayRef], Array]
    calibration: Calibration | None = None
    full_calibration: Calibration | None = None
    template_texts: frozenset[str] = field(default_factory=frozenset)

    def of(self, section_id: str) -> Scope:
        """The same submission seen from another section.

        Raises:
            KeyError: The rubric has no such section.
        """
        return replace(self, section=self.matching[section_id])

    @property
    def cells(self) -> tuple[CellRun, ...]:
        """The cells of the section, in order."""
        wanted = set(self.section.cells)
        return tuple(cell for cell in self.evidence.cells if cell.index in wanted)

    @property
    def model(self) -> ModelRecord | None:
        """The model that the section owns or speaks of."""
        return None if self.section.model is None else self.evidence.model(self.section.model)

    @property
    def fits(self) -> tuple[FitRecord, ...]:
        """The fits of that model that count for the section, in order."""
        wanted = set(self.section.fits)
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
        wanted = set(self.section.cells)
        return tuple(event for event in events if event.cell in wanted)

    @property
    def data_set(self) -> DataSetUse | None:
        """The data set that the notebook loaded: the one in use where only one was, else the first loaded."""
        loaded = [use for use in self.evidence.data_sets if use.loaded]
        return loaded[0] if loaded else None


Event = TypeVar("Event", EvaluationRecord, FigureRecord, FitRecord, PredictionRecord)

P = TypeVar("P", bound=Params)


@dataclass(frozen=True)
class CheckSpec:
    """A registered check.

    Attributes:
        statement: The docstring's first line.
    """

    name: str
    params: type[Params]
    run: Callable[[Scope, Any], CheckResult]
    statement: str


_REGISTRY: dict[str, CheckSpec] = {}


def check(
    name: str, *, params: type[P]
) -> Callable[[Callable[[Scope, P], CheckResult]], Callable[[Scope, P], CheckResult]]:
    """Registers a check under the name that rubrics use.

    Raises:
        ValueError: The name is taken, or the function has no docstring.
    """

    def register(function: Callable[[Scope, P], CheckResult]) -> Callable[[Scope, P], CheckResult]:
        if name in _REGISTRY or not function.__doc__:
            raise ValueError(f"check {name!r} is registered twice or says nothing of itself")
        statement = function.__doc__.strip().splitlines()[0]
        _REGISTRY[name] = CheckSpec(name=name, params=params, run=function, statement=statement)
        return function

    return register


def registered() -> Mapping[str, CheckSpec]:
    """Every registered check by name (import `grader.checks`, which loads every family)."""
    return dict(sorted(_REGISTRY.items()))
