"""The code that each stage's result depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.store import PACKAGE, code_digest


@dataclass(frozen=True)
class CodeDigests:
    """A digest over the modules of each stage.

    Attributes:
        full_size: Over those that say which notebooks run again on data of the original's size, and make that data.
        findings: Over those that say which fits are to be repeated.
        trials: Over those that repeat fits with edits.
    """

    execution: str
    full_size: str
    verification: str
    replay: str
    findings: str
    trials: str
    evaluation: str
    page: str


@cache
def own_code() -> CodeDigests:
    """The digests of the code that runs."""
    return code_digests(PACKAGE)


def code_digests(package: Path) -> CodeDigests:
    """The digests of a copy of the code.

    Args:
        package: The folder of `grader`.
    """
    return CodeDigests(
        execution=code_digest("execution", "intake.notebooks", "intake.laying", package=package),
        full_size=code_digest("attribution.full_size", "stand_ins", package=package),
        verification=code_digest("verification.verify", "verification.guest.verifier", package=package),
        replay=code_digest("verification.replay", "verification.guest.replayer", package=package),
        findings=code_digest("integrity", package=package),
        trials=code_digest("verification.trials", "verification.guest.trainer", package=package),
        evaluation=code_digest("evaluate", "borderline", "checks", "marks.apply", "hints", package=package),
        page=code_digest("report.feedback", "report.templates", package=package),
    )
