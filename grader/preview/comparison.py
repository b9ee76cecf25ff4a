"""Grades before and after an edit, side by side."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.records import (
    CriterionChange,
    CriterionEffect,
    CriterionState,
    Crossing,
    GradedSubmission,
    Move,
    People,
    Preview,
    RubricSummary,
    Totals,
    Untold,
    Verdict,
    reaches,
)
from grader.verdicts import POINT_DIGITS

_GONE = "The rubric has no such criterion any more."


@dataclass(frozen=True)
class Pair:
    """One submission's grade as it is, and as it would be."""

    before: GradedSubmission
    after: GradedSubmission


def compared(
    pairs: Sequence[Pair],
    *,
    rubric: RubricSummary,
    lines: Mapping[str, float],
    people: People,
    untold: Sequence[Untold] = (),
    notes: Sequence[str] = (),
) -> Preview:
    """Who would move, by how much, and by which criteria.

    Args:
        pairs: Of every submission of which it can be told.
        rubric: The edited one.
        lines: Its lines, name to points.
        people: Whose the submissions are.
        untold: The submissions of which it cannot be told.
        notes: What else is among the moves, a sentence each.
    """
    found = [(pair, _move(pair, lines, people)) for pair in pairs]
    moves = [move for _, move in found if move is not None]
    moves.sort(
        key=lambda move: (-abs(move.difference), -abs(move.after.pending - move.before.pending), move.submission)
    )
    kept = [pair for pair, move in found if move is None]
    return Preview(
        rubric=rubric,
        submissions=len(pairs) + len(untold),
        same=len(kept),
        reworded=sum(_shown(pair.before) != _shown(pair.after) for pair in kept),
        mean_before=_mean(pair.before for pair in pairs),
        mean_after=_mean(pair.after for pair in pairs),
        possible_before=tuple(sorted({pair.before.points_possible for pair in pairs})),
        possible_after=tuple(sorted({pair.after.points_possible for pair in pairs})),
        lines=dict(lines),
        moves=tuple(moves),
        criteria=_effects(pairs),
        untold=tuple(untold),
        notes=tuple(notes),
    )


def _order(move: Move) -> tuple[float, float, str]:
    """The largest move first."""
    pending = move.after.pending + move.after.bonus_pending - move.before.pending - move.before.bonus_pending
    return -abs(move.difference), -abs(pending), move.submission


def _move(pair: Pair, lines: Mapping[str, float], people: People) -> Move | None:
    """What becomes of one submission; None where it keeps every point."""
    before, after = _totals(pair.before), _totals(pair.after)
    changes = tuple(_changes(pair))
    is_same = _earned(before) == _earned(after)
    if is_same and not changes:
        return None
    name = pair.before.submission.id
    known = people.submissions.get(name)
    late = pair.after.late
    return Move(
        submission=name,
        students=people.names(name),
        counts=known is None or known.counts,
        before=before,
        after=after,
        difference=round(after.all_earned - before.all_earned, POINT_DIGITS),
        crossings=tuple(_crossings(before, after, lines)),
        changes=changes,
        late=None if late == pair.before.late else "Not late any more." if late is None else late.text,
    )


def _totals(graded: GradedSubmission) -> Totals:
    return Totals(
        earned=graded.points_earned,
        pending=graded.points_pending,
        possible=graded.points_possible,
        bonus_earned=graded.bonus_earned,
        bonus_pending=graded.bonus_pending,
        bonus_possible=graded.bonus_possible,
    )


def _earned(totals: Totals) -> tuple[float, ...]:
    return totals.earned, totals.pending, totals.bonus_earned, totals.bonus_pending


def _crossings(before: Totals, after: Totals, lines: Mapping[str, float]) -> Iterable[Crossing]:
    for name, at in sorted(lines.items(), key=lambda line: line[1]):
        was, would = reaches(before.all_earned, at), reaches(after.all_earned, at)
        if was != would:
            yield Crossing(line=name, at=at, is_reached=would)


