"""The tutor's page: what is still to be marked, how the criteria did, and everybody's points."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.limits import MAX_LOST_MESSAGES
from grader.records import NOBODY, DataSetUse, GradedSubmission, People, Verdict
from grader.report import plots
from grader.report.page import CohortPage
from grader.report.similarity import alike
from grader.report.sources import NO_SOURCES, ClassSources
from grader.report.sureness import sureness
from grader.report.templating import data_uri, environment

_QUEUE = {
    "flagged": "Integrity finding: what the notebook reported and what was verified disagree",
    "infrastructure": "Caused by the grading system: a limit, a crash or a missing package",
    "unverifiable": "Could not be verified",
    "borderline": "Very close to what is required",
    "by_hand": "Explanations to be read",
}
"""Causes in the order in which a tutor attends to them."""


@dataclass(frozen=True)
class QueueEntry:
    """One cause, and the submissions that wait for a tutor because of it."""

    title: str
    cause: str
    items: tuple[tuple[GradedSubmission, tuple[Verdict, ...]], ...]


@dataclass(frozen=True)
class CriterionRow:
    """How one criterion did over the cohort.

    Attributes:
        passed_share: Of the submissions in which it was decided, in [0, 1]; None where in none.
        points_lost: Sum over the cohort.
        discrimination: Correlation of this criterion's points with the rest of the total, in [-1, 1]; None where it is
            the same for all.
        messages: The most frequent feedback of those that did not pass, with its count.
    """

    criterion: str
    title: str
    points: float
    passed_share: float | None
    points_lost: float
    pending: int
    discrimination: float | None
    messages: tuple[tuple[str, int], ...]


def render_cohort(
    graded: Sequence[GradedSubmission], *, people: People = NOBODY, sources: ClassSources = NO_SOURCES
) -> str:
    """Renders the page of the cohort, self-contained; it links to the submissions' pages."""
    run = [one for one in graded if one.status != "not_run"]
    possible = max((one.points_possible for one in graded), default=0.0)
    earned = [one.points_earned for one in run]
    picture = data_uri(plots.histogram(earned, possible=possible), "image/svg+xml") if earned else None
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            graded=graded,
            people=people,
            names={one.submission.id: ", ".join(people.names(one.submission.id)) for one in graded},
            unassigned=[one for one in graded if not _is_assigned(one, people)],
            several=_several(graded, people),
            gone=[one for one in graded if not _is_present(one, people)],
            late=[one for one in graded if one.late is not None and one.late.submitted is not None],
            untimed=[one for one in graded if one.late is not None and one.late.submitted is None],
            without=[people.students[key] for key in people.without_submission],
            rubric=graded[0].rubric if graded else None,
            possible=possible,
            picture=picture,
            mean=statistics.fmean(earned) if earned else None,
            median=statistics.median(earned) if earned else None,
            data=_data(graded),
            queue=_queue(graded),
            stopped=[one for one in graded if one.execution.reason is not None],
            flagged=[one for one in graded if one.flags],
            criteria=_criteria(run),
            matrix_ids=list(dict.fromkeys(verdict.criterion for one in graded for verdict in one.verdicts)),
            verdicts_of={one.submission.id: {v.criterion: v for v in one.verdicts} for one in graded},
            sureness=sureness(graded, people=people, sources=sources),
            alike=alike(graded, people=people, sources=sources),
        )
    )


def _is_assigned(one: GradedSubmission, people: People = NOBODY) -> bool:
    found = people.submissions.get(one.submission.id)
    return found is None or bool(found.owner)


def _is_present(one: GradedSubmission, people: People = NOBODY) -> bool:
    found = people.submissions.get(one.submission.id)
    return found is None or found.is_present


def _several(graded: Sequence[GradedSubmission], people: People = NOBODY) -> list[tuple[str, list[GradedSubmission]]]:
    """Students with several attempts or files, the one that counts first."""
    by_owner: dict[tuple[str, ...], list[GradedSubmission]] = {}
    for one in graded:
        found = people.submissions.get(one.submission.id)
        if found is not None and found.owner:
            by_owner.setdefault(found.owner, []).append(one)
    made = []
    for files in by_owner.values():
        if len(files) > 1:
            files.sort(key=lambda one: not people.submissions[one.submission.id].counts)
            made.append((", ".join(people.names(files[0].submission.id)), files))
    return made


def _data(graded: Sequence[GradedSubmission]) -> list[str]:
    lines = {
        f"{use.name} ({_kind(use)}{use.train_rows} training and {use.test_rows} test rows)"
        for one in graded
        for use in one.data
        if use.loaded
    }
    return sorted(lines)


def _kind(use: DataSetUse) -> str:
    if use.stand_in:
        return "a sample's rows repeated, because a notebook needs as many: "
    return "sample, " if use.sample else ""


def _queue(graded: Sequence[GradedSubmission]) -> list[QueueEntry]:
    made = []
    for cause, title in _QUEUE.items():
        items = []
        for one in graded:
            waiting = tuple(verdict for verdict in one.verdicts if verdict.cause == cause)
            if waiting:
                items.append((one, waiting))
        if items:
            made.append(QueueEntry(title=title, cause=cause, items=tuple(items)))
    return made


def _criteria(graded: Sequence[GradedSubmission]) -> list[CriterionRow]:
    by_criterion: dict[str, list[tuple[GradedSubmission, Verdict]]] = {}
    for one in graded:
        for verdict in one.verdicts:
            by_criterion.setdefault(verdict.criterion, []).append((one, verdict))
    return [_criterion(name, rows) for name, rows in by_criterion.items()]


def _criterion(name: str, rows: Sequence[tuple[GradedSubmission, Verdict]]) -> CriterionRow:
    verdicts = [verdict for _, verdict in rows]
    decided = [verdict for verdict in verdicts if verdict.outcome != "needs_review"]
    lost = Counter(verdict.feedback for verdict in decided if verdict.outcome != "passed" and verdict.feedback)
    return CriterionRow(
        criterion=name,
        title=verdicts[0].title,
        points=verdicts[0].points,
        passed_share=sum(v.outcome == "passed" for v in decided) / len(decided) if decided else None,
        points_lost=sum(v.points - v.earned for v in decided),
        pending=len(verdicts) - len(decided),
        discrimination=_discrimination(rows),
        messages=tuple(lost.most_common(MAX_LOST_MESSAGES)),
    )


def _earned_in_all(one: GradedSubmission) -> float:
    """With the bonus, and with what handing in late took off."""
    return one.points_earned + one.bonus_earned + (0.0 if one.late is None else one.late.points)


def _discrimination(rows: Sequence[tuple[GradedSubmission, Verdict]]) -> float | None:
    own = [verdict.earned for _, verdict in rows]
    rest = [_earned_in_all(one) - verdict.earned for one, verdict in rows]
    if len(own) < 3 or len(set(own)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation(own, rest)


PAGE = CohortPage("index.html", reader="tutor", render=render_cohort)
