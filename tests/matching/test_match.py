from pathlib import Path

import pytest
from builders import Notebook, dense
from worksheet import LAYERS, RUBRIC_FILE, SECTIONS, Worksheet, printed, rubric, title

from grader.errors import UsageError
from grader.matching import best_rubric, match
from grader.rubric import load_rubric

MODELS = ("ex1", "ex3", "ex4", "ex6", "deep", "dropout")
LOUD = {
    "ex1": "#\U0001f680 Ex. 1 - baseline",
    "stop": "# Exercise 3 - when to stop??",
    "deep": "##### exercise 4 going deep!",
}


def without_template(path):
    return "".join(line for line in path.read_text().splitlines(True) if not line.startswith("template:"))


def all_matched(book):
    matching = book.matched()
    return {name: matching[name].model for name in MODELS} == {name: book.model_of[name] for name in MODELS}


def test_printed_headings_give_each_section_its_cells_and_model():
    """Numbers and titles that repeat are told apart by the order and the likeness of headings."""
    book = Worksheet().write()
    matching = book.matched()
    assert all_matched(book)
    assert [matching[name].heading_cell is not None for name in SECTIONS] == [True] * len(SECTIONS)
    starts = [matching[name].cells[0] for name in SECTIONS]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    "heading",
    [
        lambda name: f"# {title(name).partition(':')[0]}",
        lambda name: f"## {title(name).partition(': ')[2] or title(name)}",
        lambda name: f"# \U0001f4a1 {title(name).upper()}",
        lambda name: f"**{title(name)}**",
        lambda name: title(name).replace("Exercise", "Exercice").replace("Part", "Partie"),
        lambda name: LOUD.get(name, printed(name)),
        lambda name: f"{title(name)}\n-----",
        lambda name: f"<h3>{title(name)}</h3>",
        lambda name: f"###{title(name)}",
        lambda name: None if name in {"ex4", "stop"} else printed(name),
        lambda _name: None,
    ],
)
def test_models_are_found_whatever_became_of_the_headings(heading):
    """Numbers alone, titles alone, emoji, bold lines, other levels and languages, missing ones, none at all."""
    assert all_matched(Worksheet().write(heading=heading))


def test_headings_in_code_comments_count():
    """A comment that begins like an exercise opens its section."""
    book = Worksheet()
    for name in SECTIONS:
        book.code(f"# {title(name)}\nprepare()")
        book.answer(name)
    matching = book.matched()
    assert all_matched(book)
    assert matching["ex5"].cells == tuple(range(matching["ex5"].cells[0], matching["ex6"].cells[0]))
    assert "Found by a comment" in matching["ex5"].why


def test_a_comment_in_a_fenced_block_is_no_heading():
    """``# Exercise 5`` within a fence is text."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.markdown(f"```\n# {title('ex5')}\n```")
    book.answer("ex4")
    matching = book.matched()
    assert matching["ex4"].cells == (0, 1, 2, 3)
    assert matching["ex5"].heading_cell is None


def test_exercise_3_after_exercise_6_is_stop():
    """A bare number goes to the section whose turn it is."""
    book = Worksheet().write(SECTIONS[:8])
    book.markdown("## Exercise 3")
    book.markdown("It overfits.")
    matching = book.matched()
    assert matching["stop"].cells == (len(book.cells) - 2, len(book.cells) - 1)


def test_a_bare_number_goes_to_the_section_that_its_model_answers():
    """``Exercise 4`` above ten layers is the deep network, where nothing else tells."""
    book = Worksheet()
    book.markdown("## Exercise 4")
    book.answer("deep")
    matching = book.matched()
    assert matching["deep"].heading_cell == 0
    assert matching["ex4"].model is None


def test_sections_out_of_order_are_found_by_their_plain_titles():
    """A student who worked backwards loses nothing."""
    book = Worksheet().write(("ex6", "deep", "ex4", "ex5"))
    matching = book.matched()
    assert {name: matching[name].model for name in ("ex4", "ex6", "deep")} == book.model_of
    assert matching["ex6"].cells[0] == 0


@pytest.mark.parametrize(
    "heading", ["#### My own experiments", "## Completing the worksheet", "# Code", "###### Results"]
)
def test_what_stands_below_a_heading_of_the_students_own_belongs_to_the_section_before(heading):
    """At any level; of models of equal form the one above that heading is the section's."""
    book = Worksheet().write(("ex4",))
    book.markdown(heading)
    book.code("model.fit()")
    later = book.model(dense(128, "relu"), dense(10, "softmax"))
    book.fit(later)
    book.evaluate(later)
    book.write(("ex5",))
    matching = book.matched()
    assert matching["ex4"].cells == (0, 1, 2, 3, 4)
    assert matching["ex4"].model == (later if heading.startswith("######") else book.model_of["ex4"])


