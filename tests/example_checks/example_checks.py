"""A course's own check: a word that a section must print."""

from __future__ import annotations

from pydantic import Field

from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, passed
from grader.judging.views import SectionView
from grader.records import CheckResult


class PrintedWordParams(Params):
    """Parameters of `printed_word`."""

    word: str = Field(min_length=1, description="what must be printed")
    or_in: SectionId | None = Field(None, description="section that may print it instead")


@check("printed_word", params=PrintedWordParams)
def printed_word(section: SectionView, params: PrintedWordParams) -> CheckResult:
    """A cell of the section prints the word asked for."""
    sections = [section] if params.or_in is None else [section, section.of(params.or_in)]
    words: Words = {"required": "a printed word", "expected": params.word, "basis": "claimed"}
    found = tuple(cell.index for one in sections for cell in one.cells if params.word in cell.printed)
    if found:
        return passed(f"The word {params.word} is printed.", words, cells=found, yours=params.word)
    return failed(f"The word {params.word} is not printed.", words, next_step=f"Print {params.word}.")
