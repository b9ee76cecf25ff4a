from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sandbox_jobs import PATIENCE_SECONDS, await_condition, for_fork, job, runs

from grader.execution.sandbox import Ending, Limits, Sandbox, Sandboxed, SandboxError
from grader.execution.sandbox.cgroups import _own_groups
from grader.execution.sandbox.launcher import descendants_of

Run = Callable[..., tuple[str, Ending]]
Start = Callable[..., Sandboxed]

MEBIBYTE = 2**20
SMALL = {"memory_bytes": 256 * MEBIBYTE, "processes": 48, "disk_bytes": 8 * MEBIBYTE, "file_bytes": 4 * MEBIBYTE}

DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(100)
    os._exit(0)
os.wait()
"""
DEAF_DAEMONS = f"import signal\nfor number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)\n{DAEMON * 2}"
FORK_BOMB = """
import os
while True:
    try:
        os.fork()
        os.setsid()
    except OSError:
        pass
"""


def test_a_program_runs_to_its_end(way: Sandbox, run: Run) -> None:
    """In the work folder, under the base environment, with what its output says."""
    code = "import os; print(os.path.basename(os.getcwd()), os.environ['USER'], os.getuid() != 0)"
    text, ended = run(way, code)
    assert text == "work student True\n"
    assert (ended.returncode, ended.signal, ended.reason) == (0, None, None)


def test_the_submission_is_copied_and_can_be_changed(way: Sandbox, run: Run, tmp_path: Path) -> None:
    """The original never is."""
    tmp_path.chmod(0o700)
    (tmp_path / "rows.csv").write_text("1\n")
    text, _ = run(way, "f = open('rows.csv', 'r+'); print(f.read(), end=''); f.write('2')", work=tmp_path)
    assert text == "1\n"
    assert (tmp_path / "rows.csv").read_text() == "1\n"


def test_a_submission_that_does_not_fit_is_a_reason_of_its_own(best: Sandbox, run: Run, tmp_path: Path) -> None:
    """The student's files were too large, and nothing of ours went wrong."""
    if best.bubblewrap is None:
        pytest.skip("the work folder has no size of its own in tier 3")
    (tmp_path / "large").write_bytes(bytes(3 * MEBIBYTE))
    with pytest.raises(SandboxError) as caught:
        run(best, "", work=tmp_path, limits=Limits(disk_bytes=2 * MEBIBYTE))
    assert caught.value.reason == "disk"


def test_bound_files_are_seen_where_they_are_asked_for(way: Sandbox, run: Run, tmp_path: Path) -> None:
    """Under paths that a command and a variable name, whether or not the tier can move them."""
    tmp_path.chmod(0o700)
    (tmp_path / "x").write_text("seen")
    code = "import os, sys; print(open(os.environ['X']).read()); open(os.environ['X'], 'w')"
    text, ended = run(way, code, binds={"/run/nb/lib/x": tmp_path / "x"}, environment={"X": "/run/nb/lib/x"})
    assert "seen\n" in text
    assert ended.returncode == 1
    assert (tmp_path / "x").read_text() == "seen"


def test_the_home_folder_is_the_students_own(way: Sandbox, run: Run, tmp_path: Path) -> None:
    """Beside what is bound below it: libraries keep their settings there."""
    (tmp_path / "x").write_text("seen")
    code = "import os; home = os.path.expanduser('~/.keras'); open(home + '/keras.json', 'w'); print(os.listdir(home))"
    text, ended = run(way, code, binds={"/home/student/.keras/data/x": tmp_path / "x"})
    assert ended.returncode == 0, text
    assert "keras.json" in text


def test_a_lent_folder_is_written_and_comes_back(way: Sandbox, run: Run, tmp_path: Path) -> None:
    """It is ours again afterwards, and so is what was made in it."""
    folder = tmp_path / "s"
    folder.mkdir()
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    inside = way.seen_as("/run/nb/s", folder)
    _, ended = run(way, f"open('{inside}/made', 'w')", writable={"/run/nb/s": folder})
    assert ended.returncode == 0
    assert {path.stat().st_uid for path in (folder, folder / "made")} == {os.geteuid()}