@pytest.mark.parametrize("remark", ["[all parts]", "- my solution", "(finally done now)", ""])
def test_a_number_with_a_remark_is_a_number_alone(remark):
    """The notebook's own title, nearly that of exercise 6, is not in its place."""
    book = Worksheet()
    book.markdown("# Week 9: exploring deep networks")
    for name in ("data", "ex1", "ex2", "ex3", "mnist", "ex4", "ex5", "ex6"):
        book.write((name,), heading=lambda name: f"**{title(name).partition(' (')[0].partition(':')[0]} {remark}**")
    matching = book.matched()
    assert all(matching[name].heading_cell for name in ("data", "ex1", "ex2", "ex3", "ex4", "ex5", "ex6"))


@pytest.mark.parametrize("level", ["#", "##", "####", "######"])
@pytest.mark.parametrize("heading", ["Training the baseline", "Solution", "Step 2: fit"])
def test_a_slip_is_the_same_below_a_heading_of_any_level(heading, level):
    """Exercise 1's model is its own wherever it is trained in it; exercise 3 that fits it again trained none."""
    book = Worksheet().write(("data",))
    book.markdown(printed("ex1"))
    book.markdown(f"{level} {heading}")
    first = book.train("ex1")
    book.write(("ex2",))
    book.markdown(printed("ex3"))
    book.code("hidden = build(); model.fit(x, y)")
    built = book.model(*LAYERS["ex3"], inputs=(2,))
    book.fit(first)
    matching = book.matched()
    assert (matching["ex1"].model, matching["ex1"].fits) == (first, ("f1",))
    assert (matching["ex3"].model, matching["ex3"].fits) == (built, ())


@pytest.mark.parametrize("trials", [1, 2])
@pytest.mark.parametrize("headed", [True, False])
def test_a_refit_in_exercise_3_is_no_training_of_its_own(trials, headed):
    """Also where exercise 1 tried twice, or lost its heading."""
    book = Worksheet().write(("data",))
    if headed:
        book.markdown(printed("ex1"))
    first = [book.train("ex1") for _ in range(trials)]
    book.write(("ex2",))
    book.markdown(printed("ex3"))
    book.code("model.fit(x, y)")
    book.fit(first[0])
    matching = book.matched()
    assert matching["ex1"].model in first
    assert (matching["ex3"].model, matching["ex3"].fits) == (None, ())


@pytest.mark.parametrize(
    "heading", ["### Q3", "### Modelo", "A 3-layer network is not needed here.", "### Testing", "### Step 3"]
)
def test_a_number_or_a_word_of_any_meaning_is_no_heading_of_a_section(heading):
    """In exercise 4, where exercises 3 and 6 have no heading."""
    book = Worksheet().write(("data", "ex1", "ex4"))
    at = book.markdown(heading)
    book.write(("ex5",))
    assert at not in {match.heading_cell for match in book.matched().values()}


def test_comments_that_number_the_steps_of_the_code_are_no_headings():
    """``# Part 1: Build the model`` opens no part of the worksheet, nor does a number that comes again and again."""
    book = Worksheet()
    for name in ("data", "ex1", "ex2", "ex3"):
        book.code("# Part 1: Build the model\nprepare()\n# Part 2: Train\n# Part 1\n# Exercise")
        book.answer(name)
    matching = book.matched()
    assert {match.heading for match in matching.values()} == {""}
    assert matching["ex3"].model == book.model_of["ex3"]


