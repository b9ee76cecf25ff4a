"""What a section lacks, and why: no model of its own, a model that was never trained, another section's model again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.attribution import Attribution
from grader.cell_code import has_conflict_marks, is_code_as_text, libraries
from grader.judging.results import Words, blocked, needs_review
from grader.judging.views import SectionView, SubmissionView
from grader.limits import MAX_ERROR_CHARACTERS
from grader.records import CellRun, CheckResult, Evidence, FitRecord, SectionMatch

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
    failed, text = first_failure(section), code_in_text(section)
    of_other = section.match.borrowed_from
    where = "this section" if of_other is None else section_name(of_other, section.matching)
    if text is not None:
        return f"No model was trained in {where}, because cell {text.index + 1} is a text cell that holds code."
    if failed is not None:
        return f"No model was trained in {where}, because {what_failed(failed, section.attribution)}."
    if not section.evidence.models:
        return _no_keras(section.evidence)
    if section.match.model is not None:
        return f"A model was built in {where}, but it was never trained."
    nowhere = "This section was not found in the notebook, and no model that would answer it."
    return f"No model was trained in {where}." if section.match.cells else nowhere


def first_failure(section: SectionView) -> CellRun | None:
    """The first cell that failed by the student's doing; of the section that owns the model before any other."""
    return next((cell for one in _with_owner(section) if (cell := own_failure(one)) is not None), None)


def own_failure(section: SectionView) -> CellRun | None:
    """The first of the section's own cells that failed by the student's doing."""
    causes = section.attribution.causes
    cells = (cell for cell in section.cells if cell.index in causes)
    return next((cell for cell in cells if not causes[cell.index].is_infrastructure), None)


def code_in_text(section: SectionView) -> CellRun | None:
    """The first text cell that holds code of a model, of the section that owns the model before any other.

    A text of the handed-out notebook is none: it may show how something is written.
    """
    handed_out = {text.strip() for text in section.submission.template_texts}
    texts = (cell for one in _with_owner(section) for cell in one.cells if _MODEL_CODE.search(cell.source))
    return next((cell for cell in texts if is_code_as_text(cell) and cell.source.strip() not in handed_out), None)


def what_failed(cell: CellRun, attribution: Attribution) -> str:
    """What happened to a cell, as part of a sentence: ``cell 7 raised NameError: ...``.

    Args:
        cell: One that did not run to its end.
        attribution: Whose failure that is: what to write instead of an old API is said, and which cell ended the run.
    """
    name, cause = f"cell {cell.index + 1}", attribution.causes.get(cell.index)
    if cell.status == "not_run":
        return _why_not_run(cell, attribution)
    if cause is not None and cause.kind in {"ends_kernel", "command_line", "endless", "stopped"}:
        return cause.clause(cell.index)
    if cell.error is not None:
        value = cell.error.value.strip().splitlines()[0][:MAX_ERROR_CHARACTERS] if cell.error.value.strip() else ""
        raised = f"{name} raised {cell.error.name}" + (f": {value.rstrip('.')}" if value else "")
        if has_conflict_marks(cell.source):
            return f"{raised} (the marks of an unfinished merge stand in it)"
        instead = (
            cause.detail.rstrip(".") if cause is not None and cause.kind == "removed_api" and not cause.follows else ""
        )
        return f"{raised} ({instead})" if instead else raised
    return {
        "timeout": f"{name} ran into its time limit",
        "died": f"the kernel ended in {name}",
    }.get(cell.status, f"{name} did not run to its end")


def trained_anything(evidence: Evidence) -> bool:
    """Whether any model was trained in the notebook."""
    return any(is_training(fit) for fit in evidence.fits)


def lost_trainings(section: SectionView, text: str, words: Words) -> CheckResult | None:
    """The result where a training may be among the records that were lost, and the section has a model without one."""
    if section.match.model is None or not any(note.startswith("fit:") for note in section.evidence.truncated):
        return None
    return needs_review("infrastructure", f"{text} Our record of this run is not complete; a tutor will look.", words)


def nothing_trained_at_all(submission: SubmissionView) -> CheckResult:
    """The result of a criterion of the whole notebook where no model was trained in it."""
    evidence = submission.evidence
    text = "No model was trained in this notebook, so that there is nothing to judge as a whole."
    if evidence.truncated:
        return needs_review("infrastructure", f"{text} Our record of this run is not complete; a tutor will look.", {})
    step = "Build the models that the task asks for, and train them."
    return blocked(text, {}, yours="no trained model", next_step=step)


def _why_not_run(cell: CellRun, attribution: Attribution) -> str:
    """Which cell ended the run before this one was reached."""
    why = attribution.why_not_reached([cell.index])
    if why is None:
        return f"cell {cell.index + 1} was not reached: the run had ended before"
    return why[:1].lower() + why[1:].rstrip(".")


def fix_for(section: SectionView) -> str:
    """The next step to a trained model: fix the cell that failed, train what was built, or build it."""
    cell, text = first_failure(section), code_in_text(section)
    if text is not None:
        return f"Make cell {text.index + 1} a code cell, then run the notebook from the top in a fresh kernel."
    if cell is not None:
        return fix_of(cell, section.attribution)
    if section.model is not None and borrowed_model(section) is None:
        return "Train the model that you built, with fit."
    return "Build the model that the task asks for, compile it, and train it with fit."


def fix_of(cell: CellRun, attribution: Attribution) -> str:
    """The next step where a cell failed by the student's doing."""
    ended = attribution.ended_by
    if cell.status == "not_run" and ended is not None:
        return f"Fix cell {ended + 1}, so that the cells after it run."
    if has_conflict_marks(cell.source):
        return f"Keep one of the two versions in cell {cell.index + 1}, and delete the marks of the merge."
    return f"Fix cell {cell.index + 1}, then run the notebook from the top in a fresh kernel."


def _with_owner(section: SectionView) -> list[SectionView]:
    owner = section.match.borrowed_from
    return [section.of(owner), section] if owner in section.matching and owner is not None else [section]


def _no_keras(evidence: Evidence) -> str:
    used = [name for name in libraries(evidence.cells) if name not in {"Keras", "TensorFlow", "scikit-learn"}]
    if used:
        return f"No Keras model was found; the notebook uses {' and '.join(used)}."
    return "No Keras model was found in the notebook."
