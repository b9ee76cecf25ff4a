"""What a section's own model suggests: its layers, how it was compiled, and how it was trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grader.architecture.comparison import form_in_short
from grader.architecture.forms import ModelForm
from grader.architecture.layers import last_compile
from grader.architecture.losses import BINARY, ONE_HOT, SPARSE, known_losses, loss_name
from grader.judging.results import listed
from grader.records import FitRecord
from grader.reference.draft.forms import uniform_rate
from grader.reference.draft.proposals import Proposal, View
from grader.reference.draft.sources import data_set_of, source_of
from grader.reference.draft.tasks import Task
from grader.training.recipes import Asked, own_recipe, recipe_words

ONE_OFF = 0.5
"""Suggested share of the points where one property differs."""

FREE = "Take out what the task leaves open."


def architecture(view: View) -> Iterator[Proposal]:
    """The model's layers."""
    form = view.planned.form
    if view.planned.model is not None and form is not None and form.get("layers"):
        title = form_in_short(ModelForm.model_validate(form))
        yield Proposal("architecture", title, 2, {"one_off": ONE_OFF})


def dropout_rate(view: View) -> Iterator[Proposal]:
    """The rate that all of its Dropout layers have."""
    rate = None if view.planned.model is None else uniform_rate(view.planned.model.plain)
    if rate is not None:
        yield Proposal("dropout_rate", "Rate of the dropout", 1, {"rate": rate})


def compiled(view: View) -> Iterator[Proposal]:
    """Its loss, optimizer and metrics."""
    owned = view.planned.model
    record = None if owned is None else last_compile(view.section.evidence, owned.id)
    if record is None or record.loss is None:
        return
    loss = loss_name(record.loss)
    if record.own_loss or loss not in known_losses():
        return
    params: dict[str, object] = {"loss": _losses(loss or "")}
    metrics = list(dict.fromkeys(_metric(name) for name in record.metrics))
    asked, notes = _asked_for(view, {"optimizer": record.optimizer} if record.optimizer else {})
    params |= asked
    params |= {"metrics": metrics[0] if len(metrics) == 1 else metrics} if metrics else {}
    title = ", ".join([str(params.get("optimizer", "compiled")), str(loss).replace("_", " "), *metrics])
    yield Proposal("compiled", title[:1].upper() + title[1:], 1, params, notes=(FREE, *notes))


def trained(view: View) -> Iterator[Proposal]:
    """Its epochs, batch size and validation, and what it was trained on."""
    if view.planned.model is None or not view.section.fits:
        return
    recipe, notes = _recipe(view)
    numbers = {"epochs": recipe.epochs, "batch_size": recipe.batch_size, "validation": recipe.validation}
    asked, unasked = _asked_for(view, {key: value for key, value in numbers.items() if value is not None})
    params: dict[str, object] = {**asked}
    # Early stopping says what fewer epochs are worth.
    params |= {"early_stopping": recipe.early_stopping} if recipe.early_stopping and "epochs" in asked else {}
    use = data_set_of(view.section)
    source = source_of(view, view.planned)
    if use is not None:
        params["data_set"] = use.name
    elif source not in {None, view.planned.id}:
        params["data_of"] = source
    if view.planned.model.plain.has("Dropout"):
        params["needs_layer"] = "Dropout"
    if len(asked) > 1:
        params["one_off"] = ONE_OFF
    said = recipe_words(
        Asked(
            epochs=recipe.epochs if "epochs" in asked else None,
            batch_size=recipe.batch_size if "batch_size" in asked else None,
            validation=recipe.validation if "validation" in asked else None,
        )
    )
    title = f"Trained: {said}" if asked else "The model is trained"
    yield Proposal("trained", title, 2, params, notes=(*notes, *unasked))


def augmented(view: View) -> Iterator[Proposal]:
    """Training images that are changed at random, in the model or before it."""
    use = next((item for item in view.section.evidence.data_sets if item.loaded), None)
    if view.planned.model is not None and view.section.fits and use is not None:
        yield Proposal("augmented", "Images changed at random", 2, {"data_set": use.name}, is_guess=True)


def _asked_for(view: View, params: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Of what the reference does, that which its task asks for in words, and what is said of the rest.

    Where a notebook holds no words of the task, the reference is taken at its word.
    """
    task = Task(view)
    asked = {key: value for key, value in params.items() if not task.is_known or task.names(key, value)}
    rest = [f"{key} {value}" for key, value in params.items() if key not in asked]
    return asked, (f"Not asked for, because the task's text does not name it: {listed(rest)}.",) if rest else ()


def _recipe(view: View) -> tuple[Asked, tuple[str, ...]]:
    """The training as a recipe, and what is to be said of it."""
    fits = view.section.fits
    found = own_recipe(view.section)
    epochs, early, notes = found.epochs, None, [FREE]
    if any("EarlyStopping" in fit.callback_names for fit in fits):
        epochs = sum(max((fit.epochs_requested or fit.epochs_run) - fit.initial_epoch, 0) for fit in fits)
        early = True
        notes.append(f"Early stopping ended the reference after {found.epochs} of {epochs} epochs.")
    share = None if found.validation is None else round(found.validation, 3) or None
    if share is not None and any(_is_on_test_set(view, fit) for fit in fits):
        share = None
        notes.append("The reference is validated on the whole test set; its share is not asked for.")
    return Asked(epochs=epochs, batch_size=found.batch_size, validation=share, early_stopping=early), tuple(notes)


def _is_on_test_set(view: View, fit: FitRecord) -> bool:
    use, held = view.section.data_set, fit.validation
    return use is not None and held is not None and held.source == "data" and held.x.rows == use.test_rows


def _losses(loss: str) -> str | list[str]:
    if loss in ONE_HOT | SPARSE:
        return ["categorical_crossentropy", "sparse_categorical_crossentropy"]
    return "cross_entropy" if loss in BINARY else loss


def _metric(name: str) -> str:
    return "accuracy" if "acc" in name.casefold() else name
