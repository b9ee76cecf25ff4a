"""Which sandbox is used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.errors import MachineError
from grader.execution.sandbox import Sandbox, SandboxChoice, detect, own_interpreter


def test_what_is_known_is_not_looked_for() -> None:
    """A worker takes what the batch has found on the same machine."""
    known = Sandbox(tier="2b", bubblewrap="bwrap")
    assert SandboxChoice(known=known).resolve() == known
    assert SandboxChoice(known=known).tier == "2b"


@pytest.mark.slow
def test_the_best_that_holds_is_taken() -> None:
    """Going without is for machines on which none does, and only where that was asked for."""
    found = detect().sandbox
    if found is None:
        with pytest.raises(MachineError, match="no sandbox holds"):
            SandboxChoice().resolve()
        assert SandboxChoice(unprotected=True).tier == "4"
    else:
        assert SandboxChoice(unprotected=True).resolved().known == found


def test_what_runs_in_our_own_python_is_chosen_for_it() -> None:
    """Its user may be one who cannot read the grader's own."""
    python = replace(own_interpreter(), executable="/srv/course/bin/python")
    course = SandboxChoice(known=Sandbox(tier="2", python=python), python=python, cold=True)
    assert course.of_own_python() == SandboxChoice(cold=True)
    own = SandboxChoice(known=Sandbox(tier="2"))
    assert own.of_own_python() == own
