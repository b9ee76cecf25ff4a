"""Detects whether a notebook changed the steps by which IPython turns a cell's text into what runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

_STEPS = (
    *(("", name) for name in ("transform_cell", "transform_ast", "run_cell_async", "run_ast_nodes", "run_code")),
    *(("input_transformer_manager", name) for name in ("transform_cell", "do_token_transforms")),
    *(("prefilter_manager", name) for name in ("prefilter_lines", "prefilter_line")),
    *(("compile", name) for name in ("ast_parse", "__call__")),
)
"""Parts of the shell, and their methods that every cell goes through."""


class Transformers:
    """Compares the steps of IPython with those before the first cell: a notebook may have added code of its own.

    Args:
        shell: As it is before the first cell, with what the harness changed of it.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._plain = TransformerManager()
        self._steps, self._texts = _steps(shell), _text_transformers(shell)

    def rewrote(self, info: Any) -> bool:
        """Whether something else may run than what IPython itself makes of the cell.

        Args:
            info: Of the cell, as IPython hands it to ``pre_run_cell``.
        """
        if not _are_same(_steps(self._shell), self._steps):
            return True
        if _are_same(_text_transformers(self._shell), self._texts):
            return False
        # One that leaves the cell as it is, such as a formatter's, changes nothing.
        return bool(info.transformed_cell != self._transformed(info.raw_cell))

    def _transformed(self, cell: str) -> str | None:
        """What IPython itself makes of a cell; None where that is not Python."""
        try:
            text: str = self._plain.transform_cell(cell)
            if len(text.splitlines()) == 1:
                with self._shell.builtin_trap:
                    text = self._shell.prefilter_manager.prefilter_lines(text) + "\n"
        except SyntaxError:
            return None
        return text


def _steps(shell: Any) -> list[object]:
    """The functions that every cell goes through, and the parts of the shell that hold them."""
    parts = [getattr(shell, part) if part else shell for part, _ in _STEPS]
    functions = [getattr(part, name) for part, (_, name) in zip(parts, _STEPS, strict=True)]
    plain = [getattr(function, "__func__", function) for function in functions]
    manager = shell.prefilter_manager
    return [*parts, *plain, *manager.transformers, *manager.checkers, *shell.ast_transformers]


def _text_transformers(shell: Any) -> list[object]:
    manager = shell.input_transformer_manager
    own = (*manager.cleanup_transforms, *manager.line_transforms, *manager.token_transformers)
    return [*own, *shell.input_transformers_post]


def _are_same(some: Sequence[object], others: Sequence[object]) -> bool:
    """Whether these are the same objects, whatever their own ``==`` returns."""
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))
