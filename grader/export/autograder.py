"""An autograder for Gradescope that grades in the platform's own container.

The container is somebody else's Docker: it refuses new namespaces, so that bubblewrap does not hold in it, and whether
Landlock does hangs on the machine below. So who makes the archive says which tier of the sandbox is enough, and the
archive says what that tier keeps from a notebook.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from grader.errors import UsageError
from grader.execution.sandbox.detection import LACKS
from grader.export.archive import zipped
from grader.rubric import Rubric
from grader.store import PACKAGE

ContainerTier = Literal["3", "4"]
CONTAINER_TIERS: tuple[ContainerTier, ...] = ("3", "4")

ARCHIVE = "autograder.zip"
_ASSIGNMENT = "assignment"
_OF_THE_CHECKOUT = ("requirements.lock", "pyproject.toml")

_SETUP = """\
#!/usr/bin/env bash
# Builds Gradescope's image: grader, TensorFlow and all that notebooks may import, 2.1 GB, from requirements.lock.
set -e
apt-get update
for version in 3.12 3.13 3.11; do
    command -v "python$version" > /dev/null && break
    apt-get install -y "python$version" "python$version-venv" && break
done
command -v "python$version" > /dev/null || {{ echo "No Python 3.11 to 3.13: choose another base image." >&2; exit 1; }}
apt-get install -y python3-pip
cd /autograder/source
"python$version" -m grader.bootstrap doctor || true
test -x .venv/bin/grader
"""
_RUN = """\
#!/usr/bin/env bash
# Tier {tier}: {said}
cd /autograder/source || exit 1
rm -rf /autograder/graded /autograder/results/results.json
.venv/bin/python -m grader grade {rubric} /autograder/submission -o /autograder/graded --data sample -j 1 -q{option}
code=$?
# Without results.json Gradescope shows a failed autograder, and not a score of 0.
exec .venv/bin/python -m grader.export.in_container /autograder/graded /autograder/results --exit-code "$code"
"""
SAID = {
    "3": "Landlock and seccomp hold a notebook, or nothing is graded.",
    "4": "where no sandbox holds, a notebook runs with limits alone.",
}
"""What each tier comes to, a sentence."""
_OPTION = {"3": "", "4": " --unprotected"}
_CONTAINED = {
    "3": """\
Tier 3 was asked for. A notebook is held by Landlock and seccomp, as a user of its own. It cannot read or change other
files of the container (this archive, the rubric, the results), and has no network. Where the container's machine offers
no Landlock, nothing is graded: Gradescope shows a failed autograder, and no score.
What tier 3 does not give: {lacks}
""",
    "4": """\
TIER 4 WAS ASKED FOR: WHERE NO BETTER TIER HOLDS, A NOTEBOOK IS NOT CONTAINED. {lacks}
In the container that means: a notebook can read the rubric, grader's code and what was measured, and it can write its
own results.json. Only Gradescope's container itself holds it. Use this for students whom you trust, and look at
suspicious scores. Limits of time, memory and processes are kept.
""",
}
_README = """\
An autograder for Gradescope that runs and grades a notebook in Gradescope's container.

Rubric: {rubric} ({title})
Upload this archive as the autograder of the assignment. The image takes some minutes to build and 2.1 GB. In the
autograder's settings choose Ubuntu 24.04 (Python 3.11 to 3.13 is needed), and a container with at least 2 CPUs and
6 GB; the default of 0.5 CPU and 768 MB is less than TensorFlow alone needs. Set the time limit to 40 minutes.

What a notebook is kept from
{contained}
In both tiers the trained models are measured in a second process, and what a printed number claims is checked there.

What is in this archive: grader's code, its list of packages, the rubric{companions}, and the sample of the data.
What is not: the reference solution, submissions, marks of tutors, the full data sets.

What a tutor has to decide is a test without a score that students see when you publish the grades, and not before.
Marks of tutors, late days and extensions are not known in the container: to hand these back, grade the class with
`grader grade` and use the archive results.zip of `grader export`.
"""


def autograder(rubric: Rubric, *, tier: ContainerTier) -> bytes:
    """The archive that Gradescope builds its image from.

    Args:
        rubric: By which it grades.
        tier: The least that holds a notebook, see `grader.execution.sandbox`.

    Raises:
        UsageError: The rubric needs what the archive cannot bring.
    """
    if rubric.check_packages:
        raise UsageError(
            f"{rubric.path}: it uses checks of {', '.join(package.name for package in rubric.check_packages)}.",
            expected="A rubric that uses grader's own checks alone: the archive brings no other package.",
            fix="Grade on a machine of your own, and hand back results.zip.",
        )
    placed = _of_assignment(rubric)
    name = placed[rubric.path.resolve()]
    companions = sorted(path.name for path in placed if path != rubric.path.resolve())
    said = {
        "setup.sh": _SETUP.format(),
        "run_autograder": _RUN.format(tier=tier, said=SAID[tier], rubric=shlex.quote(name), option=_OPTION[tier]),
        "README.txt": _README.format(
            rubric=rubric.path.name,
            title=rubric.title,
            contained=_CONTAINED[tier].format(lacks=LACKS[tier]),
            companions=f" with what it names ({', '.join(companions)})" if companions else "",
        ),
    }
    files: dict[str, bytes | Path] = {path: text.encode() for path, text in said.items()}
    files |= {place: path for path, place in placed.items()}
    files |= _of_grader()
    return zipped(files, executable=frozenset({"setup.sh", "run_autograder"}))


def _of_assignment(rubric: Rubric) -> dict[Path, str]:
    """The rubric and the files that grading by it needs, each with its place; these lie to each other as before."""
    calibrations = [rubric.companion(path) for path in (rubric.calibration.full, rubric.calibration.sample) if path]
    template = [rubric.template_notebook] if rubric.template_notebook is not None else []
    files = [rubric.path, *calibrations, *template, *rubric.laid_files.values()]
    found = sorted({path.resolve() for path in files if path.is_file()})
    top = Path(os.path.commonpath([path.parent for path in found]))
    return {path: f"{_ASSIGNMENT}/{path.relative_to(top).as_posix()}" for path in found}


def _of_grader() -> dict[str, bytes | Path]:
    checkout = PACKAGE.parent
    missing = [name for name in _OF_THE_CHECKOUT if not (checkout / name).is_file()]
    if missing:
        raise UsageError(
            f"{checkout}: {', '.join(missing)} is not there.",
            expected="grader in its checkout: the archive brings its code and its list of packages.",
            fix="Make the archive from a checkout (python3 -m grader.bootstrap export ...).",
        )
    code = {path: path.relative_to(checkout).as_posix() for path in _code(PACKAGE)}
    return {**{name: path for path, name in code.items()}, **{name: checkout / name for name in _OF_THE_CHECKOUT}}


def _code(folder: Path) -> Iterable[Path]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return (path for path in files if "__pycache__" not in path.parts and path.suffix != ".pyc")
