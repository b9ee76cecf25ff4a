"""The sections of a draft: from the notebook's headings, and for models that none of them owns by the models."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grader.architecture.layers import in_short
from grader.matching.candidates import Candidate, candidates
from grader.matching.headings import Heading, headings_of, label_of
from grader.records import CellRun, Evidence
from grader.reference.draft.forms import form_of
from grader.reference.draft.proposals import Planned
from grader.text.prose import paragraphs

BONUS = frozenset({"extra", "bonus", "optional", "advanced", "zusatz", "zusatzaufgabe", "facultatif", "opcional"})
"""Words of a heading that say that its points are a bonus."""

LEVEL_OF_OTHERS = 7
"""The level of a line that begins like an exercise, or is bold alone: below every real heading."""

_WORDS_OF_ID = 2
_LITTLE_WORDS = frozenset(
    {
        "the",
        "and",
        "for",
        "with",
        "your",
        "our",
        "its",
        "this",
        "that",
        "from",
        "der",
        "die",
        "das",
        "und",
        "les",
        "des",
    }
)


@dataclass(frozen=True)
class _Stretch:
    """What lies below a heading, up to the next one that opens a section."""

    heading: Heading
    cells: tuple[int, ...]


@dataclass(frozen=True)
class _Owned:
    """A model that a section is to own, the last one trained of those with these layers."""

    model: Candidate
    alike: int

    @property
    def cell(self) -> int:
        return self.model.first_cell or 0


def outline(evidence: Evidence) -> list[Planned]:
    """Plans the sections of a notebook that was run, in its order; many of them may ask for nothing.

    A heading opens a section, but for the notebook's title and for sub-headings of a part that trains one model at
    most. Each trained model belongs to the section in which it was first trained.
    """
    models = [model for model in candidates(evidence) if model.fits]
    opening = _opening(headings_of(evidence.cells), models)
    stretches = list(_stretches(opening, cell_count=len(evidence.cells)))
    planned: list[tuple[int, Planned]] = []
    claimed: set[str] = set()
    for stretch in stretches:
        here = [one for one in models if one.first_cell in stretch.cells and one.id not in claimed]
        claimed |= {one.id for one in here}
        planned += _of_stretch(stretch, _distinct(here), cells=evidence.cells)
    for owned in _distinct([one for one in models if one.id not in claimed]):
        planned.append((owned.cell, _of_model(owned, number=models.index(owned.model) + 1)))
    planned.sort(key=lambda pair: pair[0])
    return _with_ids([one for _, one in planned])


def is_task(title: str) -> bool:
    """Whether a heading begins like that of an exercise: a word for it and a number."""
    label = label_of(title)
    return bool(label.word) and label.number is not None


def _opening(headings: Sequence[Heading], models: Sequence[Candidate]) -> list[Heading]:
    """The headings that open a section."""
    real = [one for one in headings if one.is_real]
    others = [one for one in headings if one.kind in {"bold", "plain"}]
    exercises = [one for one in others if is_task(one.text)]
    if len(exercises) > 1:
        real = [one for one in headings if one in real or one in exercises]
    if real and _is_title(real[0], real[1:]):
        real = real[1:]
    real = real or others
    kept: list[Heading] = []
    for heading in real:
        parent = kept[-1] if kept else None
        if parent is None or _level(heading) <= _level(parent) or not _is_one_task(parent, real, models):
            kept.append(heading)
    return kept


def _is_title(first: Heading, others: Sequence[Heading]) -> bool:
    """Whether the first heading names the notebook: every other one is below it."""
    return all(_level(one) > _level(first) for one in others) if others else _level(first) == 1


def _is_one_task(parent: Heading, headings: Sequence[Heading], models: Sequence[Candidate]) -> bool:
    """Whether what is below a heading is one section with its sub-headings."""
    behind = headings[headings.index(parent) + 1 :]
    end = next((number for number, one in enumerate(behind) if _level(one) <= _level(parent)), len(behind))
    if any(label_of(one.text).number is not None for one in behind[:end]):
        return False
    last = behind[end].cell if end < len(behind) else None
    inside = [
        one
        for one in models
        if one.first_cell is not None and parent.cell <= one.first_cell and (last is None or one.first_cell < last)
    ]
    return len(_distinct(inside)) <= 1


def _level(heading: Heading) -> int:
    return heading.level or LEVEL_OF_OTHERS


def _stretches(headings: Sequence[Heading], *, cell_count: int) -> Iterator[_Stretch]:
    for number, heading in enumerate(headings):
        following = headings[number + 1] if number + 1 < len(headings) else None
        end = cell_count if following is None else following.cell
        yield _Stretch(heading, tuple(range(heading.cell, max(end, heading.cell + 1))))


def _distinct(models: Sequence[Candidate]) -> list[_Owned]:
    """One model for each kind of layers: where several have the same, the last one counts, as in the matching."""
    groups: dict[str, list[Candidate]] = {}
    for model in models:
        groups.setdefault(model.plain.words, []).append(model)
    return [_Owned(group[-1], alike=len(group) - 1) for group in groups.values()]


def _of_stretch(
    stretch: _Stretch, owned: Sequence[_Owned], *, cells: Sequence[CellRun]
) -> Iterator[tuple[int, Planned]]:
    heading = stretch.heading
    planned = Planned(
        id="",
        title=heading.text,
        task=_task(cells[heading.cell], heading),
        cells=stretch.cells,
        bonus=_is_bonus(heading.text),
    )
    if not owned:
        yield heading.cell, planned
        return
    yield heading.cell, _owning(planned, owned[0])
    for number, more in enumerate(owned[1:], start=2):
        title = f"Model {number} of it: {_short(more.model)}"
        note = f'Another model that is trained below "{heading.text}". It is found by its layers; name its heading.'
        yield (
            heading.cell,
            _owning(Planned(id="", title=title, is_headed=False, bonus=planned.bonus, notes=(note,)), more),
        )


def _of_model(owned: _Owned, *, number: int) -> Planned:
    title = f"Model {number}: {_short(owned.model)}"
    note = "This model has no heading of its own: it is found by its layers. Give the worksheet's heading as the title."
    return _owning(Planned(id="", title=title, is_headed=False, notes=(note,)), owned)


def _owning(planned: Planned, owned: _Owned) -> Planned:
    form, notes = form_of(owned.model.record, owned.model.plain)
    if owned.alike:
        said = f"{owned.alike + 1} models of these layers are trained here; this section judges the last of them."
        notes = (said, *notes)
    return replace(planned, model=owned.model, alike=owned.alike, form=form, notes=(*planned.notes, *notes))


def _short(model: Candidate) -> str:
    plain = model.plain
    return in_short([str(plain.inputs)] if plain.inputs else [], [layer.words for layer in plain.layers])


def _task(cell: CellRun, heading: Heading) -> str:
    """What the heading's own cell says below it."""
    if cell.kind != "markdown":
        return ""
    blocks = paragraphs(cell.source)
    at = next((number for number, block in enumerate(blocks) if heading.text in " ".join(block.split())), 0)
    below = blocks[at + 1 :]
    end = next((number for number, block in enumerate(below) if block.lstrip().startswith("#")), len(below))
    return "\n".join(below[:end])


def _is_bonus(text: str) -> bool:
    words = set(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))
    return bool(words & BONUS)


def _with_ids(planned: Sequence[Planned]) -> list[Planned]:
    taken: set[str] = set()
    found: list[Planned] = []
    for number, one in enumerate(planned, start=1):
        name = next(name for name in _names(one, number=number) if name not in taken)
        taken.add(name)
        found.append(replace(one, id=name))
    return found


def _names(planned: Planned, *, number: int) -> Iterator[str]:
    """Ids that a section may have, the best first."""
    label = label_of(planned.title)
    if label.word and label.number is not None:
        word = _ascii(label.word)
        yield f"{'ex' if word.startswith('ex') else word}{label.number}" if word else f"section{label.number}"
    plain = [_ascii(word) for word in label.title if word not in _LITTLE_WORDS]
    words = [word for word in plain if len(word) > 2 and not word.isdigit()]
    if words:
        name = "-".join(words[:_WORDS_OF_ID])
        yield name if name[0].isalpha() else f"s-{name}"
    base = f"section{number}"
    yield base
    yield from (f"{base}-{again}" for again in range(2, 1000))


def _ascii(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)
