"""Synthetic evidence for fast tests: layers, models, fits, figures, cells, and the view that a check sees.

The functions build single records with sensible defaults; every field can be given. `Notebook` strings them together
in the order in which they happen, numbers cells and events, and makes the `Evidence`::

    book = Notebook()
    book.markdown("## Exercise 1")
    baseline = book.model(dense(1, "sigmoid"), inputs=(2,))
    book.fit(baseline, epochs=10)
    view = book.view("ex1", model=baseline)
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from grader.calibration import Calibration, FitRanges
from grader.judging.views import SectionView, SubmissionView
from grader.records import (
    ArraySummary,
    AxesRecord,
    CallbackRecord,
    CellError,
    CellRun,
    CompileRecord,
    DataSetUse,
    EvaluationRecord,
    Evidence,
    Execution,
    ExecutionSummary,
    FigureRecord,
    FitRecord,
    GradedSubmission,
    GridRecord,
    LayerRecord,
    LineRecord,
    Measurement,
    Measurements,
    ModelRecord,
    NamedArray,
    PredictionRecord,
    RubricSummary,
    ScatterRecord,
    SectionMatch,
    SubmissionSummary,
    TextRecord,
    ValidationRecord,
    Verdict,
)

Array = npt.NDArray[Any]
SHA = "0" * 64


class MemoryStore:
    """An array store without a disk; names are those that `grader.store.ArrayStore` gives."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}

    def put(self, array: Any) -> str:
        """Stores an array and returns its name."""
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(array), allow_pickle=False)
        name = hashlib.sha256(buffer.getvalue()).hexdigest()
        self.arrays[name] = np.asarray(array)
        return name

    def get(self, ref: str) -> Array:
        """The array of that name."""
        return self.arrays[ref]


def row_hashes(array: Any) -> Array:
    """One uint64 a row, equal for equal rows (not the recorder's own function, which checks need not know)."""
    rows = np.ascontiguousarray(np.asarray(array, dtype=np.float64))
    digests = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def summarise(
    array: Any, *, store: MemoryStore | None = None, whole: bool = True, hashes: bool = False
) -> ArraySummary:
    """The summary that the recorder would make of a real array."""
    values = np.asarray(array)
    numeric = values.size > 0 and values.dtype.kind in "biuf"
    finite = values[np.isfinite(values)] if numeric else np.empty(0)
    integral = bool(numeric and finite.size == values.size and np.all(values == np.round(values)))
    one_hot = bool(integral and values.ndim == 2 and values.shape[1] > 1 and np.all(np.sort(values)[:, :-1] == 0))
    one_hot = one_hot and bool(np.all(values.max(axis=1) == 1))
    return ArraySummary(
        shape=values.shape,
        dtype=str(values.dtype),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
        integral=integral,
        one_hot=one_hot,
        class_counts=_class_counts(values, one_hot=one_hot, integral=integral),
        content=hashlib.sha256(values.tobytes()).hexdigest(),
        whole=store.put(values) if store is not None and whole else None,
        head=store.put(values[:64]) if store is not None and not whole else None,
        row_hashes=store.put(row_hashes(values)) if store is not None and hashes else None,
    )


def _class_counts(values: Array, *, one_hot: bool, integral: bool) -> dict[str, int] | None:
    if one_hot:
        return {str(i): int(n) for i, n in enumerate(values.sum(axis=0)) if n}
    if not integral or values.ndim != 1:
        return None
    classes, counts = np.unique(values, return_counts=True)
    return {str(int(c)): int(n) for c, n in zip(classes, counts, strict=True)}


def images(rows: int = 3600, *, shape: tuple[int, ...] = (784,), **fields: Any) -> ArraySummary:
    """The summary of scaled images, without values."""
    base = {"shape": (rows, *shape), "dtype": "float32", "minimum": 0.0, "maximum": 1.0}
    return ArraySummary(**{**base, **fields})


