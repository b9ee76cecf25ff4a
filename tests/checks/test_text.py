"""Answers in words: a person reads them, and only where there are none they are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import Notebook, dense, with_submission

from grader.checks.text import DiscussionParams, discussion
from grader.judging.views import SectionView
from grader.records import CheckResult, SectionMatch
from grader.text.prose import normalised, paragraphs
from grader.text.words import count_words

TASK = "#### Exercise 2\n\nLook at the picture. Is it what you expect, and why?"
LISTED = "#### Stop\n\nCompare the curves.\n\na. Where is overfitting?\nb. When would you stop?"


def view_of(*cells: tuple[str, str], heading: int | None = 0, template: str = "") -> SectionView:
    """A section of those cells, each a kind and a source."""
    book = Notebook()
    for kind, source in cells:
        if kind == "code":
            book.code(source)
        else:
            book.markdown(source)
            book.cells[-1] = book.cells[-1].model_copy(update={"kind": kind})
    texts = {normalised(block) for block in paragraphs(template)}
    view = book.view("stop", template_texts=texts)
    match = view.match.model_copy(update={"heading_cell": heading})
    return replace(with_submission(view, matching={"stop": match}), match=match)


def judged(*cells: tuple[str, str], **fields: object) -> CheckResult:
    return discussion(view_of(*cells, **fields), DiscussionParams())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer",
    [
        ("markdown", "The boundary is a straight line."),
        ("markdown", "Overfitting."),
        ("markdown", "**Discussion:** no, it is linear"),
        ("markdown", "Discussion:\n\nEs ist eine Gerade."),
        ("markdown", "1. In the deeper one\n2. When it rises"),
        ("markdown", "これは過学習です"),
        ("code", "plt.show()\n# 分界线是一条直线"),
        ("markdown", "<p style='color:red'>It is linear</p>"),
        ("raw", "The boundary is a straight line."),
        ("code", "# The boundary is a straight line"),
        ("code", "plt.show()\n# a straight line, as expected"),
        ("code", "# The model can only draw a straight line and so it cannot follow the cosine\nplt.show()"),
        ("code", "print('The boundary is a straight line.')"),
        ("code", 'print(f"After {n} epochs the validation loss rises again, so it overfits")'),
        ("code", '"""The boundary is a straight line."""'),
        ("code", "answer = 'The model overfits because the validation loss rises again'"),
        ("code", "display(Markdown('The boundary is a straight line.'))"),
        ("code", "%%markdown\nThe boundary is a straight line."),
        ("code", "%matplotlib inline\n# The boundary is a straight line"),
    ],
)
def test_words_in_any_place_are_read_by_a_person(answer: tuple[str, str]) -> None:
    """Markdown, raw cells, comments, prints, texts; a few words in any language."""
    for task in (TASK, LISTED):
        result = judged(("markdown", task), answer)
        assert (result.outcome, result.cause, result.basis) == ("needs_review", "by_hand", "manual")
        assert result.cells == (1,)


@pytest.mark.parametrize(
    "other",
    [
        ("markdown", ""),
        ("markdown", "Discussion:"),
        ("markdown", "**Your answer here**"),
        ("markdown", "讨论:"),
        ("markdown", "*Type your answer here ...*"),
        ("markdown", "### My answer"),
        ("markdown", "---"),
        ("markdown", "![a picture](of.png)"),
        ("code", ""),
        ("code", "plt.plot(history.history['loss'], label='Training loss of the ten layer network on all digits')"),
        ("code", "# plot the losses\nplt.plot(loss)  # training"),
        ("code", "# plt.plot(loss, label='training')"),
        ("code", "print('Test loss:', loss)"),
        ("code", "title = 'Loss curves of the deep network'"),
        ("code", "pip install tensorflow"),
        ("code", "def broken(:\n  '"),
    ],
)
def test_labels_headings_and_code_are_no_answer(other: tuple[str, str]) -> None:
    """Nothing of it says anything about the question."""
    for task in (TASK, LISTED):
        result = judged(("markdown", task), other)
        assert (result.outcome, result.yours) == ("failed", "no words"), other


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (LISTED, "failed"),
        (f"{LISTED}\n\nIn the deeper one.", "needs_review"),
        (f"{LISTED}\n1. In the deeper one.\n2. At once.", "needs_review"),
        (f"{LISTED}\na. In the deeper one.\nb. At once.", "needs_review"),
        (LISTED.replace("b.", "> In the deeper one.\n\nb."), "needs_review"),
        (LISTED.replace("\nb.", " **Answer:** in the deeper one\nb."), "needs_review"),
        (LISTED.replace("\nb.", "\n**Answer:** in the deeper one\nb."), "needs_review"),
        (f"{TASK}\n\nNo, it is linear.", "needs_review"),
    ],
)
def test_an_answer_below_the_task_in_its_own_cell_is_seen(source: str, outcome: str) -> None:
    """Without the template only what stands behind the task, or says that it is an answer, can be one."""
    assert judged(("markdown", source)).outcome == outcome


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (LISTED, "failed"),
        (LISTED.replace("####", "##").replace("Compare the curves.", "*Compare*  the **curves**"), "failed"),
        (LISTED.replace("overfitting?", "overfitting? In the deeper one."), "needs_review"),
        (f"{TASK}\n\nNo, it is linear.", "needs_review"),
    ],
)
def test_with_the_template_every_other_word_is_the_students(source: str, outcome: str) -> None:
    """Also inside an item of the task's list; changed markup changes nothing."""
    assert judged(("markdown", source), template=f"{TASK}\n\n{LISTED}").outcome == outcome


