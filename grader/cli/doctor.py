"""``grader doctor``: whether this machine is ready to grade, and a test of its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from grader.cli.answers import Machine, ServedData
    from grader.execution.sandbox import Detection

TIERS = {
    "1": "bubblewrap, by an ordinary user",
    "2": "bubblewrap, run by root as a dedicated user",
    "2b": "bubblewrap by root, the kernel as a dedicated user",
    "3": "Landlock and seccomp, without namespaces",
    "4": "none",
}
_FULL = (
    "A notebook sees the system's programs, its packages and its data sets, all read-only, and nothing else of this "
    "machine: no other file, no process, no network. Each of its limits is enforced."
)
_FULL_AS_USER = f"{_FULL} To the machine it is a user of its own, who owns nothing."
PACKAGES = ("tensorflow", "keras", "numpy", "ipykernel", "nbclient")


@click.command()
@json_option
@click.option("--cold", is_flag=True, help="Do not try whether kernels can be forked, which takes some seconds.")
def doctor(*, as_json: bool, cold: bool) -> None:
    """Say whether this machine is ready to grade, and test its sandbox.

    A program that tries to get out is run in the sandbox. What it could not do is the proof of each property. Exit code
    2 where no sandbox holds.
    """
    from grader.cli import EXIT_UNUSABLE
    from grader.cli.terminal import console, print_json
    from grader.execution.sandbox import detect

    detection = detect()
    found = _machine(detection, starts="not tried" if cold else _starts(detection))
    if as_json:
        print_json(found)
    else:
        _show(console(), found)
    if not found.ready:
        raise SystemExit(EXIT_UNUSABLE)


def _machine(detection: Detection, *, starts: str) -> Machine:
    import platform

    from grader.cli.answers import Machine, SandboxProperty
    from grader.environment import own_environment
    from grader.environment.finding import problem_of

    problem = problem_of(own_environment()).rstrip(".")
    return Machine(
        ready=detection.sandbox is not None,
        verdict=_verdict(detection, problem=problem),
        sandbox=detection.sandbox is not None,
        tier=detection.tier,
        mechanism=TIERS[detection.tier],
        tiers=_tiers(),
        bubblewrap=detection.sandbox.bubblewrap if detection.sandbox is not None else None,
        limits=detection.limits_by,
        lacks=detection.lacks,
        fix=detection.fix,
        properties=tuple(SandboxProperty(**vars(one)) for one in detection.properties),
        attempts=detection.attempts,
        starts=starts,
        data_sets=_data_sets(),
        system=platform.platform(),
        python=platform.python_version(),
        packages=_versions(),
        environment_problem=problem,
        compiled=_compiled("tensorflow"),
    )


def _tiers() -> dict[str, str]:
    """What each tier means for a notebook and for this machine."""
    from grader.execution.sandbox.detection import LACKS

    return {
        "1": f"{TIERS['1']}. {_FULL}",
        "2": f"{TIERS['2']}. {_FULL_AS_USER}",
        "2b": f"{TIERS['2b']}: taken where that user cannot start bubblewrap. {_FULL_AS_USER}",
        "3": f"{TIERS['3']}. {LACKS['3']}",
        "4": f"No sandbox: grading refuses, except with --unprotected. {LACKS['4']}",
    }


def _verdict(detection: Detection, *, problem: str) -> str:
    """In one line whether grading can begin, and else what to do."""
    if detection.sandbox is None:
        return f"Not ready: no sandbox holds on this machine, and grading refuses without one. {detection.fix}"
    which = f"(tier {detection.tier}: {TIERS[detection.tier]})"
    where = f"notebooks run in the strongest sandbox that this machine offers {which}"
    if problem:
        return (
            f"Ready with an environment of the course's own, which a rubric or --python names: {where}. The grader's "
            f"own Python cannot run them: {problem}. To fix that: pip install 'grader[students]'"
        )
    if detection.fix:
        return f"Ready, with less protection than there could be: {where}. For more: {detection.fix}"
    return f"Ready: {where}."


def _starts(detection: Detection) -> str:
    """Whether kernels can be forked on this machine, tried in the same way as the sandbox."""
    import time

    from grader.execution.sandbox import SandboxChoice
    from grader.execution.warm import warmed

    if detection.sandbox is None:
        return "not tried: there is no sandbox"
    began = time.monotonic()
    with warmed(SandboxChoice(known=detection.sandbox)) as choice:
        why = choice.resolve().why_cold
    if why:
        return f"cold: {why}"
    return f"warm: forked from a process that imports the libraries once, in {time.monotonic() - began:.1f} s"


def _data_sets() -> tuple[ServedData, ...]:
    """What `--data` finds on this machine without a download."""
    from grader.cli.answers import ServedData
    from grader.datasets import SAMPLE, cached_mnist, resolve

    (sample,) = resolve("sample").files
    full = cached_mnist()
    served = [("sample", sample)] if full is None else [("sample", sample), ("full", full)]
    found = [
        ServedData(
            choice=choice, name=file.name, path=str(file.path), train_rows=file.train_rows, test_rows=file.test_rows
        )
        for choice, file in served
    ]
    return (*found, *([ServedData(choice="full", name=SAMPLE.stem)] if full is None else []))


def _versions() -> dict[str, str | None]:
    """Versions by the installed metadata; nothing is imported for it. On some machines TensorFlow's name is longer."""
    from importlib import metadata

    found: dict[str, str | None] = {}
    for name in PACKAGES:
        found[name] = None
        for distribution in (name, f"{name}-cpu"):
            try:
                found[name] = metadata.version(distribution)
            except metadata.PackageNotFoundError:
                continue
            break
    return found


