"""One process at a time in an output folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.errors import HeldError
from grader.store import held

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from grader.store import held

with held(Path(sys.argv[1])) as lock:
    if sys.argv[2:]:
        subprocess.Popen(["sh", "-c", sys.argv[2]], pass_fds=(lock,))
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a folder."""
    command = [sys.executable, "-c", HOLDER, str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_the_second_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    """Which process, on which machine, since when."""
    with holder(tmp_path) as process, pytest.raises(HeldError) as refused, held(tmp_path):
        pass
    assert f"process {process.pid} on {socket.gethostname()}, since 20" in str(refused.value)


def test_a_lock_goes_with_its_holder(tmp_path: Path) -> None:
    """However that ends; what it left of a file is no lock."""
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / ".lock").exists()
        with held(tmp_path):
            assert str(os.getpid()) in (tmp_path / ".lock").read_text()
    assert list(tmp_path.iterdir()) == []


def test_workers_of_a_killed_holder_are_waited_for(tmp_path: Path) -> None:
    """They may still be writing: the folder is free once they have ended, and not before."""
    ended = tmp_path / "ended"
    with holder(tmp_path, f"sleep 1; touch {ended}") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with held(tmp_path):
            assert ended.exists()


def test_a_folder_is_free_after_an_error(tmp_path: Path) -> None:
    """And for the same process again."""
    with pytest.raises(ValueError, match="no luck"), held(tmp_path):
        raise ValueError("no luck")
    with held(tmp_path):
        pass
