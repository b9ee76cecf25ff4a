"""Records of which only a part is known."""

from __future__ import annotations

from grader.records import ArraySummary
from grader.selfcheck.partial import noting, partly, unknown_fields

SUMMARY = partly(ArraySummary(shape=(3, 2)), {"content": "never seen"})


def test_reading_what_is_known_says_nothing():
    """Also through a property."""
    with noting() as heard:
        assert SUMMARY.rows == 3
    assert not heard


def test_reading_what_is_unknown_is_said_once():
    """The value is the field's own default."""
    with noting() as heard:
        assert (SUMMARY.content, SUMMARY.content) == ("", "")
    assert list(heard) == ["never seen"]


def test_a_copy_knows_as_little():
    """And more may become unknown."""
    copy = partly(SUMMARY.model_copy(update={"dtype": "int64"}), {"dtype": "guessed"})
    assert dict(unknown_fields(copy)) == {"content": "never seen", "dtype": "guessed"}
    assert isinstance(copy, ArraySummary)
