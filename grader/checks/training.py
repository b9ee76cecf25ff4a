"""How models are compiled and trained: the loss, the optimizer, the epochs, the batches, the validation, the data."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from grader.architecture.forms import LAYERS, did_you_mean
from grader.architecture.layers import last_compile, plain_model
from grader.architecture.losses import CROSS_ENTROPY, is_cross_entropy, known_losses, loss_name, misfit
from grader.judging.absence import borrowed_model, fix_for, lost_trainings, section_name, why_no_model
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, blocked, failed, failed_or_partial, listed, needs_review, passed
from grader.judging.views import SectionView
from grader.metrics import METRICS, is_accuracy
from grader.records import CheckResult, CompileRecord, FitRecord
from grader.training.data_of_fits import wrong_data
from grader.training.recipes import Aspect, TrainingRecipe, aspects, own_recipe, recipe_words


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class CompiledParams(Params):
    """Parameters of `compiled`."""

    loss: Names = Field(
        (CROSS_ENTROPY,), description="names of losses that are right, or cross_entropy for any that fits"
    )
    optimizer: Names = Field((), description="names of optimizers that are right, such as Adam; default: any")
    metrics: Names = Field((), description="metrics that must be there, such as accuracy; default: none")

    @field_validator("loss")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if loss_name(name) not in known_losses():
                raise ValueError(f"there is no loss {name!r}.{did_you_mean(name, known_losses())}")
        return value


class TrainedParams(TrainingRecipe):
    """Parameters of `trained`."""

    or_as: SectionId | None = Field(
        None, description="section whose own epochs, batch size and validation are right as well"
    )
    data_set: str | None = Field(None, description="data set whose training part the model must be trained on")
    data_of: SectionId | None = Field(None, description="section whose arrays the model must be trained on")
    needs_layer: str | None = Field(None, description="layer class that the model must have, such as Dropout")
    one_off: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of the points where one of epochs, batch size, validation, callback, weights, loop is off",
    )

    @field_validator("needs_layer")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in LAYERS:
            raise ValueError(f"Keras has no layer {value!r}.{did_you_mean(value, LAYERS)}")
        return value


@check("compiled", params=CompiledParams, settled_by_code=True)
def compiled(section: SectionView, params: CompiledParams) -> CheckResult:
    """The model is compiled with a right loss that fits its output, and with the optimizer and metrics asked for.

    A linear output with from_logits is as right as a softmax or sigmoid; a sparse loss as one with one-hot labels.
    """
    words: Words = {"required": "compiled as asked for", "expected": _wanted(params)}
    model = section.model
    if model is None:
        missing: Words = {**words, "cells": section.match.cells, "yours": "no model"}
        return blocked(why_no_model(section), missing, next_step=fix_for(section))
    record = _compile_of(section)
    if record is None or (record.loss is None and not record.own_loss):
        if any(fit.kind == "loop" for fit in section.fits):
            text = (
                "Your model was trained in a loop of your own, so its loss was not given to compile; a tutor will look."
            )
            return needs_review("unverifiable", text, words, yours="a loop of its own")
        text = "This model was never compiled with a loss."
        return failed(text, words, yours="not compiled", next_step=f"Compile it with {_wanted(params)}.")
    words["cells"] = (record.cell,) if record.cell is not None else ()
    words["yours"] = _yours(record)
    if record.own_loss:
        return needs_review(
            "unverifiable", f"The loss {record.loss!r} is your own function; a tutor will look at it.", words
        )
    wrong = _wrong_in(section, record, params=params)
    return _of_compile(section, wrong, record=record, params=params, words=words)


@check("trained", params=TrainedParams, settled_by_code=True)
def trained(section: SectionView, params: TrainedParams) -> CheckResult:
    """The section's model was trained on the right data, with the epochs, batch size and validation asked for.

    Several fits on one model add up. A validation set cut off by hand counts by its share of the rows. Where early
    stopping ended a training that asked for enough epochs, the rubric says what it is worth; where it does not say,
    a tutor decides, because the task asks for a number of epochs and for good judgement of when to stop.
    """
    words: Words = {"required": "the training asked for", "expected": _expected(section, params), "basis": "claimed"}
    fits = section.fits
    if not fits:
        return _untrained(section, words)
    words["cells"] = tuple(dict.fromkeys(fit.cell for fit in fits if fit.cell is not None))
    model = section.model
    kind = params.needs_layer
    if kind is not None and model is not None and not any(layer.class_name == kind for layer in model.layers):
        text = f"The model that was trained here has no {kind} layer."
        return failed(text, words, yours=f"no {kind}", next_step=f"Train the model with its {kind} layers.")
    own = own_recipe(section)
    words["yours"] = recipe_words(own) + (", no weights" if params.weighted and not own.weighted else "")
    if all(_moved_nothing(fit) for fit in fits):
        text = "The training ran, but it moved no weight of the model: nothing was learned."
        return failed(text, words, next_step="Give the optimizer a learning rate at which the loss falls.")
    problem = wrong_data(section, data_set=params.data_set, data_of=params.data_of)
    if problem is not None:
        return failed(problem.text, words, next_step=problem.step)
    judged = aspects(section, params.asked)
    if params.or_as is not None and any(not aspect.is_right for aspect in judged):
        alternative = _as_section(section, params)
        if alternative is not None and all(aspect.is_right for aspect in alternative):
            name = section_name(params.or_as, section.matching)
            return passed(f"The model was trained as that of {name}: {words['yours']}.", words)
    return _of_aspects(judged, params=params, words=words)


def _of_compile(
    section: SectionView, wrong: list[str], *, record: CompileRecord, params: CompiledParams, words: Words
) -> CheckResult:
    if wrong:
        step = f"Compile the model with {_wanted(params)}, and train it again."
        return failed(" ".join(wrong), words, next_step=step)
    if params.metrics and not _sees_metrics(section, record):
        text = f"Whether your own training loop counts the metric {listed(params.metrics)} could not be seen."
        return needs_review("unverifiable", f"{text} A tutor will look.", words)
    own = [metric for metric in params.metrics if _is_own_metric(metric, record=record)]
    if own:
        text = f"The metric {listed(own)} is computed by code of your own; a tutor will look at it."
        return needs_review("unverifiable", text, words)
    return passed(f"The model is compiled with {_yours(record)}.", words)


def _moved_nothing(fit: FitRecord) -> bool:
    return fit.epochs_run > 0 and fit.weights_before is not None and fit.weights_before == fit.weights_after


def _untrained(section: SectionView, words: Words) -> CheckResult:
    missing: Words = {**words, "cells": section.match.cells, "yours": "no training", "next_step": fix_for(section)}
    if borrowed_model(section) is not None:
        step = "Build the new model of this section, and compile and fit that one."
        return failed(why_no_model(section), missing, yours="another section's model, fitted again", next_step=step)
    if section.match.model is not None:
        text = why_no_model(section)
        return lost_trainings(section, text, missing) or failed(text, missing)
    return blocked(why_no_model(section), missing)


def _of_aspects(judged: tuple[Aspect, ...], *, params: TrainedParams, words: Words) -> CheckResult:
    off = [aspect for aspect in judged if aspect.verdict == "off"]
    unknown = [aspect for aspect in judged if aspect.verdict in {"unknown", "cut by us", "stopped early"}]
    told = " ".join(aspect.text for aspect in (*off, *unknown))
    words["next_step"] = " ".join(aspect.step for aspect in off)
    if len(off) > 1:
        return failed(told, words)
    if unknown:
        causes = {"unknown": "unverifiable", "cut by us": "infrastructure", "stopped early": "borderline"}
        cause = causes[unknown[0].verdict]
        return CheckResult(outcome="needs_review", cause=cause, feedback=f"{told} A tutor will decide.", **words)  # type: ignore[arg-type]
    if off:
        return failed_or_partial(params.one_off, told, words)
    return passed(f"The model was trained with {words['yours']}.", words)


def _expected(section: SectionView, params: TrainedParams) -> str:
    recipe = recipe_words(params.asked)
    if params.data_set is not None:
        return f"{recipe} on {params.data_set}"
    return (
        recipe
        if params.data_of is None
        else f"{recipe} on the data of {section_name(params.data_of, section.matching)}"
    )


def _as_section(section: SectionView, params: TrainedParams) -> tuple[Aspect, ...] | None:
    """This training against that of another section of the same notebook."""
    if params.or_as is None or params.or_as not in section.matching:
        return None
    recipe = own_recipe(section.of(params.or_as))
    if recipe.epochs is None:
        return None
    # Of the other section come its numbers; what else is asked for stays so.
    asked = params.asked
    asked = replace(asked, epochs=recipe.epochs, batch_size=recipe.batch_size, validation=recipe.validation)
    return aspects(section, asked)


def _compile_of(section: SectionView) -> CompileRecord | None:
    used = [fit.compiled for fit in section.fits if fit.compiled is not None]
    record = used[-1] if used else last_compile(section.evidence, section.match.model or "")
    if record is None or record.metrics or not _is_by_loop(section):
        return record
    # A loop is seen to use a loss and an optimizer; its metrics are those that its model was compiled with, if it was.
    calls = _calls_of(section, record)
    return record.model_copy(update={"metrics": calls[-1].metrics}) if calls else record


def is_as_asked(record: CompileRecord, params: CompiledParams) -> bool:
    """Whether a model is compiled with a loss, optimizer and metrics that are right, whatever its output."""
    has_metrics = all(any(is_metric(one, metric) for one in record.metrics) for metric in params.metrics)
    return (record.own_loss or is_right_loss(record, params)) and is_right_optimizer(record, params) and has_metrics


def is_right_loss(record: CompileRecord, params: CompiledParams) -> bool:
    """Whether the loss is one that is asked for, whatever the output that it is given."""
    name = loss_name(record.loss)
    wanted = {loss_name(loss) for loss in params.loss}
    if name in wanted or (CROSS_ENTROPY in wanted and is_cross_entropy(name)):
        return True
    return name == "crossentropy" and any(is_cross_entropy(loss) for loss in wanted)


def is_right_optimizer(record: CompileRecord, params: CompiledParams) -> bool:
    """Whether the optimizer is one that is asked for."""
    return not params.optimizer or str(record.optimizer).casefold() in {one.casefold() for one in params.optimizer}


def _wrong_in(section: SectionView, record: CompileRecord, *, params: CompiledParams) -> list[str]:
    model = section.model
    wrong = []
    if not is_right_loss(record, params):
        wrong.append(f"The loss is {record.loss}; {listed(_loss_names(params), word='or')} was asked for.")
    elif model is not None:
        output = plain_model(model, compiled=record).raw_output
        labels = section.fits[-1].y if section.fits else None
        reason = misfit(record, output, labels=labels) if output is not None else None
        wrong += [reason] if reason else []
    if not is_right_optimizer(record, params):
        wrong.append(f"The optimizer is {record.optimizer}; {listed(params.optimizer, word='or')} was asked for.")
    for metric in params.metrics if _sees_metrics(section, record) else ():
        if not any(is_metric(one, metric) for one in record.metrics):
            found = listed(record.metrics) or "none"
            wrong.append(f"The metric {metric} is missing (yours: {found}).")
    return wrong


def _sees_metrics(section: SectionView, record: CompileRecord) -> bool:
    """Whether metrics would be known: a loop on a model that was never compiled may count them itself."""
    return bool(record.metrics) or not _is_by_loop(section) or bool(_calls_of(section, record))


def _is_by_loop(section: SectionView) -> bool:
    return any(fit.kind == "loop" for fit in section.fits)


def _calls_of(section: SectionView, record: CompileRecord) -> list[CompileRecord]:
    return [item for item in section.evidence.compiles if item.model == record.model and item.seq <= record.seq]


def is_metric(name: str, wanted: str) -> bool:
    """Keras names one accuracy in several ways, and a student's own name of it begins alike."""
    name, wanted = name.casefold(), wanted.casefold()
    is_wanted = wanted in METRICS["accuracy"].names and is_accuracy(name)
    return name == wanted or is_wanted or loss_name(name) == loss_name(wanted)


def _is_own_metric(wanted: str, *, record: CompileRecord) -> bool:
    """Whether no metric of Keras's own is the one asked for."""
    library = Counter(record.metrics) - Counter(record.own_metrics)
    return bool(record.own_metrics) and not any(is_metric(name, wanted) for name in library)


def _loss_names(params: CompiledParams) -> list[str]:
    return ["a cross-entropy that fits the output" if one == CROSS_ENTROPY else one for one in params.loss]


def _wanted(params: CompiledParams) -> str:
    names = ["cross-entropy that fits the output" if one == CROSS_ENTROPY else one for one in params.loss]
    parts = [f"loss {listed(names, word='or')}"]
    parts += [f"optimizer {listed(params.optimizer, word='or')}"] if params.optimizer else []
    parts += [f"metrics {listed(params.metrics)}"] if params.metrics else []
    return ", ".join(parts)


def _yours(record: CompileRecord) -> str:
    loss = f"loss {record.loss or 'none'}" + (" on logits" if record.from_logits else "")
    return ", ".join([loss, f"optimizer {record.optimizer or 'none'}", f"metrics {listed(record.metrics) or 'none'}"])
