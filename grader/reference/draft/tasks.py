"""What a task's own words ask for: a reference does more than it was asked to, and a draft should not ask for that."""

from __future__ import annotations

import re

from grader.reference.draft.proposals import View

_ABOUT = {"epochs": "epoch", "batch_size": "batch", "validation": "valid"}
"""How the words for a number of a training begin, in most languages of worksheets."""

_SPELT: dict[float, str] = {5: "five", 10: "ten", 12: "twelve", 15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty"}
_SPELT |= {50: "fifty", 100: "(?:a|one) hundred", 0.1: "tenth", 0.2: "fifth", 0.25: "quarter", 0.5: "half"}


class Task:
    """The words of one section's task, and those that stand before it.

    Args:
        view: From the section.
    """

    def __init__(self, view: View) -> None:
        cells = view.planned.cells
        code = [cell.index for cell in view.scope.cells if cell.kind == "code" and cell.status != "no_code"]
        start = min(code, default=max(cells, default=-1) + 1)
        texts = [(cell.index, cell.source) for cell in view.scope.evidence.cells if cell.kind == "markdown"]
        below = [source for index, source in texts if index in cells and cells[0] < index < start]
        self._own = "\n".join([view.planned.task, *below])
        self._all = "\n".join(source for index, source in texts if index < start)

    @property
    def is_known(self) -> bool:
        """Whether the notebook holds any words of this task."""
        return bool(self._own.strip())

    def names(self, key: str, value: object) -> bool:
        """Whether a parameter's value is asked for: in the task's own words, or before it beside the word for it.

        Args:
            key: Of the parameter.
            value: A number, or a name.
        """
        if isinstance(value, str):
            return re.search(rf"\b{re.escape(value)}\b", self._all, re.IGNORECASE) is not None
        if not isinstance(value, int | float):
            return True
        number = "|".join(_forms(value))
        about = _ABOUT.get(key, key)
        beside = rf"(?:{number})\W+(?:\w+\W+){{0,2}}?{about}|{about}\w*\W+(?:\w+\W+){{0,3}}?(?:{number})"
        return bool(re.search(number, self._own, re.IGNORECASE) or re.search(beside, self._all, re.IGNORECASE))


def _forms(value: float) -> list[str]:
    """How a number is written, as regular expressions."""
    forms = [_SPELT[value]] if value in _SPELT else []
    if 0 < value < 1:
        digits = f"{value:g}".partition(".")[2]
        return [*forms, rf"(?<!\d)0?[.,]{digits}0*(?!\d)", rf"(?<![\d.,]){100 * value:g}\s*(?:%|per ?cent)"]
    return [*forms, rf"(?<![\d.,]){value:g}(?![.,]?\d)"]
