from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from builders import Notebook, dense, dropout, line, make_axes, make_calibration, make_measurement

from grader.evaluate import evaluate
from grader.judging.registry import own_checks
from grader.records import Measurements
from grader.reference.draft.draft import _unanswered, assignment_name, relative
from grader.reference.draft.drafting import Run, draft_sections, settle
from grader.reference.draft.rules import RULES
from grader.reference.draft.rules.text import _question
from grader.reference.draft.text import Draft, draft_text
from grader.rubric import load_rubric

ANSWER = (
    "The validation loss rises from the fourth epoch on, " + "so this network overfits, and I would stop there. " * 2
)


def course() -> Notebook:
    """Three exercises: a network with its evaluation, curves of it with an answer, and the same with dropout."""
    book = Notebook()
    book.markdown("# Digits")
    book.markdown("## Exercise 1: Build\n\nOne hidden layer; train 10 epochs, evaluate.")
    book.code("model.fit(x, y)")
    model = book.model(dense(128, "relu"), dense(10, "softmax"))
    book.fit(model)
    book.code("model.evaluate(x_test, y_test)", printed="test accuracy: 0.9700, test loss: 0.1000")
    book.evaluate(model)
    book.markdown("## Exercise 2: Look\n\nDraw the losses. Where does it overfit?")
    book.code("plt.plot(history.history['loss'])")
    history = book.fits[-1].history
    drawn = [line(history[key], store=book.store) for key in ("loss", "val_loss")]
    book.figure(make_axes(*drawn))
    book.markdown(ANSWER)
    book.markdown("## Exercise 3 (EXTRA): Regularise")
    book.code("other.fit(x, y)")
    book.fit(book.model(dense(128, "relu"), dropout(0.2), dense(10, "softmax")))
    book.markdown("## Exercise 4: Read")
    return book


@cache
def run() -> Run:
    book = course()
    measured = []
    for number, gap in ((1, 0.2), (2, 0.1)):
        own = {"model": f"m{number}", "weights": f"w{number}", "fit": f"f{number}"}
        measured.append(make_measurement(accuracy=0.97, loss=0.1, **own))
        measured.append(make_measurement("train", accuracy=0.99, loss=0.05, **own))
        measured.append(make_measurement("validation", accuracy=0.97, loss=0.05 + gap, **own))
    return Run(book.evidence(), Measurements(submission="some", measured=tuple(measured)), book.store.get)


def draft(**fields):
    base = {"assignment": "digits", "title": "Digits", "schema": "schema.json", "reference": "reference.ipynb"}
    limits = {"sample": {"cell_timeout_seconds": 60}}
    rest = {"calibrations": {"sample": "calibration.json"}, "limits": limits, "sections": draft_sections(run())}
    return Draft(**{**base, **rest, **fields})


def loader(folder, **figures):
    spread = {"ex1__test_accuracy": (0.97, 0.96, 0.98), "ex3__test_accuracy": (0.97, 0.96, 0.98), **figures}
    calibration = make_calibration(ex3__gap_difference=(-0.1, -0.11, -0.09), **spread)

    def load(one):
        path = folder / "digits.yaml"
        path.write_text(draft_text(one, calibration=calibration))
        return load_rubric(path, with_calibration=False).model_copy(update={"calibrations": {"sample": calibration}})

    return load


def checks(one, section):
    return [criterion.check for part in one.sections if part.planned.id == section for criterion in part.criteria]


def test_a_rule_drafts_a_check_that_there_is():
    """A check without a rule is not drafted."""
    assert set(RULES) <= set(own_checks())


def test_criteria_follow_from_what_happened():
    """Each in the section where it did."""
    found = draft()
    assert checks(found, "ex1") == [
        "prepared_data",
        "architecture",
        "compiled",
        "trained",
        "accuracy",
        "evaluated",
    ]
    assert checks(found, "ex2") == ["loss_curves", "discussion"]
    assert checks(found, "ex3") == ["architecture", "dropout_rate", "compiled", "trained", "accuracy", "gap"]


def test_a_section_in_which_nothing_happened_is_left_out():
    """Exercise 4 asks for nothing that can be seen."""
    assert [one.planned.id for one in draft().sections] == ["notebook", "ex1", "ex2", "ex3"]


def test_a_section_speaks_of_the_model_whose_curves_it_shows():
    """It trains none itself."""
    found = {one.planned.id: one.planned.model_of for one in draft().sections}
    assert found == {"notebook": None, "ex1": None, "ex2": "ex1", "ex3": None}


def test_the_question_is_the_task_s_own():
    """What a person has to look for."""
    look = next(one for one in draft().sections if one.planned.id == "ex2")
    assert look.criteria[-1].params["question"] == "Where does it overfit?"


def test_the_draft_is_a_rubric_that_its_reference_passes(tmp_path):
    """What only a person can judge apart."""
    load = loader(tmp_path)
    rubric = load(settle(draft(), runs=[run()], load=load))
    graded = evaluate(rubric, evidence=run().evidence, measurements=run().measurements, read=run().read)
    assert {verdict.outcome for verdict in graded.verdicts if verdict.cause != "by_hand"} == {"passed"}
    assert graded.points_possible == rubric.points.core
    assert graded.bonus_possible == rubric.points.extra > 0


