"""What a section lacks, and why: no model of its own, a model that was never trained, another section's model again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.attribution import BROKEN, Cause
from grader.cell_code import has_conflict_marks, is_code_as_text, libraries
from grader.judging.views import SectionView
from grader.limits import MAX_ERROR_CHARACTERS
from grader.records import CellRun, FitRecord, SectionMatch

_BEFORE_COLON = re.compile(r"^[^:\-\u2013\u2014]{1,40}?(?=\s*[:\-\u2013\u2014])")
_MODEL_CODE = re.compile(r"\b(?:fit|train_on_batch|Sequential|Model|GradientTape)\s*\(")
_TAG = re.compile(r"\s*\([^)]*\)")


def section_name(section: str, matching: Mapping[str, SectionMatch]) -> str:
    """A section as a sentence names it: ``exercise 1``; with its title where that alone is not clear."""
    title = matching[section].title if section in matching else section
    short = short_title(title)
    if not short:
        return f'"{title or section}"'
    name = short[0].lower() + short[1:]
    titles = [match.title for match in matching.values()]
    if [short_title(other) for other in titles].count(short) == 1:
        return name
    return f"{name} ({title.partition(':')[2].strip() or title})"


def short_title(title: str) -> str:
    """The part of a title before its colon, tags in brackets left out: ``Exercise 1``; empty where there is none."""
    before = _BEFORE_COLON.match(title)
    return _TAG.sub("", before.group()).strip() if before else ""


def is_training(fit: FitRecord) -> bool:
    """Whether a fit trained at all, if only for a step."""
    return bool(fit.epochs_run or fit.steps or fit.history)


def borrowed_model(section: SectionView) -> str | None:
    """The section whose model was fitted again in this section's cells; None where none was."""
    for fit in reversed(section.here(section.evidence.fits)):
        if fit.model == section.match.model or not is_training(fit):
            continue
        for name, match in section.matching.items():
            if match.model == fit.model and match.borrowed_from is None and name != section.match.section:
                return name
    return None


def why_no_model(section: SectionView) -> str:
    """One or two sentences on why the section has no model that was trained."""
    owner = borrowed_model(section)
    if owner is not None:
        return f"No new model was trained here; the model of {section_name(owner, section.matching)} was fitted again."
    of_other = section.match.borrowed_from
    where = "this section" if of_other is None else section_name(of_other, section.matching)
    reason = _why_not_run(section)
    if reason:
        return f"No model was trained in {where}, because {reason}."
    if not section.evidence.models:
        return _no_keras(section)
    if section.match.model is not None:
        return f"A model was built in {where}, but it was never trained."
    if not section.match.cells:
        return "This section was not found in the notebook, and no model that would answer it."
    return f"No model was trained in {where}."


def _why_not_run(section: SectionView) -> str:
    """What kept the code of a section from running, as part of a sentence; empty where nothing did."""
    as_text = code_as_text(section)
    if as_text is not None:
        return f"cell {as_text.index + 1} is a text cell that holds code"
    failed = first_failure(section)
    return "" if failed is None else what_failed(failed, section.attribution.causes.get(failed.index))


def code_as_text(section: SectionView) -> CellRun | None:
    """The first text cell that holds code of a model, of the section that owns the model before one that speaks of it.

    A text of the handed-out notebook is none: it may show how something is written.
    """
    texts = (cell for one in _owner_first(section) for cell in one.cells if _MODEL_CODE.search(cell.source))
    return next((cell for cell in texts if is_code_as_text(cell) and not _is_handed_out(section, cell)), None)


def own_failure(section: SectionView) -> str:
    """A sentence on the section's first cell that failed by the student's doing; empty where none did.

    Of a criterion that speaks of the whole notebook nothing is said: its own failures are another criterion's.
    """
    if len(section.match.cells) == len(section.evidence.cells):
        return ""
    cell = next((cell for cell in section.cells if cell.index in section.attribution.own_errors), None)
    if cell is not None:
        text = what_failed(cell, section.attribution.causes.get(cell.index))
        return f"{text[:1].upper()}{text[1:]}."
    texts = (cell for cell in section.cells if is_code_as_text(cell) and not _is_handed_out(section, cell))
    return next((f"Cell {cell.index + 1} is a text cell that holds code." for cell in texts), "")


def first_failure(section: SectionView) -> CellRun | None:
    """The first cell that did not run to its end, of the section that owns the model before that which speaks of it."""
    broken = (cell for one in _owner_first(section) for cell in one.cells if cell.status in BROKEN)
    return next(broken, None)


def what_failed(cell: CellRun, cause: Cause | None) -> str:
    """What happened to a cell, as part of a sentence: ``cell 7 raised NameError: ...``.

    Args:
        cell: One that did not run to its end.
        cause: Of its error, where it is known: what to write instead of an old API is told.
    """
    name = f"cell {cell.index + 1}"
    if cell.error is not None and has_conflict_marks(cell.source):
        return f"{name} holds the marks of an unfinished merge (<<<<<<< and >>>>>>>)"
    if cell.error is not None:
        value = cell.error.value.strip().splitlines()[0][:MAX_ERROR_CHARACTERS] if cell.error.value.strip() else ""
        raised = f"{name} raised {cell.error.name}" + (f": {value.rstrip('.')}" if value else "")
        instead = cause.detail.rstrip(".") if cause is not None and cause.kind == "removed_api" else ""
        return f"{raised} ({instead})" if instead else raised
    return {
        "timeout": f"{name} ran into its time limit",
        "died": f"the kernel ended in {name}",
        "not_run": f"{name} was not reached: the run had ended before",
    }.get(cell.status, f"{name} did not run to its end")


def fix_for(section: SectionView) -> str:
    """The next step to a trained model: fix the cell that failed, train what was built, or build it."""
    as_text = code_as_text(section)
    if as_text is not None:
        return f"Make cell {as_text.index + 1} a code cell, then run the notebook from the top in a fresh kernel."
    cell = first_failure(section)
    if cell is not None and cell.error is not None:
        return f"Fix cell {cell.index + 1}, then run the notebook from the top in a fresh kernel."
    if section.model is not None and borrowed_model(section) is None:
        return "Train the model that you built, with fit."
    return "Build the model that the task asks for, compile it, and train it with fit."


def _is_handed_out(section: SectionView, cell: CellRun) -> bool:
    return cell.source.strip() in {text.strip() for text in section.submission.template_texts}


def _owner_first(section: SectionView) -> list[SectionView]:
    owner = section.match.borrowed_from
    return [section.of(owner), section] if owner is not None and owner in section.matching else [section]


def _no_keras(section: SectionView) -> str:
    used = [name for name in libraries(section.evidence.cells) if name not in {"Keras", "TensorFlow", "scikit-learn"}]
    if used:
        return f"No Keras model was found; the notebook uses {' and '.join(used)}."
    return "No Keras model was found in the notebook."
