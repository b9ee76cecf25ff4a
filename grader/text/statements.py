"""What an answer states of a training's curves and scores: quantities, epochs and directions, and nothing else.

Reading is cautious: a sentence that negates, supposes, compares, asks, quotes, or says something that is not understood
here, states nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.limits import MAX_SENTENCE_CHARACTERS
from grader.text import wording
from grader.text.epochs import Epochs, epochs_in, without_epochs, without_tokens
from grader.text.quantities import Quantity, quantities
from grader.text.thresholds import THRESHOLDS
from grader.text.words import count_words

Part = Literal["training", "validation", "test"]
Metric = Literal["loss", "accuracy"]
Kind = Literal["value", "rises", "falls", "flat", "best"]
Subject = tuple[Part, Metric]

_BULLET = re.compile(r"^\s*(?:[-*+\u2022]|\(?\w{1,2}[.)])\s+")


@dataclass(frozen=True)
class Statement:
    """What a sentence states of one curve or score.

    Attributes:
        sentence: As it was written, in one line.
        kind: ``flat`` for a curve that stays; ``best`` for the epoch of the lowest loss or the highest accuracy.
        quantity: Of a ``value``.
        epochs: Where a direction holds; None for the whole training.
        keeps: Whether a direction is said to hold without a break.
        is_last: Whether a value is said to be that at the training's end.
        is_overfitting: Whether the words are of overfitting, which means a validation loss that rises.
    """

    sentence: str
    part: Part
    metric: Metric
    kind: Kind
    quantity: Quantity | None = None
    epochs: Epochs | None = None
    keeps: bool = False
    is_last: bool = False
    is_overfitting: bool = False


@dataclass(frozen=True)
class _Clause:
    """A part of a sentence.

    Attributes:
        text: With our words for the epochs that it names.
        subjects: The curves that it names; those of the clause before where it names none.
        rest: What stands behind their names.
        is_named: Whether it names them itself.
    """

    text: str
    subjects: tuple[Subject, ...]
    rest: str
    is_named: bool
    epochs: tuple[Epochs, ...]


def statements(text: str) -> Iterator[Statement]:
    """What a paragraph states, sentence by sentence.

    Args:
        text: A paragraph in the student's own words.
    """
    for sentence in wording.SENTENCE.split(" ".join(text.split())):
        is_short = len(sentence) <= MAX_SENTENCE_CHARACTERS
        if is_short and count_words(sentence) <= THRESHOLDS.most_words_of_stating_sentence:
            yield from _of_sentence(_BULLET.sub("", sentence).strip())


def may_speak_of_others(text: str) -> bool:
    """Whether a text names or compares other models than the one that it is about."""
    return wording.OTHERS.search(text) is not None


def may_speak_of_other_runs(text: str) -> bool:
    """Whether a text may speak of runs that nobody but its author saw: other settings, other data, other people's."""
    return wording.ELSEWHERE.search(text) is not None


def _of_sentence(sentence: str) -> Iterator[Statement]:
    plain = wording.ASIDE.sub(" ", wording.IN_BRACKETS.sub(" ", wording.MARKUP.sub("", sentence)))
    plain = wording.TO_THE_END.sub("throughout", plain)
    read = without_epochs(plain)
    silent = (wording.NEGATED, wording.SUPPOSED, wording.COMPARED, wording.QUOTED, wording.UNSTEADY)
    if read is None or any(rule.search(read[0]) for rule in silent):
        return
    for clause in _clauses(*read):
        yield from _directions(sentence, clause)
        yield from _values(sentence, clause)


def _clauses(sentence: str, found: tuple[Epochs, ...]) -> Iterator[_Clause]:
    parts = [part for part in wording.CLAUSE.split(sentence) if part.strip()]
    named: tuple[Subject, ...] = ()
    joined: tuple[Subject, ...] = ()
    part = ""
    for text in _with_their_epochs(parts):
        alone = wording.PART_ALONE.match(text)
        if alone is not None:
            part = alone["part"]
            continue
        matches = list(wording.SUBJECT.finditer(text))
        new = tuple(map(_subject, matches))
        here = tuple(dict.fromkeys([*joined, *_joined(part, new), *new])) if matches else named
        rest = text[matches[-1].end() :] if matches else text
        yield _Clause(text, here, without_tokens(rest), bool(matches), epochs_in(text, found))
        # "The training loss and the validation loss fall": the first name waits for its verb.
        joined = here if matches and not re.search(r"\w", without_tokens(rest)) and len(matches) == 1 else ()
        named, part = here, ""


