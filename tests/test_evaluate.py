import math

import pytest
from builders import SHA, Notebook, data_set, make_calibration, make_evidence, make_ranges
from worksheet import Worksheet, printed, rubric

from grader.architecture.forms import ModelForm
from grader.attribution import attribute
from grader.errors import StoreError
from grader.evaluate import curves_on, data_kind, evaluate, not_run
from grader.judging import registry
from grader.judging.registry import CheckSpec, Params
from grader.records import CellError, CheckResult, Execution, Measurements, Submission
from grader.rubric import Criterion, OutcomeTexts, Rubric, Section


def one_rubric(*criteria, bonus=False):
    section = Section(id="ex1", title="Exercise 1: Build", bonus=bonus, criteria=criteria)
    return Rubric(assignment="some", title="Some", points={"core": 0}, sections=(section,))


def test_curves_of_the_reference_are_of_the_same_data():
    """Not of other rows, nor of the full data, nor of a stand-in for it."""
    calibration = make_calibration(ex1__test_accuracy=(0.9, 0.91, 0.92))
    calibration = calibration.model_copy(update={"curves": {"ex1": (make_ranges(),)}})
    some = one_rubric().model_copy(update={"calibrations": {"sample": calibration}})
    assert curves_on(some, [data_set()]) == {"ex1": (make_ranges(),)}
    others = (data_set().model_copy(update={"fingerprint": "1" * 64}), data_set(sample=False), data_set(stand_in=True))
    assert [curves_on(some, [one]) for one in others] == [{}, {}, {}]


@pytest.fixture
def says(monkeypatch):
    """Registers checks of one line each: ``says(name, result or exception)``."""

    def register(name, result):
        def run(view, params):
            if isinstance(result, Exception):
                raise result
            return result

        spec = CheckSpec(name=name, params=Params, run=run, statement="it holds")
        monkeypatch.setitem(registry._REGISTRY, name, spec)

    return register


def graded(rubric_, evidence=None, **fields):
    evidence = evidence or make_evidence(data_sets=())
    measurements = Measurements(submission=evidence.submission)
    return evaluate(rubric_, evidence=evidence, measurements=measurements, read=lambda ref: None, **fields)


def of_book(book):
    measurements = Measurements(submission="some")
    result = evaluate(rubric(), evidence=book.evidence(), measurements=measurements, read=book.store.get)
    return {verdict.criterion: verdict for verdict in result.verdicts}


@pytest.mark.parametrize(
    ("result", "earned", "pending", "status"),
    [
        (CheckResult(outcome="passed"), 3.0, 0.0, "graded"),
        (CheckResult(outcome="partial", share=0.5), 1.5, 0.0, "graded"),
        (CheckResult(outcome="partial", share=1 / 3), 1.0, 0.0, "graded"),
        (CheckResult(outcome="failed", share=1.0), 0.0, 0.0, "graded"),
        (CheckResult(outcome="blocked"), 0.0, 0.0, "graded"),
        (CheckResult(outcome="needs_review", cause="by_hand"), 0.0, 3.0, "graded"),
        (CheckResult(outcome="needs_review", cause="borderline"), 0.0, 3.0, "needs_review"),
        (CheckResult(outcome="needs_review"), 0.0, 3.0, "needs_review"),
    ],
)
def test_each_outcome_has_its_points(*, says, result, earned, pending, status):
    """Pending ones are neither won nor lost; what is by hand leaves a submission graded."""
    says("check", result)
    found = graded(one_rubric(Criterion(id="a", points=3, check="check")))
    assert (found.points_earned, found.points_pending, found.status) == (earned, pending, status)


