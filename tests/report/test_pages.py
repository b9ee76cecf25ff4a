"""The pages show verdicts, escape everything of a student, and load nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from builders import dense, make_cell, make_evidence, make_figure, make_fit, make_measurement, make_model
from inert import what_acts

from grader.records import (
    ASKS_ABOUT_ANSWER,
    Advice,
    CellError,
    Environment,
    ExecutionSummary,
    Flag,
    GradedSubmission,
    LayerPair,
    Measurements,
    PictureOf,
    RubricSummary,
    SectionMatch,
    SubmissionSummary,
    Verdict,
)
from grader.records.grading import Basis, Cause, Outcome, TutorsMark
from grader.report import write_cohort, write_submission
from grader.report.cohort import render_cohort
from grader.report.feedback import environment_text, render_feedback
from grader.report.gradebook import gradebook_csv, guarded
from grader.report.summary import summary_json
from grader.report.templating import BASES, CAUSES, OUTCOMES
from grader.store import OutputFolder, SubmissionFolder

EVIL = '<script>alert(1)</script><img src="http://example.org/x" onerror=alert(2)>'


def verdict(criterion: str = "ex4.trained", **fields: object) -> Verdict:
    """A passed verdict of two points unless said otherwise."""
    values = {"section": "ex4", "outcome": "passed", "earned": 2.0, "points": 2.0, "basis": "verified", **fields}
    return Verdict.model_validate({"criterion": criterion, **values})


def graded(*verdicts: Verdict, name: str = "one", **fields: object) -> GradedSubmission:
    """A graded submission of one section."""
    values: dict[str, object] = {
        "submission": SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256="0" * 64),
        "rubric": RubricSummary(assignment="w", title="Week", file_name="w.yaml", sha256="0" * 64),
        "status": "graded",
        "execution": ExecutionSummary(seconds=3.0),
        "points_earned": sum(one.earned for one in verdicts),
        "points_pending": sum(one.pending for one in verdicts),
        "points_possible": sum(one.points for one in verdicts),
        "bonus_earned": 0.0,
        "bonus_pending": 0.0,
        "bonus_possible": 0.0,
        "matching": {"ex4": SectionMatch(section="ex4", title="Exercise 4", model="m1", fits=("f1",))},
        "verdicts": verdicts,
        **fields,
    }
    return GradedSubmission.model_validate(values)


@pytest.fixture
def folder(tmp_path: Path) -> SubmissionFolder:
    """A stored submission whose code, output and Markdown are hostile."""
    made = SubmissionFolder(tmp_path / "one")
    cells = (make_cell(f"# {EVIL}", kind="markdown"), make_cell(EVIL, index=1, printed=EVIL))
    models = (make_model(dense(10, "softmax"), id="m1"),)
    made.write(make_evidence(cells=cells, models=models, fits=(make_fit("m1", id="f1", cell=1),)))
    made.write(Measurements(submission="one"))
    return made


def test_a_figure_beside_what_was_verified_stands_there_alone(tmp_path: Path) -> None:
    """Its cell says where it is, so that a page does not hold it twice."""
    made = SubmissionFolder(tmp_path)
    png = np.frombuffer(b"\x89PNG\r\n\x1a\nrest", dtype=np.uint8)
    figures = tuple(make_figure(seq=seq, png=made.arrays.put(np.append(png, seq).astype(np.uint8))) for seq in (5, 6))
    models = (make_model(dense(10, "softmax"), id="m1"),)
    made.write(make_evidence(cells=(make_cell("plt.show()"),), figures=figures, models=models))
    measured = make_measurement(confusion=((9, 1), (3, 7)))
    made.write(Measurements(submission="one", measured=(measured,)))
    picture = PictureOf(kind="confusion", model="m1", weights="w1", figure=5)
    page = render_feedback(graded(lost("one", picture=picture, title="Its matrix")), folder=made)
    assert page.count("data:image/png") == 2
    before, cell = page.split('id="cell-1"')
    assert 'class="pair"' in before
    assert (before.count("data:image/png"), cell.count("data:image/png")) == (1, 1)
    assert '<a href="#one">Its matrix</a>' in cell


def test_layers_that_differ_are_marked_by_sign_and_word(folder: SubmissionFolder) -> None:
    """And not by colour alone; what is equal is not called wrong."""
    pairs = (("Dense 128", "Dense 64", "differs"), ("Dropout 0.2", "", "missing"), ("", EVIL, "free"))
    layers = tuple(LayerPair(asked=asked, yours=yours, state=state) for asked, yours, state in pairs)
    page = render_feedback(graded(lost("one", layers=layers)), folder=folder)
    rows = re.findall(r'<tr class="(?:differs|missing|free)">.*?</tr>', page)
    assert ["\u2260</span> differs" in rows[0], "\u2212</span> missing" in rows[1], "</span> free" in rows[2]] == [
        True
    ] * 3
    assert EVIL not in page


def test_nothing_of_a_student_is_markup(folder: SubmissionFolder) -> None:
    """Source, output, names, feedback and file names appear escaped."""
    submission = SubmissionSummary(id="one", file_name=EVIL, sha256="0" * 64)
    one = graded(verdict(feedback=EVIL, yours=EVIL), submission=submission)
    page = render_feedback(one, folder=folder, people=(EVIL,))
    assert "<script" not in page
    assert "onerror=alert(2)>" not in page
    assert page.count("&lt;script&gt;") >= 5


def test_the_page_loads_nothing(folder: SubmissionFolder) -> None:
    """A strict policy stands in the page, and every address in it is a fragment or data."""
    page = render_feedback(graded(verdict()), folder=folder)
    assert "default-src 'none'" in page
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith(("#", "data:image/")) for address in addresses)


def test_every_verdict_links_to_its_cells(folder: SubmissionFolder) -> None:
    """Cells are counted from 1, and the target is on the page."""
    page = render_feedback(graded(verdict(cells=(1,))), folder=folder)
    assert 'href="#cell-2"' in page
    assert 'id="cell-2"' in page


def test_fix_first_holds_the_three_largest_losses(folder: SubmissionFolder) -> None:
    """Recoverable points decide the order; what passed or waits is not in it."""
    lost = [
        verdict(f"c{n}", outcome="failed", earned=0.0, points=float(n), next_step=f"step {n}") for n in (1, 3, 2, 4)
    ]
    page = render_feedback(graded(*lost, verdict("won")), folder=folder)
    listed = page.split("<h2>Fix first</h2>")[1].split("</ol>")[0]
    assert re.findall(r'href="#(\w+)"', listed) == ["c4", "c3", "c2"]


def fixed_first(page: str) -> list[str]:
    return re.findall(r'href="#([\w.-]+)"', page.split("<h2>Fix first</h2>")[1].split("</ol>", maxsplit=1)[0])


def lost(criterion: str, **fields: object) -> Verdict:
    return verdict(criterion, **{"outcome": "failed", "earned": 0.0, **fields})


def test_fix_first_names_the_failing_cell_then_what_costs_most(folder: SubmissionFolder) -> None:
    """All that hangs on it is one cause; of the rest what was tried comes before what was never begun."""
    step = "Fix cell 2, then run the notebook from the top in a fresh kernel."
    verdicts = (
        lost("never", section="ex6", points=9.0, next_step="Build the model."),
        lost("nor", section="ex8", points=4.0, next_step="Draw it."),
        lost("tried", points=3.0, next_step="Train longer."),
        lost("hangs", section="ex5", outcome="blocked", points=2.0, next_step=step),
        lost("too", section="ex7", outcome="blocked", points=1.0, next_step=step),
        lost("runs", section="all", points=1.0, cells=(1,), next_step="Restart the kernel, and fix it."),
    )
    failed = ExecutionSummary(seconds=3.0, first_error_cell=1)
    assert fixed_first(render_feedback(graded(*verdicts, execution=failed), folder=folder)) == [
        "cause-cell-2",
        "never",
        "tried",
    ]
    assert fixed_first(render_feedback(graded(*verdicts), folder=folder))[0] == "never"


def test_what_costs_most_is_said_once(folder: SubmissionFolder) -> None:
    """A missing section leads what to fix first; the table of losses names it, and refers to that."""
    missing = [lost(f"never{n}", section="ex6", points=4.0, next_step="Build the model.") for n in (1, 2)]
    page = render_feedback(graded(*missing, lost("tried", points=3.0, next_step="Train longer.")), folder=folder)
    assert fixed_first(page) == ["cause-section-ex6", "tried"]
    first_screen = page.split("<h2>One cause, several criteria</h2>", maxsplit=1)[0]
    assert first_screen.count("ex6 is not in your notebook.") == 1
    assert '<a href="#cause-section-ex6">ex6</a></th>' in first_screen
    assert '<a href="#fix-1">see 1 above</a>' in first_screen
    assert all(f'<a href="#never{n}">' in first_screen for n in (1, 2))


def test_causes_with_one_step_stand_together(folder: SubmissionFolder) -> None:
    """What to do is said once for all of them, each with its points."""
    same = [lost(f"words{n}", points=float(n), next_step="Answer it.") for n in (1, 2)]
    page = render_feedback(graded(*same, lost("other", points=1.0, next_step="Train.")), folder=folder)
    listed = page.split("<h2>Fix first</h2>")[1].split("</ol>", maxsplit=1)[0]
    assert (fixed_first(page), listed.count("Answer it."), listed.count("<li")) == (["words2", "words1", "other"], 1, 2)


def test_who_lost_nothing_is_told_so_first(folder: SubmissionFolder) -> None:
    """What waits is no loss, and a bonus that was not tried is none to be fixed first."""
    waits = verdict("words", outcome="needs_review", cause="by_hand", earned=0.0, pending=2.0)
    page = render_feedback(graded(verdict(), waits), folder=folder)
    assert page.index("No points were lost so far.") < page.index("Still to be marked")
    bonus = lost("more", bonus=True, next_step="Try it.")
    page = render_feedback(graded(verdict(), bonus, points_possible=2.0), folder=folder)
    assert page.index("No points were lost.") < page.index("For the bonus") < page.index("Where points are missing")
    assert "Fix first" not in page


def test_a_file_that_could_not_be_run_has_one_text_to_object_with(tmp_path: Path) -> None:
    """No criterion stands on that page, so none of them has one."""
    execution = ExecutionSummary(reason="unreadable", detail="It ends in the middle.")
    one = graded(lost("one"), status="not_run", execution=execution, matching={})
    page = render_feedback(one, folder=SubmissionFolder(tmp_path))
    assert page.count('<pre class="copy"') == 1
    assert "Decided: This file could not be run.\nSaid: It ends in the middle.\nI disagree because: ..." in page
    assert "Every criterion that is not met has a text" not in page


def test_what_stands_beside_an_answer_for_the_tutor_is_not_on_the_page(folder: SubmissionFolder) -> None:
    """The onset that was measured is not shown to who should find it; what a figure must be is."""
    by_hand = verdict(outcome="needs_review", cause="by_hand", basis="manual", earned=0.0, expected="lowest in epoch 4")
    page = render_feedback(graded(by_hand, verdict("other", expected="at least 0.9")), folder=folder)
    assert "lowest in epoch 4" not in page
    assert "at least 0.9" in page


@pytest.mark.parametrize("outcome", ["blocked", "failed"])
def test_blocked_is_explained_where_it_stands(folder: SubmissionFolder, outcome: str) -> None:
    """And nowhere else."""
    page = render_feedback(graded(lost("one", outcome=outcome)), folder=folder)
    assert ("means that there was nothing to judge" in page) is (outcome == "blocked")


def test_what_is_for_the_tutor_alone_is_not_on_the_page(folder: SubmissionFolder) -> None:
    """A hidden criterion counts, but its text stays with the tutor."""
    page = render_feedback(graded(verdict(), verdict("secret", visibility="tutor", title="Hush")), folder=folder)
    assert "Hush" not in page
    assert "4 <small>of 4 points" in page


def test_curves_are_stored_and_used_again(folder: SubmissionFolder) -> None:
    """One picture a figure; a second rendering reads them back, and the page is the same."""
    first = render_feedback(graded(verdict()), folder=folder)
    pictures = list((folder.evidence_folder / "plots").glob("*.svg"))
    assert len(pictures) == 2
    pictures[0].write_text("<svg/>")
    assert render_feedback(graded(verdict()), folder=folder) != first


def test_every_loss_has_a_text_to_object_with(folder: SubmissionFolder) -> None:
    """With the submission, the criterion, what was required and measured; what passed has none."""
    page = render_feedback(graded(lost("one", required="0.9 or more", yours="0.2"), verdict("two")), folder=folder)
    assert page.count('<pre class="copy"') == 1
    for part in ("Submission: one", "Criterion: one", "Required: 0.9 or more", "Measured: 0.2"):
        assert part in page


def test_an_answer_stands_with_its_criterion(folder: SubmissionFolder) -> None:
    """As the text that was handed in, and not where a program judged."""
    by_hand = verdict(outcome="needs_review", cause="by_hand", basis="manual", earned=0.0, pending=2.0, cells=(0, 1))
    assert 'class="answer"' in render_feedback(graded(by_hand), folder=folder)
    assert 'class="answer"' not in render_feedback(graded(verdict(cells=(0,))), folder=folder)


def test_the_page_says_when_it_was_handed_in(folder: SubmissionFolder) -> None:
    """And when the notebook ran."""
    page = render_feedback(graded(verdict()), folder=folder, handed_in="handed in 2026-01-24 21:26, late")
    assert "handed in 2026-01-24 21:26, late &middot; run on" in page


def test_a_file_that_was_no_notebook_has_a_page(tmp_path: Path) -> None:
    """The reason stands on it."""
    execution = ExecutionSummary(reason="unreadable", detail="It ends in the middle.")
    one = graded(verdict(outcome="failed", earned=0.0), status="not_run", execution=execution)
    assert "It ends in the middle." in render_feedback(one, folder=SubmissionFolder(tmp_path))


def test_a_file_that_was_no_notebook_has_one_thing_to_fix(tmp_path: Path) -> None:
    """No list of criteria that all say the same."""
    execution = ExecutionSummary(reason="unreadable", detail="Hand in the notebook itself.")
    lost = verdict(outcome="failed", earned=0.0, next_step="Hand in the notebook.")
    page = render_feedback(
        graded(lost, status="not_run", execution=execution, matching={}), folder=SubmissionFolder(tmp_path)
    )
    assert "Fix first" not in page


def test_the_page_says_whose_fault_it_is(folder: SubmissionFolder) -> None:
    """In words that a student uses."""
    waiting = verdict(outcome="needs_review", cause="infrastructure", earned=0.0, pending=2.0)
    execution = ExecutionSummary(reason="cell_timeout", detail="Cell 2 ran longer than 60 s.")
    page = render_feedback(graded(waiting, status="needs_review", execution=execution), folder=folder)
    assert "Your notebook did not finish running.</strong> Cell 2 ran" in page
    assert "caused by the grading system, not by you" in page
    assert "2 still to be marked by a tutor" in page


def test_every_cause_outcome_and_basis_has_its_words() -> None:
    """None is shown as its name in ``grade.json``."""
    assert set(CAUSES) == set(get_args(Cause))
    assert set(OUTCOMES) == set(get_args(Outcome))
    assert set(BASES) == set(get_args(Basis))


def test_the_cohort_page_links_what_waits_by_cause() -> None:
    """Each cause has its list, with a link to the criterion on the submission's page."""
    waiting = verdict("ex2.discussion", outcome="needs_review", cause="by_hand", earned=0.0, pending=2.0)
    page = render_cohort([graded(waiting), graded(verdict(), name="two")])
    assert "Explanations to be read (1)" in page
    assert 'href="submissions/one/feedback.html#ex2.discussion"' in page


