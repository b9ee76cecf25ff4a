"""Tutors mark: what a page shows, what a form does, and what stands in the file then."""

from __future__ import annotations

import json

import pytest
from reviewed import PNG, Room, write_submission

from grader.marks import Decisions, apply_marks, unmarked
from grader.records import ASKS_ABOUT_ANSWER, Advice
from grader.review.cohort import Cohort, Share
from grader.review.views import choices
from grader.review.worklist import next_open

WORDS = "/c/ex2.discussion"


@pytest.fixture
def room(tmp_path):
    """A graded class."""
    return Room(tmp_path)


def test_start_counts_what_waits(room):
    """Each criterion with the number of answers that a person has to look at."""
    rows = room.browser().open("/").select("table")[0].select("tbody tr")
    assert [row.get_text(" ", strip=True) for row in rows] == ["Explanation Exercise 2 5 marked by hand"]


def test_one_press_marks_and_goes_on(room):
    """The answer has its points on disk, and the next one is there."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("points=1.5", text="Why a line?")
    assert room.given() == {"dee-4": 1.5}
    assert browser.path != f"{WORDS}/s/dee-4"
    assert "1 of 5" in browser.page.select_one(".progress").get_text()


def test_an_answer_stands_beside_facts_and_figures(room):
    """Its words in full, what was measured, the training that it speaks of, and the picture."""
    browser = room.browser()
    page = browser.open(f"{WORDS}/s/dee-4")
    assert "Perhaps more epochs would help" in page.select_one(".said").get_text()
    assert "Validation loss is lowest in epoch 10" in page.select_one("svg")["aria-label"]
    picture = browser.client.get(page.select_one("img")["src"])
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")


def test_a_group_is_marked_after_a_look(room):
    """Near-identical answers take one action for all of them, once all were shown."""
    browser = room.browser()
    page = browser.open(f"{WORDS}/s/ada-1")
    assert "1 more is nearly the same" in page.get_text()
    browser.open(f"{WORDS}/s/ada-1?all=1")
    assert browser.page.select("ins, del")
    browser.send("points=2.0")
    assert room.given() == {"ada-1": 2, "bob-2": 2}


def test_without_a_look_only_what_was_shown_is_marked(room):
    """One of a group leaves the others to be marked; a form that names them is refused."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/ada-1")
    browser.page.select_one("input[name=shown]")["value"] = (
        f"bob-2 - {room.cohort.verdict('bob-2', 'ex2.discussion').seen}"
    )
    assert browser.send("points=2.0").status_code == 409
    assert room.given() == {}
    browser.open(f"{WORDS}/s/ada-1")
    browser.send("points=2.0")
    assert room.given() == {"ada-1": 2}


def test_one_can_be_left_out_of_a_group(room):
    """Who is not ticked is not marked."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/ada-1?all=1")
    browser.send("points=2.0", without="bob-2")
    assert room.given() == {"ada-1": 2}


def test_a_negation_is_no_part_of_a_group(room):
    """Of the two that differ in a negation, each is marked by itself."""
    page = room.browser().open(f"{WORDS}/s/cem-3?all=1")
    assert not page.select("input[type=checkbox][name=shown]")


def test_undo_goes_back_to_the_answer(room):
    """The mark is gone, and the answer is there again."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("points=0.0")
    browser.send("", form="undo")
    assert (browser.path, room.given()) == (f"{WORDS}/s/dee-4", {})


def test_two_browsers_see_each_others_marks(room):
    """The second press on the same page is refused with what the first one was, and can be repeated knowingly."""
    kim, lee = room.browser("kim"), room.browser("lee")
    kim.open(f"{WORDS}/s/dee-4")
    assert "kim has this open" in lee.open(f"{WORDS}/s/dee-4").get_text()
    kim.send("points=2.0")
    assert lee.send("points=0.0").status_code == 409
    assert "2 of 2 by kim" in lee.page.get_text()
    assert room.given() == {"dee-4": 2}
    lee.send("points=0.0")
    assert room.given() == {"dee-4": 0}
    assert "Marked by 2 people: kim 2, lee 0" in kim.open(f"{WORDS}/s/dee-4?show=twice").get_text()


def test_next_leaves_out_what_another_has_open(room):
    """Two tutors on one criterion do not meet."""
    kim, lee = room.browser("kim"), room.browser("lee")
    first = kim.open(WORDS).select_one("a.go")["href"]
    kim.open(first)
    assert lee.open(WORDS).select_one("a.go")["href"] != first


