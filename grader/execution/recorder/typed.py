"""Answers what a cell asks for typing from the list that the rubric gives; nobody types in a grading."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


def install(shell: Any, answers: tuple[str, ...]) -> None:
    """Has ``input`` and ``getpass`` take the answers in order; where none is left they refuse, as without any.

    Args:
        shell: Whose kernel hands both to the cells.
        answers: For the whole notebook.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None or not answers:
        return
    left = deque(answers)
    kernel.raw_input = _answering(kernel.raw_input, left, is_shown=True)
    kernel.getpass = _answering(kernel.getpass, left, is_shown=False)


def _answering(refuse: Callable[..., str], left: deque[str], *, is_shown: bool) -> Callable[..., str]:
    def ask(prompt: object = "", *arguments: Any, **options: Any) -> str:
        if not left:
            return refuse(prompt, *arguments, **options)
        answer = left.popleft()
        print(f"{prompt}{answer if is_shown else ''}")  # noqa: T201 - what a reader of the notebook would see
        return answer

    return ask
