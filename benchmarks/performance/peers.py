"""A class of real-size submissions: grader, nbgrader, Otter, a plain kernel, and the floor: the trainings alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from performance.classes import WEEK, edit, edited_rubric
from performance.measured import GRADER, ROOT, Cost, measure
from performance.notebooks import ASSERTS, samples, submission, trainings, write_submissions

PACKAGES = {"nbgrader": ("nbgrader", "ipykernel"), "otter": ("otter-grader", "ipykernel")}

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
_LONG = "7200"
"""Seconds that a cell may take on a busy machine: no grader may be cut off."""

_ACCELERATED = f"""\
import sys
sys.path.insert(0, {str(ROOT / "grader" / "execution")!r})
from recorder import training


class Nowhere:
    cell = None

    def next_seq(self):
        return 0

    def emit(self, kind, record):
        pass

    def array(self, array):
        return ""

    def note(self, text):
        pass

    lost = note


training.install(Nowhere())"""
"""What makes trainings cheaper in grader's kernels: it is part of the recorder, whose records are dropped here."""

Unit = tuple[str, Callable[[], Cost]]
"""A measurement by name, so that it is made once."""


def units(work: Path, *, count: int) -> Iterator[Unit]:
    """Every measurement of a class, smallest first; each leaves what the later ones need.

    Args:
        work: Where environments, courses and outputs are kept.
        count: Submissions.
    """
    own = write_submissions(work / "submissions", count=count, offline=False)
    brought = write_submissions(work / "offline", count=count, offline=True)
    yield "floor", lambda: _floor(work / "floor", count=count)
    yield "floor, accelerated", lambda: _floor(work / "floor-accelerated", count=count, before=_ACCELERATED)
    for path in brought:
        yield f"kernel alone {path.stem}", lambda path=path: _kernel(path, work / "kernel")
    yield "grader", lambda: _grader(own, work / "grader", again=True)
    yield "grader, edited", lambda: _grader(own, work / "grader", again=False)
    for path in brought:
        yield f"nbgrader {path.stem}", lambda path=path: _nbgrader(path, work / "nbgrader")
    for path in brought:
        yield f"otter {path.stem}", lambda path=path: _otter(path, work / "otter")


def sample_units(work: Path) -> Iterator[Unit]:
    """The README's command on the samples, and the trainings of these alone.

    Args:
        work: Where outputs are kept.
    """
    parts = [trainings(notebook) for notebook in samples().values()]
    yield "floor", lambda: _run_trainings(work / "floor", parts=parts)
    yield "floor, accelerated", lambda: _run_trainings(work / "floor-accelerated", parts=parts, before=_ACCELERATED)
    yield "grader", lambda: _grade_samples(work / "grader")


def _grade_samples(folder: Path) -> Cost:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [*GRADER, "grade", f"rubrics/{WEEK}.yaml", f"submissions/{WEEK}", "--data", "sample"]
    command += ["-o", str(folder / "out")]
    return measure(command, folder=ROOT, log=folder / "log", allowed=frozenset({0, 3}))


def _floor(folder: Path, *, count: int, before: str = "") -> Cost:
    """The trainings of the class.

    Args:
        folder: Where it runs.
        count: Submissions.
        before: Code that runs first.
    """
    parts = [trainings(submission(seed, offline=True)) for seed in range(1, count + 1)]
    return _run_trainings(folder, parts=parts, before=before)


