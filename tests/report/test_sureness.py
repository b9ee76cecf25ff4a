"""What the tutor's page says of how sure the marks are."""

from __future__ import annotations

import pytest
from builders import make_calibration, make_grade
from worksheet import rubric as week09

from grader.marks import Event
from grader.records import GradedSubmission, HandIn, Judged, People, SubmissionSummary, Verdict
from grader.report.cohort import render_cohort
from grader.report.sources import ClassSources
from grader.report.sureness import one_in, sureness

RUNS = (0.90, 0.91, 0.92, 0.93)
CALIBRATION = make_calibration(ex4__test_accuracy=RUNS)
LINE = CALIBRATION.lower_line("ex4.test_accuracy", false_rejection=0.01)
RUBRIC = week09().model_copy(update={"calibrations": {"full": CALIBRATION}})


def verdict(criterion: str = "ex4.accuracy", **fields: object) -> Verdict:
    """Two points, earned by a verified figure."""
    base = {"section": "ex4", "outcome": "passed", "earned": 2.0, "points": 2.0, "basis": "verified", **fields}
    return Verdict.model_validate({"criterion": criterion, **base})


def graded(name: str, *verdicts: Verdict, **fields: object) -> GradedSubmission:
    """A submission that ran."""
    summary = SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256="0" * 64)
    return make_grade(*verdicts, submission=summary, **fields)


def a_class(count: int) -> list[GradedSubmission]:
    """Every second one has all points, the others none but half of the discussion's."""
    made = []
    for number in range(count):
        judged = Judged(what="The test accuracy", value=0.9 + number / 1000, lower=LINE, figure="ex4.test_accuracy")
        won = {} if number % 2 else {"outcome": "failed", "earned": 0.0}
        part = {} if number % 2 else {"outcome": "partial", "earned": 1.0}
        discussion = verdict("ex2.discussion", basis="manual", **part)
        made.append(graded(f"s{number}", verdict(judged=judged, **won), verdict("ex4.trained", **won), discussion))
    return made


def test_a_class_says_what_its_points_rest_on() -> None:
    """Four points of a submission are verified, two a person's."""
    found = sureness(a_class(20))
    assert found.total is not None
    assert found.total.each == 6
    assert found.total.cells == ((4, 2 / 3), (0, 0), (0, 0), (2, 1 / 3), (0, 0))
    assert [(row.criterion, row.correlation) for row in found.criteria][-1] == ("ex2.discussion", "1.00")


def test_a_band_that_is_met_by_all_but_one_in_a_hundred_says_so() -> None:
    """With what the runs leave open, and what that means in this class."""
    (row,) = sureness(a_class(20), sources=ClassSources(rubric=RUBRIC)).bands
    assert (row.criterion, row.expected, row.outside, row.in_class) == (
        "ex4.accuracy",
        "1 in 100",
        "0 of 4",
        "0.2 of 20",
    )
    assert row.required == f"at least {LINE:.4f}"
    assert row.reference == "4 runs, 0.9150 on average"
    assert " to " in row.left_open


def test_another_data_set_has_other_runs() -> None:
    """Where the reference was not measured on a submission's data, that is said and nothing is made up."""
    sources = ClassSources(rubric=RUBRIC.model_copy(update={"calibrations": {}}))
    (row,) = sureness(a_class(20), sources=sources).bands
    assert (row.reference, row.expected) == ("not measured on this data", "Fewer than 3 runs of the reference.")


def test_without_a_rubric_the_page_says_why_there_are_no_bands() -> None:
    """And with one that has none, too."""
    assert "rubric was not at hand" in sureness(a_class(3)).without_bands
    assert "No figure" in sureness([graded("a", verdict())], sources=ClassSources(rubric=RUBRIC)).without_bands


def test_reliability_is_said_in_points() -> None:
    """Alpha is 15/16: variances 1, 1 and 1/4 of 6.25; the error a quarter of the spread of 2.5649 points."""
    text = " ".join(sureness(a_class(20)).reliability)
    assert "Cronbach's alpha is 0.96, of 20 submissions and 3 criteria" in text
    assert "Standard error of measurement: 0.51 of these criteria's 6 points" in text


def test_a_small_class_says_that_nothing_can_be_said() -> None:
    """No figure, and never a NaN."""
    page = render_cohort(a_class(3))
    assert "Nothing can be said of it yet. 3 submissions are decided" in page
    assert "Only 3 decided; 20 are needed." in page
    assert "nan" not in page.lower().replace("finance", "")


def test_two_tutors_who_marked_the_same_have_a_row() -> None:
    """Nine of ten answers got the same points."""
    events = [
        Event(kind="mark", by=by, submission=f"s{number}", criterion="ex2.discussion", points=points)
        for number in range(10)
        for by, points in (("kim", 2 * (number % 2)), ("lee", 1 if number == 0 else 2 * (number % 2)))
    ]
    (row,) = sureness(a_class(10), sources=ClassSources(events=tuple(events))).agreement
    assert (row.tutors, row.answers, row.same, row.apart) == ("kim and lee", 10, "9 (90 %)", "5 %")
    assert "almost perfect" in row.kappa


def test_attempts_that_do_not_count_and_what_did_not_run_are_left_out() -> None:
    """Two attempts of one student are no two opinions of a criterion."""
    first, second, third = a_class(3)
    hand_in = HandIn(file_name="s0.ipynb", source="s0.ipynb", counts=False)
    people = People(submissions={"s0": hand_in})
    assert sureness([first, second, third.model_copy(update={"status": "not_run"})], people=people).submissions == 1


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.5, "50 %"),
        (1.0, "100 %"),
        (1 / 3, "33 %"),
        (0.3, "1 in 3"),
        (0.01, "1 in 100"),
        (0.00032, "1 in 3,100"),
        (0.0, "under 1 in 10,000"),
    ],
)
def test_shares_are_said_as_people_say_them(share: float, words: str) -> None:
    """Two digits are enough: the runs know no more."""
    assert one_in(share) == words


def test_an_empty_class_has_no_section() -> None:
    """Nor has one of which nothing ran."""
    assert "How sure the marks are" not in render_cohort([])
    assert "How sure the marks are" not in render_cohort([graded("a", verdict(), status="not_run")])
