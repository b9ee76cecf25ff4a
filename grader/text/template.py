"""Tells the handed-out worksheet's words from the student's, also where its typos were corrected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from grader.limits import MAX_COMPARED_WORDS
from grader.text.thresholds import THRESHOLDS
from grader.text.words import UNSPACED_LETTERS

_TOKEN = re.compile(rf"[{UNSPACED_LETTERS}]|[^\W{UNSPACED_LETTERS}]+")

Words = tuple[str, ...]


@dataclass(frozen=True)
class OwnWords:
    """What of a text is the student's.

    Attributes:
        parts: Stretches of words that the template does not have there.
        corrected: How many single words differ from the template's: typos corrected, or made.
        is_known: Whether any of it stands in the template.
    """

    parts: tuple[Words, ...]
    corrected: int = 0
    is_known: bool = False

    @property
    def count(self) -> int:
        """How many words are the student's: added or changed."""
        return self.corrected + sum(map(len, self.parts))


@dataclass(frozen=True)
class Template:
    """The texts of the handed-out notebook.

    Attributes:
        paragraphs: Each normalised, as `grader.text.prose.normalised` has it.
    """

    paragraphs: frozenset[str] = frozenset()

    @cached_property
    def _known(self) -> tuple[Words, ...]:
        return tuple(words for text in sorted(self.paragraphs) if len(words := _words(text)) >= 3)

    def own_words(self, normalised: str) -> OwnWords:
        """What a normalised paragraph holds beside the template's words."""
        if normalised in self.paragraphs:
            return OwnWords((), is_known=True)
        words = _words(normalised)
        if len(words) > MAX_COMPARED_WORDS:
            return OwnWords((words,))
        return self._own(words)

    def _own(self, words: Words) -> OwnWords:
        """Takes the most similar paragraph of the template away, and then the next from what is left."""
        best = self._most_similar(words)
        if best is None:
            return OwnWords((words,) if words else ())
        parts: list[Words] = []
        corrected = 0
        for part, is_correction in _differences(best, words):
            if is_correction:
                corrected += len(part)
                continue
            rest = self._own(part)
            parts += rest.parts
            corrected += rest.corrected
        return OwnWords(tuple(parts), corrected=corrected, is_known=True)

    def _most_similar(self, words: Words) -> Words | None:
        there = set(words)
        shared = [(len(there.intersection(known)) / len(set(known)), known) for known in self._known]
        likely = sorted((item for item in shared if item[0] >= THRESHOLDS.template_share / 2), reverse=True)
        best, most = None, 0
        for _, known in likely[:5]:
            blocks = _matcher(known, words).get_matching_blocks()
            matched = sum(block.size for block in blocks)
            share = max(matched / len(known), matched / len(words))
            if matched >= 3 and share >= THRESHOLDS.template_share and matched > most:
                best, most = known, matched
        return best


@lru_cache(maxsize=8)
def template_of(paragraphs: frozenset[str]) -> Template:
    """The template of these normalised paragraphs."""
    return Template(paragraphs)


def _differences(known: Words, words: Words) -> Iterator[tuple[Words, bool]]:
    """What the student's words have instead of the template's or beside them, and whether it corrects a typo."""
    for kind, i1, i2, j1, j2 in _matcher(known, words).get_opcodes():
        if kind in {"equal", "delete"}:
            continue
        is_inside = j1 > 0 and j2 < len(words)
        if kind == "insert":
            yield words[j1:j2], is_inside and j2 - j1 == 1
            continue
        yield from _replaced(known[i1:i2], words[j1:j2])


def _replaced(known: Words, words: Words) -> Iterator[tuple[Words, bool]]:
    """Words in the place of others: as far as they are spelt alike they correct them, the rest is the student's."""
    alike = 0
    for one, other in zip(known, words, strict=False):
        if difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() < THRESHOLDS.same_word:
            break
        alike += 1
    if alike:
        yield words[:alike], True
    if rest := words[alike:]:
        yield rest, alike > 0 and len(rest) == 1 and len(known) > alike


def _matcher(known: Sequence[str], words: Sequence[str]) -> difflib.SequenceMatcher[str]:
    return difflib.SequenceMatcher(None, known, words, autojunk=False)


def _words(normalised: str) -> Words:
    """Words; of scripts that put no spaces between them, letters."""
    return tuple(_TOKEN.findall(normalised))
