"""The pages in a real browser: what they show first, that everything on them works, and that nothing leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Opened, chromium
from builders import Notebook, dense, make_grade, make_measurement, make_ranges

from grader.records import (
    CellError,
    HandIn,
    LayerPair,
    Measurements,
    People,
    PictureOf,
    SectionMatch,
    Student,
    SubmissionSummary,
    Verdict,
)
from grader.report.cohort import render_cohort
from grader.report.feedback import render_feedback
from grader.report.matrix import render_matrix
from grader.store import SubmissionFolder

COUNT = 130
NAME = "\u0645\u062d\u0645\u062f \u0639\u0644\u064a"


def verdict(criterion: str, **fields: Any) -> Verdict:
    base = {"section": criterion.partition(".")[0], "outcome": "failed", "earned": 0.0, "points": 2.0}
    said = {"basis": "verified", "title": criterion, "required": "at least 0.9", "yours": "0.2", "feedback": "Too low."}
    return Verdict.model_validate({"criterion": criterion, **base, **said, **fields})


VERDICTS = (
    verdict("ex4.runs", feedback="Cell 3 raised NameError.", next_step="Fix cell 3, then run it.", cells=(2,)),
    verdict("ex4.drawn", outcome="blocked", next_step="Fix cell 3, then run it."),
    verdict("ex4.accuracy", next_step="Train longer.", cells=(1,)),
    verdict("ex4.passed", outcome="passed", earned=2.0),
    verdict("ex4.words", outcome="needs_review", cause="by_hand", basis="manual", pending=2.0, cells=(0,)),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's page with a failed cell, a training, an answer in words and a figure."""
    notebook, folder = Notebook(), SubmissionFolder(tmp_path_factory.mktemp("student"))
    notebook.markdown("# Answer\n\nThe loss $x_1$ falls.\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    notebook.code("model.fit(x, y)  # train")
    model = notebook.model(dense(10, "softmax"))
    notebook.fit(model)
    notebook.code("plot(loss)", error=CellError(name="NameError", value="name 'loss' is not defined"))
    folder.write(notebook.evidence())
    confusion = ((9, 1), (2, 8))
    measured = make_measurement("test", loss=0.3, accuracy=0.9, confusion=confusion)
    folder.write(Measurements(submission="some", measured=(measured,)))
    matching = {"ex4": SectionMatch(section="ex4", title="Exercise 4", cells=(0, 1, 2), model=model, fits=("f1",))}
    layers = tuple(LayerPair(asked="Dense 10", yours="Dense 9", state=state) for state in ("same", "differs", "free"))
    beside = {"layers": layers, "picture": PictureOf(kind="confusion", model=model, weights="w1")}
    verdicts = (*VERDICTS[:2], VERDICTS[2].model_copy(update=beside), *VERDICTS[3:])
    graded = make_grade(*verdicts, matching=matching, points_earned=2.0, points_pending=2.0, points_possible=10.0)
    path = folder.folder / "feedback.html"
    path.write_text(
        render_feedback(graded, folder=folder, people=(NAME,), curves={"ex4": (make_ranges(),)}), encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tutor's pages of some submissions; every third failed a criterion, every tenth is of another name."""
    folder, graded, students, handed = tmp_path_factory.mktemp("cohort"), [], {}, {}
    for number in range(COUNT):
        name, key = f"s{number:03}", f"k{number}"
        outcome = {} if number % 3 == 0 else {"outcome": "passed", "earned": 2.0}
        summary = SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256="0" * 64)
        rows = (*VERDICTS[:2], verdict("ex4.accuracy", feedback=f"The accuracy is 0.{number}.", **outcome), VERDICTS[4])
        sums = {"points_earned": float(number % 7), "points_pending": 2.0, "points_possible": 10.0}
        graded.append(make_grade(*rows, submission=summary, **sums))
        students[key] = Student(key=key, name=f"Zo\u00eb {number}" if number % 10 == 0 else f"{NAME} {number}")
        handed[name] = HandIn(file_name=f"{name}.ipynb", source="", students=(key,), late=number == 5)
    people = People(students=students, submissions=handed)
    for file, render in (("index.html", render_cohort), ("matrix.html", render_matrix)):
        (folder / file).write_text(render(graded, people=people), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pages(student, cohort) -> dict[str, Path]:
    return {path.name: path for path in (student, *cohort.iterdir())}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["feedback.html", "index.html", "matrix.html"])
def test_axe_finds_nothing(browser, pages, *, which, width, scheme) -> None:
    """By the rules of WCAG 2.2 AA; no page is wider than its screen, says anything on the console, or asks a server."""
    opened = Opened(browser, pages[which], viewport={"width": width, "height": 844}, color_scheme=scheme)
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert (opened.violations(), opened.said, opened.asked, wide) == ([], [], [], width)


def test_the_first_screen_says_what_to_fix_and_where_points_are_missing(browser, student) -> None:
    """The cause first; then every loss, in one table, which refers to it."""
    opened = Opened(browser, student, viewport={"width": 1280, "height": 900})
    assert opened.texts("ol.fix a")[0] == "Cell 3 raised NameError: name 'loss' is not defined."
    assert opened.texts(".losses tbody th") == [
        "Cell 3",
        "ex4.runs",
        "ex4.drawn",
        "ex4.accuracy",
        "A tutor reads your explanations",
    ]
    assert opened.page.locator(".losses").bounding_box()["y"] < 900


def test_every_link_of_a_student_s_page_leads_somewhere(browser, student) -> None:
    """Also to what is folded, which opens by that."""
    opened = Opened(browser, student)
    targets = opened.page.evaluate("[...document.querySelectorAll('a')].map(one => one.getAttribute('href').slice(1))")
    assert [one for one in targets if opened.page.locator(f"[id='{one}']").count() != 1] == []
    for target in ("ex4.drawn", "cell-3", "ex4.passed"):
        opened.page.evaluate(f"location.hash = '{target}'")
        opened.page.locator(f"[id='{target}']").wait_for(state="visible")


def test_the_text_of_an_objection_is_selected_by_a_click(browser, student) -> None:
    """It names what a tutor needs."""
    opened = Opened(browser, student, fragment="#ex4.accuracy")
    opened.page.locator("[id='ex4.accuracy'] .object summary").click()
    opened.page.locator("[id='ex4.accuracy'] pre.copy").click()
    selected = opened.page.evaluate("getSelection().toString()")
    for part in ("Submission: some", "Criterion: ex4.accuracy", "Required: at least 0.9", "Measured: 0.2"):
        assert part in selected


def test_rows_are_made_as_they_are_needed(browser, cohort) -> None:
    """A hundred at first, the others by a button, and all where the page is printed."""
    opened = Opened(browser, cohort / "index.html")
    assert opened.page.locator("#rows tr").count() == 100
    opened.page.locator("#more").click()
    assert opened.page.locator("#rows tr").count() == COUNT
    printed = Opened(browser, cohort / "index.html")
    printed.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert printed.page.locator("#rows tr").count() == COUNT


@pytest.mark.parametrize("words", ["zoe", "ZO\u00cb", "s050 50"])
def test_a_search_finds_names_without_their_accents(browser, cohort, words) -> None:
    """And ids; every word has to be there."""
    opened = Opened(browser, cohort / "index.html")
    opened.page.locator("#search").fill(words)
    found = [number for number in range(COUNT) if number % 10 == 0]
    count = 1 if "50" in words else len(found)
    assert opened.texts("#count") == [f"{count} of {COUNT} submissions"]


def test_filters_hold_of_one_and_the_same_criterion(browser, cohort) -> None:
    """Failed accuracies, and what waits by cause; `Clear` takes all of it back."""
    page = Opened(browser, cohort / "index.html").page
    page.locator("#criterion").select_option("ex4.accuracy")
    page.locator("#outcome").select_option("failed")
    assert page.locator("#count").inner_text().startswith("44 of")
    assert "Too low" not in page.locator("#rows tr").first.inner_text()
    page.locator("#cause").select_option("by_hand")
    assert page.locator("#count").inner_text().startswith("0 of")
    page.locator("#clear").click()
    assert page.locator("#count").inner_text().startswith(f"{COUNT} of")


def test_columns_are_sorted_by_the_keyboard(browser, cohort) -> None:
    """A column of numbers begins with its largest; the heading says how it is sorted."""
    page = Opened(browser, cohort / "index.html").page
    page.locator("[data-sort=earned]").focus()
    page.keyboard.press("Enter")
    column = page.locator("#rows tr td:nth-child(5)").all_inner_texts()
    assert column == sorted(column, reverse=True)
    assert page.locator("th:has([data-sort=earned])").get_attribute("aria-sort") == "descending"


def test_a_criterion_s_link_leads_to_who_failed_alike(browser, cohort) -> None:
    """The filters are set by it, and the message stands above the table."""
    page = Opened(browser, cohort / "index.html").page
    page.locator("#criteria ~ .scroll tr:has-text('ex4.accuracy') td.text a").first.click()
    page.locator("#chip").wait_for(state="visible")
    assert page.locator("#said").inner_text() == "The accuracy is \u2026."
    command = 'grader marks comment OUT s000 "\u2026" --criterion ex4.accuracy --alike'
    assert page.locator("#command").inner_text() == command
    assert page.locator("#count").inner_text().startswith("44 of")


def test_the_matrix_s_labels_stay(browser, cohort) -> None:
    """However far it is scrolled, and it holds but the rows that are seen."""
    page = Opened(browser, cohort / "matrix.html", viewport={"width": 500, "height": 700}).page
    head = page.locator("#matrix thead th").first
    before = head.bounding_box()
    page.evaluate("document.getElementById('frame').scrollTo(200, 2000)")
    page.locator("#matrix-rows th").first.wait_for(state="attached")
    assert head.bounding_box() == before
    assert page.locator("#matrix-rows tr").count() < 60 < COUNT


def test_what_is_asked_and_what_was_verified_stand_beside_the_students_own(browser, student) -> None:
    """Layer by layer, marked by a sign and a word; the matrix that was recomputed is there once."""
    opened = Opened(browser, student, viewport={"width": 390, "height": 800})
    assert opened.texts(".layers td:last-child") == ["= same", "\u2260 differs", "\u00b7 free"]
    assert (
        opened.page.locator("table.confusion").count() == opened.page.locator(".verified table.confusion").count() == 1
    )
    assert opened.page.locator('img[alt*="reference\'s runs"]').count() == 1
