"""Compares how long a kernel takes to be ready, forked and started afresh: ``python benchmarks/start.py --pairs 5``.

A notebook of one trivial cell is run in both ways in turn, on the same processor. Ready is when the first cell has run
in a kernel that has imported TensorFlow. CPU time is the kernel's own: what the harness takes is the same in both. What
the process to fork took for its imports, once for all kernels of a batch, is printed beside.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from grader.cli.options import run_limits  # noqa: E402
from grader.datasets import resolve  # noqa: E402
from grader.execution.execute import ExecutionSettings, execute  # noqa: E402
from grader.execution.sandbox import Sandbox, SandboxChoice  # noqa: E402
from grader.execution.warm import warmed  # noqa: E402
from grader.intake import read_submission  # noqa: E402
from grader.rubric import load_rubric  # noqa: E402
from grader.store import SubmissionFolder  # noqa: E402


def main() -> int:
    """Runs the pairs and prints each, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    pairs = parser.parse_args().pairs
    began = time.monotonic()
    with warmed(SandboxChoice().resolved()) as choice:
        warm = choice.resolve()
        if warm.zygote is None:
            raise SystemExit(f"Kernels start cold here: {warm.why_cold}")
        print(f"tier {warm.tier}; the process to fork was ready after {time.monotonic() - began:.1f} s")
        ways = {"warm": warm, "cold": dataclasses.replace(warm, zygote=None)}
        found = {name: [_run(ways[name]) for _ in range(pairs)] for name in ways}
    for name, runs in found.items():
        texts = [f"{wall:.2f} s ({cpu:.2f} CPU s)" for wall, cpu in runs]
        print(f"{name}: ready and done after {', '.join(texts)}")
    median = {name: [statistics.median(values) for values in zip(*runs, strict=True)] for name, runs in found.items()}
    print(
        f"median: warm {median['warm'][0]:.2f} s, cold {median['cold'][0]:.2f} s;"
        f" CPU {median['warm'][1]:.2f} s and {median['cold'][1]:.2f} s,"
        f" {median['cold'][1] / median['warm'][1]:.1f} times less"
    )
    return 0


def _run(sandbox: Sandbox) -> tuple[float, float]:
    """Wall and CPU seconds of a trivial notebook, from the start to the end of its kernel."""
    rubric, data_sets = load_rubric(ROOT / "rubrics" / "week09.yaml"), resolve("sample")
    limits = run_limits(rubric, data=data_sets.kind, cell_timeout=600, notebook_timeout=600, memory=None)
    core = min(os.sched_getaffinity(0))
    settings = ExecutionSettings(sandbox=sandbox, data_sets=data_sets, limits=limits, core=core)
    with tempfile.TemporaryDirectory(prefix="start-") as name:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import tensorflow; print(1)")])
        path = Path(name) / "trivial.ipynb"
        nbformat.write(notebook, path)
        submission, document = read_submission(path)
        folder = SubmissionFolder(Path(name) / "out")
        evidence = execute(submission, document, folder=folder, settings=settings, on_cell=lambda *_: None)
    if evidence.execution.reason is not None or evidence.environment.is_warm != (sandbox.zygote is not None):
        raise SystemExit(f"The run failed: {evidence.execution}, {evidence.environment.why_cold}")
    return evidence.execution.seconds, evidence.execution.cpu_seconds or 0.0


if __name__ == "__main__":
    sys.exit(main())
