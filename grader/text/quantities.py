"""Numbers in printed text: what they are, to which digit, and which words they stand beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from grader.metrics import METRICS
from grader.text.thresholds import THRESHOLDS

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d{1,3})?(?!\w)(?P<percent>\s?(?:%|per ?cent|prozent))?", re.IGNORECASE
)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BAR = re.compile(r"^\s*\d+/(?:\d+|Unknown)\b.*\d\s?(?:s|ms|us|.s)(?:/(?:step|epoch|sample))?\b")
_EPOCH = re.compile(r"^\s*Epoch \d+(?:/\d+)?\s*$", re.IGNORECASE)

_SHARE = re.compile(
    r"(?<![\w.,/])(?P<part>\d{1,9})\s?(?:/|out of|of|von|aus|sur|de)\s?(?P<all>[1-9]\d{1,8})(?![\w/]|[.,]\d)",
    re.IGNORECASE,
)
"""A number of rows among all: ``917/1000``, ``917 out of 1000``."""

_ERRORS = re.compile(r"\berr|fehler|wrong|incorrect|misclass|falsch", re.IGNORECASE)
_OTHER_PARTS = re.compile(r"\bval(?!ue)|valid|train", re.IGNORECASE)
_PER_CENT = re.compile(r"%|per ?cent|prozent", re.IGNORECASE)
_TEST = re.compile(r"test|eval", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A printed number.

    Attributes:
        value: Per cent as a share.
        step: One unit of its last digit, per cent as a share.
        words: What stands before it in its line, back to the number before; for a number with no words of its own
            those of its neighbour, as in ``loss, accuracy: 0.08 0.97``.
        text: As printed.
        column: The heading that it stands below in a table; empty elsewhere.
    """

    value: float
    step: float
    words: str
    text: str
    column: str = ""

    def is_named(self, name: str) -> bool:
        """Whether the words before it name the quantity, and not that of another part of the data than the test set."""
        if re.search(METRICS[name].printed, self.words, re.IGNORECASE) is None:
            return False
        return self.is_of_test_set

    def is_in_column_of(self, name: str) -> bool:
        """Whether the heading of its column names the quantity, and its row and heading no other part of the data."""
        return replace(self, words=f"{self.words} {self.column}").is_named(name) and bool(self.column)

    @property
    def is_of_test_set(self) -> bool:
        """Whether the words leave it open that it belongs to the test set."""
        return _OTHER_PARTS.search(self.words) is None or self.says_test

    @property
    def says_test(self) -> bool:
        """Whether the words speak of the test set."""
        return _TEST.search(self.words) is not None

    @property
    def short(self) -> str:
        """As printed, or four digits of what was printed with more."""
        return self.text if len(self.text) <= THRESHOLDS.longest_number else f"{self.value:.4g}"

    @property
    def as_per_cent(self) -> Quantity:
        """The same read as per cent, for a bare ``97.62``."""
        return replace(self, value=self.value / 100, step=self.step / 100)

    @property
    def says_errors(self) -> bool:
        """Whether the words speak of what is wrong, so that the accuracy is the rest of it."""
        return _ERRORS.search(self.words) is not None

    @property
    def complement(self) -> Quantity:
        """One less the number: the accuracy of an error rate."""
        return replace(self, value=1 - self.value)

    def equals(self, value: float, *, tolerance: float) -> bool:
        """Whether it is that figure to its digits, rounded or cut off, or within the tolerance."""
        slack = 1e-9
        if abs(self.value - value) <= max(tolerance, self.step / 2) + slack:
            return True
        return 0 <= value - self.value < self.step


def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers that a text holds, progress bars left out."""
    found: list[Quantity] = []
    headings: dict[int, str] = {}
    for line in own_lines(text):
        ends = {match.end(): match.start() for match in _NUMBER.finditer(line)}
        if not ends:
            headings = {match.end(): match.group() for match in re.finditer(r"\S+", line)}
        found += _of_line(line, columns={start: headings.get(end, "") for end, start in ends.items()})
    return tuple(found)


def own_lines(text: str) -> tuple[str, ...]:
    """The lines of a text that Keras's progress display did not write."""
    return tuple(line for line in _lines(text) if not _BAR.match(line) and not _EPOCH.match(line))


def bar_results(text: str) -> tuple[Quantity, ...]:
    """The numbers that the progress bars of ``evaluate`` show; those of training, after an ``Epoch`` line, left out."""
    lines = _lines(text)
    found: list[Quantity] = []
    for before, line in zip(["", *lines], lines, strict=False):
        if _BAR.match(line) and not _EPOCH.match(before) and "val_" not in line:
            found += [item for item in _of_line(line) if re.search(r"\w+:\s*$", item.words)]
    return tuple(found)


def shows_bar_of(texts: Iterable[str], name: str) -> bool:
    """Whether a progress bar of ``evaluate`` shows the quantity."""
    return any(item.is_named(name) for text in texts for item in bar_results(text))


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"[\n\r]+", _ESCAPE.sub("", text)) if line.strip()]


def _of_line(line: str, *, columns: Mapping[int, str] | None = None) -> list[Quantity]:
    found: list[Quantity] = []
    end = 0
    words = ""
    for match in _NUMBER.finditer(line):
        between = line[end : match.start()]
        words = between if re.search(r"[^\W\d_]{2,}", between) else words
        end = match.end()
        found.append(replace(_quantity(match, words), column=(columns or {}).get(match.start(), "")))
    return [*_shares(line), *found]


def _shares(line: str) -> list[Quantity]:
    """Numbers of rows among all, as shares, with the words on both sides of each."""
    matches = list(_SHARE.finditer(line))
    ends = [0, *(match.end() for match in matches)]
    starts = [*(match.start() for match in matches[1:]), len(line)]
    found = []
    for match, end, start in zip(matches, ends, starts, strict=False):
        words = f"{line[end : match.start()]} {line[match.end() : start]}"
        part, whole = int(match["part"]), int(match["all"])
        if part <= whole:
            found.append(Quantity(value=part / whole, step=1 / whole, words=words, text=match.group()))
    return found


def _quantity(match: re.Match[str], words: str) -> Quantity:
    text = match.group()
    plain = _PER_CENT.sub("", text).strip().replace(",", ".")
    mantissa, _, exponent = plain.lower().partition("e")
    digit = (int(exponent) if exponent else 0) - len(mantissa.partition(".")[2])
    share = 0.01 if match.group("percent") or _PER_CENT.search(words) else 1.0
    return Quantity(value=float(plain) * share, step=10.0 ** max(-300, min(digit, 300)) * share, words=words, text=text)
