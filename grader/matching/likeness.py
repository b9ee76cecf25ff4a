"""What speaks against a heading as a section's: its title, its number, its remarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.matching.costs import COSTS, Terms
from grader.matching.headings import Heading, Label, is_same_word, label_of, shared_words, title_likeness
from grader.matching.thresholds import THRESHOLDS
from grader.rubric import Section

Translated = Mapping[str, str]
"""A word before numbers to the rubric's word that it stands for."""


@dataclass(frozen=True)
class Titles:
    """A section's title and its alternatives; of all sections the label words (``exercise``, ``part``) and remarks.

    Attributes:
        labels: Of the title, then of the alternatives.
        words: ``exercise``, ``part``.
        tags: What stands in brackets: ``core``, ``bonus``.
    """

    labels: tuple[Label, ...]
    words: frozenset[str]
    tags: frozenset[str] = frozenset()

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
    tags = frozenset(tag for labels in own.values() for label in labels for tag in label.tags)
    return {name: Titles(labels, words, tags) for name, labels in own.items()}


def without_title(headings: Sequence[Heading], title: str, *, titles: Mapping[str, Titles]) -> list[Heading]:
    """The headings without the notebook's own title: its first, where that is the assignment's more than a section's.

    Args:
        headings: Of the notebook, in order.
        title: Of the assignment.
        titles: Of the sections.
    """
    own = label_of(title)
    as_title = Titles((own,), frozenset({own.word} - {""}))
    first = next((heading for heading in headings if heading.is_real), None)
    if first is None or not title or likeness(first, as_title) < THRESHOLDS.same_section:
        return list(headings)
    if any(likeness(first, known) > likeness(first, as_title) for known in titles.values()):
        return list(headings)
    return [heading for heading in headings if heading is not first]


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
    doubts = doubts_of(heading, titles, by_number=by_number, translated=translated)
    return 0.0 if doubts is None else likeness_of(doubts)


def likeness_of(doubts: Terms) -> float:
    """The likeness, in [0, 1], of a heading that so much speaks against."""
    return max(1 - sum(doubts.values()) / COSTS.no_heading, 0.0)


def doubts_of(
    heading: Heading, titles: Titles, *, by_number: bool = True, translated: Translated | None = None
) -> Terms | None:
    """What speaks against a heading as a section's, by its words alone; None where it is certainly not the section's.

    Args:
        heading: Of the notebook.
        titles: Of the section; the one that the heading is most like counts.
        by_number: Whether its number counts.
        translated: Words before numbers that stand for the rubric's; any word may, where they are not known.
    """
    own = label_in(heading, titles, by_number=by_number, translated=translated)
    found = [_doubts(own, there, titles=titles, kind=heading.kind) for there in titles.labels]
    return min((doubts for doubts in found if doubts is not None), key=lambda one: sum(one.values()), default=None)


def has_its_number(heading: Heading, name: str, *, titles: Mapping[str, Titles], translated: Translated | None) -> bool:
    """Whether a heading has the number of a section, and no other section has it."""

    def has_it(known: Titles) -> bool:
        own = label_in(heading, known, by_number=True, translated=translated)
        return own.number is not None and any(_is_pair(own, there) for there in known.labels)

    return [other for other, known in titles.items() if has_it(known)] == [name]


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
    found = {word: meant for meant, (_, word) in best.items()}
    if not found:
        return {}
    found |= _nearly_the_rubrics(labels, known)
    return {**found, **_left_over(labels, known, found=found)}


def _nearly_the_rubrics(labels: Sequence[Label], known: Sequence[Label]) -> Translated:
    """Words that another language spells nearly as the rubric's, numbered as its sections are: ``Parte 1``.

    Beside them ``Part 1`` and ``Part 2`` number the parts of answers where the rubric has one part alone.
    """
    found = {}
    for meant in sorted({there.word for there in known}):
        numbers = Counter(there.number for there in known if there.word == meant)
        for word in sorted({own.word for own in labels if is_same_word(own.word, meant)}):
            if Counter(own.number for own in labels if own.word == word) <= numbers:
                found[word] = meant
    return found


