"""The verdicts as the HTML that stands under a cell, in light and dark front ends alike."""

from __future__ import annotations

from html import escape

from grader.selfcheck.verdicts import Report, StepVerdict

_SIGNS = {"passed": ("&#10003;", "#1a7f37"), "failed": ("&#10007;", "#cf222e"), "unknown": ("?", "#6e7781")}
_CELL = "padding:.3em .8em .3em 0;text-align:left;vertical-align:top;border-top:1px solid #8886"


def report_html(report: Report, *, titles: dict[str, str]) -> str:
    """The verdicts, what to do next, remarks on a fresh run, and the points.

    Args:
        report: Of a live kernel, whole or one section's.
        titles: Section to its title.
    """
    parts = ['<div style="max-width:60em;line-height:1.45">']
    for section in dict.fromkeys(one.section for one in report.verdicts):
        rows = "".join(_row(one) for one in report.verdicts if one.section == section)
        title = escape(titles.get(section, section))
        parts.append(f'<p style="margin:.8em 0 .2em"><b>{title}</b></p>')
        parts.append(f'<table style="border-collapse:collapse;width:100%;font:inherit;color:inherit">{rows}</table>')
    if report.remarks:
        items = "".join(f"<li>{_code(remark)}</li>" for remark in report.remarks)
        parts.append(f'<p style="margin:.8em 0 .2em"><b>On a fresh run</b></p><ul style="margin:.2em 0">{items}</ul>')
    parts.append(f'<p style="margin:.8em 0 .2em"><b>{escape(points_text(report))}</b></p>')
    parts.append(f'<p style="margin:.2em 0;opacity:.75">{escape(report.cannot_know)}</p></div>')
    return "".join(parts)


def report_plain(report: Report) -> str:
    """The same for front ends that show no HTML."""
    lines = [f"{one.status:8}{one.criterion}  {one.text}" for one in report.verdicts]
    return "\n".join([*lines, *report.remarks, points_text(report)])


def message_html(text: str) -> str:
    """Why there are no verdicts."""
    lines = "<br>".join(map(escape, text.splitlines()))
    return f'<div style="border-left:4px solid #cf222e;padding:.3em .8em">{lines}</div>'


def points_text(report: Report) -> str:
    """The points that are sure, of how many."""
    possible = sum(one.points for one in report.verdicts)
    sure = sum(one.at_most for one in report.verdicts if one.status != "unknown")
    unknown = sum(one.points for one in report.verdicts if one.status == "unknown")
    return f"{sure:g} of {possible:g} points, {unknown:g} unknown"


def _row(verdict: StepVerdict) -> str:
    sign, colour = _SIGNS[verdict.status]
    kept = "?" if verdict.status == "unknown" else f"{verdict.at_most:g}"
    mark = f'<span style="color:{colour};font-weight:bold" title="{verdict.status}">{sign}</span>'
    told = [escape(verdict.title or verdict.criterion)]
    if verdict.status != "passed":
        told += [
            f'<span style="opacity:.85">{_code(text)}</span>' for text in (verdict.text, verdict.next_step) if text
        ]
    elif verdict.yours:
        told.append(f'<span style="opacity:.75">{_code(verdict.yours)}</span>')
    columns = (f"{mark}&nbsp;{verdict.status}", "<br>".join(told), f"{kept}&nbsp;/&nbsp;{verdict.points:g}")
    return "<tr>" + "".join(f'<td style="{_CELL}">{column}</td>' for column in columns) + "</tr>"


def _code(text: str) -> str:
    """What stands between backticks as code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
