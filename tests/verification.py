"""A small data set with the form of MNIST, and evidence about it as the recorder would leave it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.datasets import DataSets, resolve
from grader.execution.recorder import summary
from grader.records import (
    ArraySummary,
    CompileRecord,
    EvaluationRecord,
    Evidence,
    FitRecord,
    ModelRecord,
    ValidationRecord,
)
from grader.store import ArrayStore

Array = npt.NDArray[Any]

TRAIN, TEST = 300, 60


def pictures() -> dict[str, Array]:
    """Bytes with an empty border, as handwriting has it; the label shows in the corner of the inked part."""
    random = np.random.default_rng(5)
    labels = (np.arange(TRAIN + TEST) % 10).astype(np.uint8)
    images = np.zeros((TRAIN + TEST, 28, 28), np.uint8)
    inked = random.integers(1, 256, (TRAIN + TEST, 20, 20)) * (random.random((TRAIN + TEST, 20, 20)) < 0.3)
    images[:, 4:24, 4:24] = inked
    images[np.arange(TRAIN + TEST), 5, 5 + labels] = 255
    return {
        "x_train": images[:TRAIN],
        "y_train": labels[:TRAIN],
        "x_test": images[TRAIN:],
        "y_test": labels[TRAIN:],
    }


def data_set(folder: Path) -> DataSets:
    """`pictures` as a tutor's own ``mnist.npz``."""
    np.savez(folder / "mnist.npz", **pictures())
    return resolve(str(folder))


class Recorded:
    """What a kernel left, put together by hand."""

    def __init__(self, folder: Path) -> None:
        self.arrays = ArrayStore(folder / "arrays")
        self.models: list[ModelRecord] = []
        self.fits: list[FitRecord] = []
        self.evaluations: list[EvaluationRecord] = []
        self.weights: dict[str, tuple[str, ...]] = {}
        self._seq = 0

    def array(self, array: Array) -> str:
        """Stores an array, as the recorder's channel does."""
        return self.arrays.put(np.asarray(array))

    def summary(self, array: Array) -> ArraySummary:
        """What the recorder keeps of an array."""
        before = summary._channel
        summary.install(self)  # type: ignore[arg-type]
        try:
            return ArraySummary.model_validate(summary.summarise(array))
        finally:
            summary.install(before)  # type: ignore[arg-type]

    def state(self, weights: list[Array]) -> str:
        """Stores a state of weights."""
        refs = tuple(self.array(weight) for weight in weights)
        digest = hashlib.sha256("".join(refs).encode()).hexdigest()
        self.weights[digest] = refs
        return digest

    def model(self, weights: list[Array], **fields: Any) -> tuple[str, str]:
        """A model and its only state: its id and the state's digest."""
        model_id = fields.pop("id", f"m{len(self.models) + 1}")
        self.models.append(ModelRecord(id=model_id, object_id=model_id, kind="sequential", **fields))
        return model_id, self.state(weights)

    def fit(self, state: tuple[str, str], *, x: Array, y: Array | None = None, **fields: Any) -> FitRecord:
        """A training that left a state (model id and digest); ``held_out`` is a pair of arrays, ``loss`` a name."""
        model, digest = state
        self._seq += 2
        held_out, loss = fields.pop("held_out", None), fields.pop("loss", "sparse_categorical_crossentropy")
        if held_out is not None:
            parts = {"x": self.summary(held_out[0]), "y": self.summary(held_out[1])}
            fields["validation"] = ValidationRecord(source="data", **parts)
        compiled = {"from_logits": fields.pop("from_logits", False), "metrics": fields.pop("metrics", ("accuracy",))}
        compiled["config"] = fields.pop("compile_config", None)
        fit = FitRecord(
            id=f"f{len(self.fits) + 1}",
            seq=self._seq,
            cell=0,
            model=model,
            compiled=CompileRecord(seq=self._seq - 1, cell=0, model=model, loss=loss, **compiled),
            x=self.summary(x),
            y=None if y is None else self.summary(y),
            weights_after=digest,
            **fields,
        )
        self.fits.append(fit)
        return fit

    def evaluation(self, state: tuple[str, str], *, x: Array, y: Array) -> None:
        """A call of ``evaluate``."""
        model, digest = state
        self._seq += 1
        parts = {"x": self.summary(x), "y": self.summary(y)}
        self.evaluations.append(EvaluationRecord(seq=self._seq, cell=1, model=model, weights=digest, **parts))

    def evidence(self, data_sets: DataSets | None = None) -> Evidence:
        """All of it."""
        return Evidence(
            submission="one",
            file_name="one.ipynb",
            sha256="0" * 64,
            data_choice="folder",
            data_sets=() if data_sets is None else tuple(file.use(loaded=True) for file in data_sets.files),
            models=tuple(self.models),
            fits=tuple(self.fits),
            evaluations=tuple(self.evaluations),
            weights=self.weights,
        )
