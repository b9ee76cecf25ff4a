"""A draft as YAML with comments, written by hand so that a tutor can read on: a rubric is edited, not generated."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from grader.calibration import Calibration
from grader.judging.results import counted, shown
from grader.reference.draft.proposals import Planned, Proposal

WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ,./%()+*=-]*")
_NEEDS_QUOTES_IN_FLOW = re.compile(r"[,\[\]{}]")


@dataclass(frozen=True)
class Drafted:
    """A section of the draft with its criteria.

    Attributes:
        left_out: What the reference itself does not pass, and why, one comment each.
    """

    planned: Planned
    criteria: tuple[Proposal, ...] = ()
    left_out: tuple[str, ...] = ()

    def id_of(self, proposal: Proposal) -> str:
        """A criterion's id."""
        return f"{self.planned.id}.{proposal.key}"

    @property
    def points(self) -> float:
        """Of all its criteria."""
        return sum(proposal.points for proposal in self.criteria)


@dataclass(frozen=True)
class Draft:
    """A rubric before it is one.

    Attributes:
        schema: Path of the JSON schema, relative to the rubric; None where there is none.
        reference: Path of the notebook, relative to the rubric.
        calibrations: Kind of data to the path of the spread, relative to the rubric.
        limits: Kind of data to its limits.
        head: For the tutor, at the top, one comment each.
        dropped: What was left out of sections of which nothing is left, one comment each.
        environment: Path of the course's environment, relative to the rubric; None for the grader's own.
    """

    assignment: str
    title: str
    schema: str | None
    reference: str
    calibrations: Mapping[str, str]
    limits: Mapping[str, Mapping[str, object]]
    sections: tuple[Drafted, ...]
    head: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    environment: str | None = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """Everything that the reference itself does not pass, and why."""
        return (*(text for one in self.sections for text in one.left_out), *self.dropped)


def draft_text(draft: Draft, *, calibration: Calibration | None = None) -> str:
    """The draft as the file that a tutor edits.

    Args:
        draft: What it says.
        calibration: Whose means and spreads stand beside the bands; None while they are unknown.
    """
    sections = [list(_section(one, calibration=calibration)) for one in draft.sections]
    parts = [[*_head(draft), *sections[0]], *sections[1:]]
    parts += [[line for text in draft.dropped for line in _comment(text, indent=2)]] if draft.dropped else []
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def flow(value: object) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        return scalar(value, in_flow=True)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return _number(value)


def scalar(text: str, *, in_flow: bool = False) -> str:
    """A text as YAML reads it back: plain where that is safe, else in quotes."""
    is_plain = (
        _PLAIN.fullmatch(text)
        and not text.endswith(" ")
        and not (in_flow and _NEEDS_QUOTES_IN_FLOW.search(text))
        and yaml.safe_load(text) == text
    )
    return text if is_plain else json.dumps(text, ensure_ascii=not text.isprintable())


def _head(draft: Draft) -> Iterator[str]:
    if draft.schema is not None:
        yield f"# yaml-language-server: $schema={draft.schema}"
        yield "#"
    for text in draft.head:
        yield from _comment(text, indent=0)
    yield ""
    yield f"assignment: {draft.assignment}"
    yield f"title: {scalar(draft.title)}"
    yield "version: 1"
    yield ""
    yield f"reference: {scalar(draft.reference)}"
    if draft.environment is not None:
        yield f"environment: {scalar(draft.environment)}"
    yield "calibration:"
    yield from (f"  {kind}: {scalar(path)}" for kind, path in draft.calibrations.items())
    yield ""
    yield "limits:"
    for kind, limits in draft.limits.items():
        yield f"  {kind}: {flow(limits)}"
    yield ""
    yield "# What the criteria add up to: adjust it when you adjust them."
    totals = {"core": _total(draft.sections, bonus=False), "extra": _total(draft.sections, bonus=True)}
    yield f"points: {flow({key: value for key, value in totals.items() if value or key == 'core'})}"
    yield ""
    yield "sections:"


def _section(one: Drafted, *, calibration: Calibration | None) -> Iterator[str]:
    planned = one.planned
    for note in planned.notes:
        yield from _comment(note, indent=2)
    yield f"  - id: {planned.id}"
    yield f"    title: {scalar(planned.title)}"
    if planned.whole_notebook:
        yield "    whole_notebook: true"
    if planned.bonus:
        yield "    bonus: true"
    if planned.form is not None:
        yield "    model:"
        yield from _form(planned.form)
    elif planned.model_of is not None:
        yield f"    model_of: {planned.model_of}"
    yield "    criteria:"
    for proposal in one.criteria:
        yield from _criterion(one, proposal, calibration=calibration)
    for text in one.left_out:
        yield from _comment(text, indent=6)


def _form(form: Mapping[str, Any]) -> Iterator[str]:
    if "inputs" in form:
        yield f"      inputs: {flow(form['inputs'])}"
    if form.get("layers"):
        yield "      layers:"
        yield from (f"        - {flow(layer)}" for layer in form["layers"])
    if "allow" in form:
        yield "      allow:"
        yield from (f"        - {name}" for name in form["allow"])


def _criterion(one: Drafted, proposal: Proposal, *, calibration: Calibration | None) -> Iterator[str]:
    yield f"      - id: {one.id_of(proposal)}"
    yield f"        title: {scalar(proposal.title)}"
    yield f"        points: {_number(proposal.points)}"
    yield f"        check: {proposal.check}"
    for note in (*proposal.notes, *_measured(one, proposal, calibration)):
        yield from _comment(note, indent=8)
    if proposal.params:
        line = f"        params: {flow(proposal.params)}"
        if len(line) <= WIDTH:
            yield line
        else:
            yield "        params:"
            yield from (f"          {key}: {flow(value)}" for key, value in proposal.params.items())


def _measured(one: Drafted, proposal: Proposal, calibration: Calibration | None) -> Iterator[str]:
    if calibration is None or proposal.figure is None:
        return
    name = f"{one.planned.id}.{proposal.figure}"
    if name in calibration.figures:
        mean, spread = shown(calibration.mean(name)), shown(calibration.spread(name))
        yield f"Measured {mean} on average over {counted(len(calibration.seeds), 'seed')}, spread {spread}."


def _total(sections: Sequence[Drafted], *, bonus: bool) -> float:
    return sum(one.points for one in sections if one.planned.bonus is bonus)


def _comment(text: str, *, indent: int) -> Iterable[str]:
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return textwrap.wrap(plain, WIDTH, initial_indent=" " * indent + "# ", subsequent_indent=" " * indent + "# ")


def _number(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # YAML takes 1e-05 for a word.
    return f"{value:.12f}".rstrip("0") if abs(value) >= 1e-12 else "0.0"
