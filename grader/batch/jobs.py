"""One submission's step as plain JSON, so that it can be done by any process on any machine that sees its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from grader import pipeline
from grader.datasets import DataSets
from grader.environment import StudentsEnvironment, own_environment
from grader.execution.sandbox import SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake import Attachment, Origin
from grader.judging.registry import find_check
from grader.marks import MarksOfSubmission
from grader.pipeline import Step
from grader.records import LateDeduction
from grader.rubric import Rubric
from grader.store import SubmissionFolder
from grader.task import Settings, Task

STEPS: Mapping[str, Step] = {
    "grade": pipeline.grade,
    "regrade": pipeline.regrade_stored,
    "gather": pipeline.gather,
}
"""What a worker can do."""

_DATA_SETS, _LIMITS, _CHOICE = TypeAdapter(DataSets), TypeAdapter(RunLimits), TypeAdapter(SandboxChoice)
_ENVIRONMENT = TypeAdapter(StudentsEnvironment)
_ATTACHMENTS: TypeAdapter[tuple[Attachment, ...]] = TypeAdapter(tuple[Attachment, ...])
_LATE: TypeAdapter[LateDeduction | None] = TypeAdapter(LateDeduction | None)
_FULL_SIZE_LIMITS: TypeAdapter[RunLimits | None] = TypeAdapter(RunLimits | None)


@dataclass(frozen=True)
class Job:
    """One step of the pipeline on one submission.

    Attributes:
        step: Its name in `STEPS`.
    """

    step: str
    task: Task
    settings: Settings

    def text(self) -> str:
        """The job as JSON."""
        return json.dumps({"step": self.step, "task": _task_text(self.task), "settings": settings_text(self.settings)})


def read_job(text: str) -> Job:
    """The job that was written as JSON.

    Raises:
        ValueError: It is no job.
    """
    plain = json.loads(text)
    return Job(step=plain["step"], task=_read_task(plain["task"]), settings=_read_settings(plain["settings"]))


def settings_text(settings: Settings) -> str:
    """Settings as JSON."""
    return json.dumps(
        {
            "rubric": settings.rubric_text,
            "data_sets": _DATA_SETS.dump_python(settings.data_sets, mode="json"),
            "limits": _LIMITS.dump_python(settings.limits, mode="json"),
            "full_size_limits": _FULL_SIZE_LIMITS.dump_python(settings.full_size_limits, mode="json"),
            "sandbox": _CHOICE.dump_python(settings.sandbox, mode="json"),
            # A worker is of our own Python, and knows that itself.
            "environment": None
            if settings.environment.is_own
            else _ENVIRONMENT.dump_python(settings.environment, mode="json"),
            "replay_share": settings.replay_share,
            "reruns": settings.reruns,
            "hints": settings.hints,
        }
    )


@lru_cache(maxsize=16)
def _read_settings(text: str) -> Settings:
    """The settings; a batch has few of them, and a worker many jobs."""
    plain = json.loads(text)
    return Settings(
        rubric=read_rubric(json.loads(plain["rubric"])),
        data_sets=_DATA_SETS.validate_python(plain["data_sets"]),
        limits=_LIMITS.validate_python(plain["limits"]),
        full_size_limits=_FULL_SIZE_LIMITS.validate_python(plain["full_size_limits"]),
        sandbox=_CHOICE.validate_python(plain["sandbox"]),
        environment=own_environment()
        if plain["environment"] is None
        else _ENVIRONMENT.validate_python(plain["environment"]),
        replay_share=plain["replay_share"],
        reruns=plain["reruns"],
        hints=plain["hints"],
    )


def read_rubric(plain: dict[str, Any]) -> Rubric:
    """The rubric, with the parameters of each check as that check's own."""
    for section in plain["sections"]:
        for criterion in section["criteria"]:
            criterion["params"] = find_check(criterion["check"]).params.model_validate(criterion["params"])
    return Rubric.model_validate(plain)


def _task_text(task: Task) -> dict[str, Any]:
    origin = task.origin
    return {
        "id": task.id,
        "path": str(task.path),
        "folder": str(task.folder.folder),
        "seed": task.seed,
        "people": task.people,
        "handed_in": task.handed_in,
        "attachments": _ATTACHMENTS.dump_python(task.attachments, mode="json"),
        "marks": task.marks.model_dump(mode="json"),
        "late": _LATE.dump_python(task.late, mode="json"),
        "equal_run": None if task.equal_run is None else str(task.equal_run.folder),
        "is_given": task.is_given,
        "origin": None
        if origin is None
        else {
            "file_name": origin.file_name,
            "problem": origin.problem,
        },
    }


def _read_task(plain: dict[str, Any]) -> Task:
    origin = plain["origin"]
    return Task(
        id=plain["id"],
        path=Path(plain["path"]),
        folder=SubmissionFolder(Path(plain["folder"])),
        seed=plain["seed"],
        people=tuple(plain["people"]),
        handed_in=plain["handed_in"],
        attachments=_ATTACHMENTS.validate_python(plain["attachments"]),
        marks=MarksOfSubmission.model_validate(plain["marks"]),
        late=_LATE.validate_python(plain["late"]),
        equal_run=None if plain["equal_run"] is None else SubmissionFolder(Path(plain["equal_run"])),
        is_given=plain["is_given"],
        origin=None
        if origin is None
        else Origin(
            file_name=origin["file_name"],
            problem=origin["problem"],
        ),
    )
