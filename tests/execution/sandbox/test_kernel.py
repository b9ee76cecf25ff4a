"""The sandbox runs what it was made for."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from sandbox_jobs import PATIENCE_SECONDS

from grader.execution.sandbox import Job, Sandbox, Sandboxed

pytestmark = pytest.mark.slow

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
COMMAND = (sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "/run/nb/conn.json")


@contextmanager
def kernel(sandbox: Sandbox, folder: Path) -> Iterator[tuple[BlockingKernelClient, Sandboxed]]:
    """A kernel and a client of it, over sockets whose files are gone by then."""
    sockets = folder / "s"
    sockets.mkdir(mode=0o700)
    connection = {"transport": "ipc", "key": "k", "signature_scheme": "hmac-sha256", **PORTS}
    inside = {**connection, "ip": f"{sandbox.seen_as('/run/nb/s', sockets)}/k"}
    (folder / "conn.json").write_text(json.dumps(inside))
    client = BlockingKernelClient()
    client.load_connection_info({**connection, "ip": f"{sockets}/k"})
    with Path(os.devnull).open("wb") as nowhere:
        job = Job(
            command=COMMAND,
            binds={"/run/nb/conn.json": folder / "conn.json"},
            writable={"/run/nb/s": sockets},
            stdout=nowhere.fileno(),
            stderr=nowhere.fileno(),
        )
        sandboxed = sandbox.start(job)
    with sandboxed:
        while len(list(sockets.iterdir())) < len(PORTS):
            assert sandboxed.poll() is None, "the kernel did not start"
            time.sleep(0.02)
        client.start_channels(hb=False, stdin=False)
        client.wait_for_ready(timeout=PATIENCE_SECONDS)
        for socket in sockets.iterdir():
            socket.unlink()
        yield client, sandboxed
        client.stop_channels()


def run_cell(client: BlockingKernelClient, source: str) -> tuple[str, list[dict[str, Any]]]:
    """A cell's status and its messages."""
    messages: list[dict[str, Any]] = []
    reply = client.execute_interactive(source, timeout=PATIENCE_SECONDS, output_hook=messages.append)
    return reply["content"]["status"], messages


def printed(messages: list[dict[str, Any]]) -> str:
    """What a cell wrote."""
    return "".join(str(message["content"].get("text", "")) for message in messages)


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that others can pass; a socket's path has at most 107 bytes."""
    folder = tmp_path_factory.mktemp("k")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder


def test_a_kernel_runs_cells(way: Sandbox, short_folder: Path) -> None:
    """It computes, writes files and can be interrupted, after its sockets' files are gone."""
    with kernel(way, short_folder) as (client, sandboxed):
        assert printed(run_cell(client, "print(1 + 1)")[1]) == "2\n"
        assert run_cell(client, "open('x', 'w').write('x')")[0] == "ok"
        client.execute("import time; print('in', flush=True); time.sleep(600)")
        while client.get_iopub_msg(timeout=PATIENCE_SECONDS)["msg_type"] != "stream":
            pass
        sandboxed.interrupt()
        assert client.get_shell_msg(timeout=PATIENCE_SECONDS)["content"]["ename"] == "KeyboardInterrupt"
        usage = sandboxed.usage()
    assert usage.memory_bytes > 20 * 2**20
    assert sandboxed.poll() is not None


def test_a_kernel_that_is_ended_says_so(best: Sandbox, short_folder: Path) -> None:
    """At its limit of memory an error, and by its own hand a death."""
    with kernel(best, short_folder) as (client, sandboxed):
        status, messages = run_cell(client, "bytearray(8 << 30)")
        assert status == "error"
        assert any(message["content"].get("ename") == "MemoryError" for message in messages)
        client.execute("import os; os.kill(os.getpid(), 9)")
        ended = sandboxed.wait(PATIENCE_SECONDS)
    assert ended is not None
    assert ended.reason == "kernel_died"
