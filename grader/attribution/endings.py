"""What stopped a cell: a limit in the middle of honest work, a loop without a way out, or code that ends the kernel."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.attribution.causes import Cause
from grader.attribution.thresholds import THRESHOLDS
from grader.cell_names import names_in
from grader.records import CellRun, Evidence, ExecutionReason

GRADER_REASONS: frozenset[ExecutionReason] = frozenset({"internal", "protocol"})
"""Ends of a run that are failures of the grading system."""

TIME_REASONS: frozenset[ExecutionReason] = frozenset({"cell_timeout", "notebook_timeout"})
"""Ends of a run that a time limit brought about."""

ENDS_THE_KERNEL = "ends the kernel."
"""The end of what the driver says of a cell that asked its kernel to end."""

_EXITS = frozenset({"exit", "quit", "_exit", "abort", "do_shutdown", "ask_exit", "raise_signal"})
_KILLS = frozenset({"kill", "killpg"})
_LOOKS_ONLY = frozenset({"print", "len", "str", "format", "range", "int", "float", "sum", "max", "min"})
_PLAIN = (ast.Name, ast.Constant, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.unaryop, ast.cmpop, ast.boolop, ast.Load)
"""What a condition is made of that calls nothing and looks into nothing."""

_WITHOUT_END = frozenset({"count", "cycle", "repeat"})

READINGS: Mapping[ExecutionReason, str] = {
    "memory": "met the limit of memory: it may take more than the task needs, or the limit may be too low for it",
    "cpu": "met the limit of processor time: it may be a loop without end, or need more time than it may have",
    "processes": "met the limit of processes: it may start too many, or the limit may be too low for it",
    "disk": "met the limit of disk space: it may write too much, or the limit may be too low for it",
    "kernel_died": "is where the kernel died: its code may have brought that about, or the machine",
}
"""What is said of a cell that a limit stopped, with both readings: nobody knows whose failure it is."""

_TIME_READING = "ran into its time limit: it may be a loop without end, or work that takes longer"


def why_stopped(
    cell: CellRun,
    evidence: Evidence,
    *,
    code: Sequence[ast.AST],
    longest_training: int | None,
    reference_seconds: float | None,
) -> Cause:
    """Why a cell that was interrupted, or in which the kernel ended, did not run to its end.

    Args:
        cell: With the status ``timeout`` or ``died``.
        evidence: Of the run.
        code: The cell's, and that of the functions that it uses.
        longest_training: The most epochs that the rubric asks of one training; None where it asks for no number.
        reference_seconds: What the reference's whole notebook takes; None where that is not known.
    """
    run = evidence.execution
    ended = cell.status == "died" or (run.cell == cell.index and run.reason not in TIME_REASONS)
    reason = run.reason if ended else "cell_timeout"
    if reason in GRADER_REASONS:
        return Cause("grader")
    if reason in TIME_REASONS or reason is None:
        return _out_of_time(
            cell, evidence, code=code, longest_training=longest_training, reference_seconds=reference_seconds
        )
    if reason == "output":
        return Cause("endless", "prints without end")
    if reason == "kernel_died" and (run.detail.endswith(ENDS_THE_KERNEL) or any(map(ends_kernel, code))):
        return Cause("ends_kernel")
    return Cause("stopped", READINGS.get(reason, _TIME_READING))


def _out_of_time(
    cell: CellRun,
    evidence: Evidence,
    *,
    code: Iterable[ast.AST],
    longest_training: int | None,
    reference_seconds: float | None,
) -> Cause:
    loop = next((found for part in code if (found := endless_loop(part)) is not None), None)
    if loop is not None:
        return Cause("endless", f"never ends: its loop `{loop}` has no break, return or raise")
    most = None if longest_training is None else THRESHOLDS.endless_factor * longest_training
    fits = [fit for fit in evidence.fits if fit.cell == cell.index]
    for fit in fits:
        advanced = bool(fit.epochs_run or fit.steps or fit.history)
        if advanced and (fit.status == "interrupted" or fit.kind != "fit"):
            if most is not None and fit.epochs_requested is not None and fit.epochs_requested > most:
                return Cause(
                    "endless", f"asks for a training of {fit.epochs_requested:,} epochs, which has no end here"
                )
            return Cause("training_cut_off")
    if not fits and reference_seconds and cell.seconds >= THRESHOLDS.endless_factor * reference_seconds:
        times = f"{cell.seconds:.0f} s and trained nothing, where the reference's whole notebook takes"
        return Cause("endless", f"ran for {times} {reference_seconds:.0f} s")
    return Cause("stopped", _TIME_READING)


def endless_loop(code: ast.AST) -> str | None:
    """The head of a loop that has no way out; None where every loop has one.

    A generator's loop is left by who asks it for no more.
    """
    with contextlib.suppress(RecursionError):
        return _endless_loop(code)
    return None


def _endless_loop(code: ast.AST) -> str | None:
    for node in ast.walk(code):
        if isinstance(node, ast.While) and _stays(node) and not _has_way_out(node):
            return f"while {ast.unparse(node.test)}"
        if isinstance(node, ast.For) and _never_runs_out(node.iter) and not _has_way_out(node):
            return f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
    return None


def ends_kernel(code: ast.AST) -> bool:
    """Whether code ends its own process, or asks for that: ``exit()``, ``os._exit``, ``os.kill``, a restart."""
    for node in ast.walk(code):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _EXITS or (name in _KILLS and isinstance(node.func, ast.Attribute)):
                return True
    return False


def _has_way_out(loop: ast.While | ast.For) -> bool:
    return any(_ways_out(loop.body, own=True))


def _ways_out(nodes: Iterable[ast.AST], *, own: bool) -> Iterator[bool]:
    """Each break of this very loop, and each return, raise, yield or exit in it."""
    for node in nodes:
        if isinstance(node, ast.Break):
            yield own
        elif isinstance(node, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom | ast.Assert):
            yield True
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        elif isinstance(node, ast.While | ast.For | ast.AsyncFor):
            yield from _ways_out(node.body, own=False)
            yield from _ways_out(node.orelse, own=own)
        elif isinstance(node, ast.Call) and ends_kernel(node):
            yield True
        else:
            yield from _ways_out(ast.iter_child_nodes(node), own=own)


def _stays(loop: ast.While) -> bool:
    """Whether a loop's condition stays as it is: it is made of values, and of names that the loop has no hand on."""
    nodes = list(ast.walk(loop.test))
    if not all(isinstance(node, _PLAIN) for node in nodes):
        return False
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    for statement in loop.body:
        found = names_in(statement)
        if not names.isdisjoint(found.bound | found.deleted | found.changed | found.called_on | _given(statement)):
            return False
    return bool(names) or _is_true(loop.test)


def _is_true(test: ast.expr) -> bool:
    try:
        return bool(ast.literal_eval(test))
    except (ValueError, TypeError):
        return isinstance(test, ast.UnaryOp | ast.Compare)


def _given(statement: ast.stmt) -> set[str]:
    """The names that are handed to a function, which may change them; to print changes nothing."""
    calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
    others = (call for call in calls if getattr(call.func, "id", "") not in _LOOKS_ONLY)
    given = (part for call in others for argument in (*call.args, *call.keywords) for part in ast.walk(argument))
    return {part.id for part in given if isinstance(part, ast.Name)}


def _never_runs_out(iterator: ast.expr) -> bool:
    """``itertools.count()`` and its kin; ``repeat`` with a number of times runs out."""
    if not isinstance(iterator, ast.Call):
        return False
    name = iterator.func.attr if isinstance(iterator.func, ast.Attribute) else getattr(iterator.func, "id", "")
    return name in _WITHOUT_END and len(iterator.args) <= (1 if name == "repeat" else 2) and not iterator.keywords
