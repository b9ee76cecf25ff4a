"""Tiers 3 and 4: a job beside us, without namespaces. The launcher stays and ends what the program leaves behind."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from grader.execution.sandbox import landlock, syscalls
from grader.execution.sandbox.folders import job_folder
from grader.execution.sandbox.handshake import Handshake
from grader.execution.sandbox.layout import HOME, WORK, environment
from grader.execution.sandbox.order import Order, duplicate, ended_on_error, launcher_path
from grader.execution.sandbox.process import Handle, Sandboxed
from grader.execution.sandbox.usage import Gauge

_MOVED = re.compile(rf"(?<![\w./-])(/run/nb|{HOME})(?![\w.-])")


def start_supervised(order: Order) -> Sandboxed:
    """Starts a job beside us; in tier 3 inside Landlock and a stricter filter.

    Raises:
        SandboxError: It does not start.
    """
    with Handshake() as line, duplicate(order.job.stderr) as stderr:
        tree = _tree(order)
        settings = {**order.settings(stderr), **_own_settings(order, tree=tree)}
        outer = order.spawn(order.launch(str(launcher_path()), line), line=line, pass_fds=(stderr,))
        with ended_on_error(outer):
            line.await_start()
            root = Handle(outer.pid)
            order.cleanup.callback(root.close)
            gauge = Gauge(tree, leader=outer.pid, writable=(str(tree),), namespace=False)
            order.cleanup.callback(gauge.close)
            return order.run(outer, line=line, root=root, gauge=gauge, settings=settings)


def _tree(order: Order) -> Path:
    """A folder that stands in for the root of the file tree, with links to what is bound."""
    tree = order.cleanup.enter_context(job_folder())
    for folder in _folders(tree):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for inside, outside in (*order.files.binds.items(), *order.job.writable.items()):
        link = tree / inside.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(outside.resolve())
    if order.uid is not None:
        for part in (*tree.rglob("*"), tree):
            os.chown(part, order.uid, order.uid, follow_symlinks=False)
    return tree


def _folders(tree: Path) -> tuple[str, ...]:
    return (f"{tree}{WORK}", f"{tree}{HOME}", f"{tree}/tmp")  # noqa: S108 - a folder of ours


def _own_settings(order: Order, *, tree: Path) -> dict[str, Any]:
    job, (work, home, temporary) = order.job, _folders(tree)
    command = (job.command[0], *(_moved(word, tree) for word in job.command[1:]))
    variables = environment(job, python=order.python, home=home) | {"TMPDIR": temporary}
    settings: dict[str, Any] = {
        "supervise": True,
        "command": command,
        "environment": {name: _moved(value, tree) for name, value in variables.items()},
        "folder": work,
        "copy": None if order.files.work is None else (str(order.files.work), work),
        "uid": order.uid,
    }
    if order.tier == "3":
        settings["landlock"] = landlock.rules(
            order.python,
            readable=[str(path) for path in (*order.files.binds.values(), order.files.work) if path is not None],
            writable=[str(tree), *(str(path.resolve()) for path in job.writable.values())],
            terminals=order.uid is not None,
        )
        settings["seccomp"] = syscalls.program(namespaces=False)
    return settings


def _moved(text: str, tree: Path) -> str:
    return _MOVED.sub(lambda match: f"{tree}{match[0]}", text)
