"""Whose failure it is, cell by cell: the cause where it began, and what follows from it by the names of the notebook.

``docs/attribution.md`` holds the table. A cell that failed makes the names that it should have made unreliable, until
a later one makes them anew; a cell that takes such a name shares the cause of the cell where that began. The first such
cause counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from grader.attribution.causes import Cause
from grader.attribution.diagnosis import ErrorReader
from grader.attribution.endings import GRADER_REASONS, why_stopped
from grader.attribution.flow import Functions, Step, bound, imported_modules, steps
from grader.attribution.lines import Parts, parts_of
from grader.attribution.result import Attribution
from grader.attribution.work import builds, calls, draws, evaluates, only_prepares, trains
from grader.cell_code import parse
from grader.records import CellError, CellRun, Evidence

_NEVER_FOLLOWS = frozenset(
    {"SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError", "KeyboardInterrupt"}
    | {"UnboundLocalError", "UsageError"}
)
"""Errors that no earlier cell's failure causes."""

_STOPPED = frozenset({"timeout", "died"})
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")

_MISTAKE = Cause("mistake")
_LIMIT = Cause("stopped")


def attribute(
    evidence: Evidence,
    *,
    longest_training: int | None = None,
    reference_seconds: float | None = None,
    keras: str | None = None,
) -> Attribution:
    """Finds whose failures those of a run are.

    Args:
        evidence: Of the run.
        longest_training: The most epochs that the rubric asks of one training; None where it asks for no number.
        reference_seconds: What the reference's whole notebook takes; None where that is not known.
        keras: The version of Keras that the rubric declares; None for the installed one.
    """
    if evidence.execution.reason in GRADER_REASONS and not any(cell.status in _STOPPED for cell in evidence.cells):
        return _nothing_known(evidence)
    stopping = partial(
        why_stopped, evidence=evidence, longest_training=longest_training, reference_seconds=reference_seconds
    )
    reading = _Reading(evidence, errors=ErrorReader(evidence, keras=keras), stopping=stopping)
    for cell in evidence.cells:
        if cell.kind == "code" and cell.status != "no_code":
            reading.read(cell)
    return reading.result


def _nothing_known(evidence: Evidence) -> Attribution:
    """A run of which nothing was recorded: whatever it lacks is the grading system's failure."""
    cells = {cell.index for cell in evidence.cells if cell.kind == "code"} or {0}
    said = evidence.execution.detail or "The notebook was not run because of a failure of the grading system."
    every = frozenset(cells)
    cause = Cause("unrecorded", said)
    return Attribution(
        causes=dict.fromkeys(sorted(cells), cause),
        builds=every,
        trains=every,
        draws=every,
        evaluates=every,
        makes=every,
    )


