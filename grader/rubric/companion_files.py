"""What lies beside a rubric and belongs to it: the reference's spread, and the handed-out template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from grader.calibration import Calibration, FitRanges, read_calibration
from grader.errors import UsageError
from grader.judging.bands import Within
from grader.judging.parameters import parts_of
from grader.limits import MAX_ATTACHED_BYTES, MAX_ATTACHMENTS, MAX_TEMPLATE_BYTES
from grader.rubric.models import Criterion, DataKind, Rubric, Section
from grader.rubric.relations import Listed, named_sections
from grader.text.prose import normalised, paragraphs

_KINDS: tuple[DataKind, ...] = ("full", "sample")


def read_calibrations(rubric: Rubric, problems: Listed) -> dict[DataKind, Calibration]:
    """The reference's spread on each kind of data, as far as the rubric needs it.

    One that holds for all data serves the kind that the rubric names no file for.
    """
    needing = criteria_of_spread(rubric)
    named = {"full": rubric.calibration.full, "sample": rubric.calibration.sample}
    found: dict[DataKind, Calibration] = {}
    if not any(named.values()):
        if needing:
            fix = f"Name its files under 'calibration', and make them with: grader calibrate {rubric.path}"
            problems.add((), f"criterion {needing[0]} needs the reference's spread, and there is no calibration. {fix}")
        return found
    for kind in _KINDS:
        if named[kind] is None:
            continue
        try:
            calibration = read_calibration(rubric.calibration_path(kind))
        except UsageError as error:
            if needing:
                why = (
                    f" Criterion {needing[0]} needs it." if len(needing) == 1 else f" {len(needing)} criteria need it."
                )
                problems.add(("calibration", kind), f"{error.found}{why} {_command(rubric, kind)}")
            continue
        _fits(calibration, rubric=rubric, kind=kind, problems=problems)
        found[kind] = calibration
    for calibration in list(found.values()):
        if calibration.holds_for_all_data:
            found = {**dict.fromkeys(_KINDS, calibration), **found}
    return found


def check_files(rubric: Rubric, problems: Listed) -> None:
    """That the files for every notebook are there, and fit beside one."""
    for number, one in enumerate(rubric.files):
        path = rubric.companion(one)
        if not path.exists():
            problems.add(("files", number), f"there is no file or folder {path}. Name one that lies beside the rubric.")
    files = rubric.laid_files
    size = sum(path.stat().st_size for path in files.values())
    if len(files) > MAX_ATTACHMENTS or size > MAX_ATTACHED_BYTES:
        limit = f"at most {MAX_ATTACHMENTS} files of {MAX_ATTACHED_BYTES // 2**20} MB together are laid"
        problems.add(("files",), f"they are {len(files)} files of {size / 2**20:.0f} MB; {limit}. Name fewer.")


def criteria_of_spread(rubric: Rubric) -> tuple[str, ...]:
    """The criteria with a band that is relative to the reference's spread."""
    return tuple(criterion.id for criterion in rubric.criteria if _bands(criterion.params))


def sections_of_spread(rubric: Rubric) -> tuple[str, ...]:
    """The sections whose figures those criteria are held against, in order."""
    named: set[str | None] = set()
    for section in rubric.sections:
        for criterion in section.criteria:
            if _bands(criterion.params):
                named |= _spoken_of(criterion, section)
    return tuple(section.id for section in rubric.sections if section.id in named)


def shown_curves(rubric: Rubric) -> dict[DataKind, dict[str, tuple[FitRanges, ...]]]:
    """The reference's curves that students may see, by data and section.

    None of a section of which a criterion, or what it must reach, is hidden.
    """
    hidden: set[str | None] = set()
    for section in rubric.sections:
        for criterion in section.criteria:
            if criterion.hide_band or criterion.visibility == "tutor":
                hidden |= _spoken_of(criterion, section)
    return {
        kind: {name: fits for name, fits in one.curves.items() if name not in hidden}
        for kind, one in rubric.calibrations.items()
    }


def _spoken_of(criterion: Criterion, section: Section) -> set[str | None]:
    """The sections whose figures a criterion may be held against."""
    figures = {band.figure.partition(".")[0] for band in _bands(criterion.params) if band.figure is not None}
    return {section.id, section.model_of, *named_sections(criterion), *figures}


def read_template(rubric: Rubric, problems: Listed) -> frozenset[str]:
    """The paragraphs of the handed-out template, normalised."""
    if rubric.template is None:
        return frozenset()
    if isinstance(rubric.template, str):
        texts = _template_file(rubric.companion(rubric.template), problems)
    else:
        texts = list(rubric.template)
    return frozenset(normalised(block) for text in texts for block in paragraphs(text))


def _template_file(path: Path, problems: Listed) -> list[str]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_TEMPLATE_BYTES).decode("utf-8-sig")
        return _cell_texts(json.loads(text)) if path.suffix == ".ipynb" else [text]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        problems.add(
            ("template",), f"the template {path} cannot be read ({why}). Name a notebook or a text, or leave it out."
        )
        return []


def _cell_texts(notebook: dict[str, Any]) -> list[str]:
    texts = []
    for cell in notebook["cells"]:
        source = cell.get("source", "")
        texts.append(source if isinstance(source, str) else "".join(source))
    return texts


def _fits(calibration: Calibration, *, rubric: Rubric, kind: DataKind, problems: Listed) -> None:
    place = ("calibration", kind)
    if calibration.data != kind and not calibration.holds_for_all_data:
        problems.add(place, f"it was made on the {calibration.data} data. {_command(rubric, kind)}")
    for criterion in rubric.criteria:
        for band in _bands(criterion.params):
            if band.figure is not None and band.figure not in calibration.figures:
                text = f"criterion {criterion.id} asks for the figure {band.figure!r}, which it does not hold."
                problems.add(place, f"{text} {_command(rubric, kind)}")


def _command(rubric: Rubric, kind: DataKind) -> str:
    return f"Make it with: grader calibrate {rubric.path} --data {kind}"


def _bands(params: BaseModel) -> list[Within]:
    return list(parts_of(params, Within))