def test_what_was_graded_anew_is_looked_at_again(room):
    """A page that shows an older answer marks nothing."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    write_submission(room.output, "dee-4", "Quite another answer by now.")
    assert browser.send("points=2.0").status_code == 409
    assert "Look at it again" in browser.page.get_text()
    assert room.given() == {}


def test_items_are_named_given_and_changed(room):
    """A deduction that is made while marking is there for every answer, and changes for all who have it."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("new_item", item_text="No reason", item_points="-0,5")
    browser.open(f"{WORDS}/s/cem-3")
    browser.send(str(browser.page.select_one(".items button")["value"]))
    assert room.given() == {"dee-4": 1.5, "cem-3": 1.5}
    browser.open(f"{WORDS}/s/cem-3?show=all")
    browser.send("", form="item", item_text="No reason is given", item_points="-1")
    assert room.given() == {"dee-4": 1, "cem-3": 1}
    assert "2 have it" in browser.page.select_one(".items").get_text()


def test_an_automatic_verdict_is_kept_or_overridden(room):
    """What the grader decided is confirmed by a key, or given other points."""
    browser = room.browser()
    browser.open("/c/ex1.accuracy/s/eve-5?show=lost")
    browser.send("keep")
    browser.open("/c/ex1.accuracy/s/dee-4?show=lost")
    browser.send("points=1.0", text="The figure was rounded.", internal="1")
    assert room.given("ex1.accuracy") == {"eve-5": 0, "dee-4": 1}
    assert room.file.read()[-1].internal


def test_nothing_undecided_is_kept(room):
    """There is no verdict to keep where a person has to decide."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    assert browser.send("keep").status_code == 400
    assert room.given() == {}


@pytest.mark.parametrize("points", ["3", "-1", "nan", "two", ""])
def test_other_points_are_numbers_within_the_criterions(room, points):
    """What is not is refused, and nothing is written."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    answer = browser.send("points", points=points)
    assert (answer.status_code, room.given()) == (400, {})
    assert "Nothing was written." in answer.text


def test_words_without_points(room):
    """A comment leaves the answer to be marked, and can be taken back."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("comment", text="Come to see me.")
    assert "Come to see me." in browser.page.get_text()
    assert Decisions(room.file.read()).of("dee-4").comments == {"ex2.discussion": "Come to see me."}
    assert room.given() == {}


def test_another_look_keeps_it_waiting(room):
    """It stands among those that wait, with who asked."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("look", text="Is this copied?")
    assert "dee-4" in browser.open(WORDS).get_text()
    assert room.given() == {"dee-4": None}


def test_an_objection_finds_its_answer(room):
    """The student's text, pasted whole, leads to the answer, and to those whom it concerns too."""
    text = "Submission: dee-4\nCriterion: ex1.accuracy (Test accuracy)\nMeasured: 0.89\nI disagree because: ..."
    browser = room.browser()
    browser.open(f"/find?q={text.replace(chr(10), '%0A')}")
    assert browser.path == "/c/ex1.accuracy/s/dee-4"
    box = browser.page.select_one("#objection")
    assert "ex1.curves" in box.get_text()
    assert "eve-5" not in box.get_text()
    browser.open("/find?q=eve-5%20ex1.accuracy")
    assert "dee-4" in browser.page.select_one("#objection").get_text()