def _with_their_epochs(parts: Sequence[str]) -> list[str]:
    """Clauses that only name epochs go with the clause that they speak of: the one before, or of the first the next."""
    texts: list[str] = []
    waiting = ""
    for part in parts:
        if re.search(r"\w", without_tokens(part)):
            texts.append(f"{part} {waiting}")
            waiting = ""
        elif texts:
            texts[-1] += f" {part}"
        else:
            waiting += part
    return texts


def _joined(part: str, subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """``The training`` in front of ``and the validation loss``."""
    return ((_part(part), subjects[0][1]),) if part and subjects else ()


def _subject(match: re.Match[str]) -> Subject:
    metric = (match["m1"] or match["m2"]).lower()
    return _part(match["p1"] or match["p2"]), "loss" if metric.startswith("l") else "accuracy"


def _part(word: str) -> Part:
    first = word[0].lower()
    return "validation" if first == "v" else "training" if word.lower().startswith("tr") else "test"


def _directions(sentence: str, clause: _Clause) -> Iterator[Statement]:
    epochs = clause.epochs[0] if clause.epochs else None
    if len(clause.epochs) > 1 or wording.SOMEWHEN.search(clause.text):
        return
    if wording.OVERFITS.match(without_tokens(clause.text)) and not clause.is_named and epochs is not None:
        onset = Epochs("from", epochs.first) if epochs.place in {"after", "from", "at"} else None
        if onset is not None:
            yield Statement(sentence, "validation", "loss", "rises", epochs=onset, is_overfitting=True)
        return
    match = wording.DIRECTION.match(clause.rest)
    if match is None or not clause.subjects:
        return
    is_best = any(match[name] for name in ("least", "least2", "most", "most2"))
    if epochs is not None and epochs.place == "at" and not is_best:
        epochs = Epochs("from", epochs.first) if match["starts"] else None
        if epochs is None:
            return
    keeps = bool(match["keeps"] or wording.WITHOUT_BREAK.search(clause.text))
    for part, metric in clause.subjects:
        kind = _kind(match, metric)
        if kind is None or part == "test" or (kind == "best" and (epochs is None or epochs.place != "at")):
            continue
        if kind == "flat" and epochs is None:
            continue
        yield Statement(sentence, part, metric, kind, epochs=epochs, keeps=keeps)


def _kind(match: re.Match[str], metric: Metric) -> Kind | None:
    if match["least"] or match["least2"]:
        return "best" if metric == "loss" else None
    if match["most"] or match["most2"]:
        return "best" if metric == "accuracy" else None
    if match["better"] or match["worse"]:
        return "falls" if bool(match["better"]) == (metric == "loss") else "rises"
    return "rises" if match["rises"] else "falls" if match["falls"] else "flat"


def _values(sentence: str, clause: _Clause) -> Iterator[Statement]:
    """The figure that a clause says one curve or score is; of ``from 0.9 to 0.1`` none."""
    text = without_tokens(clause.text)
    found = quantities(text)
    if not clause.is_named or len(clause.subjects) != 1 or len(found) != 1 or wording.NO_VALUE.search(text):
        return
    (part, metric), quantity = clause.subjects[0], found[0]
    at = text.find(quantity.text)
    name = wording.SUBJECT.search(text)
    if name is None or at < 0:
        return
    before = text[name.end() : at] if at > name.start() else text[at + len(quantity.text) : name.start()]
    behind = text[max(at + len(quantity.text), name.end()) :]
    if wording.BEFORE_VALUE.match(before) is None or wording.AFTER_VALUE.match(behind.strip(" .")) is None:
        return
    if metric == "accuracy" and quantity.value > 1:
        quantity = quantity.as_per_cent
    if "%" in quantity.text if metric == "loss" else not 0 <= quantity.value <= 1:
        return
    is_last = wording.AT_THE_END.search(text) is not None
    yield Statement(sentence, part, metric, "value", quantity=quantity, is_last=is_last)
