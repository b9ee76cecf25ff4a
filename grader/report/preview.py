"""What an edit of a rubric would do, for the tutor: as a page, and as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from grader.records import CriterionEffect, CriterionState, Crossing, Move, Preview
from grader.report.labels import OUTCOMES
from grader.report.templating import environment, points

LARGEST = 10
"""Moves that are shown with their reasons; the JSON holds all of them."""


def render_preview(found: Preview, *, output: str = ".") -> str:
    """Renders the page, self-contained; it links to the submissions' pages.

    Args:
        found: What would become of the class.
        output: The path from the page's folder to the output folder.
    """
    return (
        environment()
        .get_template("preview.html.j2")
        .render(
            found=found,
            output=output,
            sentences=list(_sentences(found)),
            crossed=list(_crossed(found)),
            largest=found.moves[:LARGEST],
            state=state_text,
            worth=worth_text,
            signed=signed,
        )
    )


def preview_text(found: Preview) -> str:
    """The same for the terminal."""
    lines = [f"{found.rubric.title} ({found.rubric.file_name})", *_sentences(found), *found.notes]
    if found.untold:
        lines += ["", "Cannot be told without a run"]
        lines += [f"  {_named(one.submission, one.students)}: {'; '.join(one.why)}." for one in found.untold]
    for line, at, crossed in _crossed(found):
        lines += ["", f"Line {line!r} ({points(at)} points)"]
        lines += [f"  {_crossing(crossing)}: {_who(move)}" for move, crossing in crossed] or ["  Nobody crosses it."]
    if found.criteria:
        lines += ["", "Criteria"]
        lines += [f"  {effect.criterion}: {worth_text(effect)}; {effect_text(effect)}" for effect in found.criteria]
    if found.moves:
        lines += ["", "Largest moves" if len(found.moves) > LARGEST else "Moves"]
        for move in found.moves[:LARGEST]:
            lines += _move_lines(move)
    return "\n".join(lines) + "\n"


def _sentences(found: Preview) -> Iterator[str]:
    moved = len(found.moves)
    yield (
        f"{_count(found.submissions, 'submission')}: {moved} would move, {found.same} would keep their points"
        f"{f' ({found.reworded} with other words or points possible)' if found.reworded else ''}"
        f"{f', and of {len(found.untold)} it cannot be told without a run' if found.untold else ''}."
    )
    if found.possible_before != found.possible_after:
        yield f"Points possible: {_all(found.possible_after)}, and were {_all(found.possible_before)}."
    if found.mean_before is not None and found.mean_after is not None and moved:
        yield f"Mean of what is earned: {points(found.mean_after)}, and was {points(found.mean_before)}."
    if not found.lines:
        yield "The rubric names no lines ('lines: {pass: 25}'), so it is not said who would cross one."


def _crossed(found: Preview) -> Iterator[tuple[str, float, list[tuple[Move, Crossing]]]]:
    """For each line who would cross it, the lowest line first."""
    for line, at in sorted(found.lines.items(), key=lambda item: item[1]):
        yield line, at, [(move, one) for move in found.moves for one in move.crossings if one.line == line]


def _move_lines(move: Move) -> Iterator[str]:
    before, after = move.before, move.after
    pending = (before.pending + before.bonus_pending, after.pending + after.bonus_pending)
    waits = f", pending {points(pending[0])} to {points(pending[1])}" if any(pending) else ""
    sums = f"{points(before.all_earned)} to {points(after.all_earned)} of {points(after.possible)}"
    yield f"  {signed(move.difference)}  {_who(move)}: {sums}{waits}"
    for change in move.changes:
        states = f"{state_text(change.before)} \u2192 {state_text(change.after)}"
        yield f"      {change.criterion}: {states}. {change.why}".rstrip()
    if move.late is not None:
        yield f"      {move.late}"


def state_text(state: CriterionState | None) -> str:
    """What a criterion comes to: ``not met (0 of 2)``."""
    if state is None:
        return "none"
    word = OUTCOMES[state.outcome][1]
    if state.pending:
        return f"{word} ({points(state.pending)} of {points(state.points)} pending)"
    return f"{word} ({points(state.earned)} of {points(state.points)})"


def worth_text(effect: CriterionEffect) -> str:
    """A criterion's points, and what they were where that was something else."""
    if effect.points_after is None:
        return f"gone, was worth {points(effect.points_before or 0)}"
    if effect.points_before is None:
        return f"new, worth {points(effect.points_after)}"
    if effect.points_before == effect.points_after:
        return f"worth {points(effect.points_after)}"
    return f"worth {points(effect.points_after)}, was worth {points(effect.points_before)}"


def effect_text(effect: CriterionEffect) -> str:
    """What becomes of a criterion over the class."""
    said = [f"{effect.more} earn more, {effect.fewer} fewer ({signed(effect.difference)} in all)"]
    if effect.newly_pending:
        said.append(f"{effect.newly_pending} more for a person to look at")
    if effect.no_longer_pending:
        said.append(f"{effect.no_longer_pending} no longer for a person to look at")
    return ", ".join(said)


def signed(value: float) -> str:
    """A difference of points: ``+2``, ``-0.5``, ``0``."""
    return f"+{points(value)}" if value > 0 else points(value)


def _crossing(crossing: Crossing) -> str:
    return "reached" if crossing.is_reached else "no longer reached"


def _who(move: Move) -> str:
    return _named(move.submission, move.students) + ("" if move.counts else ", which does not count")


def _named(submission: str, students: Sequence[str]) -> str:
    return f"{submission} ({', '.join(students)})" if students else submission


def _all(values: Iterable[float]) -> str:
    return " or ".join(map(points, values))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
