"""What a rubric is made of, in memory and in YAML: sections with criteria, points, limits, and paths beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    SerializeAsAny,
    WithJsonSchema,
    model_validator,
)

from grader.architecture.forms import ModelForm
from grader.calibration import Calibration
from grader.errors import RubricError
from grader.judging.parameters import ComparedSectionId, parts_of
from grader.judging.registry import CheckPackage, CheckSpec, Params, find_check
from grader.records import HintLevel, Sha256
from grader.rubric.late import Late

DataKind = Literal["full", "sample"]

_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB|KIB|MIB|GIB|TIB)\s*$", re.IGNORECASE)
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


def _size(value: object) -> object:
    match = _SIZE.match(value) if isinstance(value, str) else None
    return value if match is None else int(float(match.group(1)) * _UNITS[match.group(2).lower()])


Bytes = Annotated[
    int,
    BeforeValidator(_size),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": _SIZE.pattern}]}),
]
"""A number of bytes; ``3 GB`` and ``512 MiB`` are understood."""

Points = Annotated[FiniteFloat, Field(ge=0)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
CriterionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$")]


def _has_no_nul(path: str) -> str:
    if "\0" in path:
        raise ValueError("a path cannot hold a NUL character. Delete it.")
    return path


def _as_text(version: object) -> object:
    # Of 2.10 YAML makes 2.1: a version with a point is a text.
    return str(version) if isinstance(version, int) and not isinstance(version, bool) else version


KerasVersion = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(pattern=r"^\d+(\.\d+)*$"),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+(\.\d+)*$"}]}),
]
"""A version of Keras, or the beginning of one: ``2`` stands for every 2.x."""

RelativePath = Annotated[str, AfterValidator(_has_no_nul)]
"""A path as a rubric names it."""


def form_parameters(params: type[Params]) -> frozenset[str]:
    """The parameters of a check that are the form of a model: what a rubric leaves out is the section's own."""
    return frozenset(
        name for name, field in params.model_fields.items() if field.annotation in {ModelForm, ModelForm | None}
    )


class Part(BaseModel):
    """A part of a rubric: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Part):
    """What a notebook may use on one kind of data.

    Attributes:
        cell_timeout_seconds: After it a cell is interrupted, and the run goes on.
        notebook_timeout_seconds: After it the run ends.
    """

    cell_timeout_seconds: Annotated[FiniteFloat, Field(gt=0)] = 900.0
    notebook_timeout_seconds: Annotated[FiniteFloat, Field(gt=0)] = 1800.0
    memory_bytes: Bytes = 3 * 10**9
    processes: Annotated[int, Field(ge=16)] = 256
    disk_bytes: Bytes = 256 * 2**20


class LimitsByData(Part):
    """Limits on the full data and on the sample."""

    full: Limits = Limits()
    sample: Limits = Limits(cell_timeout_seconds=60.0, notebook_timeout_seconds=240.0)


class CalibrationPaths(Part):
    """Where the reference's spread is kept, relative to the rubric."""

    full: RelativePath | None = None
    sample: RelativePath | None = None


class DeclaredPoints(Part):
    """What the points of the criteria must add up to, of ordinary sections and of bonus sections."""

    core: Points
    extra: Points = 0.0


class OutcomeTexts(Part):
    """Feedback in the tutor's own words; ``{yours}`` and ``{expected}`` stand for what was found and asked for.

    Attributes:
        next_step: Instead of the check's own.
    """

    passed: str | None = None
    partial: str | None = None
    failed: str | None = None
    next_step: str | None = None