@pytest.mark.parametrize(
    "broken",
    [
        ZeroDivisionError("x"),
        StoreError("gone"),
        RecursionError(),
        CheckResult(outcome="partial", share=math.nan),
        None,
    ],
)
def test_a_check_that_fails_costs_nobody_anything(says, broken):
    """It is our doing, and the others go on."""
    says("broken", broken)
    says("good", CheckResult(outcome="passed"))
    criteria = (Criterion(id="a", points=1, check="broken"), Criterion(id="b", points=2, check="good"))
    found = graded(one_rubric(*criteria))
    assert [(one.outcome, one.cause) for one in found.verdicts] == [
        ("needs_review", "infrastructure"),
        ("passed", None),
    ]
    assert (found.points_earned, found.points_pending, found.status) == (2.0, 1.0, "needs_review")


@pytest.mark.parametrize(
    ("first", "second"),
    [("failed", "blocked"), ("blocked", "blocked"), ("passed", "passed"), ("needs_review", "passed")],
)
def test_a_criterion_is_blocked_where_one_that_it_requires_is_not_met(says, first, second):
    """A failure is not paid for twice; what waits for a person blocks nothing. Order in the rubric does not matter."""
    says("first", CheckResult(outcome=first))
    says("second", CheckResult(outcome="passed"))
    criteria = (
        Criterion(id="b", points=1, check="second", requires=("a",)),
        Criterion(id="a", points=1, check="first", title="The first"),
    )
    found = graded(one_rubric(*criteria))
    assert [one.criterion for one in found.verdicts] == ["b", "a"]
    assert found.verdicts[0].outcome == second
    assert ('This needs "The first"' in found.verdicts[0].feedback) == (second == "blocked")


def test_bonus_points_are_counted_apart(says):
    """They neither add to nor take from the ordinary ones."""
    says("good", CheckResult(outcome="passed"))
    found = graded(one_rubric(Criterion(id="a", points=2, check="good"), bonus=True))
    assert (found.bonus_earned, found.bonus_possible, found.points_possible) == (2.0, 2.0, 0.0)


def test_the_tutors_own_words_come_before_the_checks(says):
    """With the figures put in; other outcomes keep the check's."""
    says("bad", CheckResult(outcome="failed", feedback="No.", yours="3", expected="4", next_step="Do."))
    text = OutcomeTexts(failed="You have {yours} of {expected}.", next_step="Read page 4.")
    (own,) = graded(one_rubric(Criterion(id="a", points=1, check="bad", text=text))).verdicts
    assert (own.feedback, own.next_step) == ("You have 3 of 4.", "Read page 4.")
    (other,) = graded(one_rubric(Criterion(id="a", points=1, check="bad", text=OutcomeTexts(passed="Yes.")))).verdicts
    assert (other.feedback, other.next_step) == ("No.", "Do.")


def test_what_only_the_tutor_sees_is_said_in_the_verdict(says):
    """The page leaves it out."""
    says("good", CheckResult(outcome="passed"))
    (found,) = graded(one_rubric(Criterion(id="a", points=1, check="good", visibility="tutor"))).verdicts
    assert found.visibility == "tutor"


def test_a_file_that_is_no_notebook_is_not_run():
    """Every criterion is blocked by the reason, which says what to do; nothing waits."""
    found = not_run(rubric(), Submission(id="a", file_name="a.pdf", sha256=SHA, problem="It is a PDF."))
    assert (found.status, found.execution.reason, found.execution.detail) == ("not_run", "unreadable", "It is a PDF.")
    assert {(one.outcome, one.next_step) for one in found.verdicts} == {("blocked", "")}
    assert (found.points_earned, found.points_possible, found.bonus_possible) == (0.0, 50.0, 8.0)


def test_our_own_failure_leaves_everything_to_a_person():
    """Nothing is lost where nothing was run."""
    evidence = make_evidence(cells=(), data_sets=(), execution=Execution(reason="internal", detail="The worker died."))
    found = graded(rubric(), evidence)
    assert {(one.outcome, one.cause) for one in found.verdicts} <= {
        ("needs_review", "infrastructure"),
        ("passed", None),
    }
    assert found.points_pending + found.points_earned == 50.0