class _Reading:
    """What is known of a run after the cells that were read so far.

    Args:
        evidence: Of the run.
        errors: Reads what errors say.
        stopping: Why a cell was stopped, see `why_stopped`.
    """

    def __init__(self, evidence: Evidence, *, errors: ErrorReader, stopping: Callable[..., Cause]) -> None:
        self._errors = errors
        self._stopping = stopping
        self._functions = Functions()
        self._modules = imported_modules(evidence.cells)
        self._lost: dict[str, Cause] = {}
        self._causes: dict[int, Cause] = {}
        self._touched: dict[int, Cause] = {}
        self._raised: list[int] = []
        self._owed: dict[int, set[str]] = {}
        self._harmless: set[int] = set()
        self._work: dict[str, set[int]] = {name: set() for name in ("builds", "trains", "draws", "evaluates", "makes")}
        self._stopped: int | None = None
        self._ended_by: int | None = None

    @property
    def result(self) -> Attribution:
        """What was found so far."""
        work = {name: frozenset(cells) for name, cells in self._work.items()}
        return Attribution(
            causes=self._causes,
            touched=self._touched,
            raised=tuple(self._raised),
            harmless=frozenset(self._harmless),
            ended_by=self._ended_by,
            **work,
        )

    def read(self, cell: CellRun) -> None:
        """Reads a cell, after all those before it."""
        tree = parse(cell.source)
        parts = parts_of(cell, tree)
        self._follow(cell, parts.ran)
        self._errors.note(cell, parts.ran)
        if cell.unsure:
            self._note_unsure(cell, parts)
        cause = self._cause(cell, tree, parts)
        if cell.unsure and cell.status not in {"ok", "not_run"}:
            cause = Cause("unsure", cell.unsure)
        if cause is not None:
            self._causes[cell.index] = cause
            self._touched.pop(cell.index, None)
            self._lose([*parts.failing, *parts.left], _of(cell, cause))
            self._note_owed(cell, bound([*parts.failing, *parts.left]), cause)
            if cell.status != "not_run":
                self._raised.append(cell.index)
        if tree is not None:
            undone = tree if cause is None else ast.Module([*parts.failing, *parts.left], type_ignores=[])
            self._note_work(cell, undone)

    def _follow(self, cell: CellRun, ran: Sequence[ast.stmt]) -> None:
        """Follows what the statements that ran took and made."""
        for step in steps(ran, self._functions):
            cause = self._first(step.takes)
            if cause is None:
                self._make(step.makes)
                continue
            self._spread(step, cause)
            if cause.is_infrastructure:
                self._touched.setdefault(cell.index, cause)

    def _note_unsure(self, cell: CellRun, parts: Parts) -> None:
        """Notes that a cell may have been written otherwise, whatever it did: so may all that it made."""
        cause = Cause("unsure", cell.unsure)
        self._touched[cell.index] = cause
        self._lose(parts.ran, _of(cell, cause))
        for cells in self._work.values():
            cells.add(cell.index)

    def _make(self, names: Iterable[str]) -> None:
        """Names are made, and owed by no cell that failed before."""
        for name in names:
            self._lost.pop(name, None)
            for cell, owed in self._owed.items():
                owed.discard(name)
                if not owed:
                    self._harmless.add(cell)

    def _note_owed(self, cell: CellRun, names: Iterable[str], cause: Cause) -> None:
        """Notes which names a cell that failed should have made; to look at the machine makes nothing."""
        if owed := set(names):
            self._owed[cell.index] = owed
        elif cause.kind in {"device", "platform"}:
            self._harmless.add(cell.index)

    def _cause(self, cell: CellRun, tree: ast.Module | None, parts: Parts) -> Cause | None:
        """Why the cell did not run to its end; None where it did, or where its error is meant."""
        if cell.status == "ok":
            # The tag of a cell that may raise means its own errors, not what is lacking here.
            own = None if cell.error is None else self._errors.cause(cell.error, cell, parts.innermost)
            return own if own is not None and own.is_infrastructure else None
        if cell.status == "not_run":
            return self._of_cell_not_run(parts)
        if cell.status in _STOPPED:
            self._stopped = cell.index
            # What a cell defines is not known before it is read.
            names = [name for step in steps(parts.failing, self._functions) for name in step.takes | step.makes]
            bodies = [self._functions.bodies[name] for name in self._functions.reached_from(names)]
            return self._stopping(cell, code=[*([] if tree is None else [tree]), *bodies])
        return _MISTAKE if cell.error is None else self._of_error(cell, cell.error, parts)

    def _of_error(self, cell: CellRun, error: CellError, parts: Parts) -> Cause:
        own = self._errors.cause(error, cell, parts.innermost)
        if own is not None:
            return own
        if error.name in _NEVER_FOLLOWS:
            return _MISTAKE
        for writer in self._errors.file_cells(error):
            if writer in self._causes and writer < cell.index:
                return _of(writer, self._causes[writer])
        if undefined := _UNDEFINED.search(error.value) if error.name == "NameError" else None:
            return self._lost.get(undefined.group(1), _MISTAKE)
        taken = frozenset().union(*(step.takes for step in steps(parts.failing, self._functions)))
        return self._first(taken) or _MISTAKE

    def _of_cell_not_run(self, parts: Parts) -> Cause:
        """The end of the run; a mistake of the student's before it, without which the cell would have failed too."""
        if self._ended_by is None:
            self._ended_by = self._stopped
        if self._ended_by is None:
            return Cause("grader")
        taken = frozenset().union(*(step.takes for step in steps(parts.failing, self._functions)))
        causes = [cause for name in taken if not (cause := self._lost.get(name, _LIMIT)).is_infrastructure]
        end = _of(self._ended_by, self._causes[self._ended_by])
        return min(causes, key=_origin, default=end)

    def _lose(self, statements: Sequence[ast.stmt], cause: Cause) -> None:
        """Notes what a cell did not make, or may have made wrongly."""
        for step in steps(statements, self._functions):
            self._spread(step, cause)

    def _spread(self, step: Step, cause: Cause) -> None:
        # A mistake leaves what it was called on as it was.
        changed = step.calls_on - self._modules if cause.is_infrastructure else frozenset()
        self._lost |= dict.fromkeys(step.makes | changed, cause)

    def _first(self, names: Iterable[str]) -> Cause | None:
        """The earliest cause for which one of these names may not be what it should."""
        return min((self._lost[name] for name in names if name in self._lost), key=_origin, default=None)

    def _note_work(self, cell: CellRun, tree: ast.Module) -> None:
        called = calls(tree, self._functions)
        unknown = any(name in self._lost and self._lost[name].is_infrastructure for name in called)
        is_work = {
            "builds": builds(called) or unknown,
            "trains": trains(called) or unknown,
            "draws": draws(called) or unknown,
            "evaluates": evaluates(called) or unknown,
            "makes": not only_prepares(tree),
        }
        for name, is_so in is_work.items():
            if is_so:
                self._work[name].add(cell.index)


def _of(cell: CellRun | int, cause: Cause) -> Cause:
    """The cause as it is of what follows from the cell."""
    index = cell if isinstance(cell, int) else cell.index
    return cause if cause.follows else replace(cause, cell=index)


def _origin(cause: Cause) -> int:
    return -1 if cause.cell is None else cause.cell
