"""Rewrites honest notebooks by habits composed at random: ``python benchmarks/styles.py --static 300 --executed 40``.

Marks must not move. What moves them is minimised by dropping habits, and printed as a case.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from habits.choosing import habits_of, plan  # noqa: E402
from habits.judging import Bench, Case, Sample, Trial, minimised, read_samples  # noqa: E402
from habits.registry import HABITS  # noqa: E402

WEEKS = ("week09", "week10", "week11")


def main() -> int:
    """Runs what the command line asks for; 1 where a mark moved."""
    options = _options()
    cases, used, failures = list[Case](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="styles-") as temporary:
        bench = Bench(options.work or Path(temporary), data=options.data, jobs=options.jobs)
        for week in options.week or WEEKS:
            samples = read_samples(ROOT, week, bench=bench)
            for static, count in ((True, options.static), (False, options.executed)):
                trials = _trials(samples, count, static=static, seed=options.seed)
                for trial, moved in bench.moved(trials):
                    used.update(trial.habits)
                    failures.update(trial.habits if moved else ())
                    if moved and options.minimise:
                        cases += minimised(trial, moved, known=cases, bench=bench)
                    elif moved:
                        cases.append(Case(trial, tuple(moved)))
    print(_table(used, failures, cases))
    return 1 if cases else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--static", type=int, default=0, metavar="N", help="compositions a rubric on stored evidence")
    parser.add_argument("--executed", type=int, default=0, metavar="N", help="compositions a rubric that are run")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is chosen at random")
    parser.add_argument("--data", default="sample", metavar="full|sample|FOLDER", help="what the notebooks train on")
    parser.add_argument("--minimise", action="store_true", help="drop habits from what fails as long as it fails")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep runs there, and use those that are there")
    parser.add_argument("--week", action="append", choices=WEEKS, help="of these assignments alone; repeatable")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    return parser.parse_args()


def _trials(samples: list[Sample], count: int, *, static: bool, seed: int) -> Iterable[Trial]:
    pages = [sample.page for sample in samples]
    for number, (at, names, text) in enumerate(plan(pages, count, habits=habits_of(static=static), seed=seed)):
        yield Trial(samples[at], names, static=static, seed=text, number=number)


def _table(used: Counter[str], failures: Counter[str], cases: list[Case]) -> str:
    """What was tried, and the cases: the habits alone that still move a mark."""
    guilty = Counter(name for case in cases for name in case.trial.habits)
    lines = [
        "| habit | family | needs a run | times used | in notebooks that failed | in minimised cases |",
        "|---|---|---|---|---|---|",
    ]
    for habit in HABITS.values():
        if used[habit.name]:
            run = "yes" if habit.needs_run else "no"
            counts = f"{used[habit.name]} | {failures[habit.name]} | {guilty[habit.name]}"
            lines.append(f"| {habit.name} | {habit.family} | {run} | {counts} |")
    lines += ["", f"{len(cases)} cases.", ""]
    for case in cases:
        lines.append(f"- {case.trial.sample.name}, seed {case.trial.seed!r}: {', '.join(case.trial.habits)}")
        lines += [f"  - {line}" for line in case.moved]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