def test_the_cohort_page_escapes_and_shows_flags() -> None:
    """Flags are the tutor's to see."""
    one = graded(verdict(), flags=(Flag(rule="r", text=EVIL),), advice=(Advice(rule="a", section=None, text=EVIL),))
    page = render_cohort([one])
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert what_acts(page) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_cells_of_the_gradebook_are_no_formulas(text: str) -> None:
    """A quote goes before what a spreadsheet would evaluate."""
    assert guarded(text) == f"'{text}"


def test_the_gradebook_says_pending_where_points_are() -> None:
    """One row a submission, one column a criterion."""
    waiting = verdict("b", outcome="needs_review", cause="by_hand", earned=0.0, pending=2.0)
    head, row = gradebook_csv([graded(verdict("a"), waiting, name="=x")]).splitlines()
    assert head.endswith("bonus_possible,a,b")
    assert row.startswith("'=x,'=x.ipynb,")
    assert row.endswith(",2.0,pending")


def test_the_summary_counts_and_names_causes(tmp_path: Path) -> None:
    """Every file of the cohort is written, and of each submission."""
    write_cohort([graded(verdict())], output=OutputFolder(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "matrix.html", "gradebook.csv", "summary.json"}
    one = graded(verdict(), status="not_run", matching={})
    write_submission(one, folder=SubmissionFolder(tmp_path / "one"))
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["feedback.html"]
    assert '"graded": 1' in summary_json([graded(verdict())])


def test_an_empty_cohort_has_a_page() -> None:
    """No submission, no crash."""
    assert "No submissions" in render_cohort([])


def test_a_regression_on_a_table_shows_its_errors_and_its_table(folder: SubmissionFolder) -> None:
    """It has no accuracy, and the table is no data set of ours."""
    one = make_measurement("test", mae=44.5, loss=3000.0, of_rows=442, data_set="diabetes", loss_name="mse")
    folder.write(Measurements(submission="one", measured=(one,)))
    page = render_feedback(graded(verdict()), folder=folder)
    assert "mean absolute error</th>" in page
    assert ">44.5<" in page
    assert "scikit-learn&#39;s diabetes" in page


def test_the_first_error_names_what_was_missing(folder: SubmissionFolder) -> None:
    """A package that notebooks are graded without is not the student's fault."""
    error = CellError(name="ModuleNotFoundError", value="No module named 'torch'")
    cell = make_cell("import torch", status="error", error=error)
    evidence = folder.read_evidence()
    assert evidence is not None
    folder.write(evidence.model_copy(update={"cells": (cell,)}))
    page = render_feedback(graded(matching={}), folder=folder)
    assert "The package torch is missing where the notebook ran; that is not your fault." in page


def test_a_page_says_what_the_notebook_ran_in() -> None:
    """Versions, whose environment, and what the recorder left out with an older Keras."""
    held = {"tensorflow-cpu": "2.16.2", "keras": "3.3.3", "ipykernel": "7.0"}
    ran_in = Environment(python="3.11.2", packages=held, digest="ab" * 32, is_own=False, left_out=("some", "more"))
    assert environment_text(ran_in) == (
        "It ran with Python 3.11.2, TensorFlow 2.16.2, Keras 3.3.3, in the course's own environment (abababababab). "
        "Left out with this Keras: some, more."
    )
    assert environment_text(Environment()) == ""


def test_a_page_on_which_all_that_is_missing_waits_is_written(folder: SubmissionFolder) -> None:
    """There is nothing to fix first about it, and it is said before that list, as one cause of several criteria."""
    lacking = CellError(name="FileNotFoundError", value="The data set 'fashion_mnist' is not at hand.")
    cell = make_cell("fashion_mnist.load_data()", index=0, status="error", error=lacking)
    folder.write(make_evidence(cells=[cell]))
    text = (
        "No model was trained in this section, because cell 1 loads the data set fashion_mnist, which is not at hand."
    )
    waits = {"outcome": "needs_review", "cause": "infrastructure", "earned": 0.0, "pending": 2.0, "feedback": text}
    both = (verdict("one", **waits), verdict("two", **waits))
    page = render_feedback(graded(*both, matching={}), folder=folder)
    assert "Fix first" not in page
    assert page.count("2 waiting") == 2
    page = render_feedback(graded(*both, lost("tried", next_step="Train longer."), matching={}), folder=folder)
    assert page.index("Most hangs on one thing") < page.index("Fix first")
    assert fixed_first(page) == ["tried"]


def test_a_question_about_an_answer_stands_in_its_card(folder: SubmissionFolder) -> None:
    """In the card of the criterion that a tutor marks, and not once more below its section."""
    said = "You write this. In the run that was graded, the training loss fell."
    asked = Advice(rule=ASKS_ABOUT_ANSWER, section="ex4", text=said, cells=(1,))
    words = {"outcome": "needs_review", "cause": "by_hand", "basis": "manual", "cells": (0, 1), "pending": 2.0}
    page = render_feedback(graded(verdict("ex4.words", **words), advice=(asked,)), folder=folder)
    card = page.split('id="ex4.words"')[1].split("</article>")[0]
    assert (card.count(said), page.count(said)) == (1, 1)


def test_a_tutors_words_stand_at_the_answer_and_its_cell_leads_there(folder: SubmissionFolder) -> None:
    """The answer is open beside them, their lines and code stay, and what passed without a word is at no cell."""
    words = {"basis": "manual", "cells": (0,), "comment": "Why `fit`?\nSay more."}
    page = render_feedback(graded(verdict("ex4.words", **words), verdict("quiet", cells=(0,))), folder=folder)
    assert '<details class="answer" open>' in page
    assert "Why <code>fit</code>?\nSay more.</p>" in page
    cell = page.split('id="cell-1"')[1].split("</section>", maxsplit=1)[0]
    assert re.findall(r'href="#([\w.-]+)"', cell) == ["ex4.words"]
    assert "2 of 2" in cell


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"reason": "No epoch."}, "No epoch."),
        ({"items": (("No figure", -0.5), ("Too short", -0.5))}, "No figure; Too short"),
        ({}, "Marked by a tutor."),
    ],
)
def test_the_table_of_losses_says_why_a_tutor_took_points(
    folder: SubmissionFolder, said: dict[str, object], shown: str
) -> None:
    """What the grader had said before is not the reason."""
    given = {"earned": 1.0, "earned_before": 0.0, "outcome_before": "needs_review", "by": "kim", "event": "e1"}
    mark = TutorsMark.model_validate({**given, "time": "2026-01-24T21:26:00Z", **said})
    one = lost("words", outcome="partial", earned=1.0, feedback="A tutor reads this.", basis="manual", mark=mark)
    table = render_feedback(graded(one), folder=folder).split('class="losses"')[1].split("</table>", maxsplit=1)[0]
    assert f'<td class="text">{shown}</td>' in table
    assert "A tutor reads this." not in table
