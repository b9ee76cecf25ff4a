"""No input of a stranger ends in a traceback that is not ours. `benchmarks/fuzz.py` tries thousands, this a few."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing.inputs import KINDS
from fuzzing.targets import TARGETS
from hypothesis import HealthCheck, Phase, given, settings

FOUND = Path(__file__).parent / "found"
CASES = sorted(path for path in FOUND.rglob("*") if path.is_file())
FEW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_ends_as_a_result_or_a_reason(kind: str, tmp_path: Path) -> None:
    """Read, graded and shown, or refused in words of ours; and the inputs are of both sorts."""
    outcomes: set[bool] = set()

    @FEW
    @given(raw=KINDS[kind])
    def read(raw: bytes) -> None:
        outcomes.add(TARGETS[kind](raw, tmp_path))

    read()
    assert outcomes == {True, False}


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}-{path.name}" for path in CASES])
def test_what_fuzzing_found_is_mended(path: Path, tmp_path: Path) -> None:
    """Each input that once broke something, kept as it was found."""
    TARGETS[path.parent.name](path.read_bytes(), tmp_path)
