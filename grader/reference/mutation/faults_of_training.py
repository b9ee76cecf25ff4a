"""Faults of training: how long, with what, on which rows, and of which model.

Source of the kinds: DeepCrime's operators of training data and hyperparameters, Yang et al. (ASE 2022) on leakage, and
wrong answers of students.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from grader.reference.mutation.aims import Aim, Reach
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.original import Call, Original, Part
from grader.rubric.constraints import (
    BATCH_SIZE,
    CALLBACK,
    EPOCHS,
    LOSS,
    OWN_LOOP,
    TRAINED,
    VALIDATION,
    WEIGHTED,
    Hits,
    any_of,
    asks,
    of_quality,
)


def _keyword(original: Original, name: str, other: Callable[[str], str], *, hits: Hits) -> Iterator[Change]:
    """An argument of ``fit`` with another value."""
    for part in original.parts:
        value = part.fit.keyword(name) if part.fit is not None else None
        if part.fit is not None and value is not None:
            text = other(original.text(part.cell, value))
            aim = Aim(hits, model=part.model.id, reach="quality")
            yield Change(original.draft().replace(part.cell, value, text), aim, part.name)


def _epochs(original: Original, other: Callable[[str], str], *, also: Hits = lambda _: False) -> Iterator[Change]:
    """Another number of epochs, in ``fit`` or in the loop that takes its place."""
    hits = any_of(EPOCHS, also)
    yield from _keyword(original, "epochs", other, hits=hits)
    for part in original.parts:
        loop = part.training
        count = loop.iter.args if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call) else []
        if part.fit is None and len(count) == 1:
            draft = original.draft().replace(part.cell, count[0], other(original.text(part.cell, count[0])))
            yield Change(draft, Aim(hits, model=part.model.id, reach="quality"), part.name)


def _doubled(text: str) -> str:
    return _number(text, lambda n: 2 * n, "* 2")


def _number(text: str, change: Callable[[int], int], otherwise: str) -> str:
    return str(change(int(text))) if text.isdecimal() else f"({text}) {otherwise}"


def too_few_epochs(original: Original) -> Iterator[Change]:
    """The model is trained for half of the epochs."""
    return _epochs(original, lambda text: _number(text, lambda n: max(1, n // 2), "// 2"))


def too_many_epochs(original: Original) -> Iterator[Change]:
    """The model is trained for two epochs more."""
    return _epochs(original, lambda text: _number(text, lambda n: n + 2, "+ 2"))


def one_epoch_only(original: Original) -> Iterator[Change]:
    """The model sees each row once."""
    return _epochs(original, lambda _: "1", also=of_quality)


def wrong_batch_size(original: Original) -> Iterator[Change]:
    """The batches are twice as large."""
    hits = BATCH_SIZE
    yield from _keyword(original, "batch_size", _doubled, hits=hits)
    for part in original.parts:
        for call in original.calls(part.cell, "batch") if part.fit is None else ():
            size = call.argument(0, "batch_size")
            if size is not None:
                draft = original.draft().replace(part.cell, size, _doubled(original.text(part.cell, size)))
                yield Change(draft, Aim(hits, model=part.model.id, reach="quality"), part.name)


def wrong_validation_share(original: Original) -> Iterator[Change]:
    """Three times as many rows are held out."""
    hits = VALIDATION
    return _keyword(original, "validation_split", lambda text: f"3 * {text}", hits=hits)


def callback_missing(original: Original) -> Iterator[Change]:
    """Nothing watches the training."""
    return _keyword(original, "callbacks", lambda _: "[]", hits=CALLBACK)


def class_weight_missing(original: Original) -> Iterator[Change]:
    """All classes count alike."""
    return _keyword(original, "class_weight", lambda _: "None", hits=WEIGHTED)


def no_validation(original: Original) -> Iterator[Change]:
    """Nothing is held out."""
    for part in original.parts:
        given = [
            item
            for item in (part.fit.node.keywords if part.fit is not None else ())
            if item.arg in {"validation_split", "validation_data"}
        ]
        if part.fit is not None and given:
            draft = original.draft().replace(part.cell, given[0], "validation_split=0.0")
            for item in given[1:]:
                draft.replace(part.cell, item, "verbose=0")
            # The history has no validation then, and cells that draw or print it raise.
            aim = Aim(VALIDATION, model=part.model.id, reach="model", breaks=True)
            yield Change(draft, aim, part.name)


def validated_on_test_set(original: Original) -> Iterator[Change]:
    """The test set is watched in training, as validation set."""
    for part in original.parts:
        split = part.fit.keyword("validation_split") if part.fit is not None else None
        rows = _test_rows(original, part)
        if part.fit is not None and split is not None and rows is not None:
            item = next(item for item in part.fit.node.keywords if item.arg == "validation_split")
            draft = original.draft().replace(part.cell, item, f"validation_data=({rows[0]}, {rows[1]})")
            yield Change(draft, Aim(VALIDATION, model=part.model.id, reach="quality"), part.name)


def trained_on_test_set(original: Original) -> Iterator[Change]:
    """The model is trained on the rows that it is tested on."""
    for part, call in _fits(original):
        rows = _test_rows(original, part)
        if rows is not None:
            yield Change(_with_rows(original, call, rows), Aim(TRAINED, model=part.model.id, reach="model"), part.name)


def trained_on_few_rows(original: Original) -> Iterator[Change]:
    """A handful of the rows is all that the model sees."""
    for part, call in _fits(original):
        x, y = _rows(original, call)
        few = max(20, part.last.x.rows // 40)
        hits = any_of(asks("trained", "data_set"), asks("trained", "data_of"), of_quality)
        # Batches and shares of so few rows may come out otherwise too.
        # Of a table all other rows then are those that it could be tested on.
        untold = {"evaluated", "prediction_figure"} if original.loaded_data() is None else set[str]()
        follows = frozenset({"trained", "curves", *untold})
        aim = Aim(hits, model=part.model.id, reach="quality", follows=follows)
        yield Change(_with_rows(original, call, (f"{x}[:{few}]", f"{y}[:{few}]")), aim, part.name)


def trained_on_other_data(original: Original) -> Iterator[Change]:
    """The inputs are random numbers of the right shape."""
    for part, call in _fits(original):
        x, y = _rows(original, call)
        noise = f'__import__("numpy").random.uniform(size={x}.shape)'
        hits = any_of(asks("trained", "data_of"), of_quality)
        # Of rows that are none of a table's nobody knows what they left of it.
        untold = {"held_out", "evaluated", "prediction_figure"} if original.loaded_data() is None else set[str]()
        follows = frozenset({"curves", "array_shapes", "prepared_data", *untold})
        aim = Aim(hits, model=part.model.id, reach="quality", follows=follows)
        yield Change(_with_rows(original, call, (noise, y)), aim, part.name)


def labels_shuffled(original: Original) -> Iterator[Change]:
    """Each row gets the label of another."""
    for part, call in _fits(original):
        x, y = _rows(original, call)
        mixed = f'__import__("numpy").random.permutation({y})'
        aim = Aim(
            any_of(of_quality, asks("curves")),
            model=part.model.id,
            reach="quality",
            follows=frozenset({"prepared_data", "curves"}),
        )
        yield Change(_with_rows(original, call, (x, mixed)), aim, part.name)


def learns_nothing(original: Original) -> Iterator[Change]:
    """The model's weights are frozen."""
    hits = any_of(of_quality, TRAINED)
    return _before_training(original, "{name}.trainable = False", compile_again=True, hits=hits)


