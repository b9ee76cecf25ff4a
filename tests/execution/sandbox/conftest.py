"""Jobs in every way of starting them that this machine has."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox_jobs import LIBRARY, PATIENCE_SECONDS, job, start_job

from grader.execution.sandbox import Ending, Sandbox, Sandboxed, own_interpreter
from grader.execution.sandbox.cgroups import mechanism
from grader.execution.sandbox.detection import _candidates, examine
from grader.execution.sandbox.warm import Preload, started

Run = Callable[..., tuple[str, Ending]]
Start = Callable[..., Sandboxed]


@functools.cache
def sandbox_of(tier: str) -> Sandbox | str:
    """The first sandbox of a tier that holds here, or why there is none."""
    why = f"tier {tier} is not for this user and machine"
    for sandbox in _candidates(mechanism(), own_interpreter()):
        if sandbox.tier == tier:
            _, why = examine(sandbox)
            if not why:
                return sandbox
    return why


TIERS = ("2", "2b", "3") if os.geteuid() == 0 else ("1", "3")
"""Those that this user can have, the best first."""


@pytest.fixture(params=["best", "forked", *(pytest.param(tier, marks=pytest.mark.slow) for tier in TIERS)])
def way(request: pytest.FixtureRequest, best: Sandbox) -> Sandbox:
    """Each tier that this machine has, the best among the quick tests, and the best with forks in place of starts."""
    if request.param == "best":
        return best
    if request.param == "forked":
        forked: Sandbox = request.getfixturevalue("forked")
        return forked
    sandbox = sandbox_of(request.param)
    if isinstance(sandbox, str):
        pytest.skip(sandbox)
    if sandbox == best:
        pytest.skip("the best was tested already")
    return sandbox


@pytest.fixture
def best() -> Sandbox:
    """The best tier of this machine."""
    found = [sandbox for tier in TIERS if isinstance(sandbox := sandbox_of(tier), Sandbox)]
    if not found:
        pytest.skip("no sandbox holds on this machine")
    return found[0]


@contextmanager
def output_pipe() -> Iterator[tuple[int, Callable[[], str]]]:
    """A descriptor to write to, and a call that closes it and reads what came."""
    reading, writing = os.pipe()
    with os.fdopen(reading, errors="replace") as output, os.fdopen(writing, "wb") as sink:

        def read() -> str:
            sink.close()
            return output.read()

        yield writing, read


@pytest.fixture(scope="session")
def forked() -> Iterator[Sandbox]:
    """The best tier with a process to fork, which has imported nothing."""
    found = next((found for tier in TIERS if isinstance(found := sandbox_of(tier), Sandbox)), None)
    if found is None or found.bubblewrap is None:
        pytest.skip("no namespaces on this machine")
    preload = Preload(binds={}, environment={"PYTHONPATH": LIBRARY}, only_imports={}, modules=())
    with started(found.bubblewrap, preload, python=found.python) as zygote:
        yield replace(found, zygote=zygote)


@pytest.fixture
def run() -> Run:
    """Runs a program to its end, which comes by itself."""

    def run(sandbox: Sandbox, code: str, **settings: object) -> tuple[str, Ending]:
        with output_pipe() as (output, read), start_job(sandbox, job(code, output=output, **settings)) as sandboxed:
            text = read()
            ended = sandboxed.wait(PATIENCE_SECONDS)
            assert ended is not None, "it did not end"
        return text, ended

    return run


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program whose output nobody reads; it is ended after the test."""
    running: list[Sandboxed] = []

    def start(sandbox: Sandbox, code: str, **settings: object) -> Sandboxed:
        with Path(os.devnull).open("wb") as nowhere:
            running.append(start_job(sandbox, job(code, output=nowhere.fileno(), **settings)))
        return running[-1]

    yield start
    for sandboxed in running:
        sandboxed.kill()
