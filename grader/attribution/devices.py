"""Finds errors for want of a GPU or TPU: the machine that grades has processors alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from grader.cell_names import names_from_outside, names_in
from grader.records import CellError

_LOOKUPS = frozenset(
    {"list_physical_devices", "list_logical_devices", "get_visible_devices", "gpu_device_name", "is_gpu_available"}
    | {"list_local_devices", "TPUClusterResolver", "initialize_tpu_system", "getGPUs", "is_built_with_cuda"}
    | {"is_built_with_gpu_support", "get_memory_info"}
)
"""Functions that say which devices there are."""

_TEXT = re.compile(
    r"nvidia-smi|COLAB_TPU_ADDR|\bTPU Name\b|\b(?:GPU|TPU|XLA_GPU):\d|No matching devices found|libcuda|\bcuda\b|cudnn"
    r"|\b(?:GPUs?|TPUs?) (?:devices? )?(?:not|was not|were not|is not|are not|un)|no (?:GPU|TPU|CUDA)",
    re.IGNORECASE,
)

_NAMED = re.compile(r"\b(?:GPUs?|TPUs?|CUDA|graphics cards?)\b", re.IGNORECASE)
"""What a student's own ``raise`` or ``assert`` names."""

_NEVER = frozenset(
    {"NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "TabError", "AttributeError", "TypeError"}
    | {"ImportError", "ModuleNotFoundError", "KeyboardInterrupt", "SystemExit"}
)
"""Errors that a missing device does not cause."""


class DeviceNames:
    """The names of a notebook whose value says which devices there are."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def read(self, statements: Iterable[ast.stmt]) -> None:
        """Notes what statements make of a look at the devices: lists, names and numbers of them, and functions."""
        for statement in statements:
            for node in ast.walk(statement):
                match node:
                    case ast.Assign(targets=targets, value=value):
                        named = frozenset().union(*(names_in(target).assigned for target in targets))
                        self._note(named, looks=self._is_of_devices(value))
                    case ast.For(target=target, iter=value):
                        self._note(names_in(target).assigned, looks=self._is_of_devices(value))
                    case ast.FunctionDef(name=name):
                        self._note({name}, looks=_looks_up(node))

    def is_missing(self, error: CellError, failing: Iterable[ast.AST]) -> bool:
        """Whether a cell failed because there is no such device.

        Args:
            error: What was raised.
            failing: The innermost statements that raised it.
        """
        if error.name in _NEVER:
            return False
        text = f"{error.name}: {error.value}"
        own_words = any(isinstance(one, ast.Raise | ast.Assert) for one in failing)
        if _TEXT.search(text) or (own_words and _NAMED.search(text)):
            return True
        return any(_looks_up(one) or not self._names.isdisjoint(names_from_outside(one)) for one in failing)

    def _note(self, names: Iterable[str], *, looks: bool) -> None:
        if looks:
            self._names.update(names)
        else:
            self._names.difference_update(names)

    def _is_of_devices(self, value: ast.expr) -> bool:
        # What is only made on a device, or where there is one, is no device.
        if isinstance(value, ast.Name | ast.Subscript | ast.Compare | ast.ListComp):
            return _looks_up(value) or not self._names.isdisjoint(names_from_outside(value))
        return _looks_up(value)


def _looks_up(code: ast.AST) -> bool:
    calls = (node.func for node in ast.walk(code) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in _LOOKUPS for call in calls)