def _run_trainings(folder: Path, *, parts: list[str], before: str = "") -> Cost:
    """Trainings, one after another, in one Python process with one thread; each notebook's until it raises.

    Args:
        folder: Where it runs.
        parts: A program for each notebook.
        before: Code that runs first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["import os", "os.environ['MPLBACKEND'] = 'agg'", before]
    for number, part in enumerate(parts, start=1):
        lines += ["try:", f"    exec(compile({part!r}, 'notebook {number}', 'exec'), {{}})"]
        lines += ["except Exception as error:", f"    print({number}, repr(error))"]
    program = "\n".join(lines)
    (folder / "trainings.py").write_text(program, encoding="utf-8")
    return measure([sys.executable, "trainings.py"], folder=folder, environment=_ONE_THREAD, log=folder / "log")


def _kernel(notebook: Path, folder: Path) -> Cost:
    """The notebook in a kernel without any grader: what ``jupyter execute`` does."""
    folder.mkdir(parents=True, exist_ok=True)
    command = "import sys; from nbclient.cli import main; sys.argv[1:] = sys.argv[1:]; main()"
    copy = folder / notebook.name
    shutil.copy(notebook, copy)
    arguments = [sys.executable, "-c", command, f"--timeout={_LONG}", str(copy)]
    return measure(arguments, folder=folder, environment=_ONE_THREAD, log=folder / f"{notebook.stem}.log")


def _grader(notebooks: list[Path], folder: Path, *, again: bool) -> Cost:
    rubric = folder / "rubrics" / f"{WEEK}.yaml"
    if again:
        shutil.rmtree(folder, ignore_errors=True)
        rubric = edited_rubric(folder)
    else:
        edit(edited_rubric(folder), number=1)
    command = [*GRADER, "grade", str(rubric), *map(str, notebooks), "-o", str(folder / "out"), "--data", "sample", "-q"]
    return measure(command, log=folder / "log", allowed=frozenset({0, 3}))


def _programs(name: str, work: Path) -> Path:
    """The folder of a peer's programs, in an environment with the project's TensorFlow behind its own packages.

    Args:
        name: Of the peer.
        work: Where environments are kept.
    """
    folder = work / "environments" / name
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        python = folder / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES[name]], check=True)
        purelib = subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
        Path(purelib, "zz_behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
        ready.write_text("")
    return folder / "bin"


def _on_path(programs: Path) -> dict[str, str]:
    """Its programs call each other by name."""
    return {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}


def _nbgrader(notebook: Path, course: Path) -> Cost:
    """``nbgrader autograde`` of one student."""
    programs = _programs("nbgrader", course.parent)
    program, environment = str(programs / "nbgrader"), _on_path(programs)
    if not (course / "release" / WEEK).is_dir():
        shutil.rmtree(course, ignore_errors=True)
        source = course / "source" / WEEK
        source.mkdir(parents=True)
        nbformat.write(_with_tests(submission(0, offline=True)), source / f"{WEEK}.ipynb")
        command = [program, "generate_assignment", WEEK, "--create"]
        measure(command, folder=course, environment=environment, log=course / "generate.log")
    student = notebook.stem
    submitted = course / "submitted" / student / WEEK
    submitted.mkdir(parents=True, exist_ok=True)
    nbformat.write(_with_tests(nbformat.read(notebook, as_version=4)), submitted / f"{WEEK}.ipynb")
    command = [program, "autograde", WEEK, f"--student={student}", "--create", "--force"]
    command.append(f"--ExecutePreprocessor.timeout={_LONG}")
    cost = measure(command, folder=course, environment=environment, log=course / f"{student}.log")
    _hold(course / "autograded" / student / WEEK / f"{WEEK}.ipynb")
    return cost


def _with_tests(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for name, code in ASSERTS.items():
        cell = new_code_cell(code, id=name)
        cell.metadata["nbgrader"] = {
            "grade": True,
            "solution": False,
            "locked": True,
            "task": False,
            "grade_id": name,
            "points": 2,
            "cell_type": "code",
            "schema_version": 3,
        }
        notebook.cells.append(cell)
    return notebook


def _hold(graded: Path) -> None:
    """Sees to it that what was timed was a run: no cell of an honest notebook raises.

    Raises:
        RuntimeError: One did.
    """
    for cell in nbformat.read(graded, as_version=4).cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                raise RuntimeError(f"{graded}: {output.ename}: {output.evalue}")


def _otter(notebook: Path, folder: Path) -> Cost:
    """``otter run`` of one notebook."""
    programs = _programs("otter", folder.parent)
    program, environment = str(programs / "otter"), _on_path(programs)
    archive = folder / "autograder.zip"
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.is_file():
        tests = folder / "tests"
        tests.mkdir(exist_ok=True)
        for name, code in ASSERTS.items():
            case = {"code": f">>> {code}", "hidden": False, "locked": False}
            suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
            test = {"name": name, "points": 2, "suites": [suite]}
            (tests / f"{name}.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n")
        command = [program, "generate", "-t", "tests", "-o", str(archive), "--no-environment", "--no-requirements"]
        measure(command, folder=folder, environment=environment, log=folder / "generate.log")
    results = folder / notebook.stem
    results.mkdir(exist_ok=True)
    command = [program, "run", "-a", str(archive), "-o", str(results), "--no-logo", str(notebook)]
    cost = measure(command, folder=folder, environment=environment, log=folder / f"{notebook.stem}.log")
    tests_run = json.loads((results / "results.json").read_text())["tests"]
    if len([test for test in tests_run if test.get("score", 0) > 0]) < len(ASSERTS) - 2:
        raise RuntimeError(f"{results}: {tests_run}"[:2000])
    return cost
