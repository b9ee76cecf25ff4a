"""The JSON schema of rubrics: editors complete and check them by it."""

from __future__ import annotations

import json
from typing import Any

import grader.checks  # noqa: F401 - registers every check
from grader.judging.registry import CheckSpec, registered
from grader.rubric.loading import READ_FROM_BESIDE
from grader.rubric.models import Rubric

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of a rubric's YAML, with the parameters of every registered check."""
    schema = Rubric.model_json_schema()
    definitions = schema["$defs"]
    for name in READ_FROM_BESIDE:
        schema["properties"].pop(name)
    specs = registered()
    for spec in specs.values():
        own = spec.params.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= own.pop("$defs", {})
        _section_gives_model(own)
        definitions[spec.params.__name__] = own
    criterion = definitions["Criterion"]
    criterion["properties"]["check"] = {"oneOf": [_named(spec) for spec in specs.values()]}
    criterion["properties"]["params"] = {"type": "object"}
    criterion["allOf"] = [_with_params(spec) for spec in specs.values()]
    schema["required"] = sorted({*schema.get("required", []), "sections"})
    used = _referred(schema)
    schema["$defs"] = {name: definitions[name] for name in sorted(definitions) if name in used}
    return {"$schema": DIALECT, **_without_titles(schema), "title": "Rubric"}


def schema_text() -> str:
    """The schema as the file ``rubrics/schema.json`` holds it."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=True) + "\n"


def _named(spec: CheckSpec) -> dict[str, Any]:
    return {"const": spec.name, "description": spec.statement}


def _with_params(spec: CheckSpec) -> dict[str, Any]:
    reference = {"$ref": f"#/$defs/{spec.params.__name__}"}
    return {
        "if": {"properties": {"check": {"const": spec.name}}},
        "then": {"properties": {"params": reference}},
    }


def _section_gives_model(own: dict[str, Any]) -> None:
    """A parameter ``model`` need not be given: it is the section's by default."""
    required = [name for name in own.get("required", []) if name != "model"]
    if required:
        own["required"] = required
    else:
        own.pop("required", None)


def _referred(schema: dict[str, Any]) -> set[str]:
    """The definitions that the schema needs, directly or through others."""
    definitions = schema["$defs"]
    todo = [{key: value for key, value in schema.items() if key != "$defs"}]
    used: set[str] = set()
    while todo:
        for name in _references(todo.pop()):
            if name not in used:
                used.add(name)
                todo.append(definitions[name])
    return used


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {str(value["$ref"]).rpartition("/")[2]} if "$ref" in value else set()
        return own.union(*(_references(item) for item in value.values()))
    return set().union(*(_references(item) for item in value)) if isinstance(value, list) else set()


def _without_titles(value: Any, *, is_properties: bool = False) -> Any:
    """Drops the titles that pydantic makes of the keys, which say nothing."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if is_properties or key != "title"}
        return {
            key: _without_titles(item, is_properties=key == "properties" and not is_properties)
            for key, item in kept.items()
        }
    return [_without_titles(item) for item in value] if isinstance(value, list) else value
