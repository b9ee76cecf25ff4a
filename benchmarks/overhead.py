"""Compares the CPU time of an honest notebook in the sandbox and outside: ``python benchmarks/overhead.py --pairs 5``.

Both runs of a pair have the same kernel, recorder, limits and processor, and are made one right after the other, in
turn first, so that whatever else the machine does befalls both. Counted is the user and system time of the harness,
the kernel and all their children. Exit code 1 where the median ratio is above the limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from grader.cli.options import run_limits  # noqa: E402
from grader.datasets import resolve  # noqa: E402
from grader.execution.execute import ExecutionSettings, execute  # noqa: E402
from grader.execution.sandbox import Sandbox, SandboxChoice, unprotected  # noqa: E402
from grader.intake import read_submission  # noqa: E402
from grader.rubric import load_rubric  # noqa: E402
from grader.store import SubmissionFolder  # noqa: E402

MOST = 1.05
"""The sandbox may cost five per cent of the CPU time of a run."""


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes:
        cpu_seconds: Of the harness, the kernel and all children.
        kernel_seconds: CPU time of the kernel alone, up to its last cell.
    """

    cpu_seconds: float
    kernel_seconds: float
    wall_seconds: float


def main() -> int:
    """Runs the pairs and prints each, and the ratios; 1 where the median is above `MOST`."""
    options = _options()
    sandbox = SandboxChoice().resolve()
    cores = sorted(os.sched_getaffinity(0))
    print(f"{options.notebook.name}, tier {sandbox.tier} and no sandbox, {options.pairs} pairs after one warming run")
    _run(unprotected(), notebook=options.notebook, core=cores[0])
    ratios = []
    for number in range(options.pairs):
        core = cores[number % len(cores)]
        both = [sandbox, unprotected()] if number % 2 == 0 else [unprotected(), sandbox]
        costs = {one.tier: _run(one, notebook=options.notebook, core=core) for one in both}
        inside, outside = costs[sandbox.tier], costs[unprotected().tier]
        ratios.append(inside.cpu_seconds / outside.cpu_seconds)
        print(
            f"pair {number + 1}: inside {inside.cpu_seconds:.2f} CPU s (kernel {inside.kernel_seconds:.2f}), outside"
            f" {outside.cpu_seconds:.2f} (kernel {outside.kernel_seconds:.2f}), ratio {ratios[-1]:.3f}; wall"
            f" {inside.wall_seconds:.1f} s and {outside.wall_seconds:.1f} s",
            flush=True,
        )
    median = statistics.median(ratios)
    print(f"ratio of CPU time: min {min(ratios):.3f}, median {median:.3f}, max {max(ratios):.3f}; at most {MOST}")
    return 1 if median > MOST else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument(
        "--notebook", type=Path, default=ROOT / "tests" / "cases" / "honest-and-small" / "notebook.ipynb"
    )
    return parser.parse_args()


def _run(sandbox: Sandbox, *, notebook: Path, core: int) -> Cost:
    """Executes a notebook in a process of its own, so that its use can be told from everything else's."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        folder = SubmissionFolder(Path(name))
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            os._exit(_execute(sandbox, notebook=notebook, core=core, folder=folder))
        _, status, usage = os.wait4(child, 0)
        wall = time.monotonic() - began
        evidence = folder.read_evidence()
    if status or evidence is None or evidence.execution.reason is not None:
        raise SystemExit(f"The run in tier {sandbox.tier} failed: {evidence.execution if evidence else status}")
    counted, kernel = usage.ru_utime + usage.ru_stime, evidence.execution.cpu_seconds or 0.0
    # What ends with its process namespace is waited for by nobody, and so not among what the children took.
    if counted < kernel:
        counted += kernel
    return Cost(
        cpu_seconds=counted,
        kernel_seconds=kernel,
        wall_seconds=wall,
    )


def _execute(sandbox: Sandbox, *, notebook: Path, core: int, folder: SubmissionFolder) -> int:
    try:
        rubric, data_sets = load_rubric(ROOT / "rubrics" / "week09.yaml"), resolve("sample")
        # A busy machine must not turn a slow run into a shorter one.
        limits = run_limits(rubric, data=data_sets.kind, cell_timeout=1800, notebook_timeout=3600, memory=None)
        settings = ExecutionSettings(sandbox=sandbox, data_sets=data_sets, limits=limits, core=core)
        submission, document = read_submission(notebook)
        assert document is not None, submission.problem  # noqa: S101 - our own notebook
        execute(submission, document, folder=folder, settings=settings, on_cell=lambda *_: None)
    except BaseException:  # noqa: BLE001 - the forked process must not go on with the parent's work
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
