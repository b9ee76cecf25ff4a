"""Epochs that a sentence names: after, until, between and at which of them something is said to happen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Place = Literal["after", "from", "until", "over", "within", "at"]

_NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_PLACES = ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"]
_WORDS = {word: at for words in (_NUMBERS, _PLACES) for at, word in enumerate(words, start=2)}
_WORDS |= {"fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50}
_N = rf"(?:\d{{1,4}}(?:st|nd|rd|th)?|{'|'.join(_WORDS)})"
_ABOUT = r"(?:(?:about|around|approximately|roughly|approx\.?|circa|nearly|almost|just|already)\s+|~\s*)?(?:the\s+)?"


def _epoch(name: str) -> str:
    """``epoch 5``, ``the 5th epoch``, ``5 epochs``."""
    before = rf"epochs?\s+(?:number\s+|no\.?\s*|#\s*)?~?(?P<{name}>{_N})"
    return rf"{_ABOUT}(?:{before}|(?P<{name}_>{_N})\s+epochs?)(?![\w%]|\.\d)"


_NAMED: tuple[tuple[Place, re.Pattern[str]], ...] = (
    (
        "within",
        re.compile(
            rf"\b(?:from|between)\s+{_ABOUT}(?:epochs?\s+)?(?P<a>{_N})(?:\s+epochs?)?"
            r"\s+(?:to|and|until|till|through|up to)"
            rf"\s+{_ABOUT}(?:epochs?\s+)?(?P<b>{_N})(?P<said>\s+epochs?)?\b",
            re.IGNORECASE,
        ),
    ),
    (
        "until",
        re.compile(
            rf"\b(?:until|till|up to|up until|(?:in|over|for|during) the first)\s+{_epoch('a')}",
            re.IGNORECASE,
        ),
    ),
    (
        "after",
        re.compile(
            r"\b(?:right\s+)?(?:after|from|past|beyond|following|since|as of|(?:starting|beginning)\s+(?:at|from|with))"
            rf"\s+{_epoch('a')}(?:\s+(?:on(?:wards?)?|and on))?",
            re.IGNORECASE,
        ),
    ),
    (
        "over",
        re.compile(
            rf"\b(?:in|over|within|during|across|for)\s+(?:all\s+)?(?:the\s+|these\s+|our\s+)?{_ABOUT}(?P<a>{_N})\s+epochs\b",
            re.IGNORECASE,
        ),
    ),
    ("at", re.compile(rf"\b(?:at|in|around|near|by|about)\s+{_epoch('a')}|(?<=[(~]){_epoch('c')}", re.IGNORECASE)),
)
_LEFT = re.compile(
    r"\bepochs?\s*(?:number|no\.?|#)?\s*\d|\d(?:st|nd|rd|th)?\s+epoch|\b(?:first|last)\s+\w*\s*epoch", re.IGNORECASE
)
_TOKEN = re.compile(r"SPAN(\d+)")


@dataclass(frozen=True)
class Epochs:
    """Epochs, counted from 1, both ends included.

    Attributes:
        place: How they were named: ``after 5 epochs`` may be said of what they brought about, ``from epoch 5 on``
            not; ``over`` for ``in 5 epochs``.
        first: None for the first one of the training.
        last: None for the last one of the training.
    """

    place: Place
    first: int | None = None
    last: int | None = None

    @property
    def named(self) -> int:
        """The last epoch that was named."""
        return self.last or self.first or 1


def without_epochs(sentence: str) -> tuple[str, tuple[Epochs, ...]] | None:
    """A sentence with a word of ours for each naming of epochs, and what those name.

    None where it names epochs in a way that is not understood.
    """
    found: list[Epochs] = []
    for place, pattern in _NAMED:

        def put(match: re.Match[str], place: Place = place) -> str:
            epochs = _epochs(place, match)
            if epochs is None:
                return match.group()
            found.append(epochs)
            return f" SPAN{len(found) - 1} "

        sentence = pattern.sub(put, sentence)
    return None if _LEFT.search(sentence) else (sentence, tuple(found))


def epochs_in(clause: str, found: tuple[Epochs, ...]) -> tuple[Epochs, ...]:
    """The epochs that a part of such a sentence names."""
    return tuple(found[int(number)] for number in _TOKEN.findall(clause))


def without_tokens(clause: str) -> str:
    """A part of such a sentence without our words for epochs."""
    return _TOKEN.sub(" ", clause)


def _epochs(place: Place, match: re.Match[str]) -> Epochs | None:
    groups = match.groupdict()
    first = _number(next((groups[name] for name in ("a", "a_", "c", "c_") if groups.get(name)), ""))
    if place == "within":
        last = _number(groups["b"])
        is_of_epochs = "epoch" in match.group().lower()
        return Epochs(place, first, last) if is_of_epochs and first and last and first < last else None
    if not first:
        return None
    if place == "after" and not (
        groups.get("a_") and re.match(r"(?:right\s+)?(?:after|following)\b", match.group(), re.IGNORECASE)
    ):
        place = "from"
    return (
        Epochs(place, None, first)
        if place in {"until", "over"}
        else Epochs(place, first, first if place == "at" else None)
    )


def _number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits.group()) if digits else _WORDS.get(text.lower(), 0)
