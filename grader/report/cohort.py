"""The tutor's page: what is still to be marked, how the criteria did, and everybody's points."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from grader.limits import MAX_LOST_MESSAGES, MAX_QUEUE_LISTED
from grader.marks.alike import alike, is_told
from grader.records import NOBODY, DataSetUse, GradedSubmission, Judged, People, Verdict
from grader.report.cohort_data import CohortData, cohort_data
from grader.report.labels import QUEUE
from grader.report.notebook import Picture
from grader.report.page import CohortPage
from grader.report.roots import lost_points
from grader.report.similarity import alike as similar
from grader.report.sources import NO_SOURCES, ClassSources
from grader.report.strips import strip
from grader.report.sureness import sureness
from grader.report.templating import environment, figure
from grader.statistics.points import points_table
from grader.statistics.reliability import Item, items


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram: how many earned from `low` up to `high` points."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class QueueEntry:
    """One cause, and what waits for a tutor because of it.

    Attributes:
        items: The first submissions that wait.
        more: How many others do.
        groups: What is waited for, with how many submissions wait, for how many points, and the address of their rows:
            a criterion, or of what a tutor does not simply read, what was said.
    """

    title: str
    items: tuple[tuple[GradedSubmission, tuple[Verdict, ...]], ...]
    more: int
    address: str
    groups: tuple[tuple[str, int, float, str], ...]

    @property
    def count(self) -> int:
        return len(self.items) + self.more


@dataclass(frozen=True)
class CriterionRow:
    """How one criterion did over the cohort.

    Attributes:
        of: A verdict of it.
        passed_share: Of the submissions in which it was decided, in [0, 1]; None where in none.
        decided: In how many it was decided, of ``judged`` submissions.
        points_lost: Sum over the cohort.
        discrimination: Correlation of this criterion's points with the rest of the total, in [-1, 1]; None where too
            few are decided, see `grader.statistics.reliability.items`.
        messages: The most frequent feedback of those that did not pass, numbers left out, with its count and the
            address of their rows.
        strip: The figures that decided, and the band; None where none did.
    """

    of: Verdict
    passed_share: float | None
    decided: int
    judged: int
    points_lost: float
    pending: int
    discrimination: float | None
    messages: tuple[tuple[str, int, str], ...]
    address: str
    strip: Picture | None


def render_cohort(
    graded: Sequence[GradedSubmission], *, people: People = NOBODY, sources: ClassSources = NO_SOURCES
) -> str:
    """Renders the page of the cohort, self-contained; it links to the submissions' pages."""
    run = [one for one in graded if one.status != "not_run"]
    possible = max((one.points_possible for one in graded), default=0.0)
    earned = [one.points_earned for one in run]
    data = cohort_data(graded, people=people)
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            graded=graded,
            people=people,
            names={one.submission.id: ", ".join(people.names(one.submission.id)) for one in graded},
            script=data.script(),
            unassigned=[one for one in graded if not _is_assigned(one, people)],
            several=_several(graded, people),
            gone=[one for one in graded if not _is_present(one, people)],
            late=[one for one in graded if one.late is not None and one.late.submitted is not None],
            untimed=[one for one in graded if one.late is not None and one.late.submitted is None],
            without=[people.students[key] for key in people.without_submission],
            rubric=graded[0].rubric if graded else None,
            possible=possible,
            bars=_bars(earned, possible),
            mean=statistics.fmean(earned) if earned else None,
            median=statistics.median(earned) if earned else None,
            data=_data(graded),
            queue=_queue(graded, data),
            stops=[one for one in graded if one.execution.reason is not None],
            flagged=[one for one in graded if one.flags],
            criteria=_criteria(run, data),
            sureness=sureness(graded, people=people, sources=sources),
            alike=similar(graded, people=people, sources=sources),
        )
    )


def _address(**asked: str | int) -> str:
    """Where the rows are that this is true of: a fragment of the page, which its script reads."""
    return f"#{urlencode({'show': 1, **asked})}"


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


