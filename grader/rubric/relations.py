"""What must hold between the parts of a rubric: ids, references, sums."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from grader.architecture.forms import did_you_mean
from grader.judging.parameters import SectionId, parts_of
from grader.rubric.models import Criterion, Rubric, Section
from grader.rubric.yaml_source import KeyPath, Source


class Listed(Protocol):
    """Where mistakes go."""

    source: Source

    def add(self, place: KeyPath, text: str) -> None: ...


def check_relations(rubric: Rubric, problems: Listed, *, complete: bool) -> None:
    """Adds what does not hold between sections and criteria.

    Args:
        rubric: Without the parts that could not be understood.
        problems: Where mistakes go.
        complete: Whether every part was understood, so that sums mean something.
    """
    raw = _Raw(problems.source.data)
    _unique(raw.sections(), what="section", problems=problems)
    _unique(raw.criteria(), what="criterion", problems=problems)
    for section in rubric.sections:
        _model_of(section, raw, rubric=rubric, problems=problems)
        for criterion in section.criteria:
            _references(criterion, raw, problems=problems)
    _no_rounds(rubric, raw, problems=problems)
    if complete:
        _sums(rubric, problems)


class _Raw:
    """Ids and their places as the file has them, also of parts that have other mistakes."""

    def __init__(self, data: object) -> None:
        self.data = data

    def sections(self) -> list[tuple[str, KeyPath]]:
        return list(_ids(self.data, key="sections", place=()))

    def criteria(self) -> list[tuple[str, KeyPath]]:
        sections = self.data.get("sections") if isinstance(self.data, dict) else None
        found: list[tuple[str, KeyPath]] = []
        for number, section in enumerate(sections if isinstance(sections, list) else []):
            found += _ids(section, key="criteria", place=("sections", number))
        return found

    def place(self, name: str, *, among: list[tuple[str, KeyPath]]) -> KeyPath:
        return next((place for own, place in among if own == name), ())


def _ids(data: object, *, key: str, place: KeyPath) -> Iterator[tuple[str, KeyPath]]:
    items = data.get(key) if isinstance(data, dict) else None
    for number, item in enumerate(items if isinstance(items, list) else []):
        name = item.get("id") if isinstance(item, dict) else None
        if isinstance(name, str):
            yield name, (*place, key, number)


def _unique(ids: Sequence[tuple[str, KeyPath]], *, what: str, problems: Listed) -> None:
    first: dict[str, KeyPath] = {}
    for name, place in ids:
        if name in first:
            line = problems.source.line((*first[name], "id"))
            problems.add((*place, "id"), f"the id {name!r} stands in line {line} already. Each {what} needs its own.")
        first.setdefault(name, place)


def _model_of(section: Section, raw: _Raw, *, rubric: Rubric, problems: Listed) -> None:
    name = section.model_of
    if name is None:
        return
    place = (*raw.place(section.id, among=raw.sections()), "model_of")
    ids = [own for own, _ in raw.sections()]
    if name not in ids:
        problems.add(place, f"there is no section {name!r}.{did_you_mean(name, ids) or _these(ids)}")
        return
    owner = next((other for other in rubric.sections if other.id == name), None)
    if owner is not None and owner.model is None:
        problems.add(place, f"section {name!r} has no model of its own. Name one that has 'model'.")


def _references(criterion: Criterion, raw: _Raw, *, problems: Listed) -> None:
    place = raw.place(criterion.id, among=raw.criteria())
    known = [own for own, _ in raw.criteria()]
    for number, name in enumerate(criterion.requires):
        if name not in known:
            text = f"it requires {name!r}, which does not exist.{did_you_mean(name, known) or ' Name a criterion.'}"
            problems.add((*place, "requires", number), text)
    ids = [own for own, _ in raw.sections()]
    for key, value in criterion.params:
        for name in parts_of(value, SectionId):
            if name not in ids:
                text = f"parameter {key!r}: there is no section {name!r}.{did_you_mean(name, ids) or _these(ids)}"
                problems.add((*place, "params", key), text)


def _no_rounds(rubric: Rubric, raw: _Raw, *, problems: Listed) -> None:
    order = [criterion.id for criterion in rubric.criteria]
    requires = {criterion.id: set(criterion.requires) & set(order) for criterion in rubric.criteria}
    while members := _round(requires):
        first = min(range(len(members)), key=lambda place: order.index(members[place]))
        chain = [*members[first:], *members[: first + 1]]
        place = (*raw.place(chain[-2], among=raw.criteria()), "requires")
        problems.add(place, f"requires goes round: {' -> '.join(chain)}. Take one of them out.")
        requires = {name: others - {*members} for name, others in requires.items() if name not in members}


def _round(requires: Mapping[str, Iterable[str]]) -> list[str]:
    """Criteria each of which requires the next, and the last the first; empty where there are none."""
    try:
        TopologicalSorter(requires).prepare()
    except CycleError as error:
        # Listed from what is required to what requires it, with the first again at the end.
        return [str(name) for name in error.args[1]][:0:-1]
    return []


def _sums(rubric: Rubric, problems: Listed) -> None:
    for name, bonus in (("core", False), ("extra", True)):
        declared = rubric.points.extra if bonus else rubric.points.core
        total = sum(section.points for section in rubric.sections if section.bonus is bonus)
        if not math.isclose(total, declared, abs_tol=1e-9):
            kind = "bonus" if bonus else "ordinary"
            text = f"points.{name} is {declared:g}, and the criteria of the {kind} sections add up to {total:g}."
            problems.add(("points", name), f"{text} Change the one or the other.")
    possible = rubric.points.core + rubric.points.extra
    for name, line in rubric.lines.items():
        if line > possible:
            text = f"the line {name!r} is at {line:g} points, and no more than {possible:g} can be earned. Lower it."
            problems.add(("lines", name), text)


def named_sections(criterion: Criterion) -> frozenset[str]:
    """The sections that a criterion's parameters speak of."""
    return frozenset(parts_of(criterion.params, SectionId))


def _these(ids: Sequence[str]) -> str:
    return f" There are: {', '.join(ids)}."
