"""Holds the lower steps of the self-check against what whole runs gave: ``python benchmarks/selfcheck.py -o docs``.

Three sources of what is right, none of which runs a whole notebook here but the three references, once:

- the cases of `tests/cases`, with the samples of `submissions`: what a person expects of them;
- the mutants of the references: `docs/mutation-ASSIGNMENT.md`, which ``grader validate --mutants`` wrote of whole runs;
- any output folders of ``grader grade`` that are named: their grades.

With ``--quick``, the quick step as well, on one mutant of each kind, which takes some 20 seconds each.

Ends with 1 where a verdict of a lower step contradicts a whole run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import nbformat  # noqa: E402
from case_files import read_cases  # noqa: E402

from grader.cli.options import run_limits  # noqa: E402
from grader.datasets import resolve  # noqa: E402
from grader.execution.sandbox import SandboxChoice  # noqa: E402
from grader.intake import read_submission  # noqa: E402
from grader.matching import match  # noqa: E402
from grader.records import GradedSubmission, SectionMatch  # noqa: E402
from grader.reference.mutation.changes import Mutant  # noqa: E402
from grader.reference.mutation.deriving import derive  # noqa: E402
from grader.reference.runs import run_reference  # noqa: E402
from grader.rubric import Rubric, load_rubric  # noqa: E402
from grader.selfcheck.running import check_by_running  # noqa: E402
from grader.selfcheck.static import check_static  # noqa: E402
from grader.selfcheck.verdicts import Report  # noqa: E402
from grader.store import OutputFolder  # noqa: E402
from grader.task import Settings  # noqa: E402

WEEKS = ("week09", "week10", "week11")
PASSES, LOSES = frozenset({"passed"}), frozenset({"failed", "partial", "blocked"})

Outcomes = Mapping[str, frozenset[str]]
"""Criterion to the outcomes that a whole run may give."""


@dataclass
class Tally:
    """What was counted.

    Attributes:
        decided: Static status and outcome of the whole run to how many verdicts.
        contradictions: One a line, in words.
        kinds: Kind of fault to how many there are, and how many were found.
        alarms: Criteria that fail on an equivalent, in words.
    """

    notebooks: int = 0
    decided: Counter[tuple[str, str]] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    kinds: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    equivalents: int = 0
    alarms: list[str] = field(default_factory=list)

    def compare(self, name: str, report: Report, outcomes: Outcomes) -> None:
        """Holds a report against what a whole run gave."""
        self.notebooks += 1
        for verdict in report.verdicts:
            allowed = outcomes.get(verdict.criterion)
            if allowed is None:
                continue
            self.decided[verdict.status, "/".join(sorted(allowed))] += 1
            wrong = (verdict.status == "passed" and "passed" not in allowed and bool(allowed & LOSES)) or (
                verdict.status == "failed" and not allowed & LOSES
            )
            if wrong:
                text = f"{name}: {verdict.criterion} is {verdict.status} ({verdict.text}), and a run gives"
                self.contradictions.append(f"{text} {'/'.join(sorted(allowed))}")


def main() -> int:
    """Compares, and writes the page; 1 where something contradicts."""
    options = _options()
    tally = Tally()
    rubrics = {week: load_rubric(ROOT / "rubrics" / f"{week}.yaml") for week in WEEKS}
    for name, rubric, path, outcomes in _cases():
        submission, _ = read_submission(path)
        if submission.problem is None:
            tally.compare(name, check_static(rubric, submission), outcomes)
    quick, tried = Tally(), set[str]()
    for week, rubric in rubrics.items():
        for mutant, path in _mutants(rubric, options.work / week):
            submission, notebook = read_submission(path)
            _count_mutant(tally, week, mutant, report=check_static(rubric, submission), rubric=rubric)
            if options.quick and notebook is not None and mutant.kind not in tried:
                tried.add(mutant.kind)
                report = check_by_running(rubric, submission, notebook, is_quick=True, data="sample")
                _count_mutant(quick, week, mutant, report=report, rubric=rubric)
                print(week, mutant.kind, *quick.contradictions, flush=True, file=sys.stderr)
    for folder in options.out:
        for name, report, outcomes in _graded(folder, rubrics):
            tally.compare(name, report, outcomes)
    text = _page(tally) + (_quick_part(quick) if options.quick else "")
    print(text)
    if options.output is not None:
        (options.output / "self-check-figures.md").write_text(text, encoding="utf-8")
    return 1 if any((tally.contradictions, tally.alarms, quick.contradictions, quick.alarms)) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, default=Path("out/reference"), help="where runs of the references are kept"
    )
    parser.add_argument("--out", type=Path, action="append", default=[], metavar="OUT", help="output of grader grade")
    parser.add_argument("--quick", action="store_true", help="run one mutant of each kind in the quick step")
    parser.add_argument("-o", "--output", type=Path, help="folder for self-check-figures.md")
    return parser.parse_args()


def _cases() -> Iterator[tuple[str, Rubric, Path, Outcomes]]:
    for case in read_cases():
        if not case.is_hostile and case.notebook.suffix == ".ipynb":
            given = case.expected.get("verdicts", {})
            outcomes = {name: _allowed(one) for name, one in given.items()}
            yield case.name, load_rubric(ROOT / case.rubric), case.notebook, outcomes


def _allowed(expected: object) -> frozenset[str]:
    outcome = expected.get("outcome") if isinstance(expected, dict) else expected
    return frozenset(outcome) if isinstance(outcome, list) else frozenset({str(outcome)})


def _graded(folder: Path, rubrics: Mapping[str, Rubric]) -> Iterator[tuple[str, Report, Outcomes]]:
    for path in sorted(folder.glob("submissions/*/grade.json")):
        graded = GradedSubmission.model_validate_json(path.read_bytes())
        rubric = rubrics.get(graded.rubric.assignment)
        submission, _ = read_submission(path.parent / "executed.ipynb")
        if rubric is not None and submission.problem is None:
            outcomes = {one.criterion: frozenset({one.outcome}) for one in graded.verdicts}
            yield path.parent.name, check_static(rubric, submission), outcomes


def _mutants(rubric: Rubric, work: Path) -> Iterator[tuple[Mutant, Path]]:
    """Every mutant of a reference with its notebook, which the next one replaces; the reference is run once."""
    settings = _settings(rubric)
    silent = {"on_start": lambda _: None, "on_progress": lambda _: None}
    (run,) = run_reference(settings, seeds=(0,), work=OutputFolder(work), jobs=1, **silent)
    submission, notebook = read_submission(run.path, submission_id=run.id)
    if notebook is None:
        raise SystemExit(f"{run.path}: {submission.problem}")
    evidence, _ = run.folder.stored_evidence()
    matching: dict[str, SectionMatch] = match(rubric, evidence)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "mutant.ipynb"
        for mutant in derive(notebook, rubric=rubric, evidence=evidence, matching=matching).mutants:
            path.write_text(nbformat.writes(mutant.draft.finish()), encoding="utf-8")
            yield mutant, path


def _settings(rubric: Rubric) -> Settings:
    data_sets = resolve("sample")
    none = {"cell_timeout": None, "notebook_timeout": None, "memory": None}
    limits = run_limits(rubric, data="sample", **none)
    return Settings(rubric=rubric, data_sets=data_sets, limits=limits, sandbox=SandboxChoice())


def _count_mutant(tally: Tally, week: str, mutant: Mutant, *, report: Report, rubric: Rubric) -> None:
    failed = {one.criterion for one in report.verdicts if one.status == "failed"}
    name = f"{week}, {mutant.kind.replace('_', ' ')}{f', {mutant.place}' if mutant.place else ''}"
    if mutant.group == "equivalent":
        tally.equivalents += 1
        tally.alarms += [f"{name}: {one}" for one in sorted(failed)]
        return
    counts = tally.kinds[mutant.kind.replace("_", " ")]
    counts[0] += 1
    counts[1] += bool(failed & set(mutant.targets))
    caught = _caught(week).get((mutant.kind.replace("_", " "), mutant.place), set())
    free = {*mutant.targets, *mutant.related}
    kept = {one.id for one in rubric.criteria} - free
    if mutant.aim is not None and mutant.aim.breaks:
        kept = set()
    outcomes = {**dict.fromkeys(caught, LOSES), **dict.fromkeys(kept, PASSES | {"needs_review"})}
    tally.compare(name, report, outcomes)


def _caught(week: str) -> dict[tuple[str, str], set[str]]:
    """Fault and place to the criteria that caught it in a whole run."""
    found: dict[tuple[str, str], set[str]] = {}
    for line in (ROOT / "docs" / f"mutation-{week}.md").read_text(encoding="utf-8").splitlines():
        parts = [part.strip() for part in line.strip().strip("|").split("|")]
        if len(parts) == 4 and parts[3].startswith("caught by "):
            found[parts[0], parts[1]] = set(parts[3].removeprefix("caught by ").split(", "))
    return found


def _page(tally: Tally) -> str:
    faults = sum(total for total, _ in tally.kinds.values())
    found = sum(hit for _, hit in tally.kinds.values())
    lines = [
        "# What reading the code tells, against whole runs",
        "",
        "`benchmarks/selfcheck.py` wrote this page.",
        "",
        f"{tally.notebooks} notebooks, and {tally.equivalents} equivalents of the references.",
        f"Verdicts that contradict those of a whole run: {len(tally.contradictions)}.",
        f"Criteria that fail on an equivalent: {len(tally.alarms)}.",
        f"{found} of {faults} faults ({found / max(faults, 1):.0%}) are found by reading alone.",
        "",
        *_table(("step says", "a whole run gives", "verdicts"), _decided(tally.decided)),
        "",
        *_table(("fault", "of this kind", "found by reading"), _kinds(tally.kinds)),
    ]
    for title, entries in (("Contradictions", tally.contradictions), ("False alarms", tally.alarms)):
        if entries:
            lines += ["", f"## {title}", "", *(f"- {entry}" for entry in entries)]
    return "\n".join(lines) + "\n"


def _quick_part(tally: Tally) -> str:
    alarms = f"Criteria that fail on an equivalent: {len(tally.alarms)}."
    kinds = sum(total for total, _ in tally.kinds.values())
    found = sum(hit for _, hit in tally.kinds.values())
    lines = [
        "",
        "## A quick run",
        "",
        f"One mutant of each kind, {tally.notebooks} faults and {tally.equivalents} equivalents.",
        f"Verdicts that contradict those of a whole run: {len(tally.contradictions)}.",
        alarms,
        f"{found} of {kinds} faults are found.",
        "",
        *_table(("step says", "a whole run gives", "verdicts"), _decided(tally.decided)),
        *(f"- {entry}" for entry in (*tally.contradictions, *tally.alarms)),
    ]
    return "\n".join(lines) + "\n"


def _decided(decided: Counter[tuple[str, str]]) -> Iterable[tuple[object, ...]]:
    return ((*key, count) for key, count in sorted(decided.items()))


def _kinds(kinds: Mapping[str, list[int]]) -> Iterable[tuple[object, ...]]:
    ordered = sorted(kinds.items(), key=lambda item: (-item[1][1] / item[1][0], item[0]))
    return ((kind, total, hit) for kind, (total, hit) in ordered)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(map(str, row))} |" for row in rows]


if __name__ == "__main__":
    sys.exit(main())