@pytest.mark.parametrize(
    "answer",
    [
        "### The deeper one overfits.",
        "# Yes: one line cannot part two waves.",
        "<h3>It rises from epoch six on.</h3>",
        "### Where is overfitting? In the deeper one.",
        "**In the deeper one, from epoch six on.**",
        "__It is a straight line.__",
        "> ## It overfits at once.",
        "#### Answer: in the deeper one",
        "![mine](attachment:answer.png)",
        '<img width=200 src="data:image/png;base64,AAAA">',
        "<!-- In the deeper one, from epoch six on. -->Yes",
        "```\nIn the deeper one, from epoch six on.\n```",
        "| a | In the deeper one |\n|---|---|\n| b | At once |",
    ],
)
def test_an_answer_in_any_form_is_read_by_a_person(answer: str) -> None:
    """Headings, bold lines, quotations, pictures in the notebook, tables, fences."""
    assert judged(("markdown", LISTED), ("markdown", answer)).outcome == "needs_review", answer


@pytest.mark.parametrize(
    "source",
    [
        f"{LISTED}\n\n(a) In the deeper one.\n\n(b) At once.",
        f"{LISTED}\n\nA. In the deeper one.\nB. At once.",
        f"{LISTED}\n\n(i) In the deeper one.\n(ii) At once.",
        LISTED.replace("stop?", "stop? When the loss rises again."),
        LISTED.replace("stop?", "stop?\nWhen the loss rises again."),
        f"{LISTED}\n\nc. Discuss the difficulties. Gradients vanish in the first layers.",
        TASK.replace("Look", "The line is straight.\n\nLook"),
        TASK.replace("why?", "why? No surprise: it is linear."),
    ],
)
def test_an_answer_beside_its_question_is_read_by_a_person(source: str) -> None:
    """In its paragraph, its line, before it, or in a list of another style; without the template it is in doubt."""
    result = judged(("markdown", source))
    assert (result.outcome, "may not be" in result.feedback) == ("needs_review", True)


