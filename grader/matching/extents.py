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
        cells: Indices of its cells, in order, up to the next section's heading.
        core: Those of them up to the first heading of the student's own that is none of a deeper level.
    """

    heading: Heading
    cells: tuple[int, ...]
    core: tuple[int, ...]


def extents(
    headings: Sequence[Heading],
    matched: Mapping[str, Heading],
    *,
    titles: Mapping[str, Titles],
    cell_count: int,
) -> dict[str, Extent]:
    """The cells of every section that has a heading: up to the heading of the next section that was found.

    What lies between belongs to the section, whatever headings of the student's own stand there. Its core ends at the
    first that opens a part of its own: it is not of a deeper level, does not repeat the section's title or number, and
    does more than announce answers (``Discussion``).

    Args:
        headings: All of the notebook's, in order.
        matched: Section to its heading.
        titles: Section to its titles.
        cell_count: How many cells the notebook has.
    """
    section_of = {id(heading): name for name, heading in matched.items()}
    starts = [(at, section_of[id(heading)]) for at, heading in enumerate(headings) if id(heading) in section_of]
    found: dict[str, Extent] = {}
    for number, (at, name) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(headings)
        heading = headings[at]
        own = (
            other
            for other in headings[at + 1 : end]
            if other.is_real and not _is_subheading(other, heading, titles[name])
        )
        following = headings[end] if end < len(headings) else None
        found[name] = Extent(
            heading,
            cells=_cells(heading, following, cell_count=cell_count),
            core=_cells(heading, next(own, following), cell_count=cell_count),
        )
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
