"""Which sandbox a machine's jobs run in: chosen where they run, or told by who has chosen on that machine before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.errors import MachineError
from grader.execution.sandbox.detection import detect
from grader.execution.sandbox.interpreter import Interpreter
from grader.execution.sandbox.mechanism import Sandbox, unprotected
from grader.execution.sandbox.order import Tier


@dataclass(frozen=True, kw_only=True)
class SandboxChoice:
    """What is known of the sandbox before the first job needs it.

    Attributes:
        unprotected: Whether to go without where no sandbox holds.
        known: The one to use, chosen on this machine before; None to find the best one.
        python: The Python that notebooks run in; None for our own.
        cold: Whether every kernel is started afresh, and none forked.
    """

    unprotected: bool = False
    known: Sandbox | None = None
    python: Interpreter | None = None
    cold: bool = False

    @property
    def inherited(self) -> tuple[int, ...]:
        """Descriptors that a process must inherit to start jobs by this choice."""
        return () if self.known is None or self.known.zygote is None else self.known.zygote.descriptors

    def resolve(self) -> Sandbox:
        """The sandbox. Where it is not known the tiers are tried, once a process.

        Raises:
            MachineError: None holds here and nobody has said to go without.
        """
        if self.known is not None:
            return self.known
        detection = detect(self.python)
        if detection.sandbox is not None:
            return detection.sandbox
        if self.unprotected:
            return unprotected(self.python)
        raise MachineError(
            "no sandbox holds on this machine, and a notebook is somebody else's program.",
            expected="Unprivileged user namespaces for bubblewrap, or Landlock.",
            fix=f"{detection.fix} `grader doctor` shows more; `--unprotected` goes without, for notebooks you trust.",
        )

    def resolved(self) -> SandboxChoice:
        """The same choice, made.

        Raises:
            MachineError: As `resolve`.
        """
        return replace(self, known=self.resolve())

    def of_own_python(self) -> SandboxChoice:
        """The same for what runs in our own Python, such as the reader of prints."""
        return self if self.python is None else replace(self, known=None, python=None)

    @property
    def tier(self) -> Tier:
        """The tier of the sandbox.

        Raises:
            MachineError: As `resolve`.
        """
        return self.resolve().tier
