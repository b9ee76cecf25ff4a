import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_calibration, make_ranges
from worksheet import RUBRIC_FILE, rubric

from grader.calibration import calibration_text
from grader.checks.training import TrainedParams
from grader.errors import RubricError
from grader.judging.registry import own_checks
from grader.rubric import json_schema, load_rubric, schema_text, shown_curves

GOOD = """\
assignment: digits
title: Digits
points: {core: 3, extra: 1}
sections:
  - id: ex1
    title: "Exercise 1: Build"
    model:
      inputs: [784]
      layers:
        - {layer: Dense, units: 10, activation: softmax}
    criteria:
      - {id: ex1.architecture, points: 1, check: architecture}
      - id: ex1.trained
        points: 2
        check: trained
        params: {epochs: 10}
        requires: [ex1.architecture]
  - id: more
    title: "Exercise 2: More"
    bonus: true
    model_of: ex1
    criteria:
      - {id: more.curves, points: 1, check: loss_curves}
"""


def written(folder, text=GOOD, **changes):
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "digits.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(folder, text, *, with_calibration=True):
    path = written(folder, text)
    with pytest.raises(RubricError) as caught:
        load_rubric(path, with_calibration=with_calibration)
    return [line.removeprefix(f"{path}:") for line in caught.value.problems]


def test_a_good_rubric_is_read(tmp_path):
    """Sections, criteria, typed parameters, and where it came from."""
    found = load_rubric(written(tmp_path))
    assert [criterion.id for criterion in found.criteria] == ["ex1.architecture", "ex1.trained", "more.curves"]
    assert found.criteria[1].params == TrainedParams(epochs=10)
    assert found.criteria[0].params.model == found.section("ex1").model
    assert found.path.name == "digits.yaml"
    assert len(found.sha256) == 64
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes


BROKEN = [
    (
        "check: trained",
        "check: traned",
        "15: criterion ex1.trained: there is no check 'traned'. Did you mean 'trained'?",
    ),
    (
        "{epochs: 10}",
        "{epoch: 10}",
        "16: criterion ex1.trained: check 'trained' has no parameter 'epoch'. Did you mean 'epochs'? It takes: epochs,",
    ),
    (
        "{epochs: 10}",
        "{epochs: ten}",
        "16: criterion ex1.trained: parameter 'epochs' of check 'trained': epochs is 'ten'. A whole number",
    ),
    (
        "requires: [ex1.architecture]",
        "requires: [ex1.arch]",
        "17: criterion ex1.trained: it requires 'ex1.arch', which does not exist. Did you mean 'ex1.architecture'?",
    ),
    (
        "requires: [ex1.architecture]",
        "requires: [ex1.trained]",
        "17: criterion ex1.trained: requires goes round: ex1.trained -> ex1.trained. Take one of them out.",
    ),
    (
        "id: more.curves",
        "id: ex1.trained",
        "23: criterion ex1.trained: the id 'ex1.trained' stands in line 13 already. Each criterion needs its own.",
    ),
    (
        "core: 3",
        "core: 4",
        "3: points.core is 4, and the criteria of the ordinary sections add up to 3. Change the one or the other.",
    ),
    ("extra: 1", "extra: 2", "3: points.extra is 2, and the criteria of the bonus sections add up to 1."),
    ("model_of: ex1", "model_of: ex3", "21: section more: there is no section 'ex3'. Did you mean 'ex1'?"),
    ("model_of: ex1", "model_of: more", "21: section more: section 'more' has no model of its own."),
    ("title: Digits", "titel: Digits", "2: unknown key 'titel'. Did you mean 'title'?"),
    ("title: Digits\n", "", "1: 'title' is missing. Add it."),
    ("layer: Dense", "layer: Dens", "10: section ex1: Keras has no layer 'Dens'. Did you mean 'Dense'?"),
    ("units: 10", "unit: 10", "10: section ex1: Dense has no value 'unit'. Did you mean 'units'?"),
    ("points: 2", "points: .nan", "14: criterion ex1.trained: points is nan. Input should be a finite number."),
    ("points: 2", "points: -2", "14: criterion ex1.trained: points is -2. Input should be greater than or equal to 0."),
    ("bonus: true", "bonus: true\n    bonus: false", "21: the key 'bonus' stands here twice. Keep one of them."),
    ("sections:", "sections: none\nothers:", "4: 'sections' must be a list of at least one."),
    ("bonus: true", "bonus: !!python/name:os.system", "20: the tag '!!python/name:os.system'."),
    ("title: Digits", "title: [Digits", "3: no YAML: "),
    ("title: Digits", "title: *name", "2: an alias (*name). Write the values out; rubrics have no aliases."),
    ("{core: 3, extra: 1}", "{core: 3, extra: 1}\n---\na: 1", "4: a second document begins."),
    ("title: Digits", "title: Digits\ntemplate: gone.ipynb", "3: the template"),
    ("title: Digits", "title: Digits\nfiles: [gone]", "3: there is no file or folder"),
    (
        "title: Digits",
        "title: Digits\nlimits: {full: {cell: 3}}",
        "3: unknown key 'cell'. Known keys here: cell_timeout_",
    ),
    ("title: Digits", "title: Digits\nlimits: {full: {memory_bytes: much}}", "3: limits.full.memory_bytes is 'much'."),
]


