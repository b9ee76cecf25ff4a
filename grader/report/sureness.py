"""How sure the marks are, for the tutor's page of the class."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.judging.results import shown
from grader.records import NOBODY, GradedSubmission, Judged, People, Verdict
from grader.report.sources import NO_SOURCES, ClassSources
from grader.report.templating import points
from grader.rubric import Rubric
from grader.run_data import calibration_on
from grader.statistics.agreement import Agreement, agreements, marked_twice
from grader.statistics.bases import BASES, PointsByBasis, points_by_basis
from grader.statistics.false_rejection import FalseRejection, false_rejection
from grader.statistics.points import PointsTable, points_table
from grader.statistics.reliability import Item, Reliability, items, reliability

_KAPPA_WORDS = ((0.0, "none"), (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"))
"""Up to where a kappa is called what; beyond, almost perfect. Source: Landis and Koch (1977), Biometrics 33."""


@dataclass(frozen=True)
class BasisRow:
    """What the points of a criterion, or of all, rest on.

    Attributes:
        each: Points of one submission.
        cells: For each of `BASES` and then what is pending: points of one submission, and the share of all, in [0, 1].
        item: How the criterion did; None for all together.
    """

    criterion: str
    title: str
    each: float
    cells: tuple[tuple[float, float], ...]
    item: Item | None = None
    correlation: str = ""


@dataclass(frozen=True)
class BandRow:
    """How often a band turns an honest solution away."""

    criterion: str
    what: str
    required: str
    reference: str
    outside: str
    expected: str
    left_open: str
    in_class: str


@dataclass(frozen=True)
class AgreementRow:
    """How far two tutors agree."""

    tutors: str
    what: str
    answers: int
    same: str
    apart: str
    kappa: str


@dataclass(frozen=True)
class Sureness:
    """What the page says of how sure the marks are.

    Attributes:
        submissions: How many it speaks of: those that were run and count.
        total: None where there are none.
        reliability: Sentences.
        without_bands: Why there is no table of bands; empty where there is.
    """

    submissions: int
    total: BasisRow | None
    criteria: tuple[BasisRow, ...]
    reliability: tuple[str, ...]
    bands: tuple[BandRow, ...]
    without_bands: str
    agreement: tuple[AgreementRow, ...]


def sureness(
    graded: Sequence[GradedSubmission], *, people: People = NOBODY, sources: ClassSources = NO_SOURCES
) -> Sureness:
    """How sure the marks of a class are, in words and figures for its page."""
    run = [one for one in graded if one.status != "not_run" and _counts(one, people)]
    table = points_table(run)
    total, by_criterion = points_by_basis(run)
    known = {one.criterion: one for grade in run for one in grade.verdicts}
    by_item = {item.criterion: item for item in items(table)}
    bands = tuple(_bands(run, sources.rubric)) if sources.rubric is not None else ()
    return Sureness(
        submissions=len(run),
        total=_basis_row("all criteria", "", total, submissions=len(run)) if run else None,
        criteria=tuple(
            _basis_row(name, known[name].title, found, submissions=len(run), item=by_item.get(name))
            for name, found in by_criterion.items()
        ),
        reliability=tuple(_reliability(reliability(table), table)),
        bands=bands,
        without_bands="" if bands else _without_bands(sources.rubric),
        agreement=_agreement(run, sources),
    )


def _counts(one: GradedSubmission, people: People) -> bool:
    found = people.submissions.get(one.submission.id)
    return found is None or found.counts


def _basis_row(
    criterion: str, title: str, found: PointsByBasis, *, submissions: int, item: Item | None = None
) -> BasisRow:
    summed = [*(found.decided[basis] for basis in BASES), found.pending]
    return BasisRow(
        criterion=criterion,
        title=title,
        each=found.points / submissions,
        cells=tuple((value / submissions, value / found.points if found.points else 0.0) for value in summed),
        item=item,
        correlation=_correlation(item) if item is not None else "",
    )


def _correlation(item: Item) -> str:
    if item.correlation is None or item.by_chance is None:
        return ""
    is_clear = abs(item.correlation) > item.by_chance
    return f"{item.correlation:.2f}{'' if is_clear else ' (may be chance)'}"


def _reliability(found: Reliability, table: PointsTable) -> list[str]:
    about = _left_out(found)
    possible = sum(
        value for name, value in zip(table.criteria, table.possible, strict=True) if name not in found.pending
    )
    if found.alpha is None or found.interval is None or found.spread_points is None:
        return [f"Nothing can be said of it yet. {found.why_not}", *about]
    low, high = found.interval
    text = (
        f"Cronbach's alpha is {found.alpha:.2f}, of {found.submissions} submissions and {len(found.criteria)} criteria;"
        f" from so many it is known to lie between {low:.2f} and {high:.2f} (95 % confidence). At 1 all criteria agree"
        " on whose work is strong and whose is weak, at 0 they have nothing to do with each other; from about 0.7 on"
        " the totals tell strong work from weak."
    )
    said = [text]
    error = found.standard_error_points
    if error is None:
        said.append("It is below 0: criteria go against each other. Look at those with a negative correlation.")
    else:
        apart = 1.96 * math.sqrt(2) * error
        said.append(
            f"Standard error of measurement: {points(error)} of these criteria's {points(possible)} points. On other"
            f" criteria of the same kind, two of three submissions would get a total within {points(error)} points of"
            f" theirs. Two totals less than {points(apart)} points apart may differ by chance alone."
        )
    said.append("Criteria that require each other are won and lost together, which makes alpha look better than it is.")
    return said + about


def _left_out(found: Reliability) -> list[str]:
    said = []
    if found.pending:
        said.append(f"Left out, because they are not decided in more than a tenth: {', '.join(found.pending)}.")
    if found.constant:
        said.append(f"Left out, because everybody earned the same: {', '.join(found.constant)}.")
    return said


def _bands(run: Sequence[GradedSubmission], rubric: Rubric) -> list[BandRow]:
    """One row for each band that a figure of the class was held against, of the criteria in their order."""
    seen: Counter[tuple[str, Judged]] = Counter()
    runs: dict[tuple[str, Judged], tuple[float, ...]] = {}
    for one in run:
        calibration = calibration_on(rubric, one.data)
        for verdict in one.verdicts:
            if verdict.judged is not None and verdict.judged.figure:
                key = (verdict.criterion, verdict.judged.model_copy(update={"value": 0.0}))
                seen[key] += 1
                figures = {} if calibration is None else calibration.figures
                runs.setdefault(key, figures.get(verdict.judged.figure, ()))
    order = list(dict.fromkeys(verdict.criterion for one in run for verdict in one.verdicts))
    keys = sorted(seen, key=lambda key: (order.index(key[0]), -seen[key]))
    return [
        _band_row(name, band, false_rejection(band, runs[name, band]), runs=runs[name, band], count=seen[name, band])
        for name, band in keys
    ]


def _band_row(criterion: str, band: Judged, found: FalseRejection, *, runs: Sequence[float], count: int) -> BandRow:
    ends = [("at least", band.lower), ("at most", band.upper)]
    mean = (
        f"{found.runs} runs, {shown(math.fsum(runs) / len(runs))} on average" if runs else "not measured on this data"
    )
    is_known = found.share is not None and found.interval is not None
    low, high = found.interval or (0.0, 1.0)
    return BandRow(
        criterion=criterion,
        what=band.what,
        required=" and ".join(f"{words} {shown(end)}" for words, end in ends if end is not None),
        reference=mean,
        outside=f"{found.outside} of {found.runs}" if runs else "",
        expected=one_in(found.share) if found.share is not None else found.why_not,
        left_open=f"{one_in(low)} to {one_in(high)}" if is_known else "",
        in_class=f"{found.share * count:.1f} of {count}" if found.share is not None else "",
    )


def one_in(share: float) -> str:
    """A share in [0, 1] as people say it: ``1 in 100``; from a third on in per cent."""
    if share >= 1 / 3:
        return f"{100 * share:.0f} %"
    if share < 1e-4:
        return "under 1 in 10,000"
    whole = 1 / share
    digits = max(0, int(math.log10(whole)) - 1)
    return f"1 in {round(whole / 10**digits) * 10**digits:,}"


def _without_bands(rubric: Rubric | None) -> str:
    if rubric is None:
        return "The rubric was not at hand when this page was written; grade once more to see it."
    return "No figure of this class was held against a band."


def _agreement(run: Sequence[GradedSubmission], sources: ClassSources) -> tuple[AgreementRow, ...]:
    verdicts: Mapping[tuple[str, str], Verdict] = {
        (one.submission.id, verdict.criterion): verdict for one in run for verdict in one.verdicts
    }
    pairs = marked_twice(sources.events, {key: verdict.points for key, verdict in verdicts.items()})
    return tuple(_agreement_row(found) for found in agreements(pairs))


def _agreement_row(found: Agreement) -> AgreementRow:
    kappa = found.why_not
    if found.kappa is not None and found.weighted_kappa is not None:
        kappa = (
            f"{found.kappa:.2f} ({_kappa_word(found.kappa)}); {found.weighted_kappa:.2f}"
            f" ({_kappa_word(found.weighted_kappa)}) where near counts for more than far"
        )
    return AgreementRow(
        tutors=" and ".join(found.tutors),
        what=found.criterion or "all that both marked",
        answers=found.answers,
        same=f"{found.same} ({100 * found.same / found.answers:.0f} %)",
        apart=f"{100 * found.mean_difference_share:.0f} %",
        kappa=kappa,
    )


def _kappa_word(kappa: float) -> str:
    return next((word for end, word in _KAPPA_WORDS if kappa <= end), "almost perfect")
