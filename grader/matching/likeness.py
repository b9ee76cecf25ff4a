"""Decides which heading starts which section: by similarity and order, all sections at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.matching.headings import Heading, Label, is_same_word, label_of, shared_words, title_likeness
from grader.matching.thresholds import THRESHOLDS
from grader.rubric import Section

Translated = Mapping[str, str]
"""A word before numbers to the rubric's word that it stands for."""

Nearness = Callable[[Heading, str], float | None]
"""How close the models trained below a heading are to what a section asks for, in [0, 1]; None without any."""


@dataclass(frozen=True)
class Titles:
    """A section's title and its alternatives, and the label words of all sections (``exercise``, ``part``)."""

    labels: tuple[Label, ...]
    words: frozenset[str]

    def has_word(self, word: str) -> bool:
        """Whether a heading's word before its number is one of the rubric's."""
        return any(is_same_word(word, known) for known in self.words)


def titles_of(sections: Sequence[Section]) -> dict[str, Titles]:
    """What headings are compared with, by section; sections of the whole notebook have none."""
    own = {
        section.id: tuple(label_of(text) for text in (section.title, *section.also))
        for section in sections
        if not section.whole_notebook
    }
    words = frozenset(label.word for labels in own.values() for label in labels if label.word)
    return {name: Titles(labels, words) for name, labels in own.items()}


def likeness(
    heading: Heading, titles: Titles, *, by_number: bool = True, translated: Translated | None = None
) -> float:
    """How similar a heading is to a section's titles, in [0, 1]; 0 where it is certainly not the section's.

    Args:
        heading: Of the notebook.
        titles: Of the section.
        by_number: Whether its number counts.
        translated: Words before numbers that stand for the rubric's; any word may, where they are not known.
    """
    own = _label(heading, titles, by_number=by_number, translated=translated)
    return max(_likeness(own, there, words=titles.words, kind=heading.kind) for there in titles.labels)


def align(
    headings: Sequence[Heading], titles: Mapping[str, Titles], *, nearness: Nearness, by_number: bool = True
) -> dict[str, Heading]:
    """Gives each section its heading: the most similar ones overall, in the order of the notebook.

    What is left over is matched out of order where it is very similar, or has a number that only one section has.
    """
    names = list(titles)
    translated = translated_words(headings, titles)
    headings = without_remarks(headings, titles)
    weights = []
    for heading in headings:
        near = {name: nearness(heading, name) for name in names}
        alone = [value for value in near.values() if value == 1.0] == [1.0]
        weights.append(
            [
                _weight(heading, titles[name], near=near[name], by_number=by_number, translated=translated, alone=alone)
                for name in names
            ]
        )
    matched = heaviest_in_order(weights, rows=len(headings), columns=len(names))
    taken = {row for row, _ in matched}
    found = {names[column]: headings[row] for row, column in matched}
    left = sorted(
        (
            (likeness(heading, titles[name], by_number=by_number, translated=translated), -row, name)
            for row, heading in enumerate(headings)
            if row not in taken and heading.is_real
            for name in names
            if name not in found
        ),
        reverse=True,
    )
    own_words = _words_for_numbers(found, titles)
    for value, row, name in left:
        is_sure = value >= THRESHOLDS.out_of_order or (
            by_number
            and _label(headings[-row], titles[name], by_number=True, translated=translated).number is not None
            and _is_its_number(headings[-row], name, titles=titles, own_words=own_words)
        )
        if is_sure and name not in found and -row not in taken:
            found[name] = headings[-row]
            taken.add(-row)
    return {name: found[name] for name in names if name in found}


def _words_for_numbers(found: Mapping[str, Heading], titles: Mapping[str, Titles]) -> set[tuple[str, str]]:
    """Which word of the rubric's each word before a number stands for: ``Aufgabe 1`` was found to be ``Exercise 1``."""
    pairs = ((label_of(found[name].text), there) for name in found for there in titles[name].labels)
    return {(own.word, there.word) for own, there in pairs if own.word and own.number == there.number is not None}


def _is_its_number(
    heading: Heading, name: str, *, titles: Mapping[str, Titles], own_words: set[tuple[str, str]]
) -> bool:
    """Whether a heading has the number of a section, and no other section has it."""
    own = label_of(heading.text)

    def has_it(there: Label) -> bool:
        is_word = is_same_word(own.word, there.word) or (own.word, there.word) in own_words
        return own.number is not None and own.number == there.number and is_word

    return [other for other, known in titles.items() if any(map(has_it, known.labels))] == [name]


def translated_words(headings: Sequence[Heading], titles: Mapping[str, Titles]) -> Translated:
    """The words before numbers that stand for the rubric's own: ``Aufgabe 1``, ``Aufgabe 2``, ``Aufgabe 3``.

    One alone says nothing: ``Q3`` may be anything. So several must count on, and none of the rubric's own be there.
    """
    known = [label for title in titles.values() for label in title.labels if label.number is not None]
    real = [heading for heading in headings if heading.kind != "comment"] or list(headings)
    labels = [label for heading in real if (label := label_of(heading.text)).number is not None]
    if len({(there.word, there.number) for there in known if any(_is_pair(own, there) for own in labels)}) > 1:
        return {}
    best: dict[str, tuple[int, str]] = {}
    for word in sorted({own.word for own in labels if not _has_word(titles, own.word)}):
        numbers = [own.number for own in labels if own.word == word]
        for meant in {there.word for there in known}:
            right = {there.number for there in known if there.word == meant}.intersection(numbers)
            # The parts of answers are numbered too, but not as the worksheet's sections are.
            score = 2 * len(right) - len(numbers)
            if len(right) >= THRESHOLDS.fewest_translated:
                best[meant] = max(best.get(meant, (score, word)), (score, word))
    return {word: meant for meant, (_, word) in best.items()}


