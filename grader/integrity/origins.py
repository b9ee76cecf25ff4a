"""Where weights came from: a model's own recorded training, that of another model, or elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from grader.execution.recorder.checksum import weights_checksum
from grader.integrity.findings import Finding, finding_of, place_of
from grader.judging.views import Array, SubmissionView
from grader.records import FitRecord, ModelRecord

NEAR = 0.1
"""Of the way that a training went: weights that end so near to another model's were put there. Trainings of their own
end about as far from each other as they went."""

MOST_STATES = 50
"""Of one form, the latest: more are not compared."""

_ROUNDING = 1e-6


def ready_made_weights(submission: SubmissionView) -> Iterator[Finding]:
    """A training begins with fresh weights, or with those that recorded trainings left."""
    known = KnownStates(submission)
    begun: set[str] = set()
    for fit in sorted(submission.evidence.fits, key=lambda fit: fit.seq):
        model = submission.evidence.model(fit.model)
        first = model.object_id not in begun
        begun.add(model.object_id)
        looked_at = first or known.would_show(fit)
        if looked_at and fit.weights_before is not None and not known.explain(fit.weights_before, model=model):
            how = _how_they_came(submission, fit)
            yield finding_of(
                fit,
                rule="ready_made_weights",
                text=f"The training in {place_of(fit)} began with weights that no recorded training made{how}.",
            )
        else:
            # What a doubted training began with or left explains no other one.
            known.learn(fit)


def weights_of_another_training(submission: SubmissionView) -> Iterator[Finding]:
    """Trainings of two models that differ in their rows or their history do not end with the same weights."""
    left: dict[str, list[FitRecord]] = defaultdict(list)
    for fit in submission.evidence.fits:
        if fit.weights_after is not None and fit.weights_after != fit.weights_before:
            left[fit.weights_after].append(fit)
    for fits in left.values():
        pairs = [
            (fit, other)
            for fit in fits[:MOST_STATES]
            if (other := _unlike(fit, fits, submission=submission)) is not None
        ]
        # Whose callback may have set them is known better than who was there first: the other model may be honest.
        for fit, other in [pair for pair in pairs if pair[0].own_callbacks] or pairs:
            yield finding_of(
                fit,
                rule="weights_of_another_training",
                text=f"The training in {place_of(fit)} ended with the weights that the one in {place_of(other)} left.",
            )


def weights_of_doubted_models(submission: SubmissionView, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Whose weights are those of a doubted model is doubted as well, and so on.

    Args:
        submission: With what was verified of it.
        findings: What the other rules found.
    """
    objects = {model.id: model.object_id for model in submission.evidence.models}
    waiting: list[FitRecord] = []
    doubted: set[str] = set()
    for finding in findings:
        # Of two models that share their weights, one may be honest: if it is not, it has a finding of its own.
        if finding.model is not None and finding.rule != "weights_of_another_training":
            doubted.add(objects[finding.model])
            waiting += _since(finding, submission=submission)
    while waiting:
        source = waiting.pop()
        for fit in submission.evidence.fits:
            if objects[fit.model] in doubted or not _has_weights_of(fit, source, submission=submission):
                continue
            yield finding_of(
                fit,
                rule="weights_of_doubted_model",
                text=(
                    f"The model of {place_of(fit)} has the weights of the one that was trained in {place_of(source)},"
                    " which is doubted."
                ),
            )
            doubted.add(objects[fit.model])
            waiting += [later for later in submission.evidence.fits if objects[later.model] == objects[fit.model]]


