"""A grade that is put together from parts of an earlier one is the grade that is worked out afresh."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from builders import make_calibration
from pydantic import TypeAdapter
from worksheet import Worksheet, rubric

from grader.errors import StoreError
from grader.evaluate import evaluate
from grader.grade_parts import PartCache
from grader.judging.registry import find_check
from grader.records import CheckResult, GradeParts, Judged, Measurements
from grader.rubric import Rubric
from grader.store import SubmissionFolder

NUMBER = TypeAdapter(float)


def graded(asked: Rubric, stored: GradeParts | None = None):
    """The grade of an honest worksheet, and the parts that it leaves."""
    book, parts = Worksheet().write(), PartCache(stored)
    measurements = Measurements(submission="some")
    grade = evaluate(asked, evidence=book.evidence(), measurements=measurements, read=book.store.get, parts=parts)
    return grade, parts.changed()


def edited(change, *, of: str = "ex4") -> Rubric:
    """The rubric with one section changed."""
    whole = rubric()
    sections = (change(one) if one.id == of else one for one in whole.sections)
    return whole.model_copy(update={"sections": tuple(sections)})


def each(**changes):
    """Changes every criterion of a section in the same way."""
    return lambda section: section.model_copy(
        update={"criteria": tuple(one.model_copy(update=changes) for one in section.criteria)}
    )


def with_params(name: str, **params):
    """Changes the parameters of one check."""

    def change(section):
        made = find_check(name).params.model_validate(params)
        found = (one.model_copy(update={"params": made}) if one.check == name else one for one in section.criteria)
        return section.model_copy(update={"criteria": tuple(found)})

    return change


EDITS = {
    "points": edited(each(points=7.0)),
    "title": edited(each(title="Other")),
    "requires": edited(each(requires=())),
    "visibility": edited(each(visibility="tutor")),
    "line": edited(with_params("accuracy", min=0.999)),
    "epochs": edited(with_params("trained", epochs=3)),
    "longest training": edited(with_params("trained", epochs=500)),
    "heading": edited(lambda one: one.model_copy(update={"title": "Something else"})),
    "bonus": edited(lambda one: one.model_copy(update={"bonus": True})),
    "whole notebook": edited(lambda one: one.model_copy(update={"whole_notebook": True, "model": None})),
    "no model": edited(lambda one: one.model_copy(update={"model": None})),
    "no criteria": edited(lambda one: one.model_copy(update={"criteria": ()})),
    "order": rubric().model_copy(update={"sections": tuple(reversed(rubric().sections))}),
    "template": rubric().model_copy(update={"template_texts": frozenset({"x = load()"})}),
    "spread": rubric().model_copy(update={"calibrations": {"full": make_calibration(ex4__test_accuracy=(0.9, 0.91))}}),
    "keras": rubric().model_copy(update={"keras": "2"}),
}


@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit_the_grade_is_the_fresh_one(name: str) -> None:
    """Whatever was edited."""
    _, parts = graded(rubric())
    fresh, _ = graded(EDITS[name])
    assert graded(EDITS[name], parts)[0] == fresh


def test_an_edit_of_one_criterion_works_out_that_one_alone() -> None:
    """The matching, the findings, the advice and the other criteria are as they were."""
    _, before = graded(rubric())
    _, after = graded(EDITS["line"], before)
    changed = {name for name in before.parts if after.parts[name] != before.parts[name]}
    assert changed == {"result of ex4.accuracy"}


def test_what_is_graded_again_unchanged_leaves_nothing_to_write() -> None:
    """All of it was kept."""
    _, parts = graded(rubric())
    assert graded(rubric(), parts)[1] is None


def test_parts_of_other_evidence_do_not_hold() -> None:
    """What every part depends on is in every key."""
    cache = PartCache(of="one")
    cache.part("a", lambda: 1.0, of="", kind=NUMBER)
    assert PartCache(cache.changed(), of="one").part("a", lambda: 2.0, of="", kind=NUMBER) == 1.0
    assert PartCache(cache.changed(), of="other").part("a", lambda: 2.0, of="", kind=NUMBER) == 2.0


def test_what_raised_is_not_kept() -> None:
    """It may be there the next time."""
    cache = PartCache()
    with pytest.raises(ZeroDivisionError):
        cache.part("a", lambda: 1 / 0, of="", kind=NUMBER)
    assert cache.part("a", lambda: 1.0, of="", kind=NUMBER) == 1.0


def test_nothing_is_kept_of_an_array_that_could_not_be_read() -> None:
    """A broken file may be made whole again, and the evidence is the same then."""

    def broken(ref):
        raise StoreError("broken")

    cache = PartCache()
    with pytest.raises(StoreError):
        cache.reading(broken)("a" * 64)
    cache.part("a", lambda: 1.0, of="", kind=NUMBER)
    assert cache.changed() is None


def test_a_part_that_is_broken_is_worked_out_again() -> None:
    """Nothing fails over what can be made anew."""
    cache = PartCache()
    cache.part("a", lambda: 1.0, of="", kind=NUMBER)
    kept = cache.changed()
    kept.parts["a"] = kept.parts["a"].model_copy(update={"value": "?"})
    assert PartCache(kept).part("a", lambda: 2.0, of="", kind=NUMBER) == 2.0


def test_figures_that_are_no_numbers_come_back_from_disk(tmp_path: Path) -> None:
    """A loss may be NaN, and a band's end infinite."""
    result = CheckResult(outcome="failed", judged=Judged(what="The loss", value=math.nan, upper=math.inf))
    cache, kind, folder = PartCache(), TypeAdapter(CheckResult), SubmissionFolder(tmp_path)
    cache.part("a", lambda: result, of="", kind=kind)
    folder.write(cache.changed())
    found = PartCache(folder.read_grade_parts()).part("a", lambda: CheckResult(outcome="passed"), of="", kind=kind)
    assert math.isnan(found.judged.value)
    assert found.judged.upper == math.inf


def test_parts_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    """Then all is worked out."""
    folder = SubmissionFolder(tmp_path)
    folder.evidence_folder.mkdir()
    folder.grade_parts_json.write_text(json.dumps({"parts": 3}))
    assert folder.read_grade_parts() is None
