from __future__ import annotations

import os
import runpy
import subprocess
import sys

import pytest

from grader import bootstrap


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a lock and no environment, under a path with a space."""
    root = tmp_path / "my checkout"
    root.mkdir()
    (root / "requirements.lock").write_text("a==1 \\\n    --hash=sha256:0\nb==2 ; x == '1' \\\n    --hash=sha256:1\n")
    return root


@pytest.fixture
def environment(checkout):
    """The same with an environment whose Python works."""
    python = bootstrap.venv_python(checkout)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return checkout


def mark(root, text: str) -> None:
    (bootstrap.venv_folder(root) / "grader-setup").write_text(text)


def test_without_an_environment_one_is_built(checkout):
    """A fresh clone is built."""
    assert bootstrap.plan(checkout) == "build"


def test_a_ready_environment_is_left_alone(environment):
    """Where the lock and the place are those it was made from, there is nothing to do."""
    mark(environment, f"ready {bootstrap.setup_key(environment)}\n")
    assert bootstrap.plan(environment) == "nothing"


def test_an_interrupted_set_up_begins_afresh(environment):
    """What was cut off half-way is not trusted."""
    mark(environment, "building\n")
    assert bootstrap.plan(environment) == "build"


@pytest.mark.parametrize("marker", [None, "ready of-another-lock"])
def test_another_lock_or_a_hand_made_environment_is_brought_up_to_date(environment, marker):
    """An environment that works is filled, not thrown away."""
    if marker is not None:
        mark(environment, marker)
    assert bootstrap.plan(environment) == "update"


@pytest.mark.parametrize("marker", [None, "ready of-another-lock"])
def test_an_environment_that_does_not_work_is_built_again(environment, marker):
    """A system's new Python leaves an environment that cannot run."""
    python = bootstrap.venv_python(environment)
    python.unlink()
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    if marker is not None:
        mark(environment, marker)
    assert bootstrap.plan(environment) == "build"


def test_the_key_tells_locks_and_places_apart(checkout, tmp_path):
    """Another lock, or the same in another folder, is another set-up."""
    first = bootstrap.setup_key(checkout)
    (checkout / "requirements.lock").write_text("c==3\n")
    moved = tmp_path / "moved"
    checkout.rename(moved)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "requirements.lock").write_text("c==3\n")
    assert len({first, bootstrap.setup_key(moved), bootstrap.setup_key(tmp_path / "copy")}) == 3


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_these_pythons_are_used_as_they_are(version):
    """From 3.11 to 3.13 no other Python is looked for."""
    assert bootstrap.other_python(version) is None


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14), (4, 0)])
def test_other_pythons_are_told(version, monkeypatch, tmp_path):
    """Where no Python that can be used is on the PATH, the message says which are, and how to get one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetUpError, match=r"3\.11, 3\.12 or 3\.13 is needed"):
        bootstrap.other_python(version)


def test_a_python_that_can_be_used_is_found(monkeypatch, tmp_path):
    """One on the PATH that works is taken; one that does not run is passed over."""
    (tmp_path / "python3.13").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3.13").chmod(0o755)
    (tmp_path / "python3.11").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.other_python((3, 10)) == str(tmp_path / "python3.11")


def test_the_command_starts_under_any_path(environment):
    """``bin/grader`` runs the environment's Python, also where the checkout's path holds a space or a dollar."""
    odd = environment.rename(environment.with_name('a $b "c"'))
    script = odd / "grader"
    script.write_text(
        bootstrap.launcher(bootstrap.venv_python(odd)).replace("from grader.cli import main", "main = int")
    )
    script.chmod(0o755)
    assert subprocess.run([script], check=False).returncode == 0


def test_workers_can_import_the_command(tmp_path):
    """A worker process runs ``bin/grader`` as a module of another name, which must not start the command again."""
    script = tmp_path / "grader.py"
    script.write_text(bootstrap.launcher(tmp_path / "python"))
    assert "main" in runpy.run_path(str(script), run_name="__mp_main__")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_checkout_that_cannot_be_written_is_told(checkout):
    """Somebody else's checkout is told with what to do."""
    checkout.chmod(0o555)
    with pytest.raises(bootstrap.SetUpError, match="Clone it to a folder of your own"):
        bootstrap.set_up(checkout)


def test_the_callers_settings_do_not_lead_pip_astray(monkeypatch):
    """What would put packages elsewhere or keep bytecode from being written is dropped; mirrors and proxies stay."""
    for name in ("PYTHONDONTWRITEBYTECODE", "PIP_TARGET", "PIP_USER", "PIP_INDEX_URL", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "1")
    kept = bootstrap.clean_environment()
    assert {"PIP_INDEX_URL", "HTTPS_PROXY"} <= kept.keys()
    assert not {"PYTHONDONTWRITEBYTECODE", "PIP_TARGET", "PIP_USER"} & kept.keys()


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        (
            "NewConnectionError: Temporary failure in name resolution\nERROR: No matching distribution",
            "cannot be reached",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "Do not go on"),
        ("ERROR: No matching distribution found for tensorflow-cpu", "no build for this system"),
        ("Traceback ...", "begins afresh"),
    ],
)
def test_what_pip_says_is_explained(output, said):
    """The usual failures are told in words, with what to do."""
    assert said in str(bootstrap._explained(output))


def test_packages_of_the_lock_are_counted(checkout):
    """The progress counts packages, not hashes."""
    assert bootstrap._packages_in_lock(checkout) == 2