def _changes(pair: Pair) -> Iterable[CriterionChange]:
    """The criteria that earn otherwise, or have other points pending, the largest change first."""
    befores = {verdict.criterion: verdict for verdict in pair.before.verdicts}
    afters = {verdict.criterion: verdict for verdict in pair.after.verdicts}
    changed = [
        (before, after)
        for name in dict.fromkeys((*afters, *befores))
        if _points_of(before := befores.get(name)) != _points_of(after := afters.get(name))
    ]
    changed.sort(key=lambda one: -abs(_points_of(one[1])[0] - _points_of(one[0])[0]))
    for before, after in changed:
        named = after or before
        if named is not None:
            yield CriterionChange(
                criterion=named.criterion,
                title=named.title,
                before=_state(before),
                after=_state(after),
                why=_why(before, after),
            )


def _points_of(verdict: Verdict | None) -> tuple[float, float]:
    return (0.0, 0.0) if verdict is None else (verdict.earned, verdict.pending)


def _state(verdict: Verdict | None) -> CriterionState | None:
    if verdict is None:
        return None
    return CriterionState(
        outcome=verdict.outcome, earned=verdict.earned, pending=verdict.pending, points=verdict.points
    )


def _why(before: Verdict | None, after: Verdict | None) -> str:
    """Why a criterion earns otherwise: its points, or what is said of it now."""
    if after is None:
        return _GONE
    said = after.feedback or ": ".join(part for part in (after.required, after.yours) if part)
    if before is None:
        return f"The criterion is new. {said}".rstrip()
    if before.points != after.points and before.outcome == after.outcome:
        return f"It is worth {after.points:g} points, and was worth {before.points:g}."
    if before.points != after.points:
        return f"It is worth {after.points:g} points, and was worth {before.points:g}. {said}".rstrip()
    return said


def _effects(pairs: Sequence[Pair]) -> tuple[CriterionEffect, ...]:
    """What becomes of each criterion over the class, of those to which anything does."""
    rows: dict[str, list[tuple[Verdict | None, Verdict | None]]] = {}
    gone: dict[str, list[tuple[Verdict | None, Verdict | None]]] = {}
    for pair in pairs:
        befores = {verdict.criterion: verdict for verdict in pair.before.verdicts}
        for after in pair.after.verdicts:
            rows.setdefault(after.criterion, []).append((befores.pop(after.criterion, None), after))
        for name, before in befores.items():
            gone.setdefault(name, []).append((before, None))
    effects = (_effect(name, row) for name, row in (*rows.items(), *gone.items()))
    return tuple(effect for effect in effects if effect is not None)


def _effect(name: str, row: Sequence[tuple[Verdict | None, Verdict | None]]) -> CriterionEffect | None:
    befores = [before for before, _ in row if before is not None]
    afters = [after for _, after in row if after is not None]
    points_before = befores[0].points if befores else None
    points_after = afters[0].points if afters else None
    points = [(_points_of(before), _points_of(after)) for before, after in row]
    if points_before == points_after and all(before == after for before, after in points):
        return None
    return CriterionEffect(
        criterion=name,
        title=(afters or befores)[0].title,
        points_before=points_before,
        points_after=points_after,
        more=sum(after[0] > before[0] for before, after in points),
        fewer=sum(after[0] < before[0] for before, after in points),
        difference=round(sum(after[0] - before[0] for before, after in points), POINT_DIGITS),
        newly_pending=sum(after[1] > 0 and not before[1] for before, after in points),
        no_longer_pending=sum(before[1] > 0 and not after[1] for before, after in points),
    )


def _mean(graded: Iterable[GradedSubmission]) -> float | None:
    earned = [one.points_earned + one.bonus_earned for one in graded if one.status != "not_run"]
    return statistics.fmean(earned) if earned else None


def _shown(graded: GradedSubmission) -> str:
    """A grade but for which rubric it is by, as one text: figures that are no numbers are alike then."""
    return graded.model_dump_json(exclude={"rubric"})
