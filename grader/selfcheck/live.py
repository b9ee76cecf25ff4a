"""``%load_ext grader`` and ``%grade``: the self-check in the notebook, on the kernel that a student works in."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import shlex
from pathlib import Path
from typing import Any, NoReturn

from grader.datasets import cached_mnist, resolve
from grader.errors import GraderError, UsageError
from grader.matching import best_rubric
from grader.records import Submission
from grader.rubric import Rubric, load_rubric
from grader.selfcheck.live_cells import only_live, place
from grader.selfcheck.live_kernel import LiveKernel
from grader.selfcheck.live_notebook import live_notebook
from grader.selfcheck.live_page import message_html, report_html, report_plain
from grader.selfcheck.live_verdicts import evidence_of_runs, live_report, of_section
from grader.selfcheck.released import open_release
from grader.selfcheck.verdicts import Report

_USAGE = "%grade [SECTION] [--release ZIP | --rubric FILE] [--notebook FILE] [--data full|sample|FOLDER]"
_loaded: list[Live] = []


def load(shell: Any) -> None:
    """Starts to watch a kernel, once, and registers ``%grade``."""
    if not _loaded:
        _loaded.append(Live(shell))
    shell.register_magic_function(_loaded[0].grade, "line", "grade")


class Live:
    """The self-check in one kernel. What ``%grade`` was told holds until it is told otherwise.

    Args:
        shell: IPython's.
    """

    def __init__(self, shell: Any) -> None:
        self._kernel = LiveKernel(shell)
        self._names = shell.user_ns
        self._asked: tuple[Rubric, str | None] | None = None
        self._notebook: Path | None = None
        self._data: str | None = None
        self._open = contextlib.ExitStack()
        atexit.register(self._open.close)

    def grade(self, line: str = "") -> None:
        """Check what this kernel did since grader was loaded: %grade, or %grade ex4 for one section.

        %grade [SECTION] [--release ZIP | --rubric FILE] [--notebook FILE] [--data full|sample|FOLDER]
        """
        from IPython.display import display  # noqa: PLC0415 - only a kernel has it

        try:
            report, titles = self._report(line)
        except GraderError as error:
            text = "\n".join(filter(None, (error.found, error.expected, error.fix)))
            display({"text/html": message_html(text), "text/plain": text}, raw=True)
            return
        page = report_html(report, titles=titles)
        display({"text/html": page, "text/plain": report_plain(report)}, raw=True)

    def _report(self, line: str) -> tuple[Report, dict[str, str]]:
        told = _arguments(line)
        self._notebook = told.notebook or self._notebook
        self._data = told.data or self._data
        submission, saved = live_notebook(self._notebook, self._names)
        rubric, released_data = self._rubric(told, submission)
        titles = {section.id: section.title for section in rubric.sections}
        if told.section is not None and told.section not in titles:
            raise UsageError(f"There is no section {told.section}.", expected=f"One of {', '.join(titles)}.")
        data = self._data or (None if cached_mnist() is not None else released_data)
        data_sets = resolve(data)
        placed = place(self._kernel.runs, saved)
        recording = self._kernel.recording(placed.indices)
        runs = self._kernel.runs
        now, everything = evidence_of_runs(submission, recording, runs=runs, placed=placed, data_sets=data_sets)
        report = live_report(
            rubric, now, placed=placed, everything=everything, arrays=self._kernel.arrays, data_sets=data_sets
        )
        remarks = list(only_live(placed.cells, self._names))
        if placed.nowhere:
            remarks.append(
                f"Cells that ran since grader was loaded and are not in the saved notebook: {placed.nowhere}. Save it, "
                "and what is new counts; what is gone does not."
            )
        report = report.model_copy(update={"remarks": tuple(remarks)})
        return (report if told.section is None else of_section(report, told.section)), titles

    def _rubric(self, told: argparse.Namespace, submission: Submission) -> tuple[Rubric, str | None]:
        if told.release is not None:
            self._asked = self._released(told.release)
        elif told.rubric is not None:
            self._asked = load_rubric(told.rubric), None
        elif self._asked is None:
            self._asked = self._found(submission)
        return self._asked

    def _released(self, path: Path) -> tuple[Rubric, str]:
        opened = self._open.enter_context(open_release(path))
        return opened.rubric, str(opened.data)

    def _found(self, submission: Submission) -> tuple[Rubric, str | None]:
        """The only release in the folder, else the rubric below ./rubrics that fits the notebook best."""
        releases = []
        for path in sorted(Path().glob("*.zip")):
            with contextlib.suppress(GraderError):
                releases.append(self._released(path))
        if len(releases) == 1:
            return releases[0]
        if Path("rubrics").is_dir():
            return load_rubric(best_rubric(submission.cells, folder=Path("rubrics"))[0]), None
        raise UsageError(
            "It is not known what is asked for.", fix="Name what your tutor released, once: %grade --release week09.zip"
        )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%grade: {message}.", expected=_USAGE)


def _arguments(line: str) -> argparse.Namespace:
    parser = _Parser(prog="%grade", add_help=False, allow_abbrev=False)
    parser.add_argument("section", nargs="?")
    for name in ("--release", "--rubric", "--notebook"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--data")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%grade: {error}.", expected=_USAGE) from error
    found = parser.parse_args(words)
    if found.release is not None and found.rubric is not None:
        raise UsageError("--release and --rubric: both name what is asked for.", fix="Give one of them.")
    return found
