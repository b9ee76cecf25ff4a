"""What a grade was put together from, so that only what a rubric's edit changed is worked out again."""

from __future__ import annotations

from typing import Any

from grader.records.base import SCHEMA_VERSION, Record, SchemaVersion, Sha256


class GradePart(Record):
    """A result that went into a grade.

    Attributes:
        key: A digest of all that it depends on.
        value: As plain JSON.
    """

    key: Sha256
    value: Any


class GradeParts(Record):
    """The matching, the findings, the advice and each criterion's result, by name."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    parts: dict[str, GradePart] = {}