class KnownStates:
    """The states of weights that the trainings so far began with and left."""

    def __init__(self, submission: SubmissionView) -> None:
        self._submission = submission
        self._states: dict[str, None] = {}
        self._arrays: set[str] = set()
        self._checksums: set[str] = set()
        self._without_checksums: set[tuple[tuple[int, ...], ...]] = set()

    def learn(self, fit: FitRecord) -> None:
        """Takes what a training began with, and what it left."""
        for state in (fit.weights_before, fit.weights_after):
            refs = self._submission.evidence.weights.get(state or "")
            if state is not None and refs is not None:
                self._states[state] = None
                self._arrays.update(refs)
        self._checksums.update(fit.epoch_weights)
        if fit.kind == "fit" and len(fit.epoch_weights) < fit.epochs_run:
            self._without_checksums.add(self._form(fit.weights_after))

    def would_show(self, fit: FitRecord) -> bool:
        """Whether weights that a fit goes on from would be known if they were honest.

        Between its steps a loop of the student's own may do with them what it likes; and a checkpoint may be of any
        epoch, which is known only of models that are small enough to be looked at each time.
        """
        return fit.kind == "fit" and self._form(fit.weights_before) not in self._without_checksums

    def _form(self, state: str | None) -> tuple[tuple[int, ...], ...]:
        """The shapes of a state's arrays."""
        return tuple(self._submission.read(ref).shape for ref in self._submission.evidence.weights.get(state or "", ()))

    def explain(self, state: str, *, model: ModelRecord) -> bool:
        """Whether weights are known, fresh, taken over from known models layer by layer, or averages of known ones."""
        refs = self._submission.evidence.weights.get(state)
        if refs is None or not _begins_with_no_bias(model):
            return True
        unknown = [self._submission.read(ref) for ref in refs if ref not in self._arrays]
        fresh = not any(array.ndim == 1 and bool(np.any(array != 0)) for array in unknown)
        return fresh or self.made(state)

    def made_kernels(self, state: str) -> bool:
        """Whether every kernel is one of a known state, as in a model that is put together from trained ones."""
        refs = self._submission.evidence.weights.get(state, ())
        kernels = [ref for ref in refs if self._submission.read(ref).ndim > 1]
        return bool(kernels) and all(ref in self._arrays for ref in kernels)

    def made(self, state: str) -> bool:
        """Whether weights are those of a known state or of an epoch between them, or averages of known ones."""
        refs = self._submission.evidence.weights.get(state)
        if refs is None or state in self._states:
            return True
        arrays = [self._submission.read(ref) for ref in refs]
        return weights_checksum(arrays) in self._checksums or self._hold_between_them(arrays)

    def _hold_between_them(self, arrays: Sequence[Array]) -> bool:
        """Whether each value lies among those of the known states and 0, as averages and pruned weights do."""
        shapes = [array.shape for array in arrays]
        others = []
        for state in reversed(self._states):
            known = [self._submission.read(ref) for ref in self._submission.evidence.weights[state]]
            if [array.shape for array in known] == shapes:
                others.append(known)
            if len(others) == MOST_STATES:
                break
        for array, *values in zip(arrays, *others, strict=True):
            span = np.stack([np.zeros_like(array), *values])
            if np.any(array < span.min(axis=0) - _ROUNDING) or np.any(array > span.max(axis=0) + _ROUNDING):
                return False
        return bool(others)


def _begins_with_no_bias(model: ModelRecord) -> bool:
    """Whether biases of 0 are what the model begins with: plain chains of Dense and Conv layers by Keras's defaults.

    Other layers begin with ones, states and counts.
    """
    learned = [layer for layer in model.layers if layer.parameters]
    plain = all(layer.class_name in {"Dense", "Conv1D", "Conv2D"} and layer.own_class is None for layer in learned)
    return plain and model.config is not None and not _own_initializers(model.config)


def _own_initializers(config: object) -> bool:
    if isinstance(config, dict):
        initializer = config.get("bias_initializer")
        name = initializer.get("class_name") if isinstance(initializer, dict) else initializer
        return name not in {None, "Zeros", "zeros"} or any(_own_initializers(value) for value in config.values())
    return isinstance(config, list) and any(_own_initializers(value) for value in config)


def _how_they_came(submission: SubmissionView, fit: FitRecord) -> str:
    """Who set the weights that a fit began with, in words; empty where that was not seen."""
    events = [event for event in submission.evidence.weights_set if event.weights == fit.weights_before]
    event = next((event for event in reversed(events) if event.seq < fit.seq), None)
    if event is None:
        return ""
    how = "an assignment" if event.how == "assigned" else event.how
    return f"; they came by {how}" + ("" if event.cell is None else f" in cell {event.cell + 1}")


def _unlike(fit: FitRecord, others: Sequence[FitRecord], *, submission: SubmissionView) -> FitRecord | None:
    """The first of another model whose training was another one."""
    own = submission.evidence.model(fit.model).object_id
    for other in others[:MOST_STATES]:
        same = other.x.content == fit.x.content and other.history == fit.history
        if not same and submission.evidence.model(other.model).object_id != own:
            return other
    return None


def _since(finding: Finding, *, submission: SubmissionView) -> list[FitRecord]:
    """The trainings of a doubted model from the one that the finding speaks of."""
    own = submission.evidence.model(finding.model or "").object_id
    fits = [fit for fit in submission.evidence.fits if submission.evidence.model(fit.model).object_id == own]
    first = min((fit.seq for fit in fits if fit.cell in finding.cells), default=None)
    return [] if first is None else [fit for fit in fits if fit.seq >= first]


def _has_weights_of(fit: FitRecord, source: FitRecord, *, submission: SubmissionView) -> bool:
    """Whether a fit began or ended with what another one left, or came by a sliver from it."""
    left = source.weights_after
    if left is None or fit.weights_after is None:
        return False
    if left in {fit.weights_before, fit.weights_after}:
        return True
    states = submission.evidence.weights
    ends, theirs = states.get(fit.weights_after, ()), states.get(left, ())
    begins = states.get(fit.weights_before or "", ())
    if len(ends) != len(theirs) or len(ends) != len(begins):
        return False
    apart = went = 0.0
    for end, other, begin in zip(
        *([submission.read(ref) for ref in refs] for refs in (ends, theirs, begins)), strict=True
    ):
        if end.shape != other.shape or end.shape != begin.shape:
            return False
        apart += float(np.sum(np.square(end - other)))
        went += float(np.sum(np.square(end - begin)))
    return apart < NEAR**2 * went
