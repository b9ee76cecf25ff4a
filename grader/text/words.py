"""Words of a text, in any script."""

from __future__ import annotations

import math
import re

from grader.text.thresholds import THRESHOLDS

UNSPACED_LETTERS = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts that put no spaces between words, as a range of a regular expression."""

WORD = re.compile(r"[^\W\d_](?:[^\W_]|['\u2019-](?=\w))*")
_UNSPACED = re.compile(rf"[{UNSPACED_LETTERS}]")


def count_words(text: str) -> int:
    """How many words a text has."""
    found = (len(_UNSPACED.findall(word)) for word in WORD.findall(text))
    return sum(max(1, math.ceil(letters / THRESHOLDS.letters_a_word)) for letters in found)
