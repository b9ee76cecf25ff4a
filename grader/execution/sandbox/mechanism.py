"""The tiers: ways to start a job that differ in what they ask of the machine, all with the same launcher inside.

1   bubblewrap by an ordinary user.
2   grader is run by root: the same, by a dedicated user.
2b  grader is run by root, and Python lies where no other user can read it: bubblewrap makes the namespaces as root, and
    the launcher inside becomes the dedicated user.
3   no namespaces: Landlock and seccomp around the program, and the launcher stays to end what is left.
4   limits alone.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from grader.execution.sandbox.bubblewrap import start_bubblewrapped
from grader.execution.sandbox.cgroups import Mechanism
from grader.execution.sandbox.interpreter import Interpreter, own_interpreter
from grader.execution.sandbox.job import Job
from grader.execution.sandbox.order import Order, Tier
from grader.execution.sandbox.process import Sandboxed
from grader.execution.sandbox.staging import lent, staged
from grader.execution.sandbox.supervised import start_supervised
from grader.execution.sandbox.uids import dedicated_uid
from grader.execution.sandbox.warm import Zygote


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A way to run jobs on this machine; plain data, which a worker can be told.

    Attributes:
        tier: Which way.
        python: The Python that its jobs run in.
        bubblewrap: The binary; None in tiers 3 and 4.
        limits_by: What limits a whole tree of processes.
        zygote: The process whose forks jobs are, where they can be; None to start all of them cold.
        why_cold: Why there is none, where one was wished for.
    """

    tier: Tier
    python: Interpreter = field(default_factory=own_interpreter)
    bubblewrap: str | None = None
    limits_by: Mechanism = "watchdog"
    zygote: Zygote | None = None
    why_cold: str = ""

    def start(self, job: Job) -> Sandboxed:
        """Starts a job; it runs when this returns.

        Raises:
            SandboxError: It does not start.
        """
        cleanup = ExitStack()
        try:
            uid = cleanup.enter_context(dedicated_uid()) if self._by_dedicated_user else None
            order = Order(
                job=job,
                tier=self.tier,
                python=self.python,
                limits_by=self.limits_by,
                uid=uid,
                files=cleanup.enter_context(staged(job.binds, work=job.work, uid=uid)),
                cleanup=cleanup,
                zygote=self.zygote,
                why_cold=self.why_cold,
            )
            cleanup.enter_context(lent(job.writable.values(), uid=uid))
            if self.bubblewrap is None:
                return start_supervised(order)
            return start_bubblewrapped(order, binary=self.bubblewrap)
        except BaseException:
            cleanup.close()
            raise

    def seen_as(self, inside: str, outside: Path) -> str:
        """The path that a job sees for a bound file or folder: tiers 3 and 4 cannot move it.

        In a job's command and environment, paths below ``/run/nb`` and the home folder are seen to by `start`.
        """
        return inside if self.bubblewrap is not None else str(outside)

    @property
    def _by_dedicated_user(self) -> bool:
        return self.tier in {"2", "2b"} or (self.tier == "3" and os.geteuid() == 0)


def unprotected(python: Interpreter | None = None) -> Sandbox:
    """Tier 4: limits alone. For a notebook that one trusts like one's own, never without being asked for."""
    return Sandbox(tier="4", python=python or own_interpreter())
