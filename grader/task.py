"""What there is to do: one submission, with what it is graded, and how far it has come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from grader.datasets import DataSets
from grader.environment import StudentsEnvironment, own_environment
from grader.execution.sandbox import SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake import Attachment, Origin
from grader.marks import NO_MARKS, MarksOfSubmission
from grader.printed_text import well_formed
from grader.records import LateDeduction, digest
from grader.rubric import Asked, Rubric, shown_curves
from grader.stand_ins import at_full_size
from grader.store import SubmissionFolder


@dataclass(frozen=True)
class Settings:
    """What a batch uses for each of its submissions.

    Attributes:
        sandbox: Where notebooks run, and all that is rebuilt or repeated of them.
        full_size_limits: For a notebook that is run again on data of the original's size; None for the same limits.
        environment: The Python and the packages there; the sandbox's Python is its.
        replay_share: Share of the fits that are repeated outside, in [0, 1], beside those that are under review.
        reruns: How many more seeds decide a figure that is near its line.
        hints: Whether edits that win back what was lost are proved for the tutor, whatever students may be told.
    """

    rubric: Rubric
    data_sets: DataSets
    limits: RunLimits
    sandbox: SandboxChoice
    environment: StudentsEnvironment = field(default_factory=own_environment)
    replay_share: float = 0.0
    reruns: int = 0
    hints: bool = False
    full_size_limits: RunLimits | None = None

    def at_full_size(self, folder: Path) -> Settings:
        """The same for a notebook that needs the original's rows.

        Args:
            folder: Where data sets that have to be made are kept.
        """
        limits = self.full_size_limits or self.limits
        return replace(self, data_sets=at_full_size(self.data_sets, folder=folder), limits=limits)

    @property
    def gives_hints(self) -> bool:
        """Whether edits that win back what was lost are proved: for the tutor, or because students are told of them."""
        return self.hints or self.rubric.hints != "off"

    @cached_property
    def files(self) -> dict[str, Path]:
        """The rubric's files, which are laid beside every notebook."""
        return self.rubric.laid_files

    @cached_property
    def rubric_digest(self) -> str:
        """A digest over the rubric as it judges: with the reference's spread and the template's texts."""
        plain = self.rubric.model_dump(mode="json", exclude={"path", "template_texts", "environment"})
        said = json.dumps([self.rubric.path.name, plain, sorted(self.rubric.template_texts)], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    @cached_property
    def rubric_text(self) -> str:
        """The rubric as JSON, with the reference's spread: written once for all jobs of a batch."""
        return json.dumps(self.rubric.model_dump(mode="json"))

    @cached_property
    def curves_digest(self) -> str:
        """A digest over the reference's curves that students' pages may show, and the data that they are of."""
        data = {kind: one.fingerprints for kind, one in self.rubric.calibrations.items()}
        curves = {
            kind: {name: [one.model_dump(mode="json") for one in fits] for name, fits in by_section.items()}
            for kind, by_section in shown_curves(self.rubric).items()
        }
        return digest([data, curves])

    @cached_property
    def asked(self) -> Asked:
        """What follows from the rubric alone."""
        return Asked(self.rubric)


@dataclass(frozen=True)
class Task:
    """One submission to be graded.

    Attributes:
        seed: What `random`, numpy and Keras are seeded with before its first cell.
        origin: What the archive that it lay in tells of it; None where it lay in none.
        people: Whose it is, for the pages alone; ``handed_in`` likewise, see `People.handed_in`.
        attachments: What was handed in beside it.
        marks: What people decided on it.
        late: What handing it in late costs; None where it costs nothing, and nothing is to be said of it.
        equal_run: Where the same notebook with the same attachments was run, for somebody else.
        is_given: Whether its notebook is given now; else there is only what is stored of it.
    """

    id: str
    path: Path
    folder: SubmissionFolder
    seed: int = 0
    origin: Origin | None = None
    people: tuple[str, ...] = ()
    handed_in: str = ""
    attachments: tuple[Attachment, ...] = ()
    marks: MarksOfSubmission = NO_MARKS
    late: LateDeduction | None = None
    equal_run: SubmissionFolder | None = None
    is_given: bool = True

    @property
    def file_name(self) -> str:
        """The file's name as its author handed it in."""
        return well_formed(self.path.name if self.origin is None else self.origin.file_name)

    def rerun(self, seed: int) -> Task:
        """The same submission under another seed."""
        equal_run = None if self.equal_run is None else self.equal_run.rerun(seed)
        return replace(self, seed=seed, folder=self.folder.rerun(seed), equal_run=equal_run)


@dataclass(frozen=True)
class Progress:
    """Where a submission is.

    Attributes:
        task_id: Of the submission.
        step: What is done.
        cell: For the step ``run`` the cell, from 0.
        cells: How many there are.
        waits: The cell only waits there, for a file or a download, say, and uses no processor.
    """

    task_id: str
    step: str
    cell: int = 0
    cells: int = 0
    waits: bool = False


OnProgress = Callable[[Progress], None]
