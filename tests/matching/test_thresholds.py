"""Each threshold of matching at its boundary."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from builders import dense, make_cell, make_fit, make_model
from worksheet import rubric

from grader.architecture.forms import ModelForm
from grader.architecture.layers import plain_model
from grader.errors import UsageError
from grader.matching import best_rubric
from grader.matching.candidates import Candidate, Distances, Places
from grader.matching.claims import claims_of
from grader.matching.costs import COSTS
from grader.matching.headings import Heading, Kind, Label, is_same_word, label_of, title_likeness
from grader.matching.likeness import Titles, _doubts, titles_of
from grader.matching.section_headings import assign_headings

TITLES = titles_of(rubric().sections)
NONE: frozenset[str] = frozenset()


def likeness(own: Label, there: Label, *, kind: str = "heading", words: frozenset[str] = NONE) -> float:
    titles = Titles((there,), words, tags=own.tags | there.tags)
    doubts = _doubts(own, there, titles=titles, kind=kind)
    return 0.0 if doubts is None else round(1 - sum(doubts.values()) / COSTS.no_heading, 6)


def label(*title: str, number: int | None = None, word: str = "", tags: frozenset[str] = NONE) -> Label:
    return Label(word, number, tags, title)


ABCD = ("aaaa", "bbbb", "cccc", "dddd")


@pytest.mark.parametrize(("worse", "better"), [("bold", "heading"), ("plain", "bold"), ("comment", "plain")])
def test_the_plainest_form_of_a_heading_weighs_most(worse: Kind, better: Kind) -> None:
    """Where several of them name one section, wherever they stand."""
    title = rubric().section("dropout").title
    headings = [Heading(at, title, kind) for at, kind in enumerate((worse, better, worse))]
    assert assign_headings(headings, TITLES, nearness=lambda *_: None)["dropout"].heading.kind == better


def test_of_equal_headings_the_first_counts() -> None:
    """Whatever comes again goes on with the section."""
    headings = [Heading(at, rubric().section("dropout").title, "heading") for at in range(5)]
    assert assign_headings(headings, TITLES, nearness=lambda *_: None)["dropout"].heading.cell == 0


def test_what_titles_numbers_and_tags_count() -> None:
    """A title three fifths and a number two; half of that without one; another tag takes some away."""
    exact, tagged = label(*ABCD, number=4, word="exercise"), {"a": frozenset({"core"}), "b": frozenset({"bonus"})}
    assert likeness(exact, label(*ABCD, number=4, word="exercise")) == 1.0
    assert likeness(label(*ABCD), exact) == 0.8
    assert likeness(label(*ABCD, number=5, word="exercise"), exact) == 0.6
    assert likeness(label(*ABCD, tags=tagged["a"]), label(*ABCD, tags=tagged["b"])) == 0.65
    assert likeness(label(number=4, word="exercise"), exact) == 0.75


@pytest.mark.parametrize(
    ("shared", "number", "kind", "is_like"),
    [
        (2, None, "heading", True),
        (1, None, "heading", False),
        (3, 5, "heading", True),
        (2, 5, "heading", False),
        (3, None, "comment", False),
        (4, None, "comment", True),
    ],
)
def test_how_much_of_a_title_must_be_there(shared: int, number: int | None, *, kind: str, is_like: bool) -> None:
    """Half of it without a number, three quarters beside another's number, four fifths in a comment."""
    own = label(*ABCD[:shared], *("zzzz", "yyyy", "xxxx", "wwww")[shared:], number=number, word="exercise")
    assert (likeness(own, label(*ABCD, number=4, word="exercise"), kind=kind) > 0) is is_like


def test_a_comment_with_four_fifths_of_a_title_is_a_heading() -> None:
    """With five words of which one is another."""
    five = label(*ABCD, "eeee")
    assert likeness(label(*ABCD, "zzzz"), five, kind="comment") > 0.0
    assert likeness(label(*ABCD, "zzzz", "yyyy"), five, kind="comment") == 0.0


def test_misspelt_words_and_titles_share_most_letters() -> None:
    """Seven letters in ten of a label's word, eight in ten of a title."""
    assert is_same_word("abcdefghij", "abcdefgxyz")
    assert not is_same_word("abcdefghij", "abcdefwxyz")
    assert title_likeness(("abcdefghij",), ("abcdefghxy",)) > 0
    assert title_likeness(("abcdefghij",), ("abcdefgxyz",)) == 0


@pytest.mark.parametrize(("share", "found"), [(4, True), (3, False)])
def test_a_heading_out_of_order_must_be_plainly_alike(share: int, found: bool) -> None:
    """Its number, which another section has too, and some three quarters of its title."""
    words = frozenset({"exercise"})
    own, *others = (f"Exercise 4: {' '.join(words)}" for words in ((*ABCD, "eeee"), ("ffff", "gggg"), ("hhhh", "iiii")))
    titles = {
        name: Titles((label_of(text),), words) for name, text in zip(("own", "a", "b"), (own, *others), strict=True)
    }
    written = " ".join((*ABCD, "eeee")[:share] + ("zzzz", "yyyy")[: 5 - share])
    headings = [Heading(at, text, "heading") for at, text in enumerate((*others, f"Exercise 4: {written}"))]
    assert ("own" in assign_headings(headings, titles, nearness=lambda *_: None)) is found