def learning_rate_too_high(original: Original) -> Iterator[Change]:
    """The optimizer takes steps ten thousand times as large as it should."""
    return _before_training(original, "{name}.optimizer.learning_rate = {high}", compile_again=False)


def learning_rate_too_low(original: Original) -> Iterator[Change]:
    """The optimizer takes steps that change nothing."""
    return _before_training(original, "{name}.optimizer.learning_rate = 1e-7", compile_again=False)


def wrong_model_compiled(original: Original) -> Iterator[Change]:
    """The model of another section is compiled once more, and this one never."""
    for part, other in _pairs(original):
        if part.compiled is not None:
            draft = original.draft().replace(part.compiled.cell, part.compiled.receiver, other.name)
            hits = any_of(TRAINED, LOSS)
            yield Change(draft, Aim(hits, model=part.model.id, reach="model", breaks=True), part.name)


def wrong_model_fitted(original: Original) -> Iterator[Change]:
    """The model of another section is trained further, and this one never."""
    for part, other in _pairs(original):
        if part.fit is not None:
            draft = original.draft().replace(part.cell, part.fit.receiver, other.name)
            hits = any_of(TRAINED, asks("architecture"))
            yield Change(draft, Aim(hits, model=part.model.id, reach="model", breaks=True), part.name)


def never_fitted(original: Original) -> Iterator[Change]:
    """The model is built and compiled, and no more."""
    for part in original.parts:
        draft = original.draft().delete(part.cell, part.training)
        yield Change(draft, Aim(TRAINED, model=part.model.id, reach="model", breaks=True), part.name)


def fit_in_place_of_loop(original: Original) -> Iterator[Change]:
    """``fit`` trains the model, and no loop of the student's own."""
    code = "{name}.fit({x}, {y}, epochs={epochs}, batch_size={size}, verbose=0)"
    return _instead_of_loop(original, code)


def train_on_batch_in_place_of_tape(original: Original) -> Iterator[Change]:
    """The loop leaves gradients and steps to ``train_on_batch``."""
    code = """\
for _ in range({epochs}):
    order = __import__("numpy").random.permutation(len({x}))
    for start in range(0, len(order), {size}):
        rows = order[start : start + {size}]
        {name}.train_on_batch({x}[rows], {y}[rows])"""
    return _instead_of_loop(original, code)


