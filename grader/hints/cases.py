"""What a repair looks at: a lost criterion, the model and the one training that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.architecture.layers import PlainLayer, plain_model
from grader.judging.absence import is_training
from grader.judging.views import SectionView, SubmissionView
from grader.records import Edit, FitRecord, LayerRecord, ModelRecord, SectionMatch, edited_layers, values_set
from grader.rubric import Criterion, Rubric, Section


@dataclass(frozen=True)
class Case:
    """A criterion that a model lost.

    Attributes:
        edits: Those that other criteria of the same model need already.
        beside: Every criterion of the model's sections.
    """

    view: SectionView
    criterion: Criterion
    model: ModelRecord
    fit: FitRecord
    edits: tuple[Edit, ...]
    beside: tuple[Criterion, ...]

    @property
    def edited(self) -> ModelRecord:
        """The model's record as those edits leave its layers."""
        return with_edited_layers(self.model, self.edits)

    @property
    def output(self) -> PlainLayer | None:
        """The last layer as those edits leave it, before the loss is looked at."""
        return plain_model(self.edited, compiled=self.fit.compiled).raw_output


def with_edited_layers(model: ModelRecord, edits: Sequence[Edit]) -> ModelRecord:
    """A model's record with edited layers: enough to tell what they are, with no shapes and weights."""
    layers: list[LayerRecord] = []
    for one in edited_layers(len(model.layers), edits):
        if isinstance(one, Edit):
            layers.append(LayerRecord(class_name=one.name, config=one.value if isinstance(one.value, dict) else {}))
            continue
        layer, values = model.layers[one], values_set(one, edits)
        # What a layer computes goes before its configuration, and is not known any more.
        changed = {"config": {**layer.config, **values}, "output_shape": None} if values else {}
        layers.append(layer.model_copy(update=changed))
    return model.model_copy(update={"layers": tuple(layers)})


@dataclass(frozen=True)
class TrainedModel:
    """A model that sections of a rubric are about, with its one training."""

    model: ModelRecord
    fit: FitRecord
    sections: tuple[Section, ...]

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    def section_of(self, criterion: Criterion) -> Section:
        return next(section for section in self.sections if criterion in section.criteria)


def trained_models(rubric: Rubric, view: SubmissionView) -> tuple[TrainedModel, ...]:
    """The models of a rubric's sections that one call of ``fit`` trained."""
    by_model: dict[str, list[tuple[Section, SectionMatch]]] = {}
    for section in rubric.sections:
        match = view.matching.get(section.id)
        if match is not None and match.model is not None:
            by_model.setdefault(match.model, []).append((section, match))
    known = {model.id: model for model in view.evidence.models}
    found = []
    for name, parts in by_model.items():
        own = [fit for fit in view.evidence.fits if fit.model == name and is_training(fit)]
        counted = {fit for _, match in parts for fit in match.fits}
        # What another section trains of it afterwards stays out.
        if name in known and own and own[0].kind == "fit" and counted == {own[0].id}:
            found.append(TrainedModel(known[name], own[0], tuple(section for section, _ in parts)))
    return tuple(found)


def with_edits(case: Case, edits: Sequence[Edit]) -> Case:
    """The case with further edits."""
    return replace(case, edits=(*case.edits, *edits))
