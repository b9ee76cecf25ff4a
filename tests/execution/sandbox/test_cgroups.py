from __future__ import annotations

import os
import subprocess

import pytest

from grader.execution.sandbox import Limits
from grader.execution.sandbox.cgroups import ControlGroup, _groups_can_be_made, _own_groups, mechanism

needs_groups = pytest.mark.skipif(not _groups_can_be_made(), reason="no version 1 control groups can be made here")


def test_some_mechanism_is_always_named() -> None:
    """Where the kernel offers none, the watchdog is the limit."""
    assert mechanism() in {"cgroup v1", "systemd view", "watchdog"}


@needs_groups
def test_groups_lie_below_our_own_and_go_again() -> None:
    """Whatever limits us limits the job as well."""
    group = ControlGroup(Limits(processes=5))
    assert all(folder.parent in _own_groups().values() for folder in group._folders)
    assert not group.out_of_memory()
    group.remove()
    assert not any(folder.exists() for folder in group._folders)


@needs_groups
def test_groups_of_a_killed_grader_are_removed_by_the_next() -> None:
    """Their names carry the process that made them."""
    with subprocess.Popen(["/bin/true"]) as ended:
        ended.wait()
    stale = _own_groups()["pids"] / f"grader-{ended.pid}-0"
    stale.mkdir()
    ControlGroup(Limits()).remove()
    assert not stale.exists()


@needs_groups
def test_an_attached_process_is_in_the_group() -> None:
    """And what it starts later."""
    group = ControlGroup(Limits())
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        group.attach([process.pid])
        groups = [(folder / "cgroup.procs").read_text().split() for folder in group._folders]
        assert groups == [[str(process.pid)]] * 2
        assert str(os.getpid()) not in groups[0]
    group.remove()
