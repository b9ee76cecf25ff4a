"""A notebook as its writer sees it: headings, questions, answers and code, to be rewritten one habit at a time."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from grader.matching.headings import label_of, title_likeness
from grader.records import Evidence, SectionMatch
from grader.rubric import Rubric

if TYPE_CHECKING:
    from nbformat import NotebookNode


Role = Literal["heading", "own heading", "question", "answer", "text"]

_FENCE = re.compile(r"^(```|~~~)", re.MULTILINE)
_TITLE = re.compile(
    r"^(?P<word>[^\W\d_]+)?\s*(?P<number>\d+)?\s*(?P<tag>\((?:CORE|EXTRA)\))?\s*[:.\-]*\s*(?P<title>.*)$", re.DOTALL
)


@dataclass
class Title:
    """A section's heading taken apart.

    Attributes:
        word: ``Exercise`` or ``Part``; empty for none.
        number: Empty for none.
        tag: ``(CORE)`` or ``(EXTRA)``; empty for none.
    """

    word: str
    number: str
    tag: str
    title: str

    @property
    def text(self) -> str:
        """The heading's words, as the worksheets write them."""
        label = " ".join(part for part in (self.word, self.number, self.tag) if part)
        return ": ".join(part for part in (label, self.title) if part)


@dataclass
class Block:
    """A paragraph of Markdown, or a heading.

    Attributes:
        section: The section whose heading this is, or that it stands in; empty for none.
        title: Of a section's heading.
    """

    role: Role
    text: str
    section: str = ""
    title: Title | None = None


@dataclass
class Cell:
    """A cell.

    Attributes:
        kind: As in the notebook's file.
        blocks: What a cell of words holds.
        code: What a code cell holds.
        origin: Index of the original's code cell that this is; None for a cell that the original lacks.
        section: As of `Block.section`.
        printed: What a code cell prints in front of what the original's prints (known without a run).
        reprinted: How what the original's cell printed reads now, line by line; unchanged lines are left out.
        outputs: Stored outputs; None where those of the original stay.
    """

    kind: Literal["code", "markdown", "raw"]
    blocks: list[Block] = field(default_factory=list)
    code: str = ""
    origin: int | None = None
    section: str = ""
    printed: str = ""
    reprinted: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    outputs: list[Any] | None = None

    @property
    def source(self) -> str:
        """What stands in the notebook."""
        return self.code if self.kind == "code" else "\n\n".join(block.text for block in self.blocks)

    @property
    def is_plain(self) -> bool:
        """Whether it is a code cell without a line for IPython alone."""
        return self.kind == "code" and not re.search(r"^\s*[%!?]|^pip ", self.code, re.MULTILINE)


@dataclass
class Page:
    """A notebook under rewriting.

    Attributes:
        original: As it was read; its outputs are those of the file that was handed in.
        evidence: Of the original's run.
        metadata: Of the notebook.
    """

    original: NotebookNode
    rubric: Rubric
    cells: list[Cell]
    evidence: Evidence
    metadata: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Page:
        """Another one to be rewritten."""
        return copy.deepcopy(self, {id(item): item for item in (self.original, self.rubric, self.evidence)})

    def printed(self, cell: Cell) -> str:
        """What a code cell of the original printed; nothing for a new one."""
        return "" if cell.origin is None else self.evidence.cells[cell.origin].printed

    def headings(self) -> list[Block]:
        """The headings of sections, in order."""
        return [block for cell in self.cells for block in cell.blocks if block.role == "heading"]

    def answers(self) -> Iterator[tuple[Cell, Block]]:
        """The students' words, in order."""
        for cell in self.cells:
            yield from ((cell, block) for block in cell.blocks if block.role == "answer")

    def code_cells(self, section: str | None = None) -> list[Cell]:
        """The code cells, of a section or of all."""
        return [cell for cell in self.cells if cell.kind == "code" and section in {None, cell.section}]

    def index(self, wanted: Cell) -> int:
        """Where a cell stands."""
        return next(at for at, cell in enumerate(self.cells) if cell is wanted)

    def add(self, *cells: Cell, before: Cell | None = None, behind: Cell | None = None) -> None:
        """Puts cells in front of one or behind one; at the end where none is named."""
        at = self.index(before) if before is not None else len(self.cells)
        at = self.index(behind) + 1 if behind is not None else at
        self.cells[at:at] = cells

    def tidy(self) -> None:
        """Takes out the cells of words that hold none any more."""
        self.cells = [cell for cell in self.cells if cell.kind == "code" or cell.blocks]

    def notebook(self) -> NotebookNode:
        """The notebook as it is now, valid as a file."""
        from nbformat import from_dict, v4  # noqa: PLC0415 - slow to load

        cells = []
        for number, cell in enumerate(self.cells):
            known = {"source": cell.source, "metadata": copy.deepcopy(cell.metadata), "id": f"cell-{number}"}
            if cell.kind == "code":
                old = [] if cell.origin is None else self.original.cells[cell.origin].get("outputs", [])
                outputs = from_dict(copy.deepcopy(old if cell.outputs is None else cell.outputs))
                cells.append(v4.new_code_cell(outputs=outputs, **known))
            else:
                cells.append((v4.new_markdown_cell if cell.kind == "markdown" else v4.new_raw_cell)(**known))
        return v4.new_notebook(cells=cells, metadata=copy.deepcopy(self.metadata))


