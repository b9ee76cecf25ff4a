"""Whether a model was trained on the data that it should have been."""

from __future__ import annotations

from dataclasses import dataclass

from grader.judging.subject import share_left_out
from grader.judging.views import SectionView
from grader.records import FitRecord
from grader.training.rows_of_fits import arrays_of, hashes, share_within, test_rows_in, width
from grader.training.thresholds import THRESHOLDS


@dataclass(frozen=True)
class DataProblem:
    """What is wrong with the data of a fit, and what to do about it."""

    text: str
    step: str


def wrong_data(section: SectionView, *, data_set: str | None, data_of: str | None) -> DataProblem | None:
    """What is wrong with the data that the section's model was trained on; None where nothing is known to be.

    Args:
        section: Whose model it is.
        data_set: The data set whose training part it should be; None for any.
        data_of: The section whose arrays it should be; None for any.
    """
    for fit in section.fits:
        leak = _test_rows(section, fit) or _little_of_the_table(section)
        if leak is not None:
            return leak
        if data_set is not None:
            problem = _not_the_data_set(section, fit, name=data_set)
            if problem is not None:
                return problem
        if data_of is not None:
            problem = _not_of_section(section, fit, section_id=data_of)
            if problem is not None:
                return problem
    return None


def trained_elsewhere(section: SectionView, *, data_set: str | None = None) -> str | None:
    """Why the section's model has no figures on a data set: it was trained on other rows. None where it may have been.

    Args:
        section: Whose model it is.
        data_set: Keras's name of the data set; None for the one that the notebook loaded.
    """
    name = data_set or (section.data_set.name if section.data_set is not None else None)
    if name is None or not section.fits:
        return None
    problems = [_not_the_data_set(section, fit, name=name) for fit in section.fits]
    return problems[-1].text if all(problems) and problems[-1] is not None else None


def _test_rows(section: SectionView, fit: FitRecord) -> DataProblem | None:
    share = test_rows_in(section.submission, fit.x)
    if share is None or share <= THRESHOLDS.share_of_chance:
        return None
    text = f"{100 * share:.0f} % of the test images are among the rows that the model was trained on."
    return DataProblem(text, "Train on the training part alone, and keep the test part for the end.")


def _little_of_the_table(section: SectionView) -> DataProblem | None:
    """Of a table, which has no official parts, a training on the small one: often the test rows themselves."""
    train, left = section.measurement("train"), share_left_out(section)
    if train is None or not train.of_rows or left is None or left <= THRESHOLDS.least_share_of_rows:
        return None
    text = f"The model was trained on {train.rows:,} of the table's {train.of_rows:,} rows, and"
    step = "Train on the large part of the table, and keep the small one for the end."
    return DataProblem(f"{text} {100 * left:.0f} % of them were left out.", step)


def _not_the_data_set(section: SectionView, fit: FitRecord, *, name: str) -> DataProblem | None:
    use = next((item for item in section.evidence.data_sets if item.name == name), None)
    if use is None or not fit.x.rows:
        return None
    step = f"Train on the training part of {name}."
    if not use.loaded:
        return DataProblem(f"The notebook did not load {name}, which the model should be trained on.", step)
    rows = rows_of(fit)
    loaded = [item.array for item in section.evidence.arrays if item.array.rows == use.train_rows]
    widths = {width(array) for array in loaded if len(array.shape) > 2}
    if widths and width(fit.x) not in widths and rows != use.train_rows:
        return DataProblem(
            f"The model was trained on rows of {width(fit.x)} numbers, which are not those of {name}.", step
        )
    if rows < THRESHOLDS.least_share_of_rows * use.train_rows:
        text = f"The model was trained on {rows:,} rows, validation included; the training part of {name} has"
        return DataProblem(f"{text} {use.train_rows:,}.", step)
    return None


def _not_of_section(section: SectionView, fit: FitRecord, *, section_id: str) -> DataProblem | None:
    """A fit's rows against a section's arrays: by their hashes, else (scaled, shuffled) by how many they are."""
    arrays = arrays_of(section.submission, section_id, row_width=width(fit.x))
    if not arrays or not fit.x.rows:
        return None
    shares = [
        share_within(hashes(section.submission, fit.x), hashes(section.submission, array)) or 0.0 for array in arrays
    ]
    theirs = [array for array, share in zip(arrays, shares, strict=True) if share >= THRESHOLDS.least_share_of_rows]
    rows, most = rows_of(fit), (theirs or arrays)[0].rows
    if theirs and rows < THRESHOLDS.least_share_of_rows * most:
        text = f"The model was trained on {rows:,} of the {most:,} rows that were made before, validation included."
        return DataProblem(text, "Train on all of the rows that you made for this task.")
    if theirs or THRESHOLDS.least_share_of_rows * most <= rows <= most:
        return None
    text = f"The model was trained on {rows:,} rows that are not those made before; there are {most:,} of them."
    return DataProblem(text, "Train on the arrays that you made for this task.")


def rows_of(fit: FitRecord) -> int:
    """Rows that a fit was given, those held out for its validation included."""
    held = fit.validation.x.rows if fit.validation is not None else 0
    return max(fit.rows_given, fit.x.rows + held)