def candidate(differing: int) -> Candidate:
    layers = [dense(7 if at < differing else 128, "relu") for at in range(10)]
    record = make_model(*layers, dense(10, "softmax"), id=f"m{differing}")
    fits = (make_fit(cell=0),)
    return Candidate(record=record, fits=fits, plain=plain_model(record, compiled=None), order=0)


@pytest.mark.parametrize(
    ("differing", "meant", "is_lent"), [(2, False, True), (3, False, False), (6, True, True), (7, True, False)]
)
def test_how_much_of_a_model_may_differ(differing: int, meant: bool, is_lent: bool) -> None:
    """A quarter of the layers, and three fifths where nothing else can be meant."""
    form = rubric().section("deep").model
    assert isinstance(form, ModelForm)
    distances = Distances({"deep": form})
    places = Places(order=["deep"], cells={} if meant else {"deep": frozenset({5})}, used={}, compared=frozenset())
    assert bool(claims_of([candidate(differing)], "deep", places=places, distances=distances)) is is_lent


def test_what_is_trained_as_asked_weighs_less_than_any_difference() -> None:
    """A fifth."""
    form = rubric().section("deep").model
    assert isinstance(form, ModelForm)

    class Never(Distances):
        def asks_for_training(self, section: str) -> bool:
            return True

    class Asked(Never):
        def is_trained_as_asked(self, candidate: Candidate, section: str) -> bool:
            return True

    places = Places(order=["deep"], cells={}, used={}, compared=frozenset())
    plain, asked = (
        claims_of([candidate(0)], "deep", places=places, distances=kind({"deep": form}))[0] for kind in (Never, Asked)
    )
    assert round(plain.cost - asked.cost, 9) == 0.2


@pytest.mark.parametrize(("count", "by_number"), [(1, True), (2, False)])
def test_two_models_speak_against_the_numbers(count: int, by_number: bool) -> None:
    """One that trains below another number may be a mistake."""
    words = frozenset({"exercise"})
    titles = {str(number): Titles((label_of(f"Exercise {number}"),), words) for number in range(2, 3 + count)}
    headings = [Heading(number, f"Exercise {number}", "heading") for number in range(3 - count, 3)]

    def nearness(heading: Heading, section: str) -> float:
        return float(heading.cell + 1 == int(section))

    found = assign_headings(headings, titles, nearness=nearness)
    assert (found["2"].heading.cell == 2) is by_number


@pytest.mark.parametrize(("more", "is_clear"), [(2, False), (4, True)])
def test_the_next_rubric_must_fit_worse_by_a_seventh(more: int, is_clear: bool, tmp_path: Path) -> None:
    """One has the notebook's ten headings, and the other has some more."""
    titles = [f"{word * 3} {word * 4}" for word in "abcdefghijklmn"]
    for name, count in (("right", 10), ("longer", 10 + more)):
        sections = "".join(
            f'  - id: {name}{at}\n    title: "{title}"\n    criteria:\n'
            f"      - {{id: {name}{at}.words, points: 1, check: discussion}}\n"
            for at, title in enumerate(titles[:count])
        )
        text = f"assignment: {name}\ntitle: Some\npoints: {{core: {count}}}\nsections:\n{sections}"
        (tmp_path / f"{name}.yaml").write_text(text)
    cells = [make_cell(f"## {title}", index=at, kind="markdown") for at, title in enumerate(titles[:10])]
    with nullcontext() if is_clear else pytest.raises(UsageError, match="alike"):
        assert best_rubric(cells, folder=tmp_path)[0].name == "right.yaml"


@pytest.mark.parametrize(("count", "found"), [(2, set()), (3, {"1", "2", "3"})])
def test_three_numbers_make_a_word_one_of_another_language(count: int, found: set[str]) -> None:
    """Two may be parts of an answer."""
    words = frozenset({"exercise"})
    titles = {str(number): Titles((label_of(f"Exercise {number}: {'x' * number}"),), words) for number in (1, 2, 3)}
    headings = [Heading(number, f"Frage {number}", "heading") for number in range(1, count + 1)]
    assert set(assign_headings(headings, titles, nearness=lambda *_: None)) == found


def test_a_remark_behind_a_title_hardly_counts() -> None:
    """A twentieth is lost by it."""
    own, there = label_of("aaaa bbbb (a long remark on it)"), label_of("aaaa bbbb")
    assert likeness(own, there) == round(0.6 * 0.95 + 0.4 * 0.5, 6)
