"""What the terminal shows of one step of the self-check."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from grader.selfcheck.verdicts import Report, StepVerdict

_STYLES = {"passed": ("+", "green"), "failed": ("-", "red"), "unknown": ("?", "cyan")}
_STEPS = {
    "static": "Read without running anything.",
    "quick": "Run in this Python, without a sandbox, on the sample with two epochs a training.",
    "full": "Run in this Python, without a sandbox.",
}


def show_report(report: Report) -> None:
    """Prints every verdict with what to do next, what the step cannot know, and the points that are still to be had."""
    console = Console()
    console.print(Text(_STEPS[report.step], style="bold"))
    for verdict in report.verdicts:
        console.print(_line(verdict))
        if verdict.yours:
            console.print(Text(f"      yours: {verdict.yours}", style="dim"))
        if verdict.status != "passed":
            for text in (verdict.text, verdict.next_step):
                if text:
                    console.print(Text(f"      {text}", style="dim"))
    for hint in report.hints:
        console.print(Text(f"hint  {hint}", style="blue"))
    for remark in report.remarks:
        console.print(Text(f"note  {remark}", style="blue"))
    unknown = report.points("unknown")
    text = f"{report.earned:g} of {report.possible:g} points as far as this step can tell, {unknown:g} unknown"
    bonus = report.points("unknown", bonus=True)
    console.print(Text(f"{text}{f'; of the bonus {bonus:g} unknown' if bonus else ''}.", style="bold"))
    if report.cannot_know:
        console.print(Text(report.cannot_know, style="dim"))


def _line(verdict: StepVerdict) -> Text:
    sign, style = _STYLES[verdict.status]
    kept = f"{verdict.at_most:g}/{verdict.points:g}" if verdict.status != "unknown" else f"?/{verdict.points:g}"
    line = Text(f"{sign} {kept}  ", style=style)
    line.append(f"{verdict.criterion}  ", style="bold")
    line.append(f"{verdict.status}  ", style=style)
    line.append(verdict.title)
    if verdict.cells:
        line.append("  cell " + ", ".join(str(cell + 1) for cell in verdict.cells[:4]), style="dim")
    return line
