"""What a check is, what it declares, and where it is found by name: among the grader's own, or in a course's package.

A check is a pure function ``(section, params) -> CheckResult``. It reads evidence and measurements, never Keras, a
clock or a file. It is registered by `check`; its docstring's first line is what ``grader checks`` lists, so it is a
statement of what must hold.

The grader's own checks are the modules of `grader.checks`, which registers them when it is imported. A course adds its
own by a package that declares the entry point group ``grader.checks``; such packages are imported only where a rubric
uses a check that is none of the grader's own, or where all checks are listed.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from grader.attribution import Work
from grader.errors import UsageError
from grader.judging.views import SectionView
from grader.records import CheckResult

ENTRY_POINTS = "grader.checks"
"""The entry point group of packages with a course's own checks."""

_OWN = __name__.partition(".")[0]

Quality = Literal["none", "judged", "depends"]
"""``judged``: asks that the model does as well as the reference. ``depends``: hangs on how well it does, without asking
for it, as the gap between two losses does."""


Figures = Callable[[str, Any], tuple[str, ...]]


class Params(BaseModel):
    """The parameters of a check, as the rubric gives them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


P = TypeVar("P", bound=Params)


@dataclass(frozen=True)
class CheckPackage:
    """The distribution that a course's own check comes with."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class CheckSpec:
    """A registered check.

    Attributes:
        statement: The docstring's first line.
        quality: Whether it judges how well a model does. Mutants of a reference that make a model worse must be caught
            by a check that does, and may move those that depend on it.
        shows_model: Whether its subject is what a section's cells show of a trained model. A drafted section that
            trains none speaks of that earlier model of which such checks find most.
        whole_notebook: Whether it is about the notebook as a whole. It is drafted in the section that has no heading.
        compares_trainings: Whether it judges the trainings in a section's cells side by side. None of them is then
            taken for the model of another section, and no advice is given about the learning rate of one.
        fails_on_error: Whether it fails wherever a cell raises. Mutants that break a cell may be caught by it.
        by_hand: Whether a person judges in the end. No mutant has to be caught by it.
        made_by: What a cell does that makes its subject; None where that is the model itself, or anything.
        settled_by_code: Whether what it finds wrong by the code alone stays wrong, whatever a run shows besides.
        figures: The calibration's figures that it reads, by the section's id and the parameters: what a released
            rubric keeps of the reference's spread.
    """

    name: str
    params: type[Params]
    run: Callable[[SectionView, Any], CheckResult]
    statement: str
    quality: Quality = "none"
    shows_model: bool = False
    whole_notebook: bool = False
    compares_trainings: bool = False
    fails_on_error: bool = False
    by_hand: bool = False
    made_by: Work | None = None
    settled_by_code: bool = False
    figures: Figures | None = None

    @property
    def package(self) -> CheckPackage | None:
        """The package that it comes with; None for the grader's own."""
        module = self.run.__module__
        return None if _top(module) == _OWN else _package_of(module)

    @property
    def source_files(self) -> tuple[Path, ...]:
        """The files that hold its code: its module, and for a course's own check every module beside and below it."""
        module = sys.modules[self.run.__module__]
        if module.__file__ is None:
            return ()
        path = Path(module.__file__)
        is_alone = self.package is None or not module.__package__
        return (path,) if is_alone else tuple(sorted(path.parent.rglob("*.py")))


@dataclass(frozen=True)
class LoadFailure:
    """An entry point that could not be loaded.

    Attributes:
        entry_point: As the package declares it, ``name = module``.
        why: What its import raised.
        taken: The check that it would register, and that another package has registered already; None for another
            reason.
    """

    package: CheckPackage
    entry_point: str
    why: str
    taken: str | None = None

    @property
    def problem(self) -> UsageError:
        """What to tell whoever needs its checks."""
        found = f"The checks of package {self.package} (entry point {self.entry_point}) cannot be used: {self.why}."
        if self.taken is not None:
            return UsageError(found, expected="Each check has a name of its own.", fix="Rename it in that package.")
        expected = "An entry point names a module that registers checks when it is imported."
        return UsageError(found, expected=expected, fix="Repair the package, install what it lacks, or uninstall it.")


class NameTakenError(ValueError):
    """A check of that name is registered already."""

    def __init__(self, name: str, *, by: str) -> None:
        self.name = name
        super().__init__(f"a check {name!r} is registered already, by {by}")


_REGISTRY: dict[str, CheckSpec] = {}


