from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from grader.cli.doctor import TIERS, doctor
from grader.execution.sandbox import detect

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are Linux's")


def test_the_proof_of_each_property_is_shown() -> None:
    """Its name and what happened when it was tried, and nothing of TensorFlow is loaded for it."""
    result = CliRunner().invoke(doctor, ["--cold"])
    assert result.exit_code == (0 if detect().sandbox else 2)
    assert TIERS[detect().tier] in result.output
    assert all(found.name in result.output for found in detect().properties)
    assert "tensorflow" not in sys.modules


def test_a_program_can_read_it() -> None:
    """All that is shown, and more."""
    facts = json.loads(CliRunner().invoke(doctor, ["--json", "--cold"]).output)
    assert facts["sandbox"] == (detect().sandbox is not None)
    assert facts["tier"] == detect().tier
    assert [found["name"] for found in facts["properties"]] == [found.name for found in detect().properties]
    assert facts["limits"] in {"cgroup v1", "systemd view", "watchdog"}
    assert facts["packages"]["ipykernel"]


@pytest.mark.slow
def test_it_says_how_kernels_start() -> None:
    """Forked where a fork is held like a fresh process, and else why not."""
    facts = json.loads(CliRunner().invoke(doctor, ["--json"]).output)
    assert facts["starts"].startswith("warm: " if facts["tier"] in {"1", "2", "2b"} else ("cold: ", "not tried"))
