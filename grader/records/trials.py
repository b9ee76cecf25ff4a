"""Edits of a student's own calls, trainings repeated with them, and the hints that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import JsonValue

from grader.records.base import SCHEMA_VERSION, Record, SchemaVersion, Sha256, digest
from grader.records.evidence import FitRecord
from grader.records.measurements import Measurement
from grader.records.models import ModelRecord

EditKind = Literal[
    "set_value",
    "add_layer",
    "remove_layer",
    "unfreeze",
    "loss",
    "optimizer",
    "metrics",
    "learning_rate",
    "epochs",
    "batch_size",
    "validation_split",
    "callback",
    "class_weight",
]
HintLevel = Literal["off", "location", "direction", "edit"]
"""How much of a proved edit a student is told: nothing, where it is, which way it goes, or the edit itself."""


class Edit(Record):
    """One change of a call that builds, compiles or trains a model.

    Attributes:
        place: Of ``set_value`` and ``remove_layer``: the layer, as an index of `ModelRecord.layers`; of ``add_layer``:
            the one that it comes in front of, their number for the end.
        name: The value of ``set_value``; the class of a layer, optimizer or callback.
        value: The new value; for ``add_layer``, ``optimizer`` and ``callback`` the arguments.
        before: What stood there, for the reader; None where nothing did.
    """

    kind: EditKind
    place: int | None = None
    name: str = ""
    value: JsonValue = None
    before: JsonValue = None

    @property
    def call(self) -> Literal["model", "compile", "fit"]:
        """The call that it changes."""
        if self.kind in {"set_value", "add_layer", "remove_layer", "unfreeze"}:
            return "model"
        return "compile" if self.kind in {"loss", "optimizer", "metrics", "learning_rate"} else "fit"


def edited_layers(count: int, edits: Sequence[Edit]) -> Iterator[Edit | int]:
    """The layers of a model after edits, in order: those that are added, and the places of those that stay.

    Args:
        count: How many layers there are before.
        edits: Those of other calls are passed over.
    """
    removed = {edit.place for edit in edits if edit.kind == "remove_layer"}
    for place in range(count + 1):
        yield from (edit for edit in edits if edit.kind == "add_layer" and edit.place == place)
        if place < count and place not in removed:
            yield place


def values_set(place: int, edits: Iterable[Edit]) -> dict[str, JsonValue]:
    """What edits set of a layer, name to new value."""
    return {edit.name: edit.value for edit in edits if edit.kind == "set_value" and edit.place == place}


class TrialRun(Record):
    """A training repeated with edits, from one start.

    Attributes:
        seed: Of the initial weights; None for the recorded ones.
        model: As it came out, under the id of the original; likewise ``fit`` and ``measured``.
    """

    seed: int | None
    model: ModelRecord
    fit: FitRecord
    measured: tuple[Measurement, ...] = ()


class Trial(Record):
    """What became of a training that was repeated with edits.

    Attributes:
        runs: From several starts; none where it could not be repeated.
        why: Why it could not, a sentence.
        is_infrastructure: True where our own trial ended: it is made again next time.
    """

    model: str
    fit: str
    edits: tuple[Edit, ...]
    runs: tuple[TrialRun, ...] = ()
    why: str = ""
    is_infrastructure: bool = False

    @property
    def key(self) -> Sha256:
        """The same for the same edits of the same training."""
        return edits_key(self.fit, self.edits)


class Trials(Record):
    """``trials.json``: every training of one submission that was repeated with edits.

    Attributes:
        of: Digest of the evidence, data sets, environment and code that they were made with.
        settled: Digest of what decides which edits are tried, where nothing was left to try; else empty.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    of: str = ""
    settled: str = ""
    trials: tuple[Trial, ...] = ()

    def find(self, fit: str, edits: tuple[Edit, ...]) -> Trial | None:
        """The trial of these edits of a training, or None."""
        key = edits_key(fit, edits)
        return next((trial for trial in self.trials if trial.key == key), None)


class Hint(Record):
    """Edits of one model after which criteria that were lost are passed, proved by repeating its training.

    Attributes:
        sections: Those whose model it is.
        criteria: What is passed then, and was lost.
        cells: Where the edits belong, as indices of the notebook's cells.
        text: For the tutor: the edits, and what was measured.
        released: For the student, as far as the rubric lets it be said; empty where it does not.
        runs: How many repeated trainings proved it.
    """

    model: str
    fit: str
    sections: tuple[str, ...]
    criteria: tuple[str, ...]
    edits: tuple[Edit, ...]
    cells: tuple[int, ...] = ()
    text: str
    released: str = ""
    runs: int


def edits_key(fit: str, edits: tuple[Edit, ...]) -> Sha256:
    """A digest over a training and what is changed of it."""
    return digest([fit, [edit.model_dump(mode="json", exclude={"before"}) for edit in edits]])
