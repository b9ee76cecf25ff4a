from __future__ import annotations

import pytest
from builders import Notebook, dense, layer, line, make_axes
from mutated import SHOWN, SMALL, derived, reference
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.architecture.forms import ModelForm
from grader.cell_code import parse
from grader.judging.registry import registered
from grader.matching import match
from grader.reference.mutation.deriving import EQUIVALENTS, FAULTS, derive
from grader.reference.mutation.equivalents_of_notebooks import _is_bare_magic
from grader.rubric import Criterion, Rubric, Section
from grader.rubric.constraints import form_asks, form_counts


def changed(kind):
    """The lines that a kind takes out and puts in, the first mutant's."""
    (mutant, *_) = derived(kind).mutants
    return [line for line in mutant.diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


def targets(kind):
    return {mutant.targets for mutant in derived(kind).mutants}


def test_every_mutant_is_python():
    """A mutant that does not parse would be caught by anything."""
    for mutant in derived().mutants:
        assert mutant.diff, mutant.id
        for cell in mutant.notebook.cells:
            assert cell.cell_type != "code" or parse(cell.source) is not None, (mutant.id, cell.source)


def test_mutants_have_names_of_their_own():
    """Their folders are named by them."""
    names = [mutant.id for mutant in derived().mutants]
    assert len(names) == len(set(names))


def test_there_are_thirty_kinds_of_faults_and_fifteen_of_equivalents():
    """As many as literature and students make, and each says what it does."""
    assert len(FAULTS) >= 30
    assert len(EQUIVALENTS) >= 15
    assert all(kind.__doc__ for kind in (*FAULTS, *EQUIVALENTS))


def test_the_same_reference_gives_the_same_mutants():
    """A run that is on disk is found again."""
    first, second = derived().mutants, derived().mutants
    assert [(one.id, one.diff) for one in first] == [(one.id, one.diff) for one in second]


def test_every_automatic_criterion_is_aimed_at():
    """Also one that only few kinds can hit."""
    assert derived().untargeted == ()


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("wrong_batch_size", ["batch_size=256"]),
        ("too_few_epochs", ["epochs=5,"]),
        ("no_validation", []),
        ("wrong_loss", []),
        ("evaluated_on_training_set", []),
        ("dropout_wrong_rate", ["fresh[3].rate = 0.5"]),
        ("dropout_at_one_place", ["place == 3"]),
        ("layer_missing", ["del fresh[0]"]),
    ],
)
def test_a_fault_changes_what_it_is_named_for(kind, lines):
    """And is not derived where the rubric does not ask for it."""
    if not lines:
        assert kind in derived(kind).not_applicable
    else:
        assert any(lines[0] in line for line in changed(kind) if line[0] == "+")


@pytest.mark.parametrize(
    ("kind", "criteria"),
    [
        ("wrong_batch_size", ("ex1.trained",)),
        ("dropout_wrong_rate", ("ex2.rate",)),
        ("no_curves", ("ex1.curves",)),
        ("answer_deleted", ("ex1.discussion",)),
        ("dropout_missing", ("ex2.architecture", "ex2.rate", "ex2.trained")),
    ],
)
def test_a_fault_is_aimed_at_the_criteria_that_name_its_aspect(kind, criteria):
    """In the sections of its model, and where the parameter is given."""
    assert criteria in targets(kind)


def test_what_hangs_on_a_model_may_follow_a_fault_of_it():
    """The gap of section 2 is compared with section 1's; its matrix has nothing to do with it."""
    (mutant,) = [one for one in derived("wrong_width").mutants if one.place == "small"]
    assert "ex2.gap" in mutant.related
    assert "ex2.matrix" not in mutant.related


def test_renaming_reaches_every_use_of_a_name():
    """Inside formatted strings and functions too; imports keep theirs."""
    (mutant,) = derived("names_changed").mutants
    text = "\n".join(cell.source for cell in mutant.notebook.cells)
    assert "small_of_mine.fit(x_of_mine, y_of_mine" in text
    assert "record_of_mine.history" in text
    assert "plt.plot" in text


def test_merging_and_splitting_cells_keeps_every_line():
    """Only where the cells end is another matter."""
    notebook, _ = reference()
    lines = [line for cell in notebook.cells for line in cell.source.split("\n") if line]
    for kind in ("cells_split", "cells_merged"):
        (mutant,) = derived(kind).mutants
        assert [line for cell in mutant.notebook.cells for line in cell.source.split("\n") if line] == lines
        assert len(mutant.notebook.cells) != len(notebook.cells)