def _bars(earned: Sequence[float], possible: float) -> list[Bar]:
    """How many submissions earned how much, in bars of whole points."""
    if not earned or possible <= 0:
        return []
    width = max(1.0, round(possible / 25))
    count = int(possible // width) + 1
    counts = Counter(min(int(value // width), count - 1) for value in earned)
    return [Bar(low=n * width, high=min((n + 1) * width, possible), count=counts[n]) for n in range(count)]


def _queue(graded: Sequence[GradedSubmission], data: CohortData) -> list[QueueEntry]:
    made = []
    for cause, title in QUEUE.items():
        waiting = [(one, tuple(v for v in one.verdicts if v.cause == cause)) for one in graded]
        items = [(one, found) for one, found in waiting if found]
        if items:
            made.append(
                QueueEntry(
                    title=title,
                    items=tuple(items[:MAX_QUEUE_LISTED]),
                    more=max(0, len(items) - MAX_QUEUE_LISTED),
                    address=_address(cause=cause),
                    groups=_groups(items, cause, data=data),
                )
            )
    return made


def _groups(
    items: Iterable[tuple[GradedSubmission, tuple[Verdict, ...]]], cause: str, *, data: CohortData
) -> tuple[tuple[str, int, float, str], ...]:
    """What is waited for, by criterion or by what was said, the most points first."""
    who: defaultdict[str, set[str]] = defaultdict(set)
    points_of: defaultdict[str, float] = defaultdict(float)
    for one, verdicts in items:
        for verdict in verdicts:
            said = alike(verdict.feedback) if is_told(verdict) else verdict.criterion
            who[said].add(one.submission.id)
            points_of[said] += verdict.pending
    rows = [
        (
            said,
            len(ids),
            points_of[said],
            _address(cause=cause, message=data.messages[said])
            if said in data.messages
            else _address(cause=cause, criterion=said),
        )
        for said, ids in who.items()
    ]
    return tuple(sorted(rows, key=lambda row: -row[2]))


def _criteria(graded: Sequence[GradedSubmission], data: CohortData) -> list[CriterionRow]:
    """Every criterion, the one that cost most first."""
    by_criterion: dict[str, list[Verdict]] = {}
    for one in graded:
        for verdict in one.verdicts:
            by_criterion.setdefault(verdict.criterion, []).append(verdict)
    found = {item.criterion: item for item in items(points_table(graded))}
    rows = (_criterion(rows, data, item=found.get(name)) for name, rows in by_criterion.items())
    return sorted(rows, key=lambda row: -row.points_lost)


def _criterion(verdicts: Sequence[Verdict], data: CohortData, *, item: Item | None) -> CriterionRow:
    name = verdicts[0].criterion
    decided = [verdict for verdict in verdicts if verdict.outcome != "needs_review"]
    told = Counter(alike(verdict.feedback) for verdict in verdicts if is_told(verdict))
    return CriterionRow(
        of=verdicts[0],
        passed_share=sum(v.outcome == "passed" for v in decided) / len(decided) if decided else None,
        decided=len(decided),
        judged=len(verdicts),
        points_lost=sum(map(lost_points, decided)),
        pending=len(verdicts) - len(decided),
        discrimination=None if item is None else item.correlation,
        messages=tuple(
            (text, count, _address(criterion=name, message=data.messages[text]))
            for text, count in told.most_common(MAX_LOST_MESSAGES)
        ),
        address=_address(criterion=name),
        strip=_strip([verdict.judged for verdict in verdicts if verdict.judged is not None]),
    )


def _strip(judged: Sequence[Judged]) -> Picture | None:
    """The figures that decided a criterion, where they are held against one band."""
    if not judged:
        return None
    bands = {(one.lower, one.upper) for one in judged}
    (lower, upper) = next(iter(bands)) if len(bands) == 1 else (None, None)
    inside = sum(one.holds(one.value) for one in judged)
    ends = (("at least", lower), ("at most", upper))
    said = " and ".join(f"{word} {figure(end)}" for word, end in ends if end is not None)
    alt = f"{judged[0].what}: {inside} of {len(judged)} within the band{f' ({said})' if said else ''}"
    return strip([one.value for one in judged], lower=lower, upper=upper, alt=alt)


PAGE = CohortPage("index.html", reader="tutor", render=render_cohort)
