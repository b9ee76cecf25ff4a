"""Holds what ``grader init`` drafts against the mutants of its reference: ``python benchmarks/drafts.py``.

For each shipped assignment the draft is made from the reference alone and left as it is. It must validate, and catch at
least `LEAST` of the faults that are derived for the shipped rubric: those at which it does not aim count as missed. The
runs are those of ``grader validate --mutants``, kept in the same folder and made only where they are missing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from grader.cli.options import default_jobs, run_limits  # noqa: E402
from grader.datasets import resolve  # noqa: E402
from grader.execution.sandbox import SandboxChoice  # noqa: E402
from grader.reference.draft import DraftRequest, draft_rubric  # noqa: E402
from grader.reference.mutation.scoring import MutationResult, gather, score  # noqa: E402
from grader.reference.validate import validate  # noqa: E402
from grader.rubric import Rubric, load_rubric  # noqa: E402
from grader.store import OutputFolder  # noqa: E402
from grader.task import Settings  # noqa: E402

LEAST = 0.8
SEEDS = range(1, 4)


@dataclass(frozen=True)
class Outcome:
    """What came of one assignment's draft.

    Attributes:
        invalid: What did not hold when it was validated.
        missed: Faults that it did not catch, in words.
    """

    assignment: str
    criteria: int
    faults: int
    caught: int
    equivalents: int
    kept: int
    invalid: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        return not self.invalid and self.caught >= LEAST * self.faults


def main() -> int:
    """Drafts, validates and scores; 1 where a draft is not good enough."""
    options = _options()
    outcomes = []
    for path in options.rubrics:
        with tempfile.TemporaryDirectory(prefix="draft-") as folder:
            outcomes.append(_outcome(load_rubric(path), folder=Path(folder), options=options))
        print(_row(outcomes[-1]), flush=True)
        for text in (*outcomes[-1].invalid, *outcomes[-1].missed):
            print("  ", text)
    if options.output is not None:
        options.output.write_text("\n".join(_table(outcomes)), encoding="utf-8")
    return 0 if all(one.is_enough for one in outcomes) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = sorted((ROOT / "rubrics").glob("*.yaml"))
    parser.add_argument("rubrics", nargs="*", type=Path, default=shipped, help="default: all that are shipped")
    parser.add_argument("--runs", type=Path, default=Path("out/reference"), help="of grader validate --mutants")
    parser.add_argument("--jobs", type=int, default=default_jobs(), help="runs at a time")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the table is written, as docs/drafts.md")
    return parser.parse_args()


def _outcome(rubric: Rubric, *, folder: Path, options: argparse.Namespace) -> Outcome:
    data_sets = resolve("sample")
    limits = run_limits(rubric, data=data_sets.kind, cell_timeout=None, notebook_timeout=None, memory=None)
    settings = Settings(rubric=rubric, data_sets=data_sets, limits=limits, sandbox=SandboxChoice())
    work = OutputFolder(options.runs / rubric.assignment / data_sets.kind)
    quiet = {"jobs": options.jobs, "on_start": lambda _: None, "on_progress": lambda _: None}
    gathered = gather(settings, work=work, **quiet)
    request = DraftRequest(
        notebook=rubric.reference_path,
        output=folder / f"{rubric.assignment}.yaml",
        assignment=rubric.assignment,
        seeds=len(SEEDS),
        work=options.runs,
    )
    drafted = draft_rubric(
        request, data_sets=data_sets, limits=limits, sandbox=settings.sandbox, environment=settings.environment, **quiet
    ).rubric
    held = validate(
        Settings(rubric=drafted, data_sets=data_sets, limits=limits, sandbox=settings.sandbox),
        seeds=SEEDS,
        work=work,
        **quiet,
    )
    return _counted(
        score(drafted, gathered, work=work),
        full=score(rubric, gathered, work=work),
        criteria=len(drafted.criteria),
        invalid=tuple(finding.text for finding in held.failures),
    )


def _counted(draft: MutationResult, *, full: MutationResult, criteria: int, invalid: tuple[str, ...]) -> Outcome:
    caught = {one.id for one in draft.faults if one.fate == "caught"}
    missed = [one for one in full.faults if one.id not in caught]
    return Outcome(
        assignment=full.assignment,
        criteria=criteria,
        faults=len(full.faults),
        caught=len(full.faults) - len(missed),
        equivalents=len(draft.equivalents),
        kept=sum(one.fate == "kept" for one in draft.equivalents),
        invalid=invalid,
        missed=tuple(f"{one.kind} in {one.place or 'the notebook'}: {', '.join(one.targets)}" for one in missed),
    )


def _row(one: Outcome) -> str:
    share = f"{100 * one.caught / one.faults:.0f} %"
    valid = "yes" if not one.invalid else "no"
    return (
        f"| {one.assignment} | {one.criteria} | {valid} | {one.caught} of {one.faults} ({share})"
        f" | {one.kept} of {one.equivalents} |"
    )


def _table(outcomes: list[Outcome]) -> Iterator[str]:
    yield "# Drafts, unedited"
    yield ""
    yield (
        "Written by `python benchmarks/drafts.py --output docs/drafts.md` from real runs on the sample data: what"
        " `grader init` makes of each reference, against the faults and equivalents that the shipped rubric was held"
        " against. A fault at which the draft does not aim counts as missed."
    )
    yield ""
    yield "| assignment | criteria | validates | faults caught | equivalents kept |"
    yield "|---|---|---|---|---|"
    yield from map(_row, outcomes)
    for one in outcomes:
        yield from ("", f"## {one.assignment}: missed", "")
        yield from (f"- {text}" for text in one.missed or ("nothing",))
    yield ""


if __name__ == "__main__":
    sys.exit(main())
