"""Outputs are capped as they arrive, and no shape of a message breaks them."""

from __future__ import annotations

import pytest

from grader.execution.outputs import (
    FIRST_CHARACTERS,
    LAST_CHARACTERS,
    TRUNCATED,
    CellOutputs,
    asks_for_the_end,
)


def test_streams_are_joined_and_shown_as_a_terminal_would() -> None:
    """A carriage return starts the line again, a backspace moves one character back."""
    outputs = CellOutputs()
    for text in ("10 %\r100 %\n", "abc\x08\x08d", "\n"):
        outputs.take("stream", {"name": "stdout", "text": text})
    assert outputs.printed() == "100 %\nadc\n"
    assert len(outputs.as_notebook()) == 1


def test_stderr_is_kept_but_never_printed_text() -> None:
    """A warning cannot influence a mark."""
    outputs = CellOutputs()
    outputs.take("stream", {"name": "stderr", "text": "accuracy: 0.99"})
    assert outputs.printed() == ""
    assert outputs.as_notebook()[0]["name"] == "stderr"


def test_of_too_much_text_the_middle_is_cut_out_with_a_note() -> None:
    """An honest student who prints too much loses output, not marks: results stand at the end."""
    outputs = CellOutputs()
    for text in ("first\n", *["x" * 2**20 + "\n"] * 30, "last\n"):
        outputs.take("stream", {"name": "stdout", "text": text})
    assert outputs.truncated
    kept = "".join(output.get("text", "") for output in outputs.as_notebook())
    assert kept.startswith("first")
    assert kept.endswith("last\n")
    assert TRUNCATED.strip() in kept
    assert len(kept) < FIRST_CHARACTERS + LAST_CHARACTERS + 2**21


def test_results_are_printed_text_and_pictures_are_not() -> None:
    """The text stand-in of a figure says nothing."""
    outputs = CellOutputs()
    outputs.take("execute_result", {"data": {"text/plain": "0.9762"}})
    outputs.take("display_data", {"data": {"text/plain": "<Figure 1>", "image/png": "aGk="}})
    assert outputs.printed() == "0.9762"
    assert [list(output["data"]) for output in outputs.as_notebook()] == [["text/plain"], ["text/plain", "image/png"]]


def test_clear_output_clears_now_or_before_the_next() -> None:
    """As a notebook's front end does."""
    outputs = CellOutputs()
    outputs.take("stream", {"name": "stdout", "text": "old"})
    outputs.take("clear_output", {"wait": True})
    assert outputs.printed() == "old"
    outputs.take("stream", {"name": "stdout", "text": "new"})
    assert outputs.printed() == "new"


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        [],
        {},
        {"text": 5},
        {"data": 5},
        {"data": {"text/plain": ["x"]}},
        {"name": {}, "text": "\ud800"},
        {"ename": {}, "evalue": [], "traceback": {"a": 1}},
        {"traceback": [1, None, "x"]},
    ],
)
@pytest.mark.parametrize("kind", ["stream", "display_data", "execute_result", "error", "update_display_data"])
def test_no_shape_of_a_message_breaks_it(kind: str, content: object) -> None:
    """Every message is forgeable."""
    outputs = CellOutputs()
    outputs.take(kind, content)
    outputs.as_notebook()
    outputs.printed().encode()
    outputs.error({"content": content}).traceback.encode()


def test_the_error_keeps_name_value_and_traceback_without_colours() -> None:
    """As the student will read it."""
    outputs = CellOutputs()
    outputs.take("error", {"ename": "NameError", "evalue": "no x", "traceback": ["\x1b[31mline\x1b[0m"]})
    error = outputs.error(None)
    assert (error.name, error.value, error.traceback) == ("NameError", "no x", "line")


@pytest.mark.parametrize(
    ("payload", "asks"),
    [
        ([{"source": "ask_exit", "keepkernel": False}], True),
        ([{"source": "ask_exit", "keepkernel": True}], False),
        ([{"source": "page"}, 3], False),
        ("ask_exit", False),
        (None, False),
    ],
)
def test_a_reply_tells_that_the_kernel_is_about_to_end(payload: object, asks: bool) -> None:
    """Whatever shape it has."""
    assert asks_for_the_end({"content": {"payload": payload}}) is asks
    assert asks_for_the_end(None) is False