def _compiled(package: str) -> bool:
    """Whether a package's bytecode is there: a read-only sandbox can never write it, and compiles at each start."""
    import sys

    cache = _packages_folder() / package / "__pycache__"
    return any(cache.glob(f"*.{sys.implementation.cache_tag}.pyc"))


def _packages_folder() -> Path:
    import sysconfig
    from pathlib import Path

    return Path(sysconfig.get_path("purelib"))


def _show(to: Console, found: Machine) -> None:
    from grader.cli.terminal import tell, title

    tell(to, (found.verdict, "bold green" if found.ready else "bold red"))
    for attempt in found.attempts:
        tell(to, f"  tried: {attempt}")
    title(to, "Data sets")
    for one in found.data_sets:
        tell(to, _data_words(one), lead=("+ ", "green") if one.path else "- ")
    tell(to, "Any other comes from a folder of .npz files that --data names.", lead="  ")
    title(to, "This machine")
    for name, value in _rows(found).items():
        if value:
            tell(to, (f"{name}: ", "bold"), value)
    title(to, "What a tier means")
    for tier, words in found.tiers.items():
        tell(to, f"{words}{' This is the one here.' if tier == found.tier else ''}", lead=(f"{tier:>2}  ", "bold"))
    held = sum(proved.holds for proved in found.properties)
    title(to, f"Proof: {held} of {len(found.properties)} properties hold")
    for proved in sorted(found.properties, key=lambda proved: proved.holds):
        lead = ("+ ", "green") if proved.holds else ("- ", "red")
        tell(to, (proved.name, "bold"), f"{'' if proved.holds else ' does not hold'}: {proved.proof}", lead=lead)


def _data_words(one: ServedData) -> str:
    if one.path is None:
        return f"{one.choice}: {one.name} is not on this machine; --data {one.choice} downloads it."
    rows = f"{one.train_rows:,} training and {one.test_rows:,} test rows"
    comes = ", which comes with grader" if one.choice == "sample" else ""
    return f"{one.choice}: {one.name}, {rows}{comes} ({one.path})"


def _rows(found: Machine) -> dict[str, str]:
    import sys

    compile_all = f"{sys.executable} -m compileall -q {_packages_folder()}"
    return {
        "bubblewrap": found.bubblewrap or "none",
        "limits enforced by": found.limits,
        "kernels start": found.starts,
        "python": f"{found.python} on {found.system}",
        "packages": ", ".join(f"{name} {version or 'missing'}" for name, version in found.packages.items()),
        "bytecode": "present" if found.compiled else f"missing: each kernel starts 10 s later. Run `{compile_all}`.",
        "lacks": found.lacks,
    }
