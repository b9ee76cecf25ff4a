"""Measures grader and its peers side by side: ``python benchmarks/run.py --work FOLDER --write docs/performance.md``.

Each figure is kept in FOLDER/results.json as it is made, and made once: an interrupted run goes on where it was. Ratios
are of figures of one run on one machine; empty the folder for a new one. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from performance import classes, peers, starts  # noqa: E402
from performance.page import page, with_page  # noqa: E402

from grader.store import SubmissionFolder  # noqa: E402

PARTS = ("starts", "notebook", "regrade", "samples", "peers")


def main() -> int:
    """Measures what is not measured yet, and writes the page."""
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    results = Results(options.work / "results.json")
    if "starts" in options.part:
        results.once("imports", starts.import_costs)
        results.once("help", starts.help_cost)
    if "notebook" in options.part:
        results.once("notebook", lambda: starts.notebook_costs(options.work / "notebook", count=options.trivial))
    if "regrade" in options.part:
        _regrade(results, options)
    if "samples" in options.part:
        for name, make in peers.sample_units(options.work / "samples"):
            results.once(f"samples: {name}", lambda make=make: make().plain())
    if "peers" in options.part:
        for name, make in peers.units(options.work / "peers", count=options.count):
            results.once(f"peers {options.count}: {name}", lambda make=make: make().plain())
    text = page(results.found)
    print(text)
    if options.write:
        before = options.write.read_text(encoding="utf-8") if options.write.is_file() else ""
        options.write.write_text(with_page(before, text), encoding="utf-8")
    return 0


class Results:
    """Figures by name, on disk as soon as they are made.

    Args:
        path: The JSON file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}

    def once(self, name: str, make: Callable[[], Any]) -> None:
        """Makes a figure that is not there yet."""
        if name in self.found:
            return
        began = time.monotonic()
        print(f"{time.strftime('%H:%M:%S')} {name} ...", end="", file=sys.stderr, flush=True)
        self.found[name] = make()
        self._path.write_text(json.dumps(self.found, indent=1))
        print(f" {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _regrade(results: Results, options: argparse.Namespace) -> None:
    source = SubmissionFolder(options.run) if options.run else classes.run_once(options.work, data="sample")
    for size in options.sizes:
        results.once(
            f"regrade {size}",
            lambda size=size: classes.class_costs(size, source=source, work=options.work, data="sample"),
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, metavar="FOLDER", help="keep everything there")
    parser.add_argument("--part", action="append", choices=PARTS, help="of these alone; repeatable")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="of the classes to re-grade")
    parser.add_argument("--count", type=int, default=12, help="submissions in the class that peers grade as well")
    parser.add_argument("--trivial", type=int, default=6, help="trivial notebooks")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="a submission's folder to copy, by this very code")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the figures there, after what stands there")
    options = parser.parse_args()
    options.part = options.part or list(PARTS)
    return options


if __name__ == "__main__":
    sys.exit(main())
