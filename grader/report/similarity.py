"""Submissions that are alike, for the tutor's page of the class: a hint, on which no mark hangs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.limits import MAX_TEMPLATE_BYTES
from grader.records import NOBODY, GradedSubmission, Likeness, People
from grader.report.sources import NO_SOURCES, ClassSources
from grader.rubric import Rubric
from grader.statistics.fingerprints import pieces
from grader.statistics.likeness import likeness
from grader.statistics.similarity import Group, Kind, Traits, similar
from grader.statistics.thresholds import THRESHOLDS
from grader.store import SubmissionFolder, own_digest, write_atomically

_WORDS: dict[Kind, str] = {
    "file": "The same file.",
    "code": "The same code, but for names, numbers, texts, comments and layout.",
    "weights": "They loaded the same trained weights before they trained anything.",
    "history": "Their outputs, as they were handed in, show the same figures of a training. With the same code and the"
    " same seed on like machines that can come about by itself.",
}


@dataclass(frozen=True)
class AlikeGroup:
    """Submissions that are alike, as the page shows them.

    Attributes:
        members: Id, and whose it is.
    """

    text: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Alike:
    """What the page says of submissions that are alike.

    Attributes:
        compared: How many were.
        note: What to know of the comparison, a sentence; empty where there is nothing.
    """

    compared: int
    groups: tuple[AlikeGroup, ...]
    note: str = ""


def alike(
    graded: Sequence[GradedSubmission], *, people: People = NOBODY, sources: ClassSources = NO_SOURCES
) -> Alike | None:
    """Groups of submissions that are alike beyond what the template and the reference hold.

    None where evidence or rubric are not at hand.
    """
    output, rubric = sources.output, sources.rubric
    if output is None or rubric is None:
        return None
    run = [one for one in graded if one.status != "not_run"]
    traits = [_traits(one, people, folder=output.submission(one.submission.id)) for one in run]
    given = frozenset().union(*(pieces(code) for path in _given_notebooks(rubric) if (code := _code_of(path))))
    groups = tuple(_shown(group, people, of=len(run)) for group in similar(traits, given=given))
    note = "" if given else "The rubric names no template with code, so what was handed out counts as everybody's own."
    return Alike(len(run), groups, note)


def _traits(one: GradedSubmission, people: People, *, folder: SubmissionFolder) -> Traits:
    found = people.submissions.get(one.submission.id)
    kept = _likeness(folder)
    return Traits(
        submission=one.submission.id,
        owner=() if found is None else found.owner,
        file=one.submission.sha256,
        code=frozenset(kept.code),
        weights=frozenset(kept.weights),
        histories=frozenset(kept.histories),
    )


def _likeness(folder: SubmissionFolder) -> Likeness:
    """What is compared of a run: as it is kept beside the evidence, else read from that and kept."""
    path = folder.evidence_folder / "likeness.json"
    try:
        status = folder.evidence_json.stat()
    except OSError:
        return Likeness()
    key = f"{_code()} {status.st_mtime_ns} {status.st_size}"
    with suppress(OSError, ValueError):
        kept = Likeness.model_validate_json(path.read_bytes())
        if kept.key == key:
            return kept
    evidence = folder.read_evidence()
    if evidence is None:
        return Likeness()
    made = likeness(evidence, key=key)
    write_atomically(path, made.model_dump_json() + "\n")
    return made


@cache
def _code() -> str:
    """What reads code: ours, and Python's own tokenizer."""
    return f"{own_digest('statistics.likeness')} {sys.version_info.major}.{sys.version_info.minor}"


def _given_notebooks(rubric: Rubric) -> list[Path]:
    reference = None if rubric.reference is None else rubric.companion(rubric.reference)
    return [path for path in (rubric.template_notebook, reference) if path is not None]


def _code_of(path: Path) -> list[str]:
    """The code cells of a notebook of ours; none where it cannot be read, which loading the rubric has said already."""
    try:
        with path.open("rb") as file:
            cells = json.loads(file.read(MAX_TEMPLATE_BYTES))["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _shown(group: Group, people: People, *, of: int) -> AlikeGroup:
    text = _WORDS.get(group.kind, "")
    if group.kind == "near":
        text = f"Any two of them share {100 * group.least_share:.0f} % or more of their own code."
        if group.least_share < THRESHOLDS.near_identical:
            text = f"Each shares {100 * THRESHOLDS.near_identical:.0f} % or more of its own code with another of them."
    if 2 * len(group.submissions) > of > 2:
        text += " It is more than half of the class: if it was handed out, put it into the rubric's template."
    members = tuple((name, ", ".join(people.names(name))) for name in group.submissions)
    return AlikeGroup(text, members)
