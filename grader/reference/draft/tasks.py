"""What a task's own words ask for: a reference does more than it was asked to, and a draft should not ask for that."""

from __future__ import annotations

import re

from grader.reference.draft.proposals import View

_ABOUT = {
    "epochs": r"(?:epoch|époque|times\b|mal\b)",
    "batch_size": r"(?:batch|lot\b)",
    "validation": r"(?:valid|held|hold|set aside|split)",
}
"""How the words for a number of a training begin."""

_SPELT: dict[float, str] = {5: "five", 10: "ten", 12: "twelve", 15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty"}
_SPELT |= {50: "fifty", 100: "(?:a|one) hundred", 0.1: "tenth", 0.2: "fifth", 0.25: "quarter", 0.5: "half"}


class Task:
    """The words of one section's task, and those that stand before it.

    Args:
        view: From the section.
    """

    def __init__(self, view: View) -> None:
        cells = view.planned.cells
        code = [cell.index for cell in view.section.cells if cell.kind == "code" and cell.status != "no_code"]
        start = min(code, default=max(cells, default=-1) + 1)
        texts = [(cell.index, cell.source) for cell in view.section.evidence.cells if cell.kind == "markdown"]
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
        number, about = "|".join(_forms(value)), _ABOUT.get(key, key)
        same_sentence = rf"(?:{number})[^.?!\n]*?{about}|{about}[^.?!\n]*?(?:{number})"
        beside = rf"(?:{number})\W+(?:\w+\W+){{0,2}}?{about}|{about}\w*\W+(?:\w+\W+){{0,3}}?(?:{number})"
        # A share stands for itself; a whole number may count anything.
        own = number if 0 < value < 1 else same_sentence
        return bool(re.search(own, self._own, re.IGNORECASE) or re.search(beside, self._all, re.IGNORECASE))


def _forms(value: float) -> list[str]:
    """How a number is written, as regular expressions."""
    forms = [rf"\b{_SPELT[value]}\b"] if value in _SPELT else []
    if 0 < value < 1:
        digits = f"{value:g}".partition(".")[2]
        per_cent = r"\s*(?:\\?%|per ?cent|prozent|pour ?cent|por ?ciento)"
        return [*forms, rf"(?<![\w\[(])0?[.,]{digits}0*(?![\d\])])", rf"(?<![\d.,]){100 * value:g}{per_cent}"]
    return [*forms, *(rf"(?<![\d.,]){re.escape(text)}(?![.,]?\d)" for text in {f"{value:g}", f"{value:,g}"})]
