"""Tells a sentence that asks for something from one that answers: a worksheet asks, a student states."""

from __future__ import annotations

import re

from grader.text.thresholds import THRESHOLDS
from grader.text.words import WORD, count_words

# Whoever forgets the space behind a question mark has still asked; an address has no space soon after its own.
_SENTENCE = re.compile(r"(?<=[.!?:;\u3002\uff1f])\s+|(?<=[\u3002\uff1f])|(?<=\w\?)(?=\w{1,20}\s)")
_EMPHASIS = re.compile(r"[*_`~]+")
_ASKS = frozenset(
    {
        *("answer", "argue", "comment", "discuss", "describe", "explain", "interpret", "justify", "motivate", "say"),
        *("state", "suggest", "why", "write", "beschreiben", "beschreibe", "diskutieren", "diskutiere", "erklären"),
        *("erkläre", "begründen", "begründe", "expliquez", "discutez", "décrivez", "explica", "explique", "discute"),
    }
)
"""With these a sentence begins that asks for words."""

_DEMANDS = _ASKS | {
    *("build", "calculate", "compare", "compile", "compute", "consider", "create", "display", "draw", "evaluate"),
    *("generate", "give", "hint", "illustrate", "implement", "include", "list", "load", "look", "name", "note", "plot"),
    *("predict", "print", "recall", "refer", "remember", "report", "show", "submit", "support", "think", "tip"),
    *("visualise", "visualize", "please", "bitte", "hinweis", "nennen", "zeigen", "vergleichen"),
}
"""With these a sentence begins that asks for anything at all, or helps with it."""

_HANDS_IN = re.compile(
    r"\b(?:submit(?:ted)?|submission|hand(?:ed|ing)? in|upload|abgeben|rendre|entregar)\b", re.IGNORECASE
)
_ADDRESSES = re.compile(r"\b(?:please|you|your|bitte|ihr|ihre|vous|votre|usted)\b", re.IGNORECASE)
_ANSWERED = re.compile(r"^\W*(?:answer|comment)[\s*_]*[:\uff1a][\s*_]*(?=\w)", re.IGNORECASE)
"""With a colon behind it the verb is a label: what follows answers."""

_ALSO = frozenset({"and", "then", "now", "also", "next", "finally", "please", "und"})


def is_request(sentence: str) -> bool:
    """Whether a sentence is a question, or begins with a verb that asks for something; ``Answer:`` is a label."""
    if sentence.rstrip().endswith(":") and count_words(sentence) <= 1:
        return False
    sentence = _ANSWERED.sub("", sentence)
    return sentence.rstrip(' *_)"\u201d').endswith(("?", "\uff1f")) or _first_word(sentence) in _DEMANDS


def tells_to_hand_in(text: str) -> bool:
    """Whether a text tells its reader how to hand in: the end of a worksheet, and no answer to any question."""
    return _HANDS_IN.search(text) is not None and _ADDRESSES.search(text) is not None


def asks(text: str) -> bool:
    """Whether a paragraph asks for anything, as a worksheet's does: with a question, or a sentence that demands."""
    sentences = [part for part in _SENTENCE.split(_EMPHASIS.sub("", text)) if part and part.strip()]
    return any(map(is_request, sentences))


def behind_request(text: str) -> str:
    """What stands behind the last question, or the last request for words, of a paragraph; empty where nothing does.

    Hints and further requests behind it are none.
    """
    sentences = [part for part in _SENTENCE.split(_EMPHASIS.sub("", text)) if part and part.strip()]
    asked = [at for at, sentence in enumerate(sentences) if _asks_for_words(sentence)]
    if not asked:
        return ""
    rest = " ".join(sentence for sentence in sentences[asked[-1] + 1 :] if not is_request(sentence)).strip()
    return rest if count_words(rest) >= THRESHOLDS.fewest_words_of_sentence else ""


def _asks_for_words(sentence: str) -> bool:
    return is_request(sentence) and (sentence.rstrip()[-1:] in "?\uff1f" or _first_word(sentence) in _ASKS)


def _first_word(sentence: str) -> str:
    words = (word.casefold() for word in WORD.findall(sentence))
    return next((word for word in words if word not in _ALSO), "")
