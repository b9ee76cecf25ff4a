"""Finds the best tier that holds here, by running a job that tries to get out.

Nothing is concluded from a binary's presence or a kernel's version: the argument list, the filter and the launcher of
a real job run, with the probe in place of a kernel.
"""

from __future__ import annotations

import json
import os
import socket
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from seccompy import syscall_nr

from grader.execution.sandbox import landlock, probe, syscalls
from grader.execution.sandbox.bubblewrap import binaries
from grader.execution.sandbox.cgroups import Mechanism, mechanism
from grader.execution.sandbox.fixes import fix
from grader.execution.sandbox.interpreter import Interpreter, own_interpreter
from grader.execution.sandbox.job import MEBIBYTE, Job, Limits, SandboxError
from grader.execution.sandbox.layout import HOME, WORK, environment
from grader.execution.sandbox.mechanism import Sandbox
from grader.execution.sandbox.order import Tier
from grader.limits import CPU_GRACE_SECONDS, HOME_BYTES, SHARED_MEMORY_BYTES, TEMPORARY_BYTES

PROBE = "/run/nb/lib/sandbox_probe.py"
LIMITS = Limits(memory_bytes=512 * MEBIBYTE, processes=64, cpu_seconds=20, disk_bytes=32 * MEBIBYTE)
FORK_LIMITS = replace(LIMITS, memory_bytes=3 * 1024 * MEBIBYTE)
"""A fork begins with what its libraries hold."""

ADVISORY = {
    "1": {"memory of others"},
    "2": {"memory of others"},
    "2b": {"memory of others"},
    "3": {"source"},
}
"""Properties that a tier may lack and still be taken: what they guard is guarded by another as well, or not secret."""

LACKS = {
    "3": "Files outside cannot be read or changed, but their names, sizes and dates can be seen, the command lines of "
    "other processes, and the names of sockets, keys and network interfaces; the disk is watched, not limited; there "
    "is no /dev/shm, and, but for root, no terminal for `!` commands.",
    "4": "Nothing is kept from the notebook: it can read and change all that you can, and use the network.",
}
"""What a tier does not give, in words for the tutor."""


