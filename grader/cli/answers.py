"""What commands answer with ``--json``, where no other record says it already; docs/json.md lists all of them."""

from __future__ import annotations

from typing import Any

from grader.records import Record
from grader.rubric import DataKind


class CheckParameter(Record):
    """A parameter that a check takes.

    Attributes:
        default: What holds where a rubric does not give it; None where it must, or where nothing holds then.
    """

    name: str
    required: bool
    default: Any = None
    description: str = ""


class ListedCheck(Record):
    """A check that rubrics can use.

    Attributes:
        statement: What must hold.
        package: The distribution that it comes with; None for the grader's own.
    """

    name: str
    statement: str
    package: str | None = None
    parameters: tuple[CheckParameter, ...] = ()


class ListedChecks(Record):
    """``grader checks``."""

    checks: tuple[ListedCheck, ...]


class CalibratedFigure(Record):
    """What one of the reference's figures is over the seeds: its mean and standard deviation, in the figure's unit."""

    mean: float
    spread: float


class Calibrated(Record):
    """``grader calibrate``.

    Attributes:
        calibration: The file that was written.
    """

    calibration: str
    data: DataKind
    seeds: tuple[int, ...]
    figures: dict[str, CalibratedFigure]


class Converted(Record):
    """``grader convert``.

    Attributes:
        notes: What could not be read wholly, by cell.
    """

    notebook: str
    cells: int
    code_cells: int
    notes: tuple[str, ...] = ()


class ShownEnvironment(Record):
    """``grader environment``.

    Attributes:
        python: Version.
        executable: Its Python.
        packages: The packages that decide most figures, distribution to version.
        digest: Over every installed distribution.
        is_own: Whether it is the grader's own.
    """

    python: str
    executable: str
    packages: dict[str, str]
    digest: str
    is_own: bool


class Exported(Record):
    """``grader export``.

    Attributes:
        folder: Where the files were written.
        files: By name.
        left: Students with a grade who could not be handed back.
        lines: What is said of them, and of what the rules did.
    """

    platform: str
    folder: str
    files: tuple[str, ...]
    left: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class DraftedSection(Record):
    """A section of a drafted rubric."""

    section: str
    title: str
    points: float
    bonus: bool
    checks: tuple[str, ...]


class DraftedRubric(Record):
    """``grader init``.

    Attributes:
        rubric: The file that was written.
        calibration: Likewise.
        left_out: What the reference itself does not pass, and why.
    """

    rubric: str
    calibration: str
    data: DataKind
    sections: tuple[DraftedSection, ...]
    left_out: tuple[str, ...] = ()


class CheckedMarks(Record):
    """``grader marks check``.

    Attributes:
        file: The tutor's file.
        events: How many it holds.
        problems: What fits no longer, a sentence each.
    """

    file: str
    events: int
    problems: tuple[str, ...] = ()


class Released(Record):
    """``grader release``.

    Attributes:
        archive: The file that was written.
        kept_back: What of the rubric is not in it.
    """

    archive: str
    kept_back: tuple[str, ...] = ()


class KeptSubmission(Record):
    """What is stored of one submission, see `grader.batch.Kept`."""

    id: str
    file_name: str
    students: tuple[str, ...]
    is_present: bool
    total_bytes: int
    own_bytes: int
    unused_bytes: int


class KeptSubmissions(Record):
    """``grader store list``."""

    submissions: tuple[KeptSubmission, ...]


class Pruned(Record):
    """``grader store prune``: what was removed."""

    files: int
    size_bytes: int


class Forgotten(Record):
    """``grader store forget``: the ids of what was removed."""

    submissions: tuple[str, ...]


class ReadRubric(Record):
    """One rubric of ``grader validate --no-run``.

    Attributes:
        criteria: How many it has; None where it cannot be used.
        problem: What is wrong with it; empty where nothing is.
    """

    rubric: str
    criteria: int | None = None
    problem: str = ""


class ReadRubrics(Record):
    """``grader validate --no-run``."""

    rubrics: tuple[ReadRubric, ...]


class SandboxProperty(Record):
    """One property of the sandbox, with what happened when a program tried it."""

    name: str
    holds: bool
    proof: str


class ServedData(Record):
    """A data set that `--data` names.

    Attributes:
        choice: What `--data` says for it.
        path: Where it lies; None where it is not on this machine.
        train_rows: None likewise.
        test_rows: None likewise.
    """

    choice: str
    name: str
    path: str | None = None
    train_rows: int | None = None
    test_rows: int | None = None


class Machine(Record):
    """``grader doctor``.

    Attributes:
        verdict: Whether grading can begin, and else what to do.
        tier: Of the sandbox that is used, see `tiers`.
        tiers: What each means.
        limits: What enforces limits.
        lacks: What the tier does not give.
        fix: What to do for a better tier.
        attempts: What was tried before and did not hold.
        starts: How kernels start.
        packages: Distribution to version; None where it is missing.
        environment_problem: Why notebooks cannot run in the grader's own environment; empty where they can.
        compiled: Whether TensorFlow's bytecode is there.
    """

    ready: bool
    verdict: str
    sandbox: bool
    tier: str
    mechanism: str
    tiers: dict[str, str]
    bubblewrap: str | None
    limits: str
    lacks: str
    fix: str
    properties: tuple[SandboxProperty, ...]
    attempts: tuple[str, ...]
    starts: str
    data_sets: tuple[ServedData, ...]
    system: str
    python: str
    packages: dict[str, str | None]
    environment_problem: str
    compiled: bool