@pytest.mark.parametrize(
    "source",
    [
        f"{TASK} Explain your reasoning.",
        f"{TASK} Hint: look at its shape.",
        f"{LISTED}\nc. Plot both. Print the losses.",
        f"{LISTED}\nc. Train the deeper one for twenty epochs.",
        "#### Stop\n\n1. Where is overfitting? Justify it.\n2. What would you do? Give reasons.",
    ],
)
def test_requests_and_hints_behind_a_question_are_no_answer(source: str) -> None:
    """They are the worksheet's, also where it is not known."""
    assert judged(("markdown", source)).outcome == "failed"


HANDED_OUT = "The predicton is clearly wrong, since a model of so litle complexity can only draw a straight line."


@pytest.mark.parametrize(
    ("answer", "outcome", "remark"),
    [
        (HANDED_OUT, "failed", ""),
        (HANDED_OUT.replace("predicton", "prediction").replace("litle", "little"), "needs_review", "All but 2 words"),
        (HANDED_OUT.replace("straight", "straigth"), "needs_review", "All but 1 word are"),
        (
            f"{HANDED_OUT} Both curves bend, so points of both are on the wrong side of it.",
            "needs_review",
            "All but 1",
        ),
        ("It draws a straight line.", "needs_review", ""),
    ],
)
def test_the_worksheets_own_words_with_typos_corrected_are_told_to_the_tutor(
    answer: str, outcome: str, remark: str
) -> None:
    """Unchanged they are no answer; changed a person decides."""
    result = judged(("markdown", TASK), ("markdown", answer), template=f"{TASK}\n\n{HANDED_OUT}")
    assert (result.outcome, remark in result.feedback) == (outcome, True)
    assert ("worksheet's own" in result.feedback) is bool(remark)


@pytest.mark.parametrize(
    "label",
    [
        "<details><summary>Answer</summary>\n{}\n</details>",
        "<b>Answer</b> {}",
        "**Answer** {}",
        "<strong style='x'>Antwort</strong>\n{}",
        "_Answer_: {}",
    ],
)
def test_a_label_that_markup_sets_off_hides_no_answer(label: str) -> None:
    """In the question's own paragraph, where nobody knows the template."""
    result = judged(("markdown", f"{TASK}\n{label.format('Yes, since the model is linear.')}"))
    assert result.outcome == "needs_review"


@pytest.mark.parametrize(
    "task", ["First: **Answer** the question.", "**Comment** Why is it so?", "<b>Answer</b> below."]
)
def test_a_demand_that_markup_sets_off_is_no_label(task: str) -> None:
    """It goes on in small letters, or asks."""
    assert judged(("markdown", f"{TASK}\n{task}")).outcome == "failed"


@pytest.mark.parametrize("label", ["Réponse : (i)", "Answer: (a)", "Antwort : [1]", "answer_1: a"])
def test_a_labelled_comment_is_no_code(label: str) -> None:
    """Though it reads as the type of a variable."""
    line = "# The error on the training data goes on falling, and the one on the validation data rises"
    assert judged(("code", f"# {label} {line}\nplt.show()")).outcome == "needs_review"


def test_a_task_with_its_typos_corrected_is_no_answer() -> None:
    """Below its heading, near match of the template."""
    assert judged(("markdown", TASK), template=TASK.replace("picture", "pictrue")).outcome == "failed"


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("# The end\n\nRun all cells again, then submit the PDF before your deadline.", "failed"),
        ("## Finishing\n\nPlease check that all is well. You can hand in until Friday.", "failed"),
        ("# Conclusion\n\nThe deeper network overfits sooner.", "needs_review"),
    ],
)
def test_how_to_hand_in_is_no_answer_of_the_last_section(end: str, outcome: str) -> None:
    """A worksheet ends with it, below a heading of its own."""
    assert judged(("markdown", TASK), ("markdown", "Discussion:"), ("markdown", end)).outcome == outcome


