"""Other ways to write, train and show the same model, all of them right."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.reference.mutation.changes import Change, Equivalent
from grader.reference.mutation.faults_of_models import rebuilt
from grader.reference.mutation.faults_of_pictures import replaced
from grader.reference.mutation.original import Original, Part, loads, stores

_PLAIN = frozenset({"x", "y", "epochs", "batch_size", "validation_split", "verbose", "shuffle"})

_APART = """\
apart = []
for layer in fresh:
    apart.append(layer)
    if isinstance(layer, (keras.layers.Dense, keras.layers.Conv2D)):
        apart.append(keras.layers.Activation(layer.activation))
        layer.activation = keras.activations.linear
fresh = apart"""

_FUNCTIONAL = """\
inputs = keras.Input(shape={name}.input_shape[1:])
outputs = inputs
for layer in fresh:
    outputs = layer(outputs)
{name} = keras.Model(inputs, outputs)"""

_SUBCLASS = """\
class Network(keras.Model):
    def __init__(self, chain):
        super().__init__()
        self.chain = chain

    def call(self, values):
        for layer in self.chain:
            values = layer(values)
        return values


{name} = Network(fresh)"""

_ADDED = """\
shape = {name}.input_shape[1:]
{name} = keras.Sequential()
{name}.add(keras.Input(shape=shape))
for layer in fresh:
    {name}.add(layer)"""

_LOOP = """\
import keras
import numpy as np
import tensorflow as tf


class Record:
    def __init__(self):
        self.history = {{}}

    def note(self, **values):
        for key, value in values.items():
            self.history.setdefault(key, []).append(float(value))


def accuracy(truth, answer):
    if answer.shape[-1] == 1:
        return np.mean((np.ravel(answer) > 0.5) == (np.ravel(truth) > 0.5))
    labels = truth.argmax(axis=1) if truth.ndim > 1 else truth
    return np.mean(np.argmax(answer, axis=1) == labels)


def mae(truth, answer):
    return np.mean(np.abs(np.ravel(truth) - np.ravel(answer)))


def train_by_hand(net, inputs, labels, epochs, batch_size, held_out):
    rows = int(len(inputs) * (1 - held_out))
    loss_of = {loss}
    optimizer = keras.optimizers.{optimizer}(learning_rate={rate!r})
    record = Record()

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(y, net(x, training=True))
        gradients = tape.gradient(loss, net.trainable_variables)
        optimizer.apply_gradients(zip(gradients, net.trainable_variables))
        return loss

    for _ in range(epochs):
        order = np.random.permutation(rows)
        losses = []
        for start in range(0, rows, batch_size):
            chosen = order[start : start + batch_size]
            losses.append(len(chosen) * float(step(tf.constant(inputs[chosen]), tf.constant(labels[chosen]))))
        trained = net(inputs[:rows], training=False).numpy()
        unseen = net(inputs[rows:], training=False).numpy()
        record.note(
            loss=sum(losses) / rows,
            {metric}={metric}(labels[:rows], trained),
            val_loss=loss_of(labels[rows:], unseen),
            val_{metric}={metric}(labels[rows:], unseen),
        )
    return record

"""

_MATRIX = """\
import matplotlib.pyplot as plt
import numpy as np
said = {name}.predict({x}, verbose=0).argmax(axis=1)
truth = {truth}
counts = np.zeros(({classes}, {classes}), dtype=int)
for is_class, said_class in zip(truth, said):
    counts[is_class, said_class] += 1
plt.matshow(counts)
for row in range({classes}):
    for column in range({classes}):
        plt.text(column, row, counts[row, column], ha="center", va="center")