def check(  # noqa: PLR0913 - one for each field of `CheckSpec`
    name: str,
    *,
    params: type[P],
    quality: Quality = "none",
    shows_model: bool = False,
    whole_notebook: bool = False,
    compares_trainings: bool = False,
    fails_on_error: bool = False,
    by_hand: bool = False,
    made_by: Work | None = None,
    settled_by_code: bool = False,
    figures: Figures | None = None,
) -> Callable[[Callable[[SectionView, P], CheckResult]], Callable[[SectionView, P], CheckResult]]:
    """Registers a check under the name that rubrics use; the other arguments are fields of `CheckSpec`.

    Raises:
        NameTakenError: There is a check of that name.
        ValueError: The function has no docstring.
    """

    def register(function: Callable[[SectionView, P], CheckResult]) -> Callable[[SectionView, P], CheckResult]:
        if name in _REGISTRY:
            raise NameTakenError(name, by=_REGISTRY[name].run.__module__)
        if not function.__doc__:
            raise ValueError(f"check {name!r} has no docstring to say what must hold")
        _REGISTRY[name] = CheckSpec(
            name=name,
            params=params,
            run=function,
            statement=function.__doc__.strip().splitlines()[0],
            quality=quality,
            shows_model=shows_model,
            whole_notebook=whole_notebook,
            compares_trainings=compares_trainings,
            fails_on_error=fails_on_error,
            by_hand=by_hand,
            made_by=made_by,
            settled_by_code=settled_by_code,
            figures=figures,
        )
        return function

    return register


def registered() -> Mapping[str, CheckSpec]:
    """Every check that is registered by now, by name.

    The grader's own are once `grader.checks` is imported, a course's own after `load_course_checks`.
    """
    return dict(sorted(_REGISTRY.items()))


def own_checks() -> Mapping[str, CheckSpec]:
    """The grader's own checks by name (import `grader.checks`)."""
    return {name: spec for name, spec in registered().items() if spec.package is None}


def find_check(name: str) -> CheckSpec:
    """The check of that name; packages of a course's own are imported only where it is none of the grader's.

    Raises:
        UsageError: There is no such check, or the package that has it cannot be loaded.
    """
    spec = _REGISTRY.get(name)
    if spec is not None and spec.package is None:
        return spec
    failures = load_course_checks()
    spec = _REGISTRY.get(name)
    if spec is not None and not any(failure.taken == name for failure in failures):
        return spec
    why = " ".join(str(failure.problem) for failure in failures if spec is None or failure.taken == name)
    found = f"there is no check {name!r}." if spec is None else f"several packages have a check {name!r}."
    raise UsageError(found, expected=why, fix="" if why else "`grader checks` lists them.")


@cache
def load_course_checks() -> tuple[LoadFailure, ...]:
    """Imports every package of a course's own checks, once, and returns those that could not be."""
    failures = []
    for point in _entry_points():
        before = set(_REGISTRY)
        try:
            point.load()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a package, rubrics without it must work
            for name in set(_REGISTRY) - before:
                if _top(_REGISTRY[name].run.__module__) == _top(point.module):
                    del _REGISTRY[name]
            taken = error.name if isinstance(error, NameTakenError) else None
            why = f"{type(error).__name__}: {error}".rstrip(".")
            entry = f"{point.name} = {point.value}"
            failures.append(LoadFailure(_distribution(point), entry_point=entry, why=why, taken=taken))
    return tuple(failures)


def checks_digest(specs: Iterable[CheckSpec]) -> str:
    """A SHA-256 over the code of these checks: the files that hold it, and the packages that they come with.

    What the grader's own checks are made of besides (`grader.judging`, `grader.figures`, ...) is not in it.
    """
    digest = hashlib.sha256()
    for spec in sorted(specs, key=lambda spec: spec.name):
        files = spec.source_files
        digest.update(repr((spec.name, str(spec.package), [path.name for path in files])).encode())
        for path in files:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    """In an order that is the same on every machine."""
    found = entry_points(group=ENTRY_POINTS)
    return tuple(sorted(found, key=lambda point: (_distribution(point).name, point.name)))


def _package_of(module: str) -> CheckPackage:
    """The package whose entry point is nearest to a module."""
    near = [(_shared(point.module, module), point) for point in _entry_points()]
    depth, point = max(near, key=lambda pair: pair[0], default=(0, None))
    return CheckPackage(_top(module), "unknown") if point is None or not depth else _distribution(point)


def _distribution(point: EntryPoint) -> CheckPackage:
    if point.dist is None:
        return CheckPackage(_top(point.module), "unknown")
    return CheckPackage(point.dist.name, point.dist.version)


def _shared(one: str, other: str) -> int:
    """How many names two modules' paths share from the top."""
    pairs = zip(one.split("."), other.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _top(module: str) -> str:
    return module.partition(".")[0]
