"""Finds an environment on this machine, and refuses one that notebooks cannot be graded in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from grader.bootstrap import clean_environment
from grader.environment import StudentsEnvironment, facts, own_environment
from grader.errors import MachineError, UsageError

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
NEEDED = {
    ("tensorflow", "tensorflow-cpu"): (2, 16),
    ("keras",): (3,),
    ("ipykernel",): (7,),
    ("matplotlib",): (3, 9),
    ("numpy",): (1, 26),
}
"""What a kernel and the recorder in it need: one of these distributions, in this version or a newer one.

Source: TensorFlow 2.16 is the first whose Keras is Keras 3; the others are what it was tried with.
"""

FACTS_SECONDS = 60.0


def environment_at(path: Path) -> StudentsEnvironment:
    """The environment of a Python on this machine, which is run to say what it holds.

    Args:
        path: Of an interpreter, or of a virtual environment's folder.

    Raises:
        UsageError: There is none, or it is one that notebooks cannot be graded in.
    """
    interpreter = path / "bin" / "python" if path.is_dir() else path
    if not interpreter.is_file():
        raise UsageError(
            f"{path}: there is no Python.",
            expected="A virtual environment's folder, or the path of an interpreter.",
            fix=f"Make one with: grader environment make {path} -r REQUIREMENTS",
        )
    # Not resolved: a virtual environment is found by the place of its link.
    found = _asked(interpreter.absolute())
    problem = problem_of(found)
    if problem:
        raise UsageError(f"{path}: {problem}", expected=_wanted(), fix=_fix(found, path))
    return found


def check_own() -> StudentsEnvironment:
    """Our own environment, where notebooks can be graded in it.

    Raises:
        MachineError: It lacks what students use.
    """
    own = own_environment()
    problem = problem_of(own)
    if problem:
        raise MachineError(
            f"The grader's own environment: {problem}",
            expected=_wanted(),
            fix="Install what students use beside it (pip install 'grader[students]'), or name the course's own "
            "environment by --python, or by 'environment' in the rubric.",
        )
    return own


def problem_of(environment: StudentsEnvironment) -> str:
    """Why notebooks cannot be graded in it, in words; empty where they can."""
    version = _numbers(environment.python)[:2]
    if not OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return f"it is of Python {environment.python}."
    missing = [names[0] for names in NEEDED if not any(name in environment.packages for name in names)]
    if missing:
        return f"it lacks {', '.join(missing)}."
    old = [
        f"{name} {environment.packages[name]}"
        for names, oldest in NEEDED.items()
        for name in names
        if name in environment.packages and _numbers(environment.packages[name]) < oldest
    ]
    return f"it holds {', '.join(old)}." if old else ""


def _asked(interpreter: Path) -> StudentsEnvironment:
    # In isolated mode a kernel's ``sys.path`` is found: nothing of the caller's own is on it.
    command = [str(interpreter), "-I", str(Path(facts.__file__))]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=FACTS_SECONDS, env=clean_environment()
        )
        return TypeAdapter(StudentsEnvironment).validate_json(answer.stdout)
    except subprocess.CalledProcessError as error:
        why = (error.stderr or "").strip().splitlines()[-1:]
    except (OSError, subprocess.TimeoutExpired, ValidationError) as error:
        why = [str(error)]
    raise UsageError(
        f"{interpreter}: it does not run as a Python ({''.join(why)[:300]}).",
        expected=_wanted(),
        fix=f"Try it: {interpreter} --version",
    )


def _wanted() -> str:
    needed = ", ".join(f"{names[0]} {'.'.join(map(str, oldest))}" for names, oldest in NEEDED.items())
    python = f"{OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} to {NEWEST_PYTHON[0]}.{NEWEST_PYTHON[1]}"
    return f"Python {python} with {needed}, or newer ones."


def _fix(environment: StudentsEnvironment, path: Path) -> str:
    if not OLDEST_PYTHON <= _numbers(environment.python)[:2] <= NEWEST_PYTHON:
        return "Make one of another Python: grader environment make FOLDER --python python3.12 -r REQUIREMENTS"
    missing = [names[0] for names in NEEDED if not any(name in environment.packages for name in names)]
    if missing and path.is_dir():
        return f"Add what is missing: grader environment add {path} {' '.join(missing)}"
    return "Put newer versions into its requirements, and make it anew."


def _numbers(version: str) -> tuple[int, ...]:
    """``2.16.2rc1`` as (2, 16, 2)."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("rc")[0])[:3])
