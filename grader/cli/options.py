"""What the commands that run notebooks share: options, and from them the settings of a run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

if TYPE_CHECKING:
    from grader.batch import Capacity, Scheduler
    from grader.datasets import DataSets
    from grader.environment import StudentsEnvironment
    from grader.execution.sandbox import SandboxChoice
    from grader.execution.watch import RunLimits
    from grader.intake import Attempts, Class
    from grader.marks import MarksFile
    from grader.rubric import DataKind, Rubric
    from grader.task import Settings

GIGABYTE = 10**9

_RUN_OPTIONS = (
    click.option(
        "--data",
        metavar="full|sample|FOLDER",
        help="The data sets: the full ones (from the cache, or downloaded), the sample that grader brings along, or a "
        "folder of .npz files. Default: the full ones if they are on this machine, else the sample.",
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        default=None,
        help="Submissions to run at the same time. Default: as many as there are processors and memory for, a "
        "container's limits included.",
    ),
    click.option("--cell-timeout", type=click.FloatRange(min=1), help="Seconds a cell may run."),
    click.option("--notebook-timeout", type=click.FloatRange(min=1), help="Seconds a notebook may run."),
    click.option("--memory", type=click.FloatRange(min=0.5), help="Gigabytes a notebook may use."),
    click.option(
        "--cold",
        is_flag=True,
        help="Start every kernel afresh, instead of forking it from a process that has imported the libraries.",
    ),
    click.option(
        "--python",
        metavar="PATH",
        help="The virtual environment of the course's, or a Python, that notebooks run in; `own` for the grader's own. "
        "Default: the one that the rubric names, else the grader's own.",
    ),
    click.option(
        "--unprotected",
        is_flag=True,
        help="Run without a sandbox if this machine offers none. Only for notebooks that you trust like your own.",
    ),
)


_CLASS_OPTIONS = (
    click.option(
        "--roster",
        type=click.Path(path_type=Path),
        help="The list of the class as CSV, or the worksheet or gradebook that the platform exported: joins what "
        "exports call people, and says who handed in nothing.",
    ),
    click.option(
        "--roster-column",
        multiple=True,
        metavar="KIND=HEADING",
        help="Which column of the roster holds what, where that is not found: name, first, last, email, number, user, "
        "id, group or submitted; a heading, or the column's number from 1.",
    ),
    click.option(
        "--deadline",
        metavar="TIME",
        help="When it was due, such as 2026-01-31T23:59; later hand-ins are late.",
    ),
    click.option(
        "--attempts",
        type=click.Choice(["last", "first", "best"]),
        default="last",
        show_default=True,
        help="Which of a student's attempts counts: the last or first before the deadline, or the best.",
    ),
)


class More(TypedDict, total=False):
    """Settings that not every command has an option for."""

    replay_share: float
    reruns: int
    hints: bool


@dataclass(frozen=True)
class RunOptions:
    """How notebooks are run, as the user said it; see `run_options`."""

    data: str | None
    jobs: int | None
    cell_timeout: float | None
    notebook_timeout: float | None
    memory: float | None
    cold: bool
    python: str | None
    unprotected: bool

    def data_sets(self, *, quiet: bool = False) -> DataSets:
        """The data sets for ``--data``, downloaded with a progress bar where that is needed."""
        return choose_data(self.data, quiet=quiet)

    def limits(self, rubric: Rubric, data: DataKind) -> RunLimits:
        """The rubric's limits for this data, with the flags over them."""
        return run_limits(
            rubric,
            data=data,
            cell_timeout=self.cell_timeout,
            notebook_timeout=self.notebook_timeout,
            memory=self.memory,
        )

    def capacity(self, limits: RunLimits) -> Capacity:
        """How many submissions at a time: as the user said, else what the machine allows."""
        from grader.batch import Capacity, capacity

        return Capacity(self.jobs) if self.jobs else capacity(limits.sandbox.memory_bytes)

    def environment(self, rubric: Rubric | None = None) -> StudentsEnvironment:
        """What notebooks run in: as the user said it, else as the rubric does, else the grader's own.

        Raises:
            UsageError: It cannot be used.
        """
        from grader.environment.finding import check_own, environment_at

        named = rubric.companion(rubric.environment) if rubric is not None and rubric.environment is not None else None
        path = self.course_python if self.python is not None else named
        return check_own() if path is None else environment_at(path)

    @property
    def course_python(self) -> Path | None:
        """The course's environment that the user named; None where that is the grader's own, or nothing was said."""
        return None if self.python in {None, "own"} else Path(self.python or "")

    def sandbox(self, environment: StudentsEnvironment) -> SandboxChoice:
        """The best sandbox of the machine on which notebooks run, or none where the user has said so."""
        from grader.execution.sandbox import SandboxChoice, interpreter_of

        python = None
        if not environment.is_own:
            python = interpreter_of(environment.executable, prefixes=environment.prefixes, folders=environment.folders)
        return SandboxChoice(unprotected=self.unprotected, cold=self.cold, python=python)

    def settings(self, rubric: Rubric, *, quiet: bool = False, **more: Unpack[More]) -> Settings:
        """With what submissions are graded.

        Args:
            rubric: As loaded.
            quiet: Whether a download shows no progress.
            more: Of the settings, see `grader.task.Settings`.
        """
        from grader.task import Settings

        environment = self.environment(rubric)
        data_sets = self.data_sets(quiet=quiet)
        return Settings(
            rubric=rubric,
            data_sets=data_sets,
            limits=self.limits(rubric, data_sets.kind),
            full_size_limits=self.limits(rubric, "full"),
            sandbox=self.sandbox(environment),
            environment=environment,
            **more,
        )


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say how notebooks are run; the command gets them as ``run``, a `RunOptions`."""

    @functools.wraps(command)
    def with_run(
        *,
        data: str | None,
        jobs: int | None,
        cell_timeout: float | None,
        notebook_timeout: float | None,
        memory: float | None,
        cold: bool,
        python: str | None,
        unprotected: bool,
        **others: Any,
    ) -> None:
        run = RunOptions(
            data=data,
            jobs=jobs,
            cell_timeout=cell_timeout,
            notebook_timeout=notebook_timeout,
            memory=memory,
            cold=cold,
            python=python,
            unprotected=unprotected,
        )
        command(run=run, **others)

    for option in reversed(_RUN_OPTIONS):
        with_run = option(with_run)
    return with_run


def default_jobs() -> int:
    """One kernel a processor that we may use."""
    from grader.batch import processors_allowed

    return processors_allowed()


def choose_data(choice: str | None, *, quiet: bool = False) -> DataSets:
    """The data sets for ``--data``, downloaded with a progress bar where that is needed."""
    from rich.console import Console

    from grader.datasets import resolve

    return resolve(choice, progress=None if quiet else Console(stderr=True))


def run_limits(
    rubric: Rubric,
    *,
    data: DataKind,
    cell_timeout: float | None,
    notebook_timeout: float | None,
    memory: float | None,
) -> RunLimits:
    """The rubric's limits for this data, with the flags over them."""
    from grader.execution.sandbox import Limits
    from grader.execution.watch import RunLimits

    limits = rubric.limits_for(data)
    return RunLimits(
        cell_timeout_seconds=cell_timeout or limits.cell_timeout_seconds,
        notebook_timeout_seconds=notebook_timeout or limits.notebook_timeout_seconds,
        sandbox=Limits(
            memory_bytes=int(memory * GIGABYTE) if memory else limits.memory_bytes,
            processes=limits.processes,
            disk_bytes=limits.disk_bytes,
        ),
    )


