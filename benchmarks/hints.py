"""How many faults of architecture, compile and fit a proved edit fixes: ``python benchmarks/hints.py``.

The faults are those that ``grader validate --mutants`` derives from the shipped references, and the runs are its own,
kept in the same folder. For each run the edits are derived and proved as ``grader grade --hints`` does it. With
``--apply`` the proved edits are written into the notebooks' code, one run a kind of fault at least, and these are
graded from the start. What was done already is kept below ``--work`` and not done again.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from hint_edits import NoPlaceError, with_hints  # noqa: E402

from grader.batch import grade_batch  # noqa: E402
from grader.cli.options import run_limits  # noqa: E402
from grader.datasets import DataSets, resolve  # noqa: E402
from grader.evaluate import evaluate  # noqa: E402
from grader.execution.sandbox import SandboxChoice  # noqa: E402
from grader.hints.proposals import is_decided_by_training, is_lost  # noqa: E402
from grader.matching import match  # noqa: E402
from grader.proving import Graded, prove  # noqa: E402
from grader.records import GradedSubmission, Hint, Trials  # noqa: E402
from grader.reference.mutation import derive, faults_of_models  # noqa: E402
from grader.reference.mutation.changes import Mutant  # noqa: E402
from grader.reference.mutation.scoring import REFERENCE, shared_runs  # noqa: E402
from grader.rubric import Rubric, load_rubric  # noqa: E402
from grader.store import OutputFolder, write_atomically  # noqa: E402
from grader.task import Settings  # noqa: E402

OF_FIT = (
    "too_few_epochs",
    "too_many_epochs",
    "one_epoch_only",
    "wrong_batch_size",
    "wrong_validation_share",
    "no_validation",
    "validated_on_test_set",
    "callback_missing",
    "class_weight_missing",
    "learns_nothing",
    "learning_rate_too_high",
    "learning_rate_too_low",
)
"""Faults of training that lie in the arguments of ``fit`` or the optimizer, and not in the rows or in which model."""

KINDS = (*(fault.__name__ for fault in faults_of_models.FAULTS), *OF_FIT)
LEAST = 0.7


@dataclass
class Fault:
    """One fault of a kind that edits fix.

    Attributes:
        text: What was said; for one that was not fixed why not.
        applied: Whether its edit, written into the code, made a new run pass; None where that was not tried.
    """

    assignment: str
    kind: str
    place: str
    run: str
    proposed: bool = False
    proved: bool = False
    by_loop: bool = False
    text: str = ""
    applied: bool | None = None


@dataclass
class Run:
    """One run of mutants, with what hints cost there.

    Attributes:
        cpu_seconds: Of the processes that repeated and measured trainings.
        trainings: How many were repeated.
    """

    assignment: str
    name: str
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    trainings: int = 0
    hints: list[Hint] = field(default_factory=list)


def main() -> int:
    """Derives, proves and applies; 1 where too few are fixed or an edit does not pass when it is applied."""
    options = _options()
    faults: list[Fault] = []
    runs: list[Run] = []
    for path in options.rubrics:
        rubric = load_rubric(path)
        found = list(_of_rubric(rubric, options=options))
        faults += [fault for _, own in found for fault in own]
        runs += [run for run, _ in found]
        if options.apply:
            _apply(rubric, found, options=options)
    for line in _table(faults, runs):
        print(line)
    if options.output is not None:
        write_atomically(options.output, "\n".join(_page(faults, runs)) + "\n")
    tried = [fault for fault in faults if fault.run not in options.skip]
    fixed = sum(fault.proved for fault in tried)
    failed = sum(fault.applied is False for fault in tried)
    return 0 if fixed >= LEAST * len(tried) and not failed else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = sorted((ROOT / "rubrics").glob("week*.yaml"))
    parser.add_argument("rubrics", nargs="*", type=Path, default=shipped, help="default: all that are shipped")
    parser.add_argument("--runs", type=Path, default=Path("out/reference"), help="of grader validate --mutants")
    parser.add_argument("--work", type=Path, default=Path("out/hints"), help="where trials and new runs are kept")
    parser.add_argument("--apply", action="store_true", help="run notebooks again with the edits in their code")
    parser.add_argument("--unprotected", action="store_true", help="repeat trainings without a sandbox")
    parser.add_argument("--stored", action="store_true", help="report what was tried already, and try nothing more")
    parser.add_argument("--skip", nargs="*", default=(), help="runs to leave out")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the page is written, as docs/hints.md")
    return parser.parse_args()


def _of_rubric(rubric: Rubric, *, options: argparse.Namespace) -> Iterator[tuple[Run, list[Fault]]]:
    """Each run of mutants that holds a fault of these kinds, with them."""
    folder = OutputFolder(options.runs / rubric.assignment / "sample")
    evidence, _ = folder.submission(REFERENCE).stored_evidence()
    notebook = nbformat.read(rubric.reference_path, as_version=4)
    derived = derive(notebook, rubric=rubric, evidence=evidence, matching=match(rubric, evidence))
    data_sets = resolve("sample")
    # Those that hold most faults first: where it is stopped, most is known.
    groups = sorted(shared_runs(derived.mutants), key=lambda group: -sum(one.kind in KINDS for one in group))
    for group in groups:
        mutants = [one for one in group if one.kind in KINDS]
        name = group[0].id if len(group) == 1 else f"{group[0].id}-and-{len(group) - 1}"
        is_known = (options.work / rubric.assignment / f"{name}.trials.json").is_file()
        if mutants and name not in options.skip and (is_known or not options.stored):
            print(f"{rubric.assignment} {name} ...", file=sys.stderr, flush=True)
            yield _proved(rubric, name, mutants, folder=folder, data_sets=data_sets, options=options)


def _proved(
    rubric: Rubric,
    name: str,
    mutants: Sequence[Mutant],
    *,
    folder: OutputFolder,
    data_sets: DataSets,
    options: argparse.Namespace,
) -> tuple[Run, list[Fault]]:
    submission = folder.submission(name)
    evidence, measurements = submission.stored_evidence()
    graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=submission.arrays.get)
    of = Graded(rubric, graded, evidence, measurements, submission.arrays)
    kept = options.work / rubric.assignment / f"{name}.trials.json"
    costs = kept.with_suffix(".cost")
    trials = Trials.model_validate_json(kept.read_bytes()) if kept.is_file() else Trials()
    cost = json.loads(costs.read_text()) if costs.is_file() else [0.0, 0.0]
    before, began = _children(), time.monotonic()
    sandbox = None if options.unprotected else SandboxChoice().resolve()
    is_settled = True
    if not options.stored:
        trials, is_settled = prove(of, trials, data_sets=data_sets, sandbox=sandbox, core=None)
    if _children() > before:
        cost = [cost[0] + _children() - before, cost[1] + time.monotonic() - began]
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(kept, trials.model_dump_json() + "\n")
    write_atomically(costs, json.dumps(cost) + "\n")
    if not is_settled:
        print(f"{name}: a trial failed because of us", file=sys.stderr)
    hints = list(of.proofs(trials).hints("edit"))
    run = Run(rubric.assignment, name, *cost, sum(len(one.runs) for one in trials.trials), hints)
    return run, [_fault(rubric, one, of, trials=trials, run=run) for one in mutants]


def _fault(rubric: Rubric, mutant: Mutant, of: Graded, *, trials: Trials, run: Run) -> Fault:
    """What became of a fault: fixed where all that it cost of what a training decides is passed."""
    fault = Fault(rubric.assignment, mutant.kind, mutant.place, run.name)
    verdicts = {verdict.criterion: verdict for verdict in of.graded.verdicts}
    cost = {
        one.id
        for one in rubric.criteria
        if one.id in mutant.targets and is_lost(verdicts[one.id]) and is_decided_by_training(one)
    }
    models = {of.graded.matching[verdicts[name].section].model for name in cost}
    own = [trial for trial in trials.trials if trial.model in models]
    hint = next((one for one in run.hints if cost and cost <= set(one.criteria)), None)
    fault.proposed, fault.proved = bool(own), hint is not None
    fault.by_loop = any(fit.kind != "fit" for fit in of.evidence.fits if fit.model in models)
    fault.text = hint.text if hint is not None else "; ".join(one.why for one in own if one.why)
    return fault


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _apply(rubric: Rubric, found: Sequence[tuple[Run, list[Fault]]], *, options: argparse.Namespace) -> None:
    """Runs notebooks again with their edits, as few as hold every kind that was fixed."""
    work = options.work / rubric.assignment
    covered: set[str] = set()
    chosen = []
    for run, faults in sorted(found, key=lambda pair: -sum(fault.proved for fault in pair[1])):
        kinds = {fault.kind for fault in faults if fault.proved}
        if kinds - covered:
            covered |= kinds
            chosen.append((run, faults))
    folder = OutputFolder(options.runs / rubric.assignment / "sample")
    paths = {}
    for run, _ in chosen:
        notebook = nbformat.read(folder.folder / "mutants" / f"{run.name}.ipynb", as_version=4)
        try:
            edited = with_hints(notebook, folder.submission(run.name).stored_evidence()[0], run.hints)
        except NoPlaceError as reason:
            print(f"{run.name}: {reason}", file=sys.stderr)
            continue
        paths[run.name] = work / "edited" / f"{run.name}.ipynb"
        paths[run.name].parent.mkdir(parents=True, exist_ok=True)
        write_atomically(paths[run.name], nbformat.writes(edited) + "\n")
    graded = _graded_again(rubric, list(paths.values()), output=work / "again", options=options)
    for run, faults in chosen:
        again = graded.get(f"{run.name}.ipynb")
        for fault in faults if again is not None else ():
            if fault.proved:
                fault.applied = _passes(again, run, fault)


def _passes(again: GradedSubmission | None, run: Run, fault: Fault) -> bool:
    hint = next(one for one in run.hints if one.text == fault.text)
    passed = {verdict.criterion for verdict in again.verdicts if verdict.outcome == "passed"} if again else set()
    return set(hint.criteria) <= passed


def _graded_again(
    rubric: Rubric, paths: list[Path], *, output: Path, options: argparse.Namespace
) -> dict[str, GradedSubmission]:
    if not paths:
        return {}
    data_sets = resolve("sample")
    limits = run_limits(rubric, data="sample", cell_timeout=None, notebook_timeout=None, memory=None)
    settings = Settings(rubric, data_sets, limits, SandboxChoice(unprotected=options.unprotected))
    cohort = grade_batch(
        paths,
        settings,
        output=OutputFolder(output),
        jobs=1,
        again=False,
        on_start=lambda _: None,
        on_progress=lambda _: None,
        about=None,
    )
    return {one.submission.file_name: one for one in cohort.graded}


def _table(faults: Sequence[Fault], runs: Sequence[Run]) -> Iterator[str]:
    yield "| kind of fault | faults | proposed | proved | run again with the edit | of these failed |"
    yield "|---|---|---|---|---|---|"
    for kind in [kind for kind in KINDS if any(fault.kind == kind for fault in faults)]:
        yield _row(kind.replace("_", " "), [fault for fault in faults if fault.kind == kind])
    yield _row("**all**", faults)
    cpu, trainings = sum(run.cpu_seconds for run in runs), sum(run.trainings for run in runs)
    hints = sum(len(run.hints) for run in runs)
    yield ""
    yield (
        f"{len(runs)} notebooks, {hints} hints, {trainings} trainings repeated in {cpu:.0f} CPU-seconds: "
        f"{cpu / max(1, len(runs)):.0f} a notebook, {cpu / max(1, hints):.0f} a hint."
    )


def _row(name: str, faults: Sequence[Fault]) -> str:
    tried = [fault for fault in faults if fault.applied is not None]
    counts = (
        len(faults),
        sum(fault.proposed for fault in faults),
        sum(fault.proved for fault in faults),
        len(tried),
        sum(fault.applied is False for fault in tried),
    )
    return f"| {name} | {' | '.join(map(str, counts))} |"


def _page(faults: Sequence[Fault], runs: Sequence[Run]) -> Iterator[str]:
    yield "# Hints on the mutants of the references"
    yield ""
    yield "`benchmarks/hints.py` wrote this page."
    yield ""
    yield from _table(faults, runs)
    yield ""
    yield "## Faults"
    yield ""
    yield "| assignment | fault | place | hint |"
    yield "|---|---|---|---|"
    for fault in faults:
        said = fault.text or ("a loop of the student's own, not repeated" if fault.by_loop else "none")
        yield f"| {fault.assignment} | {fault.kind.replace('_', ' ')} | {fault.place} | {said} |"
    yield ""
    yield "<details><summary>As JSON</summary>"
    yield ""
    yield f"```json\n{json.dumps([asdict(fault) for fault in faults])}\n```"
    yield ""
    yield "</details>"


if __name__ == "__main__":
    raise SystemExit(main())