def test_a_matching_that_fails_leaves_everything_to_a_person(monkeypatch):
    """Whatever hostile records do to us."""

    def broken(*_args):
        raise KeyError("m9")

    monkeypatch.setattr("grader.evaluate.match", broken)
    found = graded(rubric())
    assert {one.cause for one in found.verdicts} == {"infrastructure"}
    assert found.status == "needs_review"


def test_an_honest_worksheet_keeps_its_static_points():
    """Architectures, losses and trainings need nothing but records."""
    found = of_book(Worksheet().write())
    for name in ("ex1", "ex3", "ex4", "ex6", "deep", "dropout"):
        assert found[f"{name}.architecture"].outcome == "passed"
        assert found[f"{name}.trained"].outcome == "passed"
    assert found["dropout.rate"].outcome == "passed"


def test_a_wrong_architecture_is_paid_for_once():
    """The training of what was built is judged by itself."""
    from builders import dense

    book = Worksheet()
    book.markdown(printed("ex6"))
    book.train("ex6", dense(64, "tanh"), dense(10, "softmax"))
    found = of_book(book)
    assert found["ex6.architecture"].outcome == "failed"
    assert found["ex6.trained"].outcome == "passed"


def test_what_follows_from_a_missing_package_is_not_the_students():
    """Only for the sections that it reaches."""
    book = Worksheet().write(("ex4",))
    book.markdown(printed("ex6"))
    error = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
    book.code("from fancy import build\nmodel = build()", error=error)
    book.markdown(printed("deep"))
    book.code("pass")
    found = of_book(book)
    assert (found["ex6.architecture"].outcome, found["ex6.architecture"].cause) == ("needs_review", "infrastructure")
    assert "needs the package fancy" in found["ex6.architecture"].feedback
    assert found["deep.architecture"].outcome == "failed"


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("from fancy import drive\ndrive.mount('/content')", "failed"),
        ("import fancy\nmodel.fit(x)", "needs_review"),
        ("import fancy\ndef train():\n    model.fit(x)", "needs_review"),
    ],
)
def test_what_is_not_there_follows_from_a_missing_package_only_where_it_may_have_been_made(source, outcome):
    """Colab's first cell makes no model; a cell that holds everything may."""
    error = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
    book = Worksheet()
    book.code(source, error=error)
    book.write(("ex4", "stop"))
    assert of_book(book)["deep.architecture"].outcome == outcome


def in_whole(criterion, section="notebook"):
    """A rubric that asks for a model, with a criterion of the whole notebook."""
    form = ModelForm.model_validate({"inputs": [784]})
    sections = (
        Section(id=section, title="All", whole_notebook=True, criteria=(criterion,)),
        Section(id="ex1", title="Exercise 1", model=form),
    )
    return Rubric(assignment="some", title="Some", points={"core": 1}, sections=sections)


@pytest.mark.parametrize(("trained", "outcome"), [(False, "blocked"), (True, "passed")])
def test_a_whole_notebook_without_a_trained_model_earns_nothing(says, trained, outcome):
    """Nothing ran that could run wrong."""
    says("good", CheckResult(outcome="passed"))
    book = Notebook()
    book.code("import numpy")
    if trained:
        book.fit(book.model())
    (found,) = graded(in_whole(Criterion(id="a", points=1, check="good")), book.evidence()).verdicts
    assert found.outcome == outcome


def test_a_whole_notebook_waits_where_the_cell_that_trains_lacked_something(says):
    """And not where only an import did."""
    says("good", CheckResult(outcome="passed"))
    error = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
    outcomes = []
    for source in ("import fancy\nmodel.fit(x)", "import fancy"):
        book = Notebook()
        book.code(source, error=error)
        outcomes.append(
            graded(in_whole(Criterion(id="a", points=1, check="good")), book.evidence()).verdicts[0].outcome
        )
    assert outcomes == ["needs_review", "blocked"]