@dataclass(frozen=True)
class Property:
    """One thing that a sandbox must give, as the probe found it.

    Attributes:
        proof: What was tried, and what happened.
    """

    name: str
    holds: bool
    proof: str


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What this machine can do.

    Attributes:
        tier: The best that holds; ``4`` where none does, which is no sandbox.
        properties: Of that tier, or of the best that was tried.
        attempts: What was tried before and did not hold: the way, and why not.
        lacks: What the tier does not give; empty for the full sandbox.
        limits_by: What limits a whole tree of processes.
        fix: What to do on this very machine for a better tier; empty where there is none.
        sandbox: The tier itself; None where none holds.
    """

    tier: Tier
    properties: tuple[Property, ...]
    attempts: tuple[str, ...]
    lacks: str
    limits_by: Mechanism
    fix: str
    sandbox: Sandbox | None


def detect(python: Interpreter | None = None) -> Detection:
    """Tries the tiers from the best on; the answer is kept for this process.

    Args:
        python: The Python that jobs are to run in, which a tier's user has to be able to read; None for our own.
    """
    return _detect(python or own_interpreter())


@cache
def _detect(python: Interpreter) -> Detection:
    attempts: list[str] = []
    best: tuple[Property, ...] = ()
    limits_by: Mechanism = "watchdog"
    if os.uname().sysname == "Linux":
        limits_by = mechanism()
        for sandbox in _candidates(limits_by, python):
            properties, failure = examine(sandbox)
            if not failure:
                return _found(sandbox, properties, attempts)
            attempts.append(f"tier {sandbox.tier}{_by(sandbox)}: {failure}")
            best = max(best, properties, key=len)
    return Detection(
        tier="4",
        properties=best,
        attempts=tuple(attempts),
        lacks=LACKS["4"],
        limits_by=limits_by,
        fix=fix(attempts),
        sandbox=None,
    )


def examine(sandbox: Sandbox) -> tuple[tuple[Property, ...], str]:
    """Runs the probe in a sandbox.

    Returns:
        What it found, and why the sandbox cannot be used; empty where it can.
    """
    try:
        properties = tuple(_probe(sandbox))
    except (OSError, ValueError) as error:
        return (), str(error)
    broken = [found for found in properties if not found.holds and found.name not in ADVISORY.get(sandbox.tier, ())]
    return properties, "; ".join(f"{found.name} does not hold ({found.proof})" for found in broken)


def examine_fork(sandbox: Sandbox) -> tuple[tuple[Property, ...], str]:
    """Runs the probe in a fork of the sandbox's zygote: it must be held in all that a cold start is.

    Returns:
        As `examine`.
    """
    if sandbox.zygote is None:
        return (), sandbox.why_cold or "there is no process to fork"
    return examine(sandbox)


def _found(sandbox: Sandbox, properties: tuple[Property, ...], attempts: list[str]) -> Detection:
    return Detection(
        tier=sandbox.tier,
        properties=properties,
        attempts=tuple(attempts),
        lacks=LACKS.get(sandbox.tier, ""),
        limits_by=sandbox.limits_by,
        fix=fix(attempts) if sandbox.tier in LACKS else "",
        sandbox=sandbox,
    )


def _candidates(limits_by: Mechanism, python: Interpreter) -> Iterator[Sandbox]:
    tiers: tuple[Tier, ...] = ("2", "2b") if os.geteuid() == 0 else ("1",)
    for tier in tiers:
        for binary in binaries():
            yield Sandbox(tier=tier, python=python, bubblewrap=binary, limits_by=limits_by)
    if landlock.version() >= landlock.NEEDED_VERSION:
        yield Sandbox(tier="3", python=python, limits_by=limits_by)


def _by(sandbox: Sandbox) -> str:
    return f" with {sandbox.bubblewrap}" if sandbox.bubblewrap else ""


def _probe(sandbox: Sandbox) -> Iterator[Property]:
    with tempfile.TemporaryDirectory(prefix="grader-") as name:
        canary = Path(name) / "canary"
        canary.write_text("outside")
        canary.chmod(0o644)
        Path(name).chmod(0o755)
        with _Listeners(Path(name)) as listeners:
            expected = _expectations(sandbox, canary=canary, listeners=listeners)
            answer, running, owners = _run(sandbox, expected)
            came = listeners.came()
    yield from (Property(*finding) for finding in answer)
    yield Property("connections", not came, f"seen by the listeners outside: {', '.join(came) or 'none'}")
    if sandbox.tier != "3" or os.geteuid() == 0:
        yield Property("user outside", 0 not in owners, f"the program's user outside: {', '.join(map(str, owners))}")
    left = [pid for pid in running if Path(f"/proc/{pid}").exists()]
    told = f"{len(running)} processes with a daemon when it was ended, {len(left)} afterwards"
    yield Property("leftovers", len(running) > 1 and not left, told)


def _run(sandbox: Sandbox, expected: dict[str, Any]) -> tuple[list[Any], set[int], list[int]]:
    """Runs the probe; its answer, the host's numbers of all its processes, and the program's owner."""
    reading, writing = os.pipe()
    with os.fdopen(reading, errors="replace") as output:
        try:
            sandboxed = sandbox.start(_job(expected, output=writing, sandbox=sandbox))
        finally:
            os.close(writing)
        with sandboxed:
            if sandbox.zygote is not None and not sandboxed.is_warm:
                raise SandboxError(f"it was not forked: {sandboxed.why_cold}")
            text = output.readline()
            running = sandboxed.processes() - {sandboxed.pid}
            owners = [Path(f"/proc/{pid}").stat().st_uid for pid in (sandboxed.kernel_pid,) if pid is not None]
    try:
        return json.loads(text), running, owners
    except ValueError:
        raise SandboxError(f"the probe answered {text.strip()[:300]!r}") from None


def _job(expected: dict[str, Any], *, output: int, sandbox: Sandbox) -> Job:
    zygote = sandbox.zygote
    forked = ("-P", "-m", Path(PROBE).stem)
    return Job(
        command=(sandbox.python.executable, *(("-I", "-S", PROBE) if zygote is None else forked), json.dumps(expected)),
        stdout=output,
        stderr=output,
        binds={PROBE: Path(probe.__file__)},
        environment={} if zygote is None else zygote.environment,
        limits=LIMITS if zygote is None else FORK_LIMITS,
        core=expected["core"],
    )


def _expectations(sandbox: Sandbox, *, canary: Path, listeners: _Listeners) -> dict[str, Any]:
    """What the probe is told; that it finds otherwise is the proof."""
    namespaces = sandbox.bubblewrap is not None
    home = [path for name in (".bashrc", ".profile") if (path := Path.home() / name).is_file()]
    return {
        "namespaces": namespaces,
        "files": [str(canary), "/etc/shadow", "/etc/machine-id", *map(str, home)],
        "source": [__file__],
        "unwritable": ["/", "/usr", "/etc", "/dev", sysconfig.get_path("purelib"), "/run", str(canary.parent)],
        "writable": [".", "~", *(("/tmp", "/dev/shm") if namespaces else ())],  # noqa: S108 - inside
        "environment": [*_variables(sandbox), "TMPDIR"],
        "port": listeners.port,
        "name": listeners.name,
        "path": listeners.path,
        "kernel_files": ["/proc/sys/kernel/core_pattern", "/proc/sys/user/max_user_namespaces", "/proc/sysrq-trigger"],
        "clone": syscall_nr("clone"),
        "keyctl": syscall_nr("keyctl"),
        "getpid": syscall_nr("getpid"),
        "later": syscalls.NEWEST + 1,
        "outside_pid": os.getpid(),
        "limits": {
            "RLIMIT_DATA": [(LIMITS if sandbox.zygote is None else FORK_LIMITS).memory_bytes] * 2,
            "RLIMIT_FSIZE": [LIMITS.file_bytes] * 2,
            "RLIMIT_CPU": [LIMITS.cpu_seconds, (LIMITS.cpu_seconds or 0) + CPU_GRACE_SECONDS],
            "RLIMIT_CORE": [0, 0],
        },
        "sizes": {
            WORK: LIMITS.disk_bytes,
            HOME: HOME_BYTES,
            "/tmp": TEMPORARY_BYTES,  # noqa: S108
            "/dev/shm": SHARED_MEMORY_BYTES,  # noqa: S108
        },
        "core": min(os.sched_getaffinity(0)),
    }


def _variables(sandbox: Sandbox) -> tuple[str, ...]:
    """The variables of the probe, with those that imports set, in a fork and in a fresh process alike."""
    job = _job({"core": None}, output=1, sandbox=sandbox)
    made = () if sandbox.zygote is None else sandbox.zygote.made
    return (*environment(job, python=sandbox.python), *made)


class _Listeners:
    """Sockets outside that a program inside must not reach."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "listener")
        self.name = f"grader-probe-{os.getpid()}"
        addresses: dict[str, Any] = {"TCP": ("127.0.0.1", 0), "name": f"\0{self.name}", "path": self.path}
        self._sockets = {kind: _listen(address) for kind, address in addresses.items()}
        self.port: int = self._sockets["TCP"].getsockname()[1]
        Path(self.path).chmod(0o777)

    def __enter__(self) -> _Listeners:
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._sockets.values():
            listener.close()

    def came(self) -> list[str]:
        """Where a connection waits."""
        waiting = []
        for kind, listener in self._sockets.items():
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            waiting.append(kind)
        return waiting


def _listen(address: Any) -> socket.socket:
    listener = socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX)
    listener.setblocking(False)
    listener.bind(address)
    listener.listen()
    return listener
