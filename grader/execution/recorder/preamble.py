"""Replaces what notebooks usually start and end with: installers, TensorBoard, exports, plot windows."""

from __future__ import annotations

import importlib
import os
import selectors
import signal
import subprocess
import sys
import time
from subprocess import CalledProcessError
from types import ModuleType
from typing import Any

from .channel import Channel
from .commands import SILENCERS, answer_command, answer_script
from .imports import after_import

COMMAND_TIMEOUT_SECONDS = 60.0
MAX_COMMAND_OUTPUT_BYTES = 2**20

_HEADLESS = frozenset({"inline", "agg", "svg", "pdf", "ps", "pgf", "cairo", "template"})
_TENSORBOARD = frozenset({"tensorboard", "tensorboard.notebook"})
_SELF_CHECK = "grader"
_NO_TENSORBOARD = "TensorBoard is not started here: it is not needed for grading."


def install(shell: Any, channel: Channel) -> None:
    """Replaces the shell's ways to run commands, TensorBoard's magics and the choice of a plot window."""
    os.environ.update(PIP_NO_INDEX="1", PIP_RETRIES="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    shell.system = _System(shell, channel)
    shell.getoutput = _GetOutput(shell, channel)
    for name in ("conda", "mamba", "micromamba"):
        shell.register_magic_function(_installer(name, channel), "line", name)
    for name in ("bash", "sh"):
        shell.register_magic_function(_script(shell.find_cell_magic(name), channel), "cell", name)
    # By this module Keras's plot_model recognises a notebook, where it prints what it lacks instead of raising.
    importlib.import_module("IPython.core.magics.namespace")
    _quieten_tensorboard(shell, channel)
    _leave_out_self_check(shell)
    _keep_inline(shell, channel)
    shell.events.register("post_run_cell", _Colab(channel))


class _System:
    """``!command``: answered, or run with a time limit, its output printed as it comes."""

    def __init__(self, shell: Any, channel: Channel) -> None:
        self.shell = shell
        self.channel = channel

    def __call__(self, cmd: str) -> None:
        command = _in_foreground(self.shell.var_expand(cmd, depth=1))
        text, complete = _answered(command, self.channel)
        if text:
            print(text)  # noqa: T201 - the student's cell prints
        exit_code = 0 if complete else self._run(f"{SILENCERS} {command}" if text else command)
        self.shell.user_ns["_exit_code"] = exit_code
        if exit_code and getattr(self.shell, "system_raise_on_error", False):
            raise CalledProcessError(exit_code, cmd)

    def _run(self, command: str) -> int:
        process = _started(command)
        printed = 0
        deadline = time.monotonic() + COMMAND_TIMEOUT_SECONDS
        try:
            for octets in _output(process, deadline):
                printed += len(octets)
                sys.stdout.write(octets.decode(errors="replace"))
                if printed > MAX_COMMAND_OUTPUT_BYTES:
                    self.channel.note(f"A command printed more than {MAX_COMMAND_OUTPUT_BYTES} bytes and was ended.")
                    break
            else:
                if time.monotonic() >= deadline:
                    self.channel.note(f"A command ran longer than {COMMAND_TIMEOUT_SECONDS:.0f} seconds and was ended.")
        finally:
            sys.stdout.flush()
            _end(process)
        return process.wait()


class _GetOutput:
    """``lines = !command``: likewise, with the output as the value."""

    def __init__(self, shell: Any, channel: Channel) -> None:
        self.original = shell.getoutput
        self.shell = shell
        self.channel = channel

    def __call__(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        command = _in_foreground(self.shell.var_expand(cmd, depth=depth + 1))
        text, complete = _answered(command, self.channel)
        if not complete:
            return self.original(cmd, split=split, depth=depth + 1)
        from IPython.utils.text import LSString, SList  # noqa: PLC0415 - only a kernel has it

        return SList(text.splitlines()) if split else LSString(text)


def _in_foreground(command: str) -> str:
    if command.rstrip().endswith("&"):
        raise OSError("Background processes not supported.")
    return command


def _answered(script: str, channel: Channel) -> tuple[str, bool]:
    answers, complete = answer_script(script)
    for answer in answers:
        if answer.note:
            channel.note(answer.note)
    return "\n".join(line for answer in answers for line in answer.lines), complete


def _started(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S602 - a shell is what the student asked for
        command,
        shell=True,
        executable="/bin/bash" if os.path.exists("/bin/bash") else None,  # noqa: PTH110 - once, at a command
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _output(process: subprocess.Popen[bytes], deadline: float) -> Any:
    stream: Any = process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(min(left, 0.5)):
                octets = os.read(stream.fileno(), 2**16)
                if not octets:
                    return
                yield octets
            elif process.poll() is not None:
                # A process that it left in the background may keep the pipe open for ever.
                return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()


def _installer(name: str, channel: Channel) -> Any:
    def magic(line: str) -> None:
        answer = answer_command([name, *line.split()])
        lines = (f"{name} is left out: a notebook is run in a fixed environment.",) if answer is None else answer.lines
        if answer is not None and answer.note:
            channel.note(answer.note)
        print("\n".join(lines))  # noqa: T201 - as above

    return magic


def _script(original: Any, channel: Channel) -> Any:
    def magic(line: str, cell: str) -> Any:
        text, complete = _answered(cell, channel)
        if text:
            print(text)  # noqa: T201 - as above
        return None if complete else original(line, f"{SILENCERS}\n{cell}" if text else cell)

    return magic


def _quieten_tensorboard(shell: Any, channel: Channel) -> None:
    def say(*_: Any, **__: Any) -> None:
        channel.note(_NO_TENSORBOARD)
        print(_NO_TENSORBOARD)  # noqa: T201 - as above

    def silence(module: ModuleType) -> None:
        for name in ("start", "display", "list"):
            setattr(module, name, say)

    shell.register_magic_function(say, "line", "tensorboard")
    after_import("tensorboard.notebook", silence)
    for name in ("load_extension", "reload_extension"):
        original = getattr(shell.extension_manager, name)
        setattr(shell.extension_manager, name, _without_replaced(original))


def _without_replaced(original: Any) -> Any:
    def load(module_str: str) -> Any:
        return None if module_str in {*_TENSORBOARD, _SELF_CHECK} else original(module_str)

    return load


def _leave_out_self_check(shell: Any) -> None:
    """A student's own check stays in the notebook that is handed in: here it does nothing."""

    def nothing(_line: str) -> None:
        return None

    shell.register_magic_function(nothing, "line", "grade")


def _keep_inline(shell: Any, channel: Channel) -> None:
    enable = shell.enable_matplotlib

    def enable_matplotlib(gui: str | None = None) -> Any:
        if isinstance(gui, str) and gui.lower() not in _HEADLESS:
            channel.note(f"There is no window here: %matplotlib {gui} is taken as %matplotlib inline.")
            gui = "inline"
        return enable(gui)

    def keep_headless(matplotlib: Any) -> None:
        use = matplotlib.use

        def use_headless(backend: str, *, force: bool = True) -> None:
            if str(backend).lower() in _HEADLESS or str(backend).startswith("module://matplotlib_inline"):
                use(backend, force=force)
            else:
                channel.note(f"There is no window here: figures are shown in the notebook, not by {backend}.")

        matplotlib.use = use_headless

    shell.enable_matplotlib = enable_matplotlib
    after_import("matplotlib", keep_headless)


class _Colab:
    """Notes a failed import of Colab's own packages, which exist nowhere else."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def __call__(self, result: Any) -> None:
        error = getattr(result, "error_in_exec", None)
        if isinstance(error, ImportError) and str(error.name or "").startswith("google"):
            self.channel.note("google.colab exists on Colab only; the run goes on without it.")