@pytest.mark.parametrize(("old", "new", "expected"), BROKEN)
def test_each_mistake_is_found_with_its_line_and_fix(*, tmp_path, old, new, expected):
    """Before any kernel starts."""
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(line.startswith(expected) for line in found), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty."),
        ("# nothing\n", "1: the file is empty."),
        ("- a\n- b\n", "1: a rubric is a mapping at the top"),
        ("just text", "1: a rubric is a mapping at the top"),
        (b"title: caf\xe9\n", "1: byte 10 is no UTF-8. Save the file as UTF-8."),
        (b"a: " + b"x" * 2**20, "1: the file has 1,048,579 bytes; a rubric has at most 1,048,576."),
        ("a: " + "[" * 40, "1: values are nested more than 32 deep."),
        ("a: &a [x]\nb: [*a, *a]", "2: an alias (*a)."),
        ("? [a]\n: b", "1: a key that is a list or mapping."),
        ("a: \x07", "1: no YAML: "),
    ],
)
def test_what_is_no_rubric_at_all_is_refused(tmp_path, text, expected):
    """Empty, binary, huge, folded up, or of another form."""
    path = written(tmp_path, text)
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    assert caught.value.problems[0].startswith(f"{path}:{expected}")


def test_every_mistake_is_found_at_once(tmp_path):
    """In the order of the lines."""
    text = GOOD
    for old, new, _ in (BROKEN[0], BROKEN[3], BROKEN[8], BROKEN[10]):
        text = text.replace(old, new, 1)
    found = problems(tmp_path, text)
    assert [line.partition(":")[0] for line in found] == ["1", "2", "15", "17", "21"]


def test_rounds_of_several_criteria_are_told_once(tmp_path):
    """With the way that they go."""
    first = "{id: ex1.architecture, points: 1, check: architecture}"
    text = GOOD.replace(first, f"{first[:-1]}, requires: [ex1.trained]}}")
    way = "ex1.architecture -> ex1.trained -> ex1.architecture"
    expected = f"17: criterion ex1.trained: requires goes round: {way}. Take one of them out."
    assert problems(tmp_path, text) == [expected]


def test_a_missing_file_is_an_error_of_three_parts(tmp_path):
    """And names the file."""
    with pytest.raises(RubricError, match=r"gone\.yaml: it cannot be read \(No such file or directory\)\. Check"):
        load_rubric(tmp_path / "gone.yaml")


BAND = GOOD.replace("check: loss_curves", "check: accuracy, params: {within: {false_rejection: 0.01}}")


def test_a_band_needs_the_references_spread(tmp_path):
    """Grading does; measuring it does not."""
    (line,) = problems(tmp_path, BAND)
    assert "criterion more.curves needs the reference's spread, and there is no calibration." in line
    assert "grader calibrate" in line
    assert load_rubric(written(tmp_path, BAND), with_calibration=False).calibrations == {}


def test_a_named_calibration_that_is_missing_or_another_is_refused(tmp_path):
    """With the command that makes it."""
    text = BAND.replace("points: {core", "calibration: {sample: runs.json}\npoints: {core")
    (line,) = problems(tmp_path, text)
    assert line.startswith("3: ")
    assert f"Make it with: grader calibrate {tmp_path / 'digits.yaml'} --data sample" in line
    other = make_calibration(ex1__test_accuracy=(0.9, 0.91, 0.92)).model_copy(
        update={"data": "full", "fingerprints": {"mnist": "0" * 64}}
    )
    (tmp_path / "runs.json").write_text(calibration_text(other))
    (line,) = problems(tmp_path, text)
    assert "it was made on the full data." in line