plt.xlabel("predicted")
plt.ylabel("true")
plt.show()"""


def functional(original: Original) -> Iterator[Change]:
    """Built by the functional API."""
    return _rebuilt(original, build=_FUNCTIONAL)


def subclass(original: Original) -> Iterator[Change]:
    """A class of its own."""
    return _rebuilt(original, build=_SUBCLASS)


def activation_layers(original: Original) -> Iterator[Change]:
    """Each activation is a layer."""
    return _rebuilt(original, _APART)


def layers_added_in_loop(original: Original) -> Iterator[Change]:
    """Layer by layer added, in a loop."""
    return _rebuilt(original, build=_ADDED)


def logits(original: Original) -> Iterator[Change]:
    """The outputs are linear, and the loss is told so."""
    for part in original.parts:
        loss = _cross_entropy(part)
        output = part.output
        if loss is None or output is None or not part.has_softmax or part.compiled is None:
            continue
        name = "CategoricalCrossentropy" if part.is_one_hot else "SparseCategoricalCrossentropy"
        draft = original.draft().replace(part.compiled.cell, loss, f"keras.losses.{name}(from_logits=True)")
        line = f"fresh[{output.place}].activation = keras.activations.linear"
        if rebuilt(original, part, line, draft=draft) is not None:
            yield Change(draft, place=part.name)


def sparse_labels(original: Original) -> Iterator[Change]:
    """The labels are numbers, and the loss a sparse one."""
    for part in original.parts:
        loss, fit, test = _cross_entropy(part), part.fit, part.evaluate
        if loss is None or not part.is_one_hot or fit is None or test is None or fit.keyword("validation_data"):
            continue
        assert part.compiled is not None  # noqa: S101 - it has a loss
        draft = original.draft().replace(part.compiled.cell, loss, '"sparse_categorical_crossentropy"')
        for call in (fit, test):
            labels = call.argument(1, "y")
            if labels is not None:
                draft.replace(call.cell, labels, f"{original.text(call.cell, labels)}.argmax(axis=1)")
        yield Change(draft, place=part.name)


def optimizer_as_object(original: Original) -> Iterator[Change]:
    """The optimizer is an object in the place of its name."""
    for part in original.parts:
        value = part.compiled.argument(0, "optimizer") if part.compiled is not None else None
        used = part.last.compiled.optimizer if part.last.compiled is not None else None
        if part.compiled is not None and isinstance(value, ast.Constant) and used:
            draft = original.draft().replace(part.compiled.cell, value, f'__import__("keras").optimizers.{used}()')
            yield Change(draft, place=part.name)


def built_in_function(original: Original) -> Iterator[Change]:
    """A function builds and compiles the model."""
    for part in original.parts:
        if part.compiled is None:
            continue
        cell = part.compiled.cell
        body = original.trees[cell].body
        if part.compiled.statement not in body:
            continue
        end = body.index(part.compiled.statement)
        starts = [at for at, node in enumerate(body[:end]) if part.name in stores(node)]
        made = set().union(*(stores(node) for node in body[starts[0] : end + 1])) if starts else set()
        later = [node for at, tree in original.trees.items() if at > cell for node in tree.body] + body[end + 1 :]
        if not starts or any((made - {part.name, "_"}) & loads(node) for node in later):
            continue
        lines = [original.text(cell, node) for node in body[starts[0] : end + 1]]
        inner = "\n".join("    " + line if line else "" for text in lines for line in text.split("\n"))
        code = f"def build():\n{inner}\n    return {part.name}\n\n\n{part.name} = build()"
        drawing = (cell, body[starts[0] : end + 1])
        yield Change(replaced(original, drawing, code), place=part.name)


def validation_cut_off_by_hand(original: Original) -> Iterator[Change]:
    """The last rows are handed over as validation data."""
    for part, x, y, share in _splits(original):
        assert part.fit is not None  # noqa: S101 - it has a split
        item = next(item for item in part.fit.node.keywords if item.arg == "validation_split")
        given = part.fit.argument(0, "x"), part.fit.argument(1, "y")
        assert given[0] is not None and given[1] is not None  # noqa: S101, PT018 - as above
        draft = original.draft().before(part.cell, part.fit.statement, f"held_out = int(len({x}) * {share})")
        draft.replace(part.cell, given[0], f"{x}[:-held_out]").replace(part.cell, given[1], f"{y}[:-held_out]")
        draft.replace(part.cell, item, f"validation_data=({x}[-held_out:], {y}[-held_out:])")
        yield Change(draft, place=part.name)


def trained_by_pipeline(original: Original) -> Iterator[Change]:
    """The rows come by tf.data pipelines."""
    for part, x, y, share in _splits(original):
        assert part.fit is not None  # noqa: S101 - it has a split
        size, epochs = part.fit.keyword("batch_size"), part.fit.keyword("epochs")
        if size is None or epochs is None:
            continue
        batch = f".batch({original.text(part.cell, size)})"
        slices = "tf.data.Dataset.from_tensor_slices"
        code = (
            "import tensorflow as tf\n"
            f"held_out = int(len({x}) * {share})\n"
            f"train_rows = {slices}(({x}[:-held_out], {y}[:-held_out])).shuffle(len({x})){batch}\n"
            f"validation_rows = {slices}(({x}[-held_out:], {y}[-held_out:])){batch}"
        )
        call = (
            f"{part.name}.fit(train_rows, validation_data=validation_rows,"
            f" epochs={original.text(part.cell, epochs)}, verbose=0)"
        )
        draft = original.draft().before(part.cell, part.fit.statement, code).replace(part.cell, part.fit.node, call)
        yield Change(draft, place=part.name)


def custom_training_loop(original: Original) -> Iterator[Change]:
    """Trained by a gradient tape, its losses noted by hand."""
    for part, x, y, share in _splits(original):
        compiled, fit = part.last.compiled, part.fit
        assert fit is not None  # noqa: S101 - it has a split
        size, epochs = fit.keyword("batch_size"), fit.keyword("epochs")
        metric = next((name for name in ("accuracy", "mae") if f"val_{name}" in part.last.history), None)
        if compiled is None or compiled.own_loss or metric is None or size is None or epochs is None:
            continue
        # A loop over settings compiles each model otherwise, and this says one rate for all of them.
        if sum(other.fit is not None and other.fit.node is fit.node for other in original.parts) > 1:
            continue
        name = "".join(word.title() for word in (compiled.loss or "").split("_"))
        loop = _LOOP.format(
            metric=metric,
            loss=f"keras.losses.{name}({'from_logits=True' if compiled.from_logits else ''})",
            optimizer=compiled.optimizer,
            rate=round(compiled.learning_rate or 0.001, 8),
        )
        call = (
            f"train_by_hand({part.name}, {x}, {y}, {original.text(part.cell, epochs)},"
            f" {original.text(part.cell, size)}, {share})"
        )
        draft = original.draft().before(part.cell, fit.statement, loop).replace(part.cell, fit.node, call)
        yield Change(draft, place=part.name)


def curves_by_pandas(original: Original) -> Iterator[Change]:
    """The curves are drawn by a data frame."""
    code = 'pd.DataFrame({losses})[["loss", "val_loss"]].plot(title="{name}")'
    return _curves(original, f"import pandas as pd\n{code}")


def curves_on_axes(original: Original) -> Iterator[Change]:
    """The curves are drawn on one of two axes objects."""
    code = (
        "figure, (left, right) = plt.subplots(1, 2)\n"
        'left.plot({losses}["loss"], "r-", label="training")\n'
        'left.plot({losses}["val_loss"], "b--", label="validation")\n'
        'left.legend()\nright.plot({losses}["accuracy"])\nright.plot({losses}["val_accuracy"])'
    )
    return _curves(original, code)


def own_confusion_matrix(original: Original) -> Iterator[Change]:
    """The confusion matrix is counted and drawn by hand."""
    for part in original.parts:
        drawing = original.drawing(part, square=True)
        call = part.evaluate
        x, y = (call.argument(0, "x"), call.argument(1, "y")) if call is not None else (None, None)
        shapes = part.model.output_shapes
        if drawing is None or call is None or x is None or y is None or not shapes or not shapes[0][-1]:
            continue
        labels = original.text(call.cell, y)
        truth = f"{labels}.argmax(axis=1)" if part.is_one_hot else labels
        code = _MATRIX.format(name=part.name, x=original.text(call.cell, x), truth=truth, classes=shapes[0][-1])
        yield Change(replaced(original, drawing, code), place=part.name)


def _rebuilt(original: Original, *lines: str, build: str = "") -> Iterator[Change]:
    for part in original.parts:
        if part.compiled is None:
            continue
        draft = rebuilt(original, part, *lines, build=build.format(name=part.name) if build else "")
        if draft is not None:
            yield Change(draft, place=part.name)


def _cross_entropy(part: Part) -> ast.expr | None:
    """The loss that ``compile`` is given by name, where it is a cross-entropy of classes."""
    loss = part.compiled.argument(1, "loss") if part.compiled is not None else None
    name = loss.value if isinstance(loss, ast.Constant) else None
    return loss if name in {"categorical_crossentropy", "sparse_categorical_crossentropy"} else None


def _splits(original: Original) -> Iterator[tuple[Part, str, str, str]]:
    """Models whose validation rows Keras splits off, with the expressions of rows, labels and share."""
    for part in original.parts:
        given = (part.fit.argument(0, "x"), part.fit.argument(1, "y")) if part.fit is not None else (None, None)
        split = part.fit.keyword("validation_split") if part.fit is not None else None
        others = {item.arg for item in part.fit.node.keywords} - _PLAIN if part.fit is not None else set()
        if split is None or others or not all(isinstance(node, ast.Name) for node in given):
            continue
        x, y = (original.text(part.cell, node) for node in given if node is not None)
        yield part, x, y, original.text(part.cell, split)


def _curves(original: Original, code: str) -> Iterator[Change]:
    for part in original.parts:
        drawing = original.drawing(part, square=False)
        if drawing is None or part.history is None or "val_loss" not in part.last.history:
            continue
        if "accuracy" in code and "val_accuracy" not in part.last.history:
            continue
        others = {other.history.partition(".")[0] for other in original.parts if other.history and other is not part}
        if any(others & loads(node) for node in drawing[1]):
            continue
        lines = f"import matplotlib.pyplot as plt\n{code.format(losses=part.history, name=part.name)}\nplt.show()"
        yield Change(replaced(original, drawing, lines), place=part.name)


EQUIVALENTS: tuple[Equivalent, ...] = (
    functional,
    subclass,
    activation_layers,
    layers_added_in_loop,
    logits,
    sparse_labels,
    optimizer_as_object,
    built_in_function,
    validation_cut_off_by_hand,
    trained_by_pipeline,
    custom_training_loop,
    curves_by_pandas,
    curves_on_axes,
    own_confusion_matrix,
)