def test_what_stands_above_the_next_heading_in_its_cell_is_an_answer() -> None:
    """And what stands below it is the next section's."""
    book = Notebook()
    book.markdown("## When to stop?")
    book.markdown(f"It overfits at once.\n\n## Going deep\n\n{TASK}")
    own = SectionMatch(section="stop", heading_cell=0, heading="When to stop?", cells=(0, 1))
    deep = SectionMatch(section="deep", heading_cell=1, heading="Going deep", cells=(1,))
    view = replace(with_submission(book.view("stop"), matching={"stop": own, "deep": deep}), match=own)
    assert "4 words" in discussion(view, DiscussionParams()).feedback


def test_the_templates_other_cells_are_no_answer() -> None:
    """A hint of the worksheet in a cell of its own is known from the template."""
    hint = "Think of the shape of the boundary."
    assert judged(("markdown", TASK), ("markdown", hint), template=f"{TASK}\n\n{hint}").outcome == "failed"
    assert judged(("markdown", TASK), ("markdown", hint)).outcome == "needs_review"


ANSWER = "The deeper network overfits sooner because it has more weights to learn by heart with."


@pytest.mark.parametrize(
    ("texts", "outcome"),
    [
        ((ANSWER,), "needs_review"),
        ((), "failed"),
        (("It is good.",), "failed"),
        ((" ".join(ANSWER.split()[:11]),), "failed"),
        ((" ".join(ANSWER.split()[:12]),), "needs_review"),
        (("## My view\n\nIt is good.",), "needs_review"),
        (("## My view", "It is good."), "needs_review"),
    ],
)
def test_an_answer_without_its_heading_is_in_doubt(texts: tuple[str, ...], outcome: str) -> None:
    """A longer text in its place, or any below a heading, may be its answer; a remark and the next task are none."""
    book = Notebook()
    for text in texts:
        book.markdown(text)
    book.markdown(LISTED + "\n\nMore of the next task.")
    own = SectionMatch(section="stop", cells=tuple(range(len(texts) + 1)))
    following = SectionMatch(section="deep", heading_cell=len(texts), cells=(len(texts),))
    view = replace(with_submission(book.view("stop"), matching={"stop": own, "deep": following}), match=own)
    result = discussion(view, DiscussionParams())
    assert (result.outcome, "may not be" in result.feedback) == (outcome, outcome == "needs_review")
    assert ("holds no words" in result.feedback) is (texts == ())


@pytest.mark.parametrize(("tasks", "is_sure"), [(0, True), (1, True), (2, False), (3, False)])
def test_below_a_bare_heading_stands_the_answer(tasks: int, is_sure: bool) -> None:
    """What asks for nothing is no task; it is sure where the worksheet's are gone from the other headings too."""
    book = Notebook()
    for number in range(3):
        book.markdown(f"## Exercise {number}" + ("\n\nBuild and train a network." if number < tasks else ""))
    book.markdown(f"## When to stop?\n\n{ANSWER}")
    headed = {f"ex{i}": SectionMatch(section=f"ex{i}", heading_cell=i, cells=(i,)) for i in range(3)}
    own = SectionMatch(section="stop", heading_cell=3, cells=(3,))
    view = replace(with_submission(book.view("stop"), matching={**headed, "stop": own}), match=own)
    result = discussion(view, DiscussionParams())
    assert (result.outcome, "may not be" in result.feedback) == ("needs_review", not is_sure)


@pytest.mark.parametrize(
    ("title", "trained", "outcome"),
    [
        ("Discussion", True, "needs_review"),
        ("Answers to the questions", True, "needs_review"),
        ("Discussion", False, "failed"),
        ("How to go on", True, "failed"),
    ],
)
def test_one_discussion_may_answer_every_question(title: str, trained: bool, outcome: str) -> None:
    """At the end of the notebook; what was not even tried is not discussed there."""
    book = Notebook()
    book.markdown("## When to stop?")
    book.code("fit")
    book.markdown(f"## {title}")
    book.markdown(f"**Stop:** {ANSWER}")
    own = SectionMatch(section="stop", heading_cell=0, cells=(0, 1))
    other = SectionMatch(section="deep", cells=(), model="m1" if trained else None)
    view = replace(with_submission(book.view("stop"), matching={"stop": own, "deep": other}), match=own)
    result = discussion(view, DiscussionParams(show=("deep",)))
    assert (result.outcome, result.cells) == (outcome, (3,) if outcome == "needs_review" else (0, 1))