def test_headings_of_another_language_are_found_beside_numbered_parts_of_answers():
    """``Parte 1`` and ``Part 1: Results`` are one pair of the rubric's; ``Ejercicio`` counts on."""
    book = Worksheet()
    book.markdown("## Parte 1: Datos")
    book.write(("data",), heading=lambda _name: "#### Part 1: Results")
    for number, name in enumerate(("ex1", "ex2", "ex3"), 1):
        book.markdown(f"## Ejercicio {number}: Algo propio")
        book.write((name,), heading=lambda _name, at=number: f"#### Part {at + 1}: Results")
    found = {name: match.heading for name, match in book.matched().items()}
    assert [found[name] for name in ("ex1", "ex2", "ex3")] == [f"Ejercicio {at}: Algo propio" for at in (1, 2, 3)]
    assert found["data"] == "Parte 1: Datos"
    assert "Part 1: Results" not in found.values()


@pytest.mark.parametrize(
    "heading",
    [
        lambda name: f"> ## {title(name)}",
        lambda name: f"## {title(name)} - done [all]",
        lambda name: f"##\u23f1\ufe0f {title(name)}",
    ],
)
def test_quotations_and_remarks_do_not_hide_a_heading(heading):
    """Every section is found."""
    matching = Worksheet().write(heading=heading).matched()
    assert [matching[name].heading_cell is not None for name in SECTIONS] == [True] * len(SECTIONS)


@pytest.mark.parametrize(
    "heading", ["##### Confusion matrix", "#### Building a Baseline Model (continued)", "###### Answer"]
)
def test_a_sub_heading_goes_on_with_its_section(heading):
    """A deeper heading, or the title again, is part of it."""
    book = Worksheet().write(("ex4",))
    book.markdown(heading)
    book.code("plot()")
    assert book.matched()["ex4"].cells == (0, 1, 2, 3, 4)


def test_what_stands_above_a_heading_in_its_cell_belongs_to_the_section_before():
    """An answer typed on top of the next heading is an answer."""
    book = Worksheet()
    book.markdown(printed("stop"))
    book.markdown(f"It overfits.\n\n{printed('deep')}")
    book.answer("deep")
    assert book.matched()["stop"].cells == (0, 1)


def test_the_model_of_another_section_fitted_again_is_not_lent():
    """Exercise 3 that fits exercise 1's model again says so, and exercise 1 keeps its own training."""
    book = Worksheet().write(("ex1", "ex2"))
    book.markdown(printed("ex3"))
    book.code("model.fit(x, y)")
    book.fit(book.model_of["ex1"], epochs=5)
    matching = book.matched()
    assert matching["ex3"].model is None
    assert "No new model was trained; the model of exercise 1 was fitted again." in matching["ex3"].why
    assert matching["ex1"].fits == ("f1",)


def test_a_model_that_was_built_and_not_fitted_is_the_sections_own():
    """The wrong model was fitted beside the right one: both are said."""
    book = Worksheet().write(("ex1",))
    book.markdown(printed("ex3"))
    book.code("model2 = build(); model.fit(x, y)")
    built = book.model(*LAYERS["ex3"], inputs=(2,))
    book.fit(book.model_of["ex1"])
    match_of_ex3 = book.matched()["ex3"]
    assert (match_of_ex3.model, match_of_ex3.fits) == (built, ())
    assert "the model of exercise 1 was fitted again" in match_of_ex3.why


def test_a_section_without_training_takes_an_unclaimed_model_from_elsewhere():
    """Models trained in one cell before all headings are given out in their order."""
    book = Worksheet()
    book.code("train_all()")
    for name in MODELS:
        book.model_of[name] = book.model(*LAYERS[name], inputs=(2,) if name in {"ex1", "ex3"} else (784,))
        book.fit(book.model_of[name])
    for name in SECTIONS:
        book.markdown(printed(name))
        book.code("show()")
    assert all_matched(book)


def test_one_giant_cell_is_matched_by_what_the_models_are():
    """Without headings every section's cells are those of its model."""
    book = Worksheet()
    book.code("everything()")
    for name in MODELS:
        book.model_of[name] = book.model(*LAYERS[name], inputs=(2,) if name in {"ex1", "ex3"} else (784,))
        book.fit(book.model_of[name])
    matching = book.matched()
    assert all_matched(book)
    assert {matching[name].cells for name in ("ex4", "ex5", "ex6", "mnist", "data")} == {(0,)}