def read_page(
    notebook: NotebookNode,
    *,
    rubric: Rubric,
    matching: Mapping[str, SectionMatch],
    evidence: Evidence,
    questions: frozenset[str] = frozenset(),
) -> Page:
    """Takes a notebook apart.

    Args:
        notebook: An honest one.
        rubric: Its assignment's.
        matching: Where its sections are.
        evidence: Of its run.
        questions: Paragraphs of the worksheet, normalised by `plain`.
    """
    headed: dict[int, list[str]] = {}
    for name, match in matching.items():
        if match.heading_cell is not None:
            headed.setdefault(match.heading_cell, []).append(name)
    titles = {section.id: section.title for section in rubric.sections}
    cells, section = list[Cell](), ""
    for index, given in enumerate(notebook.cells):
        cell = Cell(given.cell_type, metadata=dict(given.metadata), section=section)
        if given.cell_type == "code":
            cell.code, cell.origin = given.source, index
        else:
            cell.blocks = _blocks(given.source, questions=questions)
            found = _sections({name: titles[name] for name in headed.get(index, ())}, cell.blocks)
            for block in cell.blocks:
                is_heading = block.role == "own heading"
                section = found.get(id(block), "") if is_heading else section
                block.section = section
                if is_heading and section:
                    block.role, block.title = "heading", _title(block.text)
                elif is_heading or (not section and block.role == "answer"):
                    block.role = "text"
            cell.section = section
        cells.append(cell)
    return Page(notebook, rubric, cells, evidence, metadata=dict(notebook.metadata))


def plain(text: str) -> str:
    """A paragraph's words alone, for comparison."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def paragraphs_of(notebook: NotebookNode) -> Iterator[str]:
    """The paragraphs below the headings of a worksheet, each normalised."""
    for cell in notebook.cells:
        blocks = _blocks(cell.source, questions=frozenset()) if cell.cell_type == "markdown" else []
        if blocks and blocks[0].role == "own heading":
            yield from (plain(block.text) for block in blocks[1:])


def _blocks(source: str, *, questions: Iterable[str]) -> list[Block]:
    texts = [source] if _FENCE.search(source) else re.split(r"\n\s*\n", source.strip("\n"))
    blocks = [Block("answer", text) for text in texts if text.strip()]
    for block in blocks:
        if re.match(r"#{1,6}\s", block.text) and "\n" not in block.text:
            block.role = "own heading"
        elif plain(block.text) in questions:
            block.role = "question"
    return blocks


def _sections(titles: Mapping[str, str], blocks: Iterable[Block]) -> dict[int, str]:
    """Which of a cell's headings is which section's."""
    headings = [block for block in blocks if block.role == "own heading"]
    found: dict[int, str] = {}
    for name, title in titles.items():
        free = [block for block in headings if id(block) not in found]
        if free:
            best = max(free, key=lambda block: title_likeness(label_of(block.text).title, label_of(title).title))
            found[id(best)] = name
    return found


def _title(heading: str) -> Title:
    words = re.sub(r"^[\W_]+", "", heading)
    match = _TITLE.match(words)
    parts = match.groupdict() if match is not None else {}
    if parts.get("number") and (parts["word"] or "").casefold() in {"", "exercise", "part"}:
        return Title(parts["word"] or "", parts["number"], parts["tag"] or "", parts["title"])
    tagged = re.match(r"(Exercise)\s+(\((?:CORE|EXTRA)\)):\s*(.*)", words)
    return Title(tagged[1], "", tagged[2], tagged[3]) if tagged is not None else Title("", "", "", words)
