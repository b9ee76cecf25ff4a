"""Evidence: what an execution left, as ``execution.collect`` validated it and everything after it reads it.

The JSON holds no arrays: a field of the type `ArrayRef` names a plain ``.npy`` file by the SHA-256 of that file, in
the ``arrays/`` folder beside ``evidence.json`` (`grader.store.ArrayStore` reads it, never with pickle).

Order of events: every event has ``seq``, a number that grows over the whole run, and ``cell``, the index of the
notebook cell in which it happened (the same index as `Submission.cells`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from grader.records.base import SCHEMA_VERSION, ArrayRef, Record, SchemaVersion, Sha256
from grader.records.figures import FigureRecord
from grader.records.models import ArraySummary, ModelRecord

ExecutionReason = Literal[
    "cell_timeout",
    "notebook_timeout",
    "memory",
    "cpu",
    "processes",
    "output",
    "disk",
    "kernel_died",
    "protocol",
    "unreadable",
    "internal",
]


class CompileRecord(Record):
    """One call of ``compile``.

    Attributes:
        loss: Keras's snake_case name (``categorical_crossentropy``); a list or dict of losses is joined by ``+``; the
            function's name for one that the student wrote; None where none was given.
        from_logits: Of the loss.
        optimizer: Class name (``Adam``).
        learning_rate: A number, or None for a schedule (then ``schedule`` names its class).
        config: What Keras's ``compile_from_config`` compiles the model from again; None where a part of it is the
            student's own code, and for a loop.
        metrics: Names as Keras resolves them (``accuracy``).
        own_metrics: Those of them that are the student's own code.
    """

    seq: int
    cell: int | None
    model: str
    loss: str | None = None
    own_loss: bool = False
    from_logits: bool = False
    optimizer: str | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    metrics: tuple[str, ...] = ()
    own_metrics: tuple[str, ...] = ()
    config: dict[str, JsonValue] | None = None


class ValidationRecord(Record):
    """The validation part of a fit.

    Attributes:
        source: ``split`` for ``validation_split`` (the last rows), ``data`` for ``validation_data``.
        fraction: Rows of validation over rows of training and validation, in (0, 1); None where rows are unknown.
        sample_weight: True where its rows were given weights of their own.
    """

    source: Literal["split", "data"]
    fraction: float | None = None
    x: ArraySummary
    y: ArraySummary | None = None
    sample_weight: bool = False


class CallbackRecord(Record):
    """A callback of a fit; Keras's own History and progress bar are left out.

    Attributes:
        class_name: Of Keras, or the student's own.
        own: True where it runs the student's code (a class of their own, or a function handed to one of Keras's).
        unknown: True where it may act on the training in a way that a replay does not repeat.
        settings: What it was made with, where that is a number, a text or None.
    """

    class_name: str
    own: bool = False
    unknown: bool = False
    settings: dict[str, JsonValue] = {}


class ReplayState(Record):
    """What only a replay needs of a fit: the random generators and the optimizer at its start, and some arguments.

    A replay is exact where training runs in one thread.

    Attributes:
        tensorflow_seed: TensorFlow's global seed; None where it was taken away.
        seed_generators: The state of each of Keras's seed generators, in the order of the model's flattened layers.
        global_seed_generator: The state of Keras's global one; None where there is none yet.
        optimizer: The optimizer's variables; None for an optimizer that has taken no step.
        class_weight: Class to weight; None where none were given.
        sample_weight: Shape ``(rows,)``; None where none were given.
        validation_freq: Epochs from one validation to the next, or the epochs that have one.
    """

    tensorflow_seed: int | None = None
    seed_generators: tuple[tuple[int, ...], ...] = ()
    global_seed_generator: tuple[int, ...] | None = None
    optimizer: tuple[ArrayRef, ...] | None = None
    class_weight: dict[str, float] | None = None
    sample_weight: ArrayRef | None = None
    validation_freq: int | tuple[int, ...] = 1
    validation_steps: int | None = None
    validation_batch_size: int | None = None


class FitRecord(Record):
    """One training of a model: a call of ``fit``, or what a cell did to a model's weights by other means.

    Attributes:
        kind: ``fit``; ``train_on_batch``; ``loop`` for a custom loop (GradientTape, optimizer.apply_gradients).
        compiled: The state of ``compile`` at that moment; for a loop on a model that was never compiled, the loss and
            optimizer that it was seen to use, or None.
        epochs_requested: The argument; None for loops.
        epochs_run: Rows of the history; for loops, rows seen divided by rows of the training data, rounded.
        batch_size: Rows per step, as given or as seen; None where it varies.
        steps: Optimizer steps taken.
        x: The training part alone (for ``validation_split`` without the rows that were split off).
        rows_given: Rows handed to ``fit``, training and split-off validation together.
        history: Metric name to one value an epoch, shape ``(epochs,)``. Claimed by the student's process.
        epoch_weights: A checksum of the weights at each epoch's end, before its callbacks (see
            `grader.execution.recorder.checksum`); fewer than ``epochs_run`` where the model is too large for that.
        callbacks: In the order in which they were given.
        weights_before: Key of `Evidence.weights` (the first ones of a model that this fit built); None where unknown.
        weights_after: Key of `Evidence.weights`.
        replay: What a replay needs beside the rest of this record; None where that could not be recorded.
        replay_problems: Why an exact replay is impossible, in words; empty where no reason is known.
        accelerations: What made the training faster than Keras's own, in words; none changes its result.
        status: ``completed``, ``interrupted`` (a time limit, or the student's stop) or ``raised``.
        class_weight: True where one was given; ``sample_weight`` likewise.
    """

    id: str
    seq: int
    cell: int | None
    model: str
    kind: Literal["fit", "train_on_batch", "loop"] = "fit"
    compiled: CompileRecord | None = None
    epochs_requested: int | None = None
    epochs_run: int = 0
    initial_epoch: int = 0
    batch_size: int | None = None
    steps: int | None = None
    steps_per_epoch: int | None = None
    shuffle: bool = True
    x: ArraySummary
    y: ArraySummary | None = None
    rows_given: int = 0
    validation: ValidationRecord | None = None
    history: dict[str, tuple[float, ...]] = {}
    epoch_weights: tuple[str, ...] = ()
    callbacks: tuple[CallbackRecord, ...] = ()
    class_weight: bool = False
    sample_weight: bool = False
    weights_before: str | None = None
    weights_after: str | None = None
    replay: ReplayState | None = None
    replay_problems: tuple[str, ...] = ()
    accelerations: tuple[str, ...] = ()
    status: Literal["completed", "interrupted", "raised"] = "completed"
    seconds: float = 0.0

    @property
    def callback_names(self) -> tuple[str, ...]:
        """Class names of the callbacks."""
        return tuple(callback.class_name for callback in self.callbacks)

    @property
    def own_callbacks(self) -> bool:
        """Whether a callback runs the student's code."""
        return any(callback.own for callback in self.callbacks)


class WeightsSetRecord(Record):
    """Weights that came into a model by other means than training.

    Attributes:
        how: ``assigned`` for variables that were changed one by one, which is seen at the end of the cell.
        before: Key of `Evidence.weights`; None where unknown.
        weights: Likewise: what was set.
    """

    seq: int
    cell: int | None
    model: str
    how: Literal["load_model", "load_weights", "set_weights", "assigned"]
    before: str | None = None
    weights: str | None = None


class EvaluationRecord(Record):
    """One call of ``evaluate``. ``results`` maps metric names (``loss``, ``accuracy``) to what Keras returned."""

    seq: int
    cell: int | None
    model: str
    weights: str | None = None
    x: ArraySummary
    y: ArraySummary | None = None
    results: dict[str, float] = {}


class PredictionRecord(Record):
    """One call of ``predict``, ``predict_on_batch`` or of the model itself outside training."""

    seq: int
    cell: int | None
    model: str
    weights: str | None = None
    x: ArraySummary
    output: ArraySummary


class NamedArray(Record):
    """A numeric array or tensor of the namespace at the end of a cell in which the name was bound anew."""

    seq: int
    cell: int | None
    name: str
    array: ArraySummary


class CellError(Record):
    """What a cell raised; whose failure that is, `grader.attribution` tells.

    Attributes:
        name: Of the exception's class.
        traceback: As IPython prints it, without colours.
    """

    name: str
    value: str
    traceback: str = ""


class CellRun(Record):
    """One cell, as handed in and as run.

    Attributes:
        status: ``ok``; ``error`` (it raised); ``timeout`` (interrupted at its time limit); ``died`` (the kernel ended
            in it); ``not_run`` (the run had ended before); ``no_code`` for Markdown, raw and empty cells.
        printed: What the fresh run printed (stdout, results as text), capped.
        stored_text: What the stored outputs of the handed-in file print.
        unsure: What a print that the cell was read from does not show of it; empty where it shows all.
        error: What it raised; beside the status ``ok`` where the cell is tagged ``raises-exception``.
        recorded: Whether the recorder saw it begin and end.
        rewritten: True where what ran may not be what IPython makes of the cell: the notebook changed how cells run.
        notes: What we did for the cell (``pip install`` answered from what is installed, ...).
    """

    index: int
    kind: Literal["code", "markdown", "raw"]
    source: str
    status: Literal["ok", "error", "timeout", "died", "not_run", "no_code"] = "no_code"
    seconds: float = 0.0
    printed: str = ""
    stored_text: str = ""
    unsure: str = ""
    error: CellError | None = None
    notes: tuple[str, ...] = ()
    recorded: bool = True
    rewritten: bool = False


class Execution(Record):
    """How the run went.

    Attributes:
        reason: The first limit or failure that was met; None for a run in which cells may have raised, no more.
        detail: The reason in words for the student, with the cell, the limit and what it was at.
        first_error_cell: Index of the first cell that raised, None where none did.
        seconds: Wall time of the whole, start to end.
        cpu_seconds: Of the kernel and its children, where known.
        overhead_seconds: What the harness itself took: wall time less the kernel's start and the cells'.
    """

    reason: ExecutionReason | None = None
    detail: str = ""
    cell: int | None = None
    first_error_cell: int | None = None
    seconds: float = 0.0
    cpu_seconds: float | None = None
    overhead_seconds: float = 0.0


DataChoice = Literal["full", "sample", "folder", "stand-in"]
"""How the data sets were chosen: as ``--data`` says; ``stand-in`` where the notebook needs the original's rows and only
a sample is at hand, so that it ran again on one of the original's size."""


class DataSetUse(Record):
    """A data set as it was served to the kernel.

    Attributes:
        name: Keras's module name (``mnist``, ``fashion_mnist``, ...).
        sample: True for the embedded sample, or a file with fewer rows than the original.
        stand_in: True where it has the original's number of rows, but they are a sample's, repeated.
        train_rows: Rows of its training part.
        test_rows: Rows of its test part.
        fingerprint: SHA-256 over the arrays' names, dtypes, shapes and bytes.
        loaded: Whether the notebook loaded it.
    """

    name: str
    sample: bool
    train_rows: int
    test_rows: int
    fingerprint: Sha256
    loaded: bool = False
    stand_in: bool = False


class Environment(Record):
    """What the notebook ran in. ``packages`` maps distribution to version; ``tier`` is the sandbox's.

    Attributes:
        importable: Top-level names of all installed packages, by which they are imported; the standard library's are
            not among them.
        is_warm: Whether the kernel was forked from a process that had its imports done, instead of started afresh.
        why_cold: Why it was not, where it was to be.
        digest: Over every installed distribution with its version, Python and the platform.
        is_own: Whether it is the grader's own environment, and none of the course's.
        left_out: What the recorder left out with this Keras, in words: what makes training faster, and records.
    """

    python: str = ""
    packages: dict[str, str] = {}
    importable: tuple[str, ...] = ()
    tier: str = ""
    seed: int = 0
    threads: int = 1
    is_warm: bool = False
    why_cold: str = ""
    digest: str = ""
    is_own: bool = True
    left_out: tuple[str, ...] = ()


class Evidence(Record):
    """Everything that one execution left.

    Attributes:
        weights: Digest of a weight state to its arrays, in the order of ``model.get_weights()``.
        truncated: What a cap cut off, in words; empty where nothing was lost.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    submission: str
    file_name: str
    sha256: Sha256
    environment: Environment = Environment()
    data_choice: DataChoice = "sample"
    data_sets: tuple[DataSetUse, ...] = ()
    execution: Execution = Execution()
    cells: tuple[CellRun, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    compiles: tuple[CompileRecord, ...] = ()
    fits: tuple[FitRecord, ...] = ()
    weights_set: tuple[WeightsSetRecord, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    predictions: tuple[PredictionRecord, ...] = ()
    figures: tuple[FigureRecord, ...] = ()
    arrays: tuple[NamedArray, ...] = ()
    weights: dict[str, tuple[ArrayRef, ...]] = {}
    truncated: tuple[str, ...] = ()

    def model(self, model_id: str) -> ModelRecord:
        """The model of that id.

        Raises:
            KeyError: No model of this evidence has it.
        """
        for model in self.models:
            if model.id == model_id:
                return model
        raise KeyError(model_id)
