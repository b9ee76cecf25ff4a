"""What a student's answer states and the run contradicts, as a question to the student.

Quantities, epochs and directions are read, and nothing else. A question is asked only where the graded run contradicts
the sentence, where what the handed-in outputs show contradicts it too, and where no other model of the notebook, if the
answer may speak of one, is as it says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from grader.advice.history import rises
from grader.advice.runs import Runs, curve, runs_of
from grader.advice.thresholds import THRESHOLDS
from grader.checks.text import DiscussionParams, answer_in
from grader.judging.results import shown
from grader.judging.views import SectionView, SubmissionView
from grader.limits import MAX_EPOCHS_COMPARED, MAX_QUOTED_CHARACTERS
from grader.records import ASKS_ABOUT_ANSWER, Advice
from grader.rubric import Rubric
from grader.text.statements import Metric, Part, Statement, may_speak_of_other_runs, may_speak_of_others, statements

_PARTS: tuple[Part, ...] = ("training", "validation", "test")


def question_answers(submission: SubmissionView, *, rubric: Rubric) -> tuple[Advice, ...]:
    """A question for each statement of an answer that the run contradicts, in the order of the rubric.

    Args:
        submission: With what was verified of it.
        rubric: Whose discussions are read.
    """
    found: dict[str, Advice] = {}
    for part in rubric.sections:
        for criterion in part.criteria:
            if isinstance(criterion.params, DiscussionParams):
                section = submission.section(part.id)
                for cell, text in _questions(section, criterion.params):
                    found.setdefault(text, Advice(rule=ASKS_ABOUT_ANSWER, section=part.id, text=text, cells=(cell,)))
    return tuple(found.values())


def _questions(section: SectionView, params: DiscussionParams) -> Iterator[tuple[int, str]]:
    spoken_of = params.show or (section.match.section,)
    subject = section.of(spoken_of[0]) if spoken_of[0] in section.matching else section
    runs = runs_of(subject)
    said = [one for one in answer_in(section, params) if one.sure and one.own is None]
    if runs is None or any(may_speak_of_other_runs(one.text) for one in said):
        return
    others = len(spoken_of) > 1 or any(may_speak_of_others(one.text) for one in said)
    for words in said:
        asked: set[str] = set()
        for statement in statements(words.text):
            text = "" if statement.sentence in asked else _question(statement, runs, others=others)
            if text:
                asked.add(statement.sentence)
                yield words.cell, text


def _question(statement: Statement, runs: Runs, *, others: bool) -> str:
    """What to ask; empty where nothing contradicts the statement without doubt."""
    if statement.kind == "value":
        found = _other_figure(statement, runs, others=others)
    else:
        found = _other_course(statement, runs, others=others)
    if not found:
        return ""
    quoted = statement.sentence
    quoted = quoted if len(quoted) <= MAX_QUOTED_CHARACTERS else f"{quoted[:MAX_QUOTED_CHARACTERS].rstrip()}\u2026"
    return f"You write: \u201c{quoted}\u201d In the run that was graded, {found}"


def _other_figure(statement: Statement, runs: Runs, *, others: bool) -> str:
    part, metric, said = statement.part, statement.metric, statement.quantity
    figures = [value for value in runs.figures(part, metric, is_last=statement.is_last) if math.isfinite(value)]
    stored = runs.stored_figures(part, metric, is_last=statement.is_last)
    known = [*figures, *stored, *(runs.figures_of_others(part, metric) if others else ())]
    if said is None or not figures or not (stored or runs.is_of_all_rows):
        return ""
    if any(_is_near(said.value, value, metric=metric, step=said.step) for value in known):
        return ""
    if any(one.is_named(metric) and one.equals(said.value, tolerance=said.step / 2) for one in runs.printed()):
        return ""
    ended = figures[-1] if part == "test" else (curve(runs.graded, part, metric) or figures)[-1]
    found = f"the {part} {metric} of this model was {shown(ended)}{'' if part == 'test' else ' at the end'}."
    for other in _PARTS:
        last = _last(runs, other, metric)
        if other != part and last is not None and said.equals(last, tolerance=said.step / 2):
            return f"{found} Did you mean the {other} {metric}, which was {shown(last)}?"
    return f"{found} Which figure do you mean?"


def _last(runs: Runs, part: Part, metric: Metric) -> float | None:
    ended = curve(runs.graded, part, metric) or runs.figures(part, metric)
    return ended[-1] if ended else None


def _is_near(said: float, value: float, *, metric: Metric, step: float) -> bool:
    """Whether a figure may be the one that was meant: another seed, a rounding or an estimate away."""
    if metric == "accuracy":
        return abs(said - value) <= THRESHOLDS.other_accuracy + step / 2
    return abs(said - value) <= THRESHOLDS.other_loss * max(abs(value), abs(said)) + step / 2


def _other_course(statement: Statement, runs: Runs, *, others: bool) -> str:
    part, metric = statement.part, statement.metric
    own = [curve(one, part, metric) for one in runs.own]
    if not own or not all(_contradicts(statement, values) for values in own):
        return ""
    if others and any(_may_hold(statement, curve(one, part, metric)) for one in runs.others):
        return ""
    values = own[0]
    found = _course(statement, values)
    other: Part = "validation" if part == "training" else "training"
    instead = curve(runs.graded, other, metric)
    if statement.is_overfitting:
        return f"{found} What shows you the overfitting?"
    if statement.kind in {"rises", "falls"} and _holds(statement, instead):
        start, end, first = _span(statement, instead)
        way = "rose" if instead[end] > instead[start] else "fell"
        return (
            f"{found} Did you mean the {other} {metric}, which {way} from {shown(instead[start])}"
            f" in epoch {first} to {shown(instead[end])}?"
        )
    return f"{found} Which curve, or which epoch, do you mean?"


def _course(statement: Statement, values: Sequence[float]) -> str:
    """What the curve did, with its figures."""
    name = f"the {statement.part} {statement.metric} of this model"
    if statement.kind == "best":
        errors = _as_loss(values, statement.metric)
        best = min(range(len(values)), key=errors.__getitem__)
        which = "lowest" if statement.metric == "loss" else "highest"
        at = statement.epochs.named if statement.epochs else 1
        said = f"{name} was {which} in epoch {best + 1} ({shown(values[best])})"
        return f"{said}; in epoch {at} it was {shown(values[at - 1])}."
    start, end, first = _span(statement, values)
    if _goes_on(statement) and _kind_of_loss(statement) == "falls":
        errors = _as_loss(values, statement.metric)
        start = min(range(end + 1), key=errors.__getitem__)
        first = start + 1
    way = "rose" if values[end] > values[start] else "fell"
    return f"{name} {way} from {shown(values[start])} in epoch {first} to {shown(values[end])} in epoch {end + 1}."


def _span(statement: Statement, values: Sequence[float]) -> tuple[int, int, int]:
    """Where a statement holds: indices of its first and last value, and the first epoch."""
    epochs = statement.epochs
    start = epochs.first - 1 if epochs is not None and epochs.first is not None else 0
    end = min(epochs.last, len(values)) - 1 if epochs is not None and epochs.last is not None else len(values) - 1
    start = start if start < end else 0
    return start, end, start + 1


def _contradicts(statement: Statement, values: Sequence[float]) -> bool:
    """Whether a curve does the contrary of what is said of it, beyond noise, however the epochs are meant."""
    losses = _as_loss(values, statement.metric) if _is_readable(values) else []
    stretches = _stretches(statement, losses)
    match _kind_of_loss(statement) if stretches else "":
        case "best":
            return _is_best_elsewhere(statement, losses)
        case "flat":
            reach = THRESHOLDS.not_flat * (max(losses) - min(losses))
            return all((falls(one) or rises(one)) and abs(one[0] - one[-1]) > reach for one in stretches)
        case "rises":
            first, enough = stretches[0], THRESHOLDS.clear_fall if statement.is_overfitting else 0.0
            turns = first[-1] > (1 + THRESHOLDS.at_lowest) * min(first)
            return not turns and first[-1] < (1 - enough) * first[0] and all(map(falls, stretches))
        case "falls" if _goes_on(statement):
            return all(rises(one[one.index(min(one)) :]) for one in stretches)
        case "falls":
            return all(map(rises, stretches))
    return False


def _is_readable(values: Sequence[float]) -> bool:
    """Whether a curve has a shape, and no more epochs than are compared."""
    return THRESHOLDS.fewest_epochs <= len(values) <= MAX_EPOCHS_COMPARED and all(map(math.isfinite, values))


def _goes_on(statement: Statement) -> bool:
    """Whether a curve is said to go one way up to an epoch, or to the end, without a turn."""
    return statement.keeps or (statement.epochs is not None and statement.epochs.place == "until")


def falls(values: Sequence[float]) -> bool:
    """Whether a loss falls beyond the noise of single epochs: read backwards, it rises."""
    return rises(values[::-1])


def _stretches(statement: Statement, losses: list[float]) -> list[list[float]]:
    """What may be meant: ``after 10 epochs`` is from the tenth on, or what ten epochs brought about."""
    epochs = statement.epochs
    if not losses or (epochs is not None and epochs.named > len(losses)):
        return []
    if epochs is None:
        return [losses]
    if epochs.place == "after" and epochs.first is not None:
        both = losses[epochs.first - 1 :], losses[: epochs.first]
        return [one for one in both if len(one) > 1]
    return [losses[(epochs.first or 1) - 1 : epochs.last]]


def _is_best_elsewhere(statement: Statement, losses: list[float]) -> bool:
    at = statement.epochs.named if statement.epochs is not None else 0
    near = losses[max(0, at - 1 - THRESHOLDS.epochs_beside) : at + THRESHOLDS.epochs_beside]
    return bool(near) and min(near) > (1 + THRESHOLDS.risen) * min(losses)


def _holds(statement: Statement, values: Sequence[float]) -> bool:
    """Whether a curve does what is said, beyond noise: where it is said to, or from its lowest there on."""
    if not _is_readable(values):
        return False
    start, end, _ = _span(statement, values)
    losses = _as_loss(values, statement.metric)[start : end + 1]
    trend: Callable[[Sequence[float]], bool] = rises if _kind_of_loss(statement) == "rises" else falls
    return trend(losses) or (trend is rises and rises(losses[losses.index(min(losses)) :]) and losses[-1] > losses[0])


def _may_hold(statement: Statement, values: Sequence[float]) -> bool:
    """Whether a statement may be true of another model's curve."""
    if not values or (statement.epochs is not None and statement.epochs.named > len(values)):
        return False
    return not _contradicts(statement, values)


def _kind_of_loss(statement: Statement) -> str:
    """Which way the loss goes where the accuracy goes as is said."""
    if statement.metric == "loss" or statement.kind in {"best", "flat"}:
        return statement.kind
    return "falls" if statement.kind == "rises" else "rises"


def _as_loss(values: Sequence[float], metric: Metric) -> list[float]:
    """A curve of which less is better: of an accuracy the share that is wrong."""
    return [1 - value if metric == "accuracy" else value for value in values]
