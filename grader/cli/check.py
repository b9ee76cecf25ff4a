"""``grader check``: one notebook, for its author."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import RunOptions, run_options
from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from grader.rubric import Rubric
    from grader.selfcheck.verdicts import Report, Step

RUBRICS = Path("rubrics")


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "--rubric",
    type=click.Path(path_type=Path),
    help="The rubric. Default: the one below ./rubrics whose headings fit the notebook best.",
)
@click.option(
    "--release",
    type=click.Path(path_type=Path),
    help="What grader release made: the notebook is then run in this Python, without a sandbox, for it is your own.",
)
@click.option("--static", is_flag=True, help="Read the code and run nothing: about a second.")
@click.option("--quick", is_flag=True, help="Run it in this Python on the sample, two epochs a training.")
@click.option("--here", is_flag=True, help="Run it in this Python, without a sandbox. Only for a notebook of your own.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep the page and the evidence in. Default: nothing is kept.",
)
@click.option(
    "--hints",
    is_flag=True,
    help="Repeat trainings with a change that may win back what was lost, and say which do. With --release, as much "
    "of it as the course lets be said.",
)
@json_option
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the verdicts as JUnit XML.")
@click.option(
    "--min-points",
    type=click.FloatRange(min=0),
    help="Exit code 1 where fewer points are sure, bonus left out. What is unknown or waits for a person is not sure.",
)
@run_options
def check(  # noqa: PLR0913
    *,
    notebook: Path,
    rubric: Path | None,
    release: Path | None,
    static: bool,
    quick: bool,
    here: bool,
    output: Path | None,
    hints: bool,
    as_json: bool,
    junit: Path | None,
    min_points: float | None,
    run: RunOptions,
) -> None:
    """Check one NOTEBOOK before it is handed in: verdicts in the terminal, with what to do next.

    With --release, --static, --quick or --here it needs no sandbox and works on any system. Otherwise the notebook runs
    in the sandbox, as in grading.
    """
    from grader.errors import UsageError

    notebook = _notebook(notebook)
    if static and quick:
        raise UsageError("--static and --quick: these are two steps.", fix="Give one of them at a time.")
    if hints and (static or quick):
        raise UsageError("--hints: a hint is proved by whole trainings.", fix="Leave out --static and --quick.")
    if rubric is not None and release is not None:
        raise UsageError("--rubric and --release: both name what is asked for.", fix="Give one of them.")
    if static or quick or here or release is not None:
        step: Step = "static" if static else "quick" if quick else "full"
        asked = _Asked(rubric, release, as_json=as_json, hints=hints)
        report, code = _here(notebook, asked, step=step, data=run.data), 0
    else:
        report, code = _in_sandbox(notebook, _Asked(rubric, None, as_json=as_json, hints=hints), output=output, run=run)
    _hand_over(report, as_json=as_json, junit=junit)
    raise SystemExit(code or _held_against(report, min_points))


@dataclass(frozen=True)
class _Asked:
    """What is asked for: a rubric, a release, or the rubric that fits best; and how it is told."""

    rubric: Path | None
    release: Path | None
    as_json: bool
    hints: bool


def _here(notebook: Path, asked: _Asked, *, step: Step, data: str | None) -> Report:
    """Checks it in this Python."""
    from grader.cli.verdict_display import show_report
    from grader.selfcheck.steps import check_here

    with _opened(asked, notebook=notebook) as (loaded, given):
        # Of a released rubric students are told what the course lets be said; a whole one is the tutor's.
        level = "off" if not asked.hints else loaded.hints if asked.release is not None else "edit"
        report = check_here(notebook, loaded, step=step, data=data or given, hints=level)
    if not asked.as_json:
        show_report(report)
    return report


def _hand_over(report: Report, *, as_json: bool, junit: Path | None) -> None:
    """For programs and CI services."""
    from grader.cli.terminal import print_json
    from grader.selfcheck.report_files import report_json, report_junit
    from grader.store import write_atomically

    if as_json:
        print_json(report_json(report))
    if junit is not None:
        junit.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(junit, report_junit(report))


def _held_against(report: Report, min_points: float | None) -> int:
    """The exit code by the points that are sure."""
    from grader.cli import EXIT_VALIDATION_FAILED
    from grader.cli.terminal import console, tell

    if min_points is None or report.earned >= min_points:
        return 0
    tell(
        console(stderr=True),
        f"{report.earned:g} points are sure, {min_points:g} were asked for by --min-points; "
        f"{report.points('unknown'):g} are unknown.",
    )
    return EXIT_VALIDATION_FAILED


@contextlib.contextmanager
def _opened(asked: _Asked, *, notebook: Path) -> Iterator[tuple[Rubric, str | None]]:
    """What is asked for, and the data to try it on."""
    from grader.cli.options import existing_file
    from grader.rubric import load_rubric
    from grader.selfcheck.released import open_release

    if asked.release is not None:
        with open_release(asked.release) as opened:
            yield opened.rubric, str(opened.data)
        return
    found = asked.rubric or _best(notebook, as_json=asked.as_json)
    yield load_rubric(existing_file(found, what="a rubric, such as rubrics/week09.yaml")), None


def _notebook(path: Path) -> Path:
    from grader.cli.options import existing_file
    from grader.errors import UsageError

    path = existing_file(path, what="a notebook").resolve()
    if path.suffix.lower() == ".zip":
        raise UsageError(
            f"{path}: this is an archive.",
            expected="One notebook.",
            fix="Unpack it first, or grade all of it with grader grade.",
        )
    return path


def _best(notebook: Path, run: RunOptions | None = None, *, as_json: bool) -> Path:
    """The rubric below ./rubrics that fits the notebook best; says which."""
    from grader.cli.terminal import console, tell
    from grader.environment import own_environment
    from grader.intake import read_submission
    from grader.matching import best_rubric

    submission, _ = read_submission(notebook, sandbox=None if run is None else run.sandbox(own_environment()))
    chosen, why = best_rubric(submission.cells, folder=RUBRICS)
    tell(console(stderr=as_json), f"Rubric: {chosen} ({why})")
    return chosen


def _in_sandbox(notebook: Path, asked: _Asked, *, output: Path | None, run: RunOptions) -> tuple[Report, int]:
    """Grades it as a submission; with the exit code."""
    import tempfile

    from grader.batch import grade_batch
    from grader.cli import EXIT_INFRASTRUCTURE
    from grader.cli.display import BatchDisplay
    from grader.cli.options import existing_file
    from grader.cli.terminal import console, tell
    from grader.cli.verdict_display import show_verdicts
    from grader.rubric import load_rubric
    from grader.selfcheck.verdicts import report_of
    from grader.store import OutputFolder

    rubric = asked.rubric or _best(notebook, run, as_json=asked.as_json)
    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    with tempfile.TemporaryDirectory(prefix="grader-check-") as scratch, BatchDisplay(quiet=False) as display:
        cohort = grade_batch(
            [notebook],
            run.settings(loaded, hints=asked.hints),
            output=OutputFolder(output or Path(scratch)),
            jobs=1,
            again=False,
            on_start=display.on_start,
            on_progress=display.on_progress,
            about=None,
        )
    (graded,) = cohort.graded
    if not asked.as_json:
        show_verdicts(graded)
    if output is not None:
        page = output / "submissions" / graded.submission.id / "feedback.html"
        tell(console(stderr=asked.as_json), f"Page: {page}")
    code = EXIT_INFRASTRUCTURE if cohort.need_review_of_infrastructure else 0
    found = tuple(hint.text for hint in graded.hints)
    return report_of(graded, step="sandbox").model_copy(update={"hints": found}), code