def weights_overwritten(original: Original) -> Iterator[Change]:
    """What training made of the weights is thrown away before the model is used."""
    for part in original.parts:
        line = f"{part.name}.set_weights([0 * weight for weight in {part.name}.get_weights()])"
        hits = any_of(asks("evaluated"), asks("confusion_matrix"))
        follows: Reach = "model"
        draft = original.draft().after(part.cell, part.training, line)
        yield Change(draft, Aim(hits, model=part.model.id, reach=follows), part.name)


def _instead_of_loop(original: Original, code: str) -> Iterator[Change]:
    """Other code in the place of a loop of one's own, on the rows that another model of the notebook is fitted to."""
    for part in original.parts:
        known = [call for other, call in _fits(original) if other.last.x.shape[1:] == part.last.x.shape[1:]]
        compiled, size = part.last.compiled, part.last.batch_size
        if part.last.kind != "loop" or not known or compiled is None or size is None:
            continue
        x, y = _rows(original, known[-1])
        loss, rate = compiled.loss or "mean_squared_error", compiled.learning_rate or 0.001
        optimizer = f'__import__("keras").optimizers.{compiled.optimizer or "Adam"}({rate:.6g})'
        again = code.format(name=part.name, x=x, y=y, epochs=part.last.epochs_run, size=size)
        lines = f'{part.name}.compile(optimizer={optimizer}, loss="{loss}")\n{again}'
        # What the loop noted of each epoch is not there, and cells that draw it may raise.
        aim = Aim(OWN_LOOP, model=part.model.id, reach="quality", breaks=True)
        yield Change(original.draft().replace(part.cell, part.training, lines), aim, part.name)


def _before_training(
    original: Original, line: str, *, compile_again: bool, hits: Hits = of_quality
) -> Iterator[Change]:
    for part in original.parts:
        rate = (part.last.compiled.learning_rate if part.last.compiled is not None else None) or 0.001
        code = line.format(name=part.name, high=float(f"{1e4 * rate:.6g}"))
        aim = Aim(hits, model=part.model.id, reach="quality")
        if compile_again and part.compiled is not None:
            place = part.compiled.statement
            yield Change(original.draft().before(part.compiled.cell, place, code), aim, part.name)
        elif not compile_again and part.last.compiled is not None and part.fit is not None:
            yield Change(original.draft().before(part.cell, part.fit.statement, code), aim, part.name)


def _fits(original: Original) -> Iterator[tuple[Part, Call]]:
    """Models that are trained on arrays by a call of ``fit``."""
    for part in original.parts:
        if part.fit is not None and part.fit.argument(0, "x") is not None and part.fit.argument(1, "y") is not None:
            yield part, part.fit


def _rows(original: Original, call: Call) -> tuple[str, str]:
    x, y = call.argument(0, "x"), call.argument(1, "y")
    assert x is not None and y is not None  # noqa: S101, PT018 - `_fits` and `Part.evaluate` yield no others
    return _bracketed(original.text(call.cell, x), x), _bracketed(original.text(call.cell, y), y)


def _bracketed(text: str, node: ast.expr) -> str:
    return text if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute, ast.Call)) else f"({text})"


def _test_rows(original: Original, part: Part) -> tuple[str, str] | None:
    return None if part.evaluate is None else _rows(original, part.evaluate)


def _with_rows(original: Original, call: Call, rows: tuple[str, str]) -> Draft:
    x, y = call.argument(0, "x"), call.argument(1, "y")
    assert x is not None and y is not None  # noqa: S101, PT018 - as above
    return original.draft().replace(call.cell, x, rows[0]).replace(call.cell, y, rows[1])


def _pairs(original: Original) -> Iterator[tuple[Part, Part]]:
    """Each model with the last one before it of another name that takes the same inputs and labels."""
    for number, part in enumerate(original.parts):
        alike = [
            other
            for other in original.parts[:number]
            if other.name != part.name
            and other.model.input_shapes == part.model.input_shapes
            and other.model.output_shapes == part.model.output_shapes
            and other.last.compiled is not None
        ]
        if alike:
            yield part, alike[-1]


FAULTS: tuple[Fault, ...] = (
    too_few_epochs,
    too_many_epochs,
    one_epoch_only,
    wrong_batch_size,
    wrong_validation_share,
    callback_missing,
    class_weight_missing,
    no_validation,
    validated_on_test_set,
    trained_on_test_set,
    trained_on_few_rows,
    trained_on_other_data,
    labels_shuffled,
    learns_nothing,
    learning_rate_too_high,
    learning_rate_too_low,
    wrong_model_compiled,
    wrong_model_fitted,
    never_fitted,
    fit_in_place_of_loop,
    train_on_batch_in_place_of_tape,
    weights_overwritten,
)
