"""What handing in late costs, with its arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import make_grade

from grader.errors import RubricError, UsageError
from grader.intake import LateRule, late_rule
from grader.intake.lateness import duration
from grader.marks import Decisions
from grader.records import HandIn
from grader.rubric import Rubric, load_rubric
from grader.rubric.late import Late, read_deadline
from grader.verdicts import with_late

DUE = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


def rule(**policy: object) -> LateRule:
    extensions = {"ada": DUE + DAY, "bob": DUE + 2 * DAY}
    asked = Late.model_validate({"per_cent": 10, **policy})
    return LateRule(asked, 50.0, DUE, extensions=extensions, excused=frozenset({"eve", "kim"}))


def handed_in(after: timedelta | None, *students: str, **fields: object) -> HandIn:
    submitted = None if after is None else DUE + after
    return HandIn(file_name="a.ipynb", source="", students=students, submitted=submitted, **fields)


POINTS = {"per_cent": None, "points": 2}
ARITHMETIC = [
    ({}, DAY + 3 * HOUR, 10, "Handed in 1 day 3 hours late; 2 days begun x 10 % of 50 = 10 points off."),
    ({}, MINUTE, 5, "Handed in 1 minute late; 1 day begun x 10 % of 50 = 5 points off."),
    ({}, DAY, 5, "Handed in 1 day late; 1 day begun x 10 % of 50 = 5 points off."),
    ({}, DAY + timedelta(seconds=1), 10, "Handed in 1 day 1 second late; 2 days begun x 10 % of 50 = 10 points off."),
    (
        {"every": "hour"},
        90 * MINUTE,
        10,
        "Handed in 1 hour 30 minutes late; 2 hours begun x 10 % of 50 = 10 points off.",
    ),
    (POINTS, 3 * DAY, 6, "Handed in 3 days late; 3 days begun x 2 points = 6 points off."),
    (
        {"at_most_per_cent": 50},
        9 * DAY,
        25,
        "Handed in 9 days late; 9 days begun x 10 % of 50 = 45, at most 25: 25 points off.",
    ),
    ({"at_most_points": 1}, DAY, 1, "Handed in 1 day late; 1 day begun x 10 % of 50 = 5, at most 1: 1 point off."),
    (
        {"grace_minutes": 15},
        15 * MINUTE,
        0,
        "Handed in 15 minutes late, within the 15 minutes of grace: no points off.",
    ),
    (
        {"grace_minutes": 15},
        DAY + 10 * MINUTE,
        5,
        "Handed in 1 day 10 minutes late; 1 day begun (after 15 minutes of grace) x 10 % of 50 = 5 points off.",
    ),
]


@pytest.mark.parametrize(("policy", "after", "points", "text"), ARITHMETIC)
def test_the_arithmetic_is_told(*, policy: dict[str, object], after: timedelta, points: float, text: str) -> None:
    """What is begun counts whole, after the grace; a whole day late is one day."""
    found = rule(**policy).of(handed_in(after, "zoe"))
    assert (found.points, found.text) == (points, text)


@pytest.mark.parametrize("after", [timedelta(0), -HOUR])
def test_on_time_costs_nothing_and_is_not_spoken_of(after: timedelta) -> None:
    """On the deadline is on time."""
    assert rule().of(handed_in(after, "zoe")) is None


def test_an_unknown_time_costs_nothing_and_is_told() -> None:
    """Also where the platform calls it late; where it says that it is not, nothing is to be told."""
    found = rule().of(handed_in(None, "zoe", late=True))
    assert (found.points, found.submitted, found.seconds_late) == (0.0, None, None)
    assert "not known" in found.text
    assert found.text.endswith("The platform calls it late, and does not say when it came.")
    assert rule().of(handed_in(None, "zoe", late=False)) is None


@pytest.mark.parametrize(
    ("students", "days"), [(("zoe",), 3), (("ada",), 2), (("ada", "bob"), 1), (("zoe", "bob"), 1), (("eve", "ada"), 2)]
)
def test_a_group_has_the_longest_extension_of_its_members(students: tuple[str, ...], days: int) -> None:
    """They hand in one file together; who is excused changes nothing for the others."""
    assert rule().of(handed_in(2 * DAY + HOUR, *students)).points == 5 * days


def test_an_extension_is_spoken_of() -> None:
    """So that the student sees that it was counted."""
    text = rule().of(handed_in(DAY + HOUR, "ada")).text
    assert text == "Handed in 1 hour late after the extension; 1 day begun x 10 % of 50 = 5 points off."


def test_an_extension_before_the_deadline_shortens_nothing() -> None:
    """It is no extension then."""
    early = LateRule(Late(per_cent=10), 50, DUE, extensions={"ada": DUE - DAY}, excused=frozenset())
    assert early.of(handed_in(-HOUR, "ada")) is None


def test_nothing_is_taken_off_where_everybody_is_excused() -> None:
    """Of one alone, or of a whole group."""
    assert rule().of(handed_in(DAY, "eve", "kim")) is None
    assert rule().of(handed_in(None, "eve")) is None
    assert rule().of(handed_in(DAY)) is not None


def test_no_more_is_taken_off_than_was_earned() -> None:
    """What is pending stays; as it is marked the deduction grows to what the policy says."""
    late = rule().of(handed_in(DAY, "zoe"))
    found = with_late(make_grade(points_earned=3.0, points_pending=8.0), late)
    assert (found.points_earned, found.points_pending, found.late.points) == (0.0, 8.0, 3.0)
    assert found.late.text.endswith("= 5 points off. Only the 3 earned so far are taken off.")
    assert with_late(make_grade(points_earned=30.0), late).points_earned == 25.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "less than a second"),
        (40, "40 seconds"),
        (61, "1 minute 1 second"),
        (7260, "2 hours 1 minute"),
        (90000, "1 day 1 hour"),
    ],
)
def test_a_delay_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    """Without needless precision."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31", datetime(2026, 1, 31, 23, 59, 59)),  # noqa: DTZ001
        ("2026-01-31T23:59", datetime(2026, 1, 31, 23, 59)),  # noqa: DTZ001
        ("2026-01-31 23:59+00:00", DUE),
    ],
)
def test_a_date_alone_is_its_end(text: str, time: datetime) -> None:
    """Without a zone it is local time, as for the option."""
    assert read_deadline(text) == time


