"""Whether a rubric and its reference solution hold together: results, each of which passes or fails in CI."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal
from xml.etree import ElementTree as ET

from grader.records import Record
from grader.records.base import SCHEMA_VERSION

Group = Literal["calibration", "reference", "criteria", "controls", "faults", "equivalents"]


class ValidationResult(Record):
    """One thing that must hold.

    Attributes:
        group: ``calibration`` (it belongs to this reference, rubric, data and environment), ``reference`` (it earns
            every automatic point), ``criteria`` (each can be failed), ``controls`` (a notebook in which nothing was
            done earns nothing), ``faults`` and ``equivalents`` (mutants of the reference are judged rightly).
        name: What was looked at, such as ``seed 1: ex4.accuracy``.
        text: What was found, what was expected and what to do; empty where it holds.
    """

    group: Group
    name: str
    passed: bool
    text: str = ""


class Validation(Record):
    """What validating one rubric came to."""

    schema_version: int = SCHEMA_VERSION
    assignment: str
    rubric: str
    data: Literal["full", "sample"]
    seeds: tuple[int, ...]
    results: tuple[ValidationResult, ...]

    def with_results(self, more: Iterable[ValidationResult]) -> Validation:
        """The same with more results."""
        return self.model_copy(update={"results": (*self.results, *more)})

    @property
    def failures(self) -> tuple[ValidationResult, ...]:
        """What does not hold."""
        return tuple(result for result in self.results if not result.passed)


def validations_json(validations: list[Validation]) -> str:
    """The results for a machine."""
    whole = {
        "schema_version": SCHEMA_VERSION,
        "passed": not any(validation.failures for validation in validations),
        "rubrics": [validation.model_dump(mode="json") for validation in validations],
    }
    return json.dumps(whole, indent=1) + "\n"


def junit_xml(validations: list[Validation]) -> str:
    """The results in JUnit's form, which CI services show: a suite a rubric and group, a test case a result."""
    root = ET.Element("testsuites", name="grader validate")
    for validation in validations:
        for group in dict.fromkeys(result.group for result in validation.results):
            results = [result for result in validation.results if result.group == group]
            failures = sum(not result.passed for result in results)
            suite = ET.SubElement(
                root,
                "testsuite",
                name=f"{validation.assignment}.{group}",
                tests=str(len(results)),
                failures=str(failures),
                errors="0",
            )
            for result in results:
                case = ET.SubElement(
                    suite, "testcase", classname=f"{validation.assignment}.{group}", name=_xml_text(result.name)
                )
                if not result.passed:
                    text = _xml_text(result.text)
                    first = text.splitlines()[0] if text else ""
                    ET.SubElement(case, "failure", message=first).text = text
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml_text(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(character for character in text if character in "\t\n" or character.isprintable())
