"""What the grader finds among a check's parameters by type."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from grader.judging.parameters import ComparedSectionId, SectionId, fields_of, parts_of
from grader.judging.registry import Params, own_checks
from grader.rubric import load_rubric

RUBRICS = sorted((Path(__file__).parents[2] / "rubrics").glob("*.yaml"))


class Inner(BaseModel):
    section: SectionId
    text: str = "not a section"


class Outer(Params):
    one: SectionId | None = None
    several: tuple[SectionId, ...] = ()
    compared: ComparedSectionId | None = None
    nested: tuple[Inner, ...] = ()
    by_section: dict[SectionId, Inner] = {}
    text: str = "not a section"


FULL = {
    "one": "a",
    "several": ["b", "c"],
    "compared": "d",
    "nested": [{"section": "e"}],
    "by_section": {"f": {"section": "g"}},
}


def test_section_names_are_found_wherever_they_stand():
    """In optional values, tuples, mappings and nested models."""
    assert list(parts_of(Outer.model_validate(FULL), SectionId)) == ["a", "b", "c", "d", "e", "f", "g"]


def test_a_narrower_type_is_found_alone():
    """The section that is compared with is one of those named."""
    assert list(parts_of(Outer.model_validate(FULL), ComparedSectionId)) == ["d"]


def test_fields_are_found_without_values():
    """By what they may hold."""
    assert fields_of(Outer, SectionId) == {"one", "several", "compared", "by_section"}
    assert fields_of(Outer, ComparedSectionId) == {"compared"}


def test_a_section_id_is_a_text_to_everybody_else():
    """In JSON and in the schema."""
    assert Outer(one="a").model_dump(mode="json")["one"] == "a"
    assert Inner.model_json_schema()["properties"]["section"]["type"] == "string"


def _texts(value: object) -> list[str]:
    return [text for text in parts_of(value, str) if not isinstance(text, SectionId)]


@pytest.mark.parametrize("path", RUBRICS, ids=[path.stem for path in RUBRICS])
def test_no_parameter_holds_a_section_name_without_its_type(path):
    """Such a name would go unchecked."""
    rubric = load_rubric(path)
    # Week 9 has a section of the name of its data set.
    ids = {section.id for section in rubric.sections} - {"mnist"}
    assert {criterion.id: found for criterion in rubric.criteria if (found := ids & {*_texts(criterion.params)})} == {}


def test_a_parameter_that_says_that_it_names_sections_has_their_type():
    """Of every check, whether a rubric uses it or not."""
    for spec in own_checks().values():
        fields = spec.params.model_fields.items()
        said = {name for name, field in fields if (field.description or "").startswith("section")}
        assert said == fields_of(spec.params, SectionId), spec.name