@pytest.mark.parametrize(
    ("source", "stays"),
    [
        ("pip install keras", True),
        ("ls data", True),
        ("!pip install keras", False),
        ("x = 1", False),
        ("%ls\nx", False),
    ],
)
def test_a_line_that_is_a_magic_where_it_stands_alone_stays_alone(source, stays):
    """``pip install x`` above other code is no Python."""
    assert _is_bare_magic(source) is stays


IMAGES_TRAINED = """\
net = keras.Sequential(made())
net.compile(optimizer="adam", loss="binary_crossentropy")
net.fit(x, y, epochs=12, callbacks=[stop], class_weight=weights)"""


def criterion(check, **params):
    return Criterion(id=check, points=1, check=check, params=registered()[check].params(**params))


ANY = ModelForm.model_validate({"layers": [{"layer": "Dense"}]})


def of_images(*criteria, form=ANY):
    """What comes of a small convolutional network that changes its images, with these criteria."""
    rows = (layer("RandomZoom"), layer("Conv2D", filters=8, kernel_size=[3, 3], activation="relu"), dense(1, "sigmoid"))
    config = {"config": {"layers": [{"class_name": one.class_name, "config": dict(one.config)} for one in rows]}}
    book = Notebook()
    book.code(IMAGES_TRAINED)
    book.fit(book.model(*rows, names=("net",), config=config, inputs=(28, 28, 1)))
    section = Section(id="ex", title="Exercise", model=form, criteria=criteria)
    rubric = Rubric(assignment="some", title="Some", points={"core": len(criteria)}, sections=(section,))
    notebook = new_notebook(cells=[new_code_cell(IMAGES_TRAINED)])
    evidence = book.evidence()
    found = derive(notebook, rubric=rubric, evidence=evidence, matching=match(rubric, evidence))
    return {mutant.kind: mutant for mutant in found.mutants if mutant.group == "fault"}


@pytest.mark.parametrize(
    ("asked", "kind", "line"),
    [
        (criterion("augmented"), "augmentation_missing", "if place not in (0,)]"),
        (criterion("augmented", anew=True), "augmented_once", "net.fit(keras.Sequential(changing)(x, training=True)"),
        (criterion("trained", callback="EarlyStopping"), "callback_missing", "callbacks=[]"),
        (criterion("trained", weighted=True), "class_weight_missing", "class_weight=None"),
        (criterion("trained"), "learns_nothing", "net.trainable = False"),
    ],
)
def test_what_a_rubric_asks_of_a_training_on_images_is_broken(asked, kind, line):
    """Each by the kind that is named for it, and only where it is asked for."""
    mutant = of_images(asked)[kind]
    assert line in mutant.diff
    assert mutant.targets == (asked.id,)
    assert kind not in of_images(criterion("compiled"))


def test_how_well_a_model_does_may_follow_from_any_fault_of_its_training():
    """By accuracy, error or score."""
    mutant = of_images(criterion("trained", callback="EarlyStopping"), criterion("score", min=0.9))["callback_missing"]
    assert mutant.related == ("score",)


@pytest.mark.parametrize(
    ("repeat", "number", "hit"), [(2, 1, True), (2, 2, False), ({"min": 1, "max": 3}, 2, False), ({"min": 1}, 0, True)]
)
def test_a_number_of_layers_is_wrong_where_the_form_has_another(repeat, number, hit):
    """A form that leaves it open is broken by none within."""
    form = ModelForm.model_validate({"layers": [{"layer": "Conv2D", "repeat": repeat}, {"layer": "Dense"}]})
    assert form_counts("Conv2D", number)(criterion("architecture", model=form)) is hit


def test_a_convolution_more_keeps_the_shape():
    """So that the layers behind it can be built."""
    form = ModelForm.model_validate({"layers": [{"layer": "Conv2D"}, {"layer": "Dense"}], "allow": ["RandomZoom"]})
    mutant = of_images(criterion("architecture", model=form), form=form)["layer_added"]
    assert "keras.layers.Conv2D(8, (3, 3), padding='same', activation='relu')" in mutant.diff


BUILT = """\
{name} = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
{name}.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])"""
FITTED = "{name}_record = {name}.fit(x, y, epochs=3)"
EVALUATED = "{name}_loss, {name}_accuracy = {name}.evaluate(x_test, y_test)\nprint({name}_loss, {name}_accuracy)"
CURVES = 'plt.plot({name}_record.history["loss"])'
LAST = "print(first_accuracy, 'before')\nprint(second_accuracy)"
OF_EACH = ("compiled", "evaluated", "loss_curves", "notebook_runs")