def labels(rows: int = 3600, *, one_hot: bool = True, classes: int = 10, **fields: Any) -> ArraySummary:
    """The summary of labels, every class alike, without values."""
    counts = {str(i): rows // classes for i in range(classes)}
    shape = (rows, classes) if one_hot else (rows,)
    base = {"shape": shape, "dtype": "float64" if one_hot else "uint8", "minimum": 0.0, "integral": True}
    top = 1.0 if one_hot else classes - 1.0
    return ArraySummary(**{**base, "maximum": top, "one_hot": one_hot, "class_counts": counts, **fields})


def layer(class_name: str, **config: Any) -> LayerRecord:
    """A layer of any class; ``parameters``, shapes and the like are taken from the keywords of those names."""
    own = {key: config.pop(key) for key in tuple(config) if key in LayerRecord.model_fields}
    return LayerRecord(class_name=class_name, config=config, **own)


def dense(units: int, activation: str = "linear", **config: Any) -> LayerRecord:
    """A Dense layer."""
    return layer("Dense", units=units, activation=activation, parameters=units + 1, **config)


def dropout(rate: float = 0.2) -> LayerRecord:
    """A Dropout layer."""
    return layer("Dropout", rate=rate)


def activation(name: str) -> LayerRecord:
    """An Activation layer."""
    return layer("Activation", activation=name)


def make_model(*layers: LayerRecord, inputs: tuple[int | None, ...] = (784,), **fields: Any) -> ModelRecord:
    """A model record of those layers, an InputLayer not added."""
    outputs = [item.config["units"] for item in layers if "units" in item.config]
    base = {
        "id": "m1",
        "object_id": "o1",
        "kind": "sequential",
        "class_name": "Sequential",
        "cell": 0,
        "config": {"layers": []},
        "input_shapes": (inputs,),
        "output_shapes": ((outputs[-1],),) if outputs else (),
    }
    return ModelRecord(**{**base, "layers": layers, **fields})


def make_compile(model: str = "m1", **fields: Any) -> CompileRecord:
    """A compile with Adam, categorical cross-entropy and accuracy."""
    base = {"seq": 1, "cell": 0, "loss": "categorical_crossentropy", "optimizer": "Adam", "learning_rate": 0.001}
    return CompileRecord(**{**base, "model": model, "metrics": ("accuracy",), **fields})


OWN_CALLBACK = (CallbackRecord(class_name="Mine", own=True, unknown=True),)
"""The callbacks of a fit with one of the student's own."""


def falling(epochs: int, *, start: float = 1.0) -> tuple[float, ...]:
    """A loss that falls by a fifth an epoch."""
    return tuple(start * 0.8**i for i in range(epochs))


def make_fit(
    model: str = "m1", *, epochs: int = 10, rows: int = 4000, validation: float | None = 0.1, **fields: Any
) -> FitRecord:
    """A fit on ``rows`` rows, of which ``validation`` (a share) was split off; ``callbacks`` may be Keras's names."""
    held = 0 if validation is None else round(rows * validation)
    history = {"loss": falling(epochs), "accuracy": tuple(1 - 0.5 * v for v in falling(epochs))}
    part = None
    if validation is not None:
        history |= {"val_loss": falling(epochs, start=1.1), "val_accuracy": history["accuracy"]}
        part = ValidationRecord(source="split", fraction=held / rows, x=images(held), y=labels(held))
    base = {
        "id": "f1",
        "seq": 2,
        "cell": 0,
        "compiled": make_compile(model),
        "epochs_requested": epochs,
        "epochs_run": epochs,
        "batch_size": 128,
        "x": images(rows - held),
        "y": labels(rows - held),
        "rows_given": rows,
        "validation": part,
        "history": history,
        "weights_before": None,
        "weights_after": "w1",
    }
    given = fields.pop("callbacks", ())
    callbacks = tuple(CallbackRecord(class_name=one) if isinstance(one, str) else one for one in given)
    return FitRecord(**{**base, "model": model, "callbacks": callbacks, **fields})


def make_evaluation(model: str = "m1", *, loss: float = 0.1, accuracy: float = 0.97, **fields: Any) -> EvaluationRecord:
    """An evaluate on the sample's 1,000 test rows."""
    base = {"seq": 3, "cell": 0, "weights": "w1", "x": images(1000), "y": labels(1000)}
    return EvaluationRecord(**{**base, "model": model, "results": {"loss": loss, "accuracy": accuracy}, **fields})


def make_prediction(model: str = "m1", *, x: ArraySummary, output: ArraySummary, **fields: Any) -> PredictionRecord:
    """A predict."""
    return PredictionRecord(
        **{"seq": 4, "cell": 0, "weights": "w1", "model": model, "x": x, "output": output, **fields}
    )


def line(y: Any, *, store: MemoryStore, x: Any = None, **fields: Any) -> LineRecord:
    """A plotted line; x is 0, 1, 2, ... where none is given."""
    values = np.asarray(y, dtype=float)
    at = np.arange(len(values), dtype=float) if x is None else np.asarray(x, dtype=float)
    return LineRecord(x=store.put(at), y=store.put(values), points=len(values), **fields)


def grid(
    values: Any, *, store: MemoryStore, kind: Literal["image", "mesh", "contour"] = "image", **fields: Any
) -> GridRecord:
    """An image, mesh or contour."""
    array = np.asarray(values)
    return GridRecord(kind=kind, values=store.put(array), shape=array.shape, **fields)


def scatter(offsets: Any, *, store: MemoryStore, values: Any = None, **fields: Any) -> ScatterRecord:
    """A scatter, coloured by ``values`` where given."""
    points = np.asarray(offsets, dtype=float)
    refs = {"offsets": store.put(points), "values": None if values is None else store.put(values)}
    return ScatterRecord(**{**refs, "points": len(points), **fields})


def make_axes(*parts: LineRecord | GridRecord | ScatterRecord | TextRecord, **fields: Any) -> AxesRecord:
    """One pair of axes with those things drawn on it."""
    kinds = {"lines": LineRecord, "grids": GridRecord, "scatters": ScatterRecord, "texts": TextRecord}
    drawn = {name: tuple(part for part in parts if isinstance(part, kind)) for name, kind in kinds.items()}
    return AxesRecord(**{**drawn, **fields})


def make_figure(*axes: AxesRecord, cell: int = 0, seq: int = 5, **fields: Any) -> FigureRecord:
    """A figure of those axes."""
    return FigureRecord(cell=cell, seq=seq, axes=axes, **fields)


def data_set(name: str = "mnist", *, sample: bool = True, loaded: bool = True, stand_in: bool = False) -> DataSetUse:
    """A served data set: the sample's rows, or as many as full MNIST's."""
    train, test = (4000, 1000) if sample else (60000, 10000)
    return DataSetUse(
        name=name,
        sample=sample,
        train_rows=train,
        test_rows=test,
        fingerprint=SHA,
        loaded=loaded,
        stand_in=stand_in,
    )


def make_calibration(**figures: Iterable[float]) -> Calibration:
    """A calibration; write ``ex4__test_accuracy`` for the figure ``ex4.test_accuracy``."""
    values = {name.replace("__", "."): tuple(runs) for name, runs in figures.items()}
    seeds = tuple(range(max((len(runs) for runs in values.values()), default=0)))
    return Calibration(
        assignment="week09",
        reference_sha256=SHA,
        data="sample",
        fingerprints={"mnist": SHA},
        packages={},
        seeds=seeds,
        figures=values,
    )


def make_ranges(low: Iterable[float] = (0.5, 0.3), high: Iterable[float] = (0.7, 0.4), **fields: Any) -> FitRanges:
    """What the reference's validation losses lie between."""
    low, high = tuple(low), tuple(high)
    return FitRanges(**{"loss": "categorical_crossentropy", "ranges": {"val_loss": (low, low, high)}, **fields})


def make_measurement(probe: str = "test", *, weights: str = "w1", model: str = "m1", **fields: Any) -> Measurement:
    """A verified measurement on the sample's test part."""
    base = {"fit": "f1", "data_set": "mnist", "rows": 1000, "loss_name": "categorical_crossentropy"}
    return Measurement(**{**base, "model": model, "weights": weights, "probe": probe, **fields})


def make_view(
    evidence: Evidence | None = None,
    *,
    section: SectionMatch | None = None,
    matching: Mapping[str, SectionMatch] | None = None,
    measured: Iterable[Measurement] = (),
    store: MemoryStore | None = None,
    calibration: Calibration | None = None,
    full_calibration: Calibration | None = None,
    measurements: Measurements | None = None,
    template_texts: Iterable[str] = (),
) -> SectionView:
    """What a check sees. Without a section: one that holds every cell, and the first model with all its fits."""
    evidence = make_evidence() if evidence is None else evidence
    section = whole_notebook(evidence) if section is None else section
    submission = SubmissionView(
        evidence=evidence,
        measurements=measurements or Measurements(submission=evidence.submission, measured=tuple(measured)),
        matching={section.section: section, **(matching or {})},
        read=(store or MemoryStore()).get,
        calibration=calibration,
        full_calibration=full_calibration,
        template_texts=frozenset(template_texts),
    )
    return SectionView(submission, section)


def with_submission(view: SectionView, **changes: Any) -> SectionView:
    """The same view of a submission with some of its parts replaced."""
    return SectionView(replace(view.submission, **changes), view.match)


def whole_notebook(evidence: Evidence, *, section: str = "ex4") -> SectionMatch:
    """A section of every cell, with the first model and all of its fits."""
    model = evidence.models[0].id if evidence.models else None
    fits = tuple(fit.id for fit in evidence.fits if fit.model == model)
    cells = tuple(cell.index for cell in evidence.cells)
    return SectionMatch(section=section, title=section, cells=cells, model=model, fits=fits, why="the only section")


def make_cell(
    source: str = "", *, index: int = 0, kind: Literal["code", "markdown", "raw"] = "code", **fields: Any
) -> CellRun:
    """One cell; a code cell ran without error."""
    status = "ok" if kind == "code" and source.strip() else "no_code"
    return CellRun(**{"index": index, "kind": kind, "source": source, "status": status, **fields})


def make_evidence(**fields: Any) -> Evidence:
    """Evidence of one code cell, on the sample of MNIST, unless the fields say otherwise."""
    base = {"submission": "some", "file_name": "some.ipynb", "sha256": SHA, "data_sets": (data_set(),)}
    return Evidence(**{**base, "cells": (make_cell("model.fit()"),), **fields})


class Notebook:
    """A notebook written as it happens: each call adds to the current cell, `markdown` and `code` open the next."""

    def __init__(self, *, sample: bool = True) -> None:
        self.store = MemoryStore()
        self.cells: list[CellRun] = []
        self.models: list[ModelRecord] = []
        self.compiles: list[CompileRecord] = []
        self.fits: list[FitRecord] = []
        self.evaluations: list[EvaluationRecord] = []
        self.predictions: list[PredictionRecord] = []
        self.figures: list[FigureRecord] = []
        self.arrays: list[NamedArray] = []
        self.fields: dict[str, Any] = {"data_sets": (data_set(sample=sample),)}
        self._seq = 0

    def markdown(self, source: str) -> int:
        """Adds a Markdown cell and returns its index."""
        return self._add(make_cell(source, index=len(self.cells), kind="markdown"))

    def code(self, source: str = "pass", *, error: CellError | None = None, **fields: Any) -> int:
        """Adds a code cell and returns its index; with an error, it raised."""
        if error is not None:
            fields = {"status": "error", "error": error, **fields}
        return self._add(make_cell(source, index=len(self.cells), **fields))

    def model(self, *layers: LayerRecord, inputs: tuple[int | None, ...] = (784,), **fields: Any) -> str:
        """Makes a model in the current cell and returns its id."""
        number = len(self.models) + 1
        base = {"id": f"m{number}", "object_id": f"o{number}", "cell": self._here()}
        self.models.append(make_model(*layers, inputs=inputs, **{**base, **fields}))
        return self.models[-1].id

    def compile(self, model: str, **fields: Any) -> None:
        """Compiles it in the current cell; later fits are compiled so."""
        self.compiles.append(make_compile(model, **{"seq": self._next(), "cell": self._here(), **fields}))

    def fit(self, model: str, **fields: Any) -> str:
        """Fits it in the current cell and returns the fit's id; its weights after are ``w`` and the fit's number."""
        number = len(self.fits) + 1
        if all(item.model != model for item in self.compiles):
            self.compile(model)
        before = [item.weights_after for item in self.fits if item.model == model]
        compiled = [item for item in self.compiles if item.model == model][-1]
        base = {
            "id": f"f{number}",
            "seq": self._next(),
            "cell": self._here(),
            "compiled": compiled,
            "weights_before": before[-1] if before else None,
            "weights_after": f"w{number}",
        }
        self.fits.append(make_fit(model, **{**base, **fields}))
        return self.fits[-1].id

    def evaluate(self, model: str, **fields: Any) -> None:
        """Evaluates it in the current cell, with the weights of its last fit."""
        base = {"seq": self._next(), "cell": self._here(), "weights": self._weights(model)}
        self.evaluations.append(make_evaluation(model, **{**base, **fields}))

    def predict(self, model: str, x: Any, output: Any, **fields: Any) -> None:
        """Predicts in the current cell; the arrays are stored whole."""
        base = {"seq": self._next(), "cell": self._here(), "weights": self._weights(model)}
        parts = {"x": summarise(x, store=self.store), "output": summarise(output, store=self.store)}
        self.predictions.append(make_prediction(model, **{**base, **parts, **fields}))

    def figure(self, *axes: AxesRecord, **fields: Any) -> None:
        """Shows a figure in the current cell."""
        self.figures.append(make_figure(*axes, cell=self._here(), seq=self._next(), **fields))

    def array(self, name: str, values: Any, **fields: Any) -> None:
        """Binds an array to a name in the current cell."""
        summary = summarise(values, store=self.store, **fields)
        self.arrays.append(NamedArray(seq=self._next(), cell=self._here(), name=name, array=summary))

    def evidence(self, **fields: Any) -> Evidence:
        """All of it as evidence."""
        parts = {
            name: tuple(getattr(self, name))
            for name in ("cells", "models", "compiles", "fits", "evaluations", "predictions", "figures", "arrays")
        }
        failed = next((cell.index for cell in self.cells if cell.error is not None), None)
        run = Execution(first_error_cell=failed)
        return make_evidence(**{**parts, **self.fields, "execution": run, **fields})

    def view(
        self, section: str = "ex4", *, model: str | None = None, cells: Iterable[int] | None = None, **fields: Any
    ) -> SectionView:
        """What a check sees of a section with that model, all of its fits, and these cells (all where not given)."""
        evidence = self.evidence()
        match = whole_notebook(evidence, section=section)
        if model is not None:
            fits = tuple(fit.id for fit in self.fits if fit.model == model)
            match = match.model_copy(update={"model": model, "fits": fits})
        if cells is not None:
            match = match.model_copy(update={"cells": tuple(cells)})
        return make_view(evidence, section=match, store=self.store, **fields)

    def _add(self, cell: CellRun) -> int:
        self.cells.append(cell)
        return cell.index

    def _here(self) -> int:
        if not self.cells:
            self.code()
        return self.cells[-1].index

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _weights(self, model: str) -> str | None:
        after = [item.weights_after for item in self.fits if item.model == model]
        return after[-1] if after else None


def make_grade(*verdicts: Verdict, **fields: Any) -> GradedSubmission:
    """A grade of those verdicts (one that earned its two points where none are given), its sums left at 0."""
    sums = ("points_earned", "points_pending", "points_possible", "bonus_earned", "bonus_pending", "bonus_possible")
    one = Verdict(criterion="ex4.accuracy", section="ex4", outcome="passed", earned=2.0, points=2.0, basis="verified")
    return GradedSubmission(
        **{
            "submission": SubmissionSummary(id="some", file_name="some.ipynb", sha256="0" * 64),
            "rubric": RubricSummary(assignment="week09", title="Week 9", file_name="week09.yaml", sha256="0" * 64),
            "status": "graded",
            "execution": ExecutionSummary(),
            "verdicts": verdicts or (one,),
            **dict.fromkeys(sums, 0.0),
            **fields,
        }
    )
