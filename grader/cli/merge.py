"""``grader merge``: the parts of a class that were graded apart, put together."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.terminal import console, json_option, tell


@click.command()
@click.argument("parts", nargs=-1, required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the whole class: a new one, or that of an earlier merge of it.",
)
@click.option(
    "--marks",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tutor's file of the class, to which those beside the PARTS are added. Default: OUTPUT.marks.jsonl.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing but errors.")
@json_option
def merge(*, parts: tuple[Path, ...], output: Path, marks: Path | None, quiet: bool, as_json: bool) -> None:
    """Put PARTS, the folders of all grader grade --shard of a class, together in OUTPUT.

    OUTPUT is then what one run over the whole class would have written: gradebook, summary and pages, and for each
    submission its grade, page and evidence. Nothing is executed. Parts that were graded by another rubric, with other
    data or given other submissions are refused.
    """
    from grader.batch import Cohort
    from grader.batch import merge as put_together
    from grader.cli import EXIT_INFRASTRUCTURE
    from grader.cli.class_display import ClassAnswer, notes_of, unapplied_note
    from grader.cli.options import existing_file, existing_folder
    from grader.marks import MarksFile
    from grader.store import OutputFolder

    folders = [OutputFolder(existing_folder(part, what="the output folder of a part")) for part in parts]
    file = None if marks is None else MarksFile(existing_file(marks, what="a tutor's file"))
    merged = put_together(folders, OutputFolder(output), marks=file)
    cohort = Cohort(merged.graded, executed=frozenset())
    unapplied = unapplied_note(merged.unapplied)
    if as_json or not quiet:
        notes = (*filter(None, [unapplied]), *notes_of(merged.graded))
        ClassAnswer(cohort, OutputFolder(output), notes=notes).give(as_json=as_json)
    elif unapplied:
        tell(console(stderr=True), (unapplied, "yellow"))
    if cohort.need_review_of_infrastructure:
        raise SystemExit(EXIT_INFRASTRUCTURE)
