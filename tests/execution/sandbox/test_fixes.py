from __future__ import annotations

from dataclasses import replace

import pytest

from grader.execution.sandbox.fixes import Machine, mend_for

PLAIN = Machine(system="linux", installed=True, settings={}, profile=False, container=False, root=False)
APPARMOR = {"kernel.apparmor_restrict_unprivileged_userns": 1}


@pytest.mark.parametrize(
    ("machine", "part"),
    [
        (replace(PLAIN, settings=APPARMOR, installed=False), "`sudo apt install bubblewrap`"),
        (replace(PLAIN, settings=APPARMOR), "apparmor_parser -r"),
        (replace(PLAIN, settings={"user.max_user_namespaces": 0}), "`sudo sysctl -w user.max_user_namespaces=15000`"),
        (replace(PLAIN, settings={"kernel.unprivileged_userns_clone": 0}), "kernel.unprivileged_userns_clone=1"),
        (replace(PLAIN, container=True), "--security-opt seccomp=unconfined"),
        (replace(PLAIN, installed=False), "Install bubblewrap"),
        (replace(PLAIN, system="darwin"), "Linux only"),
        (replace(PLAIN, system="win32"), "WSL 2"),
    ],
)
def test_the_mend_fits_the_machine(machine: Machine, part: str) -> None:
    """Each known cause has its own command."""
    assert part in mend_for(machine, ())


def test_a_loaded_profile_is_not_asked_for_again() -> None:
    """With AppArmor's profile there, the distribution's bubblewrap is what is missing."""
    text = mend_for(replace(PLAIN, settings=APPARMOR, installed=False, profile=True), ())
    assert "apt install bubblewrap" in text
    assert "apparmor_parser" not in text


def test_policies_on_users_do_not_concern_root() -> None:
    """Root may make namespaces whatever the settings say."""
    machine = replace(PLAIN, root=True, settings={**APPARMOR, "user.max_user_namespaces": 0})
    assert "sysctl" not in mend_for(machine, ("tier 2: no",))


def test_a_limit_that_is_used_up_is_recognised_by_its_message() -> None:
    """The setting need not be 0: all may be in use, or it may be that of an outer container."""
    attempts = ("tier 1: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded",)
    assert "user.max_user_namespaces" in mend_for(PLAIN, attempts)


def test_an_unknown_cause_shows_what_was_tried() -> None:
    """What bubblewrap said is all that anybody knows then."""
    assert "tier 1: no room." in mend_for(PLAIN, ("tier 1: no room",))