def test_a_rubric_may_be_renamed(tmp_path):
    """Its calibration belongs to the reference and to what the sections ask for, not to a name."""
    text = BAND.replace("points: {core", "calibration: {sample: runs.json}\npoints: {core")
    (tmp_path / "runs.json").write_text(calibration_text(make_calibration(ex1__test_accuracy=(0.9, 0.91, 0.92))))
    assert load_rubric(written(tmp_path, text)).calibrations["sample"].assignment == "week09"


def test_the_references_spread_is_read_with_the_rubric(tmp_path):
    """By kind of data."""
    text = BAND.replace("points: {core", "calibration: {sample: runs.json}\npoints: {core")
    calibration = make_calibration(ex1__test_accuracy=(0.9, 0.91, 0.92)).model_copy(update={"assignment": "digits"})
    (tmp_path / "runs.json").write_text(calibration_text(calibration))
    assert load_rubric(written(tmp_path, text)).calibrations == {"sample": calibration}


def test_curves_of_the_reference_are_read_and_shown_but_where_something_is_hidden(tmp_path):
    """A band that is kept back, a criterion for tutors alone, also of another section that speaks of this model."""
    text = BAND.replace("points: {core", "calibration: {sample: runs.json}\npoints: {core")
    calibration = make_calibration(ex1__test_accuracy=(0.9, 0.91, 0.92))
    calibration = calibration.model_copy(update={"curves": {"ex1": (make_ranges(),)}})
    (tmp_path / "runs.json").write_text(calibration_text(calibration))
    rubric = load_rubric(written(tmp_path, text))
    assert shown_curves(rubric) == {"sample": {"ex1": (make_ranges(),)}}
    (section,) = [one for one in rubric.sections if one.id == "ex1"]
    for change in ({"hide_band": True}, {"visibility": "tutor"}):
        hidden = section.criteria[0].model_copy(update=change)
        own = section.model_copy(update={"criteria": (hidden,)})
        other = section.model_copy(update={"id": "ex2", "model": None, "model_of": "ex1", "criteria": (hidden,)})
        for sections in ((own,), (section, other)):
            assert shown_curves(rubric.model_copy(update={"sections": sections})) == {"sample": {}}


def test_a_spread_that_no_data_set_of_ours_went_into_holds_for_all_data(tmp_path):
    """Full and sample are the same to a reference that loads another table; one file serves both."""
    text = BAND.replace("points: {core", "calibration: {sample: runs.json}\npoints: {core")
    changes = {"assignment": "digits", "fingerprints": {}, "data": "full"}
    calibration = make_calibration(ex1__test_accuracy=(0.9, 0.91, 0.92)).model_copy(update=changes)
    (tmp_path / "runs.json").write_text(calibration_text(calibration))
    found = load_rubric(written(tmp_path, text))
    assert found.calibrations == {"full": calibration, "sample": calibration}
    assert found.calibration_path("full", holds_for_all=True) == tmp_path / "runs.json"


