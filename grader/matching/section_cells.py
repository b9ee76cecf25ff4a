"""Finds the fits that count for a section, and the cells of sections without a heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.matching.section_models import SectionModel
from grader.records import Evidence, FitRecord
from grader.rubric import Section


@dataclass
class SectionCells:
    """What is known of where the sections are.

    Attributes:
        headed: Section to its cells, for sections with a heading.
        section_models: Section to its model, for sections that own one.
        fits: Section to the fits that count, for sections that own a model.
        starts: Section to the cell where it begins, as far as that is known.
        shared: Cells in which a heading stands below words that belong to the section before.
    """

    sections: Sequence[Section]
    headed: Mapping[str, tuple[int, ...]]
    section_models: Mapping[str, SectionModel]
    evidence: Evidence
    fits: dict[str, tuple[FitRecord, ...]] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    shared: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self.starts = {name: cells[0] for name, cells in self.headed.items() if cells}
        for name, given in self.section_models.items():
            start = self._start_of(given)
            if name not in self.starts and start is not None:
                self.starts[name] = start
        self.headed = {name: self._up_to_next_model(name, cells) for name, cells in self.headed.items()}
        self.fits = {name: self._own_fits(name, given) for name, given in self.section_models.items()}

    def cells_of(self, section: Section) -> tuple[int, ...]:
        """The cells of any section; none where nothing of it was found."""
        if section.whole_notebook:
            return tuple(cell.index for cell in self.evidence.cells)
        if section.id in self.headed:
            return self.headed[section.id]
        owner = section.model_of or section.id
        if owner in self.section_models:
            return self._around_model(section, owner=owner)
        return () if section.model is not None or section.model_of is not None else self._between(section)

    def fits_of(self, section: Section) -> tuple[FitRecord, ...]:
        """The fits that count for a section: those in its own cells, or up to them; later ones change nothing."""
        own = self.fits.get(section.model_of or section.id, ())
        cells = self.headed.get(section.id, ())
        if section.model_of is None or not own or not cells or max(cells) < (own[-1].cell or 0):
            return own
        later = [
            fit
            for fit in self.section_models[section.model_of].candidate.fits
            if fit.seq > own[-1].seq and (fit.cell or 0) <= max(cells)
        ]
        return (*own, *later)

    def _up_to_next_model(self, name: str, cells: tuple[int, ...]) -> tuple[int, ...]:
        """A section's cells, up to where the model of a later section without a heading is made."""
        names = [one.id for one in self.sections]
        later = [self.starts[other] for other in names[names.index(name) + 1 :] if other in self.starts]
        missing = [start for start in later if start not in self._headings() and start > cells[0]]
        return tuple(cell for cell in cells if cell < min(missing, default=cell + 1))

    def _headings(self) -> set[int]:
        return {self.starts[name] for name in self.headed}

    def _own_fits(self, name: str, given: SectionModel) -> tuple[FitRecord, ...]:
        fits = given.candidate.fits
        cells = self.headed.get(name, ())
        inside = tuple(fit for fit in fits if fit.cell in cells)
        if inside or not fits:
            return inside
        others = [
            one.candidate.fits[0].seq
            for other, one in self.section_models.items()
            if other != name and one.candidate.fits
        ]
        counted = [fits[0]]
        for fit in fits[1:]:
            # Another section's model was trained in between: this is that section's work on the old model.
            if fit.cell != fits[0].cell and any(counted[-1].seq < seq < fit.seq for seq in others):
                break
            counted.append(fit)
        upto = [fit for fit in counted if cells and (fit.cell or 0) <= max(cells)]
        return tuple(upto or counted)

    def _start_of(self, given: SectionModel) -> int | None:
        """Where a model's work begins: where it was made, unless others were trained before it was."""
        made, trained = given.candidate.record.cell, given.candidate.first_cell
        if made is None or trained is None:
            return made if trained is None else trained
        others = [fit.cell for fit in self.evidence.fits if fit.model != given.candidate.id and fit.cell is not None]
        return trained if any(made <= cell < trained for cell in others) else min(made, trained)

    def _around_model(self, section: Section, *, owner: str) -> tuple[int, ...]:
        """The cells from where a model was made, or for a section that borrows it last trained, to the next section."""
        start = self.starts.get(owner)
        if section.model_of is not None:
            trained = [fit.cell for fit in self.fits[owner] if fit.cell is not None]
            start = max(trained, default=start)
        if start is None:
            return ()
        end = min((cell for cell in self.starts.values() if cell > start), default=len(self.evidence.cells))
        taken = {cell for cells in self.headed.values() for cell in cells}
        events = {cell for cell in self._events(self.section_models[owner].candidate.id) if cell not in taken}
        if section.model_of is not None:
            events = {cell for cell in events if cell >= start}
        return tuple(sorted({*range(start, end), *events, *self.shared.intersection({end})}))

    def _between(self, section: Section) -> tuple[int, ...]:
        """The cells after the work of the previous section and before the next one."""
        names = [one.id for one in self.sections if not one.whole_notebook]
        at = names.index(section.id)
        before = next((name for name in reversed(names[:at]) if name in self.starts), None)
        since = self.starts.get(before or "", -1)
        following = [name for name in names[at + 1 :] if name in self.starts]
        end = next((self.starts[name] for name in following if self.starts[name] > since), len(self.evidence.cells))
        shares_cell = any(self.starts[name] <= since for name in following)
        if before is None or shares_cell:
            first = max(since, 0)
            end = max(end + (end in self.shared), first + 1)
            return tuple(range(first, min(end, len(self.evidence.cells))))
        return tuple(range(self._last_event(before, end=end) + 1, end + (end in self.shared)))

    def _last_event(self, name: str, *, end: int) -> int:
        section = next(one for one in self.sections if one.id == name)
        owner = section.model_of or name
        events = self._events(self.section_models[owner].candidate.id) if owner in self.section_models else set()
        within = set(self.headed[name]) if name in self.headed else set(range(self.starts[name], end))
        return max((cell for cell in events if cell in within and cell < end), default=self.starts[name])

    def _events(self, model: str) -> set[int]:
        evidence = self.evidence
        happened = [(item.model, item.cell) for item in evidence.compiles]
        happened += [(item.model, item.cell) for item in evidence.fits]
        happened += [(item.model, item.cell) for item in evidence.evaluations]
        happened += [(item.model, item.cell) for item in evidence.predictions]
        return {cell for of, cell in happened if of == model and cell is not None}
