"""Makes the course's own environment, and adds packages to it; the grader's own stays as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from grader.bootstrap import clean_environment
from grader.environment import StudentsEnvironment
from grader.environment.finding import environment_at
from grader.errors import MachineError, UsageError

ON_TOP = "grader-students.pth"
"""The file of an environment that takes from the grader's own what it does not hold itself."""

_QUIET = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")


def make(folder: Path, *, requirements: Path | None, python: str | None) -> StudentsEnvironment:
    """Makes an environment.

    Args:
        folder: Where; there must be nothing yet.
        requirements: Names every package with its version and hashes; None for the grader's own packages, to which
            more can be added.
        python: Name or path of the interpreter to make it of; None for the grader's own.

    Raises:
        UsageError: The folder is in use, or the result cannot be graded in.
        MachineError: Python or pip failed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            f"{folder}: there is something already.",
            expected="The path of a new folder.",
            fix=f"Add packages to it (grader environment add {folder} PACKAGE), or remove it first.",
        )
    if requirements is None and python is not None:
        raise UsageError(
            "--python without -r: on top of the grader's own packages there can only be its own Python.",
            expected="A requirements file for another Python.",
            fix="Give -r REQUIREMENTS, or leave --python out.",
        )
    try:
        _run([_base(python), "-m", "venv", "--without-pip", str(folder)], what="venv")
        if requirements is None:
            packages = next((folder / "lib").glob("python3*/site-packages"))
            own = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
            (packages / ON_TOP).write_text("".join(f"{path}\n" for path in own), encoding="utf-8")
        else:
            _install(folder, _from_file(requirements))
        _compile(folder)
        return environment_at(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def add(folder: Path, *, packages: Sequence[str], requirements: Path | None) -> StudentsEnvironment:
    """Adds packages to an environment.

    Args:
        folder: The environment.
        packages: As pip takes them: ``name`` or ``name==version``.
        requirements: A file of more, with hashes.

    Raises:
        UsageError: There is none, nothing was named, or the result cannot be graded in.
        MachineError: pip failed.
    """
    if not (folder / "bin" / "python").is_file():
        raise UsageError(
            f"{folder}: there is no environment.",
            expected="The folder of a virtual environment.",
            fix=f"Make it first: grader environment make {folder}",
        )
    if not packages and requirements is None:
        raise UsageError("Nothing was named to add.", expected="Packages, or -r REQUIREMENTS.")
    options = [name for name in packages if name.startswith("-")]
    if options:
        raise UsageError(f"{options[0]}: this is no package.", expected="A name, or name==version.")
    if packages:
        _install(folder, list(packages))
    if requirements is not None:
        _install(folder, _from_file(requirements))
    _compile(folder)
    return environment_at(folder)


def _from_file(requirements: Path) -> list[str]:
    if not requirements.is_file():
        raise UsageError(f"{requirements}: there is no such file.", expected="A requirements file with hashes.")
    return ["--require-hashes", "-r", str(requirements)]


def _base(python: str | None) -> str:
    """The interpreter to make an environment of."""
    if python is None:
        return getattr(sys, "_base_executable", "") or sys.executable
    found = shutil.which(python)
    if found is None:
        raise UsageError(
            f"--python {python}: there is no such program.",
            expected="The name or path of a Python 3.11 to 3.13.",
            fix="Install it, or name another.",
        )
    return found


def _install(folder: Path, what: Sequence[str]) -> None:
    _run([*_pip(folder / "bin" / "python"), "install", *_QUIET, "--no-compile", *what], what="pip")


def _pip(python: Path) -> list[str]:
    """A pip that installs into the environment: of a Python around, its own, or one that is unpacked into it."""
    for outside in dict.fromkeys((sys.executable, str(python.resolve()))):
        command = [outside, "-m", "pip", "--python", str(python)]
        if _succeeds([*command, "--version"]):
            return command
    own = [str(python), "-m", "pip"]
    if _succeeds([*own, "--version"]) or _succeeds([str(python), "-m", "ensurepip"]):
        return own
    raise MachineError(
        f"{python}: there is no pip to install with.",
        expected="pip 22.3 or newer beside this Python.",
        fix="Debian, Ubuntu: apt install python3-pip python3-venv, then run this again.",
    )


def _compile(folder: Path) -> None:
    """Writes bytecode: a sandbox is read-only, and without it each kernel starts many seconds later."""
    jobs = str(min(4, os.cpu_count() or 1))
    command = [str(folder / "bin" / "python"), "-m", "compileall", "-qq", "-j", jobs, str(folder / "lib")]
    _succeeds(command)  # some packages hold files for other Pythons, which do not compile: no reason to stop


def _run(command: Sequence[str], *, what: str) -> None:
    """Runs a program, whose output the user sees.

    Raises:
        MachineError: It failed.
    """
    sys.stdout.flush()
    try:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, env=clean_environment(), check=False).returncode
    except OSError as error:
        raise MachineError(f"{command[0]} could not be run: {error.strerror}.") from error
    if code != 0:
        raise MachineError(
            f"{what} failed (exit code {code}); what it said stands above.",
            fix="Mend that, and run the same command again.",
        )


def _succeeds(command: Sequence[str]) -> bool:
    quiet = subprocess.DEVNULL
    try:
        return subprocess.call(command, stdin=quiet, stdout=quiet, stderr=quiet, env=clean_environment()) == 0
    except OSError:
        return False
