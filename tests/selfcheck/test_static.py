"""What the static step says, and what it leaves open."""

from __future__ import annotations

import pytest
from notebook_code import COMPILE, DATA, FIT, IMPORTS, MODEL, rubric, submission, verdicts

from grader.calibration import Calibration
from grader.records import DataSetUse
from grader.selfcheck.partial import noting, partly
from grader.selfcheck.static import _spreads, check_static

RIGHT = (IMPORTS, DATA, MODEL, COMPILE, FIT)


def changed(old: str, new: str) -> dict[str, str]:
    """Each criterion's status with one piece of the code changed."""
    found = verdicts(*(cell.replace(old, new) for cell in RIGHT))
    return {name: one.status for name, one in found.items()}


def test_right_code_passes_as_far_as_code_shows():
    """Layers and compile are settled; what training gives is not."""
    found = changed("", "")
    assert (found["ex1.architecture"], found["ex1.compiled"]) == ("passed", "passed")
    assert {found[name] for name in ("ex1.trained", "ex1.accuracy", "notebook.runs")} == {"unknown"}


@pytest.mark.parametrize(
    ("old", "new", "criterion"),
    [
        ('128, "relu"', '64, "relu"', "ex1.architecture"),
        ("adam", "sgd", "ex1.compiled"),
        ("epochs=10", "epochs=3", "ex1.trained"),
        ("batch_size=128", "batch_size=16", "ex1.trained"),
        ("validation_split=0.1", "validation_split=0.3", "ex1.trained"),
        (", validation_split=0.1", "", "ex1.trained"),
        (FIT, "pass", "ex1.trained"),
        ("m.fit(x, y", "m.fit(x[:500], y[:500]", "ex1.trained"),
        (COMPILE, "n.compile()", "notebook.runs"),
    ],
)
def test_wrong_code_fails_before_anything_runs(old: str, new: str, criterion: str):
    """And only there where it is wrong."""
    assert changed(old, new)[criterion] == "failed"


@pytest.mark.parametrize("epochs", ["epochs=int(input())", "epochs=np.random.randint(9)", "**np.load('options')"])
def test_an_argument_that_code_does_not_show_is_unknown(epochs: str):
    """It may be right."""
    assert changed("epochs=10", epochs)["ex1.trained"] == "unknown"


def test_one_property_that_is_off_leaves_what_the_rubric_says():
    """A half here."""
    assert verdicts(*(cell.replace('128, "relu"', '64, "relu"') for cell in RIGHT))["ex1.architecture"].at_most == 1


def test_a_section_without_words_fails_where_words_are_asked_for():
    """And with some a tutor reads them."""
    assert verdicts(*RIGHT)["ex1.discussion"].status == "failed"
    words = "# Discussion\n\nThe loss falls fast, and after five epochs the two curves part, because it overfits."
    assert verdicts(*RIGHT, words)["ex1.discussion"].status == "unknown"


def test_a_model_in_unknown_hands_leaves_its_section_open():
    """The reason is said."""
    found = verdicts(*RIGHT, "from my_helpers import improve\nimprove(m)")
    assert found["ex1.architecture"].status == "unknown"
    assert "not followed" in found["ex1.architecture"].text


def test_an_error_that_is_sure_is_said():
    """With the cell."""
    report = check_static(rubric(), submission("# Exercise 1: A network", IMPORTS, "print(nothing_there)"))
    assert any("Cell 3 raises NameError" in remark for remark in report.remarks)


@pytest.mark.parametrize(("rows", "status"), [(500, "failed"), (3500, "unknown"), (58000, "unknown")])
def test_what_hangs_on_the_size_of_the_data_is_unknown(rows: int, status: str):
    """Nearly all rows of the sample are few of the whole, and all rows of the sample may be asked for."""
    assert changed("m.fit(x, y", f"m.fit(x[:{rows}], y[:{rows}]")["ex1.trained"] == status


def spread() -> Calibration:
    """Of a reference that ran on a data set with the fingerprint of ones."""
    return Calibration(
        assignment="some",
        reference_sha256="0" * 64,
        data="full",
        fingerprints={"mnist": "1" * 64},
        packages={},
        seeds=(1, 2, 3),
        figures={"ex1.test_accuracy": (0.97, 0.98, 0.99)},
    )


def use(digit: str) -> DataSetUse:
    return DataSetUse(name="mnist", sample=False, train_rows=9, test_rows=9, fingerprint=digit * 64, loaded=True)


def test_a_spread_is_that_of_the_very_data_as_in_grading():
    """Of data by the same name with other rows there is none."""
    course = rubric().model_copy(update={"calibrations": {"full": spread()}})
    assert _spreads(course, [use("1")]) == (spread(), spread())
    assert _spreads(course, [use("2")]) == (None, None)


def test_who_reads_a_spread_is_told_where_the_data_is_unknown():
    """So that a verdict on it is unknown; one that holds for all data is known."""
    unseen = partly(use("0"), {"fingerprint": "only a run shows it"})
    for fingerprints, told in (({"mnist": "1" * 64}, ["only a run shows it"]), ({}, [])):
        found = spread().model_copy(update={"fingerprints": fingerprints})
        here, _ = _spreads(rubric().model_copy(update={"calibrations": {"full": found}}), [unseen])
        with noting() as heard:
            assert here is not None
            assert here.mean("ex1.test_accuracy") == pytest.approx(0.98)
        assert list(heard) == told