def test_an_attribution_that_fails_leaves_everything_to_a_person(monkeypatch, says):
    """As where the matching does."""
    says("good", CheckResult(outcome="passed"))

    def broken(*_args, **_more):
        raise KeyError("m9")

    monkeypatch.setattr("grader.judging.views.attribute", broken)
    (found,) = graded(one_rubric(Criterion(id="a", points=1, check="good"))).verdicts
    assert (found.outcome, found.cause) == ("needs_review", "infrastructure")
    assert "whose failure" in found.feedback


def test_what_is_lost_because_the_code_ended_the_run_says_so():
    """The cell that did, and what to do about it."""
    book = Worksheet()
    book.write(("ex4",))
    book.code("exit()", status="died")
    book.markdown(printed("ex6"))
    book.code("model.fit(x)", status="not_run")
    evidence = book.evidence().model_copy(update={"execution": Execution(reason="kernel_died", cell=0)})
    found = {one.criterion: one for one in graded(rubric(), evidence).verdicts}
    assert found["ex6.trained"].outcome in {"failed", "blocked"}
    assert "ends the kernel, and nothing after it ran" in found["ex6.trained"].feedback


def test_words_below_their_heading_do_not_hang_on_what_ran():
    """A section without any is not answered, whatever package is missing."""
    book = Worksheet()
    error = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
    book.code("from fancy import draw", error=error)
    book.markdown(printed("stop"))
    book.code("draw()", error=CellError(name="NameError", value="name 'draw' is not defined"))
    found = of_book(book)
    assert found["stop.discussion"].outcome == "failed"
    assert attribute(book.evidence()).reached[2].startswith("Cell 1 needs the package fancy")


def test_a_section_that_the_infrastructure_reaches_by_a_name_is_not_failed():
    """Data that a missing package should have loaded says nothing of what is made of it."""
    book = Worksheet()
    error = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
    book.code("import fancy\nx_train = fancy.load()", error=error)
    book.markdown(printed("ex4"))
    book.code("model.fit(x_train)", error=CellError(name="ValueError", value="bad shape"))
    found = of_book(book)
    assert (found["ex4.architecture"].outcome, found["ex4.architecture"].cause) == ("needs_review", "infrastructure")


def test_grading_twice_gives_the_same_record():
    """Verdicts are a pure function of evidence."""
    book = Worksheet().write()
    assert of_book(book) == of_book(book)


@pytest.mark.parametrize(("sample", "kind"), [(True, "sample"), (False, "full")])
def test_the_kind_of_data_is_that_of_the_data_sets_in_use(sample, kind):
    """A notebook without any runs on full data."""
    book = Worksheet()
    assert data_kind((book.fields["data_sets"][0].model_copy(update={"sample": sample}),)) == kind
    assert data_kind(()) == "full"


def test_a_spread_of_other_data_is_not_used(says, monkeypatch):
    """Bands belong to the data on which they were measured."""
    seen = []
    look = CheckSpec("look", Params, lambda s, p: seen.append(s) or CheckResult(outcome="passed"), "it holds")
    monkeypatch.setitem(registry._REGISTRY, "look", look)
    calibration = make_calibration(ex1__a=(1.0, 2.0, 3.0))
    plain = one_rubric(Criterion(id="a", points=1, check="look"))
    with_spread = plain.model_copy(update={"calibrations": {"sample": calibration, "full": calibration}})
    graded(with_spread, make_evidence())
    other = make_evidence().data_sets[0].model_copy(update={"fingerprint": "f" * 64})
    graded(with_spread, make_evidence(data_sets=(other,)))
    assert [view.calibration for view in seen] == [calibration, None]
    assert seen[1].submission.full_calibration == calibration


def test_checks_are_registered_once():
    """Two of one name would hide each other."""
    with pytest.raises(ValueError, match="registered already"):
        registry.check("trained", params=Params)(lambda view, params: None)