def test_descriptors_keep_their_numbers(way: Sandbox, run: Run) -> None:
    """The recorder writes to one."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as answer:
        run(way, f"import os; os.write({writing}, b'record')", pass_fds=(writing,))
        os.close(writing)
        assert answer.read() == "record"


def test_memory_beyond_the_limit_is_an_error_in_the_program(way: Sandbox, run: Run) -> None:
    """Which it may handle, and live on."""
    text, ended = run(way, f"try: bytearray({400 * MEBIBYTE})\nexcept MemoryError: print('refused')")
    assert text == "refused\n"
    assert ended.reason is None


def test_files_beyond_the_limits_are_errors_in_the_program(way: Sandbox, run: Run) -> None:
    """A file has its size, and where there are file systems of its own the folder has one too."""
    code = "for i in range(4):\n try: open(str(i), 'wb').write(bytes({}))\n except OSError as e: print(e.errno)"
    text, _ = run(way, code.format(5 * MEBIBYTE))
    assert text.split()[0] == str(errno.EFBIG)
    if way.bubblewrap is not None:
        text, _ = run(way, code.format(3 * MEBIBYTE))
        assert set(text.split()) == {str(errno.ENOSPC)}


def test_cpu_time_beyond_the_limit_ends_it_for_that_reason(way: Sandbox, run: Run) -> None:
    """By the signal that tells it from all other ends."""
    _, ended = run(way, "while True: pass", limits=Limits(**SMALL, cpu_seconds=1))
    assert (ended.returncode, ended.signal, ended.reason) == (152, signal.SIGXCPU, "cpu")
    assert ended.cpu_seconds >= 0.5


@pytest.mark.parametrize(
    ("code", "number"),
    [("import os; os.kill(os.getpid(), 9)", signal.SIGKILL), ("import ctypes; ctypes.string_at(0)", signal.SIGSEGV)],
)
def test_a_death_of_its_own_is_no_limit(*, way: Sandbox, run: Run, code: str, number: int) -> None:
    """It may end itself as the kernel would, and that is still no lack of memory."""
    _, ended = run(way, code)
    assert (ended.signal, ended.reason) == (number, "kernel_died")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (FORK_BOMB, "processes"),
        ("for i in range(1500): open(str(i), 'w').close()\nimport time; time.sleep(600)", "disk"),
        ("import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1", "memory"),
    ],
)
def test_an_excess_of_the_whole_is_seen_and_ended(*, way: Sandbox, start: Start, code: str, reason: str) -> None:
    """No process alone goes beyond its limit: the caller's watch, or the kernel, sees the sum."""
    # Many small processes must not meet the limit of memory first.
    mebibytes = 64 if reason == "memory" else 512
    limits = Limits(**{**SMALL, "memory_bytes": mebibytes * MEBIBYTE}, files=1000)
    sandboxed = start(way, code, limits=limits)
    await_condition(lambda: sandboxed.poll() is not None or (sandboxed.excess() or sandboxed.poll()) is not None)
    found = sandboxed.excess()
    if found is not None:
        assert found.ends
        sandboxed.kill(found.reason)
    ended = sandboxed.wait(PATIENCE_SECONDS)
    assert ended is not None
    assert ended.reason == reason


def test_use_is_measured_from_outside(way: Sandbox, start: Start) -> None:
    """Memory, processes and files of all together."""
    code = "import os, time\nx = b'x' * (40 << 20)\nopen('f', 'wb').write(bytes(2 << 20))\nos.fork()\ntime.sleep(600)"
    sandboxed = start(way, code)
    await_condition(lambda: sandboxed.usage().work_bytes >= 2 * MEBIBYTE and sandboxed.usage().processes >= 3)
    usage = sandboxed.usage()
    assert usage.memory_bytes >= 40 * MEBIBYTE
    assert usage.disk_bytes >= 2 * MEBIBYTE
    assert usage.inodes >= 1
    assert sandboxed.excess() is None


@pytest.mark.parametrize("ours", [signal.default_int_handler, signal.SIG_IGN])
def test_an_interrupt_reaches_the_program_alone(
    *, way: Sandbox, start: Start, take_interrupts: Callable[[Any], Any], ours: Any
) -> None:
    """As Ctrl-C does, also where a shell in the background has us ignore it; and its children live on."""
    take_interrupts(ours)
    code = "import os, time\nif os.fork() == 0: time.sleep(600)\n"
    # A file object would write while it is being dropped, and Python drops an interrupt then.
    code += "try:\n os.write(os.open('x', os.O_CREAT | os.O_WRONLY), bytes(4096)); time.sleep(600)\n"
    code += "except KeyboardInterrupt: os._exit(7)"
    sandboxed = start(way, code)
    await_condition(lambda: sandboxed.usage().work_bytes > 0)
    sandboxed.interrupt()
    ended = sandboxed.wait(PATIENCE_SECONDS)
    assert ended is not None
    assert ended.returncode == 7


