"""Measurements: what was verified outside the student's process, on data that the grader holds."""

from __future__ import annotations

from typing import Literal

from grader.records.base import SCHEMA_VERSION, ArrayRef, Record, SchemaVersion


class Measurement(Record):
    """One model state on one probe.

    Attributes:
        model: Id in the evidence.
        weights: Key of `Evidence.weights`: the state that was measured.
        fit: The fit that left this state (its last one where several did); None for a state that no fit left, such as
            the one that a fit began with.
        probe: ``train``, ``validation``, ``test`` (parts of the data set, or of the fit's own data where that was
            stored whole: then ``data_set`` is None), ``test_shifted`` (test images moved by one pixel), ``region`` (a
            grid over the rectangle of the training data, for models of two inputs).
        rows: How many.
        loss_name: The loss that was computed (the compiled one), None where there is none to compute.
        loss: Mean over the rows, with the penalties of regularised weights as in ``evaluate``; None where unknown.
        accuracy: Share of rows whose class is right, in [0, 1]; None for other than classification.
        mae: Mean absolute error, for regression, in the units of the targets as they were handed in.
        mse: Mean squared error, likewise.
        r2: Coefficient of determination, for regression.
        auc: Area under the ROC curve, in [0, 1], for two classes.
        target_unit: How many of the data set's own units one unit of the targets is: above 1 where the student scaled
            them down; None where they are of no known data set, or classes.
        confusion: Rows by true and predicted class, shape ``(classes, classes)``, for ``test``.
        predictions: Raw outputs, shape ``(rows, outputs)`` float32.
        inputs: For ``region``: the points, shape ``(rows, 2)``.
        targets: What the outputs should have been, shape ``(rows, outputs)`` float32, for regression.
        of_rows: Rows of the data set in all, where it has no official test part: ``test`` is then what the state was
            never trained on.
        label_agreement: For ``train`` and ``validation`` of a data set: share of the rows whose label, as handed to
            ``fit``, agrees with the data set's, in [0, 1]; None where unknown.
    """

    model: str
    weights: str
    fit: str | None = None
    probe: str
    data_set: str | None = None
    rows: int = 0
    loss_name: str | None = None
    loss: float | None = None
    accuracy: float | None = None
    mae: float | None = None
    mse: float | None = None
    r2: float | None = None
    auc: float | None = None
    target_unit: float | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    predictions: ArrayRef | None = None
    inputs: ArrayRef | None = None
    targets: ArrayRef | None = None
    of_rows: int | None = None
    label_agreement: float | None = None


class Unverified(Record):
    """A model whose figures stay claimed, and why.

    Attributes:
        why: In words for the tutor.
        of_unknown_rows: Whether that is because rows that it was given are of no known data set.
    """

    model: str
    fit: str | None = None
    cause: Literal["infrastructure", "unverifiable"] = "unverifiable"
    why: str
    of_unknown_rows: bool = False


class Replay(Record):
    """A fit repeated outside: whether its history came out the same, bit for bit.

    Attributes:
        is_infrastructure: True where it is impossible because our replay itself ended: it is tried again next time.
    """

    fit: str
    outcome: Literal["same", "differs", "impossible"]
    why: str = ""
    is_infrastructure: bool = False


class Measurements(Record):
    """All that was verified of one submission.

    Attributes:
        known_inputs: Ids of the models whose input is made of a data set's rows in a way that is known.
        problem: Why the verifier itself failed, in words; None where it did not.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    submission: str
    known_inputs: tuple[str, ...] = ()
    measured: tuple[Measurement, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    replays: tuple[Replay, ...] = ()
    problem: str | None = None

    def find(self, model: str, *, weights: str | None, probe: str) -> Measurement | None:
        """The measurement of that model in that state on that probe, or None.

        Two models may share a state: a claim that they do is the student's process's, so each is looked up as itself.
        """
        for item in self.measured:
            if item.model == model and item.weights == weights and item.probe == probe:
                return item
        return None
