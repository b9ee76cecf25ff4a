"""The JSON schema of rubrics: editors complete and check them by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grader.judging.registry import CheckSpec
from grader.rubric.loading import FROM_COMPANION_FILES
from grader.rubric.models import Rubric, form_parameters

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(specs: Mapping[str, CheckSpec]) -> dict[str, Any]:
    """The schema of a rubric's YAML, with the parameters of these checks."""
    schema = Rubric.model_json_schema()
    definitions = schema["$defs"]
    for name in FROM_COMPANION_FILES:
        schema["properties"].pop(name)
    for spec in specs.values():
        prefix = _prefix(spec)
        own = spec.params.model_json_schema(ref_template=f"#/$defs/{prefix}{{model}}")
        definitions |= {f"{prefix}{name}": inner for name, inner in own.pop("$defs", {}).items()}
        _section_gives_model(own, spec)
        definitions[f"{prefix}{spec.params.__name__}"] = own
    criterion = definitions["Criterion"]
    criterion["properties"]["check"] = {"oneOf": [_named(spec) for spec in specs.values()]}
    criterion["properties"]["params"] = {"type": "object"}
    criterion["allOf"] = [_with_params(spec) for spec in specs.values()]
    schema["required"] = sorted({*schema.get("required", []), "sections"})
    used = _referred(schema)
    schema["$defs"] = {name: definitions[name] for name in sorted(definitions) if name in used}
    return {"$schema": DIALECT, **_without_titles(schema), "title": "Rubric"}


def schema_text(specs: Mapping[str, CheckSpec]) -> str:
    """The schema as a file for editors; ``rubrics/schema.json`` is that of the grader's own checks."""
    return json.dumps(json_schema(specs), indent=1, ensure_ascii=True) + "\n"


def _prefix(spec: CheckSpec) -> str:
    """Keeps the definitions of a course's own check apart from those of another class of the same name."""
    return "" if spec.package is None else f"{spec.name}."


def _named(spec: CheckSpec) -> dict[str, Any]:
    return {"const": spec.name, "description": spec.statement}


def _with_params(spec: CheckSpec) -> dict[str, Any]:
    reference = {"$ref": f"#/$defs/{_prefix(spec)}{spec.params.__name__}"}
    return {
        "if": {"properties": {"check": {"const": spec.name}}},
        "then": {"properties": {"params": reference}},
    }


def _section_gives_model(own: dict[str, Any], spec: CheckSpec) -> None:
    """The form of a model need not be given: it is the section's by default."""
    required = [name for name in own.get("required", []) if name not in form_parameters(spec.params)]
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
