"""The figures as a page: what was measured on which machine, in tables, with ratios."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil

Found = Mapping[str, Any]
"""Figures by name, as `benchmarks/run.py` keeps them."""

_MEGA = 1e6

_MARK = "<!-- What follows is written by benchmarks/run.py. -->"
_HEAD = f"""\
{_MARK}

## Side by side

`python benchmarks/run.py --work FOLDER --write docs/performance.md` measures all of this on one machine in one run, and
writes this part. An interrupted run goes on where it was. No test asserts a time.
"""
_PEERS = """\
The same honest submission of week 9 under {count} seeds, at the worksheet's epochs, on the sample. grader executes it,
verifies every model outside of its process, judges every criterion and writes pages; nbgrader's `autograde` and
`otter run` execute the notebook and {asserts} asserts of the same kind. The floor is the trainings alone, one after
another in one Python process with one thread, as they are and with what makes them cheaper in grader's kernels; "kernel
alone" is the notebook in nbclient. grader runs as many submissions at a time as there are processors; the others have
no such option and run one at a time.
"""
_SAMPLES = """\
The twelve samples of week 9, one of which ends by its time limit, as the README grades them; the floor is their
trainings alone, one after another in one Python process with one thread.
"""
_REGRADE = """\
A class of copies of one real run, each with evidence, keys and an id of its own. After an edit of one criterion no
kernel starts: all that does not hang on that criterion is taken from the store. The edit changes what every page says,
so that each is rendered again. "First" is the first evaluation, with every page. nbgrader has no such step: after an
edit of its tests `autograde` executes each notebook again.
"""


def page(found: Found) -> str:
    """The page in Markdown; what was not measured is left out."""
    parts = [_HEAD, _machine(), *_starts(found), *_notebook(found), *_samples(found), *_peers(found), *_regrade(found)]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def with_page(before: str, text: str) -> str:
    """A file with the page in the place of an earlier one, or after all else.

    Args:
        before: The file as it is.
        text: The page.
    """
    own = before.partition(_MARK)[0].rstrip()
    return f"{own}\n\n{text}" if own else text


def _machine() -> str:
    packages = ", ".join(filter(None, map(_version, ("tensorflow", "tensorflow-cpu", "keras", "numpy", "pydantic"))))
    memory = psutil.virtual_memory().total / 2**30
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = platform.python_version()
    return f"Machine: {count} processors ({_processor()}), {memory:.0f} GiB; Python {python}, {packages}."


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def _starts(found: Found) -> Iterator[str]:
    if "imports" not in found:
        return
    yield "\n### Starts\n"
    rows = [
        (name, f"{one['cpu_seconds']:.2f}", ", ".join(one["heavy"]) or "none") for name, one in found["imports"].items()
    ]
    yield _table(("start", "CPU seconds of its imports", "of the heavy modules it loads"), rows)
    yield f"\n`grader --help` takes {found['help']['wall_seconds']:.2f} s in all."


def _notebook(found: Found) -> Iterator[str]:
    if "notebook" not in found:
        return
    yield "\n### A trivial notebook\n\nIt imports TensorFlow and prints a tensor. One more of them costs:\n"
    rows = [
        (name, f"{one['wall_seconds']:.2f}", f"{one['cpu_seconds']:.2f}", f"{one['first_wall_seconds']:.1f}")
        for name, one in found["notebook"].items()
    ]
    yield _table(("kernel", "seconds", "CPU seconds", "seconds of a whole `grader grade` of one"), rows)
    if "warm" in found["notebook"]:
        ratio = found["notebook"]["cold"]["cpu_seconds"] / found["notebook"]["warm"]["cpu_seconds"]
        yield f"\nWarm, it takes {ratio:.1f} times less CPU."


def _samples(found: Found) -> Iterator[str]:
    costs = {
        name: found[f"samples: {name}"]
        for name in ("floor", "floor, accelerated", "grader")
        if f"samples: {name}" in found
    }
    if "grader" not in costs:
        return
    yield f"\n### The README's command\n\n{_SAMPLES}"
    rows = [(name, f"{one['wall_seconds']:.0f}", f"{one['cpu_seconds']:.0f}") for name, one in costs.items()]
    yield _table(("what", "seconds", "CPU seconds"), rows)
    ratio = costs["grader"]["wall_seconds"] / costs["floor"]["cpu_seconds"]
    yield f"\ngrader's time is {ratio:.2f} times the floor's CPU time."


def _peers(found: Found) -> Iterator[str]:
    from performance.notebooks import ASSERTS  # noqa: PLC0415 - it reads notebooks

    counts = {name.split(":")[0] for name in found if name.startswith("peers ")}
    for of in sorted(counts):
        count = int(of.split()[1])
        costs = _summed(found, of, count=count)
        yield f"\n### A class of {count}\n\n{_PEERS.format(count=count, asserts=len(ASSERTS))}"
        own, floor = costs.get("grader"), costs.get("floor, accelerated")
        rows = []
        for name, (wall, cpu, memory) in costs.items():
            throughput = f"{wall / own[0]:.2f}" if own else ""
            of_floor = f"{cpu / floor[1]:.2f}" if floor else ""
            rows.append((name, f"{wall:.1f}", f"{cpu:.1f}", of_floor, throughput, f"{memory / _MEGA:.0f}"))
        head = (
            "what",
            "seconds each",
            "CPU seconds each",
            "CPU by the accelerated floor's",
            "seconds by grader's",
            "memory, MB (PSS)",
        )
        yield _table(head, rows)


def _summed(found: Found, of: str, *, count: int) -> dict[str, tuple[float, float, float]]:
    """Each grader's seconds and CPU seconds a submission, and its memory."""
    made: dict[str, tuple[float, float, float]] = {}
    for kind in ("floor", "floor, accelerated", "kernel alone", "grader", "grader, edited", "nbgrader", "otter"):
        single = [one for name, one in found.items() if name.startswith(f"{of}: {kind} student-")]
        whole = found.get(f"{of}: {kind}")
        if not single and whole is None:
            continue
        costs, number = (single, len(single)) if single else ([whole], count)
        wall, cpu = (sum(one[name] for one in costs) / number for name in ("wall_seconds", "cpu_seconds"))
        made[kind] = (wall, cpu, max(one["memory_bytes"] for one in costs))
    return made