def test_an_objection_to_a_mark_names_those_marked_alike(room):
    """Who wrote nearly the same, and who has the same deduction; nobody else who lost points."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/ada-1")
    browser.send("new_item", item_text="No reason", item_points="-1")
    browser.open(f"{WORDS}/s/cem-3")
    browser.send(str(browser.page.select_one(".items button")["value"]))
    for name in ("bob-2", "dee-4"):
        browser.open(f"{WORDS}/s/{name}")
        browser.send("points=0.0")
    said = browser.open("/find?q=ada-1 ex2.discussion").select_one("#objection").get_text()
    assert [name in said for name in ("bob-2", "cem-3", "dee-4")] == [True, True, False]


@pytest.mark.parametrize(("text", "path"), [("bob-2", "/s/bob-2"), ("ex1.curves", "/c/ex1.curves"), ("bob", "/find")])
def test_an_id_finds_what_it_names(room, text, path):
    """A submission, a criterion, or a plain word that neither is called by."""
    answer = room.browser().client.get("/find", params={"q": text})
    assert (answer.status_code, answer.url.path) == (404 if path == "/find" else 200, path)


def test_blind_pages_name_nobody(tmp_path):
    """Neither names nor ids nor file names, in texts and addresses; marks go to the right one."""
    room = Room(tmp_path, blind=True)
    browser = room.browser()
    start = browser.open(WORDS).select_one("a.go")["href"]
    of_one = f"/s/{room.cohort.key('dee-4')}"
    for path in (WORDS, start, f"{start}&all=1", "/s", of_one):
        assert not any(name in str(browser.open(path)) for name in ("ada-1", "dee-4", "Name of", "/notebook"))
    for page in ("feedback.html", "notebook", "executed.ipynb"):
        assert browser.client.get(f"{of_one}/{page}").status_code == 404
    browser.open(f"{WORDS}/s/{room.cohort.key('dee-4')}")
    browser.send("points=1.0")
    assert room.given() == {"dee-4": 1}


def test_shares_divide_the_class(tmp_path):
    """Each submission is in one share, the same on every machine."""
    room = Room(tmp_path)
    parts = [Cohort(room.output, share=Share.parse(f"{n}/3")) for n in (1, 2, 3)]
    for part in parts:
        part.refresh()
    assert sorted(name for part in parts for name in part.graded) == sorted(room.cohort.graded)


def test_marks_of_two_machines_are_put_together(tmp_path):
    """The lines of both files, in any order, are the work of both."""
    one, two = Room(tmp_path / "a"), Room(tmp_path / "b")
    for room, tutor, name in ((one, "kim", "dee-4"), (two, "lee", "cem-3")):
        browser = room.browser(tutor)
        browser.open(f"{WORDS}/s/{name}")
        browser.send("points=1.0")
    one.file.path.write_text(two.file.path.read_text() + one.file.path.read_text())
    assert one.given() == {"dee-4": 1, "cem-3": 1}


def test_a_stored_mark_is_taken_off_a_grade(room):
    """A grade that was made with marks shows what was judged without them, cause and basis too."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("points=1.0")
    graded = room.cohort.graded["dee-4"]
    marked = apply_marks(graded, Decisions(room.file.read()).of("dee-4"))
    assert marked != graded.verdicts
    assert tuple(unmarked(verdict) for verdict in marked) == graded.verdicts


def test_points_have_keys():
    """Whole points by their digit, half ones with Shift, and the rest by hand."""
    assert [(one.points, one.key) for one in choices(1.5)] == [(0, "0"), (0.5, "Shift+0"), (1, "1"), (1.5, "")]
    assert choices(0.25)[-1].points == 0.25
    assert choices(12)[-1] == choices(12)[-1].__class__(12, "")


def test_every_action_is_a_line_of_the_file(room):
    """A server that is killed at any moment loses nothing: each answer came after its line was on disk."""
    browser = room.browser()
    for number, name in enumerate(("dee-4", "cem-3"), start=1):
        browser.open(f"{WORDS}/s/{name}")
        browser.send("points=1.0")
        lines = [json.loads(line) for line in room.file.path.read_text().splitlines()]
        assert sum(line["kind"] == "mark" for line in lines) == number


ALIKE = "/c/ex1.accuracy/alike/eve-5?show=lost"


def test_one_comment_goes_to_all_who_failed_alike(room):
    """After a look at all of them; one event each, one to undo, and no points."""
    browser = room.browser()
    page = browser.open("/c/ex1.accuracy?show=lost")
    assert "2\u00d7 The test accuracy is \u2026; \u2026 was required." in page.get_text()
    assert [one.get_text(strip=True) for one in browser.open(ALIKE).select("label.inline")] == [
        "dee-4Name of dee-4",
        "eve-5Name of eve-5",
    ]
    browser.send("comment", text="Shuffle before you split.")
    said = {"ex1.accuracy": "Shuffle before you split."}
    decisions = room.desk.decisions()
    assert {name: decisions.of(name).comments for name in decisions.submissions()} == {"dee-4": said, "eve-5": said}
    assert room.given("ex1.accuracy") == {}
    browser.send("", form="undo")
    assert not any(room.desk.decisions().of(name).comments for name in ("dee-4", "eve-5"))


def test_one_comment_needs_words_and_a_look(room):
    """An empty one would take back what was said to each; what was not shown is refused."""
    browser = room.browser()
    browser.open(ALIKE)
    assert browser.send("comment", text=" ").status_code == 400
    other = room.browser()
    other.page = browser.open(ALIKE)
    assert other.send("comment", text="Hello").status_code == 409
    assert room.desk.decisions().events == ()


