"""``grader calibrate``: how much a reference solution varies from run to run."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import RunOptions, run_options
from grader.cli.terminal import json_option


@click.command()
@click.argument("rubric", type=click.Path(path_type=Path))
@click.option(
    "--seeds",
    type=click.IntRange(min=3),
    default=10,
    show_default=True,
    help="Number of runs, each with its own random seed.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/reference"),
    show_default=True,
    help="Folder for the runs' evidence. Runs that are there already are not repeated.",
)
@run_options
@json_option
def calibrate(
    *,
    rubric: Path,
    seeds: int,
    output: Path,
    run: RunOptions,
    as_json: bool,
) -> None:
    """Run RUBRIC's reference solution with several random seeds, and write how much its figures vary.

    The rubric names the file for this. Bands that are relative to the reference are computed from it.
    """
    from grader.calibration import calibration_text
    from grader.cli.answers import Calibrated, CalibratedFigure
    from grader.cli.display import BatchDisplay
    from grader.cli.options import existing_file
    from grader.cli.terminal import console, print_json, table, tell
    from grader.reference.calibrate import calibrate as measure
    from grader.rubric import load_rubric
    from grader.store import OutputFolder, write_atomically

    loaded = load_rubric(existing_file(rubric, what="a rubric"), with_calibration=False)
    settings = run.settings(loaded)
    with BatchDisplay(quiet=False) as display:
        calibration = measure(
            settings,
            seeds=range(1, seeds + 1),
            work=OutputFolder(output / loaded.assignment / settings.data_sets.kind),
            jobs=run.capacity(settings.limits).jobs,
            on_start=display.on_start,
            on_progress=display.on_progress,
        )
    target = loaded.calibration_path(calibration.data, holds_for_all=calibration.holds_for_all_data)
    write_atomically(target, calibration_text(calibration))
    figures = {
        name: CalibratedFigure(mean=calibration.mean(name), spread=calibration.spread(name))
        for name in calibration.figures
    }
    if as_json:
        print_json(Calibrated(calibration=str(target), data=calibration.data, seeds=calibration.seeds, figures=figures))
        return
    to = console()
    rows = [(name, f"{one.mean:.5f}", f"{one.spread:.5f}") for name, one in figures.items()]
    table(to, ("figure", "mean", "spread"), rows, numbers=("mean", "spread"))
    tell(to, f"Written: {target}")