def test_it_is_held_to_one_processor(way: Sandbox, run: Run) -> None:
    """And cannot change that."""
    core = max(os.sched_getaffinity(0))
    code = "import os\ntry: os.sched_setaffinity(0, range(99))\nexcept OSError: print(os.sched_getaffinity(0))"
    assert run(way, code, core=core)[0] == f"{{{core}}}\n"
    assert len(os.sched_getaffinity(0)) >= 1


@pytest.mark.parametrize("code", [DAEMON, DEAF_DAEMONS])
@pytest.mark.parametrize("killed", [True, False])
def test_nothing_is_left_by_whatever_end(*, way: Sandbox, start: Start, code: str, killed: bool) -> None:
    """Neither a daemon, nor one that ignores signals, nor folder, nor control group."""
    before, (reading, writing) = _traces(), os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "wb"):
        sandboxed = start(way, f"{code}\nos.read({reading}, 1)", pass_fds=(reading,))
        await_condition(lambda: len(sandboxed.processes()) >= (4 if way.bubblewrap else 3))
        processes = sandboxed.processes()
        if killed:
            sandboxed.kill()
    assert sandboxed.wait(PATIENCE_SECONDS) is not None
    assert [pid for pid in processes if Path(f"/proc/{pid}").exists()] == []
    assert _traces() <= before


def test_a_fork_bomb_is_ended_as_a_whole(way: Sandbox, start: Start) -> None:
    """However fast it makes new ones."""
    sandboxed = start(way, FORK_BOMB)
    await_condition(lambda: sandboxed.usage().processes > 20)
    processes = sandboxed.processes()
    sandboxed.kill("processes")
    assert [pid for pid in processes if Path(f"/proc/{pid}").exists()] == []
    assert descendants_of(os.getpid()) & processes == set()


def test_killing_twice_is_killing_once(best: Sandbox, start: Start) -> None:
    """The first reason stays."""
    sandboxed = start(best, "import time; time.sleep(600)")
    sandboxed.kill("output")
    sandboxed.kill("memory")
    ended = sandboxed.poll()
    assert ended is not None
    assert ended.reason == "output"
    assert sandboxed.usage().cpu_seconds == ended.cpu_seconds


def test_it_outlives_the_thread_that_started_it(way: Sandbox, start: Start) -> None:
    """Bubblewrap would end with it."""
    started: list[Sandboxed] = []
    thread = threading.Thread(target=lambda: started.append(start(way, "import time; time.sleep(600)")))
    thread.start()
    thread.join()
    assert started[0].wait(0.3) is None


def test_two_at_once_cannot_reach_each_other(way: Sandbox, run: Run, start: Start) -> None:
    """Neither by a signal nor by a file."""
    first = start(way, "import time; time.sleep(600)")
    code = f"import os\ntry: os.kill({first.kernel_pid}, 9)\nexcept OSError as e: print('refused')"
    assert run(way, code)[0] == "refused\n"
    assert first.poll() is None


def test_a_killed_grader_leaves_no_process(way: Sandbox) -> None:
    """The sandbox ends with the process that made it, daemons included."""
    one = job(DAEMON + "time.sleep(100)", output=2)
    code = f"""
import os, signal, time
from pathlib import PosixPath
from grader.execution.sandbox import Interpreter, Job, Limits, Sandbox
from grader.execution.sandbox.warm import Zygote
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
sandboxed = {way!r}.start({one if way.zygote is None else for_fork(one)!r})
while len(sandboxed.processes()) < {4 if way.bubblewrap else 3}:
    time.sleep(0.01)
print(*sandboxed.processes(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        pass_fds=() if way.zygote is None else way.zygote.descriptors,
    )
    processes = [int(word) for word in answer.stdout.split()]
    assert len(processes) >= 2, answer.stderr
    await_condition(lambda: not any(runs(pid) for pid in processes))


def _traces() -> set[str]:
    """Folders and control groups of this process's jobs."""
    groups = [str(path) for parent in set(_own_groups().values()) for path in parent.glob(f"grader-{os.getpid()}-*")]
    mounts = [
        line for line in Path("/proc/self/mounts").read_text().splitlines() if "bwrap" in line or "newroot" in line
    ]
    return {*groups, *mounts}
