"""A submission of week 9 as synthetic evidence, section by section, so that tests can leave out or spoil any."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from builders import Notebook, dense, dropout, make_compile

from grader.matching import match
from grader.records import LayerRecord, SectionMatch
from grader.rubric import Rubric, load_rubric

RUBRIC_FILE = Path(__file__).parents[1] / "rubrics" / "week09.yaml"

LAYERS: dict[str, tuple[LayerRecord, ...]] = {
    "ex1": (dense(1, "sigmoid"),),
    "ex3": (dense(2, "relu"), dense(1, "sigmoid")),
    "ex4": (dense(128, "relu"), dense(10, "softmax")),
    "ex6": (dense(128, "relu"), dense(128, "relu"), dense(10, "softmax")),
    "deep": (*(dense(128, "relu") for _ in range(10)), dense(10, "softmax")),
    "dropout": (*(layer for _ in range(10) for layer in (dense(128, "relu"), dropout(0.2))), dense(10, "softmax")),
}
OWNERS = {"ex2": "ex1", "ex5": "ex4"}
SECTIONS = ("data", "ex1", "ex2", "ex3", "mnist", "ex4", "ex5", "ex6", "stop", "deep", "dropout")


@cache
def rubric() -> Rubric:
    """Week 9's rubric, without the reference's spread."""
    return load_rubric(RUBRIC_FILE, with_calibration=False)


def title(section: str) -> str:
    """A section's printed heading."""
    return rubric().section(section).title


def printed(section: str) -> str:
    """The cell that opens a section, as it was handed out."""
    return f"#### {title(section)}"


def inputs(section: str) -> tuple[int, ...]:
    """The shape of one row of a section's model."""
    return (2,) if section in {"ex1", "ex2", "ex3"} else (784,)


class Worksheet(Notebook):
    """A notebook whose sections are written one by one; ``models`` maps a section to the id of the model it trained."""

    def __init__(self) -> None:
        super().__init__()
        self.model_of: dict[str, str] = {}

    def write(self, sections: Iterable[str] = SECTIONS, *, heading: Callable[[str], str | None] = printed) -> Worksheet:
        """Writes honest sections, each under its heading; None leaves the heading out."""
        for section in sections:
            text = heading(section)
            if text is not None:
                self.markdown(text)
            self.answer(section)
        return self

    def answer(self, section: str) -> None:
        """Writes the cells of an honest answer to a section."""
        if section in LAYERS:
            self.train(section)
        elif section in OWNERS and OWNERS[section] in self.model_of:
            self.code("model.evaluate()")
            self.evaluate(self.model_of[OWNERS[section]])
        elif section == "stop":
            self.markdown("The deeper network overfits sooner, so I would stop after four epochs.")
        else:
            self.code("x = load()")

    def train(self, section: str, *layers: LayerRecord, **fields: Any) -> str:
        """Builds and fits the section's model, or one of these layers, in two cells."""
        self.code("model = build()")
        model = self.model(*(layers or LAYERS[section]), inputs=inputs(section))
        loss = "binary_crossentropy" if inputs(section) == (2,) else "categorical_crossentropy"
        self.compile(model, loss=loss)
        self.code("model.fit(x, y)")
        self.fit(model, **{"epochs": 20 if section in {"deep", "dropout"} else 10, **fields})
        self.model_of[section] = model
        return model

    def matched(self) -> dict[str, SectionMatch]:
        """What week 9's rubric makes of it."""
        return match(rubric(), self.evidence())


__all__ = ["LAYERS", "SECTIONS", "Worksheet", "make_compile", "printed", "rubric", "title"]
