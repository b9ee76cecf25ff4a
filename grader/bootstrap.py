"""Sets this checkout up and runs a command in it: ``python3 -m grader.bootstrap grade ...``.

Needs Python 3.11 to 3.13 with pip, and nothing else that is not in Python's own library. Everything goes into
``.venv`` in the checkout, from ``requirements.lock``, hashes required. A second call finds it ready and starts at once;
one that was interrupted is done again. This module also runs on Pythons that are too old for the rest, to say so.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_BYTES = 3 * 2**30
"""Free space that a set-up asks for: 2.1 GB stay, and the largest download stands beside its unpacked files.

Source: measured with the lock of the first version, on x86-64.
"""

_READY, _BUILDING = "ready", "building"
_NOT_COMPILED = r"/tests?/"

_TROUBLES = (
    (
        ("No space left", "Errno 28"),
        "the disk is full",
        "Free 3 GB here, or clone to another disk; then run this again.",
    ),
    (
        (
            "Temporary failure in name resolution",
            "Failed to establish",
            "NewConnectionError",
            "ConnectTimeout",
            "Max retries",
        ),
        "the package index cannot be reached",
        "Check the network, or pip's settings for a proxy or mirror (pip config list); then run this again.",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "a package is not the one that requirements.lock names",
        "Do not go on: the index, or what is between it and you, hands out other files than were reviewed.",
    ),
    (
        ("No matching distribution", "not a supported wheel"),
        "a package has no build for this system",
        "Linux on x86-64 or arm64 and macOS are known to work, with Python 3.11 to 3.13.",
    ),
    (
        ("Permission denied", "Read-only file system"),
        "the checkout cannot be written",
        "Clone it to a folder of your own.",
    ),
)


class SetUpError(Exception):
    """The set-up cannot be done; says what was found, and what to do."""

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(f"{found} {fix}")


def main(arguments: Sequence[str]) -> int:
    """Sets up where that is needed, then becomes the command."""
    try:
        python = other_python((sys.version_info[0], sys.version_info[1]))
        if python is not None:
            os.execv(python, [python, "-m", "grader.bootstrap", *arguments])  # noqa: S606 - no shell is wanted
        set_up(ROOT)
    except SetUpError as error:
        _say(f"grader.bootstrap: {error}")
        return 2
    except KeyboardInterrupt:
        _say("Interrupted. Run the same command again to go on.")
        return 130
    if arguments:
        run(ROOT, arguments)
    _say(
        f"Ready. Go on with `python3 -m grader.bootstrap --help`, or: . {venv_folder(ROOT)}/bin/activate; grader --help"
    )
    return 0


def run(root: Path, arguments: Sequence[str]) -> NoReturn:
    """Becomes ``grader ARGUMENTS``, or pytest where the first argument is ``test``."""
    python = str(venv_python(root))
    module = ["pytest", *arguments[1:]] if arguments[0] == "test" else ["grader", *arguments]
    os.execv(python, [python, "-m", *module])  # noqa: S606 - no shell is wanted


def venv_folder(root: Path) -> Path:
    """Where the environment of a checkout is."""
    return root / ".venv"


def venv_python(root: Path) -> Path:
    """The interpreter of a checkout's environment."""
    return venv_folder(root) / "bin" / "python"


def other_python(version: tuple[int, int]) -> str | None:
    """The path of a Python that can be used where one of this version cannot; None where it can.

    Raises:
        SetUpError: There is none.
    """
    if OLDEST <= version <= NEWEST:
        return None
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found is not None and _works(found):
            return found
    raise SetUpError(
        f"This is Python {version[0]}.{version[1]}; 3.11, 3.12 or 3.13 is needed, and none is on the PATH.",
        "Install one (Debian, Ubuntu: apt install python3.11) and run this with it.",
    )


def plan(root: Path) -> str:
    """What has to be done: ``nothing``, ``update`` (packages of an environment that works) or ``build``."""
    marker = _read_marker(root)
    if not venv_python(root).exists():
        return "build"
    if marker is None:
        # Somebody made this environment by hand: it is filled, not thrown away.
        return "update" if _works(str(venv_python(root))) else "build"
    state, _, key = marker.partition(" ")
    if state != _READY:
        return "build"
    if key == setup_key(root):
        return "nothing"
    return "update" if _works(str(venv_python(root))) else "build"


