"""What stands between a cell's text and what runs of it: IPython's transformers, and what a notebook made of them."""

from __future__ import annotations

from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

_METHODS = ("transform_cell", "transform_ast", "run_ast_nodes", "run_code")


class Transformers:
    """Tells whether a notebook has put code of its own between its cells and what runs of them.

    Args:
        shell: As it is before the first cell, with what the harness changed of it.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._plain = TransformerManager()
        self._given = _parts(shell)

    def rewrote(self, info: Any) -> bool:
        """Whether what runs of a cell is not what IPython itself makes of it.

        Args:
            info: Of the cell, as IPython hands it to ``pre_run_cell``.
        """
        now = _parts(self._shell)
        changed = {name for name, parts in now.items() if parts != self._given[name]}
        if changed - {"text"}:
            return True
        # One that leaves the cell as it is, such as a formatter's, changes nothing.
        return bool(changed) and info.transformed_cell != self._transformed(info.raw_cell)

    def _transformed(self, cell: str) -> str | None:
        try:
            text: str = self._plain.transform_cell(cell)
        except SyntaxError:
            return None
        return text


def _parts(shell: Any) -> dict[str, list[object]]:
    manager = shell.input_transformer_manager
    text = [type(manager), *manager.cleanup_transforms, *manager.line_transforms, *manager.token_transformers]
    return {
        "text": [*text, *shell.input_transformers_post],
        "tree": list(shell.ast_transformers),
        "methods": [getattr(getattr(shell, name), "__func__", None) for name in _METHODS],
    }
