"""Reads a rubric and finds every mistake in it at once, each with its line and what to do about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

import grader.checks  # noqa: F401 - registers every check
from grader.architecture.forms import did_you_mean
from grader.errors import RubricError, UsageError
from grader.judging.registry import CheckSpec, Params, find_check, registered
from grader.rubric.companion_files import check_files, read_calibrations, read_template
from grader.rubric.messages import message_of, unknown_key
from grader.rubric.models import Criterion, DeclaredPoints, Rubric, Section, form_parameters
from grader.rubric.relations import check_relations
from grader.rubric.yaml_source import KeyPath, Source, read_source

FROM_COMPANION_FILES = frozenset({"path", "sha256", "calibrations", "template_texts"})
"""Attributes of a rubric that do not stand in its file."""

M = TypeVar("M", bound=BaseModel)


class Problems:
    """The mistakes of one file, as they are found."""

    def __init__(self, path: Path, source: Source) -> None:
        self.path = path
        self.source = source
        self._found: list[tuple[int, str]] = []

    def add(self, place: KeyPath, text: str) -> None:
        """Adds a mistake at a place; the subject (section or criterion) is put before it."""
        subject = self._subject(place)
        entry = (self.source.line(place), f"{subject}: {text}" if subject else text)
        if entry not in self._found:
            self._found.append(entry)

    def lines(self) -> list[str]:
        """Every mistake as ``file:line: text``, in the order of the lines."""
        return [f"{self.path}:{line}: {text}" for line, text in sorted(self._found, key=lambda entry: entry[0])]

    def _subject(self, place: KeyPath) -> str:
        data = self.source.data
        names: list[str] = []
        for word, key in (("section", "sections"), ("criterion", "criteria")):
            at = place.index(key) if key in place else -1
            if at < 0 or len(place) <= at + 1:
                break
            number = place[at + 1]
            item = _at(data, place[: at + 2])
            own = item.get("id") if isinstance(item, dict) else None
            names = [f"{word} {own}" if isinstance(own, str) and own else f"{word} {int(number) + 1}"]
        return names[0] if names else ""


def load_rubric(path: Path, *, with_calibration: bool = True) -> Rubric:
    """Reads a rubric and the companion files that grading needs.

    Args:
        path: Of the YAML file.
        with_calibration: False to leave the reference's spread aside, for measuring it anew.

    Raises:
        RubricError: The rubric has mistakes; every one of them is in it.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RubricError([f"{path}: it cannot be read ({error.strerror}). Check the path."]) from error
    source = read_source(raw)
    problems = Problems(path, source)
    for line, text in source.problems:
        problems.source.lines[("yaml", line)] = line
        problems.add(("yaml", line), text)
    if not source.is_complete or not isinstance(source.data, dict):
        if source.is_complete and source.data is not None:
            problems.add((), "a rubric is a mapping at the top (assignment: ..., sections: ...). See the schema.")
        raise RubricError(problems.lines())
    rubric = _rubric(source.data, problems)
    rubric = rubric.model_copy(update={"path": path, "sha256": hashlib.sha256(raw).hexdigest()})
    check_relations(rubric, problems, complete=not problems.lines())
    check_files(rubric, problems)
    companions: dict[str, Any] = {"template_texts": read_template(rubric, problems)}
    if with_calibration:
        companions["calibrations"] = read_calibrations(rubric, problems)
    lines = problems.lines()
    if lines:
        raise RubricError(lines)
    return rubric.model_copy(update=companions)


def _rubric(data: dict[str, Any], problems: Problems) -> Rubric:
    """The rubric as far as it can be understood: sections and criteria with mistakes are left out."""
    head = {key: value for key, value in data.items() if key != "sections"}
    known = set(Rubric.model_fields) - FROM_COMPANION_FILES
    for key in [key for key in head if key not in known]:
        problems.add((key,), unknown_key(key, known))
        del head[key]
    rubric = _model(Rubric, head, place=(), problems=problems)
    sections = [
        section
        for number, raw in enumerate(_list_at(data, "sections", place=(), problems=problems))
        if (section := _section(raw, place=("sections", number), problems=problems)) is not None
    ]
    rubric = rubric or Rubric(assignment="unknown", title="", points=DeclaredPoints(core=0))
    return rubric.model_copy(update={"sections": tuple(sections)})