GOOD = """\
assignment: digits
title: Digits
late: {late}
lines: {lines}
points: {{core: 3}}
sections:
  - id: ex1
    title: "Exercise 1"
    model: {{inputs: [784], layers: [{{layer: Dense, units: 10}}]}}
    criteria:
      - {{id: ex1.architecture, points: 3, check: architecture}}
"""


def loaded(folder: Path, late: str, lines: str = "{}") -> Rubric:
    (folder / "digits.yaml").write_text(GOOD.format(late=late, lines=lines))
    return load_rubric(folder / "digits.yaml")


def test_a_rubric_has_a_policy_and_comes_back_from_json(tmp_path: Path) -> None:
    """As workers get it."""
    rubric = loaded(tmp_path, "{deadline: 2026-01-31, points: 0.5, every: hour}", "{pass: 1.5}")
    assert rubric.late.deadline == datetime(2026, 1, 31, 23, 59, 59)  # noqa: DTZ001
    assert Late.model_validate(rubric.late.model_dump(mode="json")) == rubric.late
    assert rubric.lines == {"pass": 1.5}


@pytest.mark.parametrize(
    ("late", "lines", "said"),
    [
        ("{deadline: soon, points: 1}", "{}", "3: 'soon' is no time. A date and time such as 2026-01-31T23:59"),
        ("{deadline: 31, points: 1}", "{}", "3: '31' is no time."),
        ("{deadline: 2026-01-31}", "{}", "3: give per_cent or points, one of them"),
        ("{points: 1, per_cent: 2}", "{}", "3: give per_cent or points, one of them"),
        ("{points: 1, at_most_points: 2, at_most_per_cent: 2}", "{}", "3: give at_most_per_cent or at_most_points"),
        ("{points: 1, per: day}", "{}", "3: unknown key 'per'."),
        ("{points: 1, every: week}", "{}", "3: late.every is 'week'."),
        ("{points: -1}", "{}", "3: late.points is -1."),
        ("{points: 1}", "{pass: 4}", "4: the line 'pass' is at 4 points, and no more than 3 can be earned. Lower it."),
    ],
)
def test_what_is_wrong_with_a_policy_is_told_with_its_line(tmp_path: Path, *, late: str, lines: str, said: str) -> None:
    """Before any kernel starts."""
    with pytest.raises(RubricError) as caught:
        loaded(tmp_path, late, lines)
    assert said in str(caught.value)


def test_a_policy_needs_a_deadline(tmp_path: Path) -> None:
    """The option's goes before the rubric's; without both nothing is graded."""
    rubric = loaded(tmp_path, "{deadline: 2026-01-31T23:59+00:00, points: 1}")
    nobody = Decisions(())
    assert late_rule(rubric, deadline=None, decisions=nobody).deadline == DUE
    assert late_rule(rubric, deadline=DUE + DAY, decisions=nobody).deadline == DUE + DAY
    with pytest.raises(UsageError, match="there is no deadline"):
        late_rule(loaded(tmp_path, "{points: 1}"), deadline=None, decisions=nobody)
