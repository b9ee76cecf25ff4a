from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox_jobs import LIBRARY, await_condition, for_fork, job, runs

from grader.execution.sandbox import Job, Sandbox
from grader.execution.sandbox.launcher import children_of
from grader.execution.sandbox.warm import ColdError, Preload, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are Linux's")

NOTHING = Preload(binds={}, environment={"PYTHONPATH": LIBRARY}, only_imports={}, modules=())


def printed(sandbox: Sandbox, one: Job) -> tuple[str, bool, str]:
    """What a job prints, whether it was forked, and why not."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as output:
        try:
            sandboxed = sandbox.start(replace(one, stdout=writing, stderr=writing))
        finally:
            os.close(writing)
        with sandboxed:
            return output.read(), sandboxed.is_warm, sandboxed.why_cold


def test_what_is_no_module_starts_cold(forked: Sandbox) -> None:
    """And runs all the same."""
    assert printed(forked, job("print(1)", output=1)) == (
        "1\n",
        False,
        "only a module of Python's can be started in a fork",
    )


def test_other_variables_start_cold(forked: Sandbox) -> None:
    """The modules have read those that they were imported under."""
    one = for_fork(job("import sys; print(sys.path[0])", output=1))
    text, is_warm, why = printed(forked, replace(one, environment={"PYTHONPATH": "/run/nb/lib:/other"}))
    assert (text, is_warm) == ("/run/nb/lib\n", False)
    assert "PYTHONPATH" in why


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=True).start()", "2 threads"),
        ("import os; kept = os.open('/dev/null', os.O_RDONLY)", "holds the descriptors"),
    ],
)
def test_a_process_in_doubt_is_not_forked(*, forked: Sandbox, tmp_path: Path, line: str, doubt: str) -> None:
    """A fork of it would not be what a fresh process is; the job starts cold."""
    (tmp_path / "doubtful.py").write_text(line)
    tmp_path.chmod(0o755)
    binds = {f"{LIBRARY}/doubtful.py": tmp_path / "doubtful.py"}
    with started(
        forked.bubblewrap or "", replace(NOTHING, binds=binds, modules=("doubtful",)), python=forked.python
    ) as zygote:
        text, is_warm, why = printed(replace(forked, zygote=zygote), for_fork(job("print(1)", output=1)))
    assert (text, is_warm) == ("1\n", False)
    assert doubt in why


def test_a_library_that_cannot_be_imported_is_said(forked: Sandbox, tmp_path: Path) -> None:
    """Kernels then start cold, and the cell that imports it says the rest."""
    (tmp_path / "broken.py").write_text("1 / 0")
    binds = {f"{LIBRARY}/broken.py": tmp_path / "broken.py"}
    with (
        pytest.raises(ColdError, match="broken could not be imported beforehand"),
        started(forked.bubblewrap or "", replace(NOTHING, binds=binds, modules=("broken",)), python=forked.python),
    ):
        pass


def test_one_that_has_ended_is_done_without(forked: Sandbox) -> None:
    """The jobs of a batch whose process was killed start cold."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with ours, started(forked.bubblewrap or "", NOTHING, python=forked.python) as zygote:
        deaf = replace(forked, zygote=replace(zygote, control=ours.fileno()))
        text, is_warm, why = printed(deaf, for_fork(job("print(1)", output=1)))
    assert (text, is_warm) == ("1\n", False)
    assert "does not answer" in why


def test_the_process_to_fork_ends_with_who_started_it(forked: Sandbox) -> None:
    """Whether that ends its context or is killed."""
    code = f"""
import os, signal, sys
from grader.execution.sandbox.launcher import descendants_of
from grader.execution.sandbox import own_interpreter
from grader.execution.sandbox.warm import Preload, started
nothing = Preload(binds={{}}, environment={{}}, only_imports={{}}, modules=())
with started({forked.bubblewrap!r}, nothing, python=own_interpreter()):
    print(*descendants_of(os.getpid()), flush=True)
    if sys.argv[1] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
"""
    for way in ("killed", "ended"):
        answer = subprocess.run([sys.executable, "-c", code, way], capture_output=True, text=True, check=False)
        processes = answer.stdout.split()
        assert len(processes) == 2, answer.stderr
        await_condition(lambda: not any(runs(int(pid)) for pid in processes))  # noqa: B023


def test_nothing_is_left_of_the_process_to_fork(forked: Sandbox) -> None:
    """Not even its number: what ended is waited for."""
    before = children_of(os.getpid())
    with started(forked.bubblewrap or "", NOTHING, python=forked.python):
        made = children_of(os.getpid()) - before
        assert made
    # Children of earlier tests may have gone meanwhile.
    assert not children_of(os.getpid()) & made


def test_a_fork_looks_like_a_fresh_process(forked: Sandbox) -> None:
    """To what a program can see of itself and of its parent."""
    code = """
import os, signal, sys
print(sorted(os.environ), sys.path, sys.flags, sys.orig_argv, sys.gettrace(), sys.stdout.encoding)
print(os.getcwd(), os.getppid(), os.getpgrp() == os.getpid(), os.umask(0), os.listdir(os.path.expanduser("~")))
print(signal.getsignal(signal.SIGINT), sorted(os.listdir("/proc/self/fd"))[:3])
"""
    one = for_fork(job(code, output=1))
    warm, cold = printed(forked, one), printed(replace(forked, zygote=None), one)
    assert (warm[1], cold[1]) == (True, False)
    assert warm[0].splitlines() == cold[0].splitlines()


def test_two_forks_draw_other_numbers(forked: Sandbox) -> None:
    """As two fresh processes do: nothing random is left of the one they come from."""
    one = for_fork(job("import random; print(random.random())", output=1))
    assert printed(forked, one)[0] != printed(forked, one)[0]
