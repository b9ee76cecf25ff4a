"""Kills a batch at random moments, fills its disk twice, and compares what is left with an undisturbed run.

Short notebooks, one in twenty of which dies in some way, are graded into a folder on a small disk of its own. The
batch, its whole tree of processes or one worker is killed, or the batch interrupted, at moments drawn with a seed,
first while notebooks are executed, then while they are graded again by an edited rubric. At the end:

- every file is the same as in an undisturbed run, but for times and what follows from times;
- no run whose key was written was ever made again;
- no file is there that the undisturbed run has not.

    python benchmarks/interrupted.py --submissions 300 --moments 30

Mounting the small disk needs root; without it the disk is not filled.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

RUBRIC = """\
assignment: short
title: Short
points: {{core: {points}}}
sections:
  - id: notebook
    title: The notebook as a whole
    whole_notebook: true
    criteria:
      - {{id: notebook.runs, title: Runs, points: {points}, check: notebook_runs}}
"""

DEATHS = (
    "import os\nos._exit(1)",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "import ctypes\nctypes.string_at(0)",
    "raise RuntimeError('no')",
    "import sys\nsys.exit(3)",
    "x = bytearray(20 * 10**9)",
    "while True:\n    pass",
    "def f():\n    return f()\n\nf()",
    "print('x' * 10**7)",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "open('large', 'wb').write(bytes(10**9))",
)
"""Cells that end a notebook, or try to; beside them there are files that are no notebooks."""

NO_NOTEBOOKS = ("", "{", "[]", '{"cells": 5}')

TIMES = frozenset({"seconds", "cpu_seconds", "overhead_seconds", "used", "started", "ended", "start", "end", "at"})
"""Names of the fields that hold times."""

FROM_TIMES = {"grade_parts.json": "key", "likeness.json": "key", "page.key": "shown"}
"""Files with the field that is a digest over what holds times."""

FULL = "cannot be written"
DISK_BYTES_EACH = 600_000
"""Of the small disk for each submission: one takes a tenth of that."""


def write_class(folder: Path, *, count: int, one_dies_in: int) -> None:
    """Notebooks that are trivial, but for one in so many; some are the same."""
    folder.mkdir()
    for number in range(count):
        path, death = folder / f"n{number:03}.ipynb", number // one_dies_in
        if number % one_dies_in != 2:
            path.write_text(notebook(f"x = {number if number % 20 != 9 else 0}", "print(x)"))
        elif death % 4 == 3:
            path.write_text(NO_NOTEBOOKS[death // 4 % len(NO_NOTEBOOKS)])
        else:
            path.write_text(notebook("x = 1", DEATHS[(death - death // 4) % len(DEATHS)], "print(x)"))


def notebook(*cells: str) -> str:
    """A notebook of code cells."""
    made = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None} for text in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@dataclass
class Batch:
    """One class, graded into one folder.

    Attributes:
        runs: For each submission whose run has a key, what its evidence's file is.
        again: Submissions whose run was made again although it had a key.
    """

    folder: Path
    submissions: Path
    output: Path
    jobs: int
    points: int = 2
    runs: dict[str, tuple[int, int]] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)

    def start(self) -> subprocess.Popen[str]:
        rubric = self.folder / "rubric.yaml"
        rubric.write_text(RUBRIC.format(points=self.points))
        command = [sys.executable, "-P", "-m", "grader", "grade", rubric, self.submissions, "-o", self.output]
        options = ["-q", "--data", "sample", "-j", str(self.jobs), "--cell-timeout", "4"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [*command, *options],
            env=environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """The exit code, and what was said; looks at what is on the disk then."""
        _, said = process.communicate()
        code = process.returncode
        # An interrupt may come before the command has begun, in Python's own start.
        if "Traceback" in said and "grader/cli/" in said:
            raise SystemExit(f"a traceback at exit code {code}:\n{said}")
        self.look()
        return code, said

    def look(self) -> None:
        """Notes runs that have a key, and those that were made again although they had one."""
        for key in self.output.glob("submissions/*/evidence/execution.key"):
            evidence = key.with_name("evidence.json")
            if not evidence.exists() or json.loads(key.read_bytes())["evidence"] != sha256(evidence.read_bytes()):
                continue
            status, name = evidence.stat(), key.parents[1].name
            now = (status.st_ino, status.st_mtime_ns)
            if self.runs.setdefault(name, now) != now:
                self.again.add(name)
                self.runs[name] = now

    def is_executed(self, count: int) -> bool:
        """Whether every submission has a grade of its own."""
        return len(list(self.output.glob("submissions/*/evidence/page.key"))) >= count


def descendants(pid: int) -> list[int]:
    """Every process below one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(rest[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def workers(pid: int) -> list[int]:
    """The workers of a batch."""
    found = []
    for one in descendants(pid):
        try:
            if b"grader.batch.worker" in Path(f"/proc/{one}/cmdline").read_bytes():
                found.append(one)
        except OSError:
            continue
    return found


def kill(process: subprocess.Popen[str], way: str, draw: random.Random) -> None:
    """Ends a batch, or a part of it."""
    if way == "worker":
        found = workers(process.pid)
        if found:
            end(draw.choice(found))
    elif way == "group":
        # From the top, so that nobody has the time to notice.
        for pid in (process.pid, *descendants(process.pid)):
            end(pid)
    elif process.poll() is None:
        process.send_signal(signal.SIGINT if way == "interrupt" else signal.SIGKILL)


def end(pid: int) -> None:
    """Kills a process that may have ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def disturb(batch: Batch, *, count: int, moments: int, seed: int, whole_seconds: float, fill: bool) -> None:
    """Kills and fills, first while notebooks are executed, then while they are graded again."""
    draw = random.Random(seed)  # noqa: S311 - moments, no secrets
    executing = moments // 2
    full_at = {executing // 2, executing + (moments - executing) // 2} if fill else set()
    for number in range(moments):
        is_executing = number < executing and not batch.is_executed(count)
        if not is_executing:
            if not batch.is_executed(count):
                complete(batch)
            batch.points += 1
        # So that the kills are spread over all of the executing, and each fits into a re-grading.
        longest = 2.5 * whole_seconds / max(1, executing) + 3 if is_executing else 3 + count / 40
        moment = draw.uniform(0.3, longest)
        if number in full_at:
            # A re-grading replaces files by such of the same size: it needs room for no more than one.
            fill_disk(batch, left=draw.randrange(20_000, 300_000) if is_executing else draw.randrange(8_000))
        way = draw.choice(("main", "group", "worker", "interrupt"))
        process = batch.start()
        time.sleep(moment)
        kill(process, way, draw)
        if way == "worker" and is_executing:
            # The batch goes on without it, and would leave nothing to interrupt.
            time.sleep(moment)
            kill(process, "main", draw)
        code, _ = batch.finish(process)
        what = "executing" if is_executing else "re-grading"
        batch.ends[f"{way}, {what}: exit code {code}"] += 1
        print(
            f"{number + 1:3} {way:9} {what} after {moment:4.1f} s: exit code {code}, {len(batch.runs)} runs", flush=True
        )
    complete(batch)


def fill_disk(batch: Batch, *, left: int) -> None:
    """Leaves so few bytes that the batch has to stop."""
    batch.output.mkdir(exist_ok=True)
    filler = batch.output.parent / "filler"
    status = os.statvfs(batch.output)
    with filler.open("wb") as file:
        file.write(bytes(max(0, status.f_bavail * status.f_frsize - left)))
    code, said = batch.finish(batch.start())
    filler.unlink()
    batch.ends[f"full disk: exit code {code}"] += 1
    if code != 2 or FULL not in said:
        raise SystemExit(f"on a full disk: exit code {code}, {said!r}")
    print(f"    full disk with {left} bytes left: exit code {code}, {len(batch.runs)} runs", flush=True)


def complete(batch: Batch) -> None:
    """Runs until no failure is left or a run changes nothing more: a kernel that dies by itself stays pending."""
    for _ in range(4):
        before = dict(batch.runs)
        code, said = batch.finish(batch.start())
        if code == 0 or (code == 3 and batch.runs == before):
            return
    raise SystemExit(f"the last run ended with exit code {code}: {said}")


def differences(here: Path, there: Path) -> list[str]:
    """What is not the same in two output folders but for times."""
    ours, theirs = files(here), files(there)
    found = [
        f"only in {root}: {name}"
        for root, one, other in ((here, ours, theirs), (there, theirs, ours))
        for name in sorted(one - other)
    ]
    digests = {root: names_of_digests(root) for root in (here, there)}
    for name in sorted(ours & theirs):
        one, other = (plain(root / name, digests[root]).splitlines() for root in (here, there))
        if one != other:
            lines = [line[:200] for line in difflib.unified_diff(one, other, lineterm="", n=0)][2:8]
            found.append("\n    ".join([f"differs: {name}", *lines]))
    return found


def files(root: Path) -> set[str]:
    """The paths of all files."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def names_of_digests(root: Path) -> dict[str, str]:
    """The files by their SHA-256: what holds times has another one in each run."""
    return {sha256((root / name).read_bytes()): name for name in files(root)}


def plain(path: Path, digests: dict[str, str]) -> str:
    """A file without times, and with names in place of the digests of other files."""
    text = path.read_bytes().decode(errors="replace")
    if path.suffix in {".json", ".key", ".ipynb"}:
        names = TIMES | {FROM_TIMES.get(path.name, "at")}
        text = json.dumps(without(names, json.loads(text)), indent=1, sort_keys=True)
    text = re.sub(r"[0-9a-f]{64}", lambda found: digests.get(found[0], found[0]), text)
    if path.suffix == ".html":
        shown = r"""\d+(\.\d+)? (s|seconds)\b|<td>\d+</td></tr>|"seconds":\d+"""
        text = re.sub(shown, "TIME", text).replace(",", ",\n")
    return text


def without(names: frozenset[str], value: Any) -> Any:
    """Plain JSON without the fields of these names."""
    if isinstance(value, dict):
        return {name: without(names, item) for name, item in value.items() if name not in names}
    return [without(names, item) for item in value] if isinstance(value, list) else value


def sha256(raw: bytes) -> str:
    """As hexadecimal digits."""
    return hashlib.sha256(raw).hexdigest()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """A disk of that many bytes at a folder; says whether there is one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "grader", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - the system's


def ended(*_: object) -> None:
    """Takes the batch and the disk away where this program is ended from outside."""
    for pid in descendants(os.getpid()):
        end(pid)
    sys.exit("ended from outside")


def main() -> None:
    """Grades undisturbed, grades disturbed, compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--moments", type=int, default=8)
    parser.add_argument("--one-dies-in", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, ended)
    # A shell's background jobs ignore interrupts, and so would the batch.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="interrupted-") as name:
        folder = Path(name)
        write_class(folder / "class", count=options.submissions, one_dies_in=options.one_dies_in)
        with small_disk(folder / "disk", options.submissions * DISK_BYTES_EACH) as is_small:
            disturbed = Batch(folder, folder / "class", folder / "disk" / "out", options.jobs)
            undisturbed = Batch(folder, folder / "class", folder / "undisturbed", options.jobs)
            undisturbed.points += options.moments
            began = time.monotonic()
            complete(undisturbed)
            whole = time.monotonic() - began
            print(f"undisturbed: {len(undisturbed.runs)} runs of {options.submissions} in {whole:.0f} s", flush=True)
            disturb(
                disturbed,
                count=options.submissions,
                moments=options.moments,
                seed=options.seed,
                whole_seconds=whole,
                fill=is_small,
            )
            disturbed.points = undisturbed.points
            complete(disturbed)
            print(f"disturbed: {len(disturbed.runs)} runs in {time.monotonic() - began - whole:.0f} s")
            for what, count in sorted(disturbed.ends.items()):
                print(f"  {count:3} {what}")
            found = differences(disturbed.output, undisturbed.output)
    print(*found, sep="\n")
    print(f"{len(found)} differences; executed twice: {', '.join(sorted(disturbed.again)) or 'none'}")
    if found or disturbed.again:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
