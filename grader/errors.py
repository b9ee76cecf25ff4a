"""What can go wrong on our side of the sandbox. A student's exception is evidence and never one of these.

GraderError
    UsageError          the call is wrong: flags, paths, names                      exit code 2
        RubricError     a rubric, with file and line of each mistake                exit code 2
        MachineError    this machine cannot do it: no sandbox, no data set          exit code 2
    SubmissionError     one submission cannot be read; ends as its recorded reason
    StoreError          the output folder is not what it should be                  exit code 2
        UnwritableError it cannot be written, as on a full disk                     exit code 2
        BrokenError     what it holds is not what was stored                        exit code 2
        HeldError       another process is at work in it                            exit code 2
"""

from __future__ import annotations


class GraderError(Exception):
    """Something that we tell in three parts: what was found and where, what was expected, what to do."""

    def __init__(self, found: str, *, expected: str = "", fix: str = "") -> None:
        self.found = found
        self.expected = expected
        self.fix = fix
        super().__init__(" ".join(part for part in (found, expected, fix) if part))


class UsageError(GraderError):
    """The command was called in a way that cannot work."""


class RubricError(UsageError):
    """A rubric with one or more mistakes; ``problems`` holds a line for each, ``file:line: what. fix``."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class MachineError(UsageError):
    """This machine lacks something that the command needs."""


class SubmissionError(GraderError):
    """A file that is no gradable notebook."""


class StoreError(GraderError):
    """The output folder holds something that we did not write, or cannot be written."""


class UnwritableError(StoreError):
    """The output folder cannot be written: no more can be done there."""


class BrokenError(StoreError):
    """Something stored is lost, cut off or changed; what made it can make it again."""


class HeldError(StoreError):
    """Another process is at work in the output folder."""
