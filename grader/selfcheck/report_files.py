"""A report of the self-check as programs and CI services read it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from grader.selfcheck.verdicts import Report, StepVerdict


def report_json(report: Report) -> str:
    """The report as JSON: its fields, and the points that are sure, possible and unknown, without bonus."""
    points = {"earned": report.earned, "possible": report.possible, "unknown": report.points("unknown")}
    return json.dumps({**report.model_dump(mode="json"), "points": points}, ensure_ascii=False, indent=1) + "\n"


def report_junit(report: Report) -> str:
    """The report in JUnit's form: a suite a section, a test case a criterion.

    What the step cannot tell is skipped, with the reason.
    """
    root = ET.Element("testsuites", name=f"grader check, step {report.step}")
    for section in dict.fromkeys(one.section for one in report.verdicts):
        verdicts = [one for one in report.verdicts if one.section == section]
        counts = {name: str(sum(one.status == name for one in verdicts)) for name in ("failed", "unknown")}
        suite = ET.SubElement(
            root,
            "testsuite",
            name=f"{report.assignment}.{section}",
            tests=str(len(verdicts)),
            failures=counts["failed"],
            errors="0",
            skipped=counts["unknown"],
        )
        for verdict in verdicts:
            _add(suite, verdict)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ET.Element, verdict: StepVerdict) -> None:
    name = _text(f"{verdict.criterion}: {verdict.title}" if verdict.title else verdict.criterion)
    case = ET.SubElement(suite, "testcase", classname=suite.attrib["name"], name=name)
    text = _text("\n".join(filter(None, (verdict.text, verdict.next_step))))
    if verdict.status == "failed":
        message = f"{verdict.at_most:g} of {verdict.points:g} points"
        ET.SubElement(case, "failure", message=message).text = text
    elif verdict.status == "unknown":
        ET.SubElement(case, "skipped", message=text.partition("\n")[0])


def _text(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(character for character in text if character in "\t\n" or character.isprintable())
