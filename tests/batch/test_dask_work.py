"""What a worker of a cluster holds for a batch."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from grader.batch import dask_work
from grader.batch.dask_work import Wanted, own_cores
from grader.errors import UsageError
from grader.execution.sandbox import Sandbox, SandboxChoice


def test_two_workers_of_a_machine_share_no_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes later has what is left, and it is free again afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    everything = sorted(os.sched_getaffinity(0))
    with own_cores(1) as first, own_cores(len(everything)) as others:
        assert first == everything[:1]
        assert others == everything[1:]
    with own_cores(len(everything)) as again:
        assert again == everything


def test_a_worker_says_what_is_other_about_it() -> None:
    """All of it."""
    mine = Wanted.of(SandboxChoice(known=Sandbox(tier="1")), ())
    assert not dask_work._unlike(mine, mine)
    said = dask_work._unlike(replace(mine, code="older", tier="3"), mine)
    assert said == (
        "it has another version of grader and another sandbox tier (3, where 1 is wanted) than the machine that grades."
    )


def test_a_worker_without_a_courses_own_check_says_so() -> None:
    """It could not judge what the machine that grades would."""
    with pytest.raises(UsageError, match="there is no check 'of_the_course'"):
        Wanted.of(SandboxChoice(known=Sandbox(tier="1")), ["of_the_course"])
