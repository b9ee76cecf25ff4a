from __future__ import annotations

import pytest

from grader.limits import MAX_PRINTED_CHARACTERS
from grader.printed_text import capped, html_text, result_text, shown, well_formed
from grader.text.quantities import quantities


@pytest.mark.parametrize(
    ("raw", "screen"),
    [
        ("plain\ntext\n", "plain\ntext\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("10 %\r50 %\r100 %\n", "100 %\n"),
        ("100 %\r50\n", "500 %\n"),
        ("100 %\r\x1b[K50\n", "50\n"),
        ("1/2" + "\x08" * 3 + "2/2 done\n", "2/2 done\n"),
        ("done\r", "done"),
        ("\x08\x08a", "a"),
        ("\x1b[1m\x1b[31mError\x1b[0m", "Error"),
        ("\x1b]0;title\x07text", "text"),
        ("bell\x07 null\x00 tab\tkept", "bell null tab\tkept"),
        ("cut off \x1b", "cut off "),
        ("\x1b[999", "999"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("", ""),
    ],
)
def test_text_is_what_a_terminal_would_show(raw, screen):
    """Escape codes are gone, and what was drawn over is not seen."""
    assert shown(raw) == screen


def test_a_keras_progress_bar_leaves_its_last_state():
    """Of a bar that redraws itself with backspaces, the last drawing is left, and the line's end."""
    first = "\x1b[1m 1/32\x1b[0m \x1b[37m----\x1b[0m 1s - loss: 2.3"
    last = "\x1b[1m32/32\x1b[0m \x1b[32m====\x1b[0m 0s - loss: 0.5"
    assert shown(first + 40 * "\x08" + "\r" + last + "\n") == "32/32 ==== 0s - loss: 0.5\n"


def test_long_text_keeps_its_beginning_and_its_end():
    """The end, where results stand, is kept, and the cut is marked."""
    text = shown("begin " + "x" * (2 * MAX_PRINTED_CHARACTERS) + " end")
    assert text.startswith("begin ")
    assert text.endswith(" end")
    assert "[...]" in text
    assert len(text) < MAX_PRINTED_CHARACTERS + 10


def test_a_cap_changes_nothing_below_it():
    """Text of exactly the cap's length is whole."""
    assert capped("abcd", most=4) == "abcd"


def test_what_is_well_formed_stays():
    """Letters of every language survive."""
    assert well_formed("Grüße 你好 🙂") == "Grüße 你好 🙂"


@pytest.mark.parametrize("piece", ["\x1b[", "\x1b]", "\r", "\x08", "a\r", "\x1b[0", "x"])
def test_hostile_text_takes_no_long(piece):
    """A million characters of any one kind are worked through."""
    assert len(shown(piece * (1_000_000 // len(piece)))) <= MAX_PRINTED_CHARACTERS + 10


TABLE = (
    "<style>td {}</style><table><tr><th></th><th>loss</th><th>accuracy</th></tr>\n"
    "<tr><th>test</th><td>0.37</td><td>0.9</td></tr></table>"
)


def test_a_table_is_read_with_its_columns_below_each_other():
    """A styled table of pandas says what it shows in HTML alone."""
    text = result_text("<pandas.io.formats.style.Styler at 0x7f41b8daf550>", TABLE)
    assert text.split("\n") == ["      loss  accuracy", "test  0.37       0.9"]
    assert [(item.value, item.is_in_column_of("accuracy")) for item in quantities(text)] == [(0.37, False), (0.9, True)]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<b>Test accuracy:</b> 0.91<br>loss 0.3", "Test accuracy: 0.91\nloss 0.3"),
        ("<p>1 &lt; 2</p><script>x = 3</script><p>4</p>", "1 < 2\n4"),
        ("", ""),
    ],
)
def test_html_is_read_as_it_is_seen(html, text):
    """Marks, scripts and styles are no text."""
    assert html_text(html) == text


def test_a_result_with_a_text_of_its_own_keeps_it():
    """A data frame is shown in both forms."""
    assert result_text("   a\n0  1", TABLE) == "   a\n0  1"


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "&", "<tr>", "<td>", "<tr><td>", "</", "<style>"])
def test_hostile_html_takes_no_long(piece):
    """Neither the parser nor a table grows beyond what it was given."""
    wide = f"<table><tr><td>{'x' * 100_000}</td></tr>"
    assert len(html_text(wide + piece * (1_000_000 // len(piece)))) < 50 * MAX_PRINTED_CHARACTERS