def test_a_group_of_answers_can_be_spoken_to_without_points(room):
    """The answers that are nearly the same."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/ada-1?all=1")
    browser.send("comment", text="Well seen.")
    decisions = room.desk.decisions()
    assert [decisions.of(name).comments for name in ("ada-1", "bob-2")] == [{"ex2.discussion": "Well seen."}] * 2
    assert room.given() == {}


def test_what_the_run_contradicts_stands_beside_the_answer(room):
    """A hint for the tutor: the question that the student's page asks."""
    folder = room.output.submission("dee-4")
    asked = Advice(rule=ASKS_ABOUT_ANSWER, section="ex2", text="You write this. The run did that.", cells=(2,))
    graded = folder.read_grade()
    verdicts = [one.model_copy(update={"cells": (2,)}) for one in graded.verdicts]
    folder.write(graded.model_copy(update={"advice": (asked,), "verdicts": tuple(verdicts)}))
    page = room.browser().open(f"{WORDS}/s/dee-4")
    assert "You write this. The run did that." in page.select_one(".read").get_text()


def test_a_comment_for_tutors_alone_is_not_said_to_the_student(room):
    """It stands in what people did, and nowhere else."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4")
    browser.send("comment", text="Ask Lee.", internal="1")
    assert room.desk.decisions().of("dee-4").comments == {}
    assert "Ask Lee." in browser.open(f"{WORDS}/s/dee-4").select_one(".history").get_text()


def test_one_submission_is_marked_criterion_by_criterion(room):
    """From the list of submissions: what waits of one, and after the last of it that submission again."""
    browser = room.browser()
    row = browser.open("/s").select("tbody tr")[3]
    assert row.get_text(" ", strip=True) == "dee-4 Name of dee-4 1 2 0 of 5"
    browser.open(str(row.select_one("a")["href"]))
    browser.open(str(browser.page.select_one("a.go")["href"]))
    assert browser.path == f"{WORDS}/s/dee-4"
    browser.send("points=1.0")
    assert (browser.path, room.given()) == ("/s/dee-4", {"dee-4": 1})
    assert not browser.page.select("a.go")


def test_what_moves_not_on_stays_with_the_submission(room):
    """A deduction that is named, or a comment, leaves the tutor where they are, in the same order."""
    browser = room.browser()
    browser.open(f"{WORDS}/s/dee-4?along=submission")
    browser.send("comment", text="Why?")
    assert browser.path == f"{WORDS}/s/dee-4"
    assert browser.page.select("input[name=along]")
    said = {"item_text": "Vague", "item_points": "-1", "at": "dee-4", "along": "submission"}
    assert "along=submission" in str(browser.client.post(f"{WORDS}/item", data=said).url)


def test_what_waits_of_a_submission_is_gone_through_in_the_rubric_s_order(room):
    """From the start again at the end, the one that is left aside."""
    name, decisions = "eve-5", room.desk.decisions()
    room.cohort.graded[name] = room.cohort.graded[name].model_copy(
        update={
            "verdicts": tuple(
                one.model_copy(update={"outcome": "needs_review", "cause": "by_hand"})
                for one in room.cohort.graded[name].verdicts
            )
        }
    )
    after = {"": "ex1.accuracy", "ex1.accuracy": "ex1.curves", "ex2.discussion": "ex1.accuracy"}
    assert {one: next_open(room.cohort, decisions, name, after=one) for one in after} == after


def test_the_whole_notebook_names_what_was_judged_at_each_cell(room):
    """A cell of an answer leads to its place there, and the place back to every criterion."""
    browser = room.browser()
    link = browser.open(f"{WORDS}/s/dee-4").select_one('a[aria-keyshortcuts="h"]')
    assert link["href"] == "/s/dee-4/notebook#cell-3"
    page = browser.open("/s/dee-4/notebook")
    assert [one["id"] for one in page.select("section.cell")] == ["cell-1", "cell-2", "cell-3"]
    assert page.select_one("#cell-1 .heading").get_text() == "Exercise 1"
    assert [one["href"] for one in page.select("#cell-2 .judged a")] == ["/c/ex1.accuracy/s/dee-4?show=all"]
    assert "Test accuracy" in page.select_one("#cell-2 .judged").get_text()
    assert browser.client.get("/s/nobody/notebook").status_code == 404
