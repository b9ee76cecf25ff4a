"""Finds the cells of each section that has a heading: from that heading to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.matching.headings import Heading, is_same_word, label_of
from grader.matching.likeness import Titles, likeness
from grader.matching.thresholds import THRESHOLDS
from grader.text.prose import names_answers


@dataclass(frozen=True)
class Extent:
    """A section's part of the notebook.

    Attributes:
        heading: Its heading.
        cells: Indices of its cells, in order.
    """

    heading: Heading
    cells: tuple[int, ...]


def extents(
    headings: Sequence[Heading],
    matched: Mapping[str, Heading],
    *,
    titles: Mapping[str, Titles],
    cell_count: int,
) -> dict[str, Extent]:
    """The cells of every section that has a heading.

    A real heading that matches no section ends the section before it, unless it is a sub-heading of that section: it is
    of a deeper level, repeats the section's title or number, or only announces answers (``Discussion``).

    Args:
        headings: All of the notebook's, in order.
        matched: Section to its heading.
        titles: Section to its titles.
        cell_count: How many cells the notebook has.
    """
    section_of = {id(heading): name for name, heading in matched.items()}
    borders: list[tuple[Heading, str | None]] = []
    for heading in headings:
        name = section_of.get(id(heading))
        opened, current = borders[-1] if borders else (heading, None)
        if name is not None:
            borders.append((heading, name))
        elif current is not None and heading.is_real and not _is_subheading(heading, opened, titles[current]):
            borders.append((heading, None))
    found: dict[str, Extent] = {}
    for number, (heading, name) in enumerate(borders):
        if name is not None:
            following = borders[number + 1][0] if number + 1 < len(borders) else None
            found[name] = Extent(heading, _cells(heading, following, cell_count=cell_count))
    return found


def _is_subheading(heading: Heading, current: Heading, titles: Titles) -> bool:
    if likeness(heading, titles) >= THRESHOLDS.same_section:
        return True
    label, own = label_of(heading.text), label_of(current.text)
    if label.number is None and names_answers(heading.text) and heading.level >= current.level:
        return True
    if not current.is_real or heading.level <= current.level:
        return False
    names_exercise = label.number is not None and any(is_same_word(label.word, word) for word in titles.words)
    return not names_exercise or (label.number == own.number and is_same_word(label.word, own.word))


def _cells(heading: Heading, following: Heading | None, *, cell_count: int) -> tuple[int, ...]:
    if following is None:
        return tuple(range(heading.cell, cell_count))
    # What is above the next heading in the same cell still belongs here.
    end = following.cell if following.opens_cell else following.cell + 1
    return tuple(range(heading.cell, max(end, heading.cell + 1)))
