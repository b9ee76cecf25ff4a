"""What to do on this very machine so that a sandbox can be had.

Source: Ubuntu's security notes on restricted user namespaces (23.10 and later), its release notes for 25.04 (a profile
for bubblewrap), and bubblewrap's own issues on containers that mask parts of /proc.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROFILE = "/etc/apparmor.d/bwrap-userns-restrict"
_EXTRA_PROFILE = "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict"


@dataclass(frozen=True)
class Machine:
    """What decides over user namespaces.

    Attributes:
        system: As ``sys.platform`` has it.
        installed: Whether the distribution's bubblewrap is there, the only one that a security policy names.
        settings: Kernel settings by their name with dots; what the kernel does not have is missing.
        profile: Whether AppArmor has a profile for bubblewrap.
        container: Whether this is a container.
        root: Whether grader is run by root.
    """

    system: str
    installed: bool
    settings: dict[str, int]
    profile: bool
    container: bool
    root: bool


def fix(attempts: Sequence[str]) -> str:
    """The fix for this machine.

    Args:
        attempts: What was tried and how it failed, for where nothing known explains it.
    """
    return mend_for(_this_machine(), attempts)


def mend_for(machine: Machine, attempts: Sequence[str]) -> str:
    """The fix for a machine."""
    if not machine.system.startswith("linux"):
        return "Notebooks are run on Linux only: use a Linux machine, a virtual machine, or WSL 2 on Windows."
    fixes = list(_policies(machine, attempts)) or list(_surroundings(machine))
    if not fixes:
        tried = " ".join(f"{attempt}." for attempt in attempts) or "no bubblewrap was found."
        fixes = [
            f"Nothing that is known forbids it here. Tried: {tried} Run grader on another machine or as another user."
        ]
    return " ".join(fixes)


def _policies(machine: Machine, attempts: Sequence[str]) -> Iterator[str]:
    if machine.root:
        return  # none of these hold for root
    exceeded = any("max_*_namespaces exceeded" in attempt for attempt in attempts)
    if machine.settings.get("user.max_user_namespaces") == 0 or exceeded:
        yield _set("user.max_user_namespaces", 15000)
    if machine.settings.get("kernel.unprivileged_userns_clone") == 0:
        yield _set("kernel.unprivileged_userns_clone", 1)
    if machine.settings.get("kernel.apparmor_restrict_unprivileged_userns"):
        if not machine.installed and not machine.container:
            yield "AppArmor lets only the distribution's bubblewrap make namespaces: `sudo apt install bubblewrap`."
        if not machine.profile:
            yield (
                "Where AppArmor refuses it still (Ubuntu 24.04), load its profile: `sudo apt install apparmor-profiles "
                f"&& sudo install -m 0644 {_EXTRA_PROFILE} {_PROFILE} && sudo apparmor_parser -r {_PROFILE}`."
            )


def _surroundings(machine: Machine) -> Iterator[str]:
    if machine.container:
        yield (
            "A container hides parts of /proc and refuses namespaces: start it with `--security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined` (podman: `--security-opt "
            "unmask=ALL`), or run grader outside it."
        )
    elif not machine.installed:
        yield "Install bubblewrap: `sudo apt install bubblewrap` or `sudo dnf install bubblewrap`."


def _set(name: str, value: int) -> str:
    return f"The kernel's setting {name} forbids user namespaces: `sudo sysctl -w {name}={value}`."


def _this_machine() -> Machine:
    names = (
        "user.max_user_namespaces",
        "kernel.unprivileged_userns_clone",
        "kernel.apparmor_restrict_unprivileged_userns",
    )
    found = {name: _setting(name) for name in names}
    return Machine(
        system=sys.platform,
        installed=shutil.which("bwrap", path="/usr/bin") is not None,
        settings={name: value for name, value in found.items() if value is not None},
        profile=Path(_PROFILE).exists(),
        container=any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")) or _says_container(),
        root=os.geteuid() == 0,
    )


def _setting(name: str) -> int | None:
    try:
        return int(Path("/proc/sys", *name.split(".")).read_text())
    except (OSError, ValueError):
        return None


def _says_container() -> bool:
    try:
        return b"container=" in Path("/proc/1/environ").read_bytes()
    except OSError:
        return False
