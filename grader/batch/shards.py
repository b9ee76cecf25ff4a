"""A part of a class that one run grades by itself, and what must be known to put the parts together again."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from grader.errors import UsageError
from grader.intake import Attempts
from grader.judging.registry import checks_digest
from grader.marks import Event
from grader.records import SCHEMA_VERSION
from grader.records.base import Record, SchemaVersion, digest
from grader.stage_code import own_code
from grader.stage_limits import plain_limits
from grader.store import OutputFolder, write_atomically
from grader.task import Settings

_FORM = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True)
class Shard:
    """One of several parts of a class.

    Attributes:
        number: Counted from 1.
        of: How many there are.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The shard that ``2/8`` means.

        Raises:
            UsageError: It means none.
        """
        found = _FORM.fullmatch(text)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of:
            raise UsageError(
                f"--shard {text}: this is no part of a class.",
                expected="Which part of how many, counted from 1, such as 2/8.",
                fix="Write it so.",
            )
        return cls(number, of)

    def holds(self, name: str) -> bool:
        """Whether a submission is of this part: its id alone decides, so that it stays there when others arrive."""
        return int(hashlib.sha256(name.encode()).hexdigest(), 16) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class ShardRecord(Record):
    """``shard.json`` in an output folder: which part of a class it holds, and what its grades were made with.

    Attributes:
        is_finished: Whether the last run came to its end; every submission of the part has its grade then.
        made_with: What must be the same in all parts, name to a digest of it.
        rubric: As JSON, with the whole path of its file.
        events: Ids of the tutors' decisions that the grades know.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    number: int
    of: int
    is_finished: bool
    assignment: str
    attempts: Attempts
    made_with: dict[str, str]
    rubric: dict[str, Any]
    events: tuple[str, ...] = ()

    @property
    def shard(self) -> Shard:
        return Shard(self.number, self.of)


def shard_json(output: OutputFolder) -> Path:
    """Where an output folder says which part of a class it holds."""
    return output.folder / "shard.json"


def read_shard(output: OutputFolder) -> ShardRecord | None:
    """What an output folder says of the part that it holds; None where it holds a whole class.

    Raises:
        UsageError: It says something that this grader cannot read.
    """
    path = shard_json(output)
    try:
        return ShardRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UsageError(
            f"{path}: this is not what this version of grader writes.",
            expected=f"A part of a class, of schema version {SCHEMA_VERSION}.",
            fix="Grade the part again, into a new folder.",
        ) from error


def check_place(output: OutputFolder, shard: Shard | None) -> None:
    """Keeps a part of a class out of the folder of another part, or of a whole class.

    Raises:
        UsageError: The folder is another's.
    """
    before = read_shard(output)
    held = None if before is None else before.shard
    if held == shard or (held is None and not output.people_json.exists()):
        return
    what = "a whole class" if held is None else f"the part {held} of a class"
    raise UsageError(
        f"{output.folder}: this folder holds {what}, not {'a whole class' if shard is None else f'the part {shard}'}.",
        expected="An output folder for each part, and one for all of them together, which grader merge writes.",
        fix=f"Name another folder{'.' if held is None else f', or give --shard {held}.'}",
    )


def write_shard(
    output: OutputFolder,
    shard: Shard | None,
    settings: Settings,
    *,
    events: Sequence[Event],
    attempts: Attempts,
    is_finished: bool,
) -> None:
    """Writes which part of a class an output folder holds; before the part is graded, and once more when it is.

    Args:
        output: The part's.
        shard: Which part; nothing is written of a whole class.
        settings: With what it is graded.
        events: The decisions of people that its grades know.
        attempts: Which of a student's attempts counts.
        is_finished: Whether all of it is graded.
    """
    if shard is None:
        return
    rubric = settings.rubric.model_copy(update={"path": settings.rubric.path.absolute()})
    record = ShardRecord(
        number=shard.number,
        of=shard.of,
        is_finished=is_finished,
        assignment=settings.rubric.assignment,
        attempts=attempts,
        made_with=_made_with(settings, attempts),
        rubric=rubric.model_dump(mode="json"),
        events=tuple(event.id for event in events),
    )
    write_atomically(shard_json(output), record.model_dump_json(indent=1) + "\n")


def _made_with(settings: Settings, attempts: Attempts) -> dict[str, str]:
    """What a grade depends on beside its submission, as far as that could differ from one machine to another."""
    files = {file.name: file.fingerprint for file in settings.data_sets.files}
    laid: Sequence[str] = sorted(settings.files)
    limits = [settings.limits, settings.full_size_limits or settings.limits]
    return {
        "the rubric": digest([settings.rubric_digest, checks_digest(settings.rubric.course_checks)]),
        "the rubric's files": digest([[name, settings.files[name].read_bytes().hex()] for name in laid]),
        "the data sets": digest([settings.data_sets.choice, files]),
        "the limits": digest([plain_limits(one) for one in limits]),
        "the environment of notebooks": settings.environment.digest,
        "the version of grader": digest(dataclasses.asdict(own_code())),
        "--replay, --rerun-borderline, --hints or --attempts": digest(
            [settings.replay_share, settings.reruns, settings.hints, attempts]
        ),
    }