def _has_word(titles: Mapping[str, Titles], word: str) -> bool:
    return any(known.has_word(word) for known in titles.values())


def _is_pair(own: Label, there: Label) -> bool:
    return own.number == there.number and is_same_word(own.word, there.word)


def without_remarks(headings: Sequence[Heading], titles: Mapping[str, Titles]) -> list[Heading]:
    """The headings without those comments in code that only number what the code does.

    Where the notebook has headings of two sections, a comment must have nearly the title; else a bare ``# Exercise 4``
    is one too, where no more comments say that than sections have the number.
    """
    labels = [label for known in titles.values() for label in known.labels]
    of_sections = {
        name for heading in headings if heading.is_real for name, known in titles.items() if likeness(heading, known)
    }
    bare = Counter(_bare(heading) for heading in headings if heading.kind == "comment")

    def counts(heading: Heading) -> bool:
        if heading.kind != "comment":
            return True
        own = label_of(heading.text)
        title = max((title_likeness(own.title, there.title) for there in labels), default=0.0)
        if own.title or len(of_sections) > 1:
            return title >= (THRESHOLDS.least_title_of_comment if len(of_sections) > 1 else THRESHOLDS.least_title)
        sections = sum(any(there.number == own.number for there in known.labels) for known in titles.values())
        return _has_word(titles, own.word) and bare[_bare(heading)] <= sections

    return [heading for heading in headings if counts(heading)]


def _bare(heading: Heading) -> tuple[str, int | None]:
    own = label_of(heading.text)
    return own.word, own.number


def _label(heading: Heading, titles: Titles, *, by_number: bool, translated: Translated | None) -> Label:
    own = label_of(heading.text)
    # Who writes in another language does so throughout: there ``Part 1`` is a part of an answer.
    if translated is not None and own.word in translated:
        own = replace(own, word=translated[own.word])
    elif translated is not None and own.word and (translated or not titles.has_word(own.word)):
        own = replace(own, number=None)
    return own if by_number else replace(own, number=None)


def _weight(
    heading: Heading,
    titles: Titles,
    *,
    near: float | None,
    by_number: bool,
    translated: Translated | None = None,
    alone: bool = True,
) -> float:
    value = likeness(heading, titles, by_number=by_number, translated=translated) * THRESHOLDS.weights[heading.kind]
    if value:
        return value + THRESHOLDS.model_bonus * (near or 0.0)
    # A heading in the student's own words, above exactly the model that is asked for and that of no other section.
    own = _label(heading, titles, by_number=by_number, translated=translated)
    is_above_it = near == 1.0 and alone and own.number is None
    return THRESHOLDS.model_bonus if heading.is_real and is_above_it else 0.0


def _likeness(own: Label, there: Label, *, words: frozenset[str], kind: str) -> float:
    number = _number_likeness(own, there, words=words, kind=kind)
    tags = THRESHOLDS.other_tag if own.tags and there.tags and not own.tags & there.tags else 0.0
    title = max(
        title_likeness(own.title, there.title),
        THRESHOLDS.without_remark * title_likeness(own.short or own.title, there.short or there.title),
    )
    if not own.title:
        only_word = is_same_word(own.word, there.word) and own.number is None and there.number is None
        return THRESHOLDS.bare_label - tags if number == 1.0 or (only_word and own.tags & there.tags) else 0.0
    if title < _least_title(own, there, number=number, kind=kind):
        return 0.0
    return max(THRESHOLDS.title_share * title + (1 - THRESHOLDS.title_share) * number - tags, 0.0)


def _least_title(own: Label, there: Label, *, number: float, kind: str) -> float:
    """How much of the title a heading must have beside that number; above 1 where no title is enough."""
    if kind == "comment" and number < 1.0:
        return THRESHOLDS.least_title_of_comment if len(own.title) > 1 else 2.0
    if kind == "comment":
        return THRESHOLDS.least_title
    if number == 1.0:
        return 0.0
    # One word that they share may be in any heading.
    is_one_word = max(shared_words(own.title, there.title), shared_words(own.short, there.short or there.title)) < 2
    return THRESHOLDS.least_title_of_other_number if number == 0.0 or is_one_word else THRESHOLDS.least_title


def _number_likeness(own: Label, there: Label, *, words: frozenset[str], kind: str) -> float:
    if own.number is None or there.number is None:
        return THRESHOLDS.neutral_number
    if kind == "plain" and not own.is_set_off and not is_same_word(own.word, there.word):
        return THRESHOLDS.neutral_number
    # "Part 2" is not "Exercise 2"; but a word that no section has may be of another language.
    other_word = own.word and there.word and not is_same_word(own.word, there.word)
    if other_word and any(is_same_word(own.word, word) for word in words):
        return 0.0
    return 1.0 if own.number == there.number else 0.0


def heaviest_in_order(weights: Sequence[Sequence[float]], *, rows: int, columns: int) -> list[tuple[int, int]]:
    """The heaviest matching of rows with columns in which neither order is broken; of equals, the earliest rows."""
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            paired = weights[i][j] + best[i + 1][j + 1] if weights[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    matched: list[tuple[int, int]] = []
    i, j = 0, 0
    while i < rows and j < columns:
        if weights[i][j] and best[i][j] == weights[i][j] + best[i + 1][j + 1]:
            matched.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    return matched
