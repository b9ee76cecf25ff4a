"""Chooses a few submissions that differ most, and says what they foretell of the whole class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.attribution import attribute
from grader.execution.sandbox import SandboxChoice
from grader.intake import HandedIn, read_submission
from grader.matching.headings import headings_of
from grader.records import GradedSubmission
from grader.rubric import Rubric
from grader.statistics.fingerprints import fingerprints
from grader.store import OutputFolder


@dataclass(frozen=True)
class Foretold:
    """What a sample says of the class.

    Attributes:
        never_passed: Criteria of which nobody of the sample earned a point, and nobody may yet.
        unused: Sections whose heading nobody of the sample has, by their titles.
        lacking: Packages that the environment lacks, to how many of the sample need them.
        hours: What executing the whole class takes; None where nothing of the sample was executed.
    """

    never_passed: tuple[str, ...]
    unused: tuple[str, ...]
    lacking: dict[str, int]
    hours: float | None


def varied(found: Sequence[HandedIn], count: int, *, sandbox: SandboxChoice) -> list[HandedIn]:
    """The submissions that differ most in code and headings: each next one is the least like those chosen before.

    Nothing is run. The first is the one with the most code; those that cannot be read come last.

    Args:
        found: Those to choose from.
        count: How many, at least 1.
        sandbox: Where prints of notebooks are read.
    """
    traits = [_traits(one, sandbox) for one in found]
    far = [float(len(trait)) for trait in traits]
    chosen: list[int] = []
    while len(chosen) < min(count, len(found)):
        left = [at for at in range(len(found)) if at not in chosen]
        best = max(left, key=lambda at: (bool(traits[at]), far[at], -at))
        for at in left:
            apart = _distance(traits[at], traits[best])
            far[at] = min(far[at], apart) if chosen else apart
        chosen.append(best)
    return [found[at] for at in sorted(chosen)]


def foretell(
    graded: Sequence[GradedSubmission], rubric: Rubric, *, output: OutputFolder, handed_in: int, jobs: int
) -> Foretold:
    """What the grades of a sample say of the class.

    Args:
        graded: The sample.
        rubric: It was graded by this one.
        output: Where its evidence is.
        handed_in: How many submissions there are in all.
        jobs: How many are executed at a time.
    """
    earned = {one.criterion for each in graded for one in each.verdicts if one.earned > 0}
    open_ones = {one.criterion for each in graded for one in each.verdicts if one.outcome == "needs_review"}
    headed = {name for each in graded for name, match in each.matching.items() if match.heading}
    seconds = [each.execution.seconds for each in graded if each.execution.seconds > 0]
    return Foretold(
        never_passed=tuple(one.id for one in rubric.criteria if one.id not in earned | open_ones),
        unused=tuple(one.title for one in rubric.sections if not one.whole_notebook and one.id not in headed),
        lacking=dict(Counter(name for each in graded for name in _lacking(output, each)).most_common()),
        hours=sum(seconds) / len(seconds) * handed_in / jobs / 3600 if seconds else None,
    )


def _traits(one: HandedIn, sandbox: SandboxChoice) -> frozenset[int | str]:
    submission, _ = read_submission(one.path, submission_id=one.id, origin=one.origin, sandbox=sandbox)
    code = fingerprints(cell.source for cell in submission.cells if cell.kind == "code")
    return code | {" ".join(heading.text.casefold().split()) for heading in headings_of(submission.cells)}


def _distance(one: frozenset[int | str], other: frozenset[int | str]) -> float:
    """The share of their traits that only one of two has, in [0, 1]."""
    both = one | other
    return 1 - len(one & other) / len(both) if both else 0.0


def _lacking(output: OutputFolder, graded: GradedSubmission) -> set[str]:
    evidence = output.submission(graded.submission.id).read_evidence()
    if evidence is None:
        return set()
    causes = attribute(evidence).causes.values()
    return {cause.detail for cause in causes if cause.kind == "missing_package"}
