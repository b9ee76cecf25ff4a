"""Fuzzes everything that reads what a stranger sent: ``python benchmarks/fuzz.py --inputs 10000 [--kind notebooks]``.

Inputs are those of `tests/fuzzing`: made as they should be and then spoiled, by hypothesis from a seed, so that a run
can be repeated. Each must end as a result or as a reason of ours within the deadline. One that does not is kept as a
file; once its cause is fixed it belongs into ``tests/fuzzing/found``.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import itertools
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from fuzzing.inputs import KINDS  # noqa: E402 - the inputs are the tests' own
from fuzzing.targets import TARGETS  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402

from grader.cli.options import default_jobs  # noqa: E402

CHUNK = 250
"""Inputs of one process: a hang or a crash costs no more than these."""


@dataclass
class Outcome:
    """What came of a number of inputs of one kind, each different from the others of its chunk."""

    inputs: int = 0
    results: int = 0
    refusals: int = 0
    foreign: int = 0
    died: int = 0
    slowest_seconds: float = 0.0
    cpu_seconds: float = 0.0
    causes: dict[str, int] = field(default_factory=dict)


def main() -> int:
    """Runs what the command line asks for; 1 where an input ended otherwise than it must."""
    options = _options()
    options.keep.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
    totals = {kind: Outcome() for kind in options.kind or KINDS}
    began = time.monotonic()
    try:
        for kind, outcome in _run(list(totals), options=options, scratch=scratch):
            _add(totals[kind], outcome)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(_table(totals))
    print(f"{time.monotonic() - began:.0f} s with {options.jobs} processes, seed {options.seed}.")
    bad = sum(total.foreign + total.died for total in totals.values())
    if bad:
        print(f"{bad} inputs ended otherwise than they must; they are in {options.keep}.")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000, help="of each kind")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="repeatable; default: all")
    parser.add_argument("--jobs", type=int, default=default_jobs(), help="processes")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other inputs")
    parser.add_argument("--deadline", type=float, default=30, help="seconds for one input")
    parser.add_argument(
        "--keep", type=Path, default=Path("out/fuzz"), help="where inputs are kept that broke something"
    )
    return parser.parse_args()


def _run(kinds: list[str], *, options: argparse.Namespace, scratch: Path) -> Iterator[tuple[str, Outcome]]:
    """Works through the chunks of all kinds, several processes at a time; yields what came of each."""
    starts = range(0, options.inputs, CHUNK)
    due = [(kind, start, min(CHUNK, options.inputs - start)) for kind in kinds for start in starts]
    context = multiprocessing.get_context("fork")
    running: dict[int, tuple[BaseProcess, str, Path]] = {}
    waiting = iter(enumerate(due))
    while True:
        for number, (kind, start, count) in itertools.islice(waiting, options.jobs - len(running)):
            folder = scratch / str(number)
            folder.mkdir()
            process = context.Process(target=_work, args=(kind, start, count, folder, options))
            process.start()
            running[process.sentinel] = process, kind, folder
        if not running:
            return
        for sentinel in wait(list(running)):
            process, kind, folder = running.pop(int(sentinel))  # type: ignore[call-overload]
            process.join()
            yield kind, _outcome(process, kind=kind, folder=folder, keep=options.keep)
            shutil.rmtree(folder)


def _work(kind: str, start: int, count: int, folder: Path, options: argparse.Namespace) -> None:  # noqa: PLR0917
    """Tries one chunk of inputs and leaves its outcome in the folder."""
    own = folder / "own"
    own.mkdir()
    outcome = Outcome()
    seen: set[bytes] = set()
    causes: Counter[str] = Counter()

    def try_one(raw: bytes) -> None:
        digest = hashlib.sha256(raw).digest()
        if digest in seen or outcome.inputs >= count:
            return
        seen.add(digest)
        outcome.inputs += 1
        (folder / "current").write_bytes(raw)
        faulthandler.dump_traceback_later(options.deadline, exit=True, file=log)
        began, cpu = time.perf_counter(), time.process_time()
        try:
            is_result = TARGETS[kind](raw, own)
        except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
            outcome.foreign += 1
            causes[_cause()] += 1
            _keep(raw, kind=kind, folder=options.keep, why=traceback.format_exc())
        else:
            outcome.results += is_result
            outcome.refusals += not is_result
        faulthandler.cancel_dump_traceback_later()
        outcome.slowest_seconds = max(outcome.slowest_seconds, time.perf_counter() - began)
        outcome.cpu_seconds += time.process_time() - cpu

    many = settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with (folder / "log").open("w") as log:
        # What hypothesis makes twice counts once; further rounds fill them up.
        for number in itertools.count(start + options.seed * 1_000_003):
            seed(number)(many(given(raw=KINDS[kind])(try_one)))()
            if outcome.inputs >= count:
                break
    outcome.causes = dict(causes)
    (folder / "outcome.json").write_text(json.dumps(asdict(outcome)))


def _cause() -> str:
    """The last line of our own code in the traceback that is being handled, and the error."""
    kind, error, trace = sys.exc_info()
    frames = [frame for frame in traceback.extract_tb(trace) if str(ROOT) in frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{place} {kind.__name__ if kind else ''}: {str(error)[:160]}"


def _keep(raw: bytes, *, kind: str, folder: Path, why: str) -> None:
    name = hashlib.sha256(raw).hexdigest()[:12]
    path = folder / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    (folder / f"{kind}-{name}.txt").write_text(why, errors="replace")


def _outcome(process: BaseProcess, *, kind: str, folder: Path, keep: Path) -> Outcome:
    """What a process left; where it died or hung, the input at which it did is kept."""
    try:
        return Outcome(**json.loads((folder / "outcome.json").read_text()))
    except OSError:
        why = f"exit code {process.exitcode}\n{(folder / 'log').read_text()}"
        _keep((folder / "current").read_bytes(), kind=kind, folder=keep, why=why)
        return Outcome(inputs=1, died=1, causes={f"the process ended (exit code {process.exitcode})": 1})


def _add(total: Outcome, more: Outcome) -> None:
    for name in ("inputs", "results", "refusals", "foreign", "died", "cpu_seconds"):
        setattr(total, name, getattr(total, name) + getattr(more, name))
    total.slowest_seconds = max(total.slowest_seconds, more.slowest_seconds)
    total.causes = dict(Counter(total.causes) + Counter(more.causes))


def _table(totals: dict[str, Outcome]) -> str:
    head = "kind         inputs  results  refusals  foreign  hung or died  slowest s  CPU s"
    lines = [
        f"{kind:<11} {one.inputs:>7} {one.results:>8} {one.refusals:>9} {one.foreign:>8}"
        f" {one.died:>13} {one.slowest_seconds:>10.2f} {one.cpu_seconds:>6.0f}"
        for kind, one in totals.items()
    ]
    causes = [
        f"  {kind}: {count} x {cause}"
        for kind, one in totals.items()
        for cause, count in sorted(one.causes.items(), key=lambda item: -item[1])[:20]
    ]
    return "\n".join([head, *lines, *causes])


if __name__ == "__main__":
    sys.exit(main())
