from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from grader.cli.answers import Machine
from grader.cli.doctor import TIERS, _verdict, doctor
from grader.execution.sandbox import Detection, Sandbox, detect

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are Linux's")


def test_the_proof_of_each_property_is_shown() -> None:
    """Its name and what happened when it was tried, and nothing of TensorFlow is loaded for it."""
    was_loaded = "tensorflow" in sys.modules
    result = CliRunner().invoke(doctor, ["--cold"])
    assert result.exit_code == (0 if detect().sandbox else 2)
    assert TIERS[detect().tier] in result.output
    assert all(found.name in result.output for found in detect().properties)
    assert ("tensorflow" in sys.modules) == was_loaded


def test_a_program_can_read_it() -> None:
    """All that is shown, and more."""
    facts = json.loads(CliRunner().invoke(doctor, ["--json", "--cold"]).output)
    assert Machine.model_validate(facts).verdict == facts["verdict"]
    assert facts["sandbox"] == (detect().sandbox is not None)
    assert facts["tier"] == detect().tier
    assert [found["name"] for found in facts["properties"]] == [found.name for found in detect().properties]
    assert facts["limits"] in {"cgroup v1", "systemd view", "watchdog"}
    assert facts["packages"]["ipykernel"]


def detection(tier: str, *, fix: str = "") -> Detection:
    """What a machine with this tier says of itself."""
    held = None if tier == "4" else Sandbox(tier=tier)
    return Detection(tier=tier, properties=(), attempts=(), lacks="", limits_by="watchdog", fix=fix, sandbox=held)


def test_it_begins_with_a_verdict_in_one_line() -> None:
    """Then what to do, what a tier means, and which data sets are there."""
    told = CliRunner().invoke(doctor, ["--cold"]).output
    assert told.splitlines()[0] == _verdict(detect(), problem="")
    assert "What a tier means" in told
    assert "+ sample: mnist, 4,000 training and 1,000 test rows" in told


@pytest.mark.parametrize(
    ("found", "problem", "said"),
    [
        (detection("1"), "", "Ready: notebooks run in the strongest sandbox that this machine offers (tier 1: bubble"),
        (detection("3", fix="Do this."), "", "Ready, with less protection than there could be: "),
        (detection("1"), "it lacks tensorflow", "Ready with an environment of the course's own, "),
        (detection("4", fix="Do this."), "", "Not ready: no sandbox holds on this machine, and grading refuses "),
    ],
)
def test_the_verdict_says_what_to_do(found: Detection, problem: str, said: str) -> None:
    """Ready or not is its first word."""
    verdict = _verdict(found, problem=problem)
    assert verdict.startswith(said)
    assert found.fix in verdict


@pytest.mark.slow
def test_it_says_how_kernels_start() -> None:
    """Forked where a fork is held like a fresh process, and else why not."""
    facts = json.loads(CliRunner().invoke(doctor, ["--json"]).output)
    assert facts["starts"].startswith("warm: " if facts["tier"] in {"1", "2", "2b"} else ("cold: ", "not tried"))
