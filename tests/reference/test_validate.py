from __future__ import annotations

import json
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from builders import SHA, Notebook, dense, make_calibration, make_measurement
from worksheet import RUBRIC_FILE

from grader.architecture.forms import ModelForm
from grader.environment import own_environment
from grader.evaluate import evaluate
from grader.judging.registry import registered
from grader.records import Measurements
from grader.reference.calibration_staleness import calibration_results
from grader.reference.negative_controls import criteria_that_cannot_fail, earned_by_nothing, empty_notebooks
from grader.reference.validate import reference_results
from grader.reference.validation import Validation, ValidationResult, junit_xml, validations_json
from grader.rubric import Criterion, Rubric, Section, load_rubric

RUNS = (0.90, 0.91, 0.92, 0.91)


def section(*criteria, section_id="ex4"):
    form = ModelForm.model_validate({"inputs": [784]})
    return Section(id=section_id, title="Exercise 4: Build", model=form, criteria=criteria)


def criterion(check, **params):
    spec = registered()[check]
    return Criterion(id=f"ex4.{check}", points=1, check=check, params=spec.params(**params))


def trained_book():
    book = Notebook()
    book.markdown("## Exercise 4: Build")
    book.code("model.fit(x, y)")
    model = book.model(dense(128, "relu"), dense(10, "softmax"))
    book.fit(model)
    book.evaluate(model)
    return book


def of_reference(*criteria):
    book = trained_book()
    rubric = Rubric(assignment="some", title="Some", points={"core": 0}, sections=(section(*criteria),))
    evidence = book.evidence()
    measured = (
        make_measurement(accuracy=0.97, loss=0.1, auc=0.99),
        make_measurement("train", accuracy=0.99, loss=0.05),
    )
    measurements = Measurements(submission="some", measured=measured)
    graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=book.store.get)
    return rubric, graded, evidence, measurements, book.store.get


def unfailed(*criteria):
    rubric, graded, evidence, measurements, read = of_reference(*criteria)
    assert {verdict.outcome for verdict in graded.verdicts} == {"passed"}
    return criteria_that_cannot_fail(rubric, graded=graded, evidence=evidence, measurements=measurements, read=read)


@pytest.mark.parametrize(
    "asked",
    [
        criterion("accuracy", min=0.9),
        criterion("accuracy", max=0.98),
        criterion("score", metric="auc", min=0.9),
        criterion("error", metric="loss", max=0.5),
        criterion("trained", epochs=10),
        criterion("notebook_runs"),
    ],
)
def test_a_criterion_that_asks_for_something_can_be_failed(asked):
    """Bands are failed by other figures, the rest by a notebook without content or one that raises."""
    assert unfailed(asked) == {}


@pytest.mark.parametrize("asked", [criterion("accuracy", min=0.0), criterion("accuracy", min=0.0, max=1.0)])
def test_a_band_that_holds_everything_is_found(asked):
    """A band from 0 to 1 would be passed by any model."""
    assert list(unfailed(asked)) == ["ex4.accuracy"]


@pytest.mark.parametrize("name", ["week09", "week10", "week11"])
def test_a_notebook_in_which_nothing_was_done_earns_nothing(name):
    """And no point of it waits: blank, with the headings alone, and with imports alone."""
    rubric = load_rubric(RUBRIC_FILE.with_name(f"{name}.yaml"))
    for _, evidence in empty_notebooks(rubric, trained_book().evidence()):
        nothing = Measurements(submission=evidence.submission)
        assert earned_by_nothing(evaluate(rubric, evidence=evidence, measurements=nothing, read={}.get)) == ""


def test_what_nothing_earns_is_named():
    """A criterion that a blank notebook passes is told with its points, and with what to do."""
    _, graded, *_ = of_reference(criterion("accuracy", min=0.9), criterion("discussion", question="why"))
    text = earned_by_nothing(graded)
    assert "ex4.accuracy (1 earned)" in text
    assert "discussion" not in text


