"""``grader review``: the local page where tutors mark."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--marks", type=click.Path(path_type=Path), help="The tutor's file. Default: OUTPUT.marks.jsonl.")
@click.option(
    "--as",
    "tutors",
    metavar="NAME",
    multiple=True,
    help="Who marks; once for each tutor, who gets an address of their own. Default: GRADER_TUTOR, or your login.",
)
@click.option(
    "--share", metavar="N/OF", default="1/1", help="A part of the submissions, such as 1/3; the same everywhere."
)
@click.option("--blind", is_flag=True, help="Hide names, ids and student's pages.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen. Default: any free port.")
def review(output: Path, *, marks: Path | None, tutors: tuple[str, ...], share: str, blind: bool, port: int) -> None:
    """Mark the submissions of OUTPUT in the browser, one criterion across all students.

    Listens on this machine alone, until Ctrl-C. Every action is in the tutor's file at once; `grader grade` applies
    it. From another machine: ssh -L PORT:127.0.0.1:PORT, and the same address.
    """
    import contextlib
    import getpass
    import os

    from grader.cli.terminal import console
    from grader.cli.terminal import tell as say
    from grader.errors import UsageError
    from grader.judging.results import counted
    from grader.marks import MarksFile, marks_path
    from grader.review.cohort import Cohort, Share
    from grader.review.desk import Desk
    from grader.review.serve import serve
    from grader.store import OutputFolder

    if not (output / "submissions").is_dir():
        raise UsageError(
            f"{output}: it holds no graded submissions.",
            expected="The output folder of grader grade.",
            fix="Grade first, or check the path.",
        )
    names = tuple(dict.fromkeys(tutors)) or (os.environ.get("GRADER_TUTOR") or getpass.getuser(),)
    file = MarksFile(marks or marks_path(output))
    cohort = Cohort(OutputFolder(output), share=Share.parse(share), blind=blind)

    def tell(addresses: dict[str, str]) -> None:
        for name, address in addresses.items():
            click.echo(f"{name}: {address}" if len(addresses) > 1 else address)
        say(console(), f"{counted(len(cohort.graded), 'submission')}; marks go to {file.path}. Ctrl-C ends it.")

    with contextlib.suppress(KeyboardInterrupt):
        serve(cohort, Desk(file), tutors=names, port=port, on_ready=tell)
    say(console(), f"All is in {file.path}. Run grader grade again to apply it.")