def setup_key(root: Path) -> str:
    """What an environment was made from: the lock, this module, and the place of the checkout."""
    digest = hashlib.sha256(str(root).encode())
    for path in (root / "requirements.lock", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def set_up(root: Path) -> None:
    """Makes the environment of a checkout, or completes it; does nothing where it is ready.

    Raises:
        SetUpError: It cannot be done here.
    """
    if plan(root) == "nothing":
        return
    try:
        with _alone(root) as lock:
            todo = plan(root)
            if todo != "nothing":
                _make(root, fresh=todo == "build", lock=lock)
    except OSError as error:
        raise _explained(str(error)) from error


def launcher(python: Path) -> str:
    """The text of ``bin/grader``: a shell finds the interpreter, also where its path holds spaces."""
    quoted = str(python)
    for character in '\\"$`':
        quoted = quoted.replace(character, f"\\{character}")
    return f"""\
#!/bin/sh
'''exec' "{quoted}" "$0" "$@"
' '''
import sys

from grader.cli import main

# Worker processes import this file as a module.
if __name__ == "__main__":
    sys.exit(main())
"""


def _make(root: Path, *, fresh: bool, lock: int) -> None:
    started = time.monotonic()
    folder = venv_folder(root)
    _check_room(root)
    if fresh:
        _say(f"Setting up in {folder} (once; 2 GB, some minutes).")
        shutil.rmtree(str(folder), ignore_errors=True)
        folder.mkdir()
        _write_marker(root, _BUILDING)
        _create(folder)
    else:
        _say(f"Bringing {folder} up to date.")
        _write_marker(root, _BUILDING)
    _install(root, lock=lock)
    _link(root)
    _say("Compiling ...")
    _compile(root)
    _write_marker(root, f"{_READY} {setup_key(root)}")
    _say(f"Set up in {time.monotonic() - started:.0f} s.")


def _check_room(root: Path) -> None:
    if not os.access(str(root), os.W_OK):
        raise SetUpError(
            f"{root} cannot be written by you, and everything is set up in it.",
            f"Clone it to a folder of your own: git clone {root} ~/grader",
        )
    free = shutil.disk_usage(str(root)).free
    if free < NEEDED_BYTES and not venv_python(root).exists():
        raise SetUpError(
            f"Only {free / 1e9:.1f} GB are free in {root}; 3 GB are needed.", "Free some, or clone elsewhere."
        )


def _create(folder: Path) -> None:
    try:
        import venv  # noqa: PLC0415 - a system may lack it
    except ImportError:
        raise SetUpError(
            "This Python lacks its module venv.", "Debian, Ubuntu: apt install python3-venv, then run this again."
        ) from None
    # pip of the system installs into it, so that ensurepip, which Debian packs apart, is not needed.
    venv.EnvBuilder(with_pip=False, symlinks=True).create(str(folder))


def _install(root: Path, *, lock: int) -> None:
    python = str(venv_python(root))
    with tempfile.TemporaryDirectory(dir=str(venv_folder(root)), prefix="tmp-") as folder:
        environment = clean_environment()
        # /tmp may be a small memory disk; the largest package has some 250 MB.
        environment.setdefault("TMPDIR", folder)
        command = [
            *_pip(python, environment),
            *("install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"),
            *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
            *("-r", str(root / "requirements.lock")),
        ]
        _watch_pip(command, environment, total=_packages_in_lock(root), lock=lock)


def _pip(python: str, environment: Mapping[str, str]) -> list[str]:
    """A pip that can install into the environment: the running Python's, else one unpacked into the environment."""
    outside = [sys.executable, "-m", "pip", "--python", python]
    if _succeeds([*outside, "--version"], environment):
        return outside
    inside = [python, "-m", "pip"]
    if _succeeds([*inside, "--version"], environment) or _succeeds([python, "-m", "ensurepip"], environment):
        return inside
    raise SetUpError(
        f"{sys.executable} has no pip (22.3 or newer).", "Debian, Ubuntu: apt install python3-pip, then run this again."
    )


def _watch_pip(command: Sequence[str], environment: Mapping[str, str], *, total: int, lock: int) -> None:
    """Runs pip, and shows how far it is.

    pip starts another, so both get a session of their own and are ended together; the lock is held by it too, so that
    none runs beside one that outlived us.
    """
    tail: list[str] = []
    collected = 0
    shown = time.monotonic()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        encoding="utf-8",
        errors="replace",
        pass_fds=(lock,),
        start_new_session=True,
    ) as process:
        try:
            for line in process.stdout or ():
                tail = [*tail[-200:], line]
                collected += line.startswith(("Collecting ", "Requirement already satisfied"))
                if line.startswith("Installing collected packages"):
                    _say(f"Installing {line.count(',') + 1} packages ...")
                elif time.monotonic() - shown > 5 and line.startswith("Collecting "):
                    shown = time.monotonic()
                    _say(f"  {collected} of about {total}: {line.split()[1]}")
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        raise _explained("".join(tail))