def of_two_models(*, apart=True, history=("loss",)):
    """What comes of two models, each built, fitted, evaluated and drawn, and accuracies printed again at the end."""
    book, sections = Notebook(), []
    for name in ("first", "second"):
        book.markdown(f"## {name.title()} exercise")
        built, fitted = BUILT.format(name=name), FITTED.format(name=name)
        book.code(built if apart else f"{built}\n{fitted}")
        rows = (dense(1, "sigmoid"),)
        layers = [{"class_name": one.class_name, "config": dict(one.config)} for one in rows]
        model = book.model(*rows, names=(name,), config={"config": {"layers": layers}}, id=name, object_id=name)
        if apart:
            book.code(fitted)
        book.fit(model, history=dict.fromkeys(history, (0.5, 0.4, 0.3)))
        book.code(EVALUATED.format(name=name))
        book.evaluate(model)
        book.code(CURVES.format(name=name))
        book.figure(make_axes(line((0.5, 0.4, 0.3), store=book.store)))
        asked = tuple(criterion(check).model_copy(update={"id": f"{name}.{check}"}) for check in OF_EACH)
        sections.append(Section(id=name, title=f"{name.title()} exercise", model=ANY, criteria=asked))
    book.code(LAST)
    rubric = Rubric(assignment="some", title="Some", points={"core": 8}, sections=tuple(sections))
    cells = [new_code_cell(one.source) if one.kind == "code" else new_markdown_cell(one.source) for one in book.cells]
    evidence = book.evidence()
    return derive(new_notebook(cells=cells), rubric=rubric, evidence=evidence, matching=match(rubric, evidence)).mutants


def named(mutants, kind):
    return [mutant for mutant in mutants if mutant.kind == kind]


def test_a_figure_that_is_not_printed_is_printed_nowhere():
    """Later cells may print it once more, and another model's stays."""
    (mutant, *_) = named(of_two_models(), "figures_not_printed")
    text = "\n".join(cell.source for cell in mutant.notebook.cells)
    assert f"print({mutant.place}_accuracy" not in text
    other = {"first": "second", "second": "first"}[mutant.place]
    assert text.count(f"print({other}_") == 2


@pytest.mark.parametrize(("apart", "check"), [(True, "evaluated"), (False, "notebook_runs")])
def test_a_model_evaluated_above_its_training_is_untrained_or_not_there(apart, check):
    """Where another cell builds it, nothing raises."""
    (mutant, *_) = named(of_two_models(apart=apart), "cells_out_of_order")
    assert {name.partition(".")[2] for name in mutant.targets} == {check}


@pytest.mark.parametrize(
    ("kind", "check"), [("curves_of_another_model", "loss_curves"), ("evaluated_another_model", "evaluated")]
)
def test_what_is_shown_in_the_wrong_place_is_felt_where_it_belongs(kind, check):
    """The other section may have lost it, and finds it here: the two faults share no run."""
    (mutant,) = named(of_two_models(), kind)
    assert (mutant.targets, mutant.related) == ((f"second.{check}",), (f"first.{check}",))


@pytest.mark.parametrize(("history", "felt"), [(("loss",), False), (("loss", "auc"), True)])
def test_an_auc_of_outputs_that_are_no_probabilities_is_wrong_too(history, felt):
    """Keras takes them for probabilities."""
    (mutant, *_) = named(of_two_models(history=history), "loss_does_not_fit")
    assert (f"{mutant.place}.evaluated" in mutant.related) is felt


def test_an_activation_is_broken_where_the_rubric_asks_for_one():
    """A form may leave it open for one layer and ask for it at another."""
    asking = ModelForm.model_validate(
        {
            "inputs": [2],
            "layers": [{"layer": "Dense", "units": 2}, {"layer": "Dense", "units": 1, "activation": "sigmoid"}],
        }
    )
    params = registered()["architecture"].params.model_validate({"model": asking})
    criterion = Criterion(id="ex.architecture", title="", points=1, check="architecture", params=params)
    assert not form_asks("Dense", "activation", size={"units": 2})(criterion)
    assert form_asks("Dense", "activation", size={"units": 1})(criterion)


def test_a_drawing_is_not_split():
    """A figure that is begun in one cell cannot be gone on with in the next."""
    (split,) = derived("cells_split").mutants
    sources = [cell.source for cell in split.notebook.cells]
    assert SHOWN in sources
    assert SMALL not in sources