@pytest.mark.parametrize(("about_model", "outcome"), [(True, "failed"), (False, "needs_review")])
def test_a_conclusion_does_not_discuss_an_exercise_that_was_never_tried(about_model: bool, outcome: str) -> None:
    """A section about a model that has none; one about words alone may be answered there."""
    book = Notebook()
    book.markdown("## When to stop?")
    book.markdown(f"# Conclusion\n\n{ANSWER}")
    other = SectionMatch(section="stop", heading_cell=0, cells=(0, 1))
    own = SectionMatch(section="nines", cells=(), about_model=about_model)
    view = replace(with_submission(book.view("nines"), matching={"stop": other, "nines": own}), match=own)
    assert discussion(view, DiscussionParams()).outcome == outcome


def test_one_of_several_discussions_answers_for_its_own_section_alone() -> None:
    """Each section's heading has one below it but this one's."""
    book = Notebook()
    book.markdown("## When to stop?")
    for number in range(2):
        book.markdown(f"## Exercise {number}")
        book.markdown(f"### Discussion\n\n{ANSWER}")
    cells = {f"ex{i}": (1 + 2 * i, 2 + 2 * i) for i in range(2)}
    others = {name: SectionMatch(section=name, heading_cell=own[0], cells=own) for name, own in cells.items()}
    own = SectionMatch(section="stop", heading_cell=0, cells=(0,))
    view = replace(with_submission(book.view("stop"), matching={**others, "stop": own}), match=own)
    assert discussion(view, DiscussionParams()).outcome == "failed"


def test_without_any_heading_every_text_may_be_the_answer() -> None:
    """All answers may stand in one cell at the end."""
    book = Notebook()
    book.code("fit")
    book.markdown(ANSWER)
    assert discussion(book.view("stop", cells=[0]), DiscussionParams()).outcome == "needs_review"


def test_a_section_that_is_not_there_has_no_answer() -> None:
    """The feedback says that it was not found."""
    book = Notebook()
    book.markdown(ANSWER)
    result = discussion(book.view("stop", cells=[]), DiscussionParams())
    assert (result.outcome, "not found" in result.feedback) == ("failed", True)


def test_what_was_measured_stands_beside_the_answer() -> None:
    """The tutor sees where each validation loss was lowest."""
    book = Notebook()
    book.markdown("#### When to stop")
    book.markdown(ANSWER)
    book.code("fit")
    model = book.model(dense(10))
    book.fit(model, history={"val_loss": (0.5, 0.3, 0.4)})
    ex4 = SectionMatch(section="ex4", title="Exercise 4", model=model, fits=("f1",))
    result = discussion(book.view("stop", matching={"ex4": ex4}), DiscussionParams(show=("ex4", "ex6")))
    assert 'lowest validation loss of "Exercise 4": 0.3000 in epoch 2 of 3' in result.expected


@pytest.mark.parametrize("source", ["((((" * 500, "'" * 999, "\x00", "# " * 5000, "\\", "é" * 10_000, "[1" * 3000])
def test_any_text_is_survived(source: str) -> None:
    """Whatever stands in a cell, the check ends."""
    for kind in ("code", "markdown"):
        judged(("markdown", TASK), (kind, source))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The line is straight", 4),
        ("分界线是一条直线, 这符合预期", 7),
        ("Dense 层", 2),
        ("", 0),
        ("線形モデル", 3),
        ("прямая линия", 2),
    ],
)
def test_words_are_counted_in_scripts_without_spaces(text: str, count: int) -> None:
    """A page that says that a Chinese paragraph has two words would be wrong."""
    assert count_words(text) == count
