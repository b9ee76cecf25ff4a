"""Whose failure it is: which cells a failure of the infrastructure reaches, and which errors are the student's own.

Failures of the infrastructure are: a package that the environment lacks, a training of honest length that a time limit
cut off, and failures of the grading system. A cell is reached where it uses a name that such a cell should have made,
directly or through other cells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.attribution.causes import Cause
from grader.attribution.diagnosis import Diagnosis, diagnose
from grader.attribution.limits import TIME_REASONS, training_cut_off
from grader.cell_code import parse
from grader.cell_names import names_in, root_name
from grader.records import CellRun, Evidence

GRADER_REASONS = frozenset({"internal", "protocol"})
"""Ends of a run that are failures of the grading system."""

BROKEN = frozenset({"error", "timeout", "died", "not_run"})
"""What became of a cell that did not run to its end."""


@dataclass(frozen=True)
class Attribution:
    """Whose failure it is that a notebook did not do what it should.

    Attributes:
        causes: Index of a cell to why it raised, where that is not simply a mistake of its own.
        reached: Index of each cell that a failure of the infrastructure reaches to the reason, a sentence, in the words
            of the cell where it began.
        every_failure: Whether all cells that broke are among them.
        not_made: Those of them that broke and do more than to prepare: what a section lacks may have been made there.
        own_errors: Cells with an error of the student's own: none of the infrastructure's came before that it may
            follow from, or it is an old API.
    """

    causes: Mapping[int, Cause]
    reached: Mapping[int, str]
    every_failure: bool
    not_made: frozenset[int] = frozenset()
    own_errors: tuple[int, ...] = ()

    def reason(self, cells: Iterable[int]) -> str | None:
        """The first reason that reaches one of these cells; None where none does."""
        return next((self.reached[cell] for cell in sorted(set(cells)) if cell in self.reached), None)

    @property
    def first_reason(self) -> str | None:
        """The first reason of all; None where the infrastructure did not fail."""
        return self.reason(self.reached)


def attribute(evidence: Evidence, *, longest_training: int | None = None) -> Attribution:
    """Finds whose failures those of a run are.

    Args:
        evidence: Of the run.
        longest_training: The most epochs that the rubric asks of one training; a fit of no more than these that a time
            limit cut off is honest work. None where it asks for no number.
    """
    run = evidence.execution
    if not evidence.cells and run.reason in GRADER_REASONS:
        return Attribution(
            causes={},
            reached={0: run.detail or "The notebook was not run because of a failure of the grading system."},
            every_failure=True,
            not_made=frozenset({0}),
        )
    diagnosis = diagnose(evidence)
    reached = _reached(evidence, _starts(evidence, diagnosis, longest_training=longest_training))
    broken = {cell.index for cell in evidence.cells if cell.status in BROKEN}
    return Attribution(
        causes=diagnosis.errors,
        reached=reached,
        every_failure=bool(broken) and broken <= set(reached),
        not_made=frozenset(
            cell.index for cell in evidence.cells if cell.index in broken & set(reached) and not _only_prepares(cell)
        ),
        own_errors=_own_errors(evidence, diagnosis),
    )


def _starts(evidence: Evidence, diagnosis: Diagnosis, *, longest_training: int | None) -> dict[int, str]:
    """The cells where the infrastructure failed, with the reason."""
    found: dict[int, str] = {}
    reason = evidence.execution.reason
    cut = training_cut_off(evidence, longest_training=longest_training)
    for cell in evidence.cells:
        name, cause = f"Cell {cell.index + 1}", diagnosis.errors.get(cell.index)
        if cause is not None and cause.kind == "missing_package":
            found[cell.index] = f"{_capitalised(cause.clause(cell.index))}."
        elif reason in GRADER_REASONS and cell.status in {"died", "not_run"}:
            found[cell.index] = f"{name} was not run to its end because of a failure of the grading system."
        elif cut is not None and (cell.index == cut.cell or (cell.status == "not_run" and reason in TIME_REASONS)):
            found[cell.index] = f"The time limit cut off the training in cell {(cut.cell or 0) + 1}."
    return found


def _reached(evidence: Evidence, starts: Mapping[int, str]) -> dict[int, str]:
    """Those cells, and all that use names which a reached cell should have made and no later one made anew."""
    reached: dict[int, str] = {}
    affected: dict[str, str] = {}
    used = {cell.index: _CellNames(cell.source) for cell in evidence.cells if cell.kind == "code"}
    # Calling a function of a module changes nothing in the module.
    modules = frozenset().union(*(names.imported for index, names in used.items() if index not in starts))
    for index, names in used.items():
        reason = starts.get(index) or next((affected[name] for name in sorted(names.read) if name in affected), None)
        if reason is not None:
            reached[index] = reason
            affected |= dict.fromkeys(names.made | (names.called_on - modules), reason)
        else:
            for name in names.made:
                affected.pop(name, None)
    return reached


def _own_errors(evidence: Evidence, diagnosis: Diagnosis) -> tuple[int, ...]:
    """The cells whose error cannot have followed from a failure of the infrastructure or from a limit."""
    raised = [cell for cell in evidence.cells if cell.status in {"error", "timeout", "died"}]
    others = [cell.index for cell in raised if _is_no_own_error(cell, diagnosis)]
    if evidence.execution.reason is not None and evidence.execution.cell is not None:
        others.append(evidence.execution.cell)
    first = min(others, default=None)
    own = (cell.index for cell in raised if not _is_no_own_error(cell, diagnosis))
    return tuple(index for index in own if first is None or index < first or index in diagnosis.errors)


def _is_no_own_error(cell: CellRun, diagnosis: Diagnosis) -> bool:
    """Whether a cell failed through a limit or the environment."""
    if cell.status in {"timeout", "died"} or cell.error is None:
        return True
    cause = diagnosis.errors.get(cell.index)
    return cause is not None and cause.is_infrastructure


def _only_prepares(cell: CellRun) -> bool:
    """Whether a cell does no more than to import, and to call what it imported, as Colab's first cells do."""
    tree = parse(cell.source)
    if tree is None:
        return False
    known = {*names_in(tree).imported, "print"}
    nodes = list(ast.walk(tree))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    others = (function for function in calls if root_name(function, through=ast.Attribute) not in known)
    return not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in nodes) and not any(others)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


class _CellNames:
    """The names of a cell, as the consequences of a failure follow them.

    Attributes:
        read: Those that it takes from cells before, the insides of its functions included.
        made: Those that it binds, removes, or sets an item of.
        called_on: Those of which it calls a method, which may change them.
        imported: Those that it imports.
    """

    def __init__(self, source: str) -> None:
        self.read: set[str] = set()
        self.made: set[str] = set()
        self.called_on: set[str] = set()
        self.imported: set[str] = set()
        tree = parse(source)
        for statement in tree.body if tree is not None else ():
            names = names_in(statement)
            self.read |= names.read - self.made
            self.made |= names.bound | names.deleted | names.items_set
            self.called_on |= names.called_on
            self.imported |= names.imported