def test_what_the_reference_does_not_pass_is_left_out_and_told(tmp_path):
    """Here an accuracy far below the calibration's."""
    load = loader(tmp_path, ex1__test_accuracy=(0.9990, 0.9991, 0.9992))
    settled = settle(draft(), runs=[run()], load=load)
    load(settled)
    assert "accuracy" not in checks(settled, "ex1")
    assert any("ex1.accuracy" in text for text in settled.left_out)
    assert "# Left out: ex1.accuracy" in (tmp_path / "digits.yaml").read_text()


def test_stored_accuracies_are_asked_for_where_the_reference_stores_some():
    """Without any nothing shows that their comparison works."""
    assert checks(draft(), "notebook") == ["notebook_runs"]
    stored = [cell.model_copy(update={"stored_text": cell.printed}) for cell in run().evidence.cells]
    again = replace(run(), evidence=run().evidence.model_copy(update={"cells": tuple(stored)}))
    assert checks(draft(sections=draft_sections(again)), "notebook") == ["notebook_runs", "reproducible"]


def test_what_nothing_can_fail_is_left_out(tmp_path):
    """Stored outputs without an accuracy are passed whatever they say."""
    stored = [cell.model_copy(update={"stored_text": "done"}) for cell in run().evidence.cells]
    again = replace(run(), evidence=run().evidence.model_copy(update={"cells": tuple(stored)}))
    settled = settle(draft(sections=draft_sections(again)), runs=[again], load=loader(tmp_path))
    assert checks(settled, "notebook") == ["notebook_runs"]
    assert any("notebook.reproducible" in text for text in settled.left_out)


def test_a_band_says_what_was_measured(tmp_path):
    """The tutor sees whether it is worth its points."""
    loader(tmp_path)(draft())
    text = (tmp_path / "digits.yaml").read_text()
    assert "# Measured 0.9700 on average over 3 seeds, spread 0.0100." in text


def test_numbers_that_the_task_does_not_name_are_told_and_not_asked_for():
    """The reference's batch size and validation may be its own choice."""
    trained = next(
        c for one in draft().sections if one.planned.id == "ex1" for c in one.criteria if c.check == "trained"
    )
    told = "Not asked for, because the task's text does not name it: batch_size 128 and validation 0.1."
    assert trained.notes[-1] == told
    assert (trained.title, "batch_size" in trained.params) == ("Trained: 10 epochs", False)


def test_points_of_a_plane_suggest_curves_and_a_rectangle():
    """Found from the arrays alone."""
    book = Notebook()
    book.markdown("## Data")
    book.code("X = ...")
    x = np.random.default_rng(0).uniform(-np.pi, np.pi, 400)
    y = np.repeat([0, 1], 200)
    points = np.column_stack([x, y + np.cos(x)])
    book.array("X", points)
    book.array("y", y)
    book.markdown("## Exercise 1: Train")
    book.code("model.fit(X, y)")
    model = book.model(dense(1, "sigmoid"), inputs=(2,))
    given = {"x": book.arrays[0].array, "y": book.arrays[1].array, "rows_given": 400, "validation": None}
    book.fit(model, **given)
    corners = np.random.default_rng(1).uniform([-np.pi, -1], [np.pi, 2], size=(3000, 2))
    book.predict(model, corners, np.zeros((3000, 1)))
    found = draft_sections(Run(book.evidence(data_sets=()), Measurements(submission="some"), book.store.get))
    params = {criterion.check: criterion.params for one in found for criterion in one.criteria}
    assert params["curves"]["curves"] == ["cos(x)", "1 + cos(x)"]
    assert params["array_shapes"]["rows"] == [200, 800]
    assert params["region_predictions"]["rectangle"] == [["-pi", "pi"], [-1, 2]]
    assert params["trained"]["data_of"] == "data"


def test_a_task_that_the_reference_leaves_empty_is_told():
    """Nothing below its heading can be graded, and the tutor should know that it was seen."""
    book = course()
    book.markdown("## Exercise (EXTRA): Go further")
    sections = draft_sections(run())
    told = list(_unanswered(book.evidence(), sections))
    assert [text.partition(",")[0] for text in told] == [
        'Left out: "Exercise 4: Read"',
        'Left out: "Exercise (EXTRA): Go further"',
    ]


@pytest.mark.parametrize(
    ("task", "question"),
    [
        ("Compare model_deep with *model_wide*.", "Compare model_deep with model_wide."),
        ("Regularisation describes a process. Describe the effect.", "Describe the effect."),
        ("Train it.", ""),
    ],
)
def test_a_question_is_a_whole_sentence_that_asks(task, question):
    """Names keep their underscores, and a definition is no question."""
    assert _question(task) == question


@pytest.mark.parametrize(
    ("output", "notebook", "name"),
    [
        ("week10.yaml", "solution.ipynb", "week10"),
        ("rubric.yaml", "digits.ipynb", "digits"),
        ("rubric.yaml", "week09/reference.ipynb", "week09"),
        (None, "week09/reference.ipynb", "week09"),
    ],
)
def test_an_assignment_is_named_after_what_says_most(output, notebook, name):
    """A file called rubric says nothing."""
    path = None if output is None else Path(output)
    assert assignment_name(None, output=path, notebook=Path(notebook)) == name


def test_the_course_s_environment_stands_in_the_draft(tmp_path):
    """As the rubric names it; an interpreter, which is a link, by its own place. Without one there is no line."""
    interpreter = tmp_path / "environments" / "week09" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to("/usr/bin/python3")
    named = relative(interpreter, tmp_path / "rubrics" / "digits.yaml")
    assert named == "../environments/week09/bin/python"
    assert loader(tmp_path)(draft(environment=named)).environment == named
    assert "environment" not in draft_text(draft())