def class_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say what is known of the class; the command gets them as ``about``, a `Class`."""

    @functools.wraps(command)
    def with_class(
        *, roster: Path | None, roster_column: Sequence[str], deadline: str | None, attempts: Attempts, **others: Any
    ) -> None:
        command(about=_class(roster, columns=roster_column, deadline=deadline, attempts=attempts), **others)

    for option in reversed(_CLASS_OPTIONS):
        with_class = option(with_class)
    return with_class


def _class(roster: Path | None, *, columns: Sequence[str], deadline: str | None, attempts: Attempts) -> Class:
    """What is known of the class; each column of the roster is told as ``KIND=HEADING``."""
    from grader.intake import Class, read_roster

    told = dict(column.partition("=")[::2] for column in columns)
    people = None
    if roster is not None:
        people = read_roster(existing_file(roster, what="the list of the class as CSV"), columns=told)
    return Class(roster=people, deadline=deadline_option(deadline), attempts=attempts)


def cluster_options(address: str | None, *, ca: Path | None, cert: Path | None, key: Path | None) -> Scheduler | None:
    """The Dask cluster that ``--scheduler`` and its certificates name; None where there is none.

    Raises:
        UsageError: There are certificates without an encrypted address, or one of them is missing.
    """
    from grader.batch import Scheduler
    from grader.errors import UsageError

    files = {"--tls-ca": ca, "--tls-cert": cert, "--tls-key": key}
    given = {name: path for name, path in files.items() if path is not None}
    if given and (len(given) < len(files) or address is None or not address.startswith("tls://")):
        raise UsageError(
            f"--scheduler {address or '(none)'} with {', '.join(given)}.",
            expected="An address tls://host:port with all of --tls-ca, --tls-cert and --tls-key, or none of the three.",
            fix="Add what is missing, or leave out what is too much.",
        )
    for name, path in given.items():
        existing_file(path, what=f"the file of {name}")
    return None if address is None else Scheduler(address, ca, cert, key)


def deadline_option(deadline: str | None) -> datetime | None:
    """The time that ``--deadline`` says.

    Raises:
        UsageError: It is none.
    """
    from grader.errors import UsageError
    from grader.rubric.late import read_deadline

    try:
        return None if deadline is None else read_deadline(deadline)
    except ValueError:
        raise UsageError(
            f"--deadline {deadline}: this is no time.",
            expected="A date and time, such as 2026-01-31T23:59 or 2026-01-31T23:59+01:00.",
            fix="Write it so.",
        ) from None


def marks_file(output: Path, marks: Path | None) -> MarksFile:
    """The tutor's file: the one that was named, else the one beside the output folder.

    Raises:
        UsageError: One was named, and is not there.
    """
    from grader.marks import MarksFile, marks_path

    return MarksFile(marks_path(output) if marks is None else existing_file(marks, what="a tutor's file"))


def existing_file(path: Path, *, what: str) -> Path:
    """The path, if a file is there.

    Raises:
        UsageError: There is none.
    """
    from grader.errors import UsageError

    if not path.is_file():
        raise UsageError(f"{path}: there is no such file.", expected=f"The path of {what}.", fix="Check the path.")
    return path


def existing_folder(path: Path, *, what: str) -> Path:
    """The path, if a folder is there.

    Raises:
        UsageError: There is none.
    """
    from grader.errors import UsageError

    if not path.is_dir():
        raise UsageError(f"{path}: there is no such folder.", expected=f"The path of {what}.", fix="Check the path.")
    return path