def test_another_model_in_a_sections_cells_is_not_lent_when_it_differs_much():
    """An experiment in exercise 4 is no answer to a skipped exercise 6."""
    book = Worksheet().write(("ex4",))
    book.code("experiment()")
    book.fit(book.model(dense(512, "tanh"), dense(10, "softmax")))
    book.markdown(printed("ex6"))
    matching = book.matched()
    assert matching["ex4"].model == book.model_of["ex4"]
    assert matching["ex6"].model is None


@pytest.mark.parametrize("text", ["Exercise 2 and figures of exercise 3", "Exercice 2 : tester le modèle"])
def test_an_exercise_out_of_order_is_found_by_a_number_that_no_other_has(text):
    """Exercise 3 before exercise 2: also in words of the student's own."""
    order = ("data", "ex1", "ex3", "ex2", "mnist", "ex4")
    book = Worksheet().write(order, heading=lambda name: f"## {text}" if name == "ex2" else printed(name))
    found = book.matched()["ex2"]
    assert book.cells[found.heading_cell].source == f"## {text}"
    assert found.cells == (found.heading_cell, found.heading_cell + 1)


@pytest.mark.parametrize(
    "heading", ["#### Discussion", "#### Answer", "##### 结论", "## Discussion", "#### Data", "# What we see"]
)
def test_an_answer_below_any_heading_of_the_students_own_is_the_sections(heading):
    """Up to the next section's heading."""
    book = Worksheet().write(("data", "ex1", "ex2"))
    at = book.markdown(f"{heading}\n\nIt is a straight line.")
    book.write(("ex3",))
    assert at in book.matched()["ex2"].cells


@pytest.mark.parametrize("form", ["## Q{}", "## {}.", "## Task {}: my work", "## {}"])
def test_numbers_of_the_students_own_are_passed_over(form):
    """Sections numbered anew from 1 to 11: the models tell that exercise 4 stands below number 6."""
    numbers = {name: form.format(number) for number, name in enumerate(SECTIONS, 1)}
    book = Worksheet().write(heading=numbers.get)
    matching = book.matched()
    assert all_matched(book)
    assert [book.cells[matching[name].heading_cell].source for name in MODELS] == [numbers[name] for name in MODELS]


def test_parts_with_many_networks_keep_their_numbers():
    """``Part 1`` is no heading of the first network that is trained below it."""
    book = Worksheet()
    for heading, names in (("# Part 1", SECTIONS[:4]), ("# Part 2", SECTIONS[4:])):
        book.markdown(heading)
        for name in names:
            book.answer(name)
    assert book.matched()["data"].heading_cell == 0
    assert all_matched(book)


def test_one_wrong_model_does_not_speak_against_the_numbers():
    """Exercise 4 trained with the network of exercise 6, below bare numbers."""
    book = Worksheet()
    for name in ("data", "ex1", "ex2", "ex3", "mnist"):
        book.write((name,), heading=printed)
    book.markdown("## Exercise 4")
    book.train("ex4", *LAYERS["ex6"])
    book.write(("ex5", "ex6"), heading=lambda name: f"## Exercise {name[-1]}")
    assert book.matched()["ex4"].model == book.model_of["ex4"]
    assert book.matched()["ex6"].model == book.model_of["ex6"]


def test_a_number_that_two_sections_have_is_not_enough_out_of_order():
    """Two exercises are number 3 and two number 4."""
    order = ("data", "ex1", "ex2", "mnist", "ex4", "ex5", "ex6", "deep")
    book = Worksheet().write(order)
    book.markdown("#### Exercise 3: something else")
    assert book.matched()["ex3"].heading_cell is None


def test_an_experiment_under_a_heading_of_its_own_is_not_lent_out_of_order():
    """Between exercises 4 and 5, a wider network is no exercise 6."""
    book = Worksheet().write(("ex4",))
    book.markdown("#### A wider network")
    book.train("ex4", dense(512, "relu"), dense(10, "softmax"))
    book.write(("ex5",))
    assert book.matched()["ex6"].model is None