class Criterion(Part):
    """One thing that must hold, and what it is worth.

    Attributes:
        check: The name of a registered check; ``grader checks`` lists them.
        params: Of that check.
        requires: Criteria without which this one is blocked.
        visibility: ``tutor`` keeps it off the student's page, and out of what `grader release` makes.
        hide_band: `grader release` says that there is this criterion, and not what it must reach.
    """

    id: CriterionId
    title: str = ""
    points: Points
    check: str
    params: SerializeAsAny[Params] = Params()
    requires: tuple[str, ...] = ()
    visibility: Literal["student", "tutor"] = "student"
    hide_band: bool = False
    text: OutcomeTexts = OutcomeTexts()

    @property
    def spec(self) -> CheckSpec:
        """The check, with what it declares.

        Raises:
            UsageError: It is not registered; `load_rubric` refuses such a rubric.
        """
        return find_check(self.check)


class Section(Part):
    """A part of the assignment.

    Attributes:
        title: The heading as it was handed out.
        also: Other headings that it may have.
        whole_notebook: True for a section of no heading, whose criteria speak of the whole notebook.
        bonus: Its points are a bonus.
        model: What the model of this section should look like: models are matched by it.
        model_of: The section whose model this one speaks of.
    """

    id: Identifier
    title: str
    also: tuple[str, ...] = ()
    whole_notebook: bool = False
    bonus: bool = False
    model: ModelForm | None = None
    model_of: str | None = None
    criteria: tuple[Criterion, ...] = ()

    @model_validator(mode="after")
    def _one_model(self) -> Section:
        if self.model is not None and self.model_of is not None:
            raise ValueError(
                "a section has a model of its own or speaks of another's: give model or model_of, not both"
            )
        return self

    @property
    def points(self) -> float:
        """Of all its criteria."""
        return sum(criterion.points for criterion in self.criteria)

    @property
    def compares_trainings(self) -> bool:
        """Whether it judges several trainings of its own cells side by side, none of which is its model."""
        return any(criterion.spec.compares_trainings for criterion in self.criteria)