def test_files_for_everybody_are_laid_by_name(tmp_path):
    """A file under its name, a folder with its own; hidden ones are not."""
    for name in ("data/points.csv", "data/.hidden", "table.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    named = GOOD.replace("title: Digits", "title: Digits\nfiles: [data, table.csv]")
    assert set(load_rubric(written(tmp_path, named)).laid_files) == {"data/points.csv", "table.csv"}


def test_the_templates_texts_are_no_answers(tmp_path):
    """A notebook or a list of texts; one entry a paragraph, without markup and case."""
    (tmp_path / "handout.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "source": ["Say *why*.\\n", "\\n", "B"]}]}'
    )
    named = GOOD.replace("title: Digits", "title: Digits\ntemplate: handout.ipynb")
    listed = GOOD.replace("title: Digits", "title: Digits\ntemplate: ['Say *why*.', B]")
    assert load_rubric(written(tmp_path, named)).template_texts == {"say why", "b"}
    assert load_rubric(written(tmp_path, listed)).template_texts == {"say why", "b"}


def test_answers_to_what_is_typed_are_texts(tmp_path):
    """Numbers and words, as they are typed."""
    text = GOOD.replace("title: Digits", "title: Digits\ninputs: [Ada, 4, 0.5]")
    assert load_rubric(written(tmp_path, text)).typed_inputs == ("Ada", "4", "0.5")


def test_a_version_of_keras_is_a_whole_number_or_a_text(tmp_path):
    """Of 2.10 without quotes YAML makes 2.1."""
    for said, version in (("2", "2"), ('"2.10"', "2.10")):
        text = GOOD.replace("title: Digits", f"title: Digits\nkeras: {said}")
        assert load_rubric(written(tmp_path, text)).keras == version
    with pytest.raises(RubricError, match="keras"):
        load_rubric(written(tmp_path, GOOD.replace("title: Digits", "title: Digits\nkeras: 2.10")))


def test_limits_are_given_by_kind_of_data():
    """In seconds and bytes, written as a person writes them."""
    sample, full = rubric().limits_for("sample"), rubric().limits_for("full")
    assert (sample.cell_timeout_seconds, full.cell_timeout_seconds) == (60, 900)
    assert sample.memory_bytes == 3_000_000_000


def test_paths_beside_a_rubric_are_relative_to_it(tmp_path):
    """And a reference that is missing is said."""
    assert rubric().calibration_path("full").parts[-3:] == ("reference", "week09", "calibration-full.json")
    plain = load_rubric(written(tmp_path))
    with pytest.raises(RubricError, match="there is no reference solution"):
        _ = plain.reference_path
    with pytest.raises(RubricError, match="no calibration file is named for the full data"):
        plain.calibration_path("full")


WORKSHEET = """
notebook.runs 2 notebook.reproducible 1 data.shapes 1 data.curves 1 ex1.architecture 2 ex1.compiled 1 ex1.trained 2
ex2.predictions 2 ex2.figure 1 ex2.discussion 2 ex3.architecture 2 ex3.trained 2 ex3.figure 1 mnist.shapes 1
mnist.figure 1 ex4.architecture 2 ex4.compiled 1 ex4.trained 2 ex4.accuracy 2 ex5.evaluated 1 ex5.loss_curves 1
ex5.confusion_matrix 1 ex6.architecture 2 ex6.trained 1 ex6.accuracy 2 ex6.evaluated 1 ex6.loss_curves 1
ex6.confusion_matrix 1 stop.discussion 3 deep.architecture 2 deep.trained 2 deep.evaluated 1 deep.loss_curves 1
deep.discussion 1 dropout.architecture 2 dropout.rate 1 dropout.trained 2 dropout.gap 2 dropout.discussion 1
"""


def test_week_9_has_every_criterion_with_its_points():
    """50 points and a bonus of 8."""
    words = WORKSHEET.split()
    expected = dict(zip(words[::2], map(float, words[1::2]), strict=True))
    assert {criterion.id: criterion.points for criterion in rubric().criteria} == expected
    assert (rubric().points.core, rubric().points.extra) == (50, 8)


def test_the_published_schema_is_current():
    """After a change of a check: grader checks --schema > rubrics/schema.json."""
    assert (RUBRIC_FILE.parent / "schema.json").read_text() == schema_text(own_checks())
    assert RUBRIC_FILE.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


def test_the_schema_knows_every_check_and_its_parameters():
    """A parameter that the section gives need not stand in the criterion."""
    definitions = json_schema(own_checks())["$defs"]
    assert definitions["TrainedParams"]["properties"]["epochs"]["description"]
    assert "model" not in definitions["ArchitectureParams"].get("required", [])
    assert len(definitions["Criterion"]["allOf"]) == len(definitions["Criterion"]["properties"]["check"]["oneOf"])


def test_loading_a_rubric_loads_no_tensorflow():
    """A mistake is told at once."""
    code = (
        "import sys, pathlib; from grader.rubric import load_rubric;"
        f"load_rubric(pathlib.Path({str(RUBRIC_FILE)!r}), with_calibration=False);"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib', 'nbclient') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"


def test_the_table_of_week_11_needs_one_calibration():
    """It comes with scikit-learn, and no data set of ours is loaded."""
    found = load_rubric(RUBRIC_FILE.with_name("week11.yaml"))
    assert found.calibrations["full"] is found.calibrations["sample"]
