"""The table of ``docs/attribution.md`` holds every kind of failure, and each row has a case or a test."""

import re
from pathlib import Path
from typing import get_args

import pytest

from grader.attribution import Cause
from grader.attribution.causes import STUDENTS, CauseKind

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| .* \| ([\w' ]+) \| .* \| `([\w-]+)` \|$", re.MULTILINE)
ROWS = {kind: (whose, proof) for kind, whose, proof in ROW.findall((ROOT / "docs" / "attribution.md").read_text())}


def test_every_kind_of_failure_has_a_row():
    """And every row is one of them."""
    assert set(ROWS) == set(get_args(CauseKind))


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_says_whose_failure_it_is(kind):
    """As the code has it."""
    assert Cause(kind).is_infrastructure == (kind not in STUDENTS)
    assert (ROWS[kind][0] == "the student's") == (kind in STUDENTS)


@pytest.mark.parametrize("proof", sorted({proof for _, proof in ROWS.values()}))
def test_a_row_has_a_case_or_a_test(proof):
    """A folder of cases, or the name of a function."""
    if proof.startswith("test_"):
        texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
        assert any(f"def {proof}(" in text for text in texts)
    else:
        assert (ROOT / "tests" / "cases" / proof / "expected.yaml").is_file()