class Rubric(Part):
    """An assignment's sections and criteria, and what belongs to them.

    Attributes:
        version: The tutor's own, for the record.
        reference: The reference solution, relative to the rubric.
        template: The handed-out notebook (a path relative to the rubric), or texts of it: they are no answers.
        inputs: What is answered, in order, where a notebook asks for typing (``input``, ``getpass``); without an
            answer left, what hangs on it is pending.
        files: Files and folders that are laid beside every notebook, relative to the rubric: a file under its name, a
            folder with its name.
        environment: The course's virtual environment, in which notebooks run (a folder relative to the rubric, made by
            `grader environment`); without it, the grader's own.
        keras: The version of Keras that the assignment is written for (``2``, ``"2.13"``), where it is not the
            installed one: names that are gone since are not the student's failure then.
        late: What handing in late costs; None for nothing.
        hints: How much of a proved edit students are told (see `grader.hints`): ``off``, ``location``, ``direction`` or
            ``edit``.
        lines: Names of grades and the points from which on they are reached, bonus included; `grader preview` says who
            would cross one.
        path: Of the file it was read from.
        sha256: Of that file.
        calibrations: By kind of data, as far as they were read.
        template_texts: The template's texts, one a cell.
    """

    assignment: Identifier
    title: str
    version: int | str = 1
    reference: RelativePath | None = None
    calibration: CalibrationPaths = CalibrationPaths()
    template: RelativePath | tuple[str, ...] | None = None
    inputs: tuple[str | int | FiniteFloat, ...] = ()
    files: tuple[RelativePath, ...] = ()
    environment: RelativePath | None = None
    keras: KerasVersion | None = None
    limits: LimitsByData = LimitsByData()
    late: Late | None = None
    hints: HintLevel = "off"
    lines: dict[str, Points] = {}
    points: DeclaredPoints
    sections: tuple[Section, ...] = ()
    path: Path = Path()
    sha256: Sha256 = "0" * 64
    calibrations: dict[DataKind, Calibration] = {}
    template_texts: frozenset[str] = frozenset()

    @property
    def laid_files(self) -> dict[str, Path]:
        """The files that are laid beside every notebook, by their path from its folder; hidden ones are not."""
        found: dict[str, Path] = {}
        for one in self.files:
            top = self.companion(one)
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                name = path.relative_to(top.parent).as_posix()
                if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                    found[name] = path
        return found

    @property
    def typed_inputs(self) -> tuple[str, ...]:
        """The answers to what a notebook asks for typing, as they are typed."""
        return tuple(str(answer) for answer in self.inputs)

    @property
    def points_possible(self) -> float:
        """Without the bonus."""
        return sum(section.points for section in self.sections if not section.bonus)

    @property
    def asks_for_training(self) -> bool:
        """Whether some section is about a model or compares trainings."""
        return any(one.model or one.model_of or one.compares_trainings for one in self.sections)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Of every section, in order."""
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    @property
    def reference_path(self) -> Path:
        """The reference solution.

        Raises:
            RubricError: The rubric names none, or the file is missing.
        """
        if self.reference is None:
            fix = "Add a line such as: reference: ../reference/<assignment>/reference.ipynb"
            raise RubricError([f"{self.path}:1: there is no reference solution. {fix}"])
        found = self.companion(self.reference)
        if not found.is_file():
            raise RubricError([f"{self.path}: the reference {found} is missing. Check the path under 'reference'."])
        return found

    @property
    def template_notebook(self) -> Path | None:
        """The handed-out notebook; None where the rubric names none, or texts of it alone."""
        if not isinstance(self.template, str) or not self.template.endswith(".ipynb"):
            return None
        return self.companion(self.template)

    @property
    def gap_pairs(self) -> dict[str, ComparedSectionId]:
        """Which section's gap is compared with whose, as the criteria say."""
        return {
            section.id: other
            for section in self.sections
            for criterion in section.criteria
            for other in parts_of(criterion.params, ComparedSectionId)
        }

    @property
    def course_checks(self) -> tuple[CheckSpec, ...]:
        """The course's own checks that it uses, which come with a package besides the grader, by name."""
        return tuple(spec for spec in self.specs if spec.package is not None)

    @property
    def check_packages(self) -> tuple[CheckPackage, ...]:
        """The packages whose checks it uses besides the grader's own, by name."""
        found = {spec.package for spec in self.specs if spec.package is not None}
        return tuple(sorted(found, key=lambda package: package.name))

    @property
    def specs(self) -> tuple[CheckSpec, ...]:
        """The checks that it uses, each once, by name."""
        return tuple(find_check(name) for name in sorted({criterion.check for criterion in self.criteria}))

    @property
    def section_digests(self) -> dict[str, Sha256]:
        """For each section a digest of what decides which model answers it, and so what a calibration holds."""
        fields = {"id", "title", "also", "whole_notebook", "model", "model_of"}
        pairs = self.gap_pairs
        plain = {one.id: [one.model_dump(mode="json", include=fields), pairs.get(one.id)] for one in self.sections}
        return {
            name: hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest() for name, said in plain.items()
        }

    def limits_for(self, data: DataKind) -> Limits:
        """What a notebook may use on that data."""
        return self.limits.full if data == "full" else self.limits.sample

    def calibration_path(self, data: DataKind, *, holds_for_all: bool = False) -> Path:
        """Where the reference's spread on that data is kept.

        Args:
            data: The kind.
            holds_for_all: Whether that spread is the same on all data: the file of the other kind will do then.

        Raises:
            RubricError: The rubric names no file for it.
        """
        full, sample = self.calibration.full, self.calibration.sample
        named, other = (full, sample) if data == "full" else (sample, full)
        if named is None and holds_for_all:
            named = other
        if named is None:
            fix = f"Add calibration: {{{data}: ../reference/{self.assignment}/calibration-{data}.json}}"
            raise RubricError([f"{self.path}:1: no calibration file is named for the {data} data. {fix}"])
        return self.companion(named)

    def companion(self, relative: str) -> Path:
        """A path that is given relative to the rubric's file."""
        return Path(os.path.normpath(self.path.parent / relative))

    def section(self, section_id: str) -> Section:
        """The section of that id.

        Raises:
            KeyError: There is none.
        """
        return MappingProxyType({section.id: section for section in self.sections})[section_id]