def _packages_in_lock(root: Path) -> int:
    lines = (root / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return sum("==" in line and not line.startswith((" ", "#")) for line in lines)


def _link(root: Path) -> None:
    """Makes the checkout importable and gives it its command, as an editable install would, with no build tool."""
    site_packages = next((venv_folder(root) / "lib").glob("python3*/site-packages"))
    (site_packages / "grader-checkout.pth").write_text(f"{root}\n", encoding="utf-8")
    script = venv_folder(root) / "bin" / "grader"
    script.write_text(launcher(venv_python(root)), encoding="utf-8")
    script.chmod(0o755)


def _compile(root: Path) -> None:
    """Writes bytecode, even where PYTHONDONTWRITEBYTECODE is set.

    A sandbox is read-only and never can, and without it TensorFlow's import takes 15 seconds instead of 5.
    """
    jobs = str(min(4, os.cpu_count() or 1))
    # Relative paths, so that what is left out is looked for below the checkout alone.
    targets = [str(path.relative_to(root)) for path in (venv_folder(root) / "lib", root / "grader")]
    subprocess.run(  # some packages hold files for other Pythons, which do not compile: no reason to stop
        [str(venv_python(root)), "-m", "compileall", "-qq", "-j", jobs, "-x", _NOT_COMPILED, *targets],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
        cwd=str(root),
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would make pip or Python put things elsewhere, or write no bytecode."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "__PYVENV_LAUNCHER__"}
    unwanted |= {"PIP_" + name for name in ("TARGET", "PREFIX", "ROOT", "USER", "PYTHON", "REQUIRE_VIRTUALENV")}
    unwanted |= {"PIP_" + name for name in ("NO_BINARY", "ONLY_BINARY", "CONSTRAINT", "REQUIREMENT", "DRY_RUN")}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def _explained(output: str) -> SetUpError:
    lines = [line for line in output.strip().splitlines() if not line.startswith("Ignoring ")]
    last = "\n".join(f"    {line[:200]}" for line in lines[-6:])
    for signs, what, fix in _TROUBLES:
        if any(sign in output for sign in signs):
            return SetUpError(f"The set-up failed: {what}.\n{last}\n", fix)
    return SetUpError(f"The set-up failed.\n{last}\n", "Run this again; it begins afresh.")


def _works(python: str) -> bool:
    return _succeeds([python, "-c", "import venv, ssl, sqlite3"], clean_environment())


def _succeeds(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    quiet = subprocess.DEVNULL
    try:
        return subprocess.call(command, stdin=quiet, stdout=quiet, stderr=quiet, env=dict(environment)) == 0
    except OSError:
        return False


def _marker(root: Path) -> Path:
    return venv_folder(root) / "grader-setup"


def _read_marker(root: Path) -> str | None:
    try:
        return _marker(root).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _write_marker(root: Path, text: str) -> None:
    part = _marker(root).with_suffix(".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(_marker(root))


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[int]:
    """Waits until no other set-up of this checkout is running; gives the descriptor that holds the others off."""
    with (root / "requirements.lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another set-up of this checkout is running; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
