"""What a job sees: the file tree inside, its base environment, and bubblewrap's argument list for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from grader.execution.sandbox.interpreter import Interpreter
from grader.execution.sandbox.job import Job
from grader.limits import HOME_BYTES, SHARED_MEMORY_BYTES, TEMPORARY_BYTES

WORK = "/home/student/work"
HOME = "/home/student"
SUBMISSION = "/run/nb/in"
LAUNCHER = "/run/nb/launcher.py"
ZYGOTE = "/run/nb/zygote.py"
WRITABLE = (WORK, HOME, "/tmp", "/dev/shm")  # noqa: S108 - inside
NOBODY = 65534

_SYSTEM = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/fonts", "/etc/alternatives"),
    *("/etc/ssl/certs", "/etc/mime.types", "/var/cache/fontconfig"),
)
_LAST = ("--chdir", WORK, "--remount-ro", "/dev", "--remount-ro", "/")
_ZYGOTE_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_CHOWN")
"""To enter the jobs' namespaces, and there to become their users."""

_TOP = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")


def environment(job: Job, *, python: Interpreter, home: str = HOME) -> dict[str, str]:
    """The variables of a job: the base, and its own."""
    folder = str(Path(python.executable).parent)
    base = {
        "HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": "student",
        "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin",
        "USER": "student",
    }
    return {**base, **job.environment}


def bubblewrap_arguments(
    job: Job, *, python: Interpreter, binds: Mapping[str, Path], work: Path | None, uid: int | None
) -> tuple[str | bytes, ...]:
    """The argument list of one job.

    Args:
        job: What is to run.
        python: The Python that it runs in.
        binds: Its read-only files and folders, where they can be read.
        work: The folder to copy in, where it can be read.
        uid: The user whom the launcher becomes, where the namespaces are made by root; None inside a user namespace.

    Returns:
        Arguments in order; a `bytes` is the content of a file, and the number of a descriptor goes in its place.
    """
    arguments: list[str | bytes] = [*_namespaces(uid), *_system(uid or NOBODY)]
    arguments += ("--proc", "/proc", *(("--ro-bind", "/proc/sys", "/proc/sys") if uid is not None else ()))
    arguments += (*_memory(job.limits.disk_bytes), *_shown(python, [*binds, *job.writable, LAUNCHER]))
    arguments += ("--perms", "0444", "--ro-bind-data", _source("launcher.py"), LAUNCHER)
    if work is not None:
        arguments += ("--ro-bind", str(work), SUBMISSION)
    for inside, outside in sorted(binds.items()):
        arguments += ("--ro-bind", str(outside), inside)
    for inside, outside in sorted(job.writable.items()):
        arguments += ("--bind", str(outside), inside)
    return (*arguments, *_LAST)


def zygote_arguments(binds: Mapping[str, Path], *, python: Interpreter, root: bool) -> tuple[str | bytes, ...]:
    """The argument list of the zygote: what every job sees, in the process namespace that jobs descend from.

    Args:
        binds: Inside path to a host's file or folder that its imports need.
        python: The Python that it runs in.
        root: Whether grader is run by root; else there is a user namespace, which the jobs' descend from as well.
    """
    arguments: list[str | bytes] = ["--unshare-ipc", "--unshare-net", "--unshare-uts", "--cap-drop", "ALL"]
    if root:
        arguments += (word for name in _ZYGOTE_CAPABILITIES for word in ("--cap-add", name))
    else:
        arguments += ("--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY))
    arguments += ("--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv", *_system(NOBODY))
    arguments += ("--ro-bind", "/proc", "/proc", *_memory(HOME_BYTES), *_shown(python, [*binds, LAUNCHER]))
    for name, path in (("launcher.py", LAUNCHER), ("zygote.py", ZYGOTE)):
        arguments += ("--perms", "0444", "--ro-bind-data", _source(name), path)
    for inside, outside in sorted(binds.items()):
        arguments += ("--ro-bind", str(outside), inside)
    return (*arguments, *_LAST)


@cache
def _source(name: str) -> bytes:
    """The text of a file of ours: it comes in as content, so that its path outside is not seen."""
    return Path(__file__).with_name(name).read_bytes()


def _namespaces(uid: int | None) -> Iterator[str]:
    if uid is None:
        yield from ("--unshare-all", "--unshare-user", "--disable-userns")
        yield from ("--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL")
    else:
        yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
        yield from ("--cap-drop", "ALL")
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_CHOWN"):
            yield from ("--cap-add", capability)
    yield from ("--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv")


def _system(uid: int) -> Iterator[str | bytes]:
    yield from ("--ro-bind", "/usr", "/usr")
    for top in _TOP:
        path = Path(top)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), top)
        elif path.is_dir():
            yield from ("--ro-bind", top, top)
    for path_text in _SYSTEM:
        yield from ("--ro-bind-try", path_text, path_text)
    yield from _file("/etc/passwd", f"root:x:0:0::/:/bin/sh\nstudent:x:{uid}:{uid}::{HOME}:/bin/sh\n")
    yield from _file("/etc/group", f"root:x:0:\nstudent:x:{uid}:\n")
    yield from _file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
    yield from _file("/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n")
    yield from ("--dev", "/dev")


def _file(path: str, text: str) -> Iterator[str | bytes]:
    yield from ("--perms", "0444", "--ro-bind-data", text.encode(), path)


def _memory(work_bytes: int) -> Iterator[str]:
    for path, mode, size in (
        ("/dev/shm", "1777", SHARED_MEMORY_BYTES),  # noqa: S108
        ("/tmp", "1777", TEMPORARY_BYTES),  # noqa: S108
        (HOME, "0755", HOME_BYTES),
        (WORK, "0755", work_bytes),
    ):
        yield from ("--perms", mode, "--size", str(size), "--tmpfs", path)


def _shown(python: Interpreter, paths: Iterable[str]) -> Iterator[str]:
    """Shows Python, and makes the folders on the way to what is bound later."""
    yield from _passable([*python.shown, *python.hidden, *paths])
    yield from _python(python)


def _passable(paths: Iterable[str]) -> Iterator[str]:
    """Makes the folders on the way to what is shown: what bubblewrap makes itself, only its own user can pass."""
    parents = {str(parent) for path in paths for parent in Path(path).parents}
    for parent in sorted(parents):
        if not Path(parent).is_relative_to("/usr") and parent not in {"/", *WRITABLE}:
            yield from ("--perms", "0755", "--dir", parent)


def _python(python: Interpreter) -> Iterator[str]:
    for path in python.shown:
        yield from ("--ro-bind", path, path)
    for path, target in python.links:
        yield from ("--symlink", target, path)
    for path in python.hidden:
        yield from ("--perms", "0555", "--size", "4096", "--tmpfs", path, "--remount-ro", path)