def test_a_wrong_answer_whose_heading_is_gone_is_found_where_it_should_stand():
    """Between exercise 5 and the next heading, a wrong network is exercise 6."""
    book = Worksheet().write(("ex4", "ex5"))
    wrong = book.train("ex6", dense(64, "tanh"), dense(10, "softmax"))
    book.write(("stop",))
    assert book.matched()["ex6"].model == wrong


def test_a_wrong_answer_trained_elsewhere_is_found_by_its_use():
    """What a section evaluates, and no other section has, is its own."""
    book = Worksheet()
    wrong = book.train("ex6", dense(64, "tanh"), dense(10, "softmax"))
    book.write(("ex4",))
    book.markdown(printed("ex6"))
    book.code("model.evaluate()")
    book.evaluate(wrong)
    assert book.matched()["ex6"].model == wrong


def test_of_several_models_in_a_section_the_nearest_counts_and_of_equals_the_last():
    """A first try does not hide the answer, nor does a later experiment."""
    book = Worksheet()
    book.markdown(printed("ex6"))
    book.train("ex6", dense(64, "relu"), dense(10, "softmax"))
    book.train("ex6")
    best = book.train("ex6")
    book.train("ex6", dense(128, "tanh"), dense(128, "tanh"), dense(10, "softmax"))
    found = book.matched()["ex6"]
    assert found.model == best
    assert "of 4 the nearest" in found.why


def test_several_fits_on_one_model_all_count():
    """Two fits of 10 epochs are 20."""
    book = Worksheet()
    book.markdown(printed("deep"))
    model = book.train("deep", epochs=10)
    book.code("model.fit(x, y)")
    book.fit(model, epochs=10)
    assert book.matched()["deep"].fits == ("f1", "f2")


def test_a_section_that_speaks_of_a_model_sees_what_was_trained_on_in_its_own_cells():
    """Trained again in exercise 5, the model of exercise 4 stays what it was for exercise 4."""
    book = Worksheet().write(("ex4", "ex5"))
    book.fit(book.model_of["ex4"], epochs=1)
    book.write(("ex6",))
    matching = book.matched()
    assert matching["ex4"].fits == ("f1",)
    assert matching["ex5"].fits == ("f1", "f2")
    assert matching["ex5"].borrowed_from == "ex4"


def test_a_wrong_architecture_without_headings_still_answers_its_section():
    """By order and nearness a network of the wrong width is exercise 6."""
    book = Worksheet()
    book.train("ex4")
    wrong = book.train("ex6", dense(64, "relu"), dense(64, "relu"), dense(10, "softmax"))
    book.train("deep")
    assert book.matched()["ex6"].model == wrong


def test_deleted_headings_leave_their_sections_to_be_found_by_order():
    """Exercise 5 without heading begins where exercise 4's model was trained."""
    book = Worksheet().write(("ex4", "ex5", "ex6"), heading=lambda name: None if name == "ex5" else printed(name))
    matching = book.matched()
    assert matching["ex5"].cells[0] == 2
    assert 3 in matching["ex5"].cells
    assert matching["ex5"].cells[-1] < matching["ex6"].cells[0]


def test_a_section_ends_where_a_later_one_without_heading_begins():
    """A lone heading does not swallow the rest of the notebook."""
    book = Worksheet().write(heading=lambda name: printed(name) if name == "data" else None)
    matching = book.matched()
    assert matching["data"].cells == (0, 1)
    assert all_matched(book)


