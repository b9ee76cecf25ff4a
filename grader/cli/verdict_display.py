"""The verdicts on one notebook in the terminal: what is not met first, what is met last and in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console

from grader.cli.terminal import console, tell, title
from grader.judging.results import cells_named, counted
from grader.records import GradedSubmission, Verdict
from grader.selfcheck.verdicts import Report, StepVerdict

_GROUPS = {
    "lost": ("Not met", "red"),
    "waiting": ("For a tutor to decide", "cyan"),
    "unknown": ("Unknown to this step", "cyan"),
    "met": ("Met", "green"),
}
"""In the order in which they are shown, each with its heading."""

_SIGNS = {"passed": "+", "partial": "~", "failed": "-", "blocked": "x", "needs_review": "?", "unknown": "?"}
_MOST_CELLS = 4
_STEPS = {
    "static": "Read without running anything.",
    "quick": "Run in this Python, without a sandbox, on the sample with two epochs a training.",
    "full": "Run in this Python, without a sandbox.",
}
_STAND_IN = (
    "Run on repeated rows: the notebook needs as many rows as the full data set, which is not on this machine."
    " How accurate its models are says nothing here; --data full downloads the data set."
)


@dataclass(frozen=True)
class _Line:
    """A verdict as it is shown.

    Attributes:
        said: Of what is not met: what was found, and why.
        next_step: What to do about it.
    """

    group: str
    sign: str
    points: str
    criterion: str
    title: str
    cells: tuple[int, ...]
    said: tuple[str, ...]
    next_step: str = ""


def show_verdicts(graded: GradedSubmission) -> None:
    """Prints every verdict of one submission with what to do next, advice, and the points."""
    to = console()
    if any(use.stand_in and use.loaded for use in graded.data):
        tell(to, (_STAND_IN, "yellow"))
    _show(to, map(_of_grade, graded.verdicts))
    if graded.advice:
        title(to, "Worth knowing, without points")
    for advice in graded.advice:
        cells = cells_named(advice.cells, at_most=_MOST_CELLS)
        tell(to, f"{advice.text}{f' ({cells})' if cells else ''}", lead="* ")
    _hints(to, (hint.text for hint in graded.hints))
    pending = f", {graded.points_pending:g} for a person to decide" if graded.points_pending else ""
    bonus = f"; bonus {graded.bonus_earned:g} of {graded.bonus_possible:g}" if graded.bonus_possible else ""
    title(to, f"{graded.points_earned:g} of {graded.points_possible:g} points{pending}{bonus}.")


def show_report(report: Report) -> None:
    """Prints every verdict of a step of the self-check, and what the step cannot know."""
    to = console()
    tell(to, (_STEPS[report.step], "bold"))
    _show(to, map(_of_step, report.verdicts))
    if report.remarks:
        title(to, "Of the whole notebook")
    for remark in report.remarks:
        tell(to, remark, lead="* ")
    _hints(to, report.hints)
    unknown, bonus = report.points("unknown"), report.points("unknown", bonus=True)
    text = f"{report.earned:g} of {report.possible:g} points as far as this step can tell, {unknown:g} unknown"
    title(to, f"{text}{f'; of the bonus {bonus:g} unknown' if bonus else ''}.")
    if report.cannot_know:
        tell(to, (report.cannot_know, "dim"))


def _hints(to: Console, texts: Iterable[str]) -> None:
    told = list(texts)
    if told:
        title(to, "Hints, tried out")
    for text in told:
        tell(to, text, lead="* ")


def _show(to: Console, lines: Iterable[_Line]) -> None:
    order = list(_GROUPS)
    shown = sorted(lines, key=lambda line: order.index(line.group))
    width = max((len(line.points) for line in shown), default=0)
    advised = {""}
    for group, members in groupby(shown, key=lambda line: line.group):
        heading, style = _GROUPS[group]
        found = list(members)
        title(to, f"{heading}: {counted(len(found), 'criterion') if len(found) == 1 else f'{len(found)} criteria'}")
        for line in found:
            lead = f"{line.sign} {line.points:>{width}}  "
            cells = f"  ({cells_named(line.cells, at_most=_MOST_CELLS)})" if line.cells else ""
            tell(to, (line.criterion, "bold"), f"  {line.title}", (cells, "dim"), lead=(lead, style))
            # What one cause costs is said of each criterion, and how to fix it once.
            for text in (*line.said, *({line.next_step} - advised)):
                tell(to, text, lead=" " * len(lead))
            advised.add(line.next_step)


def _of_grade(verdict: Verdict) -> _Line:
    group = {"passed": "met", "needs_review": "waiting"}.get(verdict.outcome, "lost")
    return _Line(
        group=group,
        sign=_SIGNS[verdict.outcome],
        points=f"{verdict.earned:g}/{verdict.points:g}",
        criterion=verdict.criterion,
        title=verdict.title or verdict.required,
        cells=verdict.cells,
        said=() if group == "met" or not verdict.feedback else (verdict.feedback,),
        next_step="" if group == "met" else verdict.next_step,
    )


def _of_step(verdict: StepVerdict) -> _Line:
    said = (f"Yours: {verdict.yours}" if verdict.yours else "", verdict.text)
    return _Line(
        group={"passed": "met", "failed": "lost", "unknown": "unknown"}[verdict.status],
        sign=_SIGNS[verdict.status],
        points=f"{'?' if verdict.status == 'unknown' else f'{verdict.at_most:g}'}/{verdict.points:g}",
        criterion=verdict.criterion,
        title=verdict.title,
        cells=verdict.cells,
        said=() if verdict.status == "passed" else tuple(filter(None, said)),
        next_step="" if verdict.status == "passed" else verdict.next_step,
    )
