"""Groups of submissions that are alike."""

from __future__ import annotations

import ast
import json
import random
from itertools import combinations
from pathlib import Path

import pytest

from grader.cell_code import parse
from grader.statistics.fingerprints import fingerprints, pieces
from grader.statistics.similarity import Traits, shared_shares, similar
from grader.statistics.thresholds import THRESHOLDS

ROOT = Path(__file__).parents[2]
WEEKS = ("week09", "week10", "week11")


def code_of(path: Path) -> list[str]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError):
        return []
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def samples(week: str) -> dict[str, list[str]]:
    """The code of a week's sample submissions, which were written apart from each other."""
    found = {path.stem: code_of(path) for path in sorted((ROOT / "submissions" / week).glob("*.ipynb"))}
    return {name: code for name, code in found.items() if code}


def given(week: str) -> frozenset[int]:
    """What the week's template and reference hold."""
    return frozenset().union(*(pieces(code_of(path)) for path in (ROOT / "reference" / week).glob("*.ipynb")))


def traits(name: str, code: set[int] | frozenset[int] = frozenset(), **fields: object) -> Traits:
    return Traits(name, code=frozenset(code), **fields)


def numbers(begin: int, end: int) -> set[int]:
    return set(range(begin, end))


@pytest.mark.parametrize("week", WEEKS)
def test_no_honest_samples_are_near_identical(week: str) -> None:
    """Every two of a week's samples share less than half of what would make them so."""
    own = [fingerprints(code) - given(week) for code in samples(week).values()]
    assert len(own) >= 7
    assert max(shared_shares(own).values()) < THRESHOLDS.near_identical / 2
    assert similar([traits(str(number), code) for number, code in enumerate(own)]) == ()


@pytest.mark.parametrize("week", WEEKS)
def test_renamed_copies_of_every_sample_are_found(week: str) -> None:
    """Each with other names, a comment a line and its cells in one: one group for each sample."""
    found = []
    for name, code in samples(week).items():
        text = "\n".join(code).replace("model", "net").replace("history", "hist_of").replace("x_train", "images")
        copy = [line if line.endswith("\\") else f"{line}  # {name}" for line in text.split("\n")]
        found += [traits(name, fingerprints(code)), traits(f"{name}-2", fingerprints(["\n".join(copy)]))]
    groups = similar(found, given=given(week))
    pairs = {(one.submission, other.submission) for one, other in zip(found[::2], found[1::2], strict=True)}
    assert {group.submissions for group in groups} == pairs


@pytest.mark.parametrize("week", WEEKS)
def test_copies_without_every_tenth_statement_are_found(week: str) -> None:
    """What is left is still most of the code."""
    for name, code in samples(week).items():
        cells = [cell for cell in code if parse(cell) is not None]
        statements = [ast.unparse(one) for cell in cells for one in parse(cell).body]
        kept = [one for number, one in enumerate(statements, start=1) if number % 10]
        (group,) = similar([traits(name, fingerprints(cells)), traits("copy", fingerprints(kept))])
        assert (group.kind, group.submissions) == ("near", (name, "copy"))


def test_two_fifths_of_the_pieces_are_near_identical() -> None:
    """40 of 100 are, 39 of 101 are not."""
    half = [traits("a", numbers(0, 70)), traits("b", numbers(30, 100))]
    (group,) = similar(half)
    assert (group.kind, group.submissions, group.least_share) == ("near", ("a", "b"), 0.4)
    assert similar([traits("a", numbers(0, 70)), traits("b", numbers(31, 101))]) == ()


def test_little_code_is_not_compared() -> None:
    """Nineteen pieces beyond what was handed out are too few, twenty are not."""
    both = [traits("a", numbers(0, 100)), traits("b", numbers(0, 100))]
    assert len(similar(both, given=frozenset(range(80)))) == 1
    assert similar(both, given=frozenset(range(81))) == ()


def test_a_class_of_copies_is_one_group() -> None:
    """Nobody is left out because what they share is common."""
    (group,) = similar([traits(str(number), numbers(0, 50)) for number in range(40)])
    assert (group.kind, len(group.submissions)) == ("code", 40)


def test_what_hangs_together_by_a_third_is_one_group() -> None:
    """The least that two of them share is said."""
    (group,) = similar([traits("a", numbers(0, 100)), traits("b", numbers(40, 140)), traits("c", numbers(80, 180))])
    assert group.submissions == ("a", "b", "c")
    assert group.least_share == pytest.approx(20 / 180)


def test_attempts_of_one_student_are_no_group() -> None:
    """With somebody else's they are."""
    mine = [traits(name, numbers(0, 50), owner=("ada",), file="f" * 64) for name in ("a", "b")]
    assert similar(mine) == ()
    (group,) = similar([*mine, traits("c", numbers(0, 50), owner=("bob",))])
    assert group.submissions == ("a", "b", "c")


def test_one_file_is_said_once() -> None:
    """As the same file, the surest of names; a fourth with the same code makes a group of code too."""
    same = [traits(name, numbers(0, 50), file="f" * 64) for name in "abc"]
    assert [group.kind for group in similar(same)] == ["file"]
    found = similar([*same, traits("d", numbers(0, 50), file="e" * 64)])
    assert [(group.kind, len(group.submissions)) for group in found] == [("file", 3), ("code", 4)]


def test_weights_and_histories_group_whoever_has_them() -> None:
    """Whatever their code is."""
    found = similar(
        [
            traits("a", weights=frozenset({"w"}), histories=frozenset({"h", "i"})),
            traits("b", weights=frozenset({"w", "v"})),
            traits("c", histories=frozenset({"h", "i"})),
        ]
    )
    assert [(group.kind, group.submissions) for group in found] == [("weights", ("a", "b")), ("history", ("a", "c"))]


def test_shares_are_those_of_sets() -> None:
    """Every two of forty random ones, counted one by one."""
    draw = random.Random(1)  # noqa: S311
    codes = [frozenset(draw.sample(range(60), draw.randint(1, 40))) for _ in range(40)]
    shares = shared_shares(codes)
    for (i, one), (j, other) in combinations(enumerate(codes), 2):
        assert shares.get((i, j), 0.0) == pytest.approx(len(one & other) / len(one | other))


def test_nobody_is_alike_in_an_empty_class() -> None:
    """Nor alone."""
    assert similar([]) == ()
    assert similar([traits("a", numbers(0, 50))]) == ()