def test_fits_that_trained_nothing_are_no_training():
    """A fit that raised at once leaves the section without a trained model."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.train("ex4", epochs_run=0, steps=None, history={}, status="raised")
    found = book.matched()["ex4"]
    assert (found.model, found.fits) == ("m1", ())


def test_an_empty_notebook_matches_nothing():
    """Nothing is found, and nothing breaks."""
    matching = Worksheet().matched()
    assert {match.model for match in matching.values()} == {None}
    assert all(match.why for match in matching.values())


def test_matching_is_the_same_every_time():
    """Two runs of the same evidence give the same record."""
    evidence = Worksheet().write().evidence()
    assert match(rubric(), evidence) == match(rubric(), evidence)


def test_the_rubric_whose_headings_fit_best_is_chosen(tmp_path):
    """Other rubrics, and files with mistakes, are passed over."""
    from worksheet import RUBRIC_FILE

    (tmp_path / "week09.yaml").write_text(without_template(RUBRIC_FILE))
    (tmp_path / "broken.yaml").write_text("sections: [")
    path, why = best_rubric(Worksheet().write().cells, folder=tmp_path)
    assert path.name == "week09.yaml"
    assert why == "11 of its 11 sections have a heading like this notebook's"


RUBRICS = Path(__file__).parents[2] / "rubrics"


def test_a_short_rubric_does_not_win_by_finding_its_few_sections_in_a_long_notebook():
    """Bare numbers are headings of any assignment; what is left over speaks against the shorter one."""
    book = Notebook()
    for heading in ("Part 1", *(f"Ex. {number}" for number in range(1, 7)), "When to stop training?", "Going deep"):
        book.markdown(f"### {heading}")
    path, _ = best_rubric(book.cells, folder=RUBRICS)
    assert path.name == "week09.yaml"


def test_where_rubrics_fit_alike_the_user_is_asked():
    """Headings in another language, numbered like those of several assignments."""
    book = Notebook()
    for number in range(1, 5):
        book.markdown(f"## 练习 {number}")
    with pytest.raises(UsageError, match=r"alike: .*week10\.yaml.* --rubric"):
        best_rubric(book.cells, folder=RUBRICS)


def test_no_rubric_fits_a_notebook_of_something_else(tmp_path):
    """Then the user is told to name one."""
    from worksheet import RUBRIC_FILE

    (tmp_path / "week09.yaml").write_text(without_template(RUBRIC_FILE))
    with pytest.raises(UsageError, match="--rubric"):
        best_rubric(Worksheet().cells, folder=tmp_path)


def test_of_models_of_one_form_that_which_was_trained_as_asked_is_the_sections():
    """Without headings the trials of exercise 3 are no answer to exercise 4, which asks for a loop of 40 epochs."""
    book = Notebook()
    trained = []
    for epochs, kind in ((60, "fit"), (15, "fit"), (15, "fit"), (40, "loop")):
        book.code("model = build()")
        trained.append(book.model(dense(32, "relu"), dense(1), inputs=(10,)))
        book.fit(trained[-1], epochs=epochs, kind=kind)
    week11 = load_rubric(RUBRIC_FILE.with_name("week11.yaml"), with_calibration=False)
    matching = match(week11, book.evidence())
    assert (matching["ex1"].model, matching["ex4"].model) == (trained[0], trained[-1])


@pytest.mark.parametrize(
    "remark", ["Put one hidden layer in front of the output.", "Use 1 layer of 2 neurons, and train it."]
)
def test_a_sentence_with_a_number_is_no_heading(remark):
    """Below no heading at all, the models tell where their sections are."""
    book = Worksheet().write(["data", "ex1", "ex2"], heading=lambda _name: None)
    book.markdown(remark)
    book.write(["ex3", "mnist", "ex4"], heading=lambda _name: None)
    matching = book.matched()
    assert {name: matching[name].model for name in ("ex1", "ex3")} == {
        name: book.model_of[name] for name in ("ex1", "ex3")
    }


@pytest.mark.parametrize(("epochs", "owner"), [(15, None), (40, "last")])
def test_a_section_that_compares_trainings_keeps_them(epochs, owner):
    """Whoever leaves the next exercise out loses that one alone; one that was trained as it asks is still found."""
    week11 = load_rubric(RUBRIC_FILE.with_name("week11.yaml"))
    titles = {section.id: section.title for section in week11.sections}
    book = Notebook()
    for name in ("data", "ex1", "ex2", "ex3"):
        book.markdown(f"### {titles[name]}")
        book.code(name)
        if name == "ex1":
            book.fit(book.model(dense(32, "relu"), dense(1), inputs=(10,)))
        if name == "ex3":
            models = [book.model(dense(32, "relu"), dense(1), inputs=(10,)) for _ in range(3)]
            for model in models:
                book.fit(model, epochs=15)
            if owner:
                models.append(book.model(dense(32, "relu"), dense(1), inputs=(10,)))
                book.fit(models[-1], epochs=epochs, kind="loop")
    matching = match(week11, book.evidence())
    assert matching["ex4"].model == (models[-1] if owner else None)
    assert matching["ex3"].cells or owner
