from __future__ import annotations

from pathlib import Path

from grader.execution.sandbox import Job, Limits, own_interpreter
from grader.execution.sandbox.layout import NOBODY, bubblewrap_arguments, environment

JOB = Job(command=("/bin/true",), stdout=1, stderr=2, limits=Limits(disk_bytes=4096), environment={"USER": "other"})


def test_a_user_namespace_is_made_where_nobody_drops() -> None:
    """And no further one can be made in it."""
    arguments = bubblewrap_arguments(JOB, python=own_interpreter(), binds={}, work=None, uid=None)
    assert {"--unshare-user", "--disable-userns", str(NOBODY)} <= set(arguments)
    assert "--cap-add" not in arguments


def test_root_keeps_what_the_launcher_needs_to_drop() -> None:
    """And the kernel's settings, which root could write, are read-only."""
    arguments = bubblewrap_arguments(JOB, python=own_interpreter(), binds={}, work=None, uid=61184)
    assert "--unshare-user" not in arguments
    assert arguments.count("--cap-add") == 4
    assert arguments[arguments.index("/proc/sys") - 1 :][:3] == ("--ro-bind", "/proc/sys", "/proc/sys")


def test_the_last_word_makes_the_root_read_only() -> None:
    """Nothing is mounted after it."""
    arguments = bubblewrap_arguments(
        JOB, python=own_interpreter(), binds={"/run/nb/x": Path("/etc/hosts")}, work=Path("/srv"), uid=None
    )
    assert arguments[-2:] == ("--remount-ro", "/")
    assert arguments[(at := arguments.index("/run/nb/x")) - 2 : at + 1] == ("--ro-bind", "/etc/hosts", "/run/nb/x")


def test_nothing_of_our_environment_is_passed_on() -> None:
    """A job sets its own over a small base."""
    variables = environment(JOB, python=own_interpreter())
    assert set(variables) == {"HOME", "LANG", "LOGNAME", "PATH", "USER"}
    assert variables["USER"] == "other"
