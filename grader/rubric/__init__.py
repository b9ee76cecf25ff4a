"""Rubrics: what an assignment asks for, as data. Everything wrong with one is found before any kernel starts."""

from grader.rubric.asked import Asked
from grader.rubric.companion_files import criteria_of_spread, sections_of_spread, shown_curves
from grader.rubric.loading import load_rubric
from grader.rubric.models import Criterion, DataKind, Limits, OutcomeTexts, Rubric, Section
from grader.rubric.schema import json_schema, schema_text

__all__ = [
    "Asked",
    "Criterion",
    "DataKind",
    "Limits",
    "OutcomeTexts",
    "Rubric",
    "Section",
    "criteria_of_spread",
    "json_schema",
    "load_rubric",
    "schema_text",
    "sections_of_spread",
    "shown_curves",
]