def _left_over(labels: Sequence[Label], known: Sequence[Label], *, found: Translated) -> Translated:
    """The one word left that is numbered just as the one word of the rubric that is left: ``Teil 1`` for ``Part 1``."""
    meant = {there.word for there in known} - set(found.values())
    left = {own.word for own in labels if own.word} - set(found) - {there.word for there in known}
    if len(meant) != 1:
        return {}
    numbers = Counter(there.number for there in known if there.word in meant)
    counted = {word: Counter(own.number for own in labels if own.word == word) for word in left}
    alike = [word for word, own in counted.items() if set(own) == set(numbers) and own <= numbers]
    return dict.fromkeys(alike, *meant) if len(alike) == 1 else {}


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


def label_in(heading: Heading, titles: Titles, *, by_number: bool, translated: Translated | None) -> Label:
    """A heading's label as the rubric would write it; without its number where that does not count."""
    own = label_of(heading.text)
    # Who writes in another language does so throughout: there ``Part 1`` is a part of an answer.
    if translated is not None and own.word in translated:
        own = replace(own, word=translated[own.word])
    elif translated is not None and own.word and (translated or not titles.has_word(own.word)):
        own = replace(own, number=None)
    return own if by_number else replace(own, number=None)


def _doubts(own: Label, there: Label, *, titles: Titles, kind: str) -> Terms | None:
    number = _number_term(own, there, words=titles.words, kind=kind)
    # A remark that no section has, such as "(done)", is the student's own.
    tags = own.tags & titles.tags
    tag = {"other_tag": COSTS.other_tag} if tags and there.tags and not tags & there.tags else {}
    if not own.title:
        only_word = is_same_word(own.word, there.word) and own.number is None and there.number is None
        is_its_own = number is None or (only_word and own.tags & there.tags)
        return {"number_alone": COSTS.number_alone, **tag} if is_its_own else None
    title = max(
        title_likeness(own.title, there.title),
        THRESHOLDS.without_remark * title_likeness(own.short or own.title, there.short or there.title),
    )
    if title < _least_title(own, there, number=number, kind=kind):
        return None
    terms = {"other_title": COSTS.other_title * (1 - title)} if title < 1 else {}
    if own.has_remark_alone and number is None and sum(terms.values()) > COSTS.number_alone:
        terms = {"number_alone": COSTS.number_alone}
    return {**terms, **({number: getattr(COSTS, number)} if number is not None else {}), **tag}


def _least_title(own: Label, there: Label, *, number: str | None, kind: str) -> float:
    """How much of the title a heading must have beside that number; above 1 where no title is enough."""
    if kind == "comment" and number is not None:
        return THRESHOLDS.least_title_of_comment if len(own.title) > 1 else 2.0
    if kind == "comment":
        return THRESHOLDS.least_title
    if number is None:
        return 0.0
    # One word that they share may be in any heading.
    is_one_word = max(shared_words(own.title, there.title), shared_words(own.short, there.short or there.title)) < 2
    return THRESHOLDS.least_title_of_other_number if number == "other_number" or is_one_word else THRESHOLDS.least_title


def _number_term(own: Label, there: Label, *, words: frozenset[str], kind: str) -> str | None:
    """The term of the number; None where it is the section's."""
    if own.number is None or there.number is None:
        return "no_number"
    if kind == "plain" and not own.is_set_off and not is_same_word(own.word, there.word):
        return "no_number"
    # "Part 2" is not "Exercise 2"; but a word that no section has may be of another language.
    other_word = own.word and there.word and not is_same_word(own.word, there.word)
    is_of_other_word = other_word and any(is_same_word(own.word, word) for word in words)
    return None if own.number == there.number and not is_of_other_word else "other_number"