def _regrade(found: Found) -> Iterator[str]:
    sizes = sorted((one for name, one in found.items() if name.startswith("regrade ")), key=lambda one: one["count"])
    if not sizes:
        return
    yield f"\n### Re-grading\n\n{_REGRADE}"
    rows = []
    for one in sizes:
        steps = [one[step] for step in ("first", "edited again", "unchanged")]
        figures = [f"{step['wall_seconds']:.1f} / {step['cpu_seconds']:.1f}" for step in steps]
        edited = one["edited again"]
        each = f"{1000 * edited['cpu_seconds'] / one['count']:.0f}"
        largest = f"{edited['memory_bytes'] / _MEGA:.0f} ({edited['process_bytes'] / _MEGA:.0f})"
        rows.append((str(one["count"]), *figures, each, largest, f"{one['disk_bytes'] / _MEGA:.1f}"))
    head = ("submissions", "first, s / CPU s", "edited, s / CPU s", "unchanged, s / CPU s", "edited, CPU ms each")
    yield _table((*head, "memory, MB (largest process)", "disk each, MB"), rows)
    yield from _against_nbgrader(found, sizes[-1])
    last = sizes[-1]
    yield (
        f"\nA student's page is {last['of_pages_bytes'] / _MEGA:.2f} MB and takes"
        f" {1000 * last['pages']['student_cpu_seconds']:.0f} ms of CPU, its curves drawn before; the tutor's page"
        f" and tables of {last['count']} submissions are {last['cohort_page_bytes'] / _MEGA:.1f} MB and take"
        f" {last['pages']['cohort_cpu_seconds']:.1f} s."
    )


def _against_nbgrader(found: Found, regrade: Mapping[str, Any]) -> Iterator[str]:
    for of in sorted({name.split(":")[0] for name in found if name.startswith("peers ")}):
        peer = _summed(found, of, count=1).get("nbgrader")
        if peer is not None:
            own = regrade["edited again"]
            wall, cpu = (own[name] / regrade["count"] for name in ("wall_seconds", "cpu_seconds"))
            yield (
                f"\nA submission re-graded by nbgrader takes {peer[0]:.1f} s and {peer[1]:.1f} CPU seconds:"
                f" {peer[0] / wall:.0f} times the time and {peer[1] / cpu:.0f} times the CPU of grader's."
            )
            return


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
