"""The figures that a calibration holds are those that the checks compare with it."""

from __future__ import annotations

import math

from builders import Notebook, dense, make_measurement

from grader.judging.measured import calibration_figures, section_figures
from grader.records import SectionMatch


def two_sections() -> tuple[Notebook, dict[str, SectionMatch]]:
    book = Notebook()
    book.code("fits")
    for number in (1, 2):
        model = book.model(dense(10, "softmax"))
        book.fit(model, history={"loss": (0.5, 0.2, 0.1), "val_loss": (0.4, 0.3, 0.1 * number + 0.2)})
    matches = {
        name: SectionMatch(section=name, cells=(0,), model=f"m{i}", fits=(f"f{i}",))
        for i, name in ((1, "deep"), (2, "dropout"))
    }
    return book, matches | {"text": SectionMatch(section="text")}


def measured() -> list[object]:
    parts = {"train": 0.1, "validation": 0.3, "test": 0.2}
    return [
        make_measurement(probe, weights=f"w{i}", model=f"m{i}", loss=loss * i, accuracy=0.9 + i / 100)
        for i in (1, 2)
        for probe, loss in parts.items()
    ] + [make_measurement("test_shifted", weights="w1", accuracy=0.8, loss=math.nan)]


def test_every_figure_of_a_section_is_there() -> None:
    """Parts, gaps, their differences and the onset of overfitting; what is no number is left out."""
    book, matches = two_sections()
    view = book.view(matching=matches, measured=measured()).of("deep")
    figures = section_figures(view, compared_to="dropout")
    assert {name: round(value, 6) for name, value in figures.items()} == {
        "train_loss": 0.1, "train_accuracy": 0.91, "validation_loss": 0.3, "validation_accuracy": 0.91,
        "test_loss": 0.2, "test_accuracy": 0.91, "shifted_accuracy": 0.8, "gap": 0.2, "test_gap": 0.1,
        "gap_difference": -0.2, "test_gap_difference": -0.1, "overfitting_onset": 2.0,
    }  # fmt: skip


def test_a_calibration_names_figures_by_section() -> None:
    """Sections without a model have none; only named pairs have differences."""
    book, matches = two_sections()
    view = book.view(matching=matches, measured=measured())
    figures = calibration_figures(
        matching=matches,
        evidence=view.evidence,
        measurements=view.measurements,
        read=view.read,
        gap_pairs={"dropout": "deep"},
    )
    assert {name.split(".")[0] for name in figures} == {"deep", "dropout"}
    assert round(figures["dropout.gap_difference"], 6) == 0.2
    assert "deep.gap_difference" not in figures