def _section(raw: Any, *, place: KeyPath, problems: Problems) -> Section | None:
    if not isinstance(raw, dict):
        problems.add(place, "a section is a mapping (id: ..., title: ..., criteria: ...).")
        return None
    head = {key: value for key, value in raw.items() if key != "criteria"}
    section = _model(Section, head, place=place, problems=problems)
    criteria = [
        criterion
        for number, one in enumerate(_list_at(raw, "criteria", place=place, problems=problems))
        if (criterion := _criterion(one, section, place=(*place, "criteria", number), problems=problems)) is not None
    ]
    return None if section is None else section.model_copy(update={"criteria": tuple(criteria)})


def _criterion(raw: Any, section: Section | None, *, place: KeyPath, problems: Problems) -> Criterion | None:
    if not isinstance(raw, dict):
        problems.add(place, "a criterion is a mapping (id: ..., points: ..., check: ...).")
        return None
    head = {key: value for key, value in raw.items() if key != "params"}
    criterion = _model(Criterion, head, place=place, problems=problems)
    name = raw.get("check")
    if not isinstance(name, str):
        return criterion
    try:
        spec = find_check(name)
    except UsageError as error:
        hint = error.expected or did_you_mean(name, registered()).strip() or error.fix
        problems.add((*place, "check"), f"{error.found} {hint}")
        return criterion
    given = raw.get("params")
    forms = form_parameters(spec.params)
    if forms and section is not None and section.model is not None:
        own = dict.fromkeys(forms, section.model)
        given = {**own, **given} if isinstance(given, dict) else given or own
    params = _params(given, spec, place=(*place, "params"), problems=problems)
    return None if criterion is None or params is None else criterion.model_copy(update={"params": params})


def _params(raw: Any, spec: CheckSpec, *, place: KeyPath, problems: Problems) -> Params | None:
    given = {} if raw is None else raw
    if not isinstance(given, dict):
        problems.add(place, f"the parameters of check {spec.name!r} are a mapping. {_takes(spec)}")
        return None
    known = spec.params.model_fields
    unknown = [key for key in given if key not in known]
    for key in unknown:
        hint = did_you_mean(key, known)
        problems.add((*place, key), f"check {spec.name!r} has no parameter {key!r}.{hint} {_takes(spec)}")
    try:
        return spec.params.model_validate({key: value for key, value in given.items() if key in known})
    except ValidationError as error:
        found = error.errors(include_url=False)
    for item in found:
        where = tuple(part for part in item["loc"] if isinstance(part, str | int))
        if not where and unknown:
            continue  # what is missing is probably what was misspelt
        problems.add((*place, *where), _wrong_parameter(item, spec, name=str(where[0]) if where else ""))
    return None


def _wrong_parameter(error: ErrorDetails, spec: CheckSpec, *, name: str) -> str:
    subject = f"parameter {name!r} of check {spec.name!r}" if name else f"check {spec.name!r}"
    if name in form_parameters(spec.params) and error["type"] == "missing":
        return f"{subject} is missing, and its section has no 'model' either. Give the section one."
    if error["type"] == "missing":
        return f"{subject} is missing. {_takes(spec)}"
    return f"{subject}: {message_of(error, model=spec.params)}"


def _takes(spec: CheckSpec) -> str:
    names = ", ".join(spec.params.model_fields)
    return f"It takes: {names}." if names else "It takes none."


def _model(kind: type[M], raw: Mapping[str, Any], *, place: KeyPath, problems: Problems) -> M | None:
    """A part as far as it can be understood: without the keys that have mistakes, or None where it needs those."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)
    wrong: set[str | int] = set()
    for item in found:
        where = tuple(part for part in item["loc"] if isinstance(part, str | int))
        problems.add((*place, *where), message_of(item, model=kind))
        wrong.update(where[:1])
    try:
        return kind.model_validate({key: value for key, value in raw.items() if key not in wrong})
    except ValidationError:
        return None


def _list_at(data: Mapping[str, Any], key: str, *, place: KeyPath, problems: Problems) -> list[Any]:
    items = data.get(key)
    if isinstance(items, list) and items:
        return items
    problems.add((*place, key) if key in data else place, f"{key!r} must be a list of at least one.")
    return []


def _at(data: Any, place: KeyPath) -> Any:
    for key in place:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
