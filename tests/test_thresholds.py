"""Every threshold says its unit and its source, and names a test that there is."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted((ROOT / "grader").rglob("thresholds.py"))
]


@cache
def known_tests() -> frozenset[str]:
    """The names of all test functions."""
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))


def documented(owner: type) -> dict[str, str]:
    """Each field's docstring."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(owner)).body if isinstance(node, ast.ClassDef))
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = inspect.cleandoc(ast.literal_eval(text.value))
    return found


@pytest.mark.parametrize("module", MODULES)
def test_each_threshold_says_unit_source_and_test(module: str) -> None:
    """So that nobody changes one without knowing what it rests on."""
    thresholds = importlib.import_module(module).THRESHOLDS
    texts = documented(type(thresholds))
    for field in dataclasses.fields(thresholds):
        lines = [line.partition(": ") for line in texts[field.name].splitlines()]
        said = {head: rest for head, _, rest in lines}
        assert said.get("Unit"), field.name
        assert said.get("Source"), field.name
        names = re.findall(r"`(test_\w+)`", texts[field.name])
        assert names, field.name
        assert set(names) <= known_tests(), field.name


@pytest.mark.parametrize("module", MODULES)
def test_thresholds_cannot_be_set(module: str) -> None:
    """They are the same for every submission."""
    thresholds = importlib.import_module(module).THRESHOLDS
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thresholds, dataclasses.fields(thresholds)[0].name, 0)