def test_the_reference_is_told_with_what_it_lost():
    """A criterion that the reference does not earn is a result with both numbers; by hand is none."""
    _, graded, *_ = of_reference(criterion("accuracy", min=0.98), criterion("discussion", question="why"))
    results = {result.name: result for result in reference_results(graded, seed=3)}
    assert results["seed 3: execution"].passed
    assert not results["seed 3: ex4.accuracy"].passed
    assert "0.9700" in results["seed 3: ex4.accuracy"].text
    assert "0.9800" in results["seed 3: ex4.accuracy"].text


def with_calibration(**changes):
    rubric = load_rubric(RUBRIC_FILE)
    known = make_calibration(ex4__test_accuracy=RUNS).model_copy(
        update={
            "reference_sha256": rubric.calibrations["sample"].reference_sha256,
            "sections": rubric.section_digests,
            "packages": dict(own_environment().packages),
            **changes,
        }
    )
    return rubric.model_copy(update={"calibrations": {"sample": known}})


def results_of(rubric, fingerprint=SHA):
    files = (SimpleNamespace(name="mnist", fingerprint=fingerprint),)
    data = SimpleNamespace(kind="sample", files=files)
    return {result.name: result for result in calibration_results(rubric, data, own_environment())}


def test_a_calibration_that_belongs_holds():
    """Same reference, rubric, data and environment: nothing to say."""
    assert [name for name, result in results_of(with_calibration()).items() if not result.passed] == []


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"reference_sha256": "1" * 64}, "reference", "reference notebook has changed"),
        ({"sections": {}}, "rubric", "does not say"),
        ({"sections": {**load_rubric(RUBRIC_FILE).section_digests, "ex6": SHA}}, "rubric", "says of ex6"),
        ({"fingerprints": {"mnist": "1" * 64}}, "data", "mnist"),
        ({"packages": {**dict(own_environment().packages), "keras": "2.0"}}, "environment", "keras 2.0 -> "),
        ({"seeds": (1, 2)}, "runs", "2 runs"),
    ],
)
def test_what_changed_since_is_named(changes, name, words):
    """One result fails, says what changed, and how to measure again."""
    failures = [result for result in results_of(with_calibration(**changes)).values() if not result.passed]
    assert [result.name for result in failures] == [name]
    assert words in failures[0].text
    assert "grader calibrate" in failures[0].text


def test_a_section_without_bands_may_change():
    """Nothing that was measured hangs on it."""
    rubric = with_calibration()
    edited = tuple(one.model_copy(update={"title": "Other"}) if one.id == "ex3" else one for one in rubric.sections)
    assert results_of(rubric.model_copy(update={"sections": edited}))["rubric"].passed


def test_tensorflow_is_one_library_under_two_names():
    """A calibration of tensorflow-cpu holds where tensorflow of the same version is installed."""
    renamed = {name.removesuffix("-cpu"): version for name, version in dict(own_environment().packages).items()}
    assert results_of(with_calibration(packages=renamed))["environment"].passed


def a_validation():
    results = (
        ValidationResult(group="reference", name="seed 1: a", passed=True),
        ValidationResult(group="reference", name="seed 1: b", passed=False, text='failed: <got> "0.5"\x07\nMend it.'),
        ValidationResult(group="criteria", name="a can be failed", passed=True),
    )
    return Validation(assignment="some", rubric="some.yaml", data="sample", seeds=(1,), results=results)


def test_junit_has_a_case_a_finding():
    """CI services read suites, cases and failures; signs that XML cannot hold are left out."""
    suites = ET.fromstring(junit_xml([a_validation()]))  # noqa: S314 - our own text
    counts = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites]
    assert counts == [("some.reference", "2", "1"), ("some.criteria", "1", "0")]
    failure = suites.find(".//failure")
    assert failure is not None
    assert failure.get("message") == 'failed: <got> "0.5"'


def test_json_says_whether_all_of_it_holds():
    """A machine reads one word, and every result."""
    plain = json.loads(validations_json([a_validation()]))
    assert plain["passed"] is False
    assert [result["passed"] for result in plain["rubrics"][0]["results"]] == [True, False, True]
